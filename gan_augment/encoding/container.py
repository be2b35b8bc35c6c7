"""Any table as a frame, and back: frames, arrays and sparse matrices."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import check_array

from gan_augment.encoding.frames import is_foreign, to_pandas
from gan_augment.encoding.values import check_hashable

# A DataFrame, an array, and SciPy's sparse formats.
CONTAINERS = ("frame", "array", "bsr", "coo", "csc", "csr", "dia", "dok", "lil")


@dataclass
class Container:
    """How a table came, so that it goes back the same way.

    Parameters
    ----------
    kind : {"frame", "array", "csr", "csc"}
        A DataFrame, an array, or a sparse format.
    dtype : dtype or None
        Dtype of an array or a sparse matrix.
    is_matrix : bool
        Whether a sparse container is a ``spmatrix`` rather than a ``sparray``.
    columns : Index or None
        Columns of a DataFrame.
    """

    kind: str
    dtype: Any = None
    is_matrix: bool = False
    columns: pd.Index | None = None

    def __post_init__(self) -> None:
        if self.kind not in CONTAINERS:
            raise ValueError(f"`kind` must be one of {CONTAINERS}. Got {self.kind!r}.")
        if (self.columns is None) == (self.kind == "frame"):
            raise ValueError("A frame must have columns, and nothing else.")

    @classmethod
    def of(cls, X: Any) -> Container:
        """Describe a table."""
        if isinstance(X, pd.DataFrame) or is_foreign(X):
            return cls("frame", columns=to_pandas(X).columns)
        if sparse.issparse(X):
            return cls(X.format, X.dtype, isinstance(X, sparse.spmatrix))
        return cls("array", as_array(X).dtype)

    def build(self, series: list[pd.Series], n_rows: int) -> Any:
        """Put columns together."""
        if self.kind == "frame":
            frame = pd.concat(series, axis=1)
            columns: Any = self.columns
            names = {column.name for column in series}
            frame.columns = columns[[name in names for name in columns]]
            return frame
        array = np.empty((n_rows, len(series)), dtype=self.dtype)
        for position, column in enumerate(series):
            # A date would come out of pandas' own arrays as a number.
            values = column.astype(object) if self.dtype == object else column
            array[:, position] = values.to_numpy()
        if self.kind == "array":
            return array
        suffix = "matrix" if self.is_matrix else "array"
        return getattr(sparse, f"{self.kind}_{suffix}")(array)


def check_columns(frame: pd.DataFrame) -> None:
    """Raise if a frame has no columns, or two of a name, or those of nested values."""
    if not frame.shape[1]:
        raise ValueError(
            f"`X` must have at least one column. Got a frame of shape {frame.shape}. "
            "Select columns to learn from."
        )
    repeated = frame.columns[frame.columns.duplicated()].unique().tolist()
    if repeated:
        raise ValueError(
            f"`X` must have unique column names. Got {repeated} more than once. "
            "Rename the columns."
        )
    for position, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, pd.ArrowDtype):  # one cell is enough to know
            check_hashable(frame.iloc[:1, position])


def as_array(X: Any) -> np.ndarray:
    """Rows as an array that holds every cell as it came.

    Lists of rows whose cells are of several kinds become an array of objects, where
    NumPy would turn numbers into text. Masked cells become missing values.
    """
    if isinstance(X, np.ma.MaskedArray):
        if not np.ma.getmaskarray(X).any():
            return np.asarray(X)
        if X.dtype.kind in "biuf":
            return np.ma.filled(X.astype(np.result_type(X.dtype, "f4")), np.nan)
        return np.ma.filled(X.astype(object), None)
    array = _of_rows(X) if isinstance(X, list | tuple) else np.asarray(X)
    if array.dtype.kind in "US" and isinstance(X, list | tuple):
        cells = np.array(X, dtype=object)
        if not all(isinstance(cell, str | bytes) for cell in cells.ravel()):
            return cells
    if array.dtype.kind == "V" and array.ndim > 1:
        raise ValueError(
            f"`X` must hold numbers, text, dates or objects. Got {array.dtype}. "
            "Convert it, for example to a DataFrame."
        )
    # Of NumPy's variable-width text scikit-learn knows nothing.
    return array.astype(object) if array.dtype.kind == "T" else array


def _of_rows(rows: Sequence[Any]) -> np.ndarray:
    """Lists of cells as an array."""
    try:
        return np.asarray(rows)
    except ValueError as error:
        lengths = sorted({len(row) for row in rows if isinstance(row, Sized)})
        if len(lengths) < 2:
            raise
        raise ValueError(
            "`X` must have rows of the same length. Got rows of "
            f"{' and '.join(map(str, lengths[:5]))} cells. Fill missing cells, for "
            "example with None."
        ) from error


def to_frame(X: Any) -> pd.DataFrame:
    """Any table as a DataFrame; one that is a frame already is not copied."""
    X = to_pandas(X)
    if isinstance(X, pd.DataFrame):
        check_columns(X)
        return _with_known_dtypes(X)
    if sparse.issparse(X):
        return pd.DataFrame(X.toarray())
    array = check_array(as_array(X), dtype=None, ensure_all_finite=False)
    if array.dtype.kind == "S":
        array = array.astype(object)
    # Objects stay objects: pandas would turn those that are dates into its own.
    frame = pd.DataFrame(array, dtype=object if array.dtype == object else None)
    return _with_known_dtypes(frame)


def _with_known_dtypes(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers in this machine's byte order and of at most 64 bits, as pandas' are."""
    changed = {
        name: dtype.newbyteorder("=") if dtype.itemsize <= 8 else np.dtype(np.float64)
        for name, dtype in frame.dtypes.items()
        if isinstance(dtype, np.dtype)
        and dtype.kind in "iufmM"
        and not (dtype.isnative and dtype.itemsize <= 8)
    }
    return frame.astype(changed) if changed else frame


