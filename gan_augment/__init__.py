"""GAN-based over-sampling for imbalanced data.

The packages, in the order in which data flows through them: ``encoding`` (tables and
images to arrays and back), ``networks``, ``training`` (the adversarial game), ``gans``
(the generative estimators), ``filtering`` (which synthetic rows are refused),
``mixture`` (images of a GAN beside copies),
``over_sampler`` (all of this as an imbalanced-learn sampler), ``classifier`` (a
classifier that carries a sampler), ``prior`` (how common classes are, raised and moved
back), ``comparison`` (whether it helps), ``baselines``
and ``leakage`` (what it compares with, and what it must not score), ``evaluation``
(how good the rows and the probabilities are),
``persistence`` (files) and ``mlflow`` (tracking, registry, lineage).

Names are resolved on first use, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_augment.classifier import ResampledClassifier
    from gan_augment.comparison import ResampledClassifierCV, compare
    from gan_augment.evaluation.report import report
    from gan_augment.gans import CTGAN, TVAE, ImageGAN, TabularGAN
    from gan_augment.mixture import ImageMixture
    from gan_augment.over_sampler import GANOverSampler

__version__ = "0.1.0"
__all__ = [
    "CTGAN",
    "TVAE",
    "GANOverSampler",
    "ImageGAN",
    "ImageMixture",
    "ResampledClassifier",
    "ResampledClassifierCV",
    "TabularGAN",
    "compare",
    "report",
]

_HOME = {
    "CTGAN": "gan_augment.gans",
    "TVAE": "gan_augment.gans",
    "GANOverSampler": "gan_augment.over_sampler",
    "ImageGAN": "gan_augment.gans",
    "ImageMixture": "gan_augment.mixture",
    "ResampledClassifier": "gan_augment.classifier",
    "ResampledClassifierCV": "gan_augment.comparison",
    "TabularGAN": "gan_augment.gans",
    "compare": "gan_augment.comparison",
    "report": "gan_augment.evaluation.report",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name == "mlflow":
        return import_module("gan_augment.mlflow")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "mlflow"])
