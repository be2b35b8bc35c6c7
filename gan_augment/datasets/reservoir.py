"""A class-balanced sample of a stream that does not depend on how it is cut."""

from __future__ import annotations

import numpy as np

# How many times the rows that are wanted may be held before the others are let go.
SLACK = 1.25
# Constants of the 64-bit mixer of SplitMix64: Steele, Lea and Flood 2014,
# doi:10.1145/2714064.2660195.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MULTIPLIERS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
LAST = np.uint64(2**64 - 1)


class BalancedReservoir:
    """Choose rows of a stream, as many of each class as of any other.

    Every row has a priority, which depends on its number in the stream and on the seed
    alone. Each class keeps its rows of the smallest priorities, and all of its rows if
    there are fewer than its quota. The rows are therefore a uniform sample of each
    class, and are the same in whatever chunks they arrive.

    Parameters
    ----------
    max_rows : int
        Most rows that are kept.
    seed : int
        Seed of the priorities, from 0 to 2**63 - 1.

    Attributes
    ----------
    counts : ndarray of shape (n_classes,)
        Rows of each class so far.
    n_kept : int
        Rows that are kept at present: up to a quarter more than `max_rows`, until
        :meth:`settle` is called.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.datasets.reservoir import BalancedReservoir
    >>> classes = np.repeat([0, 1], [990, 10])
    >>> reservoir = BalancedReservoir(100, seed=0)
    >>> for chunk in np.split(classes, 5):
    ...     offered = reservoir.offer(chunk)
    >>> kept = reservoir.settle()
    >>> np.bincount(reservoir.classes).tolist(), reservoir.counts.tolist()
    ([90, 10], [990, 10])
    """

    def __init__(self, max_rows: int, seed: int) -> None:
        self.max_rows = max_rows
        self.counts = np.zeros(0, dtype=np.int64)
        self.classes = np.zeros(0, dtype=np.intp)
        self._key = _mixed(np.array([seed], dtype=np.uint64))[0]
        self._priorities = np.zeros(0, dtype=np.uint64)
        self._limits = np.zeros(0, dtype=np.uint64)
        self._n_seen = 0

    @property
    def n_kept(self) -> int:
        """Rows that are kept at present."""
        return len(self.classes)

    @property
    def is_full(self) -> bool:
        """Whether :meth:`settle` should be called."""
        return self.n_kept > SLACK * self.max_rows

    @property
    def quota(self) -> int:
        """Most rows that a class can have if no more than `max_rows` are kept."""
        left = self.max_rows
        for n_done, count in enumerate(np.sort(self.counts)):
            share = left // (len(self.counts) - n_done)
            if count > share:
                return int(share)
            left -= count
        return self.max_rows

    def offer(self, classes: np.ndarray) -> np.ndarray:
        """Take note of the next rows of the stream.

        Parameters
        ----------
        classes : ndarray of shape (n_rows,)
            Class index of each row.

        Returns
        -------
        kept : ndarray of int
            Positions of the rows to keep for now, ascending.
        """
        seen = np.bincount(classes, minlength=len(self.counts))
        n_new = len(seen) - len(self.counts)
        self.counts = np.pad(self.counts, (0, n_new)) + seen
        self._limits = np.pad(self._limits, (0, n_new), constant_values=LAST)
        numbers = np.arange(len(classes), dtype=np.uint64) + np.uint64(self._n_seen)
        self._n_seen += len(classes)
        priorities = _mixed(numbers ^ self._key)
        kept = np.flatnonzero(priorities <= self._limits[classes])
        self.classes = np.concatenate([self.classes, classes[kept]])
        self._priorities = np.concatenate([self._priorities, priorities[kept]])
        return kept

    def settle(self) -> np.ndarray:
        """Let go of the rows beyond the quota of their class.

        Returns
        -------
        kept : ndarray of int
            Which of the rows that were kept are still kept: positions among these,
            ascending.
        """
        quota = self.quota
        order = np.lexsort((self._priorities, self.classes))
        held = np.bincount(self.classes, minlength=len(self.counts))
        rank = np.arange(len(order)) - (np.cumsum(held) - held)[self.classes[order]]
        last = order[rank == quota - 1]
        self._limits[self.classes[last]] = self._priorities[last]
        kept = np.sort(order[rank < quota])
        self.classes, self._priorities = self.classes[kept], self._priorities[kept]
        return kept


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Different 64-bit numbers as different ones that look random."""
    numbers = (numbers + np.uint64(1)) * GOLDEN
    for shift, multiplier in zip(SHIFTS[:2], MULTIPLIERS, strict=True):
        numbers = (numbers ^ (numbers >> shift)) * multiplier
    return numbers ^ (numbers >> SHIFTS[2])
