"""Functional dependence on a number: each level owns an interval of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import (
    check_array_of,
    check_ascending,
    check_codes,
)
from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.proposals import part, proposed
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.target import Levels

# More levels than this are no bins.
MOST_BINS = 64
# Fewest rows of each level.
FEWEST_PER_BIN = 5


@dataclass(eq=False)
class Bins(ComputedRule):
    """Each level of one column occurs in one interval of another column only.

    Parameters
    ----------
    source : object
        Name of the column of numbers, dates or durations.
    result : Levels
        The column that follows, such as an age group.
    order : ndarray of shape (n_bins,), dtype=int
        Code of the result in each interval, ascending.
    lowest, highest : ndarray of shape (n_bins,)
        Ends of the intervals as seen, dates and durations in days.
    missing : int
        Code of the result where the number is missing, -1 if that decides nothing.
    gain : float
        Violations expected if the two were independent.
    """

    kind: ClassVar[str] = "dependence"

    source: Hashable
    result: Levels
    order: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    missing: int
    gain: float

    def __post_init__(self) -> None:
        most = self.result.missing_code
        check_codes(self.order, "order", (-1,), 0, most)
        for name in ("lowest", "highest"):
            check_array_of(getattr(self, name), name, self.order.shape, "f")
        # Every interval ends before the next one begins.
        check_ascending(np.column_stack([self.lowest, self.highest]).ravel(), "ends")
        if not (len(self.order) and -1 <= self.missing <= most):
            raise ValueError(
                f"Bins must have an interval, and a code from -1 to {most} for missing "
                f"numbers. Got {len(self.order)} intervals and {self.missing}."
            )

    @property
    def target(self) -> Hashable:
        """Name of the column that follows from the others."""
        return self.result.name

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Name of the column of numbers."""
        return (self.source,)

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.source, self.result.name

    def __str__(self) -> str:
        return f"{self.source} decides {self.result.name}, by {len(self.order)} ranges"

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        numbers = to_numbers(frame[self.source])
        found = self.result.to_codes(frame[self.result.name])
        bins = self._bins(numbers)
        within = (numbers >= self.lowest[bins]) & (numbers <= self.highest[bins])
        broken = within & (found != self.order[bins])
        if self.missing >= 0:
            broken |= np.isnan(numbers) & (found != self.missing)
        return broken

    def decides(self, frame: pd.DataFrame) -> np.ndarray:
        """In which rows the source decides."""
        return ~np.isnan(to_numbers(frame[self.source])) | (self.missing >= 0)

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The target column for rows that hold the sources, in its own dtype."""
        numbers = to_numbers(frame[self.source])
        codes = self.order[self._bins(numbers)]
        codes = np.where(np.isnan(numbers) & (self.missing >= 0), self.missing, codes)
        return self.result.to_series(codes, frame.index)

    def _bins(self, numbers: np.ndarray) -> np.ndarray:
        middle = (self.highest[:-1] + self.lowest[1:]) / 2
        return np.searchsorted(middle, np.nan_to_num(numbers), side="left")

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs of a number and levels that lie in intervals of it that do not meet."""
        related = {frozenset(rule.columns) for rule in known}
        places = [
            position
            for position, column in enumerate(table.columns)
            if 2 <= len(column.levels) <= MOST_BINS
            and column.counts[:-1].min() >= FEWEST_PER_BIN
        ]
        results = [table.columns[position] for position in places]
        codes = table.sampled_codes[:, places]
        needed = table.expected_needed(len(table.ordered) * len(results))
        rules: list[Rule] = []
        for source in table.ordered:
            proposals = _in_runs(source.values[table.sample], codes)
            if not len(proposals):
                continue
            order = np.argsort(source.values, kind="stable")
            n_present = int((~np.isnan(source.values)).sum())
            present, absent = order[:n_present], order[n_present:]
            for result in (results[position] for position in proposals):
                if result is source or frozenset((source.name, result.name)) in related:
                    continue
                if len(source.levels) <= len(result.levels):
                    continue
                rule = _bins(source, result, present, absent, needed)
                if rule is not None:
                    rules.append(rule)
        return rules


def _in_runs(numbers: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Columns whose levels follow each other in runs when sorted by the number."""

    def keeps(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        rows = rows[~np.isnan(numbers[rows])]
        found = part(codes, rows[np.argsort(numbers[rows], kind="stable")], columns)
        n_runs = 1 + (np.diff(found, axis=0) != 0).sum(axis=0)
        n_levels = 1 + (np.diff(np.sort(found, axis=0), axis=0) != 0).sum(axis=0)
        return np.asarray(n_runs == n_levels)

    return proposed(keeps, len(numbers), np.arange(codes.shape[1]))


def _bins(
    source: Column,
    result: Column,
    present: np.ndarray,
    absent: np.ndarray,
    needed: float,
) -> Bins | None:
    """The rule, if the levels follow each other in runs when sorted by the number."""
    codes = result.codes[present]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    if len(starts) < 2 or len(starts) != len(np.unique(codes[starts])):
        return None
    of_absent = np.unique(result.codes[absent])
    shares = np.bincount(codes) / len(codes)
    expected = len(codes) * float(1.0 - (shares**2).sum())
    if expected < needed:
        return None
    numbers = source.values[present]
    lowest = numbers[starts]
    highest = numbers[np.append(starts[1:], len(numbers)) - 1]
    if (highest[:-1] >= lowest[1:]).any():
        return None  # a number with two levels
    missing = int(of_absent[0]) if len(of_absent) == 1 else -1
    return Bins(
        source.name,
        Levels.of(result),
        codes[starts],
        lowest,
        highest,
        missing,
        expected,
    )
