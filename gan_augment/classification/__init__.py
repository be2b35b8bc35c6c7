"""Classifiers that are trained on resampled rows or on labelled synthetic rows."""

from gan_augment.classification.classifier import ResampledClassifier
from gan_augment.classification.distilled import DistilledClassifier
from gan_augment.classification.prior import default_strategy
from gan_augment.classification.vote import make_table_classifier

__all__ = [
    "DistilledClassifier",
    "ResampledClassifier",
    "default_strategy",
    "make_table_classifier",
]
