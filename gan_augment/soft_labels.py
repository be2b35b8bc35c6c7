"""Rows of a GAN that count for every class as far as a teacher believes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.draws import Draw
from gan_augment.encoding.container import stack_rows
from gan_augment.filtering import MAX_TRAINING_ROWS
from gan_augment.over_sampler import GANOverSampler
from gan_augment.seeding import make_rng

# Weight of a synthetic row, of all classes together, a real row having 1.
SOFT_WEIGHT = 0.5
# A row is left out of the classes for which it would count less than this.
LEAST_WEIGHT = 1e-3
# Rounds in which the classes are scaled to their shares; a few dozen suffice.
N_ROUNDS = 100


def draw_soft(sampler: Any, X: Any, y: np.ndarray, n_draws: int) -> Draw:
    """Add rows of all classes, each with a teacher's probabilities as weights.

    A GAN knows where rows lie better than which class they are of, and what a vote
    thinks of a row need not be rounded: "generate, annotate, and learn" [1]_. The
    teacher is the classifier of the sampler's filter. Rows are drawn with the classes
    as common as in the training rows, and the teacher's probabilities are scaled, class
    by class, until they add up to these shares.

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
        If the sampler is no GANOverSampler with a class filter.

    References
    ----------
    .. [1] He et al., "Generate, Annotate, and Learn: NLP with Synthetic Text",
       TACL 10 (2022), arXiv:2106.06168; section 4.5 is on tables.
    """
    if not isinstance(sampler, GANOverSampler):
        raise ValueError(
            "With soft labels `sampler` must be a GANOverSampler. Got "
            f"{type(sampler).__name__}. Use soft_labels=False."
        )
    teacher = sampler.sample_filter_
    if teacher is None:
        raise ValueError(
            "With soft labels `sampler` must have a class filter, whose classifier is "
            "the teacher. Got none: images are not filtered, and tables not with "
            "sample_filter=None. Use soft_labels=False."
        )
    classes, counts = np.unique(y, return_counts=True)
    rng = make_rng(sampler.random_state)
    n_each = np.ceil(n_draws * counts * min(1.0, MAX_TRAINING_ROWS / len(y)))
    rows = stack_rows(
        [
            sampler.gan_.sample(int(n_rows), label=label, random_state=rng)[0]
            for label, n_rows in zip(classes, n_each, strict=True)
        ]
    )
    weights = SOFT_WEIGHT * _scaled(teacher.predict_proba(rows), counts / len(y))
    row, code = np.nonzero(weights > LEAST_WEIGHT)
    return Draw(
        sampler,
        stack_rows([X, _safe_indexing(rows, row)]),
        np.concatenate([y, classes[code]]),
        weights[row, code],
    )


def _scaled(probability: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Probabilities (n_rows, n_classes) whose means are these shares of the classes.

    What a teacher takes for the classes' shares, such as equal ones, is no matter then.
    """
    scaled = np.maximum(probability, np.finfo(float).tiny)
    for _ in range(N_ROUNDS):
        scaled = scaled * (shares / scaled.mean(axis=0))
        scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled
