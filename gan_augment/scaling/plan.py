"""Which rows are drawn where: a request a partition, found by its number alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from numbers import Integral
from typing import Any

import numpy as np

from gan_augment.encoding.labels import plain_label
from gan_augment.encoding.regions import Share


@dataclass(frozen=True)
class Request:
    """Rows of one class that are drawn together, and their seed.

    Parameters
    ----------
    number : int
        Number of the partition, from 0.
    label : object
        Class of the rows.
    n_rows : int
        Number of rows.
    seed : int
        Seed of the plan.
    first : int
        Number of rows in the partitions before this one.
    total : int
        Number of rows in all partitions.

    See Also
    --------
    Plan : Make the requests.
    RowDrawer : Draw the rows of requests.

    Examples
    --------
    >>> from gan_augment.scaling import Plan
    >>> request = Plan({"yes": 250}, rows_per_partition=100)[2]
    >>> request.label, request.n_rows, request.first
    ('yes', 50, 200)
    """

    number: int
    label: Any
    n_rows: int
    seed: int
    first: int
    total: int

    @property
    def share(self) -> Share:
        """Which of all rows these are."""
        return Share(self.first, self.first + self.n_rows, self.total)

    def rng(self) -> np.random.Generator:
        """A generator of this partition's own, the same wherever it is made."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(self.number,))
        return np.random.default_rng(sequence)


class Plan:
    """Divide rows of several classes into partitions of one class each.

    A plan holds a few numbers per class, whatever the number of partitions. Every
    worker computes the request of a partition from its number.

    Parameters
    ----------
    n_rows : mapping
        Class -> number of rows.
    rows_per_partition : int, default=100_000
        Number of rows of a partition. The last partition of a class may have fewer.
    seed : int, default=0
        Seed of all rows.

    Raises
    ------
    ValueError
        If a parameter is not a whole number, or out of range, or no class has a row.

    Examples
    --------
    >>> from gan_augment.scaling import Plan
    >>> plan = Plan({"no": 250, "yes": 100}, rows_per_partition=100, seed=7)
    >>> len(plan)
    4
    >>> plan[2]
    Request(number=2, label='no', n_rows=50, seed=7, first=200, total=350)
    """

    def __init__(
        self,
        n_rows: Mapping[Any, int],
        *,
        rows_per_partition: int = 100_000,
        seed: int = 0,
    ) -> None:
        self.n_rows = {
            plain_label(label): _whole(n, "n_rows", 0) for label, n in n_rows.items()
        }
        self.rows_per_partition = _whole(rows_per_partition, "rows_per_partition", 1)
        self.seed = _whole(seed, "seed", 0)
        self.total = sum(self.n_rows.values())
        if not self.total:
            raise ValueError(
                "`n_rows` must have a class with at least one row. Got "
                f"{dict(self.n_rows)}: there is nothing to draw."
            )
        self._labels = list(self.n_rows)
        self._first_rows = [0, *accumulate(self.n_rows.values())]
        n_partitions = [-(-n // self.rows_per_partition) for n in self.n_rows.values()]
        self._first_numbers = [0, *accumulate(n_partitions)]

    def __len__(self) -> int:
        return self._first_numbers[-1]

    def __getitem__(self, number: int) -> Request:
        if not 0 <= number < len(self):
            raise IndexError(
                f"`number` must be from 0 to {len(self) - 1}. Got {number}."
            )
        position = bisect_right(self._first_numbers, number) - 1
        within = (number - self._first_numbers[position]) * self.rows_per_partition
        label = self._labels[position]
        return Request(
            number=int(number),
            label=label,
            n_rows=min(self.rows_per_partition, self.n_rows[label] - within),
            seed=self.seed,
            first=self._first_rows[position] + within,
            total=self.total,
        )

    def __iter__(self) -> Iterator[Request]:
        return map(self.__getitem__, range(len(self)))


def _whole(value: Any, name: str, smallest: int) -> int:
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or value < smallest:
        raise ValueError(
            f"`{name}` must be a whole number of at least {smallest}. Got {value!r}."
        )
    return int(value)
