"""Arithmetic: sums, differences, other units, shares that add up to a constant."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.tables.rules.arithmetic import (
    EXACT,
    FEWEST_ROWS,
    SPREAD_PER_ERROR,
    Arithmetic,
    simple,
)
from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.rule import Rule, replaced
from gan_augment.tables.rules.target import NumericTarget

# Of more columns than this, those that are most correlated with the result are tried.
MOST_TERMS = 64


@dataclass(eq=False)
class Linear(Arithmetic):
    """``result = intercept + factor_1 * term_1 + ...``, within rounding.

    Parameters
    ----------
    result : NumericTarget
        The column that follows from the others.
    terms : list of NumericTarget
        The others.
    factors : list of float
        What they are multiplied by.
    intercept : float
        What is added; dates and durations are in days, dates from 2000.
    tolerance : float
        Largest difference that is rounding.
    n_rows : int
        Real rows in which all columns are present.
    """

    result: NumericTarget
    terms: list[NumericTarget]
    factors: list[float]
    intercept: float
    tolerance: float
    n_rows: int

    def __post_init__(self) -> None:
        check_array_of(np.array(self.factors), "factors", (len(self.terms),))
        constants = np.array([self.intercept, self.tolerance])
        check_array_of(constants, "intercept and tolerance", (2,))

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.target, *(term.name for term in self.terms)

    def __str__(self) -> str:
        text = "" if self.intercept == 0 else f"{self.intercept:.6g}"
        for term, factor in zip(self.terms, self.factors, strict=True):
            sign = "-" if factor < 0 else "+" if text else ""
            size = "" if abs(factor) == 1 else f"{abs(factor):.6g} * "
            text += f" {sign} {size}{term.name}" if text else f"{sign}{size}{term.name}"
        return f"{self.target} = {text}"

    def _expected(self, frame: pd.DataFrame) -> np.ndarray:
        total = np.full(len(frame), self.intercept)
        for term, factor in zip(self.terms, self.factors, strict=True):
            total = total + factor * to_numbers(frame[term.name])
        return total

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Compute the target anew; what would leave its range is moved into the terms.

        The terms take it up in a random order, each as far as its own range allows.
        """
        rows = frame.loc[broken]
        expected = self._expected(rows)
        excess = np.clip(expected, *self.result.bounds) - expected
        changed = {}
        if np.abs(excess).max() > self.tolerance:
            rows = rows.copy()
            for k in rng.permutation(len(self.terms)):
                term, factor = self.terms[k], self.factors[k]
                before = to_numbers(rows[term.name])
                moved = term.to_series(before + excess / factor, rows.index)
                rows[term.name] = moved
                excess = excess - factor * (to_numbers(moved) - before)
                changed[term.name] = replaced(frame[term.name], broken, moved)
        computed = self.compute(rows)
        changed[self.target] = replaced(frame[self.target], broken, computed)
        return changed

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Columns that are exact linear combinations of the columns before them."""
        del known
        rules: list[Rule] = []
        independent: list[int] = []
        alike = _correlations(table) if len(table.ordered) > MOST_TERMS else None
        for position in range(len(table.ordered)):
            tried = independent
            if alike is not None and len(independent) > MOST_TERMS:
                order = np.argsort(-alike[position, independent], kind="stable")
                tried = [independent[k] for k in np.sort(order[:MOST_TERMS])]
            rule = _combination(position, tried, table)
            if rule is None:
                independent.append(position)
            else:
                rules.append(rule)
        return rules


def _correlations(table: Columns) -> np.ndarray:
    """Sizes of the correlations of ordered columns, means where values are missing."""
    values = table.sampled_values
    present = ~np.isnan(values)
    mean = np.where(present, values, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    centred = np.where(present, values - mean, 0.0)
    length = np.sqrt((centred**2).sum(axis=0))
    scores = centred / np.where(length > 0, length, 1.0)
    return np.asarray(np.abs(scores.T @ scores))


def _combination(position: int, tried: list[int], table: Columns) -> Linear | None:
    """An ordered column as a combination of some of the others, or None."""
    values = table.sampled_values
    rows, tried = _complete_rows(values, position, tried)
    if not tried or len(rows) < max(FEWEST_ROWS, 3 * (len(tried) + 1)):
        return None
    target, others = table.ordered[position], [table.ordered[k] for k in tried]
    if values[rows, position].std() == 0:
        return None
    # Most columns are seen to be no combination in a few rows.
    for some in (rows[:: len(rows) // (4 * (len(tried) + 1)) or 1], rows):
        y, X = values[some, position], values[np.ix_(some, np.array(tried))]
        factors, residual = _solve(X, y)
        allowed = _rounding(target, others, factors)
        if np.abs(residual).max() > 1.5 * allowed + EXACT * np.abs(y).max():
            return None
    # What is left out must not matter.
    kept = np.argsort(-np.abs(factors[1:]) * X.std(axis=0))
    chosen: list[int] = []
    for n_terms in range(1, len(kept) + 1):
        chosen = sorted(kept[:n_terms].tolist())
        factors, residual = _solve(X[:, chosen], y)
        allowed = _rounding(target, [others[k] for k in chosen], factors)
        if np.abs(residual).max() <= 1.5 * allowed + EXACT * np.abs(y).max():
            break
    return _verified(target, [others[k] for k in chosen], factors)


def _complete_rows(
    values: np.ndarray, target: int, others: list[int]
) -> tuple[np.ndarray, list[int]]:
    """Rows without missing values, and the columns they do not lack."""
    rows = np.flatnonzero(~np.isnan(values[:, target]))
    missing = np.isnan(values[np.ix_(rows, np.array(others, dtype=int))])
    others = list(others)
    while others:
        complete = ~missing.any(axis=1)
        if complete.sum() >= max(4 * (len(others) + 1), len(rows) // 4, 1):
            return rows[complete], others
        worst = int(missing.sum(axis=0).argmax())
        missing = np.delete(missing, worst, axis=1)
        others.pop(worst)
    return rows[:0], others


def _verified(
    target: Column, terms: list[Column], factors: np.ndarray
) -> Linear | None:
    """The rule with plain factors and the smallest tolerance that all rows keep."""
    numbers = [column.values for column in (target, *terms)]
    present = ~np.isnan(numbers).any(axis=0)
    y, *xs = (values[present] for values in numbers)
    scale = np.abs(y).max() + sum(
        abs(factor) * np.abs(x).max() for factor, x in zip(factors[1:], xs, strict=True)
    )
    exact = EXACT * scale
    for rounded in ("none", "target", "all"):
        for used in simple(factors[1:]):
            tolerance = {
                "none": exact,
                "target": target.step / 2 + exact,
                "all": _rounding(target, terms, np.array([0.0, *used])) + exact,
            }[rounded]
            if rounded != "none" and y.std() < SPREAD_PER_ERROR * tolerance:
                continue
            rest = y - sum(factor * x for factor, x in zip(used, xs, strict=True))
            if np.ptp(rest) / 2 > tolerance:
                continue
            middle = float(rest.max() + rest.min()) / 2
            intercept = _fewest_digits(middle, rest, tolerance)
            n_rows = int(present.sum())
            return _directed(target, terms, used, intercept, tolerance, n_rows)
    return None


def _fewest_digits(middle: float, rest: np.ndarray, tolerance: float) -> float:
    """The intercept with the fewest digits that keeps every row within tolerance."""
    for digits in range(9):
        value = round(middle, digits) + 0.0
        if np.abs(rest - value).max() <= tolerance:
            return value
    return middle


def _directed(
    target: Column,
    terms: list[Column],
    factors: list[float],
    intercept: float,
    tolerance: float,
    n_rows: int,
) -> Linear:
    """The rule solved for the column that is the sum of the others, if one is."""
    # All on one side: -target + factor * term + ... + intercept = 0.
    weights = dict(zip([target, *terms], [-1.0, *factors], strict=True))
    result = target
    if len(terms) > 1:
        for sign in (-1.0, 1.0):
            alone = [c for c, weight in weights.items() if np.sign(weight) == sign]
            if len(alone) == 1 and abs(weights[alone[0]]) == 1.0:
                result = alone[0]
    scale = -weights.pop(result)
    ordered = sorted(weights, key=lambda column: column.position)
    return Linear(
        NumericTarget.of(result),
        [NumericTarget.of(column) for column in ordered],
        [weights[column] / scale for column in ordered],
        intercept / scale + 0.0,
        tolerance,
        n_rows,
    )


def _solve(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares with an intercept: factors, the intercept first, and residuals."""
    centre, spread = X.mean(axis=0), X.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(X)), (X - centre) / spread])
    solution = np.linalg.lstsq(design, y, rcond=None)[0]
    factors = solution[1:] / spread
    return np.array([solution[0] - factors @ centre, *factors]), y - design @ solution


def _rounding(target: Column, terms: list[Column], factors: np.ndarray) -> float:
    """Largest error if every column was rounded to its own grid."""
    steps = np.array([term.step for term in terms])
    return target.step / 2 + float(np.abs(factors[1:]) @ steps) / 2
