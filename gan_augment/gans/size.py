"""How much memory a table takes while a GAN is trained on it, and while rows are drawn.

The constants were measured by ``python -m pipelines.scale --part forecast``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from scipy import sparse
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import to_frame
from gan_augment.encoding.rows import RealRows
from gan_augment.encoding.values import is_numeric
from gan_augment.gans.recipe import Recipe
from gan_augment.training.batches import BATCHES_AHEAD

# Rows that tell which columns there are, and their levels.
HEAD_ROWS = 2000
# Bytes of a cell while rules are found and columns are encoded: of numbers and levels.
NUMBER_BYTES, LEVEL_BYTES = 30.0, 18.0
# Bytes of each cell of a drawn row for every row that is wanted: twice as many rows
# are drawn, decoded, and encoded again for the filter.
ENCODED_BYTES, DECODED_BYTES = 32.0, 37.0
# Bytes of a cell of the real and synthetic rows that come back.
RESULT_BYTES = 8.0
# Bytes of an encoded cell of the rows, no more than these, that the filter learns from.
FILTER_CELL_BYTES, FILTER_ROWS = 20.0, 10_000
# Bytes of an encoded cell of the rows, no more than these, that trees learn from: they
# are compared with two drawn rows each.
TREE_CELL_BYTES, TREE_ROWS = 53.0, 20_000
# Bytes, whatever the table is: of networks and of the classifier that filters rows.
NETWORK_BYTES, FILTER_BYTES = 10e6, 40e6
# Copies of the encoded batches that are held at once, in float32.
BATCH_BYTES = 3 * 4


@dataclass(frozen=True)
class TableSize:
    """What of a table decides how much memory is needed.

    Parameters
    ----------
    n_rows : int
        Rows.
    n_numbers, n_levels : int
        Columns of numbers, dates and durations, and all other columns.
    width : int
        About as many cells as an encoded row has.
    """

    n_rows: int
    n_numbers: int
    n_levels: int
    width: int

    @classmethod
    def of(cls, X: Any, max_categories: int) -> Self:
        """Look at the first rows of a table.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.
        max_categories : int
            Most levels that are encoded one by one.
        """
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        rows = X.frame if isinstance(X, RealRows) else X
        if hasattr(rows, "slice"):  # Arrow, whose rows scikit-learn 1.6 cannot take
            head = to_frame(rows.slice(0, HEAD_ROWS))
        else:
            # Not every sparse format has rows.
            rows = rows.tocsr() if sparse.issparse(rows) else rows
            head = to_frame(_safe_indexing(rows, slice(0, HEAD_ROWS)))
        numeric = [is_numeric(head[name]) for name in head]
        levels = [
            # Of lists and the like, which the encoder refuses by name, it is no matter.
            len({repr(value) for value in head[name].tolist()})
            for name, is_number in zip(head, numeric, strict=True)
            if not is_number
        ]
        # A column of more levels takes one cell.
        cells = [n if n <= max_categories else 1 for n in levels]
        return cls(n_rows, sum(numeric), len(levels), sum(numeric) + sum(cells))

    def with_rows(self, n_rows: int) -> Self:
        """The same columns with another number of rows."""
        return replace(self, n_rows=n_rows)

    def fit_bytes(self, recipe: Recipe) -> float:
        """Bytes that a training takes besides the table."""
        cells = NUMBER_BYTES * self.n_numbers + LEVEL_BYTES * self.n_levels
        learned = 0.0
        if not recipe.n_chains:
            learned += BATCH_BYTES * BATCHES_AHEAD * recipe.batch_size * self.width
        if recipe.n_chains or recipe.n_candidates > 1:
            learned += TREE_CELL_BYTES * min(self.n_rows, TREE_ROWS) * self.width
        return NETWORK_BYTES + learned + cells * self.n_rows

    def draw_bytes(self, n_wanted: int) -> float:
        """Bytes that an over-sampler takes to draw and filter rows of one class."""
        learned = min(self.n_rows, FILTER_ROWS) * self.width
        columns = self.n_numbers + self.n_levels
        row = ENCODED_BYTES * self.width + DECODED_BYTES * columns
        result = RESULT_BYTES * columns * (self.n_rows + n_wanted)
        return max(
            NETWORK_BYTES + FILTER_CELL_BYTES * learned,
            FILTER_BYTES + row * n_wanted + result,
        )
