"""Order: one number, date or duration is at most another, or less than it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.conditional import Bounded
from gan_augment.tables.rules.rule import Rule, replaced
from gan_augment.tables.rules.target import NumericTarget

# Rows beyond the boundary that the rows before it let expect.
FEWEST_BEYOND = 10.0
# Room before the boundary, in units of the tail's mean excess.
ROOM = 3.0
# Lowest differences from which that is extrapolated.
EDGE_ROWS = 100


@dataclass(eq=False)
class Order(Rule):
    """``low <= high``, or ``low < high`` where `strict`.

    Parameters
    ----------
    low, high : NumericTarget
        The two columns.
    strict : bool
        Whether the two are never equal.
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
    gain: float
    given_low: Bounded
    given_high: Bounded

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.low.name, self.high.name

    @property
    def support(self) -> int:
        """Rows that would break the rule if its columns were independent."""
        return round(self.gain)

    def __str__(self) -> str:
        return f"{self.low.name} {'<' if self.strict else '<='} {self.high.name}"

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        low, high = (to_numbers(frame[name]) for name in self.columns)
        slack = 1e-12 * np.maximum(np.abs(low), np.abs(high))
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
            numbers = given.to_values(ranks, to_numbers(rows[bound.name]))
            drawn = target.to_series(numbers, rows.index)
            changed[target.name] = replaced(frame[target.name], chosen, drawn)
        return changed

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs in order in every row, with a hard boundary, that chance would mix."""
        columns = table.ordered
        if len(columns) < 2:
            return []
        related = {frozenset(rule.columns) for rule in known if len(rule.columns) == 2}
        numbers = np.column_stack([column.values for column in columns])
        sample = numbers[table.sample]
        needed = table.expected_needed(len(columns) * (len(columns) - 1))
        rules: list[Rule] = []
        for i, low in enumerate(columns):
            with np.errstate(invalid="ignore"):
                broken = (sample[:, i, None] > sample).any(axis=0)
            for j in np.flatnonzero(~broken):
                high = columns[j]
                if i == j or low.kind != high.kind:
                    continue
                if frozenset((low.name, high.name)) in related:
                    continue
                rule = _order(low, high, needed)
                if rule is not None:
                    rules.append(rule)
        return _without_implied(rules)


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
    strict = step > 0 and bool((b - a).min() > step / 2)
    # Moments that are in order in every row are so for a reason.
    if low.kind == "number" and not _is_boundary(amount - strict * step, step):
        return None
    if strict:
        # Equal values must be missed, not only unlikely.
        next_one, next_two = ((np.rint(amount / step) == k).sum() for k in (1, 2))
        strict = next_one * min(1.0, next_one / max(next_two, 1)) >= FEWEST_BEYOND
    return Order(
        NumericTarget.of(low),
        NumericTarget.of(high),
        strict,
        expected,
        Bounded.of(b, a, is_upper=False),
        Bounded.of(a, b, is_upper=True),
    )


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


def _is_boundary(amounts: np.ndarray, step: float) -> bool:
    """Whether 0 bounds the amounts, rather than being where a tail happens to end.

    Either many rows lie so close to 0 that more would be expected beyond it, or there
    is room between it and them that the tail does not bridge.

    Of two neighbouring intervals before the boundary, a log-concave density has at
    least the same ratio in the next one. That extrapolates the rows beyond it.
    """
    if len(amounts) == 0:
        return False
    n_lowest = min(EDGE_ROWS, max(len(amounts) // 5, 2), len(amounts))
    lowest = np.sort(np.partition(amounts, n_lowest - 1)[:n_lowest])
    width = max(lowest[-1] / 2, step)
    near = float((amounts < width if width else amounts <= 0).sum())
    next_to_it = float(((amounts >= width) & (amounts < 2 * width)).sum())
    if near * min(1.0, near / max(next_to_it, 1.0)) >= FEWEST_BEYOND:
        return True
    tail = (lowest[-1] - lowest[0]) / np.log(n_lowest)
    return bool(lowest[0] > ROOM * tail)


def _without_implied(rules: list[Rule]) -> list[Rule]:
    """Leave out what follows from two others: ``a <= c`` of ``a <= b <= c``."""
    pairs = {rule.columns: rule for rule in rules}
    names = {name for pair in pairs for name in pair}
    kept = []
    for (low, high), rule in pairs.items():
        if (high, low) in pairs:
            kept.append(rule)  # equal columns imply nothing of others
            continue
        implied = any(
            (low, name) in pairs
            and (name, high) in pairs
            and (name, low) not in pairs
            and (high, name) not in pairs
            and (
                not rule.strict  # type: ignore[attr-defined]
                or pairs[low, name].strict  # type: ignore[attr-defined]
                or pairs[name, high].strict  # type: ignore[attr-defined]
            )
            for name in names
        )
        if not implied:
            kept.append(rule)
    return kept
