"""Arithmetic: sums, differences, other units, shares that add up to a constant."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.target import NumericTarget

# Fewest rows in which all columns are present.
FEWEST_ROWS = 50
# A rounding error must be so much smaller than what is explained.
SPREAD_PER_ERROR = 5.0
# Relative error of floating-point arithmetic.
EXACT = 1e-9


@dataclass(eq=False)
class Linear(ComputedRule):
    """``result = intercept + factor_1 * term_1 + ...``, within rounding.

    Parameters
    ----------
    result : NumericTarget
        The column that follows from the others.
    terms : list of object
        Names of the others.
    factors : list of float
        What they are multiplied by.
    intercept : float
        What is added; dates and durations are in days, dates from 2000.
    tolerance : float
        Largest difference that is rounding.
    n_rows : int
        Real rows in which all columns are present.
    """

    kind: ClassVar[str] = "arithmetic"

    result: NumericTarget
    terms: list[Any]
    factors: list[float]
    intercept: float
    tolerance: float
    n_rows: int

    @property
    def target(self) -> Any:
        return self.result.name

    @property
    def columns(self) -> tuple[Any, ...]:
        return self.target, *self.terms

    @property
    def support(self) -> int:
        return self.n_rows

    def __str__(self) -> str:
        text = "" if self.intercept == 0 else f"{self.intercept:.6g}"
        for name, factor in zip(self.terms, self.factors, strict=True):
            sign = "-" if factor < 0 else "+" if text else ""
            size = "" if abs(factor) == 1 else f"{abs(factor):.6g} * "
            text += f" {sign} {size}{name}" if text else f"{sign}{size}{name}"
        return f"{self.target} = {text}"

    def _expected(self, frame: pd.DataFrame) -> np.ndarray:
        total = np.full(len(frame), self.intercept)
        for name, factor in zip(self.terms, self.factors, strict=True):
            total = total + factor * to_numbers(frame[name])
        return total

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        error = np.abs(to_numbers(frame[self.target]) - self._expected(frame))
        return error > self.tolerance

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        return self.result.to_series(self._expected(frame), frame.index)

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Columns that are exact linear combinations of the columns before them."""
        del known
        rules: list[Rule] = []
        independent: list[Column] = []
        for column in table.ordered:
            rule = None
            if independent:
                rule = _combination(column, independent, table)
            if rule is None:
                independent.append(column)
            else:
                rules.append(rule)
        return rules


def _combination(
    target: Column, others: list[Column], table: Columns
) -> Linear | None:
    """The target as a combination of some of the others, or None."""
    rows, others = _complete_rows(target, others, table)
    if len(rows) < max(FEWEST_ROWS, 3 * (len(others) + 1)):
        return None
    y = _values(target)[rows]
    X = np.column_stack([_values(other)[rows] for other in others])
    spread = X.std(axis=0)
    others = [other for other, size in zip(others, spread, strict=True) if size > 0]
    X, spread = X[:, spread > 0], spread[spread > 0]
    if not len(others) or y.std() == 0:
        return None
    factors, residual = _solve(X, y)
    allowed = _rounding(target, others, factors)
    if np.abs(residual).max() > 1.5 * allowed + EXACT * np.abs(y).max():
        return None
    # What is left out must not matter.
    kept = np.argsort(-np.abs(factors[1:]) * spread)
    chosen: list[int] = []
    for n_terms in range(1, len(kept) + 1):
        chosen = sorted(kept[:n_terms].tolist())
        factors, residual = _solve(X[:, chosen], y)
        allowed = _rounding(target, [others[k] for k in chosen], factors)
        if np.abs(residual).max() <= 1.5 * allowed + EXACT * np.abs(y).max():
            break
    return _verified(target, [others[k] for k in chosen], factors)


