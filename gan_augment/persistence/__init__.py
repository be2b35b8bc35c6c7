"""Save and load: tensors as safetensors, everything else as JSON. Loading runs no code.

A model is a directory of three files. ``model.json`` holds a tree of plain values, in
which an array is named by its key in ``model.safetensors``, a pandas value or dtype is
spelled out, and an object is the name of its class with its fields. Only classes that
the caller lists can be named. ``SHA256SUMS`` holds the checksums of both.
"""

from gan_augment.persistence.declared import check_attributes
from gan_augment.persistence.errors import ModelFileError
from gan_augment.persistence.files import digest, load, save, seal

__all__ = ["ModelFileError", "check_attributes", "digest", "load", "save", "seal"]
