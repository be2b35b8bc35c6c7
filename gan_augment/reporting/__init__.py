"""report(): one page that a person who knows no GAN can decide from."""

from gan_augment.reporting.build import report
from gan_augment.reporting.document import Report

__all__ = ["Report", "report"]
