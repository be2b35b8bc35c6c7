"""Tell how far the learning of trees is, as a training of networks tells its epochs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from gan_augment.gans.acceptance import GENERATED_PER_REAL, MOST_TREES
from gan_augment.training.callbacks import Announcer, Callback, History

# Share of the time limit after which no chain is begun: the rest is for the
# discriminator.
SHARE_OF_CHAINS = 0.5
# Trees of the discriminator between two events.
TREES_OF_STEP = 10
# Loss of a discriminator that only knows the share of real rows.
_SHARE = 1 / (1 + GENERATED_PER_REAL)
UNINFORMED = -_SHARE * math.log(_SHARE) - (1 - _SHARE) * math.log(1 - _SHARE)


class TreeSteps:
    """Steps of the learning of trees: each chain, then some trees of the discriminator.

    Parameters
    ----------
    n_chains : int
        Number of chains to learn.
    max_time : float or None
        Seconds after which no tree is learned. No chain but the first is begun after
        half of them. If None, there is no limit.
    callbacks : sequence of Callback
        Told of every step, as of an epoch: ``step``, ``seconds`` and
        ``discriminator_loss``, which is that of rows that a tree has not learned from.

    Attributes
    ----------
    history : dict of str to list of float
        What was told.
    """

    def __init__(
        self, n_chains: int, max_time: float | None, callbacks: Sequence[Callback]
    ) -> None:
        self._n_steps = n_chains + MOST_TREES // TREES_OF_STEP
        self._n_chains = n_chains
        self._max_time = math.inf if max_time is None else max_time
        self._history = History()
        self._callbacks = [self._history, *callbacks, Announcer()]
        self._begin = time.perf_counter()

    @property
    def history(self) -> dict[str, list[float]]:
        """What was told."""
        return self._history.records

    def __enter__(self) -> Self:
        for callback in self._callbacks:
            callback.on_train_begin(self._n_steps)
        return self

    def __exit__(self, *error: object) -> None:
        for callback in self._callbacks:
            callback.on_train_end()

    def on_chain(self, n_learned: int) -> bool:
        """Tell of a chain; whether there are to be no more of them."""
        enough = self._tell(n_learned, UNINFORMED)
        return enough or self._seconds() > SHARE_OF_CHAINS * self._max_time

    def on_tree(self, index: int, trees: Any, _: dict[str, Any]) -> bool:
        """Tell of the trees of a discriminator; whether there are to be no more."""
        is_over = self._seconds() > self._max_time
        n_learned, rest = divmod(index + 1, TREES_OF_STEP)
        if rest:
            return is_over
        # scikit-learn gives the deviance, which is twice the logarithmic loss.
        losses = trees.oob_scores_[index + 1 - TREES_OF_STEP : index + 1] / 2
        return self._tell(self._n_chains + n_learned, float(np.mean(losses))) or is_over

    def _seconds(self) -> float:
        return time.perf_counter() - self._begin

    def _tell(self, step: int, loss: float) -> bool:
        # A callback may write a measure of its own into it, which the next ones see.
        seconds = self._seconds()
        told = {"step": step, "seconds": seconds, "discriminator_loss": loss}
        wants_to_stop = [callback.on_epoch_end(told) for callback in self._callbacks]
        return any(wants_to_stop)
