"""Which generator a downstream classifier was trained with."""

from __future__ import annotations

from typing import Any

import mlflow
from imblearn.base import is_sampler
from mlflow.entities import LoggedModelInput
from mlflow.models.model import ModelInfo
from sklearn.base import clone

from gan_augment.mlflow.flavor import get_default_pip_requirements, give_alias
from gan_augment.mlflow.registry import CANDIDATE

GENERATOR_TAG = "gan_augment.generator_model_id"


def link_generator(model_id: str) -> None:
    """Make a logged generator an input of the active run.

    The run's page then shows the generator as an input model, and a search for runs
    with the tag ``gan_augment.generator_model_id`` finds it from the generator.

    Parameters
    ----------
    model_id : str
        Id of the logged generator, such as ``sampler.gan_.mlflow_model_id_``.
    """
    mlflow.log_input(model=LoggedModelInput(model_id=model_id))
    mlflow.set_tag(GENERATOR_TAG, model_id)


def log_pipeline(
    pipeline: Any,
    name: str = "classifier",
    *,
    registered_model_name: str | None = None,
    alias: str | None = CANDIDATE,
    **kwargs: Any,
) -> ModelInfo:
    """Log a fitted imbalanced-learn pipeline, linked with the generator inside it.

    ``mlflow.sklearn.log_model`` refuses such a pipeline, because its default format
    wants every class outside scikit-learn to be named as trusted; this trusts every
    class in the pipeline that you pass.
    Samplers go in unfitted: prediction does not use them, and the generator is a
    model of its own.

    Parameters
    ----------
    pipeline : imblearn.pipeline.Pipeline
        The fitted pipeline. If its sampler was tracked by
        :func:`~gan_augment.mlflow.autolog`, the run is linked to the generator.
    name : str, default="classifier"
        Name of the logged model.
    registered_model_name : str, default=None
        Name in the registry; None does not register.
    alias : str, default="candidate"
        Alias of the new version; None gives none.
    **kwargs : dict
        Further arguments of ``mlflow.sklearn.log_model``.

    Returns
    -------
    model_info : ModelInfo
        With ``model_id``, ``model_uri`` and ``registered_model_version``.
    """
    import skops.io

    samplers = [step for _, step in pipeline.steps if _is_sampler(step)]
    for sampler in samplers:
        # On the GAN, so that a later fit that is not tracked does not keep it.
        model_id = getattr(getattr(sampler, "gan_", None), "mlflow_model_id_", None)
        if model_id is not None:
            link_generator(model_id)
    predictor = type(pipeline)(
        [
            (label, clone(step) if _is_sampler(step) else step)
            for label, step in pipeline.steps
        ]
    )
    kwargs.setdefault("pip_requirements", get_default_pip_requirements())
    kwargs.setdefault(
        "skops_trusted_types",
        skops.io.get_untrusted_types(data=skops.io.dumps(predictor)),
    )
    info = mlflow.sklearn.log_model(
        predictor, name=name, registered_model_name=registered_model_name, **kwargs
    )
    give_alias(info, registered_model_name, alias)
    return info


def _is_sampler(step: Any) -> bool:
    return step not in (None, "passthrough") and is_sampler(step)
