"""A level decides the range of a number, date or duration."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.tables.rules.boundary import lower_end
from gan_augment.tables.rules.columns import END_ROWS, Column, Columns
from gan_augment.tables.rules.conditional import Distribution
from gan_augment.tables.rules.rule import ComputedRule, Rule, replaced
from gan_augment.tables.rules.target import Levels, NumericTarget

# More levels than this decide no ranges.
MOST_LEVELS = 24
# Fewest rows of a level.
FEWEST_ROWS = 20
# Of a number of fewer values, those that a level rules out are listed one by one.
FEWEST_VALUES = 24
# Ranges that are spelled out.
MOST_SPELLED = 3


@dataclass(eq=False)
class Ranges(Rule):
    """Where one column has a level, another one lies in a narrower range.

    Parameters
    ----------
    condition : Levels
        The column of levels.
    result : NumericTarget
        The ordered column.
    low, high : ndarray of shape (n_levels,)
        Its range for each level; that of the column where the level does not narrow it.
    given : list of Distribution
        What it is in the rows of each level.
    gain : float
        Violations expected if the two were independent.
    """

    kind: ClassVar[str] = "range"

    condition: Levels
    result: NumericTarget
    low: np.ndarray
    high: np.ndarray
    given: list[Distribution]
    gain: float

    def __post_init__(self) -> None:
        shape = (self.condition.missing_code,)
        for name in ("low", "high"):
            check_array_of(getattr(self, name), name, shape, "f")
        if len(self.given) != len(self.low) or (self.low > self.high).any():
            raise ValueError(
                f"Ranges must have a range and values of {len(self.low)} levels. Got "
                f"{len(self.given)} and {np.column_stack([self.low, self.high])}."
            )

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.condition.name, self.result.name

    def __str__(self) -> str:
        codes = np.flatnonzero(self._is_narrower).tolist()
        narrower = sorted(codes, key=self.condition.spell)
        spelled = [self._spelled(code) for code in narrower]
        text = f"{self.result.name} is " + "; ".join(spelled[:MOST_SPELLED])
        n_others = len(spelled) - MOST_SPELLED
        if n_others > 0:
            text += f"; and so on for {n_others} level{'s' * (n_others > 1)} more"
        return text

    def _spelled(self, code: int) -> str:
        ends = self.result.spell(self.low[code]), self.result.spell(self.high[code])
        least, most = self.result.bounds
        if self.low[code] <= least:
            text = f"at most {ends[1]}"
        elif self.high[code] >= most:
            text = f"at least {ends[0]}"
        else:
            text = f"from {ends[0]} to {ends[1]}"
        return f"{text} where {self.condition.name} is {self.condition.spell(code)}"

    @property
    def _is_narrower(self) -> np.ndarray:
        least, most = self.result.bounds
        return (self.low > least) | (self.high < most)

    def _ends(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """The ends of the range in each row, infinite where nothing narrows it."""
        least, most = self.result.bounds
        codes = self.condition.to_codes(frame[self.condition.name])
        codes = np.where(codes < 0, self.condition.missing_code, codes)
        low = np.where(self.low > least, self.low, -np.inf)
        high = np.where(self.high < most, self.high, np.inf)
        return np.append(low, -np.inf)[codes], np.append(high, np.inf)[codes]

    def rules_out(self, level: object, number: float) -> bool:
        """Whether a number is outside the range of a level."""
        code = self.condition.domain.levels.get_indexer([level])[0]
        return code >= 0 and not self.low[code] <= number <= self.high[code]

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        numbers = self.result.to_numbers(frame[self.result.name])
        low, high = self._ends(frame)
        slack = 1e-12 * np.abs(numbers)
        return (numbers < low - slack) | (numbers > high + slack)

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Draw the number anew, from what it is in the rows of the level."""
        rows = frame.loc[broken]
        codes = self.condition.to_codes(rows[self.condition.name])
        ranks, numbers = rng.random(len(rows)), np.zeros(len(rows))
        for code in np.unique(codes):
            chosen = codes == code
            drawn = self.given[code].quantiles(ranks[chosen])
            numbers[chosen] = np.clip(drawn, self.low[code], self.high[code])
        drawn = self.result.to_series(numbers, rows.index)
        return {self.result.name: replaced(frame[self.result.name], broken, drawn)}

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs of levels and numbers of which a level has a hard end of its own."""
        related = {
            frozenset(rule.columns)
            for rule in known
            if isinstance(rule, ComputedRule) and len(rule.columns) == 2
        }
        conditions = [
            column
            for column in table.columns
            if column.kind == "level" and 2 <= len(column.levels) <= MOST_LEVELS
        ]
        places = [
            position
            for position, column in enumerate(table.ordered)
            if len(column.levels) > FEWEST_VALUES
        ]
        results = [table.ordered[position] for position in places]
        ends = [rows[places] for rows in table.ends]
        n_present = np.array([column.n_present for column in results])
        n_levels = sum(len(column.levels) for column in conditions)
        needed = table.expected_needed(2 * n_levels * len(results))
        rules: list[Rule] = []
        for condition in conditions:
            proposals = _narrowed(condition, ends, needed * n_present)
            if not len(proposals):
                continue
            groups = [
                np.flatnonzero(condition.codes == code)
                for code in range(len(condition.levels))
            ]
            for result in (results[position] for position in proposals):
                if frozenset((condition.name, result.name)) not in related:
                    rule = _ranges(condition, result, groups, needed)
                    rules += [] if rule is None else [rule]
        return rules


def _narrowed(
    condition: Column, ends: list[np.ndarray], needed: np.ndarray
) -> np.ndarray:
    """Columns of which a level may lack many of the numbers at an end.

    Parameters
    ----------
    condition : Column
        The column of levels.
    ends : list of ndarray of shape (n_columns, n_rows)
        Rows with the lowest, and with the highest, numbers of each column.
    needed : ndarray of shape (n_columns,)
        Least product of the rows of a level and the numbers that it lacks.
    """
    counts = condition.counts[:-1]
    candidates = np.arange(len(needed))
    for n_rows in (END_ROWS // 8, END_ROWS):  # most columns are ruled out by a few rows
        found = np.zeros(len(candidates), dtype=bool)
        for rows in ends:
            codes = condition.codes[rows[candidates, :n_rows]]
            first = _first_places(codes, len(counts) + 1)[:, :-1]
            enough = counts * first >= needed[candidates, None]
            found |= (enough & (counts >= FEWEST_ROWS)).any(axis=1)
        candidates = candidates[found]
    return candidates


def _first_places(codes: np.ndarray, n_codes: int) -> np.ndarray:
    """Place of the first of each code in each line, infinite where there is none.

    Parameters
    ----------
    codes : ndarray of shape (n_lines, n_places)
        Codes from 0 to `n_codes` - 1.
    n_codes : int
        Number of codes.

    Returns
    -------
    places : ndarray of shape (n_lines, n_codes)
        The places.
    """
    places = np.full((len(codes), n_codes), np.inf)
    # Of values that are assigned to one cell the last one stays.
    lines = np.arange(len(codes))[:, None]
    places[lines, codes[:, ::-1]] = np.arange(codes.shape[1])[::-1]
    return places


def _ranges(
    condition: Column, result: Column, groups: list[np.ndarray], needed: float
) -> Ranges | None:
    """The rule between two columns, if a level narrows the range by much."""
    values = result.values
    present = np.sort(values[~np.isnan(values)])
    target = NumericTarget.of(result)
    least, most = target.bounds
    low, high = np.full(len(groups), least), np.full(len(groups), most)
    gain = 0.0
    for code, rows in enumerate(groups):
        own = values[rows]
        own = own[~np.isnan(own)]
        if len(own) < FEWEST_ROWS or own.min() == own.max():
            continue
        share = len(own) / len(present)
        # Rows of other levels that are below the smallest or above the largest value.
        n_below = np.searchsorted(present, own.min())
        n_above = len(present) - np.searchsorted(present, own.max(), side="right")
        if share * n_below >= needed:
            end = lower_end(own, result.step)
            below = share * np.searchsorted(present, least if end is None else end)
            if end is not None and below >= needed:
                low[code], gain = end, gain + below
        if share * n_above >= needed:
            end = lower_end(-own, result.step)
            top = most if end is None else -end
            above = share * (len(present) - np.searchsorted(present, top, side="right"))
            if end is not None and above >= needed:
                high[code], gain = top, gain + above
    if not gain:
        return None
    given = [
        Distribution.of(own if len(own) else present)
        for own in (values[rows][~np.isnan(values[rows])] for rows in groups)
    ]
    return Ranges(Levels.of(condition), target, low, high, given, gain)
