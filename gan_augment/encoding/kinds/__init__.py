"""Kinds of columns, one a module, and the registry that chooses among them."""

from __future__ import annotations

from gan_augment.encoding.kinds.base import ColumnKind, ColumnSample
from gan_augment.encoding.kinds.categorical import CategoricalKind
from gan_augment.encoding.kinds.high_cardinality import HighCardinalityKind
from gan_augment.encoding.kinds.identifier import IdentifierKind
from gan_augment.encoding.kinds.numeric import NumericKind
from gan_augment.encoding.kinds.written import WrittenKind

__all__ = [
    "COLUMN_KINDS",
    "KIND_CLASSES",
    "CategoricalKind",
    "ColumnKind",
    "ColumnSample",
    "HighCardinalityKind",
    "IdentifierKind",
    "NumericKind",
    "WrittenKind",
    "fit_kind",
    "register_kind",
]

# The first kind that accepts a column takes it.
COLUMN_KINDS: list[type[ColumnKind]] = []
# Name -> class, of all that the state of a fitted kind is made of.
KIND_CLASSES: dict[str, type] = {}


def register_kind(kind: type[ColumnKind], *, position: int = 0) -> None:
    """Register a kind of column for every encoder that is fitted or loaded later.

    Parameters
    ----------
    kind : subclass of ColumnKind
        A dataclass.
    position : int, default=0
        Position in the order in which kinds are tried; 0 is before all others.
    """
    COLUMN_KINDS.insert(position, kind)
    KIND_CLASSES.update({c.__name__: c for c in (kind, *kind.state_classes)})


def fit_kind(sample: ColumnSample) -> ColumnKind:
    """Learn a column as the first kind that accepts it."""
    return next(kind for kind in COLUMN_KINDS if kind.accepts(sample)).fit(sample)


for _kind in (
    HighCardinalityKind,
    WrittenKind,
    CategoricalKind,
    NumericKind,
    IdentifierKind,
):
    register_kind(_kind)
