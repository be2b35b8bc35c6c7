"""Order: one number, date or duration is at most another, or less than it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.rule import Rule, replaced
from gan_augment.tables.rules.target import NumericTarget

# Rows beyond the boundary that the rows before it let expect.
FEWEST_BEYOND = 10.0
# Lowest differences from which that is extrapolated.
EDGE_ROWS = 100
# Resolution of the amounts seen in real rows: groups of the base, quantiles in each.
BASE_GROUPS = 16
QUANTILES = 33


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
    edges : ndarray of shape (n_groups - 1,)
        Bounds of the groups of `low`.
    amounts : ndarray of shape (n_groups, n_quantiles)
        Quantiles of ``high - low`` in each group.
    """

    kind: ClassVar[str] = "order"

    low: NumericTarget
    high: NumericTarget
    strict: bool
    gain: float
    edges: np.ndarray
    amounts: np.ndarray

    @property
    def columns(self) -> tuple[Any, ...]:
        return self.low.name, self.high.name

    @property
    def support(self) -> int:
        return round(self.gain)

    def __str__(self) -> str:
        return f"{self.low.name} {'<' if self.strict else '<='} {self.high.name}"

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        low, high = (to_numbers(frame[name]) for name in self.columns)
        slack = 1e-12 * np.maximum(np.abs(low), np.abs(high))
        if self.strict:
            return low >= high - slack
        return low > high + slack

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Any, pd.Series]:
        """Draw the larger one anew, by an amount seen in rows with a like smaller one.

        A row moved onto the boundary would make equal values too common.
        """
        rows = frame.loc[broken]
        low = to_numbers(rows[self.low.name])
        amounts = self.amounts[np.searchsorted(self.edges, low)]
        place = rng.random(len(low)) * (amounts.shape[1] - 1)
        left = place.astype(np.intp)
        before = np.take_along_axis(amounts, left[:, None], axis=1)[:, 0]
        after = np.take_along_axis(amounts, left[:, None] + 1, axis=1)[:, 0]
        drawn = low + before + (place - left) * (after - before)
        high = self.high.to_series(drawn, rows.index)
        # Rounding to the grid may undo what was drawn.
        again = self.violations(pd.DataFrame({**rows[[self.low.name]], high.name: high}))
        if again.any():
            moved = self.high.to_series(drawn + self.high.step, rows.index)
            high = replaced(high, again, moved.loc[again])
        return {self.high.name: replaced(frame[self.high.name], broken, high)}

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs in order in every row, with a hard boundary, that chance would mix."""
        columns = table.ordered
        if len(columns) < 2:
            return []
        related = {frozenset(rule.columns) for rule in known if len(rule.columns) == 2}
        numbers = np.column_stack([column.numbers for column in columns])
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
    assert low.numbers is not None
    assert high.numbers is not None
    both = ~(np.isnan(low.numbers) | np.isnan(high.numbers))
    a, b = low.numbers[both], high.numbers[both]
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
    strict = step > 0 and len(amount) > 0 and amount.min() > step / 2
    if not (strict and _expected_beyond(amount - step, step) >= FEWEST_BEYOND):
        strict = False
        if _expected_beyond(amount, step) < FEWEST_BEYOND:
            return None
    if strict and (b - a).min() < step / 2:
        strict = False
    edges = np.unique(np.quantile(a, np.linspace(0, 1, BASE_GROUPS + 1)[1:-1]))
    groups = np.searchsorted(edges, a)
    levels = np.linspace(0, 1, QUANTILES)
    amounts = np.array(
        [
            np.quantile((b - a)[chosen], levels)
            for chosen in (
                groups == group if (groups == group).any() else groups >= 0
                for group in range(len(edges) + 1)
            )
        ]
    )
    return Order(
        NumericTarget.of(low), NumericTarget.of(high), strict, expected, edges, amounts
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


def _expected_beyond(amounts: np.ndarray, step: float) -> float:
    """Rows to expect beyond a boundary at 0, extrapolated from those before it.

    Of two neighbouring intervals before the boundary, a log-concave density has at
    least the same ratio in the next one. A tail that thins out has few rows beside
    its end, a rule that is enforced has many.
    """
    if len(amounts) == 0:
        return 0.0
    n_lowest = min(EDGE_ROWS, max(len(amounts) // 5, 1))
    reach = np.partition(amounts, n_lowest - 1)[n_lowest - 1]
    width = max(reach / 2, step)
    near = float((amounts < width if width else amounts <= 0).sum())
    next_to_it = float(((amounts >= width) & (amounts < 2 * width)).sum())
    return near * min(1.0, near / max(next_to_it, 1.0))


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
