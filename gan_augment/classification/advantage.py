"""How much better a teacher predicts than the classifier that it is to teach."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import _safe_indexing, resample

from gan_augment.seeding import draw_seed, seeded
from gan_augment.threads import one_openmp_thread

# Folds, and rows that are enough to tell which of two classifiers is better.
N_FOLDS, MOST_ROWS = 3, 5000
# Smallest probability that is used, so that no row decides alone.
LEAST_PROBABILITY = 1e-3


def advantage(
    teacher: Any, classifier: Any, X: Any, y: np.ndarray, rng: np.random.Generator
) -> float:
    """How many standard errors the log loss of a teacher is below a classifier's.

    Both predict the same real rows out of fold.

    Parameters
    ----------
    teacher, classifier : classifier
        Not fitted, or clones are.
    X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : ndarray of shape (n_samples,)
        Their classes.
    rng : Generator
        Source of the folds, and of seeds.

    Returns
    -------
    advantage : float
        Below 0 if the classifier is the better one; 0 if a class has fewer than two
        rows among those that are predicted, which says nothing.
    """
    classes, codes = np.unique(y, return_inverse=True)
    if len(y) > MOST_ROWS:
        kept = resample(
            np.arange(len(y)),
            replace=False,
            n_samples=MOST_ROWS,
            stratify=codes,
            random_state=draw_seed(rng),
        )
        X, y, codes = _safe_indexing(X, kept), y[kept], codes[kept]
    fewest = int(np.bincount(codes, minlength=len(classes)).min())
    if fewest < 2:
        return 0.0
    folds = StratifiedKFold(min(N_FOLDS, fewest), shuffle=True)
    folds.random_state = draw_seed(rng)
    splits = list(folds.split(codes, codes))
    losses = []
    for model in (classifier, teacher):
        loss = np.empty(len(y))
        for train, test in splits:
            with one_openmp_thread():
                fitted = seeded(clone(model), rng)
                fitted.fit(_safe_indexing(X, train), y[train])
                probability = fitted.predict_proba(_safe_indexing(X, test))
            of_class = probability[np.arange(len(test)), codes[test]]
            loss[test] = -np.log(np.maximum(of_class, LEAST_PROBABILITY))
        losses.append(loss)
    gain = losses[0] - losses[1]
    return float(gain.mean() / max(gain.std(ddof=1) / np.sqrt(len(gain)), 1e-12))
