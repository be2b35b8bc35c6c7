"""Columns of many levels: one standard normal cell, levels ordered by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from gan_augment.encoding.cells import RankCells
from gan_augment.encoding.kinds.base import ColumnSample
from gan_augment.encoding.kinds.levels import LevelKind, as_numbers
from gan_augment.encoding.kinds.numeric import ScoreKind
from gan_augment.encoding.values import CategoricalDomain

# A level of fewer rows says nothing about its class.
FEWEST_ROWS = 5


@dataclass(eq=False)
class HighCardinalityKind(LevelKind, ScoreKind):
    """Many levels, ordered by class.

    Parameters
    ----------
    domain : CategoricalDomain
        Values <-> codes of levels.
    cells : RankCells
        Codes of levels <-> cells.
    """

    domain: CategoricalDomain
    cells: RankCells

    name = "high-cardinality"
    state_classes: ClassVar[tuple[type, ...]] = (
        *LevelKind.state_classes,
        *ScoreKind.state_classes,
    )

    def __post_init__(self) -> None:
        codes = np.arange(len(self.domain.levels))
        if not np.array_equal(self.cells.distinct, codes):
            raise ValueError(
                f"{len(self.cells.distinct)} codes of {len(codes)} levels."
            )

    @classmethod
    def accepts(cls, sample: ColumnSample) -> bool:
        """Whether a column has more levels than a one-hot span takes."""
        return len(sample.levels.levels) > sample.max_categories

    @classmethod
    def fit(cls, sample: ColumnSample) -> Self:
        """Collect the levels, and order them by class."""
        domain = sample.levels
        codes = domain.to_codes(sample.values)
        order, alike = _order_by_class(codes, sample.classes, len(domain.levels))
        domain.levels = domain.levels.take(order)
        ranks = as_numbers(domain.to_codes(sample.values))
        cells = RankCells.of(ranks, sample.weights, atoms_only=True, alike=alike)
        return cls(domain, cells)


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
