"""Rows of a GAN that count for every class as far as a teacher believes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from gan_augment.classification.replicates import Draw
from gan_augment.classification.weights import has_method, takes_weights
from gan_augment.encoding.container import stack_rows
from gan_augment.gans.base import Synthesizer
from gan_augment.over_sampling.over_sampler import GANOverSampler
from gan_augment.threads import one_openmp_thread

# Weight of a synthetic row, of all classes together, a real row having 1.
SOFT_WEIGHT = 0.5
# Rows of the rarest class that hard labels of synthetic rows count as.
PRIOR_ROWS = 5
# Training rows for each of which rows are drawn, at most: many more add little.
MOST_ROWS = 10_000
# A row that counts less than this for a class counts this much with a probability, or
# not at all: as much on average, and most rows stand for one or two classes.
LEAST_WEIGHT = 0.01
# A teacher that is certain is assumed to be wrong this often.
DOUBT = 1e-6
# Rounds in which the classes are scaled to their shares, and how near is near enough.
N_ROUNDS, TOLERANCE = 100, 1e-6


def takes_soft_labels(classifier: Any) -> bool:
    """Whether a classifier can learn from them and give them back."""
    return has_method(classifier, "predict_proba") and takes_weights(classifier)


def check_soft_labels(X: Any, classifier: Any, sampler: Any) -> None:
    """Raise a ValueError if these cannot have soft labels."""
    if np.ndim(X) != 2:
        raise ValueError(
            "With soft labels `X` must be a table, not images. "
            f"Got the shape {np.shape(X)}. Use soft_labels=False."
        )
    if not takes_soft_labels(classifier):
        raise ValueError(
            "With soft labels `classifier` must have predict_proba and take "
            f"sample_weight in fit. Got {classifier!r}. Use soft_labels=False."
        )
    if not isinstance(sampler, GANOverSampler):
        raise ValueError(
            "With soft labels `sampler` must be a GANOverSampler, whose GAN draws rows "
            f"of every class. Got {sampler!r}. Use soft_labels=False."
        )


def check_teacher(teacher: Any, y: np.ndarray) -> None:
    """Raise a ValueError if a frozen teacher was fitted on other classes.

    Any other teacher is fitted later, on the classes of `y`, and loses by the clone
    what it learned before.
    """
    classes = np.unique(y)
    known = np.asarray(getattr(clone(teacher), "classes_", classes))
    if not np.array_equal(known, classes):
        raise ValueError(
            f"`teacher` must be fitted on the classes of `y`, {classes.tolist()}. Got "
            f"{known.tolist()}. Fit it on the same labels."
        )


def draw_soft(
    gan: Synthesizer,
    teacher: Any,
    X: Any,
    y: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
    *,
    weighted: bool = True,
) -> Draw:
    """Add rows of all classes, each with a teacher's probabilities as weights.

    A GAN knows where rows lie better than which class they are of, and what a teacher
    thinks of a row need not be rounded: "generate, annotate, and learn" [1]_. Rows are
    drawn with the classes as common as in the training rows, and the teacher's
    probabilities are scaled, class by class, until they add up to these shares. Copies
    of real rows are not refused: they are no surer of their class than any other row.

    Parameters
    ----------
    gan : estimator
        Fitted; draws rows of a class with ``sample(n, label=..., random_state=...)``.
    teacher : classifier
        Fitted; gives probabilities, with the classes of `y` in ascending order.
    X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : ndarray of shape (n_samples,)
        Their classes.
    n_draws : int
        Rows drawn for each training row, but not for more than 10,000 of these.
    rng : Generator
        Source of the rows.
    weighted : bool, default=True
        Whether a row counts for every class by its probability. If False, it has one
        class, drawn with these probabilities, for classifiers that take no weights.

    Returns
    -------
    draw : Draw
        With weights, a synthetic row is there once for every class that it counts for.

    References
    ----------
    .. [1] He et al., "Generate, Annotate, and Learn: NLP with Synthetic Text",
       TACL 10 (2022), arXiv:2106.06168; section 4.5 is on tables.
    """
    classes, counts = np.unique(y, return_counts=True)
    n_each = np.ceil(n_draws * counts * min(1.0, MOST_ROWS / len(y)))
    # Where no two rows may share a combination, only so many rows can have one.
    most = np.minimum(n_each, counts) if _compares_rows(gan) else n_each
    rows = stack_rows(
        [
            gan.sample(int(min(n_most, n_left)), label=label, random_state=rng)[0]
            for label, n_rows, n_most in zip(classes, n_each, most, strict=True)
            for n_left in np.arange(n_rows, 0, -n_most)
        ]
    )
    with one_openmp_thread():
        probability = _scaled(teacher.predict_proba(rows), counts / len(y))
    if not weighted:
        levels = probability.cumsum(axis=1)
        drawn = (rng.random((len(levels), 1)) > levels[:, :-1]).sum(axis=1)
        return Draw(gan, stack_rows([X, rows]), np.concatenate([y, classes[drawn]]))
    weights = SOFT_WEIGHT * probability
    row, code = np.nonzero(weights > LEAST_WEIGHT * rng.random(weights.shape))
    return Draw(
        gan,
        stack_rows([X, _safe_indexing(rows, row)]),
        np.concatenate([y, classes[code]]),
        np.maximum(weights[row, code], LEAST_WEIGHT),
    )


def weigh_estimators(n_estimators: int, y: np.ndarray) -> np.ndarray:
    """What the classifiers of real rows, of hard labels and of soft ones count.

    Hard labels of synthetic rows count as much as `PRIOR_ROWS` rows of the rarest class
    would, as a prior does beside what is seen; the others share the rest equally.

    Parameters
    ----------
    n_estimators : int
        That of the real rows, those of hard labels, and that of soft ones.
    y : ndarray of shape (n_samples,)
        Classes of the training rows.

    Returns
    -------
    weights : ndarray of shape (n_estimators,)
        They add up to 1.
    """
    n_rarest = np.unique(y, return_counts=True)[1].min()
    of_hard = PRIOR_ROWS / (PRIOR_ROWS + n_rarest)
    weights = np.full(n_estimators, of_hard / (n_estimators - 2))
    weights[[0, -1]] = (1 - of_hard) / 2
    return weights


def _scaled(probability: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Probabilities (n_rows, n_classes) whose means are these shares of the classes.

    What a teacher takes for the classes' shares, such as equal ones, is no matter then.
    """
    scaled = np.clip(probability, DOUBT, 1.0)
    for _ in range(N_ROUNDS):
        scaled /= scaled.sum(axis=1, keepdims=True)
        means = scaled.mean(axis=0)
        if np.allclose(means, shares, rtol=TOLERANCE, atol=0):
            break
        scaled *= shares / means
    return scaled / scaled.sum(axis=1, keepdims=True)


def _compares_rows(gan: Synthesizer) -> bool:
    """Whether a rule of the GAN compares rows with each other."""
    between_rows = getattr(getattr(gan, "rules_", None), "between_rows", None)
    return between_rows is not None and bool(between_rows())
