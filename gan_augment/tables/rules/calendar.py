"""Parts of dates: the month, the day of the week or the hour decides a column."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_codes
from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.proposals import agreeing
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.target import Levels, NumericTarget

# Name of each part, how many values it may have, counted from 0, and how it is found.
# If several decide a column, the rule is about the one of the fewest values.
PARTS: dict[str, tuple[int, Callable[[pd.DatetimeIndex], pd.Index]]] = {
    "quarter": (5, lambda dates: dates.quarter),
    "day of the week": (7, lambda dates: dates.day_of_week),
    "month": (13, lambda dates: dates.month),
    "hour": (24, lambda dates: dates.hour),
    "day of the month": (32, lambda dates: dates.day),
    "week": (54, lambda dates: pd.Index(dates.isocalendar().week)),
    "minute": (60, lambda dates: dates.minute),
    "second": (60, lambda dates: dates.second),
    "day of the year": (367, lambda dates: dates.day_of_year),
}
# Parts of the time of a day, and how long a step of each takes; the others are of days.
STEPS = {
    "hour": np.timedelta64(1, "h"),
    "minute": np.timedelta64(1, "m"),
    "second": np.timedelta64(1, "s"),
}
# A part must repeat: a date has so many times as many values.
REPEATS = 2
# How far a date is moved, in days: any month and day of the week are within a year.
MOST_DAYS = 366
# Days from 2000 to the year 9999 and a little further, where dates are moved.
FARTHEST_DAY = 3_000_000


@dataclass(eq=False)
class Calendar(ComputedRule):
    """A part of a date, such as its month, decides the value of another column.

    Parameters
    ----------
    source : NumericTarget
        The column of dates.
    part : str
        Key of `PARTS`.
    result : Levels
        The column that follows.
    decided : ndarray of int
        Code of the result for each value of the part; -1 for a value that no real row
        has.
    missing : int
        Code of the result where the date is missing, -1 if that decides nothing.
    gain : float
        Violations expected if the two were independent.
    """

    kind: ClassVar[str] = "calendar"

    source: NumericTarget
    part: str
    result: Levels
    decided: np.ndarray
    missing: int
    gain: float

    def __post_init__(self) -> None:
        if self.part not in PARTS:
            raise ValueError(f"`part` must be one of {[*PARTS]}. Got {self.part!r}.")
        most = self.result.missing_code
        check_codes(self.decided, "decided", (PARTS[self.part][0],), -1, most)
        if not (self.decided >= 0).any() or not -1 <= self.missing <= most:
            raise ValueError("`decided` must have a code, and `missing` be one or -1.")

    @property
    def target(self) -> Hashable:
        """Name of the column that follows from the others."""
        return self.result.name

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.source.name, self.result.name

    def __str__(self) -> str:
        return f"the {self.part} of {self.source.name} decides {self.result.name}"

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        codes = self._codes(frame)
        found = self.result.to_codes(frame[self.result.name])
        return (codes >= 0) & (found != codes)

    def decides(self, frame: pd.DataFrame) -> np.ndarray:
        """In which rows the date decides."""
        return self._codes(frame) >= 0

    def unknown(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows have a part of a date that no real row has."""
        places = self._places(frame)
        return (places >= 0) & (self.decided[places] < 0)

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The target column for rows that hold the sources, in its own dtype.

        A part that no real row has decides what the nearest one does.
        """
        places = self._places(frame)
        known = np.flatnonzero(self.decided >= 0)
        every = np.arange(len(self.decided))
        nearest = known[np.abs(every[:, None] - known).argmin(axis=1)]
        codes = np.where(places >= 0, self.decided[nearest[places]], self.missing)
        return self.result.to_series(np.maximum(codes, 0), frame.index)

    def _places(self, frame: pd.DataFrame) -> np.ndarray:
        """The part of each row's date; -1 where it is missing."""
        return part_of(self.source.read(frame[self.source.name]), self.part)

    def _codes(self, frame: pd.DataFrame) -> np.ndarray:
        """Code of the result that each row's date decides; -1 if it decides none."""
        places = self._places(frame)
        return np.where(places >= 0, self.decided[places], self.missing)

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Columns that a part of a date decides in every row."""
        dates = [column for column in table.ordered if column.is_date] + table.written
        computed = {rule.target for rule in known if isinstance(rule, ComputedRule)}
        dates.sort(key=lambda column: column.name in computed)
        related = {frozenset(rule.columns) for rule in known}
        varied = np.array([column.n_distinct > 1 for column in table.columns])
        needed = table.expected_needed(len(dates) * len(PARTS) * len(table.columns))
        rules: list[Rule] = []
        followed: set[Hashable] = set()
        for source in dates:
            target = NumericTarget.of(source)
            moments = target.read(source.series)
            for part in PARTS:
                places = part_of(moments, part)
                n_places = len(np.unique(places[places >= 0]))
                if n_places < 2 or len(source.levels) < REPEATS * n_places:
                    continue
                cells = places[table.sample]
                for j in agreeing(cells, table.sampled_codes, np.flatnonzero(varied)):
                    result = table.columns[j]
                    names = frozenset((source.name, result.name))
                    if result.name in followed or len(names) < 2 or names in related:
                        continue
                    rule = _verified(target, part, places, n_places, result, needed)
                    if rule is not None:
                        rules.append(rule)
                        followed.add(result.name)
        return rules


def part_of(dates: pd.Series, part: str) -> np.ndarray:
    """A part of each date, as a whole number of at least 0; -1 where it is missing."""
    present = dates.notna().to_numpy(dtype=bool)
    places = np.full(len(dates), -1)
    _, find = PARTS[part]
    places[present] = np.asarray(find(pd.DatetimeIndex(dates[present])), dtype=np.intp)
    return places


def moved(
    source: NumericTarget, values: pd.Series, wanted: dict[str, np.ndarray]
) -> np.ndarray:
    """Dates with other parts, as near to these as possible.

    Parameters
    ----------
    source : NumericTarget
        The column of dates.
    values : Series of shape (n_rows,)
        Its values.
    wanted : dict of str to ndarray of shape (n_rows, n_places), dtype=bool
        Part of a date -> which of its values each row may have.

    Returns
    -------
    numbers : ndarray of shape (n_rows,)
        The dates that changed, in days since 2000; NaN for the others, such as those
        that no date within a year and the range of the column can replace.
    """
    series = source.read(values)
    rows = np.flatnonzero(series.notna().to_numpy(dtype=bool))
    index = pd.DatetimeIndex(series.iloc[rows])
    before = index.tz_localize(None).to_numpy().astype("M8[us]")
    after = before.copy()
    for part, step in STEPS.items():
        if part in wanted:
            after += _to_nearest(after, part, wanted[part][rows]) * step
    of_days = {part: may[rows] for part, may in wanted.items() if part not in STEPS}
    after = _on_another_day(after, of_days, source.bounds)
    numbers = np.full(len(values), np.nan)
    changed = after != before
    found = pd.DatetimeIndex(after[changed])
    if index.tz is not None:
        # Of an hour that comes twice the second is meant.
        twice = np.zeros(len(found), dtype=bool)
        found = found.tz_localize(index.tz, twice, nonexistent="shift_forward")
    numbers[rows[changed]] = to_numbers(pd.Series(found))
    return numbers


def _to_nearest(dates: np.ndarray, part: str, may: np.ndarray) -> np.ndarray:
    """Steps from the part of each date to the nearest value that it may have."""
    places = part_of(pd.Series(dates), part)
    distance = np.abs(np.arange(may.shape[1]) - places[:, None])
    nearest = np.where(may, distance, may.shape[1]).argmin(axis=1)
    return np.where(may.any(axis=1), nearest - places, 0)


def _on_another_day(
    dates: np.ndarray, wanted: dict[str, np.ndarray], bounds: tuple[float, float]
) -> np.ndarray:
    """Dates on the nearest day whose parts each of them may have."""
    if not wanted or not len(dates):
        return dates
    origin, day = np.datetime64("2000-01-01", "us"), np.timedelta64(1, "D")
    days = (dates - origin) // day
    low, high = np.clip(np.floor(bounds), -FARTHEST_DAY, FARTHEST_DAY).astype(int)
    first = int(max(low, days.min() - MOST_DAYS))
    last = int(min(high, days.max() + MOST_DAYS))
    # The parts of every day that may be meant are looked up.
    calendar = pd.Series(origin + np.arange(first, last + 1) * day)
    parts = {part: part_of(calendar, part) for part in wanted}
    shifts = np.zeros(len(dates), dtype=np.int64)
    left = np.arange(len(dates))
    # The nearest day comes first, and of two as near the later one.
    for shift in sorted(range(-MOST_DAYS, MOST_DAYS + 1), key=lambda d: (abs(d), -d)):
        if not len(left):
            break
        places = days[left] + (shift - first)
        fits = (places >= 0) & (places <= last - first)
        places = np.where(fits, places, 0)
        for part, may in wanted.items():
            fits &= may[left, parts[part][places]]
        shifts[left[fits]] = shift
        left = left[~fits]
    return np.asarray(dates + shifts * day)


def _verified(
    source: NumericTarget,
    part: str,
    places: np.ndarray,
    n_places: int,
    result: Column,
    needed: float,
) -> Calendar | None:
    """The rule, if all rows keep it and chance is excluded."""
    present = places >= 0
    decided = np.full(PARTS[part][0], -1)
    decided[places[present]] = result.codes[present]
    shares = result.counts / result.counts.sum()
    # The first row of each place bears nothing out.
    gain = float((present.sum() - n_places) * (1.0 - (shares**2).sum()))
    if gain < needed or (decided[places[present]] != result.codes[present]).any():
        return None
    of_absent = np.unique(result.codes[~present])
    missing = int(of_absent[0]) if len(of_absent) == 1 else -1
    return Calendar(source, part, Levels.of(result), decided, missing, gain)
