"""Hypothesis strategies for any table that pandas can hold, and any labels."""

import datetime
import decimal
import enum
import uuid
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import reject
from hypothesis import strategies as st


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


EAST = datetime.timezone(datetime.timedelta(hours=2))
TEXT = st.text(max_size=8) | st.sampled_from(
    ["", " ", "NA", "nan", "1", "1.5", "2020-01-01", "\x00", "\ud800", "😀", "a" * 300]
)
INTEGERS = st.integers(-5, 5) | st.sampled_from([2**53 + 1, -(2**62), 2**62, 10**15])
FLOATS = st.floats(-100, 100, width=16) | st.floats(allow_nan=False, width=32)
DATES = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))
DURATIONS = st.timedeltas(datetime.timedelta(-9), datetime.timedelta(9))

# Values of an object column, and what pandas makes of such values when told to.
OBJECTS = {
    "text": TEXT,
    "whole numbers": INTEGERS,
    "large numbers": st.integers(2**64, 2**70),
    "floats": FLOATS,
    "float32": st.floats(-9, 9, width=32).map(np.float32),
    "booleans": st.booleans(),
    "booleans and numbers": st.sampled_from([True, 1, 0, False, 1.0, -0.0, 0.0]),
    "numbers and text": st.one_of(INTEGERS, TEXT, FLOATS),
    "dates": st.dates(),
    "datetimes": DATES,
    "datetimes of any year": st.datetimes(),
    "aware and naive": DATES.flatmap(
        lambda t: st.sampled_from(
            [t, t.replace(tzinfo=datetime.UTC), t.replace(tzinfo=EAST)]
        )
    ),
    "aware": DATES.map(lambda t: t.replace(tzinfo=datetime.UTC)),
    "timestamps": DATES.map(pd.Timestamp),
    "timestamps of two zones": DATES.flatmap(
        lambda t: st.sampled_from(["Europe/Paris", "Asia/Tokyo", None]).map(
            lambda zone: pd.Timestamp(t).tz_localize(
                zone, ambiguous=True, nonexistent="shift_forward"
            )
        )
    ),
    "NumPy dates": st.integers(0, 99).map(lambda n: np.datetime64(n, "D")),
    "durations": DURATIONS,
    "Timedeltas": DURATIONS.map(pd.Timedelta),
    "times": st.times(),
    "periods": st.integers(0, 99).map(lambda n: pd.Period(ordinal=n, freq="M")),
    "intervals": st.integers(0, 9).map(lambda n: pd.Interval(n, n + 1)),
    "decimals": st.decimals(-9, 9, places=2),
    "fractions": st.fractions(0, 1, max_denominator=9),
    "complex": st.complex_numbers(max_magnitude=9),
    "bytes": st.binary(max_size=4),
    "identifiers": st.uuids(),
    "tuples": st.tuples(st.integers(0, 2), st.sampled_from("ab")),
    "ragged tuples": st.lists(st.integers(0, 2), max_size=2).map(tuple),
    "lists": st.lists(st.integers(0, 2), max_size=2),
    "dictionaries": st.fixed_dictionaries({"a": st.integers(0, 2)}),
    "sets": st.frozensets(st.integers(0, 2), max_size=2),
    "members": st.sampled_from(Colour),
    "anything": st.sampled_from(
        [
            *(1, "a", 2.5, True, (1,), datetime.date(2020, 1, 1), b"x", 2**80),
            *(Fraction(1, 3), decimal.Decimal("1.0"), uuid.UUID(int=1)),
            pd.Timestamp("2020"),
        ]
    ),
}
# dtype -> values that a column of it can be made of.
DTYPES = {
    **{f"{k}{8 * n}": st.integers(0, 100) for k in ("int", "uint") for n in (1, 2, 4)},
    "int64": INTEGERS,
    "uint64": st.integers(0, 2**64 - 1),
    "float16": st.floats(-9, 9, width=16),
    "float32": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "float64": FLOATS | st.floats(allow_nan=False),
    **dict.fromkeys((">f8", ">f4", "longdouble"), st.floats(-9, 9, width=16)),
    **dict.fromkeys((">i4", ">u2"), st.integers(0, 9)),
    "bool": st.booleans(),
    "complex128": st.complex_numbers(max_magnitude=9),
    **dict.fromkeys(("Int8", "UInt16", "Int64"), st.integers(0, 100)),
    **dict.fromkeys(("Float32", "Float64"), st.floats(-9, 9, width=16)),
    "boolean": st.booleans(),
    **dict.fromkeys(("string", "string[pyarrow]", "category"), TEXT),
    **{f"datetime64[{unit}]": DATES for unit in ("s", "ms", "us", "ns")},
    "datetime64[ns, Europe/Paris]": DATES.map(
        lambda t: pd.Timestamp(t, tz="UTC")  # any wall clock time is not one of Paris
    ),
    **{f"timedelta64[{unit}]": DURATIONS for unit in ("s", "ns")},
    "period[D]": DATES.map(lambda t: pd.Period(t, "D")),
    "interval[int64]": OBJECTS["intervals"],
    "Sparse[float64]": st.sampled_from([0.0, 1.5, np.nan]),
    "Sparse[int64]": st.sampled_from([0, 1, 2]),
    "Sparse[bool]": st.booleans(),
}
ARROW = {
    "int64": INTEGERS,
    "uint8": st.integers(0, 9),
    "double": st.floats(-9, 9, width=16),
    "halffloat": st.floats(-9, 9, width=16).map(np.float16),
    "bool": st.booleans(),
    "string": TEXT.filter(lambda s: "\ud800" not in s),
    "large_string": TEXT.filter(lambda s: "\ud800" not in s),
    "binary": st.binary(max_size=3),
    "date32[day]": st.dates(),
    "timestamp[us]": DATES,
    "time64[us]": st.times(),
    "duration[us]": DURATIONS,
    "null": st.none(),
    "decimal": st.decimals(-9, 9, places=2),
    "list": st.lists(st.integers(0, 2), max_size=2),
    "struct": st.fixed_dictionaries({"a": st.integers(0, 2)}),
    "dictionary": st.sampled_from("ab"),
}
ARROW_TYPES = {
    "decimal": pa.decimal128(5, 2),
    "list": pa.list_(pa.int64()),
    "struct": pa.struct([("a", pa.int64())]),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}
