"""A comparison as a run, with a child for every arm."""

from __future__ import annotations

from pathlib import Path

from gan_augment.comparison import Comparison
from gan_augment.mlflow.names import KIND_TAG
from gan_augment.mlflow.reports import VERDICT_TAG
from gan_augment.mlflow.tracker import RunTracker
from gan_augment.plotting import ComparisonDisplay
from gan_augment.plotting.canvas import detached_figure

OUTCOME_TAG = "gan_augment.outcome"


def log_comparison(
    comparison: Comparison,
    *,
    tags: dict[str, str] | None = None,
    spool: str | Path | None = None,
) -> str | None:
    """Log a comparison: its verdict, its table and figure, and every arm as a child.

    Parameters
    ----------
    comparison : Comparison
        What :func:`~gan_augment.compare` returned.
    tags : dict of str to str, default=None
        Tags of every run.
    spool : path-like, default=None
        Where the runs wait until they are sent, as of
        :class:`~gan_augment.mlflow.RunTracker`.

    Returns
    -------
    run_id : str or None
        Id of the run, a child of the active run if there is one; None if MLflow has
        not taken it yet.
    """
    tags = dict(tags or {})
    of_parent = {
        KIND_TAG: "comparison",
        OUTCOME_TAG: comparison.outcome,
        VERDICT_TAG: comparison.verdict,
    }
    with RunTracker("compare", tags=tags | of_parent, spool=spool) as parent:
        parent.log_params({"class_counts": str(comparison.counts)})
        parent.log_text(comparison.frame.to_csv(index=False), "comparison/folds.csv")
        parent.log_text(comparison.to_html(), "comparison/summary.html")
        figure = detached_figure(6, 3)
        ComparisonDisplay.from_comparison(comparison, ax=figure.subplots())
        parent.log_figure(figure, "comparison")
    # A child that is sent before its parent is known is found by its kind alone.
    above = {"mlflow.parentRunId": parent.run_id} if parent.run_id else {}
    for arm, folds in comparison.frame.groupby("arm", sort=False):
        child_tags = tags | {KIND_TAG: "comparison-arm"} | above
        with RunTracker(str(arm), tags=child_tags, spool=spool) as child:
            child.log_metrics(folds.drop(columns=["arm", "fold"]).mean().to_dict())
    return parent.run_id
