"""Rows of a GAN that count for every class as far as a teacher believes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.classification.replicates import Draw
from gan_augment.classification.weights import takes_weights
from gan_augment.encoding.container import stack_rows
from gan_augment.over_sampling.class_filter import MAX_TRAINING_ROWS
from gan_augment.over_sampling.over_sampler import GANOverSampler
from gan_augment.seeding import make_rng

# Weight of a synthetic row, of all classes together, a real row having 1.
SOFT_WEIGHT = 0.5
# A row that counts less than this for a class counts this much with a probability, or
# not at all: as much on average, and most rows stand for one or two classes.
LEAST_WEIGHT = 0.01
# A teacher that is certain is believed to be wrong this often.
DOUBT = 1e-6
# Rounds in which the classes are scaled to their shares, and how near is near enough.
N_ROUNDS, TOLERANCE = 100, 1e-6


def takes_soft_labels(classifier: Any) -> bool:
    """Whether a classifier can learn from them and give them back."""
    return hasattr(classifier, "predict_proba") and takes_weights(classifier)


def check_soft_labels(classifier: Any, sampler: Any) -> None:
    """Raise a ValueError if these cannot have soft labels."""
    if not takes_soft_labels(classifier):
        raise ValueError(
            "With soft labels `classifier` must have predict_proba and take "
            f"sample_weight in fit. Got {classifier!r}. Use soft_labels=False."
        )
    if not isinstance(sampler, GANOverSampler) or sampler.sample_filter is None:
        raise ValueError(
            "With soft labels `sampler` must be a GANOverSampler with a class filter, "
            f"whose classifier is the teacher. Got {sampler!r}. Use soft_labels=False."
        )


def draw_soft(sampler: GANOverSampler, X: Any, y: np.ndarray, n_draws: int) -> Draw:
    """Add rows of all classes, each with a teacher's probabilities as weights.

    A GAN knows where rows lie better than which class they are of, and what a vote
    thinks of a row need not be rounded: "generate, annotate, and learn" [1]_. The
    teacher is the classifier of the sampler's filter. Rows are drawn with the classes
    as common as in the training rows, and the teacher's probabilities are scaled, class
    by class, until they add up to these shares. Copies of real rows are not refused:
    they are no surer of their class than any other row.

    Parameters
    ----------
    sampler : GANOverSampler
        Fitted, with a class filter.
    X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : ndarray of shape (n_samples,)
        Their classes.
    n_draws : int
        Rows drawn for each training row; of a table with more rows than the teacher
        has seen, no more than for these.

    Returns
    -------
    draw : Draw
        A synthetic row is there once for every class that it counts for.

    Raises
    ------
    ValueError
        If X is images, of which there is no teacher.

    References
    ----------
    .. [1] He et al., "Generate, Annotate, and Learn: NLP with Synthetic Text",
       TACL 10 (2022), arXiv:2106.06168; section 4.5 is on tables.
    """
    teacher = sampler.sample_filter_
    if teacher is None:
        raise ValueError(
            "With soft labels X must be a table, not images, which are not filtered. "
            f"Got the shape {np.shape(X)}. Use soft_labels=False."
        )
    classes, counts = np.unique(y, return_counts=True)
    # The sampler's own stream has drawn the rows with hard labels.
    (rng,) = make_rng(sampler.random_state).spawn(1)
    n_each = np.ceil(n_draws * counts * min(1.0, MAX_TRAINING_ROWS / len(y)))
    rows = stack_rows(
        [
            sampler.gan_.sample(int(n_rows), label=label, random_state=rng)[0]
            for label, n_rows in zip(classes, n_each, strict=True)
        ]
    )
    weights = SOFT_WEIGHT * _scaled(teacher.predict_proba(rows), counts / len(y))
    row, code = np.nonzero(weights > LEAST_WEIGHT * rng.random(weights.shape))
    return Draw(
        sampler,
        stack_rows([X, _safe_indexing(rows, row)]),
        np.concatenate([y, classes[code]]),
        np.maximum(weights[row, code], LEAST_WEIGHT),
    )


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
