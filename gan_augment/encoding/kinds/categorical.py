"""Columns of few levels: a one-hot span, with a cell for missing values."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from gan_augment.encoding.cells import OneHotCells
from gan_augment.encoding.kinds.base import ColumnSample
from gan_augment.encoding.kinds.levels import LevelKind
from gan_augment.encoding.schema import Span
from gan_augment.encoding.values import CategoricalDomain


@dataclass(eq=False)
class CategoricalKind(LevelKind):
    """Few levels.

    Parameters
    ----------
    domain : CategoricalDomain
        Values <-> codes of levels.
    cells : OneHotCells
        Codes of levels <-> cells.
    """

    domain: CategoricalDomain
    cells: OneHotCells

    name = "categorical"
    state_classes: ClassVar[tuple[type, ...]] = (*LevelKind.state_classes, OneHotCells)

    def __post_init__(self) -> None:
        n_levels = len(self.domain.levels)
        if n_levels != self.cells.n_levels:
            raise ValueError(f"{self.cells.n_levels} cells for {n_levels} levels.")

    @classmethod
    def accepts(cls, sample: ColumnSample) -> bool:
        """Whether a column has few levels."""
        return len(sample.levels.levels) <= sample.max_categories

    @classmethod
    def fit(cls, sample: ColumnSample) -> Self:
        """Collect the levels."""
        domain = sample.levels
        missing = bool((domain.to_codes(sample.values) < 0).any())
        return cls(domain, OneHotCells(len(domain.levels), missing))

    @property
    def nullable(self) -> bool:
        """Whether missing values were seen."""
        return self.cells.nullable

    @property
    def width(self) -> int:
        """Number of cells: one a level, none when constant."""
        return self.cells.width

    def spans(self, column: int, start: int) -> list[Span]:
        """One one-hot span, none when constant."""
        return [Span(column, "one_hot", start, self.width)] if self.width else []

    def cell_names(self) -> list[tuple[str, Hashable]]:
        """One a level, and one for missing values."""
        names: list[tuple[str, Hashable]] = [
            ("level", level) for level in self.domain.levels.tolist()
        ]
        return [*names, ("missing", None)][: self.width]

    def quantize(self, numbers: np.ndarray) -> np.ndarray:
        """The codes themselves, -1 where missing."""
        return self.cells.quantize(numbers)

    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Cells of shape (n_rows, width); nothing is random here."""
        return self.cells.dequantize(codes, rng)

    def restore(self, cells: np.ndarray) -> np.ndarray:
        """Codes of cells of shape (n_rows, width), NaN where missing."""
        return self.cells.restore(cells)
