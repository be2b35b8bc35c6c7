"""A table by columns, prepared once so that every kind of rule is found quickly."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from gan_augment.encoding.identifiers import is_identifier
from gan_augment.encoding.kinds.written import DateStyle, find_style, read_text
from gan_augment.encoding.values import NumericDomain, is_missing, is_numeric

# Rows that propose rules; every rule is then checked on all rows.
SAMPLE_ROWS = 2000
# Rows at each end of a number that say which rules about its ends are looked for.
END_ROWS = 256
# Above 2**53 a float64 no longer holds every whole number.
LARGEST_EXACT = 2.0**53
# Chance that independent columns keep any one of the rules that are found.
FALSE_RULES = 1e-3
# Fewest rows that would break a rule if its columns were independent.
FEWEST_EXPECTED = 20.0

Kind = Literal["number", "date", "local date", "duration", "level"]


@dataclass(eq=False)
class Column:
    """A column as numbers, if it has an order, and as codes of its levels.

    Parameters
    ----------
    series : Series
        The column.
    kind : str
        What its values are; only values of one kind are compared.
    numbers : ndarray of shape (n_rows,) or None
        Values as float64, dates and durations in days, NaN where missing. None of a
        column of levels.
    position : int
        Place of the column in the table.
    style : DateStyle or None, default=None
        How dates are written, if the column is text.
    """

    series: pd.Series
    kind: Kind
    numbers: np.ndarray | None
    position: int
    style: DateStyle | None = None

    @classmethod
    def of(cls, series: pd.Series, position: int, *, is_level: bool = False) -> Column:
        """Prepare a column, or one whose numbers are levels."""
        kind = "level" if is_level else kind_of(series)
        numbers = None if kind == "level" else to_numbers(series)
        if numbers is not None:
            finite = numbers[~np.isnan(numbers)]
            if len(finite) and not np.abs(finite).max() < LARGEST_EXACT:
                kind, numbers = "level", None  # identifiers, or infinite values
        return cls(series, kind, numbers, position)

    @classmethod
    def of_written_dates(cls, column: Column) -> Column | None:
        """A column of text as the dates that it writes, or None if it writes none."""
        if column.kind != "level" or len(column.levels) <= 2:
            return None
        found = find_style(column.series, column.levels)
        if found is None or not isinstance(found[0], DateStyle):
            return None
        numbers = to_numbers(read_text(found[0], column.series))
        return cls(column.series, "date", numbers, column.position, found[0])

    @property
    def name(self) -> Hashable:
        """Name of the column."""
        return self.series.name

    @property
    def is_date(self) -> bool:
        """Whether the values are dates."""
        return self.kind in ("date", "local date")

    @property
    def values(self) -> np.ndarray:
        """The numbers of an ordered column."""
        if self.numbers is None:
            raise TypeError(f"Column {self.name!r} must have an order. Got levels.")
        return self.numbers

    @cached_property
    def _factorized(self) -> tuple[np.ndarray, pd.Index]:
        codes, levels = pd.factorize(dense(self.series), sort=False)
        codes[codes < 0] = len(levels)
        return codes, levels

    @property
    def codes(self) -> np.ndarray:
        """Position of each value in `levels`; missing is the position after them."""
        return self._factorized[0]

    @property
    def levels(self) -> pd.Index:
        """The different values, without missing ones."""
        return self._factorized[1]

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows of each level, and of missing values."""
        return np.bincount(self.codes, minlength=len(self.levels) + 1)

    @cached_property
    def n_present(self) -> int:
        """Number of values that are not missing."""
        return int(self.counts[:-1].sum())

    @cached_property
    def n_distinct(self) -> int:
        """Number of different values, of which missing is one."""
        return int((self.counts > 0).sum())

    @cached_property
    def domain(self) -> NumericDomain:
        """The grid of an ordered column."""
        return NumericDomain.of(self._ordered)

    @property
    def _ordered(self) -> pd.Series:
        if self.style is None:
            return self.series
        return read_text(self.style, self.series)

    @cached_property
    def step(self) -> float:
        """Spacing of the grid in the units of `numbers`; 0 without a grid."""
        return self.domain.step / 10**self.domain.decimals / per_day(self._ordered)


