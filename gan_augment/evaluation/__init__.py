"""How good synthetic rows are, and classifiers: pure functions, real then synthetic."""

from gan_augment.evaluation.fidelity import c2st, density_coverage
from gan_augment.evaluation.privacy import closest_record_ratio
from gan_augment.evaluation.scores import classifier_scores

__all__ = ["c2st", "classifier_scores", "closest_record_ratio", "density_coverage"]
