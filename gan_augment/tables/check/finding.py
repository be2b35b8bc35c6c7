"""A problem of a table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

import pandas as pd

# A remedy that is safe: rows and labels -> rows and labels.
Fix = Callable[[pd.DataFrame, pd.Series | None], tuple[pd.DataFrame, pd.Series | None]]


@dataclass(frozen=True)
class Finding:
    """A problem of a table, with its evidence and its remedy.

    Parameters
    ----------
    kind : str
        Kind of the problem, such as ``"leak"`` or ``"number as text"``.
    column : object
        Name of the column. None for a finding about rows.
    message : str
        One sentence with the evidence.
    evidence : mapping of str to float
        The numbers behind the message.
    example : str
        A value or rows that show the problem; for identifiers, their pattern.
    remedy : str
        What to do.
    fix : callable, default=None
        Function that applies the remedy to rows and labels. None if the remedy needs a
        decision of the user.
    """

    kind: str
    column: Hashable
    message: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    example: str = ""
    remedy: str = ""
    fix: Fix | None = None

    @property
    def is_safe(self) -> bool:
        """Whether :meth:`TableCheck.clean` applies the remedy."""
        return self.fix is not None

    @property
    def advice(self) -> str:
        """The remedy, and whether :meth:`TableCheck.clean` applies it."""
        return f"{self.remedy} (safe)" if self.is_safe else self.remedy

    def __str__(self) -> str:
        example = f" Example: {self.example}." if self.example else ""
        return f"{self.message}{example} {self.remedy}"


def fix_column(name: Hashable, convert: Callable[[pd.Series], pd.Series]) -> Fix:
    """A remedy that converts one column and leaves the others as they are."""

    def fix(
        X: pd.DataFrame, y: pd.Series | None
    ) -> tuple[pd.DataFrame, pd.Series | None]:
        if name not in X.columns:
            return X, y  # another remedy dropped it
        X = X.copy(deep=False)
        X[name] = convert(X[name])
        return X, y

    return fix
