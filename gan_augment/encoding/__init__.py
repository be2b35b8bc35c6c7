"""Tables and the float matrices that networks learn from, in both directions."""

from gan_augment.encoding.schema import Span
from gan_augment.encoding.table import TableEncoder

__all__ = ["Span", "TableEncoder"]
