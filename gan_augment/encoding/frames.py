"""Frames of other libraries, such as polars and pyarrow, as pandas frames, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from scipy import sparse

if TYPE_CHECKING:
    import pyarrow as pa


def to_pandas(X: Any) -> Any:
    """Give a frame of another library as a pandas frame; all else as it is.

    Whole numbers and booleans of which some are missing have a nullable dtype, as
    floats would blur them.

    Parameters
    ----------
    X : object
        A polars frame, a pyarrow table, or another frame that Narwhals knows.

    Returns
    -------
    X : object
        A DataFrame, if it was a frame.

    Raises
    ------
    ValueError
        If it is a lazy frame, which holds no rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from gan_augment.encoding.frames import to_pandas
    >>> to_pandas(pa.table({"age": [41, None]}))
        age
    0    41
    1  <NA>
    """
    frame = _foreign(X)
    if frame is None:
        return X
    table = _cast(frame.to_arrow(), _with_signed_codes)
    converted = table.to_pandas(date_as_object=False)
    for name, dtype in frame.schema.items():
        exact = dtype.is_integer() or dtype == nw.Boolean
        if exact and table[name].null_count:
            nullable = "boolean" if dtype == nw.Boolean else str(dtype)
            converted[name] = pd.array(table[name].to_pylist(), dtype=nullable)
    return converted


def to_arrow(X: Any) -> Any:
    """Give a frame of another library than pandas as an Arrow table.

    Parameters
    ----------
    X : object
        A polars frame, a pyarrow table, or another frame that Narwhals knows.

    Returns
    -------
    table : pyarrow.Table
        Its rows.
    """
    # Arrow cannot take rows of a view.
    return _cast(nw.from_native(X, eager_only=True).to_arrow(), _without_view)


def _cast(table: pa.Table, change: Callable[[pa.DataType], pa.DataType]) -> pa.Table:
    """A table whose columns have other types."""
    for position, field in enumerate(table.schema):
        wanted = change(field.type)
        if wanted != field.type:
            column = table.column(position).cast(wanted)
            table = table.set_column(position, field.name, column)
    return table


def _without_view(dtype: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    plain = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}
    return plain.get(str(dtype), dtype)


def _with_signed_codes(dtype: pa.DataType) -> pa.DataType:
    """Levels whose codes every version of pyarrow can give to pandas."""
    import pyarrow as pa

    if not pa.types.is_dictionary(dtype):
        return dtype
    is_unsigned = pa.types.is_unsigned_integer(dtype.index_type)
    codes = pa.int32() if is_unsigned else dtype.index_type
    return pa.dictionary(codes, _without_view(dtype.value_type), dtype.ordered)


def _of_values(dtype: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return dtype.value_type if pa.types.is_dictionary(dtype) else dtype


def column_to_pandas(X: Any, name: Any) -> pd.Series:
    """Give a column of a frame of any library as a pandas series."""
    if isinstance(X, pd.DataFrame):
        return X[name]
    column = nw.from_native(X, eager_only=True).select(name)
    return to_pandas(column.to_native())[name]


def labels_to_pandas(y: Any) -> Any:
    """Give a series of another library as a pandas series; all else as it is."""
    series = _foreign_series(y)
    return y if series is None else to_pandas(series.to_frame().to_native()).iloc[:, 0]


def stack_like(X: Any, rows: pd.DataFrame) -> Any:
    """Put rows below a frame of another library, which keeps its own rows and dtypes.

    Parameters
    ----------
    X : object
        What was given to :func:`to_pandas`.
    rows : DataFrame
        Rows of the same columns.

    Returns
    -------
    stacked : object
        A frame of the library of `X`.
    """
    import pyarrow as pa

    frame = nw.from_native(X, eager_only=True)
    schema = frame.to_arrow().schema
    # Levels are made last: not every version of pyarrow makes them of pandas' values.
    values = pa.schema([field.with_type(_of_values(field.type)) for field in schema])
    table = pa.Table.from_pandas(_without_levels(rows), values, preserve_index=False)
    signed = pa.schema([f.with_type(_with_signed_codes(f.type)) for f in schema])
    table = table.cast(signed).cast(schema)
    below = nw.DataFrame.from_arrow(table, backend=frame.implementation)
    casts = [nw.col(name).cast(dtype) for name, dtype in frame.schema.items()]
    if below.schema != frame.schema:
        below = below.with_columns(casts)
    return nw.concat([frame, below]).to_native()


def labels_like(y: Any, labels: Any) -> Any:
    """Give labels as a series of the library of `y`, with its name and dtype."""
    series = _foreign_series(y)
    if series is None:
        return labels
    return nw.new_series(
        series.name,
        np.asarray(labels).tolist(),
        series.dtype,
        backend=series.implementation,
    ).to_native()


def is_foreign(X: Any) -> bool:
    """Whether something is a frame of another library than pandas."""
    return _foreign(X) is not None


def _foreign(X: Any) -> nw.DataFrame[Any] | None:
    if isinstance(X, pd.DataFrame | np.ndarray | list | tuple) or sparse.issparse(X):
        return None
    known = nw.from_native(X, pass_through=True)
    if isinstance(known, nw.LazyFrame):
        raise ValueError(
            f"`X` must hold rows. Got a {type(X).__name__} of {type(X).__module__}. "
            "Collect it first."
        )
    return known if isinstance(known, nw.DataFrame) else None


def _foreign_series(y: Any) -> nw.Series[Any] | None:
    if isinstance(y, pd.Series | pd.DataFrame | np.ndarray | list | tuple):
        return None
    known = nw.from_native(y, allow_series=True, pass_through=True)
    return known if isinstance(known, nw.Series) else None


def _without_levels(rows: pd.DataFrame) -> pd.DataFrame:
    """Categories as their values, which Arrow numbers anew."""
    return rows.astype(dict.fromkeys(rows.select_dtypes("category"), object))
