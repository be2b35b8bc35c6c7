"""Functional dependence: a level of one column decides the value of another."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_codes
from gan_augment.tables.rules.calendar import Calendar
from gan_augment.tables.rules.columns import Column, Columns, kind_of
from gan_augment.tables.rules.proposals import agreeing
from gan_augment.tables.rules.rule import ComputedRule, Rule, replaced
from gan_augment.tables.rules.target import Levels

# Rows of a level, on average; a column that names rows decides everything.
FEWEST_PER_LEVEL = 2.0
# How often a broken rule changes the column that decides.
SOURCE_GIVES_WAY = 0.25


@dataclass(eq=False)
class Decides(ComputedRule):
    """Each level of one column occurs with one value of another column only.

    Parameters
    ----------
    source, result : Levels
        The column that decides, and the one that follows.
    decided : ndarray of int
        Code of the result for each code of the source, missing last; -1 for none.
    gain : float
        Violations expected if the two were independent.
    """

    kind: ClassVar[str] = "dependence"

    source: Levels
    result: Levels
    decided: np.ndarray
    gain: float

    def __post_init__(self) -> None:
        shape = (self.source.missing_code + 1,)
        check_codes(self.decided, "decided", shape, -1, self.result.missing_code)

    @property
    def target(self) -> Hashable:
        """Name of the column that follows from the others."""
        return self.result.name

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.source.name, self.result.name

    def __str__(self) -> str:
        return f"{self.source.name} decides {self.result.name}"

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        codes = self.source.to_codes(frame[self.source.name])
        found = self.result.to_codes(frame[self.result.name])
        decided = self.decided[codes]
        return (codes >= 0) & (decided >= 0) & (found != decided)

    def decides(self, frame: pd.DataFrame) -> np.ndarray:
        """In which rows the source has a level that decides."""
        codes = self.source.to_codes(frame[self.source.name])
        return self.decided[self._nearest(frame[self.source.name], codes)] >= 0

    def unknown(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows have a new level of the source."""
        return self.source.to_codes(frame[self.source.name]) < 0

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The target column for rows that hold the sources, in its own dtype."""
        codes = self.source.to_codes(frame[self.source.name])
        nearest = self._nearest(frame[self.source.name], codes)
        return self.result.to_series(self.decided[nearest], frame.index)

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Compute the target anew, or now and then draw a source that decides it.

        Where two columns decide one and the same, only that can make them agree.
        """
        found = self.result.to_codes(frame[self.target])
        gives_way = broken & (rng.random(len(frame)) < SOURCE_GIVES_WAY)
        gives_way &= np.isin(found, self.decided[:-1])
        rest = broken & ~gives_way
        changed = super().repair(frame, rest, rng) if rest.any() else {}
        if gives_way.any():
            order = np.argsort(self.decided[:-1], kind="stable")
            first, last = (
                np.searchsorted(self.decided[:-1][order], found[gives_way], side)
                for side in ("left", "right")
            )
            codes = order[rng.integers(first, last)]
            name, index = self.source.name, frame.index[gives_way]
            drawn = self.source.to_series(codes, index)
            changed[name] = replaced(frame[name], gives_way, drawn)
        return changed

    def _nearest(self, series: pd.Series, codes: np.ndarray) -> np.ndarray:
        """Codes of known levels: of a new number the nearest one."""
        unknown = codes < 0
        levels = self.source.domain.levels
        if not unknown.any() or kind_of(series) == "level":
            return np.maximum(codes, 0)
        order = np.argsort(levels.to_numpy(), kind="stable")
        known = levels.take(order).to_numpy()
        wanted = series[unknown].to_numpy(dtype=known.dtype)
        right = np.clip(np.searchsorted(known, wanted), 1, max(len(known) - 1, 1))
        left = right - 1
        right = np.minimum(right, len(known) - 1)
        nearer = np.where(wanted - known[left] <= known[right] - wanted, left, right)
        codes = codes.copy()
        codes[unknown] = order[nearer]
        return codes

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs of columns of which the first decides the second in every row."""
        computed = {
            frozenset(rule.columns) for rule in known if isinstance(rule, ComputedRule)
        }
        by_calendar = {rule.target for rule in known if isinstance(rule, Calendar)}
        n_columns = len(table.columns)
        needed = table.expected_needed(n_columns * (n_columns - 1))
        varied = np.array([column.n_distinct > 1 for column in table.columns])
        largest = np.array([column.counts.max() for column in table.columns])
        rare = 1.0 - largest / table.n_rows
        rules: list[Rule] = []
        for position, source in enumerate(table.columns):
            # A missing value decides nothing, so that it bears nothing out.
            repeats = source.n_present - len(source.levels)
            if source.n_distinct < 2 or repeats < needed:
                continue
            if source.n_present < FEWEST_PER_LEVEL * len(source.levels):
                continue
            might_follow = varied & (repeats * rare >= needed)
            might_follow[position] = False
            codes = table.sampled_codes[:, position]
            cells = np.where(codes < len(source.levels), codes, -1)
            for j in agreeing(cells, table.sampled_codes, np.flatnonzero(might_follow)):
                result = table.columns[j]
                if frozenset((source.name, result.name)) in computed:
                    continue
                # A day says no more of it than the part of the date does.
                if source.is_date and result.name in by_calendar:
                    continue
                decided = _decided(source, result)
                if decided is not None:
                    rules.append(
                        cls(
                            Levels.of(source),
                            Levels.of(result),
                            decided,
                            float(repeats * rare[j]),
                        )
                    )
        return rules


def _decided(source: Column, result: Column) -> np.ndarray | None:
    """The value of the result for each level of the source, if there is only one."""
    decided = np.full(len(source.levels) + 1, -1)
    decided[source.codes] = result.codes
    wrong = source.codes[decided[source.codes] != result.codes]
    if (wrong < len(source.levels)).any():
        return None
    if len(wrong):
        decided[-1] = -1  # a missing value decides nothing
    return decided
