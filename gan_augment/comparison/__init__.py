"""Measure whether over-sampling helps, on the same folds for every arm."""

from gan_augment.comparison.result import Comparison
from gan_augment.comparison.run import compare
from gan_augment.comparison.selection import ResampledClassifierCV

__all__ = ["Comparison", "ResampledClassifierCV", "compare"]
