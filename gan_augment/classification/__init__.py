"""A classifier that is trained on resampled rows and gives real probabilities."""

from gan_augment.classification.classifier import ResampledClassifier

__all__ = ["ResampledClassifier"]
