"""A table encoder that keeps the rules of the table."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from gan_augment.encoding.container import Container, to_frame
from gan_augment.encoding.rows import RealRows
from gan_augment.encoding.table import STATE_CLASSES as TABLE_CLASSES
from gan_augment.encoding.table import TableEncoder
from gan_augment.encoding.values import check_hashable
from gan_augment.seeding import make_rng
from gan_augment.tables.rules import STATE_CLASSES as RULE_CLASSES
from gan_augment.tables.rules import Rules
from gan_augment.tables.rules.steps import Fill


class RuleEncoder(TableEncoder):
    """Encode a table without what its rules say, and decode rows that keep them.

    A network that learns the encoded rows sees neither columns that others decide nor
    the bounds between columns. Decoded rows are completed and repaired.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        As in :class:`~gan_augment.encoding.TableEncoder`.
    max_categories : int, default=64
        As in :class:`~gan_augment.encoding.TableEncoder`.
    identifiers : {"fresh", "keep", "drop"}, default="fresh"
        As in :class:`~gan_augment.encoding.TableEncoder`.
    rules : "auto", list, Rules or None, default="auto"
        As in :class:`~gan_augment.tables.rules.Rules`. None stands for no rules.

    Attributes
    ----------
    rules_ : Rules
        The rules of the table.
    dtypes_ : dict
        Name -> how the column is modelled; ``"rule"`` if it follows from others.

    See Also
    --------
    gan_augment.encoding.TableEncoder : Encodes without rules.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.tables.encoder import RuleEncoder
    >>> cents = np.random.default_rng(0).integers(0, 300, 500)
    >>> frame = pd.DataFrame({"cents": cents, "euros": cents / 100})
    >>> encoder = RuleEncoder().fit(frame)
    >>> encoder.width_
    1
    >>> encoder.inverse_transform(encoder.transform(frame, spread=False)).head(2)
       cents  euros
    0    255   2.55
    1    191   1.91
    """

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Hashable] = "auto",
        max_categories: int = 64,
        identifiers: Literal["fresh", "keep", "drop"] = "fresh",
        rules: Any = "auto",
    ) -> None:
        super().__init__(
            categorical_features=categorical_features,
            max_categories=max_categories,
            identifiers=identifiers,
        )
        self.rules = rules

    def fit(self, X: Any, y: Any = None) -> RuleEncoder:
        """Find the rules, and learn the columns that are left.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.
        y : array-like of shape (n_samples,), default=None
            Class of each row, as in :class:`~gan_augment.encoding.TableEncoder`.

        Returns
        -------
        self : RuleEncoder
            The fitted encoder.
        """
        real = RealRows.of(X)
        names = real.frame.columns
        self._categorical = [names[i] for i in super()._declared(real.frame)]
        for position in range(len(names)):
            check_hashable(real.frame.iloc[:, position])
        self.rules_ = Rules.of(self.rules, real.frame, self._categorical)
        self._table = Container.of(real.X), list(names)
        super().fit(self._reduced(real), y)
        return self

    def to_numbers(self, X: Any) -> np.ndarray:
        """Rows as plain numbers, without what the rules say.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_columns), dtype=float64
            As in :class:`~gan_augment.encoding.TableEncoder`.
        """
        _, names = self._table
        return super().to_numbers(self._reduced(self._checked(RealRows.of(X), names)))

    def violations(self, X: Any) -> np.ndarray:
        """Which rows break a rule.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the table.

        Returns
        -------
        mask : ndarray of shape (n_samples,), dtype=bool
            True for a row that breaks one.
        """
        return self.rules_.violations(to_frame(X))

    def cell_names(self) -> list[tuple[tuple[Hashable, ...], Hashable]]:
        """Name of each cell of an encoded row.

        Returns
        -------
        names : list of tuple
            As in :class:`~gan_augment.encoding.TableEncoder`, with what takes the place
            of a column by a rule.
        """
        steps = {
            step.column: (type(step).__name__, *step.parents)
            for step in self.rules_.reduction_.steps
            if not isinstance(step, Fill)
        }
        return [
            ((name, *said, *steps.get(name, ())), which)
            for (name, *said), which in super().cell_names()
        ]

    def get_state(self) -> dict[str, Any]:
        """What fit learned, as plain values, arrays and :data:`STATE_CLASSES`."""
        container, names = self._table
        return super().get_state() | {
            "rules": self.rules_.get_state(),
            "table": container,
            "names": names,
        }

    def set_state(self, state: dict[str, Any]) -> RuleEncoder:
        """Take over what another encoder learned."""
        self.rules_ = Rules().set_state(state["rules"])
        self._table = state["table"], list(state["names"])
        super().set_state(state)
        return self

    def _declared(self, frame: pd.DataFrame) -> list[int]:
        names = frame.columns
        return [names.get_loc(name) for name in self._categorical if name in names]

    def _reduced(self, real: RealRows) -> RealRows:
        if not self.rules_.reduction_.steps:
            return real
        return RealRows(self.rules_.reduce(real.frame))

    def _decode(self, numbers: np.ndarray, rows: np.ndarray) -> Any:
        reduced = super()._decode(numbers, rows)
        if not len(self.rules_):
            return reduced
        rng = make_rng(zlib.crc32(rows.tobytes()))
        frame = self.rules_.repair(self.rules_.expand(to_frame(reduced)), rng)
        return self._table[0].build([frame[name] for name in frame], len(frame))

    def _set_schema(self) -> None:
        super()._set_schema()
        self.dtypes_ = {name: self.dtypes_.get(name, "rule") for name in self._table[1]}


# What the state of a fitted encoder is made of; kinds that are registered later too.
STATE_CLASSES = TABLE_CLASSES.new_child(RULE_CLASSES)
