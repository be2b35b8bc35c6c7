"""Displays in scikit-learn's convention; matplotlib is imported when one is drawn."""

from gan_augment.evaluation.displays.comparison import (
    CalibrationCurvesDisplay,
    ComparisonDisplay,
)
from gan_augment.evaluation.displays.images import ImageGridDisplay
from gan_augment.evaluation.displays.records import ClosestRecordDisplay
from gan_augment.evaluation.displays.tables import MarginalsDisplay, ProjectionDisplay
from gan_augment.evaluation.displays.training import TrainingCurvesDisplay

__all__ = [
    "CalibrationCurvesDisplay",
    "ClosestRecordDisplay",
    "ComparisonDisplay",
    "ImageGridDisplay",
    "MarginalsDisplay",
    "ProjectionDisplay",
    "TrainingCurvesDisplay",
]
