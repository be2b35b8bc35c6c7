"""Time the stages of a fit on a part of a table, and extrapolate each by itself."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from gan_augment import events
from gan_augment.gans.chains import most_rows_of_trees
from gan_augment.gans.recipe import Recipe
from gan_augment.gans.tabular import TabularGAN
from gan_augment.over_sampling.class_filter import ClassFilter
from gan_augment.over_sampling.over_sampler import GANOverSampler
from gan_augment.training.callbacks import Callback

# Training steps that are timed: two lots of batches that are encoded ahead.
TIMED_STEPS = 64
# Rows and cells of the part that is timed. The mixture and the classifier that filters
# rows learn from no more than half as many rows of a class.
MOST_ROWS, MOST_CELLS = 20_000, 600_000
# Rows of the part on which trees are timed, for they are slow, and rows that they draw.
ROWS_OF_TREES, TIMED_DRAWS = 4_000, 20_000
# Of more rows, more trees of the discriminator find something: by this power of them.
GROWTH_OF_TREES = 0.3


class TimedStages:
    """Short runs of the stages of a fit or a resampling.

    Parameters
    ----------
    gan : TabularGAN
        The unfitted GAN.
    sampler : GANOverSampler or None
        The over-sampler; None if the GAN alone is fitted.
    recipe : Recipe
        Sizes of the networks and of the training for all rows.
    frame : DataFrame of shape (n_samples, n_features)
        Rows of the table.
    classes : ndarray of shape (n_samples,)
        Their class indices.
    drawn_per_row : ndarray of shape (n_classes,)
        Synthetic rows of each class for a row of the table.
    """

    def __init__(
        self,
        gan: TabularGAN,
        sampler: GANOverSampler | None,
        recipe: Recipe,
        frame: pd.DataFrame,
        classes: np.ndarray,
        drawn_per_row: np.ndarray,
    ) -> None:
        self.gan = gan
        self.sampler = sampler
        self.recipe = recipe
        self.frame = frame
        self.classes = classes
        self.drawn_per_row = drawn_per_row

    def extrapolate(self, counts: np.ndarray) -> float:
        """Processor seconds for a table whose classes have so many rows.

        Encoding, filters and draws grow with the rows, and the training of networks
        with its steps. The mixture and the trees learn from a limited number of rows.
        """
        n_rows = int(counts.sum())
        most = min(n_rows, len(self.frame), MOST_ROWS)
        many = max(min(most, MOST_CELLS // self.frame.shape[1]), 1)
        with events.muted(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._fit(max(many // 8, 1), 2)  # what is loaded on first use
            encoding = [self._encode(n) for n in (many // 2, many)]
            seconds = _line(many, encoding, n_rows)
            if not self.recipe.n_chains:
                _, watch = self._fit(many, TIMED_STEPS)
                seconds += max(watch.before - encoding[1], 0.0)
                training = self.recipe.max_steps * watch.training / TIMED_STEPS
                limit = self.gan.max_time
                seconds += training if limit is None else min(training, limit)
            if self.sampler is not None:
                drawing = [self._draw(n) for n in (many // 2, many)]
                seconds += _line(many, drawing, n_rows)
            if self.recipe.n_chains or self.recipe.n_candidates > 1:
                seconds += self._trees(min(many, ROWS_OF_TREES), counts)
        return seconds

    def _trees(self, n_rows: int, counts: np.ndarray) -> float:
        """Seconds in which trees learn and draw, where networks draw every row."""
        by_trees = "trees" if self.recipe.n_chains else "network"
        chosen = {"generator": by_trees, "n_candidates": self.recipe.n_candidates}
        gan, watch = self._fit(n_rows, 2, **chosen)
        most_rows = most_rows_of_trees(gan.encoder_.width_)
        n_learned = min(int(counts.sum()), most_rows)
        growth = _sorting(n_learned) / _sorting(n_rows)
        growth *= (n_learned / n_rows) ** GROWTH_OF_TREES
        if not self.recipe.n_chains:
            seconds = watch.after * growth
        else:
            n_chains = gan.recipe_.n_chains
            chain = watch.epochs[n_chains - 1] / n_chains
            seconds = (watch.training - n_chains * chain) * growth
            of_part = np.bincount(self._part(n_rows)[1])
            of_all = np.minimum(counts, most_rows)
            chain *= _sorting(of_all).sum() / _sorting(of_part).sum()
            seconds += self.recipe.n_chains * chain
        if self.sampler is not None:
            plain, _ = self._fit(n_rows, 2)
            begin = time.process_time()
            plain.sample(TIMED_DRAWS)
            middle = time.process_time()
            gan.sample(TIMED_DRAWS)
            longer = max(time.process_time() - middle - (middle - begin), 0.0)
            seconds += longer / TIMED_DRAWS * self._n_candidates(int(counts.sum()))
        return seconds

    def _encode(self, n_rows: int) -> float:
        """Seconds of encoding so many rows."""
        X, y = self._part(n_rows)
        begin = time.process_time()
        self.gan._make_encoder().fit(X, y).quantize(X)
        return time.process_time() - begin

    def _fit(
        self, n_rows: int, n_steps: int, **chosen: Any
    ) -> tuple[TabularGAN, _Stopwatch]:
        """A GAN of so many rows and steps, and the time of its fit.

        Networks draw its rows, of which every one is accepted, unless chosen otherwise.
        """
        X, y = self._part(n_rows)
        watch = _Stopwatch()
        names = ("n_components", "hidden_dims", "batch_size")
        recipe = {name: getattr(self.recipe, name) for name in names}
        recipe |= {"generator": "network", "n_candidates": 1}
        if n_steps < TIMED_STEPS:
            recipe["n_components"] = 1
        gan = clone(self.gan).set_params(
            **recipe | chosen,
            max_steps=n_steps,
            max_time=None,
            # Nothing that was learned before is continued, or written over.
            checkpoint_dir=None,
            warm_start=False,
            init_from=None,
            callbacks=[watch],
            verbose=False,
            random_state=0,
        )
        gan.fit(X, y)
        watch.end()
        return gan, watch

    def _draw(self, n_rows: int) -> float:
        """Seconds of the filters and draws of an over-sampler of so many rows.

        Every drawn row is accepted.
        """
        gan, _ = self._fit(n_rows, 2)
        X, y = self._part(n_rows)
        sizes = np.bincount(y) + np.rint(self.drawn_per_row * len(y)).astype(int)
        sampler = clone(self.sampler).set_params(
            gan=FrozenEstimator(gan),
            sampling_strategy=dict(enumerate(sizes.tolist())),
            memory=None,
            verbose=False,
            random_state=0,
        )
        begin = time.process_time()
        sampler.fit_resample(X, y)
        return time.process_time() - begin

    def _n_candidates(self, n_rows: int) -> float:
        """Rows that the GAN draws for the filter to choose from."""
        chosen = getattr(self.sampler, "sample_filter", None)
        per_row = getattr(chosen, "draws_per_row", ClassFilter().draws_per_row)
        wanted = n_rows * float(self.drawn_per_row.sum())
        return wanted if chosen is None else wanted * per_row

    def _part(self, n_rows: int) -> tuple[pd.DataFrame, np.ndarray]:
        """So many rows, of which each class has its share, of two rows at least."""
        rng = np.random.default_rng(0)
        share = n_rows / len(self.classes)
        rows = [np.flatnonzero(self.classes == c) for c in np.unique(self.classes)]
        chosen = [rng.permutation(r)[: max(round(share * len(r)), 2)] for r in rows]
        positions = np.sort(np.concatenate(chosen))
        part = self.frame.iloc[positions].reset_index(drop=True)
        return part, self.classes[positions]


class _Stopwatch(Callback):
    """Processor time before, during and after a training."""

    def __init__(self) -> None:
        self._begin = time.process_time()
        # From the beginning of the training to the end of each epoch.
        self.epochs: list[float] = []

    def on_train_begin(self, max_steps: int) -> None:
        self._train_begin = time.process_time()
        self.before = self._train_begin - self._begin

    def on_epoch_end(self, epoch: dict[str, float]) -> bool:
        self.epochs.append(time.process_time() - self._train_begin)
        return False

    def on_train_end(self) -> None:
        self.training = time.process_time() - self._train_begin

    def end(self) -> None:
        """Note that the fit has ended."""
        self.after = time.process_time() - self._train_begin - self.training


def _sorting(n_rows: Any) -> Any:
    """What trees cost that learn from so many rows, up to a factor."""
    return n_rows * np.log(np.maximum(n_rows, 2))


def _line(many: int, seconds: list[float], n_rows: int) -> float:
    """Seconds of so many rows, on the line through those of half as many and of many.

    The line does not fall.
    """
    growth = max(seconds[1] - seconds[0], 0.0) / max(many - many // 2, 1)
    return seconds[1] + growth * (n_rows - many)
