"""Frames, arrays and sparse matrices <-> the float matrix that a network learns."""

from __future__ import annotations

import zlib
from collections import ChainMap
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from gan_augment.encoding.column import TableColumn
from gan_augment.encoding.container import Container
from gan_augment.encoding.kinds import KIND_CLASSES
from gan_augment.encoding.kinds.identifier import IdentifierKind
from gan_augment.encoding.one_hot import OneHotGroup, fold_one_hot
from gan_augment.encoding.regions import Share
from gan_augment.encoding.rows import RealRows
from gan_augment.encoding.schema import Span
from gan_augment.encoding.values import check_hashable
from gan_augment.seeding import RandomState, make_rng


class TableEncoder(BaseEstimator):
    """Encode a table of any pandas dtypes as a float matrix, and decode it.

    Columns are encoded by their kind:

    - a numeric column (float, int, datetime, timedelta, nullable or not) becomes one
      standard normal number by a class-balanced randomised probability integral
      transform, so that a network need not learn skew, ties, atoms and bounds. Missing
      values are marked by an indicator;
    - a categorical column becomes a one-hot span. Missing values are a level of their
      own;
    - a categorical column with more than `max_categories` levels becomes one standard
      normal number, its levels ordered by class, so that even 10,000 levels take one
      cell and none is lost. All levels with fewer than five rows, such as identifiers,
      share one code. They are decoded equally often, whichever row had which;
    - text of many levels that holds numbers or dates is modelled as numbers or dates,
      and decoded as text in the same notation;
    - columns that are one-hot already, adjacent and never 1 together, are encoded as
      one categorical column;
    - a constant column takes no cell.

    Decoded columns have the dtype, the domain and the decimals of the training data. A
    sparse matrix is made dense before it is encoded.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        Categorical columns: positions, a mask of shape (n_features,), or names.
        ``"auto"`` selects every column that holds neither numbers nor dates nor
        durations. Such columns are always categorical, whatever is passed.
    max_categories : int, default=64
        Largest number of levels of a categorical column that is one-hot encoded. A
        column with more levels is encoded as one number, its levels ordered by class.
    identifiers : {"fresh", "keep", "drop"}, default="fresh"
        How to treat columns that identify rows: text in which almost no value repeats,
        row numbers, account numbers and the like; see
        :func:`~gan_augment.encoding.identifiers.is_identifier`. ``"fresh"`` gives
        decoded rows values of the same pattern that the training rows do not have.
        ``"drop"`` decodes rows without these columns. ``"keep"`` treats the values as
        levels or numbers, like those of any other column.

    Attributes
    ----------
    columns_ : list of TableColumn
        The fitted columns.
    schema_ : tuple of Span
        Meaning of each slice of an encoded row.
    width_ : int
        Number of cells of an encoded row.
    categorical_features_ : ndarray of int
        Positions of the categorical columns.
    identifiers_ : list
        Names of the columns that identify rows. Empty if these columns are kept.
    left_out_ : list
        Names of the columns that decoded rows do not have.
    dtypes_ : dict
        Name -> how the column is modelled: ``"numeric"``, ``"categorical"``,
        ``"high-cardinality"``, ``"written"`` (numbers or dates as text) or
        ``"identifier"``.

    See Also
    --------
    ImageEncoder : Encode images as arrays, and decode them.

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

    columns_: list[TableColumn]
    groups_: list[OneHotGroup]
    container_: Container

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Hashable] = "auto",
        max_categories: int = 64,
        identifiers: Literal["fresh", "keep", "drop"] = "fresh",
    ) -> None:
        self.categorical_features = categorical_features
        self.max_categories = max_categories
        self.identifiers = identifiers

    def fit(self, X: Any, y: Any = None) -> TableEncoder:
        """Learn the domains and distributions of the columns.

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
        rows = RealRows.of(X)
        frame = rows.frame
        if len(frame) == 0:
            raise ValueError("`X` must have at least one row. Got none. Pass rows.")
        self.container_ = Container.of(rows.X)
        classes = np.zeros(len(frame), dtype=np.intp)
        if y is not None:
            classes = np.unique(np.asarray(y), return_inverse=True)[1]
        counts = np.bincount(classes)
        weights = 1.0 / (len(counts) * counts[classes])
        declared = set(self._declared(frame))
        for position in range(frame.shape[1]):
            check_hashable(frame.iloc[:, position])
        self.groups_, columns, folded = rows.folded(frozenset(declared))
        named = {frame.columns[position] for position in declared}
        self.columns_ = [
            TableColumn.of(
                series,
                classes,
                weights,
                categorical=is_group or series.name in named,
                max_categories=self.max_categories,
                identifiers=self.identifiers,
            )
            for series, is_group in zip(columns, folded, strict=True)
        ]
        self._set_schema()
        return self

    def _declared(self, frame: pd.DataFrame) -> list[int]:
        """Positions of the columns that the user declares categorical."""
        return _positions(self.categorical_features, frame)

    def quantize(self, X: Any) -> np.ndarray:
        """Small integer code of every cell, -1 where missing.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_columns), dtype=int32
            Rank of numeric values, level of categorical ones. The columns are those
            of X, but a group of one-hot columns is one.

        Raises
        ------
        ValueError
            If the number of columns differs from fit, or a category is new.
        """
        numbers = self.to_numbers(X)
        codes = np.empty(numbers.shape, dtype=np.int32)
        for position, column in enumerate(self.columns_):
            codes[:, position] = column.kind.quantize(numbers[:, position])
        return codes

    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Encoded rows for integer codes; tied values are spread anew in each call.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, n_columns)
            Codes from :meth:`quantize`.
        rng : numpy.random.Generator or None
            Source of the spread. None puts tied values in their middle.

        Returns
        -------
        encoded : ndarray of shape (n_samples, width_), dtype=float32
            Encoded rows.
        """
        encoded = np.empty((len(codes), self.width_), dtype=np.float32)
        for position, (column, cells) in enumerate(self._slices()):
            encoded[:, cells] = column.kind.dequantize(codes[:, position], rng)
        return encoded

    def transform(
        self, X: Any, random_state: RandomState = None, *, spread: bool = True
    ) -> np.ndarray:
        """Encode rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.
        random_state : int, RandomState instance or None, default=None
            Source of the random part of the encoding.
        spread : bool, default=True
            Whether tied values are spread at random, as a network should see them.
            Otherwise they are in their middle, and equal rows are encoded alike.

        Returns
        -------
        encoded : ndarray of shape (n_samples, width_), dtype=float32
            Encoded rows.
        """
        rng = make_rng(random_state) if spread else None
        return self.dequantize(self.quantize(X), rng)

    def inverse_transform(self, encoded: np.ndarray) -> Any:
        """Decode rows into the container and the dtypes of the training table.

        Each row is decoded independently of the others, with three exceptions:
        rounding, levels of few rows, which are distributed among all rows that are
        decoded together, and identifiers, which differ among these rows. The same rows
        are decoded in the same way in every call.

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
        # Written and read by column.
        numbers = np.empty((len(encoded), len(self.columns_)), order="F")
        for position, (column, cells) in enumerate(self._slices()):
            numbers[:, position] = column.kind.restore(encoded[:, cells])
        return self._decode(numbers, encoded)

    def to_numbers(self, X: Any) -> np.ndarray:
        """Convert rows to plain numbers: values on their grid, codes of categories.

        Use this for models that have an encoding of their own.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_columns), dtype=float64
            NaN where missing. A group of one-hot columns is one column.
        """
        check_is_fitted(self, "columns_")
        frame = self._checked(RealRows.of(X), [*self._kinds()]).frame
        series, _ = fold_one_hot(frame, self.groups_)
        numbers = np.empty((len(frame), len(self.columns_)))
        for position, column in enumerate(self.columns_):
            numbers[:, position] = column.to_numbers(series[position])
        return numbers

    def _checked(self, real: RealRows, names: list[Hashable]) -> RealRows:
        """Rows with all columns; decoded ones may lack those that are left out."""
        kept = [name for name in names if name not in self.left_out_]
        n_columns = real.frame.shape[1]
        if n_columns == len(names):
            return real
        if n_columns != len(kept):
            raise ValueError(
                f"`X` must have {len(names)} columns, as in fit. Got {n_columns}. "
                "Pass the same columns."
            )
        frame = real.frame.set_axis(kept, axis=1)
        # Of an identifier nothing is encoded but whether it is there.
        return RealRows(frame.reindex(columns=names, fill_value=0))

    def _kinds(self) -> dict[Hashable, str]:
        """Name of each column -> how it is modelled."""
        members = {group.names[0]: group.names for group in self.groups_}
        return {
            name: column.kind.name
            for column in self.columns_
            for name in members.get(column.name, [column.name])
        }

    def from_numbers(self, numbers: np.ndarray) -> Any:
        """Convert plain numbers to rows, in the container and dtypes of fit.

        Parameters
        ----------
        numbers : ndarray of shape (n_samples, n_columns)
            As from :meth:`to_numbers`; those between two points of a column's grid
            are rounded.

        Returns
        -------
        X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.
        """
        check_is_fitted(self, "columns_")
        return self._decode(numbers, numbers)

    def _decode(self, numbers: np.ndarray, rows: np.ndarray) -> Any:
        """Rows for plain numbers; what is drawn for them depends on `rows` alone."""
        group_of = {group.names[0]: group for group in self.groups_}
        rng = make_rng(zlib.crc32(rows.tobytes()) if self.identifiers_ else 0)
        series: list[pd.Series] = []
        for position, column in enumerate(self.columns_):
            if column.kind.is_left_out:
                continue
            restored = column.from_numbers(numbers[:, position], rng)
            group = group_of.get(column.name)
            series += [restored] if group is None else group.unfold(restored)
        return self.container_.build(series, len(numbers))

    def draw_identifiers(
        self,
        name: Hashable,
        column: pd.Series,
        random_state: RandomState = None,
        *,
        share: Share | None = None,
    ) -> pd.Series:
        """Draw fresh values of an identifier.

        Parameters
        ----------
        name : object
            Name of the column, or its position in an array.
        column : Series of shape (n_samples,)
            Its values in other rows; the drawn values are missing in the same rows.
        random_state : int, RandomState instance or None, default=None
            Source of the draw.
        share : Share, default=None
            Which rows of a larger table these are. Their values then differ from those
            that other rows of the table are given in other calls. If None, they differ
            among the rows of this call only.

        Returns
        -------
        fresh : Series of shape (n_samples,)
            Values that differ from each other and from those of the training rows.

        Raises
        ------
        ValueError
            If the pattern of the column has too few values for all rows of `share`.
        """
        found = next(c for c in self.columns_ if c.name == name)
        if share is not None and isinstance(found.kind, IdentifierKind):
            try:
                found = replace(found, kind=found.kind.share(share))
            except ValueError as error:
                raise ValueError(
                    f"Column {name!r} must have a fresh identifier for every row. Got "
                    f"a pattern that does not: {error}. Train with identifiers='drop', "
                    "or on more rows."
                ) from error
        return found.from_numbers(found.to_numbers(column), make_rng(random_state))

    def cell_names(self) -> list[tuple[tuple[Hashable, ...], Hashable]]:
        """Return the name of each cell of an encoded row.

        Cells of two tables mean the same if they have the same name.

        Returns
        -------
        names : list of tuple
            The column, the kind of the cell, such as ``("job", "level")``, and its
            value, such as ``"nurse"``.
        """
        check_is_fitted(self, "columns_")
        # The levels of a group are the positions of its columns.
        members: dict[Hashable, dict[Hashable, Hashable]] = {
            group.names[0]: dict(enumerate(group.names)) for group in self.groups_
        }
        return [
            ((column.name, kind), members.get(column.name, {}).get(which, which))
            for column in self.columns_
            for kind, which in column.kind.cell_names()
        ]

    def check_variety(self) -> None:
        """Raise a ValueError if every column is constant."""
        if self.width_ == 0:
            raise ValueError(
                "`X` must have a column with at least two different values, "
                "identifiers aside. Got only constant columns and identifiers. There "
                "is nothing to learn: repeat rows instead, for example with "
                "RandomOverSampler."
            )

    def get_state(self) -> dict[str, Any]:
        """Return the state as plain values, arrays and :data:`STATE_CLASSES`."""
        check_is_fitted(self, "columns_")
        return {
            "columns": self.columns_,
            "groups": self.groups_,
            "container": self.container_,
        }

    def set_state(self, state: dict[str, Any]) -> TableEncoder:
        """Take over what another encoder learned."""
        self.columns_ = state["columns"]
        self.groups_ = state["groups"]
        self.container_ = state["container"]
        self._set_schema()
        self._check_decoding()
        return self

    def _check_decoding(self) -> None:
        """Raise unless everything that the columns may hold can be given back."""
        group_of = {group.names[0]: group for group in self.groups_}
        for column in self.columns_:
            numbers = column.extremes()
            restored = column.from_numbers(numbers, make_rng(0))
            group = group_of.pop(column.name, None)
            series = [restored] if group is None else group.unfold(restored)
            self.container_.build(series, len(numbers))
        if group_of:
            raise ValueError(f"Groups must be columns. Got groups of {[*group_of]}.")

    def _set_schema(self) -> None:
        """Derive what follows from the columns; called by fit and by load."""
        spans: list[Span] = []
        for position, (column, cells) in enumerate(self._slices()):
            spans += column.kind.spans(position, cells.start)
        self.schema_ = tuple(spans)
        self.width_ = sum(column.kind.width for column in self.columns_)
        self.dtypes_ = self._kinds()
        self.categorical_features_ = np.flatnonzero(
            [kind != "numeric" for kind in self.dtypes_.values()]
        )
        self.left_out_ = [c.name for c in self.columns_ if c.kind.is_left_out]
        self.identifiers_ = [
            name for name, kind in self.dtypes_.items() if kind == "identifier"
        ]

    def _slices(self) -> Iterator[tuple[TableColumn, slice]]:
        start = 0
        for column in self.columns_:
            yield column, slice(start, start + column.kind.width)
            start += column.kind.width


# What the state of a fitted encoder is made of, kinds that are registered later
# included.
STATE_CLASSES: ChainMap[str, type] = ChainMap(
    {c.__name__: c for c in (Container, OneHotGroup, TableColumn)}, KIND_CLASSES
)


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
                f"one a column. Got {spec.size}. Pass names instead."
            )
        return np.flatnonzero(spec).tolist()
    if spec.dtype.kind in "iu":
        if spec.min() < 0 or spec.max() >= frame.shape[1]:
            raise ValueError(
                "`categorical_features` must hold positions from 0 to "
                f"{frame.shape[1] - 1}. Got {spec.tolist()}. Pass names instead."
            )
        return spec.tolist()
    unknown = [name for name in spec.tolist() if name not in frame.columns]
    if unknown:
        raise ValueError(
            "`categorical_features` must name columns of X. Got "
            f"{unknown}, which X does not have. Check the spelling."
        )
    return [int(frame.columns.get_loc(name)) for name in spec.tolist()]
