"""One column of a table: its values, their numbers or codes, and its encoded cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from gan_augment.encoding.cells import OneHotCells, RankCells
from gan_augment.encoding.values import (
    CategoricalDomain,
    NumericDomain,
    cast,
    fill_missing,
    is_missing,
    is_numeric,
)

# A level of fewer rows says nothing of its class.
FEWEST_ROWS = 5


@dataclass(eq=False)
class TableColumn:
    """One column of the table: its values, their codes and their encoded cells.

    Parameters
    ----------
    name : object
        Name of the column, or its position in an array.
    dtype : dtype
        Dtype in which the column came, and goes back.
    domain : NumericDomain or CategoricalDomain
        Values <-> numbers or level codes.
    cells : RankCells or OneHotCells
        Numbers or level codes <-> encoded cells.
    missing_value : object
        What stands for a missing value in a column of dtype object: the first one.
    """

    name: Any
    dtype: Any
    domain: NumericDomain | CategoricalDomain
    cells: RankCells | OneHotCells
    missing_value: Any = np.nan

    def __post_init__(self) -> None:
        if isinstance(self.cells, OneHotCells):
            n_levels = len(getattr(self.domain, "levels", ()))
            if n_levels != self.cells.n_levels:
                raise ValueError(f"{self.cells.n_levels} cells for {n_levels} levels.")

    @classmethod
    def of(
        cls,
        series: pd.Series,
        classes: np.ndarray,
        weights: np.ndarray,
        *,
        categorical: bool,
        max_categories: int,
    ) -> TableColumn:
        """Fit to a column, given the class index and the weight of every row."""
        domain: NumericDomain | CategoricalDomain
        cells: RankCells | OneHotCells
        values = _inferred(series)
        if not categorical and is_numeric(values):
            domain = NumericDomain.of(values)
            numbers = domain.to_numbers(values)
            if np.isinf(numbers).any():
                raise ValueError(
                    f"Column {series.name!r} must hold finite numbers or missing "
                    "values. Got inf. Replace infinite values, for example by NaN."
                )
            cells = RankCells.of(numbers, weights)
        else:
            domain = CategoricalDomain.of(values)
            codes = domain.to_codes(values)
            if len(domain.levels) <= max_categories:
                cells = OneHotCells(len(domain.levels), bool((codes < 0).any()))
            else:
                order, alike = _order_by_class(codes, classes, len(domain.levels))
                domain.levels = domain.levels.take(order)
                ranks = _as_numbers(domain.to_codes(values))
                cells = RankCells.of(ranks, weights, atoms_only=True, alike=alike)
        missing = series.array[is_missing(series)]
        missing_value = missing[0] if len(missing) else np.nan
        return cls(series.name, series.dtype, domain, cells, missing_value)

    @property
    def kind(self) -> Literal["numeric", "categorical", "high-cardinality"]:
        """How the column is modelled."""
        if isinstance(self.domain, NumericDomain):
            return "numeric"
        one_hot = isinstance(self.cells, OneHotCells)
        return "categorical" if one_hot else "high-cardinality"

    def to_numbers(self, series: pd.Series) -> np.ndarray:
        """Number or level code of every value, NaN where missing."""
        series = _inferred(series)
        n_missing = 0 if self.cells.nullable else int(is_missing(series).sum())
        if n_missing:
            raise ValueError(
                f"Column {self.name!r} must have no missing values, as in fit. Got "
                f"{n_missing}. Fit again on rows that include some."
            )
        if isinstance(self.domain, NumericDomain):
            return self.domain.to_numbers(series)
        codes = self.domain.to_codes(series)
        if (codes == -2).any():
            unknown = series[codes == -2].iloc[0]
            raise ValueError(
                f"Column {self.name!r} must hold levels that were seen in fit. Got "
                f"{unknown!r}. Fit again on rows that include it."
            )
        return _as_numbers(codes)

    def from_numbers(self, numbers: np.ndarray) -> pd.Series:
        """The column, in its own dtype, for numbers or level codes."""
        if isinstance(self.domain, CategoricalDomain):
            numbers = np.nan_to_num(numbers, nan=-1.0).round().astype(np.intp)
        series = cast(self.domain.to_series(numbers), self.dtype)
        if self.dtype == object:  # None stays None
            series = fill_missing(series, is_missing(series), self.missing_value)
        series.name = self.name
        return series


def _inferred(series: pd.Series) -> pd.Series:
    """An object column as the numbers or dates that it holds, if it holds one kind."""
    if series.dtype != object:
        return series
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind == "floating":
        return series.astype(np.float64)
    if kind == "integer":
        try:
            return series.astype("Int64")  # comes back as int, with missing values too
        except (OverflowError, TypeError):
            return series  # larger than any integer dtype: levels
    if kind.startswith(("datetime", "timedelta")):
        return series.infer_objects()
    return series


def _as_numbers(codes: np.ndarray) -> np.ndarray:
    return np.where(codes < 0, np.nan, codes.astype(np.float64))


def _order_by_class(
    codes: np.ndarray, classes: np.ndarray, n_levels: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Levels by the first axis of a correspondence analysis of level and class.

    For two classes this is the order of the share of one of them, as in target
    encoding; levels that are alike to a classifier become neighbours on the scale.
    The fewer rows a level has, the more it gives their class away, as an identifier
    does. So levels of few rows are taken to be average, and the range of their
    positions is given too; the others are judged without their most telling row.
    """
    known = codes >= 0
    counts = np.zeros((n_levels, classes.max() + 1))
    np.add.at(counts, (codes[known], classes[known]), 1.0)
    per_row = 1.0 / np.maximum(counts.sum(axis=0), 1.0)
    few = counts.sum(axis=1) < FEWEST_ROWS
    counts[np.arange(n_levels), (counts * per_row).argmax(axis=1)] -= 1.0
    counts[few] = 0.0
    balanced = counts * per_row
    mass = balanced.sum(axis=1, keepdims=True)
    average = balanced.sum(axis=0) / max(mass.sum(), per_row.min())
    profile = np.divide(
        balanced, mass, out=np.tile(average, (n_levels, 1)), where=mass > 0
    )
    centred = profile - average
    axis = np.linalg.svd(centred * np.sqrt(mass), full_matrices=False)[2][0]
    order = np.lexsort((few, centred @ axis))
    first = int(np.argmax(few[order]))
    return order, (first, first + int(few.sum()))
