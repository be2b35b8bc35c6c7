"""Rows that repeat."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gan_augment.tables.check.finding import Finding
from gan_augment.tables.check.table import Table

# Share of the rows below which one that repeats is no finding.
LEAST_SHARE = 0.001


def find_duplicated_rows(table: Table) -> Iterator[Finding]:
    """Find rows that equal another in every column, within and across classes."""
    if table.n_rows < 2 or not table.columns or table.repeats_are_natural:
        return
    codes = table.row_codes
    counts = np.bincount(codes)
    if table.labels is None:
        within, across = counts[codes] > 1, np.zeros(table.n_rows, dtype=bool)
        rows_and_classes = codes
    else:
        n_classes = pd.Series(table.y).groupby(codes).nunique().to_numpy()
        across = n_classes[codes] > 1
        rows_and_classes = codes * (table.y.max() + 2) + table.y
        _, inverse, repeated = np.unique(
            rows_and_classes, return_inverse=True, return_counts=True
        )
        within = repeated[inverse] > 1
    n_repeats = int(pd.Series(rows_and_classes).duplicated().sum())
    if n_repeats > LEAST_SHARE * table.n_rows:
        named = any(column.names_rows for column in table.columns)
        yield Finding(
            "duplicated rows",
            None,
            f"{_rows(n_repeats)} repeated from an earlier row"
            + (" of the same class" if table.labels is not None else "")
            + " in every column.",
            {"rows": float(n_repeats)},
            _rows_example(codes, np.flatnonzero(within)),
            "Drop them if they were entered twice; otherwise keep copies on one side "
            "of every split.",
            _drop_duplicated if named else None,
        )
    if across.any():
        yield Finding(
            "duplicated rows across classes",
            None,
            f"{_rows(int(across.sum()))} equal to a row of another class in every "
            "column.",
            {"rows": float(across.sum())},
            _rows_example(codes, np.flatnonzero(across)),
            "Find out which class is right.",
        )


def _drop_duplicated(
    X: pd.DataFrame, y: pd.Series | None
) -> tuple[pd.DataFrame, pd.Series | None]:
    """Keep the first of rows that agree in every column, the class included."""
    parts = [X] if y is None else [X, y.rename(object())]
    first = ~pd.concat(parts, axis=1).duplicated().to_numpy()
    return X[first], None if y is None else y[first]


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def _rows_example(codes: np.ndarray, rows: np.ndarray) -> str:
    same = np.flatnonzero(codes == codes[rows[0]])[:3]
    return "rows " + " and ".join(str(row) for row in same)