@dataclass(eq=False)
class Columns:
    """The different rows of a table, by column.

    Parameters
    ----------
    columns : list of Column
        The columns, from left to right.
    n_rows : int
        Number of rows.
    sample : ndarray of int
        Positions of some rows, always the same.
    has_repeated_rows : bool, default=False
        Whether rows were left out, because they repeat others.
    """

    columns: list[Column]
    n_rows: int
    sample: np.ndarray
    has_repeated_rows: bool = False

    @classmethod
    def of(cls, frame: pd.DataFrame, categorical: Collection[Hashable] = ()) -> Columns:
        """Prepare a table, given the names of columns whose numbers are levels.

        Rows that repeat another one in every column bear nothing out, and are left
        out, as are columns that name rows.
        """
        names = frame.columns
        positions = [
            i for i in range(frame.shape[1]) if not is_identifier(frame.iloc[:, i])
        ]

        def prepared(rows: Any) -> list[Column]:
            return [
                Column.of(frame.iloc[rows, i], i, is_level=names[i] in categorical)
                for i in positions
            ]

        columns = prepared(slice(None))
        hashes = np.zeros(len(frame), dtype=np.uint64)
        for column in columns:
            mixed = column.codes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
            hashes = hashes * np.uint64(31) + (mixed ^ (mixed >> np.uint64(29)))
        first = np.sort(np.unique(hashes, return_index=True)[1])
        if len(first) < len(frame):
            columns = prepared(first)
        n_rows = len(first)
        rng = np.random.default_rng(0)
        sample = np.sort(rng.permutation(n_rows)[:SAMPLE_ROWS])
        return cls(columns, n_rows, sample, n_rows < len(frame))

    @cached_property
    def ordered(self) -> list[Column]:
        """Numbers, dates and durations of more than two values."""
        return [
            column
            for column in self.columns
            if column.numbers is not None and len(column.levels) > 2
        ]

    @cached_property
    def sampled_codes(self) -> np.ndarray:
        """Codes of all columns in the sample, of shape (n_sample, n_columns)."""
        codes = np.empty((len(self.sample), len(self.columns)), dtype=np.int32)
        for position, column in enumerate(self.columns):
            codes[:, position] = column.codes[self.sample]
        return codes

    @cached_property
    def sampled_values(self) -> np.ndarray:
        """Numbers of the ordered columns in the sample, by column."""
        values = [column.values[self.sample] for column in self.ordered]
        return np.column_stack(values) if values else np.empty((len(self.sample), 0))

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows with the lowest and with the highest numbers, outermost first.

        Each of the two has a line for each ordered column; where a column has few
        numbers, the last row is repeated.
        """
        shape = len(self.ordered), END_ROWS
        low, high = np.empty(shape, np.intp), np.empty(shape, np.intp)
        for i, column in enumerate(self.ordered):
            present = np.flatnonzero(~np.isnan(column.values))
            for rows, numbers in ((low, column.values), (high, -column.values)):
                own, last = numbers[present], min(END_ROWS, len(present))
                nearest = np.argpartition(own, last - 1)[:last]
                nearest = nearest[np.argsort(own[nearest], kind="stable")]
                rows[i] = present[np.resize(nearest, END_ROWS)]
                rows[i, last:] = rows[i, last - 1]
        return low, high

    @cached_property
    def written(self) -> list[Column]:
        """Columns of text, as the dates that they write."""
        found = [Column.of_written_dates(column) for column in self.columns]
        return [column for column in found if column is not None]

    def expected_needed(self, n_tests: int) -> float:
        """Expected violations from which chance is excluded in all of these tests.

        If columns are independent, a rule that is expected to be broken e times holds
        in every row with a probability of about exp(-e).
        """
        return max(FEWEST_EXPECTED, float(np.log(max(n_tests, 1) / FALSE_RULES)))


def kind_of(series: pd.Series) -> Kind:
    """What the values of a column are."""
    if series.dtype == object or not is_numeric(series):
        return "level"
    dtype = series.dtype
    if isinstance(dtype, pd.ArrowDtype) and dtype.kind in "mM":
        return "level"
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "local date"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    if pd.api.types.is_timedelta64_dtype(dtype):
        return "duration"
    return "number"


def per_day(series: pd.Series) -> float:
    """Units of a date's or duration's dtype a day; 1 for numbers."""
    dtype: Any = series.dtype
    if not (
        isinstance(dtype, pd.DatetimeTZDtype)
        or (isinstance(dtype, np.dtype) and dtype.kind in "mM")
    ):
        return 1.0
    unit = dtype.unit if hasattr(dtype, "unit") else np.datetime_data(dtype)[0]
    return float(pd.Timedelta(1, "D") / pd.Timedelta(1, unit))


def in_words(days: float) -> str:
    """An amount of time, such as ``"2 days"`` or ``"0 days 06:00:00"``."""
    if days == round(days):
        return f"{days:.0f} day{'s' * (days != 1)}"
    return str(pd.Timedelta(days, "D").round("us"))


def dense(series: pd.Series) -> pd.Series:
    """The column without a sparse dtype."""
    if isinstance(series.dtype, pd.SparseDtype):
        return series.astype(series.dtype.subtype)
    return series


def to_numbers(series: pd.Series) -> np.ndarray:
    """Ordered values as float64, dates and durations in days, NaN where missing.

    Dates are counted from 2000, so that a microsecond of today is resolved.
    """
    kind = kind_of(series)
    if kind == "number":
        return dense(series).to_numpy(dtype=np.float64, na_value=np.nan)
    missing = is_missing(series)
    if kind == "duration":
        days = series.to_numpy().astype("m8[us]").astype(np.int64) / 86_400e6
    else:
        if kind == "local date":
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        whole = series.to_numpy().astype("M8[us]") - np.datetime64("2000-01-01", "us")
        days = whole.astype(np.int64) / 86_400e6
    return np.where(missing, np.nan, days)
