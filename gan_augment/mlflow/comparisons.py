"""A comparison as a run, with a child for every arm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_augment.comparison import Comparison
from gan_augment.mlflow.cards import comparison_card
from gan_augment.mlflow.frames import make_dataset, plain_labels, without_schema_hints
from gan_augment.mlflow.names import KIND_TAG, NOTE_TAG, OUTCOME_TAG, VERDICT_TAG
from gan_augment.mlflow.parameters import flat_parameters
from gan_augment.mlflow.tracker import RunTracker
from gan_augment.plotting import ComparisonDisplay
from gan_augment.plotting.canvas import detached_figure

# The scores of which the differences are logged, too.
COMPARED = ("average_precision", "roc_auc", "balanced_accuracy", "brier")
# What the children say of the differences from the classifier alone.
DIFFERENCE = {"difference": "", "low": "_low", "high": "_high"}


def log_comparison(
    comparison: Comparison,
    *,
    data: tuple[Any, Any] | None = None,
    classifier: Any = None,
    samplers: Mapping[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    spool: str | Path | None = None,
) -> str | None:
    """Log a comparison as a run with a child for every arm.

    The run has the verdict, the table and the figure. The metrics of a child are
    ``cv/<score>``, the means over the folds, and, for the main scores,
    ``cv_gain/<score>``, the difference from the classifier alone, with its interval
    from ``_low`` to ``_high``.

    Parameters
    ----------
    comparison : Comparison
        What :func:`~gan_augment.compare` returned.
    data : tuple of X and y, default=None
        Rows that were compared on. The run keeps their digest and schema, never the
        rows. If None, no dataset is logged.
    classifier : classifier, default=None
        Classifier that was compared. Its parameters become those of the run.
    samplers : dict of str to sampler, default=None
        The samplers; their parameters become those of their arms.
    tags : dict of str to str, default=None
        Tags of every run.
    spool : path-like, default=None
        Directory where the runs wait until they are sent, as in
        :class:`~gan_augment.mlflow.RunTracker`.

    Returns
    -------
    run_id : str or None
        Id of the run, a child of the active run if there is one. None if the run has
        not been sent to MLflow yet.

    Examples
    --------
    >>> from gan_augment.mlflow import log_comparison
    >>> run_id = log_comparison(comparison, data=(X, y))  # doctest: +SKIP
    """
    tags = dict(tags or {})
    of_parent = {
        KIND_TAG: "comparison",
        OUTCOME_TAG: comparison.outcome,
        VERDICT_TAG: comparison.verdict,
        NOTE_TAG: comparison_card(comparison),
    }
    with RunTracker("compare", tags=tags | of_parent, spool=spool) as parent:
        n_folds = comparison.frame["fold"].nunique()
        params = {"class_counts": str(comparison.counts), "n_folds": str(n_folds)}
        parent.log_params(params | flat_parameters("classifier", classifier))
        if data is not None:
            with without_schema_hints():
                target = str(getattr(data[1], "name", None) or "target")
                labels = plain_labels(data[1])
                dataset = make_dataset("compared", data[0], labels, target)
            parent.log_dataset(dataset, context="comparison")
        parent.log_text(comparison.frame.to_csv(index=False), "comparison/folds.csv")
        parent.log_text(comparison.to_html(), "comparison/summary.html")
        parent.log_metrics(_of_the_best(comparison))
        figure = detached_figure(6, 3)
        ComparisonDisplay.from_comparison(comparison, ax=figure.subplots())
        parent.log_figure(figure, "comparison")
    # A child that is sent before its parent is known is found by its kind alone.
    above = {"mlflow.parentRunId": parent.run_id} if parent.run_id else {}
    metrics = _metrics(comparison)
    for arm in metrics:
        child_tags = tags | {KIND_TAG: "comparison-arm"} | above
        with RunTracker(arm, tags=child_tags, spool=spool) as child:
            child.log_params({"arm": arm} | flat_parameters("classifier", classifier))
            child.log_params(flat_parameters("sampler", (samplers or {}).get(arm)))
            child.log_metrics(metrics[arm])
    return parent.run_id


def _of_the_best(comparison: Comparison) -> dict[str, float]:
    """The gain in average precision of the best sampler, if one could be fitted."""
    gains = comparison.gains()
    if not len(gains):
        return {}
    best = gains.loc[comparison.best]
    return {
        f"cv_gain/average_precision{ending}": best[name]
        for name, ending in DIFFERENCE.items()
    }


def _metrics(comparison: Comparison) -> dict[str, dict[str, float]]:
    """Arm -> the means of its scores, and their differences from the baseline."""
    scores = [name for name in comparison.frame if name not in ("arm", "fold")]
    found: dict[str, dict[str, float]] = {}
    for score in scores:
        for arm, row in comparison.differences(score).iterrows():
            values = found.setdefault(str(arm), {})
            values[f"cv/{score}"] = row["mean"]
            if score in COMPARED and arm != comparison.baseline:
                for name, ending in DIFFERENCE.items():
                    values[f"cv_gain/{score}{ending}"] = row[name]
    return found
