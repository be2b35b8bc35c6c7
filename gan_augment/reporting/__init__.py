"""report(): one page with a verdict, for readers who know no GAN."""

from gan_augment.reporting.build import report
from gan_augment.reporting.document import Report

__all__ = ["Report", "report"]
