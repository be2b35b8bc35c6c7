"""Convert tables of any dtypes to plain columns, and to matrices for measures.

The encoding differs from that of the generators on purpose. What an encoding loses, a
measure on the same encoding could not find.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler
from sklearn.utils import check_array

# Levels of a column that get a cell each; the rarer ones share the last.
MAX_LEVELS = 64
# Text that is no level of a real column.
MISSING = "\0missing"
# A percentile of fewer rows would follow single rows.
ROWS_PER_QUANTILE = 10


def plain_frames(*tables: Any) -> list[pd.DataFrame]:
    """Convert every column to floats or to strings, the same way in all tables.

    Numbers become floats; dates and durations become days, those of dates counted from
    1970. All other columns, including booleans, become strings. Missing values are NaN
    in both.

    Parameters
    ----------
    *tables : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Tables with the same columns.

    Returns
    -------
    frames : list of DataFrame
        One for each table, with a new index.

    Raises
    ------
    ValueError
        If the columns differ.
    """
    frames = [_to_frame(table) for table in tables]
    for frame in frames[1:]:
        if list(frame.columns) != list(frames[0].columns):
            raise ValueError(
                "Tables must have the same columns in the same order. Got "
                f"{list(frames[0].columns)} and {list(frame.columns)}. Select the same."
            )
    stacked = pd.concat(frames, ignore_index=True)
    plain = pd.DataFrame(
        {i: _plain(stacked.iloc[:, i]) for i in range(stacked.shape[1])}
    ).set_axis(stacked.columns, axis=1)
    ends = np.cumsum([len(frame) for frame in frames])
    return [
        plain.iloc[end - len(frame) : end].reset_index(drop=True)
        for frame, end in zip(frames, ends, strict=True)
    ]


def is_numeric(column: pd.Series) -> bool:
    """Tell whether a column of :func:`plain_frames` holds numbers."""
    return column.dtype.kind == "f"


def encode_rows(*tables: Any) -> list[np.ndarray]:
    """Encode tables of any dtypes as matrices in which rows have distances.

    A number becomes its position among the percentiles of all tables, interpolated
    between them and scaled to unit variance: so neither units nor outliers dominate,
    and a small difference remains small. A category becomes one-hot cells for the 64
    most common levels. A missing number is put in the middle of its column and marked
    by a further cell. Equal rows remain equal; rows that differ remain different,
    unless they differ only in rarer levels.

    Parameters
    ----------
    *tables : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Tables with the same columns.

    Returns
    -------
    matrices : list of ndarray of shape (n_samples, n_cells)
        One for each table.

    Raises
    ------
    ValueError
        If the columns differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.metrics import encode_rows
    >>> real = pd.DataFrame({"age": [20, 30, 90], "job": ["a", "b", "a"]})
    >>> synthetic = pd.DataFrame({"age": [25, 30], "job": ["b", "b"]})
    >>> encoded_real, encoded_synthetic = encode_rows(real, synthetic)
    >>> encoded_synthetic.round(1)
    array([[-0.5,  0. ,  1. ],
           [-0.3,  0. ,  1. ]])
    """
    frames = plain_frames(*tables)
    rows = pd.concat(frames, ignore_index=True)
    numeric = [is_numeric(rows.iloc[:, i]) for i in range(rows.shape[1])]
    numbers = rows.loc[:, numeric].dropna(axis=1, how="all")
    missing = numbers.isna().to_numpy()
    cells = [_scores(numbers), missing[:, missing.any(axis=0)]]
    if not all(numeric):
        levels = rows.loc[:, np.invert(numeric)].fillna(MISSING).to_numpy()
        encoder = OneHotEncoder(max_categories=MAX_LEVELS, sparse_output=False)
        cells.append(encoder.fit_transform(levels))
    ends = np.cumsum([len(frame) for frame in frames])
    return np.split(np.column_stack(cells), ends[:-1])


def _scores(numbers: pd.DataFrame) -> np.ndarray:
    """Places among the percentiles, of mean 0 and variance 1; 0 where missing."""
    if numbers.empty:
        return np.zeros(numbers.shape)
    n_quantiles = int(np.clip(len(numbers) / ROWS_PER_QUANTILE, 2, 101))
    scaler = make_pipeline(
        QuantileTransformer(n_quantiles=n_quantiles, subsample=None), StandardScaler()
    )
    return np.nan_to_num(scaler.fit_transform(numbers.to_numpy()))


def as_matrices(**tables: Any) -> list[np.ndarray]:
    """Encode frames, flatten images, and keep arrays, for a measure."""
    values = list(tables.values())
    if all(isinstance(table, pd.DataFrame) for table in values):
        return encode_rows(*values)
    matrices = [check_array(_flat(table), dtype=np.float64) for table in values]
    widths = [matrix.shape[1] for matrix in matrices]
    if len(set(widths)) > 1:
        raise ValueError(
            f"{_listed([f'`{name}`' for name in tables])} must have the same columns. "
            f"Got {_listed(widths)}. Select the same."
        )
    return matrices


def _to_frame(table: Any) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    return pd.DataFrame(table.toarray() if sparse.issparse(table) else table)


def _plain(column: pd.Series) -> np.ndarray:
    column = column.convert_dtypes() if column.dtype == object else column
    if types.is_datetime64_any_dtype(column.dtype):
        return _days(column.to_numpy("datetime64[ns]"))
    if types.is_timedelta64_dtype(column.dtype):
        return _days(column.to_numpy("timedelta64[ns]"))
    if types.is_numeric_dtype(column.dtype) and not types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = column.isna().to_numpy(dtype=bool)
    strings = column.astype(str).to_numpy(dtype=object)
    strings[missing] = np.nan
    return strings


def _days(times: np.ndarray) -> np.ndarray:
    days = times.astype(np.int64) / (24 * 3600 * 1e9)
    return np.where(np.isnat(times), np.nan, days)


def _flat(table: Any) -> Any:
    """Images as rows of pixels."""
    if isinstance(table, np.ndarray) and table.ndim > 2:
        return table.reshape(len(table), -1)
    return table


def _listed(items: Sequence[object]) -> str:
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last
