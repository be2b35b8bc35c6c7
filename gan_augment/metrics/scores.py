"""Scores of a classifier's probabilities on real rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)
from sklearn.model_selection import StratifiedKFold

# Of a class: whether a row is of it, and its score or its label.
Measure = Callable[[np.ndarray, np.ndarray], float]

SCORES = (
    "average_precision",
    "roc_auc",
    "log_loss",
    "brier",
    "balanced_accuracy",
    "f1",
    "tuned_balanced_accuracy",
    "tuned_f1",
)
LESS_IS_BETTER = ("log_loss", "brier")
# What a prior correction, or another threshold, changes.
OF_PROBABILITIES = ("log_loss", "brier")
OF_THE_THRESHOLD = ("balanced_accuracy", "f1")


def classifier_scores(
    y: np.ndarray, probability: np.ndarray, rare: Sequence[int]
) -> dict[str, float]:
    """Compute scores of the ranking, of the probabilities and of decisions.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class indices of real rows.
    probability : ndarray of shape (n_samples, n_classes)
        Their predicted probabilities.
    rare : sequence of int
        Indices of the rare classes. Ranking scores and F1 are means over the rare
        classes that are in `y`.

    Returns
    -------
    scores : dict of str to float
        ``average_precision`` and ``roc_auc``, of each class against the others;
        ``log_loss`` and ``brier``, proper scores, for which smaller is better;
        ``balanced_accuracy`` and ``f1`` of the most probable class; and, for two
        classes, ``tuned_balanced_accuracy`` and ``tuned_f1`` of each half of these rows
        at the threshold that is best on the other half. NaN where a score is not
        defined.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import classifier_scores
    >>> y = np.array([0, 0, 0, 1])
    >>> p = np.array([0.1, 0.2, 0.3, 0.4])
    >>> scores = classifier_scores(y, np.column_stack([1 - p, p]), rare=[1])
    >>> scores["average_precision"], scores["balanced_accuracy"]
    (1.0, 0.5)
    """
    y, given = np.asarray(y), np.asarray(probability)
    probability = given.astype(np.float64)
    if given.dtype != np.float64:  # the sums of shorter numbers are near to one
        probability /= probability.sum(axis=1, keepdims=True)
    n_classes = probability.shape[1]
    found = [label for label in rare if 0 < (y == label).sum() < len(y)]
    predicted = probability.argmax(axis=1)
    wrong = ((probability - np.eye(n_classes)[y]) ** 2).sum(axis=1)

    def over_rare(score: Measure) -> float:
        each = [score(y == label, probability[:, label]) for label in found]
        return float(np.mean(each)) if each else np.nan

    scores = {
        "average_precision": over_rare(average_precision_score),
        "roc_auc": over_rare(roc_auc_score),
        "log_loss": float(log_loss(y, probability, labels=np.arange(n_classes))),
        # Of two classes the usual form counts one of them.
        "brier": float(wrong.mean() / (2 if n_classes == 2 else 1)),
        "balanced_accuracy": float(balanced_accuracy_score(y, predicted)),
        "f1": float(
            f1_score(y, predicted, labels=list(rare), average="macro", zero_division=0)
        ),
        "tuned_balanced_accuracy": np.nan,
        "tuned_f1": np.nan,
    }
    if n_classes == 2 and min((y == 0).sum(), (y == 1).sum()) >= 2:
        is_rare, score = y == rare[0], probability[:, rare[0]]
        scores["tuned_balanced_accuracy"] = _tuned(
            is_rare, score, balanced_accuracy_score, _best_balanced_threshold
        )
        scores["tuned_f1"] = _tuned(is_rare, score, f1_score, _best_f1_threshold)
    return scores


def _tuned(
    is_rare: np.ndarray, score: np.ndarray, measure: Measure, best_threshold: Measure
) -> float:
    halves = StratifiedKFold(2, shuffle=True, random_state=0)
    measured = []
    for one, other in halves.split(score, is_rare):
        threshold = best_threshold(is_rare[one], score[one])
        measured.append(measure(is_rare[other], score[other] >= threshold))
    return float(np.mean(measured))


def _best_balanced_threshold(is_rare: np.ndarray, score: np.ndarray) -> float:
    false_rate, true_rate, thresholds = roc_curve(is_rare, score)
    return float(thresholds[(true_rate - false_rate).argmax()])


def _best_f1_threshold(is_rare: np.ndarray, score: np.ndarray) -> float:
    precision, recall, thresholds = precision_recall_curve(is_rare, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[f1[:-1].argmax()])
