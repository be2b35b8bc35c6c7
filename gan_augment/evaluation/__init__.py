"""How good synthetic rows are: pure functions of encoded rows, real then synthetic."""

from gan_augment.evaluation.fidelity import c2st, density_coverage
from gan_augment.evaluation.privacy import closest_record_ratio

__all__ = ["c2st", "closest_record_ratio", "density_coverage"]