def to_rows(X: Any) -> Any:
    """Images as rows of pixels; tables as they are."""
    return np.reshape(X, (len(X), -1)) if np.ndim(X) > 2 else X


def as_rows(X: Any) -> Any:
    """A frame as pandas'; anything else as an array, or a sparse matrix by rows."""
    X = to_pandas(X)
    if isinstance(X, pd.DataFrame):
        check_columns(X)
        return X
    return check_array(
        X if sparse.issparse(X) else as_array(X),
        dtype=None,
        accept_sparse="csr",
        ensure_all_finite=False,
        allow_nd=True,  # images
    )


def row_hashes(X: Any) -> np.ndarray:
    """One number a row of a table, or an image; equal for equal ones."""
    frame = to_frame(to_rows(X))
    try:
        return pd.util.hash_pandas_object(frame, index=False).to_numpy()
    except (TypeError, ValueError, OverflowError):  # such as lone surrogates
        spelled = frame.apply(lambda column: column.map(ascii))
        return pd.util.hash_pandas_object(spelled, index=False).to_numpy()


def stack_rows(parts: list[Any]) -> Any:
    """Rows of the same kind, one part below the other, in the dtypes of the first."""
    first = parts[0]
    if isinstance(first, pd.DataFrame):
        # Empty parts would be asked for their dtypes too.
        filled = [part for part in parts if len(part)] or parts[:1]
        stacked = _stack_frames(filled)
        # Stacked numbers have this machine's byte order.
        is_other = stacked.dtypes != first.dtypes
        return stacked.astype(first.dtypes[is_other]) if is_other.any() else stacked
    if sparse.issparse(first):
        return sparse.vstack(parts, format=first.format)
    stacked = np.concatenate(parts)
    is_other_order = stacked.dtype == first.dtype.newbyteorder("=")
    return stacked.astype(first.dtype, copy=False) if is_other_order else stacked


def _stack_frames(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same columns, one below the other."""
    try:
        return pd.concat(parts, ignore_index=True)
    except UnicodeEncodeError:
        # pandas compares categories by their hashes, and lone surrogates have none.
        levels = {
            name: dtype
            for name, dtype in parts[0].dtypes.items()
            if isinstance(dtype, pd.CategoricalDtype)
        }
        codes = [
            part.assign(**{name: part[name].cat.codes for name in levels})
            for part in parts
        ]
        stacked = pd.concat(codes, ignore_index=True)
        columns = {
            name: pd.Categorical.from_codes(stacked[name], dtype=dtype)
            for name, dtype in levels.items()
        }
        return stacked.assign(**columns)
