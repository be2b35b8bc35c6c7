"""A user's own rule: any function of a frame."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gan_augment.tables.rules.rule import Rule


@dataclass(eq=False)
class Predicate(Rule):
    """A rule given as a function of a frame.

    Synthetic rows that break the rule are drawn again. A generator with such a rule
    cannot be saved, because the function is code.

    Parameters
    ----------
    function : callable
        Function that takes a frame with the columns of the training rows, and returns a
        mask of shape (n_rows,): True for a row that keeps the rule.
    description : str, default=None
        The rule in plain words. If None, use the name of the function.
    names : sequence of object, default=()
        Names of the columns of the rule.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.tables.rules import Predicate
    >>> rule = Predicate(lambda frame: frame["age"] >= 18, "adults only")
    >>> rule.violations(pd.DataFrame({"age": [17, 18]}))
    array([ True, False])
    """

    kind: ClassVar[str] = "predicate"

    function: Callable[[pd.DataFrame], Any]
    description: str | None = None
    names: Sequence[Hashable] = ()

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return tuple(self.names)

    def __str__(self) -> str:
        return self.description or str(getattr(self.function, "__name__", "function"))

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        kept = np.asarray(self.function(frame))
        if kept.shape != (len(frame),) or kept.dtype != bool:
            raise ValueError(
                f"The rule {str(self)!r} must give one boolean a row. Got "
                f"{kept.dtype} of shape {kept.shape} for {len(frame)} rows."
            )
        return ~kept
