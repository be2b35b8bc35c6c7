"""TableEncoder: what comes out of it, and what comes back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes
from scipy import stats

from gan_augment.encoding import TableEncoder


def roundtrip(frame, y=None, **params):
    encoder = TableEncoder(**params).fit(frame, y)
    return encoder, encoder.inverse_transform(encoder.transform(frame, random_state=0))


def test_what_is_discrete_comes_back_exactly(mixed_frame):
    encoder, back = roundtrip(mixed_frame)
    exact = [name for name, kind in encoder.dtypes_.items() if kind == "categorical"]
    exact += [
        "int",
        "int8",
        "hundreds",
        "Int64",
        "constant",
        "all_nan",
        "sparse",
    ]
    pd.testing.assert_frame_equal(back[exact], mixed_frame[exact])
    pd.testing.assert_series_equal(back.dtypes, mixed_frame.dtypes)


def test_missing_cells_come_back_missing(mixed_frame):
    _, back = roundtrip(mixed_frame)
    pd.testing.assert_frame_equal(back.isna(), mixed_frame.isna())
    assert back["number_objects"][2] is None


@pytest.mark.parametrize("seed", range(3))
def test_any_encoded_row_decodes_into_the_domain(mixed_frame, seed):
    encoder = TableEncoder().fit(mixed_frame)
    wild = np.random.default_rng(seed).normal(0, 5, (500, encoder.width_))
    decoded = encoder.inverse_transform(wild)
    pd.testing.assert_series_equal(decoded.dtypes, mixed_frame.dtypes)
    for name, kind in encoder.dtypes_.items():
        real, made = mixed_frame[name].dropna(), decoded[name].dropna()
        if kind == "identifier":
            assert not set(made) & set(real), name
        elif kind != "numeric":
            assert set(made) <= set(real), name
        elif len(real):
            assert made.min() >= real.min(), name
            assert made.max() <= real.max(), name
        if mixed_frame[name].notna().all():
            assert decoded[name].notna().all(), name


numbers = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 2.5]) | st.just(np.nan)
whole = st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=60, deadline=None)
@given(
    data_frames(
        [
            column("float", elements=numbers, dtype=float),
            column("float32", elements=st.floats(-100, 100, width=32), dtype="float32"),
            column("int", elements=whole, dtype="int64"),
            column("bool", elements=st.booleans(), dtype=bool),
            column("text", elements=st.text(max_size=2) | st.none(), dtype=object),
        ],
        index=range_indexes(min_size=1, max_size=40),
    )
)
def test_domains_hold_for_any_table(frame):
    encoder = TableEncoder(max_categories=5).fit(frame)
    wild = np.random.default_rng(0).normal(0, 3, (50, encoder.width_))
    for decoded in (
        encoder.inverse_transform(wild),
        encoder.inverse_transform(encoder.transform(frame, random_state=0)),
    ):
        pd.testing.assert_series_equal(decoded.dtypes, frame.dtypes)
        for name in frame:
            real, made = frame[name].dropna(), decoded[name].dropna()
            if name in ("bool", "text"):
                assert set(made) <= set(real)
            elif len(made):
                assert real.min() <= made.min()
                assert made.max() <= real.max()


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).lognormal(size=2000),
        np.random.default_rng(0).poisson(1.0, size=2000),
        np.r_[np.zeros(1500), np.random.default_rng(0).normal(size=500)],
        np.random.default_rng(0).integers(0, 2, 2000).astype(float),
    ],
    ids=["skewed", "counts", "atom", "binary"],
)
def test_every_numeric_column_becomes_standard_normal(values):
    encoder = TableEncoder().fit(values[:, None])
    encoded = encoder.transform(values[:, None], random_state=0)[:, 0]
    assert stats.kstest(encoded, "norm").pvalue > 0.01


def test_the_rare_class_has_half_of_the_scale():
    values = np.r_[np.linspace(0, 1, 990), np.linspace(10, 11, 10)][:, None]
    y = np.arange(1000) >= 990
    balanced = TableEncoder().fit(values, y).transform(values, random_state=0)[:, 0]
    assert (balanced[y] > 0).all()
    assert (balanced[~y] < 0).all()


def test_nothing_is_made_up_between_an_atom_and_its_neighbour():
    values = np.r_[np.zeros(80), np.linspace(100, 200, 20)][:, None]
    encoder = TableEncoder().fit(values)
    decoded = encoder.inverse_transform(np.linspace(-4, 4, 2001)[:, None])
    assert ((decoded == 0) | (decoded >= 100)).all()


def test_large_columns_are_thinned_but_keep_bounds_and_atoms():
    rng = np.random.default_rng(0)
    values = np.r_[np.zeros(5000), rng.normal(size=45_000)][:, None]
    encoder = TableEncoder().fit(values)
    assert len(encoder.columns_[0].kind.cells.distinct) < 5000
    back = encoder.inverse_transform(encoder.transform(values, random_state=0))
    assert back.min() >= values.min()
    assert back.max() <= values.max()
    assert (back[:5000] == 0).all()
    inner = np.abs(values) < 3  # beyond, the scale is cut off
    np.testing.assert_allclose(back[inner], values[inner], atol=0.1)
    assert stats.ks_2samp(back[:, 0], values[:, 0]).statistic < 0.005


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=300),
        # Edges of atoms at eighths of the scale, where cells of a power of two end.
        np.repeat(np.arange(8.0), 100),
        np.r_[np.zeros(500), np.random.default_rng(0).exponential(size=100)],
    ],
    ids=["real", "atoms", "both"],
)
def test_many_rows_are_decoded_as_few_are(values):
    """Of many rows the scale is inverted on a grid, which only rounds otherwise."""
    encoder = TableEncoder().fit(values[:, None])
    edges = stats.norm.ppf(np.arange(257) / 256).clip(-40, 40)
    drawn = np.random.default_rng(1).normal(size=50_000)
    scores = np.r_[edges, np.nan, drawn][:, None]
    few = np.concatenate(
        [encoder.inverse_transform(part) for part in np.array_split(scores, 2000)]
    )
    many = encoder.inverse_transform(scores)
    np.testing.assert_allclose(many, few, rtol=1e-12, atol=1e-12)
    if len(np.unique(values)) < 10:
        np.testing.assert_array_equal(many, few)


@pytest.mark.parametrize(
    ("spec", "positions"),
    [
        ("auto", [1]),
        ([0], [0, 1]),
        ([True, False, False], [0, 1]),
        (["number"], [0, 1]),
        (np.array([2]), [1, 2]),
        ([], [1]),
    ],
)
def test_categorical_features_in_every_form(spec, positions):
    frame = pd.DataFrame({"number": [1, 2, 3], "text": list("abc"), "real": [0.5] * 3})
    encoder, back = roundtrip(frame, categorical_features=spec)
    assert encoder.categorical_features_.tolist() == positions
    pd.testing.assert_frame_equal(back, frame)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (["colour"], "colour"),
        ([3], r"0 to 1.*\[3\]"),
        ([True], "2 entries.*Got 1"),
    ],
)
def test_a_wrong_specification_is_named(spec, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder(categorical_features=spec).fit(pd.DataFrame({"a": [1], "b": [2]}))


def test_rows_that_do_not_fit_are_named():
    encoder = TableEncoder().fit(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}))
    with pytest.raises(ValueError, match=r"'a'.*'z'"):
        encoder.transform(pd.DataFrame({"a": ["z"], "b": [1]}))
    with pytest.raises(ValueError, match=r"2 columns.*Got 1"):
        encoder.transform(pd.DataFrame({"a": ["x"]}))


def test_many_levels_are_ordered_by_class():
    levels = np.repeat([f"level-{i}" for i in range(100)], 10)
    share = np.tile(np.arange(10) / 10, 100)
    y = share < np.repeat(np.random.default_rng(0).permutation(100) / 100, 10)
    encoder = TableEncoder().fit(pd.DataFrame({"id": levels}), y)
    assert encoder.width_ == 1
    assert encoder.dtypes_ == {"id": "high-cardinality"}
    rank = encoder.quantize(pd.DataFrame({"id": levels}))[:, 0]
    assert abs(stats.spearmanr(rank, y).statistic) > 0.5


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("n_rows_a_level", [1, 2, 4])
def test_a_level_of_few_rows_does_not_give_their_class_away(n_rows_a_level, share):
    """Such as an identifier, of which every class has its own by chance."""
    rng = np.random.default_rng(0)
    y = rng.random(2000) < share
    levels = rng.permutation(np.arange(2000) // n_rows_a_level)
    frame = pd.DataFrame({"id": [f"customer {i:04d}" for i in levels]})
    encoder = TableEncoder(identifiers="keep").fit(frame, y)
    encoded = encoder.transform(frame, random_state=1)[:, 0]
    assert abs(stats.spearmanr(encoded, y).statistic) < 0.08


def test_identifiers_are_one_to_a_network_and_all_of_them_come_back():
    names = [f"customer {i}" for i in range(80)]
    frame = pd.DataFrame({"id": [*names, *["shop"] * 20, *["web"] * 20]})
    encoder = TableEncoder().fit(frame, np.arange(120) >= 100)
    middle = encoder.transform(frame, spread=False)[:, 0]
    assert len(set(middle[:80])) == 1
    assert len(set(middle)) == 3
    # One of them may become any other, but neither the shop nor the web.
    again = encoder.transform(frame.iloc[[7] * 200], random_state=0)
    found = encoder.inverse_transform(again)["id"].value_counts()
    assert set(found.index) == set(names)
    assert found.max() <= 3
    alone = {encoder.inverse_transform(row[None])["id"][0] for row in again}
    assert len(alone) > 40
    back = encoder.inverse_transform(encoder.transform(frame, random_state=0))
    assert back["id"][80:].tolist() == frame["id"][80:].tolist()


def test_missing_values_use_up_no_identifier():
    names = [f"customer {i}" for i in range(100)]
    frame = pd.DataFrame({"id": [*names, *[None] * 100]})
    encoder, back = roundtrip(frame, identifiers="keep")
    assert encoder.columns_[0].kind.cells.alike == (0, 100)
    assert set(back["id"][:100]) == set(names)
    assert back["id"][100:].isna().all()


def test_numbers_in_object_arrays_are_numbers():
    array = np.array([[1, "a"], [2, "b"], [4, "a"]] * 3, dtype=object)
    encoder, back = roundtrip(array)
    assert encoder.dtypes_ == {0: "numeric", 1: "categorical"}
    assert back.dtype == object
    assert back.tolist() == array.tolist()


@pytest.mark.parametrize(
    "values",
    [
        np.arange(60) * 0.1,
        np.random.default_rng(0).integers(0, 999, 60) / 100 + 0.07,
        np.random.default_rng(0).integers(0, 99, 60) * 0.1,
    ],
)
def test_rounding_noise_does_not_hide_the_grid(values):
    encoder = TableEncoder().fit(values[:, None])
    decoded = encoder.inverse_transform(np.linspace(-3, 3, 200)[:, None])
    np.testing.assert_allclose(decoded, decoded.round(2), rtol=1e-14)
    assert decoded.min() >= values.min()
    assert decoded.max() <= values.max()


def test_days_stay_days_on_the_local_clock():
    days = pd.date_range("2020", periods=200, freq="2D", tz="Europe/Paris")
    frame = pd.DataFrame({"day": days, "x": 0.5})
    encoder = TableEncoder().fit(frame)
    decoded = encoder.inverse_transform(np.linspace(-3, 3, 500)[:, None])
    assert decoded["day"].dtype == frame["day"].dtype
    assert (decoded["day"].dt.hour == 0).all()


def test_a_missing_value_where_fit_had_none_is_named():
    encoder = TableEncoder().fit(pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]}))
    for frame in ({"a": ["x", None], "b": [1.0, 2.0]}, {"a": ["x"], "b": [np.nan]}):
        with pytest.raises(ValueError, match=r"no missing values.*Got 1"):
            encoder.transform(pd.DataFrame(frame))


def test_a_value_of_one_row_in_a_hundred_is_drawn_as_often_and_exactly():
    rng = np.random.default_rng(0)
    values = rng.normal(size=5000)
    values[rng.permutation(5000)[:50]] = 0.125
    encoder = TableEncoder().fit(pd.DataFrame({"a": values}))
    drawn = encoder.inverse_transform(rng.normal(size=(20_000, 1)).astype(np.float32))
    assert 0.007 < (drawn["a"] == 0.125).mean() < 0.013
