"""Candidates for a rule: columns that keep it in more and more rows of a sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Every 32nd row of the sample is checked first, then every eighth, then all of them.
STRIDES = (32, 8, 1)

# Given rows and columns of a matrix, which of the columns may keep the rule.
Test = Callable[[np.ndarray, np.ndarray], np.ndarray]


def proposed(keeps: Test, n_rows: int, candidates: np.ndarray) -> np.ndarray:
    """Columns that pass a test in all rows, most of them judged by a few rows.

    Parameters
    ----------
    keeps : callable
        Takes positions of rows and of columns, and returns one boolean a column. A
        column that passes in all rows must pass in every part of them.
    n_rows : int
        Number of rows.
    candidates : ndarray of int
        Positions of columns.

    Returns
    -------
    columns : ndarray of int
        The candidates that are left, in their order.
    """
    for stride in STRIDES:
        if not len(candidates):
            break
        candidates = candidates[keeps(np.arange(0, n_rows, stride), candidates)]
    return candidates


def part(matrix: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Some rows and columns of a matrix."""
    if len(columns) == matrix.shape[1]:
        return matrix[rows]
    return matrix[np.ix_(rows, columns)]


def agreeing(
    cells: np.ndarray, codes: np.ndarray, candidates: np.ndarray
) -> np.ndarray:
    """Columns that are the same in all rows that share a cell.

    Parameters
    ----------
    cells : ndarray of shape (n_rows,)
        Cell of each row; -1 for a row that is not compared.
    codes : ndarray of shape (n_rows, n_columns)
        Codes of the columns.
    candidates : ndarray of int
        Columns to look at.

    Returns
    -------
    columns : ndarray of int
        The candidates that are left, in their order.
    """

    def keeps(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        rows = rows[cells[rows] >= 0]
        rows = rows[np.argsort(cells[rows], kind="stable")]
        same = np.flatnonzero(np.diff(cells[rows]) == 0)
        above, below = rows[same + 1], rows[same]
        return (part(codes, above, columns) == part(codes, below, columns)).all(axis=0)

    return proposed(keeps, len(cells), candidates)
