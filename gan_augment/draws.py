"""The same rows resampled several times over, by a sampler that is fitted once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from gan_augment.seeding import seeded


def resample(
    sampler: Any, X: Any, y: np.ndarray, n_draws: int, rng: np.random.Generator
) -> Iterator[tuple[Any, Any, np.ndarray]]:
    """Resample `n_draws` times.

    An over-sampler is fitted once, for the rows of all draws, of which each gets its
    share; another sampler is fitted for every draw.

    Parameters
    ----------
    sampler : sampler
        Any imbalanced-learn sampler; it is cloned.
    X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : ndarray of shape (n_samples,)
        Their classes.
    n_draws : int
        How often.
    rng : Generator
        Seeds a sampler that has no seed, and deals out the rows.

    Yields
    ------
    sampler : sampler
        The fitted sampler.
    X_resampled, y_resampled : {DataFrame, ndarray, sparse matrix}, ndarray
        Rows and classes of a draw.
    """
    if n_draws == 1 or not isinstance(sampler, BaseOverSampler):
        for _ in range(n_draws):
            fitted = seeded(clone(sampler), rng)
            yield fitted, *fitted.fit_resample(X, y)
        return
    fitted = seeded(clone(sampler), rng)
    new = check_sampling_strategy(sampler.sampling_strategy, y, "over-sampling")
    wanted = {label: (y == label).sum() + n_draws * n for label, n in new.items()}
    with warnings.catch_warnings():
        # All draws together may have more rows than the common class; none of them has.
        warnings.filterwarnings("ignore", "After over-sampling", UserWarning)
        fitted.set_params(sampling_strategy=wanted)
        X_resampled, y_resampled = fitted.fit_resample(X, y)
    draw = _deal(y_resampled[len(y) :], n_draws, rng)
    for number in range(n_draws):
        synthetic = len(y) + np.flatnonzero(draw == number)
        rows = np.concatenate([np.arange(len(y)), synthetic])
        yield fitted, _safe_indexing(X_resampled, rows), y_resampled[rows]


def _deal(labels: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """The draw of each row: of every class as many in each, at random."""
    draw = np.empty(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        of_class = rng.permutation(np.flatnonzero(labels == label))
        draw[of_class] = np.arange(len(of_class)) % n_draws
    return draw
