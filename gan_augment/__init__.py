"""GAN-based over-sampling for imbalanced data.

The packages, in the order in which data flows through them:

- ``tables``: checks and rules of a table, before anything is trained;
- ``datasets``: rows to train on, drawn from data that does not fit into memory;
- ``encoding``: tables and images to arrays, and back;
- ``networks``: generators and discriminators, as torch modules;
- ``training``: the adversarial training loop, its losses and callbacks;
- ``images``: reading and writing of images, and measures of their quality;
- ``gans``: generative estimators with ``fit`` and ``sample``;
- ``over_sampling``: the over-sampler, and refinements of the rows that a GAN draws;
- ``classification``: classifiers that are trained on resampled rows;
- ``comparison``: whether over-sampling helps, on the same folds for every method;
- ``forecasting``: the time and the memory of a training, before it begins;
- ``metrics`` and ``plotting``: how good synthetic rows are, in numbers and in figures;
- ``reporting``: one page with a verdict;
- ``scaling``: synthetic rows of data that does not fit into memory, on any engine;
- ``mlflow``: tracking, registry, serving.

``events`` notifies listeners of what runs, ``progress`` shows it as a bar,
``persistence`` reads and writes files, ``seeding`` makes random generators, ``threads``
limits the threads of a fit, and ``memory`` measures the free memory.

Names are resolved on first use, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan_augment.classification import DistilledClassifier, ResampledClassifier
    from gan_augment.comparison import ResampledClassifierCV, compare
    from gan_augment.forecasting import forecast
    from gan_augment.gans import CTGAN, TVAE, ImageGAN, TabularGAN, load
    from gan_augment.memory import MemoryWarning
    from gan_augment.over_sampling import GANOverSampler, ImageMixture
    from gan_augment.reporting import report
    from gan_augment.scaling import over_sample
    from gan_augment.tables import TableWarning, check_table
    from gan_augment.tables.rules import Rules

__version__ = "0.2.0"
__all__ = [
    "CTGAN",
    "TVAE",
    "DistilledClassifier",
    "GANOverSampler",
    "ImageGAN",
    "ImageMixture",
    "MemoryWarning",
    "ResampledClassifier",
    "ResampledClassifierCV",
    "Rules",
    "TableWarning",
    "TabularGAN",
    "check_table",
    "compare",
    "forecast",
    "load",
    "over_sample",
    "report",
]

_HOME = {
    "CTGAN": "gan_augment.gans",
    "TVAE": "gan_augment.gans",
    "DistilledClassifier": "gan_augment.classification",
    "GANOverSampler": "gan_augment.over_sampling",
    "ImageGAN": "gan_augment.gans",
    "ImageMixture": "gan_augment.over_sampling",
    "MemoryWarning": "gan_augment.memory",
    "ResampledClassifier": "gan_augment.classification",
    "ResampledClassifierCV": "gan_augment.comparison",
    "Rules": "gan_augment.tables.rules",
    "TableWarning": "gan_augment.tables",
    "TabularGAN": "gan_augment.gans",
    "check_table": "gan_augment.tables",
    "compare": "gan_augment.comparison",
    "forecast": "gan_augment.forecasting",
    "load": "gan_augment.gans",
    "over_sample": "gan_augment.scaling",
    "report": "gan_augment.reporting",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name == "mlflow":
        return import_module("gan_augment.mlflow")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "mlflow"])
