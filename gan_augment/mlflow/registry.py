"""Names in the registry: versions with their evidence, aliases, and a gate.

A new version is the ``candidate``. :func:`promote` makes it the ``champion`` if there
is evidence that it helps, and the champion before it ``previous``. Stages are not used.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import pandas as pd
from mlflow.entities import LoggedModel, Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from gan_augment.comparison import Comparison
from gan_augment.mlflow.cards import EVIDENCE, evidence_section, with_section
from gan_augment.mlflow.evidence import (
    PRIVACY_TAG,
    comparison_figures,
    reasons_against,
    report_figures,
    risk_figures,
)
from gan_augment.mlflow.names import NOTE_TAG, OUTCOME_TAG, VERDICT_TAG
from gan_augment.mlflow.schemas import SCHEMA_TAG
from gan_augment.reporting.document import Report

CANDIDATE, CHAMPION, PREVIOUS = "candidate", "champion", "previous"
# On a version that is the champion against the evidence: what the evidence says.
FORCED_TAG = "gan_augment.forced"


class PromotionError(ValueError):
    """A version cannot be promoted: there is no evidence for it, or some against it.

    Examples
    --------
    >>> from gan_augment.mlflow import PromotionError, promote
    >>> try:  # doctest: +SKIP
    ...     promote("churn-generator")
    ... except PromotionError as error:
    ...     print(error)
    """


def log_evidence(
    model_id: str,
    comparison: Comparison | None = None,
    *,
    arm: str | None = None,
    report: Report | None = None,
    risks: pd.DataFrame | None = None,
    figures: Mapping[str, float] | None = None,
) -> None:
    """Log the utility, fidelity and privacy of a logged generator.

    The figures become metrics of the model, of its run and of its training data, and
    tags of its versions in the registry. The descriptions of the versions explain them.

    Parameters
    ----------
    model_id : str
        Id of the logged generator, such as ``sampler.gan_.mlflow_model_id_``.
    comparison : Comparison, default=None
        Result of :func:`~gan_augment.compare` on the table that the generator was
        trained on. Its gain in average precision becomes ``utility/gain``, and the
        interval that its verdict is based on becomes ``utility/gain_low`` and
        ``utility/gain_high``. If None, no gain is logged.
    arm : str, default=None
        Name of the sampler of this generator in `comparison`. If None, use the best
        sampler.
    report : Report, default=None
        Result of :func:`gan_augment.report` on rows of such a sampler. The fidelity and
        privacy of the worst class are logged, the share of rows that break a rule or
        hold an identifier of a real row, and the risk of attacks. If None, they are not
        logged.
    risks : DataFrame, default=None
        Result of :func:`~gan_augment.metrics.attack_risks`, if there is no report. If
        None, no risks are logged.
    figures : mapping of str to float, default=None
        Further figures: name -> value, such as ``"privacy/closest_record_ratio"`` from
        :func:`~gan_augment.metrics.closest_record_ratio`. If None, none are added.

    Raises
    ------
    ValueError
        If a figure is not finite, or if the comparison has no such arm, could not fit
        it, or was made on rows that were resampled before.

    See Also
    --------
    promote : Make a version with evidence the champion.

    Examples
    --------
    >>> from gan_augment.mlflow import log_evidence
    >>> log_evidence(  # doctest: +SKIP
    ...     sampler.gan_.mlflow_model_id_, compare(X, y, classifier)
    ... )
    """
    found: dict[str, float] = dict(figures or {})
    found |= {} if risks is None else risk_figures(risks)
    tags: dict[str, str] = {}
    wrong = {name: value for name, value in found.items() if not math.isfinite(value)}
    if wrong:
        raise ValueError(
            f"`figures` must be finite. Got {wrong}. Leave these figures out."
        )
    if comparison is not None:
        found |= comparison_figures(comparison, arm)
        tags |= {OUTCOME_TAG: comparison.outcome, VERDICT_TAG: comparison.verdict}
    if report is not None:
        of_report, tone = report_figures(report)
        found |= of_report
        tags |= {PRIVACY_TAG: tone}
    client = MlflowClient()
    model = client.get_logged_model(model_id)
    _log_metrics(client, model, found)
    for version in versions_of(client, model_id):
        for name, value in found.items():
            tag = name.replace("/", ".")
            client.set_model_version_tag(
                version.name, version.version, tag, f"{value:.4g}"
            )
        for tag, text in tags.items():
            client.set_model_version_tag(version.name, version.version, tag, text)
        _describe(client, client.get_model_version(version.name, version.version))


def versions_of(client: MlflowClient, model_id: str) -> list[ModelVersion]:
    """Versions in the registry of a logged model."""
    return client.search_model_versions(f"source_path = 'models:/{model_id}'")


def promote(
    name: str,
    requirements: Mapping[str, float] | None = None,
    *,
    force: bool = False,
) -> ModelVersion:
    """Make the candidate the champion, if there is evidence that it helps.

    The evidence is logged by :func:`log_evidence`. It must include a gain in average
    precision whose whole interval lies above 0, and a report or risks of attacks that
    do not rate privacy as bad; a closest-record ratio alone is not enough. No rows may
    hold an identifier of a real row, and no more rows may break rules of the table than
    real ones do. The previous champion gets the alias ``previous``. If the candidate is
    already the champion, nothing happens.

    Parameters
    ----------
    name : str
        Registered model.
    requirements : mapping of str to float, default=None
        Further requirements: figure -> smallest value that it must have. If None, there
        are no further requirements.
    force : bool, default=False
        Whether to promote the candidate regardless of the evidence. The version then
        has the tag ``gan_augment.forced`` with the reasons against it. Columns other
        than those of the champion are refused in any case.

    Returns
    -------
    version : ModelVersion
        The champion.

    Raises
    ------
    PromotionError
        If there are reasons against the candidate; the aliases do not change.

    Examples
    --------
    >>> from gan_augment.mlflow import promote
    >>> version = promote(  # doctest: +SKIP
    ...     "churn-generator", {"privacy/closest_record_ratio": 0.9}
    ... )
    """
    client = MlflowClient()
    candidate = client.get_model_version_by_alias(name, CANDIDATE)
    champion = by_alias(client, name, CHAMPION)
    if champion is not None and champion.version == candidate.version:
        return champion
    if champion is not None and _schema(candidate) != _schema(champion):
        raise PromotionError(
            f"Version {candidate.version} of {name!r} must give the columns of its "
            f"champion, version {champion.version} ({_schema(champion)}). Got "
            f"{_schema(candidate)}. Register it under another name."
        )
    tags = candidate.tags or {}
    figures = _figures(client, candidate)
    reasons = reasons_against(figures, tags.get(PRIVACY_TAG), requirements or {})
    if reasons and not force:
        raise PromotionError(
            f"Version {candidate.version} of {name!r} must have evidence that it helps "
            f"to be the champion. Got: {'; '.join(reasons)}. Measure it and call "
            "log_evidence, or keep the champion that there is, or pass force=True."
        )
    if reasons:
        client.set_model_version_tag(
            name, candidate.version, FORCED_TAG, "; ".join(reasons)
        )
        _describe(client, client.get_model_version(name, candidate.version))
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


def _log_metrics(
    client: MlflowClient, model: LoggedModel, figures: Mapping[str, float]
) -> None:
    """Log metrics of a model to its run or, if that was deleted, to a new one."""
    run = client.get_run(model.source_run_id or "")
    data = {
        given.dataset.name: given.dataset
        for given in (run.inputs.dataset_inputs if run.inputs else [])
    }.get("training")
    run_id, is_deleted = run.info.run_id, run.info.lifecycle_stage == "deleted"
    if is_deleted:
        made = client.create_run(model.experiment_id, run_name="evidence")
        run_id = made.info.run_id
    now = int(time.time() * 1000)
    metrics = [
        Metric(
            name,
            float(value),
            now,
            0,
            model_id=model.model_id,
            dataset_name=data.name if data else None,
            dataset_digest=data.digest if data else None,
        )
        for name, value in figures.items()
    ]
    client.log_batch(run_id, metrics=metrics)
    if is_deleted:
        client.set_terminated(run_id)


def _describe(client: MlflowClient, version: ModelVersion) -> None:
    """Say in the descriptions of a version and of its run what its evidence is."""
    tags = version.tags or {}
    text = evidence_section(_figures(client, version), tags, tags.get(FORCED_TAG))
    card = with_section(version.description or "", EVIDENCE, text)
    client.update_model_version(version.name, version.version, card)
    if not version.run_id:
        return
    run = client.get_run(version.run_id)
    note = run.data.tags.get(NOTE_TAG, "")
    # A deleted run cannot be changed; a note of the user's is left alone.
    if run.info.lifecycle_stage != "deleted" and f"## {EVIDENCE}\n" in note:
        client.set_tag(version.run_id, NOTE_TAG, with_section(note, EVIDENCE, text))


def _schema(version: ModelVersion) -> str | None:
    return (version.tags or {}).get(SCHEMA_TAG)


def _figures(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    """The newest value of every metric of a version's model."""
    if version.source is None or not version.source.startswith("models:/"):
        return {}
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    newest = sorted(model.metrics or [], key=lambda metric: metric.timestamp)
    return {metric.key: metric.value for metric in newest}
