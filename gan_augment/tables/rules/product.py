"""Arithmetic: a column that is the product or the ratio of two others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.tables.rules.arithmetic import (
    EXACT,
    MOST_COLUMNS,
    Arithmetic,
    plain_factor,
)
from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.rule import ComputedRule, Rule, replaced
from gan_augment.tables.rules.target import NumericTarget

# Rows that propose a product.
PROPOSING_ROWS = 64


@dataclass(eq=False)
class Product(Arithmetic):
    """``result = factor * first * second``, or ``first / second``, within rounding.

    Parameters
    ----------
    result : NumericTarget
        The column that follows from the others.
    first, second : NumericTarget
        The others.
    divides : bool
        Whether the first is divided by the second.
    factor : float
        What the product is multiplied by, such as 100 of a percentage.
    tolerance : float
        Largest difference that is rounding.
    n_rows : int
        Real rows in which all columns are present.
    """

    result: NumericTarget
    first: NumericTarget
    second: NumericTarget
    divides: bool
    factor: float
    tolerance: float
    n_rows: int

    def __post_init__(self) -> None:
        constants = np.array([self.factor, self.tolerance])
        check_array_of(constants, "factor and tolerance", (2,))

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.target, self.first.name, self.second.name

    def __str__(self) -> str:
        size = "" if self.factor == 1 else f"{self.factor:.6g} * "
        sign = "/" if self.divides else "*"
        return f"{self.target} = {size}{self.first.name} {sign} {self.second.name}"

    def _expected(self, frame: pd.DataFrame) -> np.ndarray:
        first, second = (to_numbers(frame[name]) for name in self.sources)
        return self.factor * _combined(first, second, self.divides)

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Compute the target anew; where it would leave its range, the others too."""
        del rng
        rows = frame.loc[broken].copy()
        changed = {}
        share = np.clip(self._expected(rows), *self.result.bounds) / self.factor
        for part, other in ((self.first, self.second), (self.second, self.first)):
            if not self.result.outside(self._expected(rows)).any():
                break
            numbers = to_numbers(rows[other.name])
            if self.divides and part is self.second:
                solved = _combined(numbers, share, True)
            else:
                solved = _combined(share, numbers, not self.divides)
            self.move_inside(rows, part, solved)
            changed[part.name] = replaced(frame[part.name], broken, rows[part.name])
        changed[self.target] = replaced(frame[self.target], broken, self.compute(rows))
        return changed

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Triples of numbers whose ratio is the same in every row.

        A column that follows from others already may be one of the two factors, but
        only of a product that has no rule without such a column.
        """
        sources = {
            rule.target: set(rule.sources)
            for rule in known
            if isinstance(rule, ComputedRule)
        }
        columns = [c for c in table.ordered if c.kind in ("number", "duration")]
        if len(columns) > MOST_COLUMNS:
            columns = [column for column in columns if column.name not in sources]
        if not 3 <= len(columns) <= MOST_COLUMNS:
            return []
        values = np.column_stack([column.values for column in columns])
        complete = ~np.isnan(values[table.sample]).any(axis=1)
        rows = table.sample[complete] if complete.sum() >= 24 else table.sample
        rows = rows[:: max(len(rows) // PROPOSING_ROWS, 1)][:PROPOSING_ROWS]
        steps = np.array([column.step for column in columns])
        pairs = [
            *((i, j, False) for i, j in combinations(range(len(columns)), 2)),
            *((i, j, True) for i, j in permutations(range(len(columns)), 2)),
        ]
        sampled = values[rows]
        found: dict[frozenset[int], list[Product]] = {}
        for i, j, divides in pairs:
            for k in _proposed(sampled, steps, i, j, divides):
                triple = frozenset((i, j, int(k)))
                followed = _followed({columns[i].name, columns[j].name}, sources)
                if len(triple) < 3 or columns[k].name in sources.keys() | followed:
                    continue
                rule = _verified(columns[k], columns[i], columns[j], divides)
                if rule is not None:
                    found.setdefault(triple, []).append(rule)
        return _one_a_triple(list(found.values()), sources)


def _one_a_triple(
    found: list[list[Product]], sources: Mapping[Hashable, set[Hashable]]
) -> list[Rule]:
    """The least rounded rule of each triple, so that no column is computed twice.

    Rules without columns that others compute go first.
    """

    def cost(rule: Product) -> tuple[bool, float]:
        return not sources.keys().isdisjoint(rule.sources), rule.coarseness

    computed = dict(sources)
    chosen: list[Rule] = []
    for rules in sorted(found, key=lambda rules: min(map(cost, rules))):
        for rule in sorted(rules, key=cost):
            names = set(rule.sources)
            if rule.target not in computed.keys() | _followed(names, computed):
                chosen.append(rule)
                computed[rule.target] = names
                break
    return chosen


def _followed(
    names: set[Hashable], sources: Mapping[Hashable, set[Hashable]]
) -> set[Hashable]:
    """These columns, and those that they follow from, directly or not."""
    followed: set[Hashable] = set()
    new = names
    while new:
        followed |= new
        new = set().union(*(sources.get(name, set()) for name in new)) - followed
    return followed


def _combined(first: np.ndarray, second: np.ndarray, divides: bool) -> np.ndarray:
    if not divides:
        return first * second
    return np.divide(first, second, out=np.full(len(first), np.nan), where=second != 0)


def _proposed(
    values: np.ndarray, steps: np.ndarray, i: int, j: int, divides: bool
) -> np.ndarray:
    """Columns that are a multiple of a product in all of the proposing rows."""
    product = _combined(values[:, i], values[:, j], divides)
    usable = np.isfinite(product) & (product != 0)
    if usable.sum() < 16 or np.ptp(product[usable]) == 0:
        return np.zeros(0, dtype=np.intp)
    product, targets = product[usable], values[usable]
    largest = int(np.argmax(np.abs(product)))  # where rounding matters least
    factor = targets[largest] / product[largest]
    slack = (0.5 + np.abs(product / product[largest])[:, None] * 0.5) * steps
    with np.errstate(invalid="ignore"):
        error = np.abs(targets - factor * product[:, None])
        fits = (error <= slack * 1.01 + EXACT * np.abs(targets)).all(axis=0)
    return np.flatnonzero(fits & (factor != 0))


def _verified(
    target: Column, first: Column, second: Column, divides: bool
) -> Product | None:
    """The rule with a plain factor, if all rows keep it within rounding."""
    found = plain_factor(
        target,
        _combined(first.values, second.values, divides),
        _combined(first.values, np.roll(second.values, 1), divides),
    )
    if found is None:
        return None
    return Product(
        NumericTarget.of(target),
        NumericTarget.of(first),
        NumericTarget.of(second),
        divides,
        *found,
    )
