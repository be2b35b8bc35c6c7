"""Rows gathered from chunks of a stream, which must have one schema."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.frames import is_foreign, to_arrow, to_pandas

# Columns that an error message names.
MOST_NAMES = 20


class Rows(ABC):
    """Rows of a stream of frames, and the dtypes that hold all of its frames."""

    @classmethod
    def like(cls, frame: Any) -> Rows:
        """Hold rows of frames such as this one.

        Raises
        ------
        TypeError
            If it is no frame.
        """
        if isinstance(frame, pd.DataFrame):
            return PandasRows()
        if is_foreign(frame):
            return ArrowRows()
        raise TypeError(
            "`source` must hold frames of pandas, polars or pyarrow. Got "
            f"{type(frame).__name__}. Convert its chunks, for example to DataFrames."
        )

    @abstractmethod
    def add(self, frame: Any, positions: np.ndarray) -> None:
        """Append rows of a frame that :meth:`check` has seen."""

    @abstractmethod
    def check(self, frame: Any, number: int) -> pd.Index:
        """Compare the columns of a frame with those of the frames before it.

        Parameters
        ----------
        frame : frame
            The next frame of the stream.
        number : int
            Its number, for the message of an error.

        Raises
        ------
        ValueError
            If its columns have other names, or one has a dtype of another kind.
        """

    @abstractmethod
    def keep(self, positions: np.ndarray) -> None:
        """Let go of all other rows."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """All rows, numbered from 0."""


class PandasRows(Rows):
    """Rows of DataFrames."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []
        self._dtypes: dict[Hashable, Any] = {}
        # Columns without a single value so far, which tell nothing of their dtype.
        self._empty: set[Hashable] = set()

    def check(self, frame: pd.DataFrame, number: int) -> pd.Index:
        """Compare the columns of a frame with those of the frames before it."""
        repeated = frame.columns[frame.columns.duplicated()].tolist()
        if repeated:
            raise ValueError(
                f"`source` must have unique column names. Got {repeated} more than "
                "once. Rename the columns."
            )
        if not self._dtypes:
            self._dtypes = frame.dtypes.to_dict()
            self._empty = _empty(frame, frame.columns)
            return frame.columns
        check_names(list(self._dtypes), list(frame.columns), f"frame {number}")
        changed = [n for n, dtype in self._dtypes.items() if frame[n].dtype != dtype]
        empty = _empty(frame, changed)
        for name in changed:
            known, dtype = self._dtypes[name], frame[name].dtype
            joined = _joined(known, name in self._empty, dtype, name in empty)
            if joined is None:
                raise changed_dtype(name, known, dtype, f"frame {number}")
            self._dtypes[name] = joined
        self._empty &= _empty(frame, self._empty)
        return frame.columns

    def add(self, frame: pd.DataFrame, positions: np.ndarray) -> None:
        """Append rows of a frame."""
        self._parts.append(frame.iloc[positions])

    def keep(self, positions: np.ndarray) -> None:
        """Let go of all other rows."""
        self._parts = [self.to_frame().iloc[positions]]

    def to_frame(self) -> pd.DataFrame:
        """All rows, numbered from 0."""
        parts = [part for part in self._parts if len(part)] or self._parts[:1]
        return pd.concat(
            [self._cast(part) for part in parts], ignore_index=True, copy=False
        )

    def _cast(self, part: pd.DataFrame) -> pd.DataFrame:
        part = part[list(self._dtypes)]
        changed = [name for name, d in self._dtypes.items() if part[name].dtype != d]
        # Values that are all missing are of no dtype that could be cast.
        lost = [name for name in changed if part[name].isna().all()]
        part = part.astype(dict.fromkeys(lost, object))
        return part.astype({name: self._dtypes[name] for name in changed})


