"""Errors of files."""

from __future__ import annotations


class ModelFileError(ValueError):
    """A model directory is missing, damaged, or was not written by gan_augment."""
