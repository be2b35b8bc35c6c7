"""Generative estimators: ``fit(X, y)``, ``sample(n_samples, label=...)``."""

from gan_augment.gans.adversarial import BaseGAN
from gan_augment.gans.base import BaseSynthesizer
from gan_augment.gans.ctgan import CTGAN, TVAE
from gan_augment.gans.image import ImageGAN
from gan_augment.gans.tabular import TabularGAN

# Every generative estimator by its short name.
GANS: dict[str, type[BaseSynthesizer]] = {
    "tabular": TabularGAN,
    "image": ImageGAN,
    "ctgan": CTGAN,
    "tvae": TVAE,
}

__all__ = [
    "CTGAN",
    "GANS",
    "TVAE",
    "BaseGAN",
    "BaseSynthesizer",
    "ImageGAN",
    "TabularGAN",
]
