"""Cells of every class come back as cells of that class."""

import datetime

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder

from gan_augment import GANOverSampler, TabularGAN
from gan_augment.encoding import TableEncoder

N_ROWS = 120
Y = np.arange(N_ROWS) % 5 == 0


def resample(X):
    sampler = GANOverSampler(
        TabularGAN(max_steps=3), sample_filter=None, random_state=0
    )
    return sampler.fit_resample(X, Y)[0]


def cycled(*values):
    cells = np.empty(N_ROWS, dtype=object)
    cells[:] = [values[i % len(values)] for i in range(N_ROWS)]
    return cells


DAYS = [
    datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=7 * i) for i in range(50)
]


EAST, WEST = (datetime.timezone(datetime.timedelta(hours=h)) for h in (2, -3))


@pytest.mark.filterwarnings("error::FutureWarning")
@pytest.mark.parametrize(
    "cells",
    [
        DAYS,
        [pd.Timestamp(day) for day in DAYS],
        [pd.Timestamp(day, tz="UTC") for day in DAYS],
        [day - DAYS[0] for day in DAYS],
        [pd.Timedelta(day - DAYS[0]) for day in DAYS],
        [np.datetime64(day) for day in DAYS],
        [np.timedelta64(day - DAYS[0]) for day in DAYS],
        [day.date() for day in DAYS],
        [None, *DAYS],
        # pandas' own dates begin in 1677, and have one time zone a column.
        [day.replace(year=1500) for day in DAYS],
        [day.replace(tzinfo=EAST if day.day % 2 else WEST) for day in DAYS],
        [day.replace(tzinfo=EAST if day.day % 2 else None) for day in DAYS],
        [pd.NaT, *map(pd.Timestamp, DAYS)],
        [np.float32(i / 8) for i in range(9)],
        [np.int64(i) for i in range(9)],
        list(range(9)),
        [0.5 * i for i in range(9)],
        [pd.NA, None, *(np.datetime64(day) for day in DAYS)],
        [pd.NA, np.nan, *(np.timedelta64(day - DAYS[0]) for day in DAYS)],
        [pd.NA, None, *(np.float32(i / 8) for i in range(9))],
        [np.float32(0.5), np.float64(1.5), np.float32(2.5)],
        [np.datetime64(DAYS[0]), *DAYS],
        [np.datetime64("1500-01-01"), pd.NA],
    ],
    ids=lambda cells: f"{type(cells[-1]).__name__} {type(cells[0]).__name__}",
)
@pytest.mark.parametrize("container", ["array", "list", "frame"])
def test_synthetic_cells_have_the_class_of_the_real_ones(cells, container):
    array = np.empty((N_ROWS, 2), dtype=object)
    array[:, 0] = np.random.default_rng(0).normal(size=N_ROWS)
    array[:, 1] = cycled(*cells)
    X = array
    if container == "list" and isinstance(cells[0], int | np.int64 | np.float32):
        pytest.skip("a list of rows of numbers is an array of one dtype")
    if container == "list":
        X = array.tolist()
    elif container == "frame":
        X = pd.DataFrame(
            {"a": array[:, 0].astype(float), "b": array[:, 1]}, dtype=object
        )
    resampled = resample(X)
    rows = resampled.to_numpy() if container == "frame" else resampled
    classes = [{type(row[1]) for row in part} for part in (array, rows[N_ROWS:])]
    assert classes[1] <= classes[0]
    originals = [row[1] for row in rows[:N_ROWS]]
    assert all(a is b or a == b for a, b in zip(originals, array[:, 1], strict=True))


@pytest.mark.parametrize("value", [0.5, 7, np.datetime64("2020-01-01"), DAYS[0]])
def test_numbers_and_dates_beside_every_kind_of_missing_value_stay_numbers(value):
    cells = cycled(value, pd.NA, None, np.nan)
    encoder = TableEncoder().fit(pd.DataFrame({"a": cells, "b": range(N_ROWS)}))
    assert encoder.dtypes_["a"] == "numeric"


def test_lists_of_rows_keep_numbers_and_text_apart():
    rng = np.random.default_rng(0)
    X = [
        [float(rng.normal()), int(rng.integers(9)), "xy"[i % 2]] for i in range(N_ROWS)
    ]
    resampled = resample(X)
    assert resampled[:N_ROWS] == X
    assert {tuple(map(type, row)) for row in resampled[N_ROWS:]} == {(float, int, str)}


