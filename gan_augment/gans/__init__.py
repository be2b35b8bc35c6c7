"""Generative estimators: ``fit(X, y)``, ``sample(n_samples, label=...)``."""

from gan_augment.gans.base import BaseGAN
from gan_augment.gans.tabular import TabularGAN

__all__ = ["BaseGAN", "TabularGAN"]
