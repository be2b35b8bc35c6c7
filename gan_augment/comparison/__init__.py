"""Whether over-sampling helps: the same folds for every way of handling imbalance."""

from gan_augment.comparison.result import Comparison
from gan_augment.comparison.run import compare

__all__ = ["Comparison", "compare"]
