"""Link a downstream classifier to the generator that it was trained with."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import Any

import mlflow
import pandas as pd
from imblearn.base import is_sampler
from mlflow.entities import LoggedModelInput
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature, infer_signature, validate_schema
from mlflow.models.model import ModelInfo
from mlflow.types.schema import AnyType, ColSpec, Schema
from sklearn.base import BaseEstimator, clone

from gan_augment.mlflow.flavor import get_default_pip_requirements, give_alias
from gan_augment.mlflow.frames import (
    as_table,
    make_dataset,
    plain_labels,
    without_schema_hints,
)
from gan_augment.mlflow.names import check_registered_name
from gan_augment.mlflow.registry import CANDIDATE, versions_of
from gan_augment.mlflow.schemas import CLASSIFIER, SCHEMA_TAG, check_schema

GENERATOR_TAG = "gan_augment.generator_model_id"
# On the generator's run and versions, with the id of the classifier's run behind it.
USED_BY_TAG = "gan_augment.used_by"
# Rows that a signature is inferred from.
EXAMPLE_ROWS = 100


def link_generator(model_id: str) -> None:
    """Log a generator and its data as inputs of the active run.

    The page of the run then shows the generator as an input model, beside the real rows
    that it was trained on and the synthetic rows that it drew. To find the run from the
    generator, search for runs with the tag ``gan_augment.generator_model_id``, or read
    the tags of the generator's own run and versions.

    Parameters
    ----------
    model_id : str
        Id of the logged generator, such as ``sampler.gan_.mlflow_model_id_``.

    Examples
    --------
    >>> import mlflow
    >>> from gan_augment.mlflow import link_generator
    >>> with mlflow.start_run():  # doctest: +SKIP
    ...     link_generator(sampler.gan_.mlflow_model_id_)
    """
    client = mlflow.MlflowClient()
    run = mlflow.active_run() or mlflow.start_run()
    generator = client.get_logged_model(model_id)
    mlflow.log_input(model=LoggedModelInput(model_id=model_id))
    source = client.get_run(generator.source_run_id or "")
    if source.inputs is not None:
        client.log_inputs(run.info.run_id, datasets=source.inputs.dataset_inputs)
    mlflow.set_tag(GENERATOR_TAG, model_id)
    # Where the UI shows tags: on the page of a logged model it does not.
    used_by = f"{USED_BY_TAG}.{run.info.run_id}", str(run.info.run_name)
    if source.info.lifecycle_stage != "deleted":
        client.set_tag(source.info.run_id, *used_by)
    for version in versions_of(client, model_id):
        client.set_model_version_tag(version.name, version.version, *used_by)


def log_pipeline(
    model: Any,
    name: str = "classifier",
    *,
    X: Any = None,
    y: Any = None,
    registered_model_name: str | None = None,
    alias: str | None = CANDIDATE,
    **kwargs: Any,
) -> ModelInfo:
    """Log a fitted classifier that has a sampler, linked with the generator inside it.

    ``mlflow.sklearn.log_model`` refuses such a model, because its default format needs
    every class outside scikit-learn to be named as trusted. This function trusts every
    class in the model that you pass. Samplers are logged unfitted, because prediction
    does not use them and the generator is logged as a model of its own.

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
        Training rows. The signature of the model contains only their names and types.
        If None, or if MLflow does not support a type of the rows, such as nullable
        integers of pandas, the model has no signature.
    y : array-like, default=None
        Classes of `X`. If given, the rows become a dataset of the run, which contains
        only their digest and schema, unless a generator has logged the dataset already.
    registered_model_name : str, default=None
        Name in the registry. If None, the model is not registered.
    alias : str, default="candidate"
        Alias of the new version. If None, no alias is set.
    **kwargs : dict
        Further arguments of ``mlflow.sklearn.log_model``.

    Returns
    -------
    model_info : ModelInfo
        The logged model, with ``model_id``, ``model_uri`` and
        ``registered_model_version``.

    Raises
    ------
    SchemaError
        If the versions of `registered_model_name` are generators; nothing is logged.

    Warns
    -----
    UserWarning
        If a generator cannot be linked, for example because it was deleted, or if
        there is no signature for `X`. The classifier is logged nevertheless.

    See Also
    --------
    autolog : Track the samplers, so that their generators are logged.

    Examples
    --------
    >>> import mlflow
    >>> from gan_augment.mlflow import log_pipeline
    >>> with mlflow.start_run():  # doctest: +SKIP
    ...     info = log_pipeline(model, X=X, y=y, registered_model_name="churn")
    """
    import skops.io

    if registered_model_name is not None:
        check_registered_name(registered_model_name)
        check_schema(mlflow.MlflowClient(), registered_model_name, CLASSIFIER)
        kwargs["tags"] = {SCHEMA_TAG: CLASSIFIER} | dict(kwargs.get("tags") or {})

    samplers = list({id(sampler): sampler for sampler in _samplers(model)}.values())
    is_linked = False
    for sampler in samplers:
        # On the GAN, so that a later fit that is not tracked does not keep it.
        model_id = getattr(getattr(sampler, "gan_", None), "mlflow_model_id_", None)
        if model_id is not None:
            is_linked |= _link(model_id)
    if X is not None and y is not None and not is_linked:
        with without_schema_hints():
            target = str(getattr(y, "name", None) or "target")
            dataset = make_dataset("training", X, plain_labels(y), target)
        mlflow.log_input(dataset, context="training")
    # What is in the memo already is taken from there, and not copied.
    predictor = copy.deepcopy(
        model, {id(sampler): clone(sampler) for sampler in samplers}
    )
    kwargs.setdefault("pip_requirements", get_default_pip_requirements())
    kwargs.setdefault(
        "skops_trusted_types",
        skops.io.get_untrusted_types(data=skops.io.dumps(predictor)),
    )
    if X is not None and "signature" not in kwargs:
        kwargs["signature"] = _signature(predictor, X)
    info = mlflow.sklearn.log_model(
        predictor, name=name, registered_model_name=registered_model_name, **kwargs
    )
    give_alias(info, registered_model_name, alias)
    return info


def _link(model_id: str) -> bool:
    """Link a generator, if it is still there."""
    try:
        link_generator(model_id)
    except MlflowException as error:
        warnings.warn(
            f"The run is not linked to its generator {model_id}: {error}",
            UserWarning,
            stacklevel=3,
        )
        return False
    return True


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


def _signature(predictor: Any, X: Any) -> ModelSignature | None:
    """The signature of a classifier, if under one it takes `X` itself."""
    rows = X[:EXAMPLE_ROWS]
    with without_schema_hints():
        if not isinstance(X, pd.DataFrame):
            return infer_signature(rows, predictor.predict(rows))
        found = infer_signature(as_table(rows), predictor.predict(rows))
        # MLflow takes a category for no type, and anything for this one.
        columns = [
            ColSpec(AnyType(), column.name, required=False)
            if isinstance(dtype, pd.CategoricalDtype)
            else column
            for column, dtype in zip(found.inputs.inputs, X.dtypes, strict=True)
        ]
        try:
            validate_schema(X.set_axis(map(str, X.columns), axis=1), Schema(columns))
        except (MlflowException, TypeError, ValueError) as error:
            warnings.warn(
                "The classifier is logged without a signature, because MLflow has no "
                f"types for its rows: {error}",
                UserWarning,
                stacklevel=3,
            )
            return None
    return ModelSignature(inputs=Schema(columns), outputs=found.outputs)
