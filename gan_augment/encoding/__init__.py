"""Encode tables and images as float arrays for networks, and decode them."""

from gan_augment.encoding.image import ImageEncoder
from gan_augment.encoding.kinds.written import DateStyle
from gan_augment.encoding.schema import Span
from gan_augment.encoding.table import TableEncoder

__all__ = ["DateStyle", "ImageEncoder", "Span", "TableEncoder"]
