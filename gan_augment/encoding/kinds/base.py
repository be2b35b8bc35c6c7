"""The base class of kinds of columns: values <-> plain numbers <-> encoded cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from gan_augment.encoding.identifiers import is_identifier
from gan_augment.encoding.schema import Span
from gan_augment.encoding.values import CategoricalDomain


@dataclass(eq=False)
class ColumnSample:
    """Training values of a column, and the parameters that apply to it.

    Parameters
    ----------
    values : Series
        The column. Objects that are all numbers, or all dates, have that dtype.
    classes : ndarray of shape (n_samples,)
        Class index of every row.
    weights : ndarray of shape (n_samples,)
        Weight of every row.
    categorical : bool
        Whether the column was declared to be categorical.
    max_categories : int
        Largest number of levels of a one-hot span.
    identifiers : {"fresh", "keep", "drop"}
        How columns that identify rows are treated.
    """

    values: pd.Series
    classes: np.ndarray
    weights: np.ndarray
    categorical: bool = False
    max_categories: int = 64
    identifiers: str = "fresh"

    @cached_property
    def levels(self) -> CategoricalDomain:
        """The different values."""
        return CategoricalDomain.of(self.values)

    @cached_property
    def names_rows(self) -> bool:
        """Whether the column is an identifier that is not to be kept."""
        return (
            self.identifiers != "keep"
            and not self.categorical
            and is_identifier(self.values)
        )


class ColumnKind(ABC):
    """Base class of kinds of columns, which are dataclasses of the learned state.

    A value is converted to a plain *number*, NaN if it is missing; the number to a
    small integer *code*, once for a table; and the code to the *cells* of an encoded
    row, again for every batch, because the encoding of tied values is random. Cells are
    converted back to numbers, and numbers to values.

    To add a kind, derive from this class in a module of its own and pass it to
    :func:`~gan_augment.encoding.kinds.register_kind`.
    """

    # How `TableEncoder.dtypes_` calls the kind.
    name: ClassVar[str]
    # Dataclasses that the state is made of, besides the kind itself.
    state_classes: ClassVar[tuple[type, ...]] = ()
    # Whether its numbers are codes of levels, without distances.
    is_discrete: ClassVar[bool] = True
    # Whether the decoded column is left out of the rows.
    is_left_out: bool = False

    @classmethod
    @abstractmethod
    def accepts(cls, sample: ColumnSample) -> bool:
        """Whether a column is of this kind."""

    @classmethod
    @abstractmethod
    def fit(cls, sample: ColumnSample) -> Self:
        """Learn a column."""

    @property
    @abstractmethod
    def nullable(self) -> bool:
        """Whether missing values were seen."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Number of cells in an encoded row."""

    @abstractmethod
    def spans(self, column: int, start: int) -> list[Span]:
        """What the cells mean, given their column and their first position."""

    def cell_names(self) -> list[tuple[str, Hashable]]:
        """What each cell stands for, and which one of that it is.

        Cells of two tables that have the same name in columns of the same name mean
        the same. A training that begins with the weights of another one goes by this.
        """
        return [(self.name, position) for position in range(self.width)]

    @abstractmethod
    def to_numbers(self, values: pd.Series) -> np.ndarray:
        """Numbers of values, NaN where missing; a ValueError for an unknown one."""

    @abstractmethod
    def to_values(self, numbers: np.ndarray, rng: np.random.Generator) -> pd.Series:
        """Values of numbers, in the dtype of the training values.

        A kind whose values are no function of the numbers draws them from `rng`.
        """

    def known_numbers(self) -> np.ndarray:
        """Numbers that the values had; of an ordered kind, the ends are enough."""
        return np.zeros(1)

    @abstractmethod
    def quantize(self, numbers: np.ndarray) -> np.ndarray:
        """Small integer codes of numbers, -1 where missing."""

    @abstractmethod
    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Cells of shape (n_rows, width); without `rng`, ties are in their middle."""

    @abstractmethod
    def restore(self, cells: np.ndarray) -> np.ndarray:
        """Numbers of cells of shape (n_rows, width), NaN where missing."""
