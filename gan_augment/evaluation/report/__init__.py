"""report(): one page that a person who knows no GAN can decide from."""

from gan_augment.evaluation.report.build import report
from gan_augment.evaluation.report.document import Report

__all__ = ["Report", "report"]
