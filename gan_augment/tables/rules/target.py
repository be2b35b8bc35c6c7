"""What a column that is computed may hold: its dtype, grid and range, or its levels."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of, check_ascending
from gan_augment.encoding.kinds.written import DateStyle, read_text, write_text
from gan_augment.encoding.values import (
    CategoricalDomain,
    NumericDomain,
    fill_missing,
    is_missing,
)
from gan_augment.tables.rules.columns import (
    Column,
    Kind,
    in_words,
    kind_of,
    per_day,
    to_numbers,
)


@dataclass(eq=False)
class WrittenDates:
    """How a column of text holds dates.

    Parameters
    ----------
    style : DateStyle
        How they are written.
    missing_value : object
        What stands for a missing date.
    dtype : dtype
        Dtype of the text.
    """

    style: DateStyle
    missing_value: Any
    dtype: Any

    def read(self, series: pd.Series) -> pd.Series:
        """Dates of texts, missing where a text is none."""
        return read_text(self.style, series)

    def write(self, dates: pd.Series) -> pd.Series:
        """Texts of dates."""
        return write_text(self.style, dates, self.missing_value, self.dtype)


@dataclass(eq=False)
class NumericTarget:
    """An ordered column that numbers are turned into.

    Parameters
    ----------
    name : object
        Name of the column.
    domain : NumericDomain
        Its grid.
    bounds : tuple of float
        Its smallest and largest value, dates and durations in days.
    step : float
        Spacing of the grid in the same units; 0 without a grid.
    written : WrittenDates or None, default=None
        How the dates of a column of text are written, of which `domain` is the grid.
    """

    name: Hashable
    domain: NumericDomain
    bounds: tuple[float, float]
    step: float
    written: WrittenDates | None = None

    def __post_init__(self) -> None:
        check_array_of(np.array([*self.bounds, self.step]), "bounds and step", (3,))
        check_ascending(np.array(self.bounds), "bounds")
        if self.kind == "level":
            raise ValueError(
                "`domain` must be of numbers, dates or durations. Got the dtype "
                f"{self.domain.dtype}."
            )

    @classmethod
    def of(cls, column: Column) -> NumericTarget:
        """Describe a column."""
        numbers = column.values
        bounds = (float(np.nanmin(numbers)), float(np.nanmax(numbers)))
        written = None
        if column.style is not None:
            missing = column.series.array[np.isnan(numbers)]
            gone = missing[0] if len(missing) else np.nan
            written = WrittenDates(column.style, gone, column.series.dtype)
        return cls(column.name, column.domain, bounds, column.step, written)

    @property
    def kind(self) -> Kind:
        """What the values are, dates where they are written as text."""
        return kind_of(pd.Series([], dtype=self.domain.dtype))

    def spell(self, number: float) -> str:
        """A number of the column as it is shown, such as a date."""
        if self.kind == "number":
            return f"{number:.10g}"
        if self.kind == "duration":
            return in_words(number)
        return str(pd.Timestamp("2000-01-01") + pd.Timedelta(number, "D").round("us"))

    def read(self, series: pd.Series) -> pd.Series:
        """Values of the column, dates where they are written as text."""
        return series if self.written is None else self.written.read(series)

    def to_numbers(self, series: pd.Series) -> np.ndarray:
        """Values of the column as float64, dates and durations in days."""
        return to_numbers(self.read(series))

    def outside(self, numbers: np.ndarray) -> np.ndarray:
        """Which numbers are beyond the range by more than a rounding error."""
        slack = 1e-9 * max(1.0, *map(abs, self.bounds))
        low, high = self.bounds
        return (numbers < low - slack) | (numbers > high + slack)

    def to_series(self, numbers: np.ndarray, index: pd.Index) -> pd.Series:
        """Numbers, NaN where missing, on the grid and within the range.

        A dtype that cannot hold missing values has the smallest value instead.
        """
        numbers = np.clip(numbers, *self.bounds)
        if isinstance(self.domain.dtype, np.dtype) and self.domain.dtype.kind in "iu":
            numbers = np.nan_to_num(numbers, nan=self.bounds[0])
        empty = pd.Series([], dtype=self.domain.dtype)
        kind = kind_of(empty)
        if kind == "number":
            steps = numbers
            if self.domain.step:
                scaled = numbers * 10.0**self.domain.decimals
                steps = (scaled - self.domain.offset) / self.domain.step
            series = self.domain.to_series(steps)
        else:
            series = self._from_days(numbers, kind, per_day(empty))
        if self.written is not None:
            series = self.written.write(series)
        return series.set_axis(index).rename(self.name)

    def snapped(self, series: pd.Series) -> pd.Series:
        """A column of the same kind on the grid."""
        missing = is_missing(series)
        steps = self.domain.to_numbers(series)
        steps[missing] = np.nan
        snapped = self.domain.to_series(steps)
        return snapped.set_axis(series.index).rename(self.name)

    def _from_days(self, days: np.ndarray, kind: str, units: float) -> pd.Series:
        missing = np.isnan(days)
        whole = np.rint(np.where(missing, 0.0, days) * units).astype(np.int64)
        unit = {1e9: "ns", 1e6: "us", 1e3: "ms", 1.0: "s"}[units / 86_400]
        if kind == "duration":
            series = pd.Series(whole.astype(f"m8[{unit}]"))
        else:
            origin = np.datetime64("2000-01-01").astype(f"M8[{unit}]")
            series = pd.Series(origin + whole.astype(f"m8[{unit}]"))
        if kind == "local date":
            series = series.dt.tz_localize("UTC").dt.tz_convert(self.domain.dtype.tz)
        return self.snapped(series.mask(missing).astype(self.domain.dtype))


@dataclass(eq=False)
class Levels:
    """The values of a column, taken as levels whatever they are.

    Parameters
    ----------
    name : object
        Name of the column.
    domain : CategoricalDomain
        Its different values.
    missing_value : object
        What stands for a missing value in a column of dtype object: the first one.
    """

    name: Hashable
    domain: CategoricalDomain
    missing_value: Any = np.nan

    @classmethod
    def of(cls, column: Column) -> Levels:
        """Describe a column."""
        missing = column.series.array[column.codes == len(column.levels)]
        missing_value = missing[0] if len(missing) else np.nan
        domain = CategoricalDomain(column.levels, column.series.dtype)
        return cls(column.name, domain, missing_value)

    @property
    def missing_code(self) -> int:
        """The code of a missing value, which is the one after the last level."""
        return len(self.domain.levels)

    def spell(self, code: int) -> str:
        """A level as it is shown, text in quotes."""
        if code == self.missing_code:
            return "missing"
        level = self.domain.levels[code]
        return repr(level) if isinstance(level, str) else str(level)

    def to_codes(self, series: pd.Series) -> np.ndarray:
        """Level of each value; -1 where it is none of the levels."""
        codes = np.asarray(self.domain.to_codes(series), dtype=np.intp)
        unknown = codes == -2
        codes[codes == -1] = self.missing_code
        codes[unknown] = -1
        return codes

    def to_series(self, codes: np.ndarray, index: pd.Index) -> pd.Series:
        """The column for codes."""
        codes = np.where(codes == self.missing_code, -1, codes)
        series = self.domain.to_series(codes)
        if series.dtype == object:  # None stays None
            series = fill_missing(series, is_missing(series), self.missing_value)
        return series.set_axis(index).rename(self.name)