@pytest.mark.parametrize("dtype", [object, float])
@pytest.mark.parametrize("as_frame", [True, False])
def test_one_hot_columns_beside_text_have_one_level_a_row(dtype, as_frame):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "plan": rng.choice(list("abcd"), N_ROWS),
            "city": rng.choice(list("xyz"), N_ROWS),
            "age": rng.integers(20, 60, N_ROWS),
        }
    )
    if dtype is float:
        frame = frame.drop(columns="city")
    transformer = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["plan"]), remainder="passthrough"
    )
    X = transformer.fit_transform(frame)
    assert X.dtype == dtype
    resampled = resample(pd.DataFrame(X) if as_frame else X)
    synthetic = np.asarray(resampled)[N_ROWS:, :4]
    assert (synthetic.astype(float).sum(axis=1) == 1).all()
    assert {type(cell) for cell in synthetic.ravel()} <= {float, np.float64}


def test_masked_cells_are_missing_values():
    rng = np.random.default_rng(0)
    X = np.ma.masked_less(rng.normal(size=(N_ROWS, 2)), -1)
    X.data[X.mask] = -999.0
    resampled = resample(X)
    assert np.isnan(resampled[:N_ROWS]).tolist() == X.mask.tolist()
    assert np.nanmin(resampled) > -1.01


@pytest.mark.parametrize(
    "levels",
    [
        ["a", "a\0b", "a\0c"],
        ["na\udcefve", "x", "y\udce9"],
        [True, 1, 0, False],
        [1, 1.0, "1"],
        [pd.Interval(0, 2), pd.Interval(1, 3), pd.Interval(2, 5)],
        [b"a", b"b"],
    ],
    ids=["NUL", "surrogates", "booleans", "ones", "intervals", "bytes"],
)
def test_levels_that_pandas_confuses_come_back_as_they_are(levels):
    # Of dtype object: the text of pandas 3 has no lone surrogates.
    column = pd.Series(cycled(*levels), dtype=object)
    frame = pd.DataFrame({"a": np.arange(N_ROWS) / 7, "c": column})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame, random_state=0))
    assert list(map(ascii, back["c"])) == list(map(ascii, frame["c"]))
    synthetic = resample(frame)["c"].iloc[N_ROWS:]
    assert set(map(ascii, synthetic)) <= set(map(ascii, levels))


def test_overlapping_intervals_of_their_own_dtype():
    ends = [[(0, 2), (1, 3), (2, 5)][i % 3] for i in range(N_ROWS)]
    frame = pd.DataFrame({"c": pd.arrays.IntervalArray.from_tuples(ends)})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame, random_state=0))
    pd.testing.assert_frame_equal(back, frame)


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4", np.longdouble])
@pytest.mark.parametrize("as_frame", [True, False])
def test_numbers_of_any_byte_order_and_length(dtype, as_frame):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(N_ROWS, 2)) * 50).astype(dtype)
    resampled = resample(pd.DataFrame(X) if as_frame else X)
    values = np.asarray(resampled)
    assert (values[:N_ROWS] == X).all()
    assert (values[N_ROWS:].min(axis=0) >= X.min(axis=0)).all()
    if as_frame:
        assert (resampled.dtypes == X.dtype).all()
        beside = pd.DataFrame(X, columns=["a", "b"]).assign(c=range(N_ROWS))
        assert (resample(beside).dtypes == beside.dtypes).all()
    else:
        assert resampled.dtype == X.dtype


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_that_pandas_cannot_hash(ordered):
    texts = pd.Index(["na\udcefve", "x", "y\udce9"], dtype=object)
    levels = pd.CategoricalDtype(texts, ordered)
    codes = np.arange(N_ROWS) % 2
    column = pd.Series(pd.Categorical.from_codes(codes, dtype=levels))
    frame = pd.DataFrame({"a": np.arange(N_ROWS) / 7, "c": column})
    resampled = resample(frame)
    assert resampled["c"].cat.categories.equals(levels.categories)
    assert resampled["c"].cat.ordered == ordered
    assert (resampled["c"][:N_ROWS].cat.codes == column.cat.codes).all()
    assert set(resampled["c"][N_ROWS:].cat.codes) <= {0, 1}


