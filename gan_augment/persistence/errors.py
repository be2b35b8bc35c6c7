"""What goes wrong with a file."""

from __future__ import annotations


class ModelFileError(ValueError):
    """A model directory is missing, damaged, or not one of ours."""
