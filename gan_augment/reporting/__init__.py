"""report(): one page with a verdict, for readers without knowledge of GANs."""

from gan_augment.reporting.build import report
from gan_augment.reporting.document import Report

__all__ = ["Report", "report"]
