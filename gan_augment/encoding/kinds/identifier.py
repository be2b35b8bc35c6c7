"""Columns that name rows: nothing of them is learned, and fresh values come back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from gan_augment.encoding.cells import OneHotCells
from gan_augment.encoding.kinds.base import ColumnKind, ColumnSample
from gan_augment.encoding.patterns import (
    PATTERN_CLASSES,
    IntegerPattern,
    TextPattern,
)
from gan_augment.encoding.regions import Share
from gan_augment.encoding.schema import Span
from gan_augment.encoding.values import cast, is_missing


@dataclass(eq=False)
class IdentifierKind(ColumnKind):
    """Values that name rows, of which no network learns more than where they are.

    Parameters
    ----------
    dtype : dtype
        Dtype of the training values.
    pattern : TextPattern or IntegerPattern
        Gives values that the training rows do not have.
    cells : OneHotCells
        Whether a value is there, if some are missing.
    is_left_out : bool
        Whether the decoded column is left out of the rows.
    """

    dtype: Any
    pattern: TextPattern | IntegerPattern
    cells: OneHotCells
    is_left_out: bool = False

    name = "identifier"
    state_classes = (OneHotCells, *PATTERN_CLASSES)

    def __post_init__(self) -> None:
        if self.cells.n_levels != 1:
            raise ValueError(
                f"`n_levels` of an identifier must be 1. Got {self.cells.n_levels}."
            )

    @classmethod
    def accepts(cls, sample: ColumnSample) -> bool:
        """Whether a column names rows, and is not to be kept."""
        return sample.names_rows

    @classmethod
    def fit(cls, sample: ColumnSample) -> Self:
        """Learn the pattern of the values."""
        missing = is_missing(sample.values)
        present = sample.values[~missing].unique()
        pattern: TextPattern | IntegerPattern
        if pd.api.types.infer_dtype(present, skipna=True) == "integer":
            smallest, largest = range_of(sample.values.dtype)
            if len(present) > largest - smallest:
                raise ValueError(
                    f"Column {sample.values.name!r} must have a dtype with room for "
                    f"fresh identifiers. Got {sample.values.dtype}, all of whose "
                    "numbers are taken. Convert it to int64, or set "
                    "identifiers='keep'."
                )
            values = [int(value) for value in present]
            pattern = IntegerPattern.of(values, smallest, largest)
        else:
            name = sample.values.name
            pattern = TextPattern.of([str(value) for value in present], name)
        return cls(
            sample.values.dtype,
            pattern,
            OneHotCells(1, bool(missing.any())),
            sample.identifiers == "drop",
        )

    def share(self, rows: Share) -> Self:
        """The kind for some rows: its values differ from those of all other rows."""
        return replace(self, pattern=self.pattern.share(rows))

    @property
    def nullable(self) -> bool:
        """Whether missing values were seen."""
        return self.cells.nullable

    @property
    def width(self) -> int:
        """Two cells if some values are missing, otherwise none."""
        return self.cells.width

    def spans(self, column: int, start: int) -> list[Span]:
        """Whether a value is there, if some are missing."""
        return [Span(column, "one_hot", start, self.width)] if self.width else []

    def to_numbers(self, values: pd.Series) -> np.ndarray:
        """0 for a value, NaN where it is missing."""
        return np.where(is_missing(values), np.nan, 0.0)

    def to_values(self, numbers: np.ndarray, rng: np.random.Generator) -> pd.Series:
        """Values that differ from each other and from all training values."""
        missing = np.isnan(numbers)
        values = np.empty(len(missing), dtype=object)
        values[:] = None
        values[~missing] = self.pattern.draw(int((~missing).sum()), rng)
        series = pd.Series(values, dtype=object)
        if isinstance(self.pattern, IntegerPattern) and not missing.any():
            return cast(pd.Series(values.tolist(), dtype=self.dtype), self.dtype)
        return cast(series, self.dtype)

    def quantize(self, numbers: np.ndarray) -> np.ndarray:
        """0 for a value, -1 where it is missing."""
        return self.cells.quantize(numbers)

    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Cells of shape (n_rows, width); nothing is random here."""
        return self.cells.dequantize(codes, rng)

    def restore(self, cells: np.ndarray) -> np.ndarray:
        """0 for a value, NaN where it is missing."""
        return self.cells.restore(cells)


def range_of(dtype: Any) -> tuple[int, int]:
    """The smallest and the largest whole number of a dtype; of objects, of 64 bits."""
    numpy_dtype = getattr(dtype, "numpy_dtype", dtype)
    if not isinstance(numpy_dtype, np.dtype) or numpy_dtype.kind not in "iu":
        numpy_dtype = np.dtype(np.int64)
    limits = np.iinfo(numpy_dtype)
    return int(limits.min), int(limits.max)
