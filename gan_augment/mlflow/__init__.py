"""Track, register, load and serve generators with MLflow.

This module is the ``loader_module`` that saved models name, so its path is permanent.
It is the only package of gan_augment that imports mlflow, and it is imported only on
request.
"""

from gan_augment.mlflow.autologging import autolog
from gan_augment.mlflow.comparisons import log_comparison
from gan_augment.mlflow.flavor import (
    FLAVOR_NAME,
    _load_pyfunc,
    get_default_pip_requirements,
    load_model,
    log_model,
    save_model,
)
from gan_augment.mlflow.lineage import link_generator, log_pipeline
from gan_augment.mlflow.parameters import flat_parameters
from gan_augment.mlflow.registry import PromotionError, log_evidence, promote
from gan_augment.mlflow.reports import log_report
from gan_augment.mlflow.schemas import SchemaError
from gan_augment.mlflow.scoring import serve
from gan_augment.mlflow.serving import GeneratorModel
from gan_augment.mlflow.spark import generate_on_spark
from gan_augment.mlflow.syncing import sync
from gan_augment.mlflow.tracker import RunTracker

__all__ = [
    "FLAVOR_NAME",
    "GeneratorModel",
    "PromotionError",
    "RunTracker",
    "SchemaError",
    "_load_pyfunc",
    "autolog",
    "flat_parameters",
    "generate_on_spark",
    "get_default_pip_requirements",
    "link_generator",
    "load_model",
    "log_comparison",
    "log_evidence",
    "log_model",
    "log_pipeline",
    "log_report",
    "promote",
    "save_model",
    "serve",
    "sync",
]
