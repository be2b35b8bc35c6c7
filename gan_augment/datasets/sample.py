"""One pass over a large table: exact class counts, and rows to train on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.datasets.reservoir import BalancedReservoir
from gan_augment.datasets.rows import MOST_NAMES, Rows
from gan_augment.datasets.sources import open_source
from gan_augment.encoding.frames import column_to_pandas
from gan_augment.encoding.labels import plain_label
from gan_augment.seeding import RandomState, make_rng

# More rows than this hardly change a training of the default length.
MAX_ROWS = 200_000


@dataclass(eq=False)
class DatasetSample:
    """Rows of a large table.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Rows, in the order of the table.
    y : Series of shape (n_samples,)
        Their classes.
    class_counts : dict
        Class -> number of rows in the whole table, those that were not drawn included.

    See Also
    --------
    sample_dataset : Draw such rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.datasets import sample_dataset
    >>> frame = pd.DataFrame({"amount": range(10), "fraud": [True] + 9 * [False]})
    >>> sample = sample_dataset(frame, "fraud", max_rows=4, random_state=0)
    >>> sample.X.shape, sample.class_counts
    ((4, 1), {True: 1, False: 9})
    """

    X: pd.DataFrame
    y: pd.Series
    class_counts: dict[Any, int]


def sample_dataset(
    source: Any,
    target: Hashable,
    *,
    max_rows: int = MAX_ROWS,
    random_state: RandomState = None,
) -> DatasetSample:
    """Draw rows of a table that need not fit into memory, in one pass.

    Every row of the rare classes is taken, and a uniform sample of each other class:
    the classes have as many rows as each other, except for those that have fewer. If
    the table has at most `max_rows` rows, all are taken.

    Whether a row is taken depends on its number in the table and on `random_state`
    alone. The sample is therefore the same in whatever chunks the table is read, as
    long as the order of its files is.

    Parameters
    ----------
    source : path, list of paths, data set, frame or iterable of frames
        The table; see :func:`~gan_augment.datasets.open_source`.
    target : str
        Name of the column of the classes.
    max_rows : int, default=200_000
        Most rows that are taken. While the table is read, up to a quarter more rows
        and a chunk are in memory.
    random_state : int, RandomState instance or None, default=None
        Seed of the sample.

    Returns
    -------
    sample : DatasetSample
        The rows, their classes, and the number of rows of each class in the table.

    Raises
    ------
    ValueError
        If the table has no rows, no column `target`, a row without a class, too many
        classes for `max_rows`, or columns that change from one file or frame to the
        next.

    See Also
    --------
    TabularGAN.fit_dataset : Train on such a sample.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.datasets import sample_dataset
    >>> frame = pd.DataFrame({"amount": range(1000), "fraud": [True] + 999 * [False]})
    >>> sample = sample_dataset(frame, "fraud", max_rows=100, random_state=0)
    >>> sample.y.value_counts().to_dict(), sample.class_counts
    ({False: 99, True: 1}, {True: 1, False: 999})
    """
    if not isinstance(max_rows, Integral) or max_rows < 2:
        raise ValueError(
            f"`max_rows` must be a whole number of at least 2. Got {max_rows!r}."
        )
    seed = int(make_rng(random_state).integers(2**63))
    reservoir = BalancedReservoir(int(max_rows), seed)
    classes = _Classes(target)
    rows: Rows | None = None
    for number, chunk in enumerate(open_source(source).chunks()):
        if rows is None:
            rows = Rows.like(chunk)
        columns = rows.check(chunk, number)
        if target not in columns:
            raise ValueError(
                f"`target` must be a column of `source`. Got {target!r}; there are "
                f"{columns.tolist()[:MOST_NAMES]}."
            )
        kept = reservoir.offer(classes.indices(column_to_pandas(chunk, target)))
        if 2 * len(reservoir.counts) > max_rows:
            raise ValueError(
                "`target` must name classes, of which `max_rows` holds two rows each. "
                f"Got {len(reservoir.counts):,} different values in column {target!r} "
                f"and `max_rows` {max_rows:,}. Take a column of fewer values."
            )
        rows.add(chunk, kept)
        if reservoir.is_full:
            rows.keep(reservoir.settle())
    if rows is None or not len(reservoir.counts):
        raise ValueError("`source` must have at least one row. Got none.")
    rows.keep(reservoir.settle())
    frame = rows.to_frame()
    counts = dict(zip(classes.labels, reservoir.counts.tolist(), strict=True))
    return DatasetSample(frame.drop(columns=[target]), frame[target], counts)


class _Classes:
    """The labels of a stream, numbered as they appear."""

    def __init__(self, target: Hashable) -> None:
        self.target = target
        self._index: dict[Any, int] = {}
        self._n_seen = 0

    @property
    def labels(self) -> list[Any]:
        """Every label so far."""
        return list(self._index)

    def indices(self, labels: pd.Series) -> np.ndarray:
        """Class indices of the next rows."""
        codes, found = pd.factorize(labels)
        missing = np.flatnonzero(codes < 0)
        if len(missing):
            raise ValueError(
                "`target` must have a class in every row. Got a missing value in "
                f"column {self.target!r}, row {self._n_seen + missing[0]:,}. Fill it "
                "in, or leave such rows out."
            )
        self._n_seen += len(labels)
        numbers = [
            self._index.setdefault(plain_label(label), len(self._index))
            for label in found
        ]
        return np.array(numbers, dtype=np.intp)[codes]
