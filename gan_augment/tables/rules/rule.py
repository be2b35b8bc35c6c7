"""What a rule is, whatever its kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from gan_augment.tables.rules.columns import Columns


class Rule(ABC):
    """Base class of rules that every real row keeps.

    A kind of rule is a subclass: a dataclass of plain values, so that it can be saved,
    with the methods below. Passed to :func:`~gan_augment.tables.rules.register_rule`,
    it is discovered with the others.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.tables.rules import discover
    >>> rng = np.random.default_rng(0)
    >>> net = rng.integers(10, 500, 1000)
    >>> frame = pd.DataFrame({"net": net, "gross": net + rng.integers(0, 99, 1000)})
    >>> rule = discover(frame)[0]
    >>> str(rule)
    'net <= gross'
    >>> rule.violations(pd.DataFrame({"net": [10, 30], "gross": [20, 20]}))
    array([False,  True])
    """

    # Name of the kind in listings.
    kind: ClassVar[str] = "rule"
    # Whether a row breaks it because of other rows, rather than by itself.
    compares_rows: ClassVar[bool] = False
    # Dataclasses that the state is made of, besides the kind itself.
    state_classes: ClassVar[tuple[type, ...]] = ()

    @property
    @abstractmethod
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""

    @abstractmethod
    def __str__(self) -> str:
        """The rule in plain words, such as ``"Amount <= Price"``."""

    @abstractmethod
    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Rows with all columns of the rule.

        Returns
        -------
        mask : ndarray of shape (n_rows,), dtype=bool
            True for a row that breaks the rule. A row keeps the rule if a value that
            the rule compares is missing.
        """

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Change the rows that break the rule, in as few columns as possible.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Rows with all columns of the rule.
        broken : ndarray of shape (n_rows,), dtype=bool
            Which rows break it.
        rng : numpy.random.Generator
            Source of random choices.

        Returns
        -------
        changed : dict
            Name -> the column after the change. Empty if the kind of rule cannot be
            repaired; the row is then drawn again.
        """
        return {}

    @property
    def support(self) -> int:
        """Number of rows that would break the rule if its columns were independent.

        This is the `gain` of rules that are found, and 0 for others.
        """
        return round(getattr(self, "gain", 0.0))

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Discover the rules of this kind that every row of a table keeps.

        Parameters
        ----------
        table : Columns
            The rows, by column.
        known : list of Rule
            Rules of the kinds that were searched for before; rules that follow from
            these need not be found again.

        Returns
        -------
        rules : list of Rule
            In the order of the columns.
        """
        return []


class ComputedRule(Rule):
    """A rule that computes one column from others, so that it can be left out.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.tables.rules import ComputedRule, discover
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(rng.integers(10, 500, (1000, 2)), columns=["net", "tax"])
    >>> frame["gross"] = frame["net"] + frame["tax"]
    >>> any(isinstance(rule, ComputedRule) for rule in discover(frame))
    True
    """

    @property
    @abstractmethod
    def target(self) -> Hashable:
        """Name of the column that follows from the others."""

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Names of the columns that it follows from."""
        return tuple(name for name in self.columns if name != self.target)

    def decides(self, frame: pd.DataFrame) -> np.ndarray:
        """In which rows the target follows from the others: here, in all."""
        return np.ones(len(frame), dtype=bool)

    def unknown(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows have sources that the rule was not found with: here, none."""
        return np.zeros(len(frame), dtype=bool)

    @abstractmethod
    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The target column for rows that hold the sources, in its own dtype."""

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Compute the target anew where the rule is broken."""
        del rng
        computed = self.compute(frame.loc[broken])
        return {self.target: replaced(frame[self.target], broken, computed)}


def replaced(column: pd.Series, where: np.ndarray, values: pd.Series) -> pd.Series:
    """A copy of a column with other values where the mask is set, in its own dtype."""
    if where.all():
        return values.set_axis(column.index).rename(column.name)
    order = np.arange(len(column))
    order[where] = len(column) + np.arange(int(where.sum()))
    joined = pd.concat([column, values.astype(column.dtype)], ignore_index=True)
    taken = joined.take(order).set_axis(column.index).rename(column.name)
    return taken if taken.dtype == column.dtype else taken.astype(column.dtype)
