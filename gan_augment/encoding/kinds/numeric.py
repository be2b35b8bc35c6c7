"""Numbers, dates and durations: one standard normal cell."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from gan_augment.encoding.cells import RankCells
from gan_augment.encoding.kinds.base import ColumnKind, ColumnSample
from gan_augment.encoding.schema import Span
from gan_augment.encoding.values import NumericDomain, is_numeric


class ScoreKind(ColumnKind):
    """Base of the kinds whose cells are a normal score, and two for missing values."""

    state_classes: ClassVar[tuple[type, ...]] = (RankCells,)
    cells: RankCells

    @property
    def nullable(self) -> bool:
        """Whether missing values were seen."""
        return self.cells.nullable

    @property
    def width(self) -> int:
        """Number of cells: a score unless constant, and two when nullable."""
        return self.cells.width

    def spans(self, column: int, start: int) -> list[Span]:
        """A scalar unless constant, and whether the value is there when nullable."""
        found = []
        nullable = self.nullable and self.width > 0
        if not self.cells.constant:
            present = start + 1 if nullable else None
            found.append(Span(column, "scalar", start, 1, present))
        if nullable:
            found.append(Span(column, "one_hot", start + self.width - 2, 2))
        return found

    def cell_names(self) -> list[tuple[str, Hashable]]:
        """The score, and whether the value is there."""
        score = [] if self.cells.constant else ["score"]
        presence = ["present", "missing"] if self.nullable else []
        names: list[tuple[str, Hashable]] = [(n, None) for n in (*score, *presence)]
        return names[: self.width]

    def quantize(self, numbers: np.ndarray) -> np.ndarray:
        """Position of each number among the training numbers, -1 where missing."""
        return self.cells.quantize(numbers)

    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Cells of shape (n_rows, width); without `rng`, mid-ranks."""
        return self.cells.dequantize(codes, rng)

    def restore(self, cells: np.ndarray) -> np.ndarray:
        """Numbers of cells of shape (n_rows, width), NaN where missing."""
        return self.cells.restore(cells)


@dataclass(eq=False)
class NumericKind(ScoreKind):
    """Numbers, dates and durations.

    Parameters
    ----------
    domain : NumericDomain
        Values <-> numbers.
    cells : RankCells
        Numbers <-> cells.
    """

    domain: NumericDomain
    cells: RankCells

    name = "numeric"
    state_classes: ClassVar[tuple[type, ...]] = (
        *ScoreKind.state_classes,
        NumericDomain,
    )
    is_discrete = False

    @classmethod
    def accepts(cls, sample: ColumnSample) -> bool:
        """Whether a column holds numbers, dates or durations."""
        return not sample.categorical and is_numeric(sample.values)

    @classmethod
    def fit(cls, sample: ColumnSample) -> Self:
        """Find the grid of the column, and its distribution."""
        domain = NumericDomain.of(sample.values)
        numbers = domain.to_numbers(sample.values)
        if np.isinf(numbers).any():
            raise ValueError(
                f"Column {sample.values.name!r} must hold finite numbers or missing "
                "values. Got inf. Replace infinite values, for example by NaN."
            )
        return cls(domain, RankCells.of(numbers, sample.weights))

    def to_numbers(self, values: pd.Series) -> np.ndarray:
        """Values on the grid of the column."""
        return self.domain.to_numbers(values)

    def to_values(self, numbers: np.ndarray, rng: np.random.Generator) -> pd.Series:
        """Values of numbers, rounded to the grid."""
        return self.domain.to_series(numbers)

    def known_numbers(self) -> np.ndarray:
        """The smallest and the largest number."""
        distinct = self.cells.distinct
        return np.concatenate([distinct[:1], distinct[-1:]])
