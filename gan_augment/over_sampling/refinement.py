"""Steps between the rows that a GAN draws and those that are returned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import stack_rows
from gan_augment.encoding.rows import RealRows
from gan_augment.gans.base import Synthesizer

# Rounds of drawing for one class before copies of real rows count as unavoidable.
MAX_ROUNDS = 8
# If few of the drawn rows are left, a round asks for more than are missing: for at most
# so many times what the round before asked for, and so many rows or times the rows of
# the class.
MOST_GROWTH, MOST_ASKED, MOST_TIMES = 4, 2000, 4
# Rows asked for in a row of which none is left, after which no more are drawn.
MOST_IN_VAIN = 1000


class Refinement:
    """Base class of steps that refine drawn rows; override the methods you need.

    :class:`~gan_augment.GANOverSampler` fits its refinements on the real rows, and
    passes the rows that the GAN draws for a class from one to the next. A refinement
    may drop rows, change them, or choose the best of more rows than are requested. If
    too few rows remain, more are drawn.

    See Also
    --------
    gan_augment.over_sampling.ClassFilter : Choose rows that look like their class.
    gan_augment.over_sampling.CopyFilter : Drop copies of real rows.
    gan_augment.ImageMixture : Replace images by label-preserving copies.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from gan_augment import GANOverSampler, TabularGAN
    >>> from gan_augment.over_sampling import Refinement
    >>> class PositiveRows(Refinement):
    ...     def refine(self, X, label, n_rows, rng):
    ...         return X[X[:, 0] > 0]
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> sampler = GANOverSampler(
    ...     TabularGAN(max_steps=50), refinements=[PositiveRows()], random_state=0
    ... )
    >>> X_resampled, _ = sampler.fit_resample(X, y)
    >>> bool((X_resampled[sampler.synthetic_mask_, 0] > 0).all())
    True
    """

    def fit(
        self, real: RealRows, y: np.ndarray, gan: Synthesizer, labels: list[Any]
    ) -> Self:
        """Learn from the real rows.

        Parameters
        ----------
        real : RealRows
            The real rows: ``real.X`` as the user passed them, ``real.frame`` as a
            frame.
        y : ndarray of shape (n_samples,)
            Their classes.
        gan : estimator
            The fitted GAN.
        labels : list
            The classes that rows will be drawn for.

        Returns
        -------
        self : Refinement
            The fitted refinement.
        """
        return self

    def n_draws(self, n_rows: int, label: Any) -> int:
        """Compute how many rows this refinement needs.

        Parameters
        ----------
        n_rows : int
            Number of rows that it must return.
        label : object
            Their class.

        Returns
        -------
        n_draws : int
            Number of rows to pass to it.
        """
        return n_rows

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Refine drawn rows of one class.

        Parameters
        ----------
        X : {DataFrame, ndarray, sparse matrix} of shape (n_drawn, n_features)
            Drawn rows, in the container and the dtypes of the real rows.
        label : object
            Their class.
        n_rows : int
            Number of rows to return.
        rng : Generator
            Source of every random choice.

        Returns
        -------
        X : {DataFrame, ndarray, sparse matrix} of shape (n_refined, n_features)
            Refined rows. If there are more than wanted, the first are taken.
        """
        return X


def draw_refined(
    gan: Synthesizer,
    refinements: Sequence[Refinement],
    label: Any,
    n_rows: int,
    rng: np.random.Generator,
    *,
    last_resort: Sequence[Refinement],
) -> Any:
    """Draw exactly `n_rows` refined rows of a class.

    Parameters
    ----------
    gan : estimator
        Fitted, with ``sample``.
    refinements : sequence of Refinement
        Fitted, in the order in which they are applied.
    label : object
        The class.
    n_rows : int
        Rows wanted.
    rng : Generator
        Source of every random choice.
    last_resort : sequence of Refinement
        Refinements that replace the others when rows are still missing after eight
        rounds, or when none of 1,000 draws in a row was left.

    Returns
    -------
    X : {DataFrame, ndarray, sparse matrix} of shape (n_rows, n_features)
        The rows.

    Raises
    ------
    ValueError
        If even then too few rows are left.
    """
    parts: list[Any] = []
    missing, asked, n_asked, n_left = n_rows, 0, 0, 0
    for applied in (refinements, last_resort):
        n_in_vain = 0
        for _ in range(MAX_ROUNDS):
            # As many as leave what is missing, by the share that was left so far.
            most = min(MOST_GROWTH * asked, max(MOST_ASKED, MOST_TIMES * n_rows))
            asked = max(missing, min(missing * n_asked // (n_left + 1), most))
            rows = _draw_once(gan, applied, label, asked, rng)
            parts.append(_first(rows, missing))
            missing -= np.shape(parts[-1])[0]
            if not missing:
                return parts[0] if len(parts) == 1 else stack_rows(parts)
            n_asked, n_left = n_asked + asked, n_left + np.shape(rows)[0]
            n_in_vain = 0 if np.shape(rows)[0] else n_in_vain + asked
            if n_in_vain >= MOST_IN_VAIN:
                break
    names = [type(refinement).__name__ for refinement in last_resort]
    raise ValueError(
        f"`refinements` must leave rows of every class. Got {n_rows - missing} of "
        f"{n_rows} rows of class {label!r} from {n_asked:,} draws, with "
        f"{', '.join(names)}. Relax them."
    )


def _draw_once(
    gan: Synthesizer,
    refinements: Sequence[Refinement],
    label: Any,
    n_rows: int,
    rng: np.random.Generator,
) -> Any:
    """Draw rows for the first refinement, and pass them through all of them."""
    wanted = [n_rows]
    for refinement in reversed(refinements):
        wanted.append(refinement.n_draws(wanted[-1], label))
    n_drawn = wanted.pop()
    # A GAN cannot draw 0 rows, whose columns are needed.
    rows, _ = gan.sample(max(n_drawn, 1), label=label, random_state=rng)
    rows = _first(rows, n_drawn)
    for refinement in refinements:
        if not np.shape(rows)[0] and n_drawn:
            break
        rows = refinement.refine(rows, label, wanted.pop(), rng)
    return rows


def _first(rows: Any, n_rows: int) -> Any:
    """The first rows; those that are given, without a copy, if there are not more."""
    if np.shape(rows)[0] <= n_rows:
        return rows
    return _safe_indexing(rows, np.arange(n_rows))
