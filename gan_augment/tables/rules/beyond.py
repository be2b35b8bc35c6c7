"""Below or above a number another column is missing, or has one value alone."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import combinations, groupby
from operator import itemgetter
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.tables.rules.boundary import lower_end
from gan_augment.tables.rules.columns import Column, Columns
from gan_augment.tables.rules.excludes import Excludes, restricted
from gan_augment.tables.rules.rule import Rule, replaced
from gan_augment.tables.rules.target import Levels, NumericTarget

# A value is looked at if it has this share of the rows, the most common ones.
SMALLEST_SHARE, MOST_VALUES = 0.05, 3
# Columns depend on each other: what hardly occurs near an end may not occur by chance.
MORE_EVIDENCE = 1.5


@dataclass(eq=False)
class Beyond(Rule):
    """Where one column is at most, or at least, a number, another has one value.

    Parameters
    ----------
    source : NumericTarget
        The ordered column.
    result : Levels
        The other column, with the value as the only level, or none: missing values.
    end : float
        The number, dates and durations in days.
    is_above : bool
        Whether the rule is about numbers of at least `end`, rather than at most.
    gain : float
        Violations expected if the two were independent.
    """

    kind: ClassVar[str] = "combination"

    source: NumericTarget
    result: Levels
    end: float
    is_above: bool
    gain: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.end) or self.result.missing_code > 1:
            raise ValueError(
                "Beyond must have an end, and one value at most. Got "
                f"{self.end} and {self.result.missing_code} values."
            )

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.source.name, self.result.name

    def __str__(self) -> str:
        where = "at least" if self.is_above else "at most"
        return (
            f"{self.result.name} is {self.result.spell(0)} where {self.source.name} is "
            f"{where} {self.source.spell(self.end)}"
        )

    def holds(self, numbers: np.ndarray) -> np.ndarray:
        """Which numbers of the source are beyond the end; missing ones are not."""
        return numbers >= self.end if self.is_above else numbers <= self.end

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        holds = self.holds(self.source.to_numbers(frame[self.source.name]))
        return holds & (self.result.to_codes(frame[self.result.name]) != 0)

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Set the value."""
        del rng
        rows = frame.loc[broken]
        values = self.result.to_series(np.zeros(len(rows), dtype=np.intp), rows.index)
        return {self.result.name: replaced(frame[self.result.name], broken, values)}

    def implies(self, rule: Rule) -> bool:
        """Whether it says what a rule about one number of the source says."""
        return (
            isinstance(rule, Excludes)
            and rule.columns == self.columns
            and not rule.only_then
            and rule.decided is not None
            and rule.condition.missing_code == 1
            and rule.result.spell(rule.decided) == self.result.spell(0)
            and bool(self.holds(self.source.to_numbers(_levels(rule.condition)))[0])
        )

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Numbers beyond which one of the values of another column is alone."""
        related = {
            frozenset(pair)
            for rule in known
            if not isinstance(rule, Excludes)
            for pair in combinations(rule.columns, 2)
        }
        values = [
            (position, code)
            for position, column in enumerate(table.columns)
            for code in _common(column)
        ]
        needed = table.expected_needed(2 * len(table.ordered) * max(len(values), 1))
        needed *= MORE_EVIDENCE
        rules: list[Rule] = []
        for source, chosen in zip(
            table.ordered, _proposals(table, values, needed), strict=True
        ):
            if not chosen:
                continue
            present = np.sort(source.values[~np.isnan(source.values)])
            for position, code in chosen:
                result = table.columns[position]
                if frozenset((source.name, result.name)) in related or (
                    result.name == source.name
                ):
                    continue
                numbers = source.values[result.codes != code]
                numbers = np.sort(numbers[~np.isnan(numbers)])
                for sign in (1, -1):
                    own, all_of = sign * present, sign * numbers
                    if sign < 0:
                        own, all_of = own[::-1], all_of[::-1]
                    found = _end(own, all_of, source.step, needed)
                    if found is not None:
                        kept = [code] if code < len(result.levels) else []
                        end, gain = found
                        rules.append(
                            cls(
                                NumericTarget.of(source),
                                restricted(result, kept),
                                sign * end,
                                sign < 0,
                                gain,
                            )
                        )
        return rules


def _proposals(
    table: Columns, values: list[tuple[int, int]], needed: float
) -> list[list[tuple[int, int]]]:
    """For each ordered column the values that may be alone at an end of it."""
    n_present = np.array([column.n_present for column in table.ordered])
    found: list[list[tuple[int, int]]] = [[] for _ in table.ordered]
    for position, codes in groupby(values, key=itemgetter(0)):
        column = table.columns[position]
        low, high = (column.codes[rows] for rows in table.ends)
        for _, code in codes:
            n_alone = np.maximum(_first(low != code), _first(high != code))
            n_others = table.n_rows - column.counts[code]
            for i in np.flatnonzero(n_alone * n_others >= needed * n_present):
                found[i].append((position, code))
    return found


def _first(found: np.ndarray) -> np.ndarray:
    """Place of the first True of each line, infinite where there is none."""
    return np.where(found.any(axis=1), found.argmax(axis=1), np.inf)


def _common(column: Column) -> list[int]:
    """Codes of the most common values, of which missing is one; not of a constant."""
    shares = column.counts / column.counts.sum()
    order = np.argsort(-shares, kind="stable")[:MOST_VALUES]
    return [int(c) for c in order if SMALLEST_SHARE <= shares[c] < 1]


def _end(
    present: np.ndarray, others: np.ndarray, step: float, needed: float
) -> tuple[float, float] | None:
    """The largest number below all that go with other values, if it is an end.

    Parameters
    ----------
    present : ndarray
        All numbers, ascending.
    others : ndarray
        Those that go with other values, ascending.
    step : float
        Spacing of their grid; 0 without a grid.
    needed : float
        Fewest violations expected from independent columns.
    """
    if not len(others):
        return None
    n_below = int(np.searchsorted(present, others[0]))
    if n_below * len(others) / len(present) < needed:
        return None
    lowest = lower_end(others, step)
    if lowest is None:
        return None
    n_below = int(np.searchsorted(present, lowest))
    gain = n_below * len(others) / len(present)
    return (float(present[n_below - 1]), gain) if gain >= needed else None


def _levels(levels: Levels) -> pd.Series:
    """The values of a column of levels."""
    codes = np.arange(levels.missing_code)
    return levels.to_series(codes, pd.RangeIndex(len(codes)))
