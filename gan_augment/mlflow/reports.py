"""A report on synthetic rows in the run that made them."""

from __future__ import annotations

import mlflow

from gan_augment.mlflow.names import VERDICT_TAG
from gan_augment.reporting.document import Report


def log_report(report: Report, name: str = "report") -> None:
    """Log a report to the active run: both pages, its measures, and its verdict.

    Parameters
    ----------
    report : Report
        Result of :func:`gan_augment.report`.
    name : str, default="report"
        Name of the pages ``<name>.html`` and ``<name>.md``, and of ``<name>.json``,
        which has the measures of every class. The metrics ``<name>/<measure>`` are
        those of the class with the most synthetic rows; ``<name>/rule_violations`` is
        that of all synthetic rows.

    Raises
    ------
    RuntimeError
        If no run is active.

    Examples
    --------
    >>> import mlflow
    >>> from gan_augment.mlflow import log_report
    >>> with mlflow.start_run():  # doctest: +SKIP
    ...     log_report(report(sampler, X_resampled, y_resampled, X_test, y_test))
    """
    if mlflow.active_run() is None:
        raise RuntimeError(
            "A run must be active. Got none. Log inside `with mlflow.start_run():`."
        )
    mlflow.log_text(report.to_html(), f"{name}.html")
    mlflow.log_text(report.to_markdown(), f"{name}.md")
    mlflow.set_tag(VERDICT_TAG, report.verdict)
    measured = {str(label): quality for label, quality in report.quality.items()}
    mlflow.log_dict(
        {c: table.to_dict() for c, table in measured.items()}, f"{name}.json"
    )
    for table in list(measured.values())[:1]:
        measures = table["synthetic"].dropna()
        mlflow.log_metrics({f"{name}/{key}": measures[key] for key in measures.index})
    if report.rules is not None:
        mlflow.log_metric(f"{name}/rule_violations", report.rules.share)
