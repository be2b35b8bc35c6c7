"""Frames, arrays and sparse matrices <-> the float matrix that a network learns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from gan_augment.encoding.columns import OneHotColumn, RankColumn
from gan_augment.encoding.schema import Span
from gan_augment.encoding.values import (
    CategoricalDomain,
    NumericDomain,
    fill_missing,
    is_numeric,
)
from gan_augment.seeding import RandomState, make_rng


@dataclass(eq=False)
class TableColumn:
    """One column of the table: its values, their codes and their encoded cells.

    Parameters
    ----------
    name : object
        Name of the column, or its position in an array.
    dtype : dtype
        Dtype in which the column came, and goes back.
    domain : NumericDomain or CategoricalDomain
        Values <-> numbers or level codes.
    cells : RankColumn or OneHotColumn
        Numbers or level codes <-> encoded cells.
    missing_value : object
        What stands for a missing value in a column of dtype object: the first one.
    """

    name: Any
    dtype: Any
    domain: NumericDomain | CategoricalDomain
    cells: RankColumn | OneHotColumn
    missing_value: Any = np.nan

    @classmethod
    def of(
        cls,
        series: pd.Series,
        classes: np.ndarray,
        weights: np.ndarray,
        *,
        categorical: bool,
        max_categories: int,
    ) -> TableColumn:
        """Fit to a column, given the class index and the weight of every row."""
        domain: NumericDomain | CategoricalDomain
        cells: RankColumn | OneHotColumn
        values = _inferred(series)
        if not categorical and is_numeric(values):
            domain = NumericDomain.of(values)
            numbers = domain.to_numbers(values)
            if np.isinf(numbers).any():
                raise ValueError(
                    f"Column {series.name!r} must hold finite numbers or missing "
                    "values. Got inf. Replace infinite values, for example by NaN."
                )
            cells = RankColumn.of(numbers, weights)
        else:
            domain = CategoricalDomain.of(values)
            codes = domain.to_codes(values)
            if len(domain.levels) <= max_categories:
                cells = OneHotColumn(len(domain.levels), bool((codes < 0).any()))
            else:
                order = _order_by_class(codes, classes, len(domain.levels))
                domain.levels = domain.levels.take(order)
                ranks = _as_numbers(domain.to_codes(values))
                cells = RankColumn.of(ranks, weights, atoms_only=True)
        missing = series[series.isna().to_numpy(dtype=bool)]
        missing_value = missing.iloc[0] if len(missing) else np.nan
        return cls(series.name, series.dtype, domain, cells, missing_value)

    @property
    def kind(self) -> Literal["numeric", "categorical", "high-cardinality"]:
        """How the column is modelled."""
        if isinstance(self.domain, NumericDomain):
            return "numeric"
        one_hot = isinstance(self.cells, OneHotColumn)
        return "categorical" if one_hot else "high-cardinality"

    def quantize(self, series: pd.Series) -> np.ndarray:
        """Small integer code of every value, -1 where missing."""
        series = _inferred(series)
        if not self.cells.nullable and len(series) and series.isna().any():
            raise ValueError(
                f"Column {self.name!r} must have no missing values, as in fit. Got "
                f"{int(series.isna().sum())}. Fit again on rows that include some."
            )
        if isinstance(self.domain, NumericDomain):
            return self.cells.quantize(self.domain.to_numbers(series))
        codes = self.domain.to_codes(series)
        if (codes == -2).any():
            unknown = series[codes == -2].iloc[0]
            raise ValueError(
                f"Column {self.name!r} must hold levels that were seen in fit. Got "
                f"{unknown!r}. Fit again on rows that include it."
            )
        if self.kind == "high-cardinality":
            return self.cells.quantize(_as_numbers(codes))
        return self.cells.quantize(codes)

    def restore(self, cells: np.ndarray) -> pd.Series:
        """The column, in its own dtype, for its encoded cells."""
        values = self.cells.restore(cells)
        if self.kind == "high-cardinality":
            values = np.nan_to_num(values, nan=-1.0).round().astype(np.intp)
        series = self.domain.to_series(values).astype(self.dtype)
        if self.dtype == object:  # None stays None
            missing = series.isna().to_numpy(dtype=bool)
            series = fill_missing(series, missing, self.missing_value)
        return series.rename(self.name)


class TableEncoder(BaseEstimator):
    """Encode a table of any pandas dtypes as a float matrix, and decode it exactly.

    A numeric column (float, int, datetime, timedelta, nullable or not) becomes one
    standard normal number by a class-balanced randomised probability integral
    transform, so that skew, ties, atoms and bounds leave the network nothing to
    learn. A categorical column becomes a one-hot span; one with more than
    `max_categories` levels becomes one normal number too, its levels ordered by class,
    so that 10,000 levels cost one cell and none is lost. A missing value is an
    indicator (numeric) or one level more (categorical). A constant column costs
    nothing. What comes back is in the column's own dtype, domain and decimals. A
    sparse matrix is made dense on the way.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        Which columns are categorical: positions, a mask of shape (n_features,), or
        column names. ``"auto"`` takes every column that is neither a number nor a
        date nor a duration; such columns are always categorical.
    max_categories : int, default=64
        Largest number of levels of a one-hot span.

    Attributes
    ----------
    columns_ : list of TableColumn
        The fitted columns.
    schema_ : tuple of Span
        What each slice of an encoded row means.
    width_ : int
        Length of an encoded row.
    categorical_features_ : ndarray of int
        Positions of the categorical columns.
    dtypes_ : dict
        Name -> how the column is modelled: ``"numeric"``, ``"categorical"`` or
        ``"high-cardinality"``.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.encoding import TableEncoder
    >>> frame = pd.DataFrame({"age": [41, 30, None], "job": ["a", "b", "a"]})
    >>> encoder = TableEncoder().fit(frame)
    >>> encoder.dtypes_
    {'age': 'numeric', 'job': 'categorical'}
    >>> encoder.inverse_transform(encoder.transform(frame, random_state=0))
        age job
    0  41.0   a
    1  30.0   b
    2   NaN   a
    """

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Any] = "auto",
        max_categories: int = 64,
    ) -> None:
        self.categorical_features = categorical_features
        self.max_categories = max_categories

    def fit(self, X: Any, y: Any = None) -> TableEncoder:
        """Learn the columns' domains and distributions.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.
        y : array-like of shape (n_samples,), default=None
            Class of each row. Every class weighs the same in the distribution of a
            column, so that a rare class is resolved as finely as a common one.

        Returns
        -------
        self : TableEncoder
            The fitted encoder.
        """
        frame = to_frame(X)
        if len(frame) == 0:
            raise ValueError("X must have at least one row. Got none.")
        self.container_ = Container.of(X)
        classes = np.zeros(len(frame), dtype=np.intp)
        if y is not None:
            classes = np.unique(np.asarray(y), return_inverse=True)[1]
        counts = np.bincount(classes)
        weights = 1.0 / (len(counts) * counts[classes])
        declared = set(_positions(self.categorical_features, frame))
        self.columns_ = [
            TableColumn.of(
                _hashable(frame.iloc[:, position]),
                classes,
                weights,
                categorical=position in declared,
                max_categories=self.max_categories,
            )
            for position in range(frame.shape[1])
        ]
        self._set_schema()
        return self

    def quantize(self, X: Any) -> np.ndarray:
        """Small integer code of every cell, -1 where missing.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_features), dtype=int32
            Rank of numeric values, level of categorical ones.

        Raises
        ------
        ValueError
            If the number of columns differs from fit, or a category is new.
        """
        check_is_fitted(self, "columns_")
        frame = to_frame(X)
        if frame.shape[1] != len(self.columns_):
            raise ValueError(
                f"X must have {len(self.columns_)} columns, as in fit. "
                f"Got {frame.shape[1]}."
            )
        codes = np.empty(frame.shape, dtype=np.int32)
        for position, column in enumerate(self.columns_):
            codes[:, position] = column.quantize(frame.iloc[:, position])
        return codes

    def dequantize(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Encoded rows for integer codes; tied values are spread anew in each call.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, n_features)
            Codes from :meth:`quantize`.
        rng : numpy.random.Generator
            Source of the spread.

        Returns
        -------
        encoded : ndarray of shape (n_samples, width_), dtype=float32
            Encoded rows.
        """
        encoded = np.empty((len(codes), self.width_), dtype=np.float32)
        for position, (column, cells) in enumerate(self._slices()):
            encoded[:, cells] = column.cells.dequantize(codes[:, position], rng)
        return encoded

    def transform(self, X: Any, random_state: RandomState = None) -> np.ndarray:
        """Encode rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.
        random_state : int, RandomState instance or None, default=None
            Source of the random part of the encoding.

        Returns
        -------
        encoded : ndarray of shape (n_samples, width_), dtype=float32
            Encoded rows.
        """
        return self.dequantize(self.quantize(X), make_rng(random_state))

    def inverse_transform(self, encoded: np.ndarray) -> Any:
        """Decode rows into the container and the dtypes of the training table.

        Parameters
        ----------
        encoded : ndarray of shape (n_samples, width_)
            Encoded rows, from :meth:`transform` or from a network.

        Returns
        -------
        X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.
        """
        check_is_fitted(self, "columns_")
        series = [column.restore(encoded[:, cells]) for column, cells in self._slices()]
        return self.container_.build(series, len(encoded))

    def get_state(self) -> dict[str, Any]:
        """What fit learned, as plain values, arrays and :data:`STATE_CLASSES`."""
        check_is_fitted(self, "columns_")
        return {"columns": self.columns_, "container": self.container_}

    def set_state(self, state: dict[str, Any]) -> TableEncoder:
        """Take over what another encoder learned."""
        self.columns_ = state["columns"]
        self.container_ = state["container"]
        self._set_schema()
        return self

    def _set_schema(self) -> None:
        """Derive what follows from the columns; called by fit and by load."""
        spans: list[Span] = []
        for position, (column, cells) in enumerate(self._slices()):
            start, width = cells.start, column.cells.width
            if isinstance(column.cells, RankColumn):
                nullable = column.cells.nullable and width > 0
                if not column.cells.constant:
                    present = start + 1 if nullable else None
                    spans.append(Span(position, "scalar", start, 1, present))
                if nullable:
                    spans.append(Span(position, "one_hot", cells.stop - 2, 2))
            elif width:
                spans.append(Span(position, "one_hot", start, width))
        self.schema_ = tuple(spans)
        self.width_ = sum(column.cells.width for column in self.columns_)
        kinds = [column.kind for column in self.columns_]
        self.dtypes_ = dict(zip([c.name for c in self.columns_], kinds, strict=True))
        self.categorical_features_ = np.flatnonzero(
            [kind != "numeric" for kind in kinds]
        )

    def _slices(self) -> Iterator[tuple[TableColumn, slice]]:
        start = 0
        for column in self.columns_:
            yield column, slice(start, start + column.cells.width)
            start += column.cells.width


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
    """

    kind: str
    dtype: Any = None
    is_matrix: bool = False

    @classmethod
    def of(cls, X: Any) -> Container:
        """Describe a table."""
        if isinstance(X, pd.DataFrame):
            return cls("frame")
        if sparse.issparse(X):
            return cls(X.format, X.dtype, isinstance(X, sparse.spmatrix))
        return cls("array", np.asarray(X).dtype)

    def build(self, series: list[pd.Series], n_rows: int) -> Any:
        """Put columns together."""
        if self.kind == "frame":
            frame = pd.concat(series, axis=1)
            frame.columns = pd.Index([column.name for column in series])
            return frame
        array = np.empty((n_rows, len(series)), dtype=self.dtype)
        for position, column in enumerate(series):
            array[:, position] = column.to_numpy()
        if self.kind == "array":
            return array
        suffix = "matrix" if self.is_matrix else "array"
        return getattr(sparse, f"{self.kind}_{suffix}")(array)


# What the state of a fitted encoder is made of.
STATE_CLASSES: dict[str, type] = {
    state_class.__name__: state_class
    for state_class in (
        CategoricalDomain,
        Container,
        NumericDomain,
        OneHotColumn,
        RankColumn,
        TableColumn,
    )
}


def check_column_names(frame: pd.DataFrame) -> None:
    """Raise a ValueError if two columns share a name."""
    repeated = frame.columns[frame.columns.duplicated()].unique().tolist()
    if repeated:
        raise ValueError(
            f"X must have unique column names. Got {repeated} more than once. "
            "Rename the columns."
        )


def to_frame(X: Any) -> pd.DataFrame:
    """Any table as a DataFrame; one that is a frame already is not copied."""
    if isinstance(X, pd.DataFrame):
        check_column_names(X)
        return X
    if sparse.issparse(X):
        return pd.DataFrame(X.toarray())
    return pd.DataFrame(check_array(X, dtype=None, ensure_all_finite=False))


def _positions(categorical_features: Any, frame: pd.DataFrame) -> list[int]:
    """Positions of the columns that a `categorical_features` specification names."""
    if isinstance(categorical_features, str):
        if categorical_features == "auto":
            return []
        categorical_features = [categorical_features]
    spec = np.asarray(categorical_features)
    if spec.size == 0:
        return []
    if spec.dtype == bool:
        if spec.shape != (frame.shape[1],):
            raise ValueError(
                f"A `categorical_features` mask must have {frame.shape[1]} entries, "
                f"one a column. Got {spec.size}."
            )
        return np.flatnonzero(spec).tolist()
    if spec.dtype.kind in "iu":
        if spec.min() < 0 or spec.max() >= frame.shape[1]:
            raise ValueError(
                "`categorical_features` must hold positions from 0 to "
                f"{frame.shape[1] - 1}. Got {spec.tolist()}."
            )
        return spec.tolist()
    unknown = [name for name in spec.tolist() if name not in frame.columns]
    if unknown:
        raise ValueError(
            "`categorical_features` must name columns of X. Got "
            f"{unknown}, which X does not have."
        )
    return [int(frame.columns.get_loc(name)) for name in spec.tolist()]


def _inferred(series: pd.Series) -> pd.Series:
    """An object column as the numbers or dates that it holds, if it holds one kind."""
    if series.dtype != object:
        return series
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind == "floating":
        return series.astype(np.float64)
    if kind == "integer":
        try:
            return series.astype("Int64")  # comes back as int, with missing values too
        except (OverflowError, TypeError):
            return series  # larger than any integer dtype: levels
    if kind.startswith(("datetime", "timedelta")):
        return series.infer_objects()
    return series


def _hashable(series: pd.Series) -> pd.Series:
    """The column, or a TypeError that names it when its values have no equality."""
    if series.dtype == object:
        try:
            pd.factorize(series)
        except TypeError as error:
            raise TypeError(
                f"Column {series.name!r} must hold numbers, strings, dates or other "
                f"hashable values. Got {error}. Convert it, for example to strings."
            ) from error
    if series.dtype.kind == "c":
        raise ValueError(f"Complex data not supported. Got column {series.name!r}.")
    return series


def _as_numbers(codes: np.ndarray) -> np.ndarray:
    return np.where(codes < 0, np.nan, codes.astype(np.float64))


def _order_by_class(
    codes: np.ndarray, classes: np.ndarray, n_levels: int
) -> np.ndarray:
    """Levels by the first axis of a correspondence analysis of level and class.

    For two classes this is the order of the share of one of them, as in target
    encoding; levels that are alike to a classifier become neighbours on the scale.
    """
    known = codes >= 0
    counts = np.zeros((n_levels, classes.max() + 1))
    np.add.at(counts, (codes[known], classes[known]), 1.0)
    balanced = counts / np.maximum(counts.sum(axis=0), 1.0)
    mass = balanced.sum(axis=1, keepdims=True)
    profile = balanced / mass
    centred = profile - (profile * mass).sum(axis=0) / mass.sum()
    axis = np.linalg.svd(centred * np.sqrt(mass), full_matrices=False)[2][0]
    return np.argsort(centred @ axis, kind="stable")
