"""Generative estimators: ``fit(X, y)``, ``sample(n_samples, label=...)``."""

from gan_augment.gans.adversarial import BaseGAN
from gan_augment.gans.base import BaseSynthesizer
from gan_augment.gans.ctgan import CTGAN, TVAE
from gan_augment.gans.image import ImageGAN
from gan_augment.gans.loading import load
from gan_augment.gans.registered import GANS, register_gan
from gan_augment.gans.tabular import TabularGAN

__all__ = [
    "CTGAN",
    "GANS",
    "TVAE",
    "BaseGAN",
    "BaseSynthesizer",
    "ImageGAN",
    "TabularGAN",
    "load",
    "register_gan",
]
