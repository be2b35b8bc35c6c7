"""Class-balanced batches of encoded rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import one_hot

# Batches that are encoded at once: the encoder works on whole columns, and its fixed
# cost a call is that of a training step.
BATCHES_AHEAD = 32


# Rows of each class that a sample of the training rows has at least.
FEWEST_SAMPLED = 50


def sample_rows(
    classes: np.ndarray, most_rows: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw rows of the training set, and more of the classes that would have too few.

    Parameters
    ----------
    classes : ndarray of shape (n_rows,)
        Class index of every row.
    most_rows : int
        Number of rows to draw, apart from those of the classes that have fewer than
        50 among them.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    positions : ndarray of shape (n_sampled,)
        Positions of the rows, in random order.
    """
    order = rng.permutation(len(classes))
    if len(order) <= most_rows:
        return order
    by_class = np.argsort(classes[order], kind="stable")
    counts = np.bincount(classes)
    ranks = np.empty_like(by_class)
    ranks[by_class] = np.arange(len(order)) - np.repeat(
        counts.cumsum() - counts, counts
    )
    return order[(np.arange(len(order)) < most_rows) | (ranks < FEWEST_SAMPLED)]


def condition_of(classes: np.ndarray, n_classes: int) -> torch.Tensor:
    """(B,) class indices -> (B, n_classes) one-hot condition."""
    return one_hot(torch.from_numpy(classes), n_classes).float()


class ConditionalBatches:
    """Draw rows class by class, so that the rarest class is seen as often as any.

    Parameters
    ----------
    classes : ndarray of shape (n_rows,)
        Class index of every row.
    n_classes : int
        Number of classes, which is the width of the condition.
    encode : callable
        ``encode(indices, rng)`` gives the encoded rows at these positions, as a
        float32 array. It is called anew for every draw, so that it may randomise.
    batch_size : int
        Rows a batch.
    rng : numpy.random.Generator
        Source of the draws.

    Attributes
    ----------
    counts : ndarray of shape (n_classes,)
        Rows of every class.
    """

    def __init__(
        self,
        classes: np.ndarray,
        *,
        n_classes: int,
        encode: Callable[[np.ndarray, np.random.Generator], np.ndarray],
        batch_size: int,
        rng: np.random.Generator,
    ) -> None:
        self.n_classes = n_classes
        self.batch_size = batch_size
        self._encode = encode
        self._rng = rng
        self._rows_by_class = np.argsort(classes, kind="stable")
        self.counts = np.bincount(classes, minlength=n_classes)
        self._starts = np.cumsum(self.counts) - self.counts
        self._ahead: list[tuple[torch.Tensor, torch.Tensor]] = []
        # Of the random generator, before the batches ahead were drawn.
        self._state_before = rng.bit_generator.state

    def draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Next batch: real rows (B, ...) and their one-hot condition (B, C).

        Rows whose positions differ by a multiple of the number of classes have the same
        class.
        """
        if not self._ahead:
            self._encode_ahead()
        return self._ahead.pop()

    def rows(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Encoded rows of the training set, about so many at most, and classes."""
        classes = np.repeat(np.arange(self.n_classes), self.counts)
        chosen = sample_rows(classes, most, self._rng)
        return self._encode(self._rows_by_class[chosen], self._rng), classes[chosen]

    def get_state(self) -> dict[str, Any]:
        """What the next batches follow from, besides the rows."""
        return {
            "before": self._state_before,
            "n_ahead": len(self._ahead),
            "rng": self._rng.bit_generator.state,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on where other batches of the same rows were; moves their generator."""
        self._rng.bit_generator.state = state["before"]
        self._encode_ahead()
        del self._ahead[state["n_ahead"] :]
        self._rng.bit_generator.state = state["rng"]

    def _encode_ahead(self) -> None:
        self._state_before = self._rng.bit_generator.state
        shape = (BATCHES_AHEAD, self.batch_size)
        # The first class of a batch rotates, in case the classes do not divide it.
        first = self._rng.integers(self.n_classes, size=(BATCHES_AHEAD, 1))
        classes = (first + np.arange(self.batch_size)) % self.n_classes
        within = (self._rng.random(shape) * self.counts[classes]).astype(np.intp)
        rows = self._rows_at(classes, within)
        condition = self._condition_of(classes, within)
        self._ahead = list(
            zip(torch.from_numpy(rows), torch.from_numpy(condition), strict=True)
        )

    def _rows_at(self, classes: np.ndarray, within: np.ndarray) -> np.ndarray:
        """Encoded rows of these classes, at these positions within them."""
        indices = self._rows_by_class[self._starts[classes] + within]
        rows = self._encode(indices.ravel(), self._rng)
        return rows.reshape(*classes.shape, *rows.shape[1:])

    def _condition_of(self, classes: np.ndarray, within: np.ndarray) -> np.ndarray:
        """What the networks are told of the rows at these positions."""
        return np.eye(self.n_classes, dtype=np.float32)[classes]


class PairedBatches(ConditionalBatches):
    """Draw rows class by class; the condition is another row of the same class.

    A row that is the only one of its class is its own condition. The parameters are
    those of :class:`ConditionalBatches`.
    """

    def _condition_of(self, classes: np.ndarray, within: np.ndarray) -> np.ndarray:
        counts = self.counts[classes]
        further = 1 + (self._rng.random(classes.shape) * (counts - 1)).astype(np.intp)
        return self._rows_at(classes, (within + further) % counts)