class ArrowRows(Rows):
    """Rows of frames of other libraries, as Arrow tables."""

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._schema: Any = None

    def check(self, frame: Any, number: int) -> pd.Index:
        """Compare the columns of a frame with those of the frames before it."""
        schema = to_arrow(frame).schema
        if self._schema is None:
            self._schema = schema
        else:
            self._schema = join_schemas(self._schema, schema, f"frame {number}")
        return pd.Index(schema.names)

    def add(self, frame: Any, positions: np.ndarray) -> None:
        """Append rows of a frame."""
        self._parts.append(to_arrow(frame).take(positions))

    def keep(self, positions: np.ndarray) -> None:
        """Let go of all other rows."""
        self._parts = [self._table().take(positions)]

    def to_frame(self) -> pd.DataFrame:
        """All rows, numbered from 0."""
        frame = to_pandas(self._table()).reset_index(drop=True)
        # Chunks number their categories each in its own way.
        for name in frame.select_dtypes("category"):
            categories = frame[name].cat
            if not categories.ordered:
                used = categories.remove_unused_categories().cat.categories
                frame[name] = categories.set_categories(used.sort_values())
        return frame

    def _table(self) -> Any:
        import pyarrow as pa

        return pa.concat_tables(self._parts, promote_options="permissive")


def _empty(frame: pd.DataFrame, names: Iterable[Hashable]) -> set[Hashable]:
    """Columns, among these, of which every value is missing."""
    return {name for name in names if frame[name].isna().all()}


def join_schemas(known: Any, schema: Any, place: str) -> Any:
    """The Arrow schema that holds tables of two schemas.

    Parameters
    ----------
    known : pyarrow.Schema
        Schema of the tables before.
    schema : pyarrow.Schema
        Schema of another table.
    place : str
        Where that is, for the message of an error.

    Returns
    -------
    joined : pyarrow.Schema
        With numbers of the larger dtype.

    Raises
    ------
    ValueError
        If the names of the columns differ, or a column is of another kind.
    """
    import pyarrow as pa

    if schema.equals(known):
        return known
    check_names(known.names, schema.names, place)
    fields = []
    for field in known:
        other = schema.field(field.name)
        try:
            both = [pa.schema([f.remove_metadata()]) for f in (field, other)]
            fields += pa.unify_schemas(both, promote_options="permissive")
        except pa.ArrowException as error:
            raise changed_dtype(field.name, field.type, other.type, place) from error
    return pa.schema(fields, metadata=known.metadata)


def check_names(known: Sequence[Any], names: Sequence[Any], place: str) -> None:
    """Raise a ValueError that names columns which not all frames have."""
    missing = [name for name in known if name not in names]
    added = [name for name in names if name not in known]
    if missing or added:
        raise ValueError(
            f"`source` must have the same columns everywhere. Got {place} without "
            f"{missing[:MOST_NAMES]} and with {added[:MOST_NAMES]} besides."
        )


def changed_dtype(name: Any, known: Any, dtype: Any, place: str) -> ValueError:
    """Say that a column has become another one."""
    return ValueError(
        f"`source` must have one kind of values in each column. Got {known} and then "
        f"{dtype} in column {name!r}, from {place} on. Convert the column."
    )


def _joined(known: Any, known_empty: bool, dtype: Any, empty: bool) -> Any:
    """The dtype that holds values of two dtypes; None if they are of other kinds."""
    types = pd.api.types
    if known_empty or empty:
        value = dtype if known_empty else known
        if isinstance(value, np.dtype) and value.kind in "iu":
            return np.dtype(np.float64)
        return np.dtype(object) if value == np.dtype(bool) else value
    both = known, dtype
    if all(types.is_bool_dtype(d) for d in both) or all(
        types.is_numeric_dtype(d) and not types.is_bool_dtype(d) for d in both
    ):
        # What pandas itself makes of a sum of the two.
        return (pd.Series([1], dtype=known) + pd.Series([1], dtype=dtype)).dtype
    if all(isinstance(d, np.dtype) and d.kind == "M" for d in both):
        return np.result_type(*both)
    if all(isinstance(d, pd.CategoricalDtype) for d in both):
        return pd.CategoricalDtype(known.categories.union(dtype.categories))
    # Booleans of which some are missing are objects.
    if all(types.is_string_dtype(d) for d in both) or {*both} == {
        np.dtype(bool),
        np.dtype(object),
    }:
        return np.dtype(object)
    return None
