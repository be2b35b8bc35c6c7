"""Blocks of whole numbers of which a table has none, and shares of such a block."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

# Numbers of a region: their products stay within 64 bits.
LARGEST_SPACE = 2**31


class Share(NamedTuple):
    """Rows that are drawn on their own, of a table whose identifiers all differ.

    Parameters
    ----------
    first, stop : int
        Half-open range of rows.
    total : int
        Number of all rows.
    """

    first: int
    stop: int
    total: int


@dataclass(eq=False)
class Region:
    """Whole numbers below `size` of which the table has none.

    Parameters
    ----------
    size : int
        Number of values, at most 2**31.
    step : int
        Has no divisor in common with `size`: the numbers are ordered as multiples of
        `step` modulo `size`. 1 is their own order.
    start, stop : int
        Half-open range of positions in that order.
    """

    size: int
    step: int
    start: int
    stop: int

    def __post_init__(self) -> None:
        sound = 0 <= self.start < self.stop <= self.size <= LARGEST_SPACE
        if not sound or math.gcd(self.step, self.size) != 1:
            raise ValueError(f"{self.start} to {self.stop} is no range of {self.size}.")

    @classmethod
    def all_of(cls, size: int) -> Self:
        """All numbers."""
        return cls(size, 1, 0, size)

    @classmethod
    def free_of(cls, taken: np.ndarray, size: int, step: int) -> Self:
        """A block without a number that is taken, of 1, 2, 4, ... blocks of one size.

        Raises a ValueError if all numbers are taken.
        """
        positions = taken.astype(np.int64) * pow(step, -1, size) % size
        n_blocks = 1
        while True:
            counts = np.bincount(positions * n_blocks // size, minlength=n_blocks)
            free = np.flatnonzero(counts == 0)
            if len(free):
                block = int(free[len(free) // 2])
                first, stop = (-(-b * size // n_blocks) for b in (block, block + 1))
                return cls(size, step, first, stop)
            if n_blocks == size:
                raise ValueError(f"A number below {size} must not be taken.")
            n_blocks = min(2 * n_blocks, size)

    def __len__(self) -> int:
        return self.stop - self.start

    def share(self, rows: Share) -> Self:
        """The part of some rows among all; regions of other rows have none of it."""
        first, stop = (len(self) * row // rows.total for row in (rows.first, rows.stop))
        return replace(self, start=self.start + first, stop=self.start + stop)

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """The numbers at positions from 0 to the length."""
        return (positions.astype(np.int64) + self.start) * self.step % self.size


def find_region(taken: np.ndarray, size: int, n_wanted: int) -> Region | None:
    """Find a region of at least `n_wanted` numbers, None if there is none.

    In a scattered order, so that fresh values lie everywhere among the others, or, if
    these fill the space too densely, in their own order, beside them.
    """
    for step in (scattering_step(size), 1):
        if len(np.unique(taken)) >= size:
            return None
        region = Region.free_of(taken, size, step)
        if len(region) >= n_wanted:
            return region
    return None


def scattering_step(size: int) -> int:
    """A number near the golden section of the size that has no divisor in common."""
    step = max(1, round(size * 0.6180339887))
    while math.gcd(step, size) != 1:
        step += 1
    return step
