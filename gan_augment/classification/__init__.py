"""Classifiers that are trained on resampled rows, or taught by synthetic ones."""

from gan_augment.classification.classifier import ResampledClassifier
from gan_augment.classification.distilled import DistilledClassifier

__all__ = ["DistilledClassifier", "ResampledClassifier"]