@pytest.mark.parametrize(
    "kind", ["list", "struct", "map", "halffloat", "string_view", "interval"]
)
def test_arrow_values_without_equality_are_named(kind):
    pa = pytest.importorskip("pyarrow")
    cells, arrow = {
        "list": ([[1]], pa.list_(pa.int64())),
        "struct": ([{"a": 1}], pa.struct([("a", pa.int64())])),
        "map": ([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        "halffloat": ([np.float16(1)], pa.float16()),
        "string_view": (["a"], pa.string_view()),
        "interval": ([(1, 2, 3)], pa.month_day_nano_interval()),
    }[kind]
    array = pa.array(cells * N_ROWS, arrow)
    column = pd.Series(pd.array(array, dtype=pd.ArrowDtype(arrow)))
    for fit in (TableEncoder().fit, resample):
        with pytest.raises(TypeError, match=r"Column 'odd'.*Convert it") as raised:
            fit(pd.DataFrame({"odd": column}))
        assert "kernel" not in str(raised.value)  # a word of pyarrow's


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([pd.NaT] * N_ROWS),
        pd.Series([pd.NaT] * N_ROWS, dtype="timedelta64[s]"),
        pd.Series([pd.NA] * N_ROWS, dtype="Int64"),
        pd.Series([None] * N_ROWS, dtype="int64[pyarrow]"),
        pytest.param(
            pd.Series([10**400, 5] * (N_ROWS // 2), dtype=object),
            marks=pytest.mark.skipif(
                pd.__version__ < "2.3", reason="pandas makes no levels of such numbers"
            ),
        ),
        pd.Series([range(2), range(3)] * (N_ROWS // 2), dtype=object),
    ],
    ids=lambda column: f"{column.dtype} {str(column[0])[:9]}",
)
@pytest.mark.filterwarnings("ignore:Some synthetic rows")
def test_columns_without_a_value_or_with_odd_ones(column):
    X = pd.DataFrame({"a": np.arange(N_ROWS) / 8, "odd": column})
    resampled = resample(X)
    assert resampled.dtypes.equals(X.dtypes)
    assert set(resampled["odd"].dropna()) == set(column.dropna())


def test_cells_without_a_type_are_named():
    with pytest.raises(ValueError, match=r"must hold numbers.*V4"):
        resample(np.zeros((N_ROWS, 2), dtype="V4"))


@pytest.mark.skipif(np.__version__ < "2", reason="numpy has no such text")
def test_text_of_numpys_own_variable_width():
    X = np.array(np.random.default_rng(0).choice(["a", "bb"], (N_ROWS, 2)))
    resampled = resample(X.astype(np.dtypes.StringDType()))
    assert set(resampled.ravel()) == {"a", "bb"}


def test_half_floats_as_levels():
    """pandas has no index of them."""
    codes = np.arange(N_ROWS) % 3
    X = pd.DataFrame({f"is_{k}": (codes == k).astype(np.float16) for k in range(3)})
    X["twice"] = np.where(codes == 1, np.nan, codes * 2).astype(np.float16)
    gan = TabularGAN(categorical_features=["twice"], max_steps=3, random_state=0)
    rows = gan.fit(X, Y).sample(40)[0]
    assert (rows.dtypes == np.float16).all()
    assert (rows.iloc[:, :3].sum(axis=1) == 1).all()
    assert set(rows["twice"].dropna()) <= {0.0, 4.0}


def test_not_a_number_beside_a_missing_value():
    zero = pd.array(np.where(np.arange(N_ROWS) % 5 == 0, 0.0, 1.0), dtype="Float64")
    both = pd.Series(zero / zero)  # NaN where it was 0
    both[::7] = pd.NA
    X = pd.DataFrame({"a": np.arange(N_ROWS) % 9, "both": both})
    resampled = resample(X)
    pd.testing.assert_frame_equal(resampled[:N_ROWS], X)
    drawn = resampled["both"][N_ROWS:]
    assert drawn.dtype == "Float64"
    assert drawn.isna().any()
    assert set(drawn.dropna()) == {1.0}
