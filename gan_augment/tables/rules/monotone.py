"""A number that never falls, or never rises, as another one rises."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of, check_ascending
from gan_augment.tables.rules.columns import Column, Columns
from gan_augment.tables.rules.proposals import part, proposed
from gan_augment.tables.rules.rule import Rule, replaced
from gan_augment.tables.rules.target import NumericTarget

# Points of the function that are kept.
MOST_KNOTS = 256
# Fewest different values of both columns.
FEWEST_VALUES = 20


@dataclass(eq=False)
class Monotone(Rule):
    """One ordered column is a monotone function of another one.

    Parameters
    ----------
    source, result : NumericTarget
        The two columns.
    knots : ndarray of shape (n_knots,)
        Some values of the source, ascending.
    values : ndarray of shape (n_knots,)
        The result for each of them.
    gain : float
        Violations expected if the two were independent.
    """

    kind: ClassVar[str] = "monotone"

    source: NumericTarget
    result: NumericTarget
    knots: np.ndarray
    values: np.ndarray
    gain: float

    def __post_init__(self) -> None:
        check_array_of(self.knots, "knots", (-1,), "f")
        check_array_of(self.values, "values", self.knots.shape, "f")
        check_ascending(self.knots, "knots")
        if len(self.knots) < 2:
            raise ValueError("`knots` must hold two numbers or more.")
        self._sign = 1.0 if self.values[-1] > self.values[0] else -1.0
        check_ascending(self._sign * self.values, "values, or their opposites,")

    @property
    def target(self) -> Hashable:
        """Name of the column that is a function of the other one."""
        return self.result.name

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Name of the other column."""
        return (self.source.name,)

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.source.name, self.result.name

    def __str__(self) -> str:
        verb = "falls" if self._sign > 0 else "rises"
        return f"{self.target} never {verb} as {self.source.name} rises"

    def limits(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest result for numbers of the source."""
        least, most = self.result.bounds
        ends = (least, most) if self._sign > 0 else (most, least)
        values = np.concatenate([ends[:1], self.values, ends[1:]])
        after = np.searchsorted(self.knots, numbers, side="right")
        # A number that is a knot has its value.
        at_knot = self.knots[np.maximum(after - 1, 0)] == numbers
        first, last = values[after], values[np.where(at_knot, after, after + 1)]
        missing = np.isnan(numbers)
        low = np.where(missing, least, np.minimum(first, last))
        return low, np.where(missing, most, np.maximum(first, last))

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        numbers = self.source.to_numbers(frame[self.source.name])
        found = self.result.to_numbers(frame[self.target])
        low, high = self.limits(numbers)
        # Beyond the last knot nothing is known but on one side.
        least, most = self.result.bounds
        slack = 1e-12 * np.abs(found)
        too_low = (low > least) & (found < low - slack)
        return ~np.isnan(numbers) & (too_low | ((high < most) & (found > high + slack)))

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Compute the result anew, between knots by interpolation."""
        del rng
        rows = frame.loc[broken]
        numbers = self.source.to_numbers(rows[self.source.name])
        computed = np.interp(numbers, self.knots, self.values)
        drawn = self.result.to_series(computed, rows.index)
        return {self.target: replaced(frame[self.target], broken, drawn)}

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs of columns of many values of which one is sorted by the other."""
        related = {frozenset(rule.columns) for rule in known if len(rule.columns) == 2}
        columns = [c for c in table.ordered if len(c.levels) >= FEWEST_VALUES]
        if len(columns) < 2:
            return []
        needed = table.expected_needed(len(columns) * (len(columns) - 1))
        sample = np.column_stack([column.values[table.sample] for column in columns])
        rules: list[Rule] = []
        for i, source in enumerate(columns):
            for j in _one_way(i, sample):
                result = columns[j]
                pair = frozenset((source.name, result.name))
                if i == j or pair in related:
                    continue
                rule = _monotone(source, result, needed)
                if rule is not None:
                    rules.append(rule)
                    related.add(pair)
        return rules


def _one_way(source: int, values: np.ndarray) -> np.ndarray:
    """Columns that only rise, or only fall, when sorted by one of them."""
    numbers = values[:, source]

    def keeps(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        rows = rows[~np.isnan(numbers[rows])]
        ordered = rows[np.argsort(numbers[rows], kind="stable")]
        steps = np.diff(part(values, ordered, columns), axis=0)  # NaN beside a missing
        return np.asarray(~((steps > 0).any(axis=0) & (steps < 0).any(axis=0)))

    return proposed(keeps, len(values), np.arange(values.shape[1]))


def _monotone(source: Column, result: Column, needed: float) -> Monotone | None:
    """The rule between two columns, if all rows keep it."""
    present = ~(np.isnan(source.values) | np.isnan(result.values))
    x, y = source.values[present], result.values[present]
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    rises, steps = np.diff(x) > 0, np.diff(y)
    if (steps[~rises] != 0).any() or ((steps > 0).any() and (steps < 0).any()):
        return None
    gain = float((steps != 0).sum())
    if gain < max(needed, FEWEST_VALUES):
        return None
    distinct = np.flatnonzero(np.append(True, rises))
    places = np.linspace(0, len(distinct) - 1, min(len(distinct), MOST_KNOTS))
    chosen = distinct[places.round().astype(np.intp)]
    return Monotone(
        NumericTarget.of(source), NumericTarget.of(result), x[chosen], y[chosen], gain
    )
