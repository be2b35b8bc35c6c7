"""Pandas columns <-> plain arrays, so that every dtype comes back as it was.

A column's *domain* knows its dtype. :class:`NumericDomain` maps values to numbers on
the column's own grid (integers, a fixed number of decimals, whole days, ...) and
back; :class:`CategoricalDomain` maps them to level codes and back.
"""

from __future__ import annotations

import datetime
import decimal
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

# A value with more decimals than this is taken for a real number, not for a grid.
MAX_DECIMALS = 8
# Above 2**53 a float64 no longer holds every whole number.
LARGEST_EXACT = 2.0**53
# Values that a scale of larger ones goes through exactly.
MOST_ANCHORS = 4096
# The largest float64 that a uint64 holds.
LARGEST_UINT64 = float(np.nextafter(2.0**64, 0))


@dataclass(eq=False)
class NumericDomain:
    """Numbers, dates and durations as float64 counts of the column's grid steps.

    The grid of a column is ``(offset + step * k) / 10**decimals`` for whole ``k``: the
    coarsest one that holds every value. A float column without a grid keeps its
    values as they are (``step`` is 0).

    Parameters
    ----------
    dtype : dtype
        The column's own dtype.
    decimals : int
        Decimal places of the grid.
    offset, step : int
        First point and spacing of the grid, in units of the last decimal place.
    largest : int
        Last point of the grid, counted in steps from the first.
    bounds : tuple of float
        Of a float column: the smallest and the largest value. A point of the grid
        may be off by a rounding error.
    anchors : ndarray of uint64
        Of a grid with more points than a float64 can count: points that are counted
        instead, ascending, with those in between as fractions. All values that repeat
        are among them, unless there are too many, and come back exactly.
    """

    dtype: Any
    decimals: int
    offset: int
    step: int
    largest: int
    bounds: tuple[float, float] = (-math.inf, math.inf)
    anchors: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def __post_init__(self) -> None:
        least, most = min(self.offset, 0), max(self.offset, self.step, self.largest)
        if not 0 <= self.decimals <= MAX_DECIMALS or self.step < 0 or self.largest < 0:
            raise ValueError(f"{self} is no grid: its numbers must be small.")
        if least < -(2**63) or most >= 2**64:
            raise ValueError(f"{self} is no grid of 64-bit numbers.")

    @classmethod
    def of(cls, series: pd.Series) -> NumericDomain:
        """Find the grid of a column from its training values."""
        raw = _raw_values(series, is_missing(series))
        whole, decimals = raw, 0
        if raw.dtype.kind == "f":
            decimals = _n_decimals(raw)
            if decimals < 0 or not len(raw):
                return cls(series.dtype, 0, 0, 0, 0)
            whole = np.rint(raw.astype(np.float64) * 10**decimals).astype(np.int64)
        if not len(whole):
            return cls(series.dtype, 0, 0, 1, 0)
        bounds = (-math.inf, math.inf)
        if raw.dtype.kind == "f":
            bounds = (float(raw.min()), float(raw.max()))
        offset = int(whole.min())
        distance = _distance(whole, offset)
        step = int(np.gcd.reduce(distance)) or 1
        largest = int(distance.max()) // step
        if raw.dtype.kind != "f" and largest > LARGEST_EXACT:
            anchors = _anchors(distance // np.uint64(step))
            return cls(series.dtype, decimals, offset, step, largest, bounds, anchors)
        return cls(series.dtype, decimals, offset, step, largest, bounds)

    def to_numbers(self, series: pd.Series) -> np.ndarray:
        """Values as float64, NaN where missing."""
        missing = is_missing(series)
        numbers = np.full(len(series), np.nan)
        raw = _raw_values(series, missing)
        if self.step == 0:
            numbers[~missing] = raw
        elif raw.dtype.kind == "f":
            scaled = raw.astype(np.float64) * 10**self.decimals
            numbers[~missing] = (scaled - self.offset) / self.step
        else:
            low = raw < self.offset  # values below the training range lie before 0
            distance = _distance(raw, self.offset)
            if len(self.anchors):
                counts = _place_among(self.anchors, distance // np.uint64(self.step))
            else:
                counts = distance.astype(np.float64) / self.step
            numbers[~missing] = np.where(low, -1.0, counts)
        return numbers

    def to_series(self, numbers: np.ndarray) -> pd.Series:
        """Float64 numbers, NaN where missing, as a column of the training dtype."""
        missing = np.isnan(numbers)
        numbers = np.where(missing, 0.0, numbers)
        raw: np.ndarray
        if self.step == 0:
            raw = numbers
        else:
            # Unsigned and wrapping, because an int64 column may span more than int64.
            if len(self.anchors):
                count = _at_place(self.anchors, numbers)
            else:
                most = min(self.largest, LARGEST_UINT64)
                count = np.clip(np.rint(numbers), 0, most).astype(np.uint64)
            count = np.minimum(count, np.uint64(self.largest))
            whole = count * np.uint64(self.step) + np.uint64(self.offset % 2**64)
            raw = whole if _is_unsigned(self.dtype) else whole.view(np.int64)
            if _is_float(self.dtype):
                raw = np.clip(raw / 10**self.decimals, *self.bounds)
        return _series_from_raw(raw, missing, self.dtype)


@dataclass(eq=False)
class CategoricalDomain:
    """Any hashable values as codes of the levels seen in training, -1 where missing.

    Parameters
    ----------
    levels : Index
        The distinct values, in the column's own dtype.
    dtype : dtype
        The column's own dtype.
    """

    levels: pd.Index
    dtype: Any

    @classmethod
    def of(cls, series: pd.Series) -> CategoricalDomain:
        """Collect the levels of a column, in the order in which they appear."""
        values = _dense(series)
        if _needs_exact_keys(values):
            present = values.array[~is_missing(values)]
            first = {_exact_key(value): value for value in present[::-1]}
            levels = np.empty(len(first), dtype=object)
            levels[:] = list(first.values())[::-1]
            return cls(pd.Index(levels, dtype=object), series.dtype)
        _, levels = pd.factorize(values)
        return cls(levels, series.dtype)

    @cached_property
    def _needs_exact_keys(self) -> bool:
        return _needs_exact_keys(pd.Series(self.levels, dtype=self.levels.dtype))

    def to_codes(self, series: pd.Series) -> np.ndarray:
        """Level of each value; -1 where missing, -2 where it is none of the levels."""
        values = _dense(series)
        if self._needs_exact_keys or _needs_exact_keys(values):
            code_of = {_exact_key(v): code for code, v in enumerate(self.levels)}
            codes = np.array(
                [code_of.get(_exact_key(value), -2) for value in values.array],
                dtype=np.intp,
            )
        else:
            if values.dtype == np.float16:  # of which pandas makes no index
                values = values.astype(self.levels.dtype)
            codes = self.levels.get_indexer(pd.Index(values, dtype=values.dtype))
        codes[codes < 0] = -2
        codes[is_missing(series)] = -1
        return codes

    def to_series(self, codes: np.ndarray) -> pd.Series:
        """Codes, -1 where missing, as a column of the training dtype."""
        if not len(self.levels):
            return pd.Series([np.nan] * len(codes), dtype=self.dtype)
        levels = self.levels.take(np.maximum(codes, 0))
        series = pd.Series(levels, dtype=levels.dtype).astype(_dense_dtype(self.dtype))
        return cast(fill_missing(series, codes < 0, np.nan), self.dtype)


# What pandas calls objects that it confuses.
EXACT = ("mixed", "boolean", "interval", "datetime", "timedelta")


def _needs_exact_keys(values: pd.Series) -> bool:
    """Whether pandas would take different values for one, or fail to look them up.

    It reads text up to a NUL character, cannot encode lone surrogates, takes True for
    1, makes dates of one class of those of several, and has no order of overlapping
    intervals.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.IntervalDtype):
        return True
    if not (types.is_object_dtype(dtype) or isinstance(dtype, pd.StringDtype)):
        return False
    kind = types.infer_dtype(values, skipna=True)
    if kind != "string":
        return kind.startswith(EXACT)
    # A list: pandas' arrays give their values one by one, in Python.
    text = "".join(values.to_numpy(dtype=object)[~is_missing(values)].tolist())
    return "\x00" in text or not _is_encodable(text)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _exact_key(value: Any) -> Any:
    """What only the same value has: True is not 1."""
    return value if isinstance(value, str) else (type(value), value)


def check_hashable(series: pd.Series) -> None:
    """Raise a TypeError that names the column when its values have no equality."""
    if series.dtype == object or isinstance(series.dtype, pd.ArrowDtype):
        try:
            pd.factorize(series)
            if isinstance(series.dtype, pd.ArrowDtype):
                series.array[np.ones(len(series), dtype=bool)]
                str(series.dtype.type)  # of some there is no class
        except (TypeError, NotImplementedError) as error:
            # pyarrow names its own functions; and it cannot compare halves.
            is_arrow = isinstance(series.dtype, pd.ArrowDtype)
            reason = "" if is_arrow else f": {error}"
            other = "float32" if series.dtype == "halffloat[pyarrow]" else "strings"
            raise TypeError(
                f"Column {series.name!r} must hold numbers, strings, dates or other "
                f"hashable values. Got {series.dtype}{reason}; an argument must be "
                "hashable, such as a string or a number. Convert it, for example to "
                f"{other}."
            ) from error
    if series.dtype.kind == "c":
        raise ValueError(f"Complex data not supported. Got column {series.name!r}.")


def is_missing(series: pd.Series) -> np.ndarray:
    """Where a value is missing; as a Series it would cost more to wrap than to find."""
    return np.asarray(pd.isna(series.array), dtype=bool)


def cast(series: pd.Series, dtype: Any) -> pd.Series:
    """The column in a dtype; pandas would copy one that has it already."""
    return series if series.dtype == dtype else series.astype(dtype)


def fill_missing(series: pd.Series, missing: np.ndarray, value: Any) -> pd.Series:
    """The column with `value` where the mask is set, in its own dtype."""
    if not missing.any():
        return series
    filled = series.copy()
    filled[missing] = value
    return filled


def is_numeric(series: pd.Series) -> bool:
    """Whether a column is modelled as a number: numbers, dates and durations."""
    dtype = _dense_dtype(series.dtype)
    if dtype.type in (datetime.date, decimal.Decimal):
        return False  # Arrow's: objects, which have no NumPy number behind them
    return not types.is_bool_dtype(dtype) and (
        types.is_numeric_dtype(dtype)
        or types.is_datetime64_any_dtype(dtype)
        or types.is_timedelta64_dtype(dtype)
    )


def _dense_dtype(dtype: Any) -> Any:
    return dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype


def _dense(series: pd.Series) -> pd.Series:
    return cast(series, _dense_dtype(series.dtype))


def _numpy_dtype(dtype: Any) -> np.dtype:
    """The NumPy dtype behind a numeric pandas dtype, nullable or sparse or not."""
    dtype = _dense_dtype(dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return np.dtype(f"M8[{dtype.unit}]")
    return np.dtype(getattr(dtype, "numpy_dtype", dtype))


def _is_float(dtype: Any) -> bool:
    return _numpy_dtype(dtype).kind == "f"


def _is_unsigned(dtype: Any) -> bool:
    return _numpy_dtype(dtype).kind == "u"


def _raw_values(series: pd.Series, missing: np.ndarray) -> np.ndarray:
    """The values that are present, as a float, int64 or uint64 array."""
    present: Any = _dense(series).array[~missing]
    dtype = _numpy_dtype(series.dtype)
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        present = present.tz_localize(None)  # a day is a day on the local clock
    if dtype.kind in "mM":
        return np.asarray(present.astype("int64"))
    storage = {"i": np.dtype(np.int64), "u": np.dtype(np.uint64)}.get(dtype.kind, dtype)
    return present.to_numpy(dtype=storage)


def _n_decimals(values: np.ndarray) -> int:
    """Decimal places that hold every value exactly, or -1 if there are none."""
    wide = values.astype(np.float64)
    for decimals in range(MAX_DECIMALS + 1):
        scaled = np.rint(wide * 10**decimals)
        if (np.abs(scaled) > LARGEST_EXACT).any():
            return -1
        # Sums and products of decimals are off by a few units in the last place.
        on_grid = (scaled / 10**decimals).astype(values.dtype)
        if (np.abs(on_grid - values) <= 4 * np.spacing(np.abs(values))).all():
            return decimals
    return -1


def _distance(whole: np.ndarray, offset: int) -> np.ndarray:
    """Distance of whole numbers from their smallest, exact over the full int64 range.

    Unsigned arithmetic wraps, so the difference is right even where a signed one
    would overflow.
    """
    return whole.astype(np.uint64) - np.uint64(offset % 2**64)


def _anchors(counts: np.ndarray) -> np.ndarray:
    """All counts if they are few; else those that repeat most, and evenly spread ones.

    The smallest and the largest are among them.
    """
    distinct, n_rows = np.unique(counts, return_counts=True)
    if len(distinct) <= MOST_ANCHORS:
        return distinct
    spread = np.linspace(0, len(distinct) - 1, MOST_ANCHORS // 2).round()
    repeated = np.argsort(-n_rows, kind="stable")[: MOST_ANCHORS // 2]
    repeated = repeated[n_rows[repeated] > 1]
    return distinct[np.union1d(spread.astype(np.intp), repeated)]


def _place_among(anchors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Position of counts among the anchors, with fractions in between."""
    after = np.searchsorted(anchors, counts, side="right")
    before = np.maximum(after - 1, 0)
    following = np.minimum(before + 1, len(anchors) - 1)
    gap = (anchors[following] - anchors[before]).astype(np.float64)
    beyond = (counts - anchors[before]).astype(np.float64)
    return before + np.divide(beyond, gap, out=np.zeros_like(gap), where=gap > 0)


def _at_place(anchors: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Counts at positions among the anchors: the inverse of :func:`_place_among`."""
    places = np.clip(places, 0, len(anchors) - 1)
    before = np.floor(places).astype(np.intp)
    following = np.minimum(before + 1, len(anchors) - 1)
    gap = anchors[following] - anchors[before]
    # Steps of a billionth of the gap, by whole numbers: a float would end in zeros.
    share = np.rint((places - before) * 2.0**30).astype(np.uint64)
    beyond = (gap >> np.uint64(30)) * share
    beyond += ((gap & np.uint64(2**30 - 1)) * share) >> np.uint64(30)
    return anchors[before] + beyond


def _series_from_raw(raw: np.ndarray, missing: np.ndarray, dtype: Any) -> pd.Series:
    dense, storage = _dense_dtype(dtype), _numpy_dtype(dtype)
    if storage.kind in "mM":
        series = pd.Series(raw.view(f"{storage.kind}8[{np.datetime_data(storage)[0]}]"))
        if isinstance(dense, pd.DatetimeTZDtype):
            first = np.ones(len(series), dtype=bool)  # of an hour that comes twice
            series = series.dt.tz_localize(
                dense.tz, ambiguous=first, nonexistent="shift_forward"
            )
    else:
        series = cast(pd.Series(raw.astype(storage)), dense)
    return cast(fill_missing(series, missing, np.nan), dtype)
