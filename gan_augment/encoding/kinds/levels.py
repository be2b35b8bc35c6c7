"""What the kinds of columns that hold levels share."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.kinds.base import ColumnKind
from gan_augment.encoding.values import CategoricalDomain


class LevelKind(ColumnKind):
    """Base of the kinds whose numbers are codes of the levels seen in training."""

    state_classes: ClassVar[tuple[type, ...]] = (CategoricalDomain,)
    domain: CategoricalDomain

    def to_numbers(self, values: pd.Series) -> np.ndarray:
        """Codes of levels, NaN where missing; a ValueError for a new level."""
        codes = self.domain.to_codes(values)
        if (codes == -2).any():
            unknown: Any = values[codes == -2].iloc[0]
            raise ValueError(
                f"Column {values.name!r} must hold levels that were seen in fit. Got "
                f"{unknown!r}. Fit again on rows that include it."
            )
        return as_numbers(codes)

    def to_values(self, numbers: np.ndarray, rng: np.random.Generator) -> pd.Series:
        """Levels of codes."""
        codes = np.nan_to_num(numbers, nan=-1.0).round().astype(np.intp)
        return self.domain.to_series(codes)

    def known_numbers(self) -> np.ndarray:
        """Codes of all levels."""
        return np.arange(len(self.domain.levels), dtype=np.float64)


def as_numbers(codes: np.ndarray) -> np.ndarray:
    """Codes as plain numbers, NaN where missing."""
    return np.where(codes < 0, np.nan, codes.astype(np.float64))
