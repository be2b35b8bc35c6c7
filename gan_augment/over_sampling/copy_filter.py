"""Refuse synthetic rows that are exact copies of real ones."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import row_hashes, to_frame
from gan_augment.encoding.rows import RealRows
from gan_augment.over_sampling.refinement import Refinement

# Below this many possible rows for every real one, copies are unavoidable.
DOMAIN_FACTOR = 10


class CopyFilter(Refinement):
    """Refuse synthetic rows that equal a real row in every column but identifiers.

    Synthetic rows that equal a repeated real row are not refused: if rows of the data
    repeat each other, as in a table of a few categories, synthetic rows must do so,
    too. Without copies, only combinations that never occur would be left, and these
    would reveal that a row is synthetic.

    Attributes
    ----------
    copies_are_natural : bool
        Whether the observed values allow fewer than ten times as many different rows as
        there are. If so, nothing is refused.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.over_sampling import CopyFilter
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> copies = CopyFilter().fit(X)
    >>> copies.refused(np.vstack([X[:1], X[:1] + 1])).tolist()
    [True, False]
    """

    copies_are_natural: bool

    def fit(self, X: Any, y: Any = None, gan: Any = None, labels: Any = None) -> Self:
        """Store one hash for each real row.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            The real rows. Images, of any shape, are rows of pixels.
        y, gan, labels : object, default=None
            Not used, present for the interface of refinements.

        Returns
        -------
        self : CopyFilter
            The fitted filter.
        """
        real = RealRows.of(X)
        found = real.identifiers
        # Of a table of nothing but identifiers, these are the rows.
        self._identifiers = found if len(found) < real.frame.shape[1] else []
        hashes = self._row_hashes(real.X) if self._identifiers else real.hashes
        self._hashes, counts = np.unique(hashes, return_counts=True)
        self._unrepeated = self._hashes[counts == 1]
        _, columns, _ = real.folded()
        n_values = np.array([column.nunique(dropna=False) for column in columns], float)
        # Of a column whose values hardly repeat, the data shows no limit.
        n_values[n_values > 0.5 * len(real)] = np.inf
        # In logarithms: of an image's pixels the product is beyond any float.
        seen, possible = np.log(len(real)), np.log(n_values).sum()
        self.copies_are_natural = bool(possible < np.log(DOMAIN_FACTOR) + seen)
        return self

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Drop the copies."""
        return _safe_indexing(X, np.flatnonzero(~self.refused(X)))

    def refused(self, X: Any) -> np.ndarray:
        """Find the rows to draw again: copies of real rows that occur once.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Synthetic rows.

        Returns
        -------
        mask : ndarray of shape (n_samples,), dtype=bool
            True for a row to refuse.
        """
        refused = np.isin(self._row_hashes(X), self._unrepeated)
        return refused & (not self.copies_are_natural)

    def is_copy(self, X: Any) -> np.ndarray:
        """Find the rows that equal a real row.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to look up.

        Returns
        -------
        mask : ndarray of shape (n_samples,), dtype=bool
            True for a copy.
        """
        return np.isin(self._row_hashes(X), self._hashes)

    def _row_hashes(self, X: Any) -> np.ndarray:
        """One number a row, whatever its identifiers are."""
        if self._identifiers:
            frame = to_frame(X)
            X = frame.drop(columns=frame.columns[self._identifiers])
        return row_hashes(X)
