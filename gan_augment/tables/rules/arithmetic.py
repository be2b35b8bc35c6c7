"""What the rules share that compute a number from others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.tables.rules.columns import Column, to_numbers
from gan_augment.tables.rules.rule import ComputedRule
from gan_augment.tables.rules.target import NumericTarget

# Fewest rows in which all columns are present.
FEWEST_ROWS = 50
# Tables of more numeric columns are not searched for products and functions.
MOST_COLUMNS = 60
# A rounding error must be so much smaller than what is explained.
SPREAD_PER_ERROR = 5.0
# Relative error of floating-point arithmetic.
EXACT = 1e-9


class Arithmetic(ComputedRule):
    """A number that follows from other columns, within rounding.

    A subclass has the fields below, and the method `_expected`.
    """

    kind: ClassVar[str] = "arithmetic"

    # The column that follows.
    result: NumericTarget
    # Largest difference that is rounding.
    tolerance: float
    # Real rows in which all columns are present.
    n_rows: int

    @abstractmethod
    def _expected(self, frame: pd.DataFrame) -> np.ndarray:
        """The number in each row, NaN where a source is missing."""

    @property
    def target(self) -> Hashable:
        """Name of the column that follows from the others."""
        return self.result.name

    @property
    def support(self) -> int:
        """Rows in which the arithmetic was checked."""
        return self.n_rows

    @property
    def coarseness(self) -> float:
        """What is rounded, as a share of the range of the target."""
        low, high = self.result.bounds
        return self.tolerance / (high - low)

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        error = np.abs(to_numbers(frame[self.target]) - self._expected(frame))
        return error > self.tolerance

    def move_inside(
        self, rows: pd.DataFrame, source: NumericTarget, solved: np.ndarray
    ) -> None:
        """Change a source, in place, where the target would leave its range.

        Parameters
        ----------
        rows : DataFrame of shape (n_rows, n_columns)
            Rows whose target is not computed yet.
        source : NumericTarget
            The source.
        solved : ndarray of shape (n_rows,)
            What it must be for the target to be at an end of its range. On the grid of
            the source, the next value may be the last one inside.
        """
        for shift in (0.0, source.step, -source.step):
            outside = self.result.outside(self._expected(rows)) & np.isfinite(solved)
            if not outside.any():
                break
            numbers = np.where(outside, solved + shift, to_numbers(rows[source.name]))
            rows[source.name] = source.to_series(numbers, rows.index)

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The target column for rows that hold the sources, in its own dtype."""
        return self.result.to_series(self._expected(frame), frame.index)


def plain_factor(
    target: Column, product: np.ndarray, mixed: np.ndarray
) -> tuple[float, float, int] | None:
    """Find what a product is multiplied by to give a column in all rows.

    Parameters
    ----------
    target : Column
        The column.
    product : ndarray of shape (n_rows,)
        The product, NaN where it has no value.
    mixed : ndarray of shape (n_rows,)
        The product of values of different rows. If it needs more decimals than the
        column has, the column is rounded, although the real rows do not show it: a
        count is the product of a share and a total, but not of any share and any total.

    Returns
    -------
    found : tuple of float, float and int, or None
        The factor with the fewest digits, the smallest tolerance, and the number of
        rows. None if no factor gives the column within rounding.
    """
    y = target.values
    present = np.isfinite(y) & np.isfinite(product)
    y, product = y[present], product[present]
    if len(y) < FEWEST_ROWS or not (product != 0).any():
        return None
    exact = EXACT * np.abs(y).max()
    largest = int(np.argmax(np.abs(product)))

    def fits(values: np.ndarray) -> bool:
        if not target.step:
            return True
        finite = values[np.isfinite(values)]
        rounded = np.rint(finite / target.step) * target.step
        return not (np.abs(finite - rounded) > exact).any()

    for (factor,) in simple(np.array([y[largest] / product[largest]])):
        error = np.abs(y - factor * product).max()
        rounds = target.step / 2 + exact
        for tolerance in (exact, rounds) if fits(factor * mixed) else (rounds,):
            spread = SPREAD_PER_ERROR * (0.0 if tolerance == exact else tolerance)
            if factor and error <= tolerance and y.std() >= max(spread, 1e-300):
                return factor, tolerance, len(y)
    return None


def simple(factors: np.ndarray) -> Iterator[list[float]]:
    """Factors as small fractions, with few digits, then as they are."""
    for largest in (1, 12, 60):
        fractions = [Fraction(factor).limit_denominator(largest) for factor in factors]
        if all(fractions):
            yield [float(fraction) for fraction in fractions]
    for digits in range(2, 9):
        yield [float(f"{factor:.{digits}g}") for factor in factors]
    yield factors.tolist()