def _complete_rows(
    target: Column, others: list[Column], table: Columns
) -> tuple[np.ndarray, list[Column]]:
    """Sampled rows without missing values, and the columns they do not lack."""
    rows = table.sample[~np.isnan(_values(target)[table.sample])]
    others = list(others)
    while others:
        missing = np.column_stack([np.isnan(_values(other)[rows]) for other in others])
        complete = ~missing.any(axis=1)
        if complete.sum() >= max(4 * (len(others) + 1), len(rows) // 4, 1):
            return rows[complete], others
        others.pop(int(missing.sum(axis=0).argmax()))
    return rows[:0], others


def _verified(
    target: Column, terms: list[Column], factors: np.ndarray
) -> Linear | None:
    """The rule with plain factors and the smallest tolerance that all rows keep."""
    numbers = [_values(column) for column in (target, *terms)]
    present = ~np.isnan(numbers).any(axis=0)
    y, *xs = (values[present] for values in numbers)
    scale = np.abs(y).max() + sum(
        abs(factor) * np.abs(x).max() for factor, x in zip(factors[1:], xs, strict=True)
    )
    exact = EXACT * scale
    half = target.step / 2 + exact
    for plain in (True, False):
        used = [_plain(factor) if plain else float(factor) for factor in factors[1:]]
        rest = y - sum(factor * x for factor, x in zip(used, xs, strict=True))
        intercept = float((rest.max() + rest.min()) / 2)
        if plain and terms and _plain_intercept(intercept, rest, half) is not None:
            intercept = _plain_intercept(intercept, rest, half)  # type: ignore[assignment]
        error = np.abs(rest - intercept).max()
        loose = _rounding(target, terms, np.array([0.0, *used])) + exact
        for tolerance in (exact, half, loose):
            if error <= tolerance and y.std() >= SPREAD_PER_ERROR * (
                0.0 if tolerance == exact else tolerance
            ):
                return _directed(
                    target, terms, used, intercept, tolerance, int(present.sum())
                )
    return None


def _directed(
    target: Column,
    terms: list[Column],
    factors: list[float],
    intercept: float,
    tolerance: float,
    n_rows: int,
) -> Linear:
    """The rule solved for the column that is the sum of the others, if one is."""
    signs = np.array([-1.0, *np.sign(factors)])
    everything = [target, *terms]
    for sign in (-1.0, 1.0):
        alone = np.flatnonzero(signs == sign)
        if len(alone) == 1 and alone[0] > 0 and len(everything) > 2:
            position = int(alone[0])
            factor = factors[position - 1]
            if abs(factor) != 1.0:
                break
            others = [c for i, c in enumerate(everything) if i != position]
            weights = [-1.0, *factors]
            solved = [-w / factor for i, w in enumerate(weights) if i != position]
            return Linear(
                NumericTarget.of(everything[position]),
                [other.name for other in others],
                solved,
                0.0 if intercept == 0 else -intercept / factor,
                tolerance,
                n_rows,
            )
    names = [term.name for term in terms]
    return Linear(
        NumericTarget.of(target), names, factors, intercept, tolerance, n_rows
    )


def _solve(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares with an intercept: factors, the intercept first, and residuals."""
    centre, spread = X.mean(axis=0), X.std(axis=0)
    design = np.column_stack([np.ones(len(X)), (X - centre) / spread])
    solution = np.linalg.lstsq(design, y, rcond=None)[0]
    factors = solution[1:] / spread
    return np.array([solution[0] - factors @ centre, *factors]), y - design @ solution


def _rounding(target: Column, terms: list[Column], factors: np.ndarray) -> float:
    """Largest error if every column was rounded to its own grid."""
    steps = np.array([term.step for term in terms])
    return target.step / 2 + float(np.abs(factors[1:]) @ steps) / 2


def _plain(factor: float) -> float:
    """A factor as the whole number or the fraction that it is close to."""
    for largest in (1, 12, 60, 1000):
        fraction = float(Fraction(factor).limit_denominator(largest))
        if fraction and abs(factor - fraction) <= 1e-3 / largest * abs(fraction):
            return fraction
    return float(f"{factor:.6g}")


def _plain_intercept(middle: float, rest: np.ndarray, half: float) -> float | None:
    """The intercept with the fewest digits that all rows allow."""
    spread = float(rest.max() - rest.min()) / 2
    for digits in range(0, 7):
        value = round(middle, digits)
        if np.abs(rest - value).max() <= max(half, spread * 1.01):
            return value
    return None


def _values(column: Column) -> np.ndarray:
    assert column.numbers is not None
    return column.numbers
