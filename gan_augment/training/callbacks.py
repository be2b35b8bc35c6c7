"""Callbacks, which observe a training and may stop it."""

from __future__ import annotations

import math

import numpy as np

from gan_augment import events


class Callback:
    """Base class with four empty hooks; override the ones you need."""

    def on_train_begin(self, max_steps: int) -> None:
        """Called before the first step; at most `max_steps` steps follow."""

    def on_epoch_end(self, epoch: dict[str, float]) -> bool | None:
        """Called after each epoch with its record; return True to stop the training.

        The record holds ``step`` (steps done), ``seconds`` (since the beginning), the
        mean losses of the epoch and, of its last step, the norms of both gradients and
        the diversity: the spread of the generated rows within their classes, divided by
        that of the real rows. It is 0 for a collapsed generator.
        """

    def on_picture(self, step: int, picture: np.ndarray) -> None:
        """Called after each epoch of images, with a uint8 grid (h, w, 3) of images."""

    def on_train_end(self) -> None:
        """Called after the last step, and also if the training fails."""


class History(Callback):
    """Keep every epoch's record.

    Attributes
    ----------
    records : dict of str to list of float
        One list a measure, one entry an epoch.
    """

    def __init__(self) -> None:
        self.records: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Append the record."""
        for name, value in epoch.items():
            self.records.setdefault(name, []).append(value)


class EarlyStopping(Callback):
    """Stop when a measure of what the generator draws no longer improves.

    Parameters
    ----------
    measure : str, default="coverage"
        Entry of the epoch's record, for which larger is better. ``"coverage"`` is
        measured for more than five training images; for tables that networks learn,
        pass ``"diversity"``.
    patience : int, default=10
        Number of epochs without an improvement after which the training stops.
    """

    def __init__(self, measure: str = "coverage", patience: int = 10) -> None:
        self.measure = measure
        self.patience = patience

    def on_train_begin(self, max_steps: int) -> None:
        """Forget the training before."""
        self._best, self._n_worse = -math.inf, 0

    def on_epoch_end(self, epoch: dict[str, float]) -> bool:
        """Count the epochs since the best one."""
        if self.measure not in epoch:
            raise ValueError(
                f"`measure` must be one of {sorted(epoch)}. Got {self.measure!r}."
            )
        improved = epoch[self.measure] > self._best
        self._best = max(self._best, epoch[self.measure])
        self._n_worse = 0 if improved else self._n_worse + 1
        return self._n_worse >= self.patience


class Announcer(Callback):
    """Tell the listeners of :mod:`gan_augment.events` how the training goes on."""

    def on_train_begin(self, max_steps: int) -> None:
        """Tell the most steps that can follow."""
        events.progress("steps", max_steps)

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Tell the record."""
        events.progress("epoch", epoch)

    def on_picture(self, step: int, picture: np.ndarray) -> None:
        """Tell the step and the picture."""
        events.progress("picture", (step, picture))
