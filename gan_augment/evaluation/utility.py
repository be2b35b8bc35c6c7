"""What synthetic rows do for a classifier, on real rows that nothing was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing, check_consistent_length, column_or_1d

# Proper scores first; in all of scikit-learn's scorers more is better.
SCORING = ("average_precision", "roc_auc", "neg_log_loss", "neg_brier_score")


def train_with_and_without(
    classifier: Any, X: Any, y: Any, synthetic_mask: Any, *, oracle: Any = None
) -> dict[str, Any]:
    """Train a classifier without synthetic rows, with them, and on them.

    Parameters
    ----------
    classifier : classifier
        What is trained; it may be a pipeline that begins with the preprocessing.
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Real and synthetic training rows, as a sampler returns them.
    y : array-like of shape (n_samples,)
        Their classes.
    synthetic_mask : array-like of shape (n_samples,), dtype=bool
        Which rows are synthetic, such as ``GANOverSampler.synthetic_mask_``.
    oracle : tuple of (X, y), default=None
        All real training rows, where `X` holds a part of them: what synthetic rows
        at best could stand in for.

    Returns
    -------
    classifiers : dict of str to classifier
        Fitted: ``"nothing"`` on the real rows; ``"augmented"`` on all rows;
        ``"synthetic"`` on the synthetic rows, and the real ones of classes that have
        none (train on synthetic, test on real [1]_); ``"oracle"`` if it is given.

    Raises
    ------
    ValueError
        If the lengths differ, or no row, or every row, is synthetic.

    References
    ----------
    .. [1] Esteban, Hyland and Rätsch, "Real-valued (medical) time series generation
       with recurrent conditional GANs", 2017, arXiv:1706.02633.
    """
    check_consistent_length(X, y, synthetic_mask)
    labels, mask = np.asarray(y), column_or_1d(synthetic_mask).astype(bool)
    if mask.all() or not mask.any():
        raise ValueError(
            "`synthetic_mask` must mark some rows and leave others. Got "
            f"{int(mask.sum())} of {len(mask)} marked."
        )
    chosen = {
        "nothing": ~mask,
        "augmented": np.ones(len(mask), dtype=bool),
        "synthetic": mask | ~np.isin(labels, labels[mask]),
    }
    classifiers = {
        name: clone(classifier).fit(
            _safe_indexing(X, np.flatnonzero(rows)), labels[rows]
        )
        for name, rows in chosen.items()
    }
    if oracle is not None:
        classifiers["oracle"] = clone(classifier).fit(*oracle)
    return classifiers


def utility_scores(
    classifier: Any,
    X: Any,
    y: Any,
    synthetic_mask: Any,
    X_test: Any,
    y_test: Any,
    *,
    oracle: Any = None,
    scoring: Sequence[str] = SCORING,
) -> pd.DataFrame:
    """Scores on real rows of a classifier without synthetic rows, with and on them.

    Parameters
    ----------
    classifier : classifier
        What is trained; it may be a pipeline that begins with the preprocessing.
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Real and synthetic training rows, as a sampler returns them.
    y : array-like of shape (n_samples,)
        Their classes.
    synthetic_mask : array-like of shape (n_samples,), dtype=bool
        Which rows are synthetic, such as ``GANOverSampler.synthetic_mask_``.
    X_test : {DataFrame, array-like, sparse matrix} of shape (n_test, n_features)
        Real rows that neither the sampler nor the classifier was trained on.
    y_test : array-like of shape (n_test,)
        Their classes.
    oracle : tuple of (X, y), default=None
        All real training rows, where `X` holds a part of them.
    scoring : sequence of str
        Names of scikit-learn's scorers. More is better in all of them: log loss and
        Brier score are negative.

    Returns
    -------
    scores : DataFrame
        A column a score. The rows are what was trained on: ``nothing`` (the real rows
        alone), ``augmented``, ``synthetic`` and, if given, ``oracle``; see
        :func:`train_with_and_without`. The gain over nothing is
        ``scores.loc["augmented"] - scores.loc["nothing"]``.

    Raises
    ------
    ValueError
        If the lengths differ, or no row, or every row, is synthetic.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment.evaluation import utility_scores
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> sampler = RandomOverSampler(random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X[::2], y[::2])
    >>> synthetic_mask = [i >= 200 for i in range(len(y_resampled))]
    >>> scores = utility_scores(
    ...     LogisticRegression(), X_resampled, y_resampled, synthetic_mask, X, y
    ... )
    >>> scores.index.tolist()
    ['nothing', 'augmented', 'synthetic']
    """
    trained = train_with_and_without(classifier, X, y, synthetic_mask, oracle=oracle)
    return pd.DataFrame(
        {
            name: check_scoring(fitted, list(scoring))(fitted, X_test, y_test)
            for name, fitted in trained.items()
        }
    ).T


def oracle_gap_closed(nothing: Any, score: Any, oracle: Any) -> float:
    """Share of what more real rows would bring that synthetic rows bring.

    Hide a part of the real rows; train on what is left (`nothing`), with as many
    synthetic rows as were hidden (`score`), and with the hidden rows themselves
    (`oracle`). Several splits or data sets are pooled, by sums, so that one with a
    small gap does not decide.

    Parameters
    ----------
    nothing, score, oracle : float or array-like of shape (n_scores,)
        Scores of which more is better.

    Returns
    -------
    share : float
        0 for no gain, 1 for the gain of real rows; below 0 for harm. NaN if the real
        rows bring nothing either.

    Examples
    --------
    >>> from gan_augment.evaluation import oracle_gap_closed
    >>> round(oracle_gap_closed([0.5, 0.6], [0.6, 0.6], [0.7, 0.8]), 2)
    0.25
    """
    nothing = np.asarray(nothing, dtype=float)
    gap = float(np.sum(np.asarray(oracle) - nothing))
    gain = float(np.sum(np.asarray(score) - nothing))
    return gain / gap if gap else np.nan
