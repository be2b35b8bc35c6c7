"""What each slice of an encoded row means: what encoder and networks agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Span:
    """A slice of the encoded row.

    Parameters
    ----------
    column : int
        Position of the table's column that the slice encodes.
    kind : {"scalar", "one_hot"}
        A ``"scalar"`` is one standard normal number; a ``"one_hot"`` holds a
        single 1 among zeros.
    start : int
        First position of the slice in the encoded row.
    width : int
        Number of positions.
    present_at : int or None, default=None
        Of a scalar whose column has missing values: the position that is 1 where
        the value is present and 0 where it is missing. The scalar is 0 there.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.encoding import TableEncoder
    >>> X = pd.DataFrame({"age": [41.5, 30.2, 25.1], "job": ["a", "b", "a"]})
    >>> [(span.kind, span.width) for span in TableEncoder().fit(X).schema_]
    [('scalar', 1), ('one_hot', 2)]
    """

    column: int
    kind: Literal["scalar", "one_hot"]
    start: int
    width: int
    present_at: int | None = None

    @property
    def stop(self) -> int:
        """Position after the last one of the slice."""
        return self.start + self.width
