"""The same rows resampled several times over, by a sampler that is fitted once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from gan_augment.encoding.labels import plain_label
from gan_augment.seeding import make_rng, seeded


class Draw(NamedTuple):
    """The rows that a classifier is trained on, the real ones first.

    `weight` is that of each synthetic row, a real one having 1; None if all have 1.
    """

    sampler: Any
    X: Any
    y: np.ndarray
    weight: np.ndarray | None = None


def resample(
    sampler: Any, X: Any, y: np.ndarray, n_draws: int, rng: np.random.Generator
) -> Iterator[Draw]:
    """Resample `n_draws` times.

    An over-sampler is fitted once, for the rows of all draws, of which each gets its
    share; another sampler is fitted for every draw, with other seeds from the second.

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
        Seeds a sampler that has no seed.

    Yields
    ------
    draw : Draw
        The fitted sampler, rows and classes.

    Raises
    ------
    ValueError
        If an over-sampler does not put the real rows first.
    """
    fitted = seeded(clone(sampler), rng)
    # All that follows from a sampler with a seed depends on that seed alone.
    own = make_rng(fitted.get_params().get("random_state", rng))
    if n_draws > 1 and isinstance(sampler, BaseOverSampler):
        yield from _resample_at_once(fitted, X, y, n_draws, own)
        return
    yield Draw(fitted, *fitted.fit_resample(X, y))
    for _ in range(n_draws - 1):
        again = seeded(clone(sampler), own, anew=True)
        yield Draw(again, *again.fit_resample(X, y))


def check_real_rows_first(sampler: Any, y: np.ndarray, y_resampled: Any) -> None:
    """Raise a ValueError if the resampled rows do not begin with the real ones."""
    if not np.array_equal(np.asarray(y_resampled)[: len(y)], y):
        raise ValueError(
            "With weights or several draws of an over-sampler, `sampler` must keep the "
            f"real rows and put them first. Got {type(sampler).__name__}, which does "
            "not. Use another over-sampler."
        )


def _resample_at_once(
    sampler: BaseOverSampler,
    X: Any,
    y: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
) -> Iterator[Draw]:
    sampler._validate_params()
    new = check_sampling_strategy(sampler.sampling_strategy, y, "over-sampling")
    wanted = {
        plain_label(label): int((y == label).sum() + n_draws * n)
        for label, n in new.items()
    }
    sampler = clone(sampler).set_params(sampling_strategy=wanted)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    check_real_rows_first(sampler, y, y_resampled)
    draw = _deal(y_resampled[len(y) :], n_draws, rng)
    for number in range(n_draws):
        synthetic = len(y) + np.flatnonzero(draw == number)
        rows = np.concatenate([np.arange(len(y)), synthetic])
        of_draw = _safe_indexing(X_resampled, rows)
        if isinstance(of_draw, pd.DataFrame):
            of_draw = of_draw.reset_index(drop=True)
        yield Draw(sampler, of_draw, y_resampled[rows])


def _deal(labels: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """The draw of each row: of every class as many in each, at random."""
    draw = np.empty(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        of_class = rng.permutation(np.flatnonzero(labels == label))
        draw[of_class] = np.arange(len(of_class)) % n_draws
    return draw
