"""Measures of the gain of a classifier from synthetic rows, on held-out real rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_consistent_length, column_or_1d

from gan_augment.metrics.scores import classifier_scores
from gan_augment.seeding import RandomState, make_rng


def train_with_and_without(
    classifier: Any, X: Any, y: Any, synthetic_mask: Any, *, oracle: Any = None
) -> dict[str, Any]:
    """Train a classifier without synthetic rows, with them, and on them.

    Parameters
    ----------
    classifier : classifier
        Classifier to train. It may be a pipeline that begins with the preprocessing.
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Real and synthetic training rows, as a sampler returns them.
    y : array-like of shape (n_samples,)
        Their classes.
    synthetic_mask : array-like of shape (n_samples,), dtype=bool
        Which rows are synthetic, such as ``GANOverSampler.synthetic_mask_``.
    oracle : tuple of (X, y), default=None
        All real training rows, if `X` holds only a part of them. If None, no classifier
        is trained on them.

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

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment.metrics import train_with_and_without
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> X_resampled, y_resampled = SMOTE(random_state=0).fit_resample(X, y)
    >>> is_synthetic = [i >= len(X) for i in range(len(X_resampled))]
    >>> sorted(
    ...     train_with_and_without(
    ...         LogisticRegression(), X_resampled, y_resampled, is_synthetic
    ...     )
    ... )
    ['augmented', 'nothing', 'synthetic']
    """
    check_consistent_length(X, y, synthetic_mask)
    labels, mask = np.asarray(y), column_or_1d(synthetic_mask).astype(bool)
    if mask.all() or not mask.any():
        raise ValueError(
            "`synthetic_mask` must mark some rows and leave others. Got "
            f"{int(mask.sum())} of {len(mask)} marked. Pass `synthetic_mask_` of "
            "the sampler."
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
) -> pd.DataFrame:
    """Score a classifier trained without synthetic rows, with them, and on them alone.

    Parameters
    ----------
    classifier : classifier
        Classifier that has ``predict_proba``. It may be a pipeline that begins with the
        preprocessing.
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Real and synthetic training rows, as a sampler returns them.
    y : array-like of shape (n_samples,)
        Classes of `X`.
    synthetic_mask : array-like of shape (n_samples,), dtype=bool
        Which rows are synthetic, such as ``GANOverSampler.synthetic_mask_``.
    X_test : {DataFrame, array-like, sparse matrix} of shape (n_test, n_features)
        Real rows that neither the sampler nor the classifier was trained on.
    y_test : array-like of shape (n_test,)
        Classes of `X_test`.
    oracle : tuple of (X, y), default=None
        All real training rows, if `X` holds only a part of them. If None, no classifier
        is trained on them.

    Returns
    -------
    scores : DataFrame
        One row for each set of training rows: ``nothing`` (the real rows alone, the
        baseline), ``augmented``, ``synthetic`` and, if given, ``oracle``; see
        :func:`train_with_and_without`. The columns are those of
        :func:`classifier_scores`; the classes that have synthetic rows are the rare
        ones. The gain over the baseline is
        ``scores.loc["augmented"] - scores.loc["nothing"]``.

    Raises
    ------
    ValueError
        If the lengths differ; if no row, or every row, is synthetic; or if `y_test`
        holds a class that `y` does not.

    See Also
    --------
    bootstrap_gain : Compute an interval of the gain.
    compare : Measure the gain on many folds.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment.metrics import utility_scores
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> sampler = RandomOverSampler(random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X[::2], y[::2])
    >>> is_synthetic = np.arange(len(y_resampled)) >= 200
    >>> scores = utility_scores(
    ...     LogisticRegression(), X_resampled, y_resampled, is_synthetic, X, y
    ... )
    >>> scores.index.tolist()
    ['nothing', 'augmented', 'synthetic']
    """
    trained = train_with_and_without(classifier, X, y, synthetic_mask, oracle=oracle)
    classes = trained["nothing"].classes_
    made = np.asarray(y)[column_or_1d(synthetic_mask).astype(bool)]
    return scores_of(
        class_indices(classes, y_test),
        {name: fitted.predict_proba(X_test) for name, fitted in trained.items()},
        rare=class_indices(classes, np.unique(made)).tolist(),
    )


def scores_of(
    y: np.ndarray, probability: dict[str, np.ndarray], rare: Sequence[int]
) -> pd.DataFrame:
    """Compute the scores of several predictions of the same rows, one row each."""
    scores = {
        name: classifier_scores(y, predicted, rare)
        for name, predicted in probability.items()
    }
    return pd.DataFrame.from_dict(scores, orient="index")


def class_indices(classes: np.ndarray, y: Any) -> np.ndarray:
    """Compute the position of each label among the sorted classes."""
    labels = np.asarray(y)
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise ValueError(
            f"`y_test` must hold the classes {classes.tolist()} alone. Got "
            f"{unknown.tolist()} too. Leave these rows out."
        )
    return np.searchsorted(classes, labels)


class Gain(NamedTuple):
    """What :func:`bootstrap_gain` returns."""

    difference: float
    low: float
    high: float


def bootstrap_gain(
    y: np.ndarray,
    nothing: np.ndarray,
    augmented: np.ndarray,
    rare: Sequence[int],
    *,
    n_draws: int = 1000,
    random_state: RandomState = None,
) -> Gain:
    """Compute the gain in average precision on one test set, with a 95 % interval.

    Test rows are drawn with replacement, as many of each class as there are, and both
    classifiers are scored on the same draw. The interval holds for these two trained
    classifiers. It does not include the variance over training sets, and is therefore
    narrower than that of a cross-validation.

    Parameters
    ----------
    y : ndarray of shape (n_test,)
        Class indices of real rows.
    nothing : ndarray of shape (n_test, n_classes)
        Probabilities without synthetic rows.
    augmented : ndarray of shape (n_test, n_classes)
        Probabilities with synthetic rows.
    rare : sequence of int
        Indices of the rare classes; the gain is the mean over them.
    n_draws : int, default=1000
        Number of draws.
    random_state : int, RandomState instance or None, default=None
        Source of the draws.

    Returns
    -------
    difference, low, high : float
        The gain on these rows, and the ends of the interval. NaN if none of the rare
        classes is in `y`.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import bootstrap_gain
    >>> y = np.repeat([0, 1], [90, 10])
    >>> guess = np.random.default_rng(0).random((100, 2))
    >>> known = np.eye(2)[y]
    >>> gain = bootstrap_gain(y, guess, known, [1], random_state=0)
    >>> 0 < gain.low < gain.difference < gain.high
    True
    """
    rng = make_rng(random_state)
    found = [label for label in rare if 0 < (y == label).sum() < len(y)]
    if not found:
        return Gain(np.nan, np.nan, np.nan)
    by_class = [np.flatnonzero(y == label) for label in np.unique(y)]

    def gain(counts: np.ndarray) -> float:
        differences = [
            _average_precision(y == label, augmented[:, label], counts)
            - _average_precision(y == label, nothing[:, label], counts)
            for label in found
        ]
        return float(np.mean(differences))

    gains = []
    for _ in range(n_draws):
        counts = np.empty(len(y))
        for rows in by_class:
            counts[rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
        gains.append(gain(counts))
    low, high = np.quantile(gains, [0.025, 0.975])
    return Gain(gain(np.ones(len(y))), float(low), float(high))


def _average_precision(
    is_rare: np.ndarray, score: np.ndarray, counts: np.ndarray
) -> float:
    """As scikit-learn's with `sample_weight`, without its checks: many times faster."""
    order = np.argsort(-score, kind="stable")
    last_of_ties = np.append(np.diff(score[order]) != 0, True)
    hits = np.cumsum((counts * is_rare)[order])[last_of_ties]
    taken = np.cumsum(counts[order])[last_of_ties]
    precision = hits / np.maximum(taken, 1)
    return float(np.diff(hits, prepend=0) @ precision / hits[-1])


def oracle_gap_closed(nothing: Any, score: Any, oracle: Any) -> float:
    """Compute the share of the oracle gap that synthetic rows close.

    To get the scores, hide a part of the real rows, and train on the rows that are left
    (`nothing`), with as many synthetic rows as were hidden (`score`), and with the
    hidden rows (`oracle`). Several splits or data sets are pooled by sums, so that one
    with a small gap does not dominate.

    Parameters
    ----------
    nothing, score, oracle : float or array-like of shape (n_scores,)
        Scores for which larger is better.

    Returns
    -------
    share : float
        0 for no gain, 1 for the gain of the hidden rows, and below 0 for harm. NaN if
        the hidden rows give no gain.

    Examples
    --------
    >>> from gan_augment.metrics import oracle_gap_closed
    >>> round(oracle_gap_closed([0.5, 0.6], [0.6, 0.6], [0.7, 0.8]), 2)
    0.25
    """
    nothing = np.asarray(nothing, dtype=float)
    gap = float(np.sum(np.asarray(oracle) - nothing))
    gain = float(np.sum(np.asarray(score) - nothing))
    return gain / gap if gap else np.nan
