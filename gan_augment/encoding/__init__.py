"""Tables and images and the float arrays that networks learn from, both ways."""

from gan_augment.encoding.image import ImageEncoder
from gan_augment.encoding.schema import Span
from gan_augment.encoding.table import TableEncoder

__all__ = ["ImageEncoder", "Span", "TableEncoder"]
