"""Order: one number, date or duration is at most another, by an amount if need be."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.tables.rules.boundary import is_boundary, is_missed, lower_end
from gan_augment.tables.rules.columns import Column, Columns, in_words
from gan_augment.tables.rules.conditional import Bounded
from gan_augment.tables.rules.proposals import part, proposed
from gan_augment.tables.rules.rule import Rule, replaced
from gan_augment.tables.rules.target import NumericTarget


@dataclass(eq=False)
class Order(Rule):
    """``low <= high``, ``low < high`` where `strict`, or ``low + gap <= high``.

    Parameters
    ----------
    low, high : NumericTarget
        The two columns.
    strict : bool
        Whether the two are never equal.
    gap : float
        Least amount between the two, in days between dates; 0 for none.
    gain : float
        Violations expected if the two were independent.
    given_low : Bounded
        What `high` is, given `low`.
    given_high : Bounded
        What `low` is, given `high`.
    """

    kind: ClassVar[str] = "order"

    low: NumericTarget
    high: NumericTarget
    strict: bool
    gap: float
    gain: float
    given_low: Bounded
    given_high: Bounded

    def __post_init__(self) -> None:
        check_array_of(np.array([self.gap]), "gap", (1,))
        if self.gap < 0:
            raise ValueError(f"`gap` must be at least 0. Got {self.gap}.")

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.low.name, self.high.name

    def __str__(self) -> str:
        if not self.gap:
            return f"{self.low.name} {self.sign} {self.high.name}"
        gap = f"{self.gap:g}" if self.low.kind == "number" else in_words(self.gap)
        return f"{self.low.name} + {gap} <= {self.high.name}"

    @property
    def sign(self) -> str:
        """The sign between the two."""
        return "<" if self.strict else "<="

    def follows_from(self, first: Order, second: Order) -> bool:
        """Whether ``a <= c`` says no more than ``a <= b`` and ``b <= c``."""
        if self.gap:
            return first.gap + second.gap >= self.gap * (1 - 1e-9)
        is_strict = any(rule.strict or rule.gap > 0 for rule in (first, second))
        return is_strict or not self.strict

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        low, high = (end.to_numbers(frame[end.name]) for end in (self.low, self.high))
        slack = 1e-12 * np.maximum(np.abs(low), np.abs(high))
        if self.gap:
            return high - low < self.gap * (1 - 1e-9) - slack
        if self.strict:
            return low >= high - slack
        return low > high + slack

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Draw one of the two anew, from what it is in rows with a like other one.

        A row moved onto the boundary would make equal values too common.
        """
        low, high = self.low, self.high
        moves_high = rng.random(len(frame)) < 0.5
        changed = {}
        for target, bound, given, chosen in (
            (high, low, self.given_low, broken & moves_high),
            (low, high, self.given_high, broken & ~moves_high),
        ):
            if not chosen.any():
                continue
            rows = frame.loc[chosen]
            ranks = rng.random(len(rows))
            numbers = given.to_values(ranks, bound.to_numbers(rows[bound.name]))
            drawn = target.to_series(numbers, rows.index)
            changed[target.name] = replaced(frame[target.name], chosen, drawn)
        return changed

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs in order in every row, with a hard boundary, that chance would mix."""
        columns = [*table.ordered, *table.written]
        if len(columns) < 2:
            return []
        related = {frozenset(rule.columns) for rule in known if len(rule.columns) == 2}
        sample = np.column_stack([column.values[table.sample] for column in columns])
        needed = table.expected_needed(len(columns) * (len(columns) - 1))
        rules: list[Order] = []
        for i, low in enumerate(columns):
            for j in _never_smaller(i, sample):
                high = columns[j]
                if i == j or low.kind != high.kind:
                    continue
                if frozenset((low.name, high.name)) in related:
                    continue
                rule = _order(low, high, needed)
                if rule is not None:
                    rules.append(rule)
        return _without_implied(rules)


def _never_smaller(low: int, values: np.ndarray) -> np.ndarray:
    """Columns of which no number is smaller than that of one of them."""

    def keeps(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        found = part(values, rows, columns)
        return np.asarray(~(values[rows, low][:, None] > found).any(axis=0))

    return proposed(keeps, len(values), np.arange(values.shape[1]))


def _order(low: Column, high: Column, needed: float) -> Order | None:
    """The rule between two columns, if all rows keep it and it is worth a name."""
    both = ~(np.isnan(low.values) | np.isnan(high.values))
    a, b = low.values[both], high.values[both]
    if not len(a) or (a > b).any():
        return None
    # Rows that could not break the rule whatever the other value is say nothing.
    contested = (a > b.min()) & (b < a.max())
    below = np.searchsorted(np.sort(b), a) / len(b)
    expected = float(below.sum())
    if expected < needed:
        return None
    amount = (b - a)[contested]
    step = _common_step(low, high)
    gap = _gap(b - a, step)
    if gap:
        # More of the independent rows would break the wider rule.
        expected = float((np.searchsorted(np.sort(b), a + gap) / len(b)).sum())
    strict = not gap and step > 0 and bool((b - a).min() > step / 2)
    # Moments that are in order in every row are so for a reason.
    if low.kind == "number" and not (gap or is_boundary(amount - strict * step, step)):
        return None
    # Equal values must be missed, not only unlikely.
    strict = strict and is_missed(amount - step, step)
    return Order(
        NumericTarget.of(low),
        NumericTarget.of(high),
        strict,
        gap,
        expected,
        Bounded.of(b, a, is_upper=False, shift=gap),
        Bounded.of(a, b, is_upper=True, shift=-gap),
    )


def _gap(amounts: np.ndarray, step: float) -> float:
    """Least amount that all rows keep, if it is more than a step; 0 for none."""
    if not amounts.min() > 1.5 * step:
        return 0.0
    end = lower_end(amounts, step)
    return end if end is not None and end > 1.5 * step else 0.0


def _common_step(low: Column, high: Column) -> float:
    """The grid on which the difference lies; 0 if there is none."""
    if not low.step or not high.step:
        return 0.0
    decimals = max(low.domain.decimals, high.domain.decimals)
    whole = [
        round(value * 10 ** (decimals - column.domain.decimals))
        for column in (low, high)
        for value in (column.domain.step, column.domain.offset)
    ]
    step = np.gcd.reduce(np.array([whole[0], whole[2], abs(whole[1] - whole[3])]))
    units = low.step / (low.domain.step / 10**low.domain.decimals)
    return float(step) / 10**decimals * units


def _without_implied(rules: list[Order]) -> list[Rule]:
    """Leave out what follows from two others: ``a <= c`` of ``a <= b <= c``."""
    pairs = {rule.columns: rule for rule in rules}
    names = {name for pair in pairs for name in pair}
    kept: list[Rule] = []
    for (low, high), rule in pairs.items():
        if (high, low) in pairs:
            kept.append(rule)  # equal columns imply nothing of others
            continue
        implied = any(
            (low, name) in pairs
            and (name, high) in pairs
            and (name, low) not in pairs
            and (high, name) not in pairs
            and rule.follows_from(pairs[low, name], pairs[name, high])
            for name in names
        )
        if not implied:
            kept.append(rule)
    return kept
