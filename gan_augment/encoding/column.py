"""One column of a table: its name, its dtype, and the kind that models it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.kinds import ColumnKind, ColumnSample, fit_kind
from gan_augment.encoding.values import cast, fill_missing, is_missing


@dataclass(eq=False)
class TableColumn:
    """One column of the table.

    Parameters
    ----------
    name : object
        Name of the column, or its position in an array.
    dtype : dtype
        Dtype in which the column came, and goes back.
    kind : ColumnKind
        Values <-> numbers <-> encoded cells.
    missing_value : object
        What stands for a missing value in a column of dtype object: the first one.
    cell_type : str
        Of a column of objects that are modelled as numbers or dates: the name of
        their class, or of one of several. Empty is the class that pandas gives.
    """

    name: Hashable
    dtype: Any
    kind: ColumnKind
    missing_value: Any = np.nan
    cell_type: str = ""

    @classmethod
    def of(
        cls,
        series: pd.Series,
        classes: np.ndarray,
        weights: np.ndarray,
        *,
        categorical: bool,
        max_categories: int,
        identifiers: str,
    ) -> TableColumn:
        """Fit to a column, given the class index and the weight of every row."""
        values = _inferred(series)
        kind = fit_kind(
            ColumnSample(
                values,
                classes,
                weights,
                categorical=categorical,
                max_categories=max_categories,
                identifiers=identifiers,
            )
        )
        missing = series.array[is_missing(series)]
        missing_value = missing[0] if len(missing) else np.nan
        if isinstance(missing_value, np.datetime64 | np.timedelta64):
            missing_value = pd.NaT
        cell_type = "" if values is series else _cell_type(series)
        return cls(series.name, series.dtype, kind, missing_value, cell_type)

    def to_numbers(self, series: pd.Series) -> np.ndarray:
        """Number or level code of every value, NaN where missing."""
        series = _inferred(series)
        n_missing = 0 if self.kind.nullable else int(is_missing(series).sum())
        if n_missing:
            raise ValueError(
                f"Column {self.name!r} must have no missing values, as in fit. Got "
                f"{n_missing}. Fit again on rows that include some."
            )
        return self.kind.to_numbers(series)

    def extremes(self) -> np.ndarray:
        """Numbers that the values had, and NaN if one may be missing."""
        known = self.kind.known_numbers()
        missing = self.kind.nullable or not len(known)
        return np.append(known, [np.nan] * missing)

    def from_numbers(self, numbers: np.ndarray, rng: np.random.Generator) -> pd.Series:
        """The column, in its own dtype, for numbers or level codes."""
        series = cast(self.kind.to_values(numbers, rng), self.dtype)
        if self.dtype == object:  # None stays None
            if self.cell_type in _CELLS:
                series = _of_cells(series, _CELLS[self.cell_type])
            series = fill_missing(series, is_missing(series), self.missing_value)
        series.name = self.name
        return series


# Classes of the cells that pandas gives back.
PANDAS_CELLS = {"float", "int", "Timestamp", "Timedelta"}
# Class of objects -> how pandas' own object becomes one of them. Python's numbers are
# what pandas gives.
_CELLS: dict[str, Callable[[Any], Any]] = {
    "datetime": lambda cell: cell.to_pydatetime(warn=False),
    "timedelta": lambda cell: cell.to_pytimedelta(),
    "datetime64": lambda cell: cell.to_datetime64(),
    "timedelta64": lambda cell: cell.to_timedelta64(),
    **{name: getattr(np, name) for name in ("float16", "float32", "float64")},
    **{
        f"{sign}int{bits}": getattr(np, f"{sign}int{bits}")
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}


def _cell_type(series: pd.Series) -> str:
    """Name of a class of the cells that are not missing; empty for pandas' own."""
    names = {type(cell).__name__ for cell in series.array[~is_missing(series)]}
    return "" if names & PANDAS_CELLS else min(names, default="")


def _of_cells(series: pd.Series, convert: Callable[[Any], Any]) -> pd.Series:
    cells = np.empty(len(series), dtype=object)
    missing = is_missing(series)
    cells[:] = [
        cell if gone else convert(cell)
        for cell, gone in zip(series.array, missing, strict=True)
    ]
    return pd.Series(cells, name=series.name, dtype=object)


def _inferred(series: pd.Series) -> pd.Series:
    """An object column as the numbers or dates that it holds, if it holds one kind."""
    if series.dtype != object:
        return series
    missing = is_missing(series)  # in any way: pandas infers nothing beside pd.NA
    kind = pd.api.types.infer_dtype(series[~missing])
    if kind == "floating":
        return series.mask(missing, np.nan).astype(np.float64)
    if kind == "integer":
        try:
            # Comes back as int, with missing values, too.
            return series.mask(missing, pd.NA).astype("Int64")
        except (OverflowError, TypeError):
            return series  # larger than any integer dtype: levels
    if kind.startswith(("datetime", "timedelta")):
        inferred = series.mask(missing, pd.NaT).infer_objects()
        # Before 1677, or of several time zones: levels.
        return series if inferred.dtype == object else inferred
    return series
