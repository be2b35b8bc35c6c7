"""Which generator a downstream classifier was trained with."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import mlflow
import pandas as pd
from imblearn.base import is_sampler
from mlflow.entities import LoggedModelInput
from mlflow.models import ModelSignature, infer_signature
from mlflow.models.model import ModelInfo
from sklearn.base import BaseEstimator, clone

from gan_augment.mlflow.flavor import get_default_pip_requirements, give_alias
from gan_augment.mlflow.frames import as_table, without_schema_hints
from gan_augment.mlflow.registry import CANDIDATE, versions_of

GENERATOR_TAG = "gan_augment.generator_model_id"
# On the generator's run and versions, with the id of the classifier's run behind it.
USED_BY_TAG = "gan_augment.used_by"
# Rows that a signature is inferred from.
EXAMPLE_ROWS = 100


def link_generator(model_id: str) -> None:
    """Make a logged generator, and its data, inputs of the active run.

    The run's page then shows the generator as an input model, beside the real and the
    synthetic data that it was trained on and gave; a search for runs with the tag
    ``gan_augment.generator_model_id`` finds it from the generator, whose own run and
    versions name it in a tag.

    Parameters
    ----------
    model_id : str
        Id of the logged generator, such as ``sampler.gan_.mlflow_model_id_``.
    """
    client = mlflow.MlflowClient()
    run = mlflow.active_run() or mlflow.start_run()
    generator = client.get_logged_model(model_id)
    mlflow.log_input(model=LoggedModelInput(model_id=model_id))
    source_run_id = generator.source_run_id or ""
    inputs = client.get_run(source_run_id).inputs
    if inputs is not None:
        client.log_inputs(run.info.run_id, datasets=inputs.dataset_inputs)
    mlflow.set_tag(GENERATOR_TAG, model_id)
    # Where the UI shows tags: on the page of a logged model it does not.
    used_by = f"{USED_BY_TAG}.{run.info.run_id}", str(run.info.run_name)
    client.set_tag(source_run_id, *used_by)
    for version in versions_of(client, model_id):
        client.set_model_version_tag(version.name, version.version, *used_by)


def log_pipeline(
    model: Any,
    name: str = "classifier",
    *,
    X: Any = None,
    registered_model_name: str | None = None,
    alias: str | None = CANDIDATE,
    **kwargs: Any,
) -> ModelInfo:
    """Log a fitted classifier that has a sampler, linked with the generator inside it.

    ``mlflow.sklearn.log_model`` refuses such a model, because its default format
    wants every class outside scikit-learn to be named as trusted; this trusts every
    class in the model that you pass.
    Samplers go in unfitted: prediction does not use them, and the generator is a
    model of its own.

    Parameters
    ----------
    model : Pipeline, ResampledClassifier or another estimator
        The fitted model: a pipeline of imbalanced-learn, a
        :class:`~gan_augment.ResampledClassifier`, or an estimator of scikit-learn that
        has one somewhere inside. Every sampler in it that was tracked by
        :func:`~gan_augment.mlflow.autolog` links the run to its generator.
    name : str, default="classifier"
        Name of the logged model.
    X : {DataFrame, array-like, sparse matrix}, default=None
        Rows, of which the signature keeps names and types alone. None gives the model
        no signature.
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

    samplers = list({id(sampler): sampler for sampler in _samplers(model)}.values())
    for sampler in samplers:
        # On the GAN, so that a later fit that is not tracked does not keep it.
        model_id = getattr(getattr(sampler, "gan_", None), "mlflow_model_id_", None)
        if model_id is not None:
            link_generator(model_id)
    # What is in the memo already is taken from there, and not copied.
    predictor = copy.deepcopy(
        model, {id(sampler): clone(sampler) for sampler in samplers}
    )
    kwargs.setdefault("pip_requirements", get_default_pip_requirements())
    kwargs.setdefault(
        "skops_trusted_types",
        skops.io.get_untrusted_types(data=skops.io.dumps(predictor)),
    )
    if X is not None:
        kwargs.setdefault("signature", _signature(predictor, X))
    info = mlflow.sklearn.log_model(
        predictor, name=name, registered_model_name=registered_model_name, **kwargs
    )
    give_alias(info, registered_model_name, alias)
    return info


def _samplers(value: Any) -> Iterator[Any]:
    """Every sampler inside an estimator, however deep."""
    if isinstance(value, BaseEstimator):
        if is_sampler(value):
            yield value
        value = vars(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _samplers(item)


def _signature(predictor: Any, X: Any) -> ModelSignature:
    rows = X[:EXAMPLE_ROWS]
    with without_schema_hints():
        inputs = as_table(rows) if isinstance(rows, pd.DataFrame) else rows
        return infer_signature(inputs, predictor.predict(rows))
