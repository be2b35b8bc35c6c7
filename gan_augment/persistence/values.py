"""Single values and dtypes as JSON, and back, without running code."""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

# Of NumPy's dtypes: numbers, dates, durations, objects and strings; no structures.
DTYPE_KINDS = "biufcmMOUST"
# A spelled dtype is short, and one value of it takes at most 64 kB, which is a
# fixed-width string of 16,384 characters.
MAX_SPELLING, MAX_ITEM_BYTES = 256, 2**16
_DECIMAL = re.compile(r"decimal(128|256)\((\d+), (-?\d+)\)")
_STRING_DTYPE = "StringDType()"
_ARROW, _STRING = "arrow:", "string:"


class Scalar(NamedTuple):
    """How values of one class are written as JSON and read."""

    cls: type
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _write_instant(value: Any) -> list[Any]:
    zone = getattr(value, "tz", None)
    count = int(value.asm8.view("i8"))
    return [count, value.unit, None if zone is None else str(zone)]


def _read_timestamp(content: Any) -> pd.Timestamp:
    count, unit, zone = content
    value = pd.Timestamp(np.datetime64(int(count), unit))
    return value if zone is None else value.tz_localize("UTC").tz_convert(_zone(zone))


def _read_timedelta(content: Any) -> pd.Timedelta:
    count, unit, _ = content
    return pd.Timedelta(np.timedelta64(int(count), unit))


def _read_period(content: Any) -> pd.Period:
    ordinal, frequency = content
    return pd.Period(ordinal=int(ordinal), freq=frequency)


def _write_numpy(value: np.generic) -> list[str]:
    return [value.dtype.str, value.tobytes().hex()]


def _read_numpy(content: Any) -> Any:
    dtype = parse_dtype(content[0])
    if dtype.kind not in "biufmM":
        raise ValueError(f"{dtype} is no dtype of a number.")
    return np.frombuffer(bytes.fromhex(content[1]), dtype)[0]


# By the exact class of a value. What is read has the same `repr`, or is not written.
SCALARS = {
    "$timestamp": Scalar(pd.Timestamp, _write_instant, _read_timestamp),
    "$timedelta": Scalar(pd.Timedelta, _write_instant, _read_timedelta),
    "$period": Scalar(pd.Period, lambda p: [p.ordinal, p.freqstr], _read_period),
    "$date": Scalar(
        datetime.date, datetime.date.isoformat, datetime.date.fromisoformat
    ),
    "$time": Scalar(
        datetime.time, datetime.time.isoformat, datetime.time.fromisoformat
    ),
    "$datetime": Scalar(
        datetime.datetime,
        datetime.datetime.isoformat,
        datetime.datetime.fromisoformat,
    ),
    "$duration": Scalar(
        datetime.timedelta,
        lambda t: [t.days, t.seconds, t.microseconds],
        lambda content: datetime.timedelta(*content),
    ),
    "$decimal": Scalar(decimal.Decimal, str, decimal.Decimal),
    "$bytes": Scalar(bytes, bytes.hex, bytes.fromhex),
    "$uuid": Scalar(uuid.UUID, str, uuid.UUID),
    "$numpy": Scalar(np.generic, _write_numpy, _read_numpy),
}
_KIND_OF = {scalar.cls: kind for kind, scalar in SCALARS.items()}


def write_scalar(value: Any) -> dict[str, Any] | None:
    """A value as JSON; None if it is of no class that can be written and read."""
    is_numpy = isinstance(value, np.generic) and value.dtype.kind in "biufmM"
    kind = "$numpy" if is_numpy else _KIND_OF.get(type(value))
    if kind is None:
        return None
    content = SCALARS[kind].write(value)
    try:
        again = SCALARS[kind].read(content)
    except Exception:  # a time zone or a frequency that only this process knows
        return None
    return {kind: content} if repr(again) == repr(value) else None


def spell_dtype(dtype: Any) -> str | None:
    """The text that gives a dtype back; None if there is none."""
    text = dtype.str if isinstance(dtype, np.dtype) else str(dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "OT":
        text = str(dtype)
    if isinstance(dtype, pd.StringDtype):
        missing = "NA" if dtype.na_value is pd.NA else "NaN"
        text = f"{_STRING}{dtype.storage}:{missing}"
    if isinstance(dtype, pd.ArrowDtype):
        text = f"{_ARROW}{dtype.pyarrow_dtype}"
    try:
        return text if parse_dtype(text) == dtype else None
    except Exception:  # NumPy, pandas and pyarrow refuse a text in ways of their own
        return None


def parse_dtype(text: Any) -> Any:
    """The dtype that a text spells; a ValueError if it is none that is written."""
    if not isinstance(text, str) or len(text) > MAX_SPELLING:
        raise ValueError(f"A dtype must be text of at most {MAX_SPELLING} characters.")
    if text.startswith(_ARROW):
        return pd.ArrowDtype(_arrow_type(text.removeprefix(_ARROW)))
    if text.startswith(_STRING):
        storage, missing = text.removeprefix(_STRING).split(":")
        if missing == "NA":
            return pd.StringDtype(storage)
        return pd.StringDtype(storage, {"NaN": np.nan}[missing])  # from pandas 2.3 on
    if text == _STRING_DTYPE:
        return np.dtypes.StringDType()
    # What begins with a number, or has parentheses or commas, is NumPy's records, which
    # it compiles; "dateutil" is a path to any file.
    if re.search(r"^\W?\d|[()]|^[^\[]*,|dateutil", text):
        raise ValueError(f"A dtype must be one that is written. Got {text!r}.")
    dtype = pd.api.types.pandas_dtype(text)
    if isinstance(dtype, np.dtype) and (
        dtype.kind not in DTYPE_KINDS or dtype.itemsize > MAX_ITEM_BYTES
    ):
        raise ValueError(f"A dtype must be small and plain. Got {text!r}.")
    if isinstance(dtype, pd.SparseDtype | pd.CategoricalDtype):
        raise ValueError(f"A dtype must be one that is written. Got {text!r}.")
    return dtype


def _arrow_type(text: str) -> Any:
    """An Arrow type without parameters of its own, a time or a decimal number."""
    import pyarrow as pa

    if found := _DECIMAL.fullmatch(text):
        make = pa.decimal128 if found[1] == "128" else pa.decimal256
        return make(int(found[2]), int(found[3]))
    if found := re.fullmatch(r"timestamp\[(\w+), tz=([\w+/:-]+)\]", text):
        return pa.timestamp(found[1], _zone(found[2]))
    return pa.type_for_alias(text)


def _zone(name: Any) -> str:
    """The name of a time zone; that of a file, which "dateutil" takes, is none."""
    if not re.fullmatch(r"[A-Za-z][\w+-]*(/[\w+-]+)*|UTC[+-][\d:]+", str(name)) or (
        str(name).startswith("dateutil")
    ):
        raise ValueError(f"A time zone must be one that is written. Got {name!r}.")
    return str(name)
