"""report(): whether synthetic rows help, look real, keep rules and reveal real rows.

``findings`` puts the measures into words, ``sections`` and ``table_sections`` show
them, ``document`` writes them down; here they are gathered.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.comparison.result import Comparison
from gan_augment.metrics.quality import FEWEST_ROWS, row_quality
from gan_augment.reporting import sections, table_sections
from gan_augment.reporting.document import Report
from gan_augment.reporting.evidence import ReportedRows, Trials
from gan_augment.reporting.findings import (
    gives_away,
    keeps_rules,
    looks_real,
    verdict,
)
from gan_augment.seeding import RandomState, draw_seed, make_rng
from gan_augment.tables.check import check_table


def report(
    sampler: Any,
    X: Any,
    y: Any,
    X_test: Any,
    y_test: Any,
    *,
    classifier: Any = None,
    comparison: Comparison | None = None,
    arm: str = "GAN",
    title: str = "Report on synthetic rows",
    random_state: RandomState = None,
) -> Report:
    """Report whether synthetic rows help, look real, and keep real rows private.

    The report evaluates the rows that are passed; the generator is not trained again.
    It compares them with real rows that the sampler was not trained on. Split the table
    first, and resample the training rows only.

    Parameters
    ----------
    sampler : GANOverSampler
        The sampler that drew the rows, after ``fit_resample``.
    X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
        Real and synthetic rows, as ``fit_resample`` returned them.
    y : array-like of shape (n_samples,)
        Classes of `X`.
    X_test : {DataFrame, ndarray, sparse matrix} of shape (n_test, n_features)
        Real rows that the sampler was not trained on.
    y_test : array-like of shape (n_test,)
        Classes of `X_test`.
    classifier : classifier, default=None
        Classifier for the utility of the synthetic rows. It is trained without and with
        them, and scored on the test rows. Pass a pipeline if it needs a preprocessing.
        If None, this measure is left out.
    comparison : Comparison, default=None
        Result of :func:`~gan_augment.compare`. If given, the verdict uses it, because
        several folds are stronger evidence than one split.
    arm : str, default="GAN"
        Name of this sampler in `comparison`.
    title : str, default="Report on synthetic rows"
        Heading of the report.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of rows in large tables, and of the fitted forests.

    Returns
    -------
    report : Report
        The report, with ``verdict``, ``findings``, ``save(path)`` to an HTML or
        Markdown file, and the figures of the measures in ``quality``, ``utility``,
        ``rules``, ``reused`` and ``risks``.

    Raises
    ------
    ValueError
        If `X` is not what the sampler returned, if the sampler drew no rows, if the
        columns of the test rows differ, or if the comparison has no such `arm`.

    See Also
    --------
    compare : Measure whether over-sampling helps.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import train_test_split
    >>> from gan_augment import GANOverSampler, TabularGAN, report
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    >>> gan = TabularGAN(max_steps=50)
    >>> sampler = GANOverSampler(gan, sample_filter=None, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> found = report(
    ...     sampler,
    ...     X_resampled,
    ...     y_resampled,
    ...     X_test,
    ...     y_test,
    ...     classifier=LogisticRegression(),
    ...     random_state=0,
    ... )
    >>> for finding in found.findings:
    ...     print(finding.question)
    Does it help?
    Do the rows look real?
    Do they give real rows away?
    Do the rows keep the table's rules?
    """
    rows = ReportedRows(sampler, X, y, X_test, y_test)
    rng = make_rng(random_state)
    qualities = {
        label: row_quality(*rows.of(label), random_state=draw_seed(rng))
        for label in rows.rare
        if min(map(len, rows.of(label))) >= FEWEST_ROWS
    }
    risks = rows.attacks(rng)
    trials = Trials.of(rows, classifier, rng)
    check = None
    if rows.is_table:
        is_real = np.flatnonzero(~rows.mask)
        check = check_table(_safe_indexing(rows.X, is_real), rows.y[is_real])
    helps = sections.helps(rows, trials, comparison, arm, check)
    real, away = looks_real(qualities), gives_away(qualities, rows.reused, risks)
    kept = keeps_rules(rows.broken) if rows.broken else None
    text, tone = verdict(helps, real, away, kept)
    return Report(
        title=title,
        summary=sections.summary(rows, sampler),
        verdict=text,
        tone=tone,
        findings=[helps, real, away, *([kept] if kept else [])],
        sections=[
            sections.on_utility(helps, trials, comparison, arm),
            sections.on_fidelity(rows, qualities, rng),
            sections.on_privacy(rows, qualities, risks),
            *([table_sections.on_rules(rows.broken)] if rows.broken else []),
            table_sections.on_data(rows),
            *([table_sections.on_check(check)] if check else []),
            sections.on_training(sampler),
            sections.on_limits(rows, comparison),
        ],
        quality=qualities,
        utility=trials.scores if trials else None,
        rules=rows.broken,
        reused=rows.reused,
        risks=risks,
    )
