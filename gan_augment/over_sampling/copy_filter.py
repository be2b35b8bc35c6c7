"""Refuse synthetic rows that are exact copies of real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from gan_augment.encoding.container import row_hashes, to_frame, to_rows
from gan_augment.encoding.one_hot import find_one_hot_groups, fold_one_hot

# Below this many possible rows for every real one, copies are a matter of course.
DOMAIN_FACTOR = 10


class CopyFilter:
    """Refuse synthetic rows that equal a real row in every column.

    Real rows that repeat each other are not refused again: where the data does so,
    such as in a table of a few categories, synthetic rows must too. Without copies
    only combinations that never occur would be left, and these would tell that a row
    is synthetic.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        The real rows. Images, of any shape, are rows of pixels.

    Attributes
    ----------
    copies_are_natural : bool
        Whether the values seen allow fewer than ten times as many different rows as
        there are. Then nothing is refused.
    """

    def __init__(self, X: Any) -> None:
        frame = to_frame(to_rows(X))
        self._hashes, counts = np.unique(row_hashes(frame), return_counts=True)
        self._unrepeated = self._hashes[counts == 1]
        columns, _ = fold_one_hot(frame, find_one_hot_groups(frame))
        n_values = np.array([column.nunique(dropna=False) for column in columns], float)
        # Of a column whose values hardly repeat, the data shows no limit.
        n_values[n_values > 0.5 * len(frame)] = np.inf
        # In logarithms: of an image's pixels the product is beyond any float.
        seen, possible = np.log(len(frame)), np.log(n_values).sum()
        self.copies_are_natural = bool(possible < np.log(DOMAIN_FACTOR) + seen)

    def refused(self, X: Any) -> np.ndarray:
        """Which rows to draw again: copies of real rows that the data has once.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Synthetic rows.

        Returns
        -------
        mask : ndarray of shape (n_samples,), dtype=bool
            True for a row to refuse.
        """
        refused = np.isin(row_hashes(X), self._unrepeated)
        return refused & (not self.copies_are_natural)

    def is_copy(self, X: Any) -> np.ndarray:
        """Which rows equal a real row.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to look up.

        Returns
        -------
        mask : ndarray of shape (n_samples,), dtype=bool
            True for a copy.
        """
        return np.isin(row_hashes(X), self._hashes)
