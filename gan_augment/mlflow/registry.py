"""Names in the registry: versions with their figures, aliases, and a gate.

A new version is the ``candidate``. :func:`promote` makes it the ``champion`` if its
figures pass, and the champion before it ``previous``. Nothing uses stages.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from mlflow.entities import Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

CANDIDATE, CHAMPION, PREVIOUS = "candidate", "champion", "previous"
# What a champion must have at least: over-sampling with it does not make a classifier
# worse, and its rows do not crowd around those that it was trained on.
REQUIREMENTS = {"utility/gain": 0.0, "privacy/closest_record_ratio": 0.8}


class PromotionError(ValueError):
    """A version's figures do not pass, or are not there."""


def log_quality(model_id: str, figures: Mapping[str, float]) -> None:
    """Write down how good a logged generator is.

    The figures become metrics of the model, of its run and of its training data, and
    tags of its versions in the registry.

    Parameters
    ----------
    model_id : str
        Id of the logged generator, such as ``sampler.gan_.mlflow_model_id_``.
    figures : mapping of str to float
        Name -> value, where more is better, such as ``"utility/gain"``, or
        ``"privacy/closest_record_ratio"`` from :mod:`gan_augment.metrics`.

    Raises
    ------
    ValueError
        If a figure is not finite.
    """
    wrong = {name: value for name, value in figures.items() if not math.isfinite(value)}
    if wrong:
        raise ValueError(f"`figures` must be finite. Got {wrong}.")
    client = MlflowClient()
    model = client.get_logged_model(model_id)
    run_id = model.source_run_id or ""
    run = client.get_run(run_id)
    data = {
        given.dataset.name: given.dataset
        for given in (run.inputs.dataset_inputs if run.inputs else [])
    }.get("training")
    now = int(time.time() * 1000)
    metrics = [
        Metric(
            name,
            float(value),
            now,
            0,
            model_id=model_id,
            dataset_name=data.name if data else None,
            dataset_digest=data.digest if data else None,
        )
        for name, value in figures.items()
    ]
    client.log_batch(run_id, metrics=metrics)
    for version in versions_of(client, model_id):
        for name, value in figures.items():
            tag = name.replace("/", ".")
            client.set_model_version_tag(
                version.name, version.version, tag, f"{value:.4g}"
            )


def versions_of(client: MlflowClient, model_id: str) -> list[ModelVersion]:
    """Versions in the registry of a logged model."""
    return client.search_model_versions(
        f"source_path = {quoted(f'models:/{model_id}')}"
    )


def promote(name: str, requirements: Mapping[str, float] | None = None) -> ModelVersion:
    """Make the candidate the champion, if its figures pass.

    The champion before it becomes ``previous``. If the candidate is the champion
    already, nothing happens.

    Parameters
    ----------
    name : str
        Registered model.
    requirements : mapping of str to float, default=None
        Figure -> the least that it must be. None asks that the utility does not fall,
        ``{"utility/gain": 0.0}``, and that rows are not nearer to training rows than
        to others by more than a fifth, ``{"privacy/closest_record_ratio": 0.8}``; an
        empty mapping asks nothing.

    Returns
    -------
    version : ModelVersion
        The champion.

    Raises
    ------
    PromotionError
        If a figure is too small or was never logged; the aliases stay as they are.
    """
    client = MlflowClient()
    candidate = client.get_model_version_by_alias(name, CANDIDATE)
    champion = by_alias(client, name, CHAMPION)
    if champion is not None and champion.version == candidate.version:
        return champion
    if requirements is None:
        requirements = REQUIREMENTS
    figures = _figures(client, candidate)
    failed = {
        figure: figures.get(figure)
        for figure, least in requirements.items()
        if not figures.get(figure, -math.inf) >= least
    }
    if failed:
        raise PromotionError(
            f"Version {candidate.version} of {name!r} must have at least "
            f"{dict(requirements)} to be the champion. Got {failed}. "
            "Measure it with log_quality, or keep the champion that there is."
        )
    if champion is not None:
        client.set_registered_model_alias(name, PREVIOUS, champion.version)
    client.set_registered_model_alias(name, CHAMPION, candidate.version)
    return client.get_model_version_by_alias(name, CHAMPION)


def by_alias(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """The version that has an alias, or None if there is none."""
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if not is_missing(error):
            raise
    return None


def is_missing(error: MlflowException) -> bool:
    """Whether what was asked for does not exist; MLflow's stores say so in two ways."""
    return error.error_code == "RESOURCE_DOES_NOT_EXIST" or (
        error.error_code == "INVALID_PARAMETER_VALUE" and "not found" in error.message
    )


def quoted(text: str) -> str:
    """A text as a filter string of MLflow writes it."""
    return f'"{text}"' if "'" in text else f"'{text}'"


def _figures(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    """The newest value of every metric of a version's model."""
    if version.source is None or not version.source.startswith("models:/"):
        return {}
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    newest = sorted(model.metrics or [], key=lambda metric: metric.timestamp)
    return {metric.key: metric.value for metric in newest}
