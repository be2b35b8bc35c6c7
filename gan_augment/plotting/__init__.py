"""Displays in scikit-learn's convention; matplotlib is imported when one is drawn."""

from gan_augment.plotting.comparison import CalibrationCurvesDisplay, ComparisonDisplay
from gan_augment.plotting.images import ImageGridDisplay
from gan_augment.plotting.records import ClosestRecordDisplay
from gan_augment.plotting.tables import MarginalsDisplay, ProjectionDisplay
from gan_augment.plotting.training import TrainingCurvesDisplay

__all__ = [
    "CalibrationCurvesDisplay",
    "ClosestRecordDisplay",
    "ComparisonDisplay",
    "ImageGridDisplay",
    "MarginalsDisplay",
    "ProjectionDisplay",
    "TrainingCurvesDisplay",
]