NAME = st.one_of(
    st.text(max_size=5),
    st.integers(-1, 5),
    st.sampled_from(
        [None, 1.5, True, ("a", 1), pd.Timestamp("2020"), b"x", "id", "\ud800"]
    ),
)


@st.composite
def columns(draw, n_rows):
    """A column of any dtype, of values that repeat, and some missing ones."""
    family = draw(st.sampled_from(["object", "pandas", "arrow", "alike"]))
    if family == "alike":
        value = draw(st.sampled_from([1, "a", None, 0.5, pd.NaT, True, (1, 2)]))
        return pd.Series([value] * n_rows)
    kinds = {"object": OBJECTS, "pandas": DTYPES, "arrow": ARROW}[family]
    kind = draw(st.sampled_from(sorted(kinds)))
    some = draw(st.lists(kinds[kind], min_size=1, max_size=n_rows))
    values = [some[i % len(some)] for i in range(n_rows)]
    if every := draw(st.sampled_from([None, None, 2, 5])):
        missing = [None]
        if family == "object":
            missing = [None, np.nan, pd.NA, pd.NaT]
        for row in range(0, n_rows, every):
            values[row] = draw(st.sampled_from(missing))
    try:
        if family == "arrow":
            of = ARROW_TYPES.get(kind) or pa.type_for_alias(kind)
            return pd.Series(pd.array(pa.array(values, type=of), pd.ArrowDtype(of)))
        series = pd.Series(np.fromiter(values, object, n_rows), dtype=object)
        return series if family == "object" else series.astype(kind)
    except (TypeError, ValueError, OverflowError):  # pandas cannot hold it
        reject()


@st.composite
def frames(draw, n_rows=24):
    """A frame of up to four such columns, with any names and any index."""
    found = [draw(columns(n_rows)) for _ in range(draw(st.integers(1, 4)))]
    frame = pd.concat(found, axis=1, ignore_index=True)
    n_columns = frame.shape[1]
    names = draw(st.lists(NAME, min_size=n_columns, max_size=n_columns))
    kind = draw(st.sampled_from(["any", "text", "pairs", "dates"]))
    frame.columns = {
        "any": pd.Index(np.fromiter(names, object, n_columns), tupleize_cols=False),
        "text": pd.Index([f"column {i}" for i in range(n_columns)], name="of"),
        "pairs": pd.MultiIndex.from_tuples(
            [("a", i) for i in range(n_columns)], names=["x", None]
        ),
        "dates": pd.date_range("2020", periods=n_columns),
    }[kind]
    frame.index = draw(
        st.sampled_from(
            [
                pd.RangeIndex(n_rows),
                pd.Index([0] * n_rows),
                pd.Index([f"row {i}" for i in range(n_rows)], name="row"),
                pd.date_range("2020", periods=n_rows, tz="UTC"),
                pd.MultiIndex.from_product([range(n_rows // 2), ["a", "b"]]),
            ]
        )
    )
    return frame


@st.composite
def labels(draw, n_rows=24):
    """Two or three classes of any kind, as an array, a Series or a list."""
    pair = draw(
        st.sampled_from(
            [
                *([0, 1], [-1, 1, 2], ["a", "b"], ["", "\ud800", "é"], [True, False]),
                *([0.0, 1.0], [0.5, 1.5], [2**62, 2**62 + 1], [b"a", b"b"]),
                *(["a", 1], [(0,), (1,)], [None, "a"], [np.nan, 1.0], [pd.NA, 1]),
                *([pd.Timestamp("2020"), pd.Timestamp("2021")], ["only"]),
                [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)],
                [decimal.Decimal(1), decimal.Decimal(2)],
            ]
        )
    )
    values = [pair[(i % 7) % len(pair)] for i in range(n_rows)]
    make = draw(
        st.sampled_from(
            [
                list,
                pd.Series,
                lambda v: np.fromiter(v, object, len(v)),
                lambda v: pd.Series(v, dtype="category"),
                lambda v: pd.Series(v, name="target").convert_dtypes(),
                np.array,
            ]
        )
    )
    return make(values)
