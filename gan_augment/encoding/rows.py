"""The real rows of a fit, with what several parts of it derive from them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.container import row_hashes, to_frame, to_rows
from gan_augment.encoding.identifiers import find_identifiers
from gan_augment.encoding.one_hot import (
    OneHotGroup,
    find_one_hot_groups,
    fold_one_hot,
)

# Groups of one-hot columns, the columns with each group as one, and which those are.
Folded = tuple[list[OneHotGroup], list[pd.Series], list[bool]]


class RealRows:
    """Real rows as the user passed them; what is derived from them is derived once.

    Encoders, filters and refinements of one fit share it, so that a table is converted
    to a frame, hashed, and searched for one-hot columns a single time.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix}
        Rows of a table of shape (n_samples, n_features), or images.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.encoding.rows import RealRows
    >>> rows = RealRows(np.eye(3))
    >>> rows.shape, rows.frame.columns.tolist(), len(set(rows.hashes))
    ((3, 3), [0, 1, 2], 3)
    """

    def __init__(self, X: Any) -> None:
        self.X = X
        self._folded: dict[frozenset[int], Folded] = {}

    @classmethod
    def of(cls, X: Any) -> RealRows:
        """Wrap rows; what is wrapped already is returned as it is."""
        return X if isinstance(X, RealRows) else cls(X)

    def __len__(self) -> int:
        return self.shape[0]

    def __reduce__(self) -> tuple[type[RealRows], tuple[Any]]:
        # What is derived is no part of what a cache compares or a process is sent.
        return RealRows, (self.X,)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the rows."""
        return np.shape(self.X)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame; images as rows of pixels."""
        return to_frame(to_rows(self.X))

    @cached_property
    def hashes(self) -> np.ndarray:
        """One number a row, equal for equal rows."""
        return row_hashes(self.frame)

    @cached_property
    def identifiers(self) -> list[int]:
        """Positions of the columns that name rows; images have none."""
        if len(self.shape) > 2:
            return []
        names = find_identifiers(self.frame)
        return [int(self.frame.columns.get_loc(name)) for name in names]

    def folded(self, excluded: frozenset[int] = frozenset()) -> Folded:
        """Columns in which every group of one-hot columns is one column.

        Parameters
        ----------
        excluded : frozenset of int
            Positions of columns that belong to no group.

        Returns
        -------
        groups : list of OneHotGroup
            The groups.
        columns : list of Series
            The columns of the frame, each group as one.
        is_group : list of bool
            Which of these are groups.
        """
        if excluded not in self._folded:
            groups = find_one_hot_groups(self.frame, excluded)
            self._folded[excluded] = (groups, *fold_one_hot(self.frame, groups))
        return self._folded[excluded]
