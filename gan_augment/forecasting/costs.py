"""Forecast the time and the memory of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from imblearn.utils import check_sampling_strategy
from sklearn.utils import check_consistent_length

from gan_augment.encoding.container import to_frame
from gan_augment.encoding.frames import labels_to_pandas
from gan_augment.encoding.labels import exact_labels
from gan_augment.forecasting.timing import MOST_ROWS, TimedStages
from gan_augment.gans.acceptance import MOST_TREES
from gan_augment.gans.recipe import Recipe
from gan_augment.gans.tabular import TabularGAN
from gan_augment.gans.tree_steps import TREES_OF_STEP
from gan_augment.memory import available_memory, in_words
from gan_augment.over_sampling.over_sampler import GANOverSampler

# Share of rare rows where only a shape is given.
RARE_SHARE = 0.1


@dataclass(frozen=True)
class Forecast:
    """Forecast of the time and the memory of a fit or a resampling.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the table.
    n_drawn : int
        Number of synthetic rows of all classes; 0 if an estimator is only fitted.
    n_steps : int
        Largest number of training steps, as the progress bar counts them.
    seconds : float
        Time on one otherwise idle core.
    memory : float
        Largest number of bytes used in addition to the table.
    available_memory : float
        Number of bytes that are currently free on the machine.

    See Also
    --------
    forecast : Make a forecast.

    Examples
    --------
    >>> from gan_augment.forecasting import Forecast
    >>> expected = Forecast(10_000, 12, 500, 400, 8.0, 3e8, 4e9)
    >>> expected.fits
    True
    >>> print(str(expected).partition(": ")[2])
    about 8 s of one core and 300 MB of memory; 4.0 GB are available.
    """

    n_rows: int
    n_columns: int
    n_drawn: int
    n_steps: int
    seconds: float
    memory: float
    available_memory: float

    @property
    def fits(self) -> bool:
        """Whether enough memory is available."""
        return self.memory <= self.available_memory

    def __str__(self) -> str:
        drawn = f", {self.n_drawn:,} synthetic rows" if self.n_drawn else ""
        return (
            f"{self.n_rows:,} rows, {self.n_columns} columns, up to {self.n_steps:,} "
            f"training steps{drawn}: about {_duration(self.seconds)} of one core and "
            f"{in_words(self.memory)} of memory; {in_words(self.available_memory)} "
            "are available."
        )


def forecast(
    estimator: TabularGAN | GANOverSampler,
    X: Any,
    y: Any = None,
    *,
    n_rows: int | None = None,
) -> Forecast:
    """Forecast the time and the memory of a fit or a resampling of a table.

    The stages of a fit are timed on up to 20,000 of the rows, which takes some seconds,
    and each is extrapolated. The memory is computed from the numbers of rows, columns
    and levels.

    Parameters
    ----------
    estimator : TabularGAN or GANOverSampler
        Unfitted GAN or over-sampler. The GAN of an over-sampler must be a
        :class:`~gan_augment.TabularGAN`, as it is by default.
    X : {DataFrame, array-like, sparse matrix} or tuple (n_rows, n_columns)
        Rows of the table, or its shape. If a shape is given, all columns are assumed to
        be real numbers.
    y : array-like of shape (n_samples,), default=None
        Classes of the rows. If None, which needs a shape as `X`, assume two classes,
        one of which has a tenth of the rows.
    n_rows : int, default=None
        Number of rows of the table, if `X` is a part of it. If None, use that of `X`.
        The time is accurate if the part has 20,000 rows.

    Returns
    -------
    forecast : Forecast
        The time and the memory.

    Raises
    ------
    TypeError
        If the estimator is not supported.
    ValueError
        If `n_rows` is less than 1, or `y` is missing.

    See Also
    --------
    TabularGAN.fit_dataset : Train on a table that does not fit into memory.

    Examples
    --------
    >>> from gan_augment import TabularGAN, forecast
    >>> found = forecast(TabularGAN(max_steps=100), (3000, 4))
    >>> found.n_steps, found.fits
    (100, True)
    """
    gan, sampler = _parts(estimator)
    if n_rows is not None and (not isinstance(n_rows, Integral) or n_rows < 1):
        raise ValueError(
            f"`n_rows` must be a whole number of at least 1. Got {n_rows!r}."
        )
    if _is_shape(X):
        n_rows = n_rows or X[0]
        X, y = _random_rows(*X)
    frame, classes = _checked(X, y)
    n_rows = int(n_rows or len(classes))
    counts = np.bincount(classes)
    factor = n_rows / len(classes)
    scaled = np.maximum(np.rint(counts * factor), 1).astype(int)
    size = gan._size_of(frame).with_rows(n_rows)
    recipe = gan._recipe_for(scaled, size.width).chosen_by(gan)
    wanted = np.zeros(len(counts), dtype=int)
    if sampler is not None:
        wanted = _wanted(sampler, classes, y, scaled)
    stages = TimedStages(gan, sampler, recipe, frame, classes, wanted / n_rows)
    seconds = stages.extrapolate(scaled)
    needed = size.fit_bytes(recipe)
    if sampler is not None:
        needed = max(needed, size.draw_bytes(int(wanted.max())))
    return Forecast(
        n_rows=n_rows,
        n_columns=frame.shape[1],
        n_drawn=int(wanted.sum()),
        n_steps=_n_steps(recipe),
        seconds=seconds,
        memory=needed,
        available_memory=available_memory(),
    )


def _parts(estimator: Any) -> tuple[TabularGAN, GANOverSampler | None]:
    """The GAN, and the over-sampler if it is one."""
    sampler = estimator if isinstance(estimator, GANOverSampler) else None
    gan = estimator if sampler is None else sampler._make_gan(None)
    if not isinstance(gan, TabularGAN):
        raise TypeError(
            "`estimator` must be a TabularGAN or a GANOverSampler with one. Got "
            f"{estimator!r}."
        )
    return gan, sampler


def _n_steps(recipe: Recipe) -> int:
    if recipe.n_chains:
        return recipe.n_chains + MOST_TREES // TREES_OF_STEP
    return recipe.max_steps


def _is_shape(X: Any) -> bool:
    return (
        isinstance(X, tuple) and len(X) == 2 and all(isinstance(n, Integral) for n in X)
    )


def _random_rows(n_rows: int, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """As many rows of a shape as are timed, and two classes."""
    if n_rows < 2 or n_columns < 1:
        raise ValueError(
            "`X` must have at least two rows and one column. Got the shape "
            f"{(n_rows, n_columns)}."
        )
    rng = np.random.default_rng(0)
    n_rows = min(n_rows, 2 * MOST_ROWS)
    X = rng.normal(size=(n_rows, n_columns))
    return X, rng.permutation(np.arange(n_rows) < max(RARE_SHARE * n_rows, 1))


def _checked(X: Any, y: Any) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows as a frame, and their class indices."""
    if y is None:
        raise ValueError("`y` must hold the classes of the rows of `X`. Got None.")
    frame = to_frame(X)
    y = np.asarray(exact_labels(labels_to_pandas(y)))
    check_consistent_length(frame, y)
    return frame, np.unique(y, return_inverse=True)[1]


def _wanted(
    sampler: GANOverSampler, classes: np.ndarray, y: Any, counts: np.ndarray
) -> np.ndarray:
    """Rows that an over-sampler would draw of each class.

    `counts` holds the number of rows of each class in the whole table.
    """
    strategy = sampler.sampling_strategy
    wanted = np.zeros(len(counts), dtype=int)
    if isinstance(strategy, Mapping):
        labels = np.unique(np.asarray(y)).tolist()
        for label, n_rows in strategy.items():
            index = labels.index(label)
            wanted[index] = max(n_rows - counts[index], 0)
        return wanted
    of_part = check_sampling_strategy(strategy, classes, "over-sampling")
    for index, n_rows in of_part.items():
        wanted[index] = round(n_rows * counts.sum() / len(classes))
    return wanted


def _duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
