"""Arithmetic: a column that is a function of one other, such as its logarithm."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.tables.rules.arithmetic import (
    EXACT,
    FEWEST_ROWS,
    MOST_COLUMNS,
    SPREAD_PER_ERROR,
    Arithmetic,
)
from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.target import NumericTarget

# Of functions that are each other's inverse, the first one is looked for first.
FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "log": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "log1p": np.log1p,
    "square": np.square,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "exp": np.exp,
    "expm1": np.expm1,
}
# Largest rounding error of a number of 32 bits, as a share of it.
SINGLE = 2.0**-24
# About so many rows propose a function.
PROPOSING_ROWS = 64


@dataclass(eq=False)
class Transformed(Arithmetic):
    """``result = function(source)``, within rounding.

    Parameters
    ----------
    result : NumericTarget
        The column that follows.
    source : object
        Name of the column of numbers that it follows from.
    function : str
        Key of `FUNCTIONS`.
    tolerance : float
        Largest difference that is rounding.
    n_rows : int
        Real rows in which both columns are present.
    """

    result: NumericTarget
    source: Hashable
    function: str
    tolerance: float
    n_rows: int

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ValueError(
                f"`function` must be one of {[*FUNCTIONS]}. Got {self.function!r}."
            )
        check_array_of(np.array([self.tolerance]), "tolerance", (1,), "f")

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.target, self.source

    def __str__(self) -> str:
        return f"{self.target} = {self.function}({self.source})"

    def _expected(self, frame: pd.DataFrame) -> np.ndarray:
        return _applied(self.function, to_numbers(frame[self.source]))

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Pairs of numbers of which the second is a function of the first."""
        columns = [column for column in table.ordered if column.kind == "number"]
        if not 2 <= len(columns) <= MOST_COLUMNS:
            return []
        related = {frozenset(rule.columns) for rule in known}
        followed = {rule.target for rule in known if isinstance(rule, ComputedRule)}
        values = np.column_stack([column.values for column in columns])
        rows = table.sample[:: max(len(table.sample) // PROPOSING_ROWS, 1)]
        sampled = values[rows]
        slack = np.array([_tolerances(column)[-1] for column in columns])
        rules: list[Rule] = []
        for name in FUNCTIONS:
            for i, source in enumerate(columns):
                error = np.abs(sampled - _applied(name, sampled[:, i])[:, None])
                # Where one of the two is missing there is no error.
                for k in np.flatnonzero(~(error > slack).any(axis=0)):
                    pair = frozenset((source.name, columns[k].name))
                    if len(pair) < 2 or pair in related or columns[k].name in followed:
                        continue
                    rule = _verified(columns[k], source, name)
                    if rule is not None:
                        rules.append(rule)
                        related.add(pair)
                        followed.add(rule.target)
        return rules


def _applied(function: str, numbers: np.ndarray) -> np.ndarray:
    """A function of numbers, NaN where it has no finite value."""
    with np.errstate(all="ignore"):
        values = FUNCTIONS[function](numbers)
    return np.where(np.isfinite(values), values, np.nan)


def _tolerances(target: Column) -> tuple[float, float, float]:
    """Largest difference of an exact column, one of 32 bits, and a rounded one."""
    largest = float(np.nanmax(np.abs(target.values)))
    exact, single = EXACT * largest, SINGLE * largest
    return exact, single, max(target.step / 2 + exact, single)


def _verified(target: Column, source: Column, function: str) -> Transformed | None:
    """The rule, if all rows keep it within rounding."""
    error = np.abs(target.values - _applied(function, source.values))
    present = ~np.isnan(error)
    # What has no logarithm would be without a value.
    if (~np.isnan(target.values) & ~np.isnan(source.values) & ~present).any():
        return None
    if present.sum() < FEWEST_ROWS:
        return None
    spread = target.values[present].std()
    for tolerance, least in zip(
        _tolerances(target), (0.0, 0.0, SPREAD_PER_ERROR), strict=True
    ):
        if error[present].max() <= tolerance and spread > least * tolerance:
            result = NumericTarget.of(target)
            n_rows = int(present.sum())
            return Transformed(result, source.name, function, tolerance, n_rows)
    return None
