"""Whether a way of training harms a classifier, by its ranking of held-out rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import _safe_indexing

from gan_augment.seeding import draw_seed, seeded
from gan_augment.threads import one_openmp_thread

# Fewest rows of a class: two of them are left to train on.
FEWEST_ROWS = 3

# Rows and their classes -> a classifier that is fitted on them, and on others.
Train = Callable[[Any, np.ndarray], Any]


def ranking_gains(
    train: Train,
    classifier: Any,
    X: Any,
    y: np.ndarray,
    n_folds: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Gain in average precision of each fold over a classifier trained as it is.

    Parameters
    ----------
    train : callable
        Takes training rows and their classes, and returns a fitted classifier.
    classifier : classifier
        The classifier to compare with.
    X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : ndarray of shape (n_samples,)
        Their classes.
    n_folds : int
        Number of folds, or the number of rows of the rarest class if that is less.
    rng : numpy.random.Generator
        Source of the folds, and of seeds.

    Returns
    -------
    gains : ndarray of shape (n_folds,)
        Average precision of each class against the others, averaged over the classes,
        of `train` minus that of `classifier`, on the held-out rows. Empty if a class
        has fewer than three rows.
    """
    fewest = int(np.unique(y, return_counts=True)[1].min())
    if fewest < FEWEST_ROWS:
        return np.empty(0)
    folds = StratifiedKFold(
        min(n_folds, fewest), shuffle=True, random_state=draw_seed(rng)
    )
    gains = []
    for fit, test in folds.split(y, y):
        with one_openmp_thread():
            rows, classes = _safe_indexing(X, fit), y[fit]
            models = train(rows, classes), seeded(clone(classifier), rng)
            models[1].fit(rows, classes)
            held_out = _safe_indexing(X, test), y[test]
            trained, alone = (_average_precision(model, *held_out) for model in models)
        gains.append(trained - alone)
    return np.array(gains)


def is_harmful(gains: np.ndarray) -> bool:
    """Whether the mean of some gains is below zero by more than its standard error."""
    if not len(gains):
        return False
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    return bool(gains.mean() < -error)


def _average_precision(model: Any, X: Any, y: np.ndarray) -> float:
    """Mean over the classes, of each against the others."""
    is_of_class = y[:, None] == model.classes_
    return float(average_precision_score(is_of_class, _scores(model, X)))


def _scores(model: Any, X: Any) -> np.ndarray:
    """A score of each class, by which its rows are ranked."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(X))
    if hasattr(model, "decision_function"):
        decision = np.asarray(model.decision_function(X))
        of_second = decision.ndim == 1
        return np.column_stack([-decision, decision]) if of_second else decision
    return np.asarray(model.predict(X))[:, None] == model.classes_
