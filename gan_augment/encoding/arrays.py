"""What an array must be, where it may come from a file."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_array_of(
    array: Any,
    name: str,
    shape: tuple[int, ...],
    kinds: str = "iuf",
    *,
    missing: bool = False,
) -> None:
    """Raise a ValueError unless an array has a shape, and finite numbers in it.

    Parameters
    ----------
    array : object
        What is checked.
    name : str
        What the message calls it.
    shape : tuple of int
        Its shape; -1 is any length.
    kinds : str, default="iuf"
        Kinds of dtypes that it may have.
    missing : bool, default=False
        Whether it may hold NaN.

    Raises
    ------
    ValueError
        If it is no array of this shape and kind, or holds NaN or infinity.
    """
    fits = (
        isinstance(array, np.ndarray)
        and array.ndim == len(shape)
        and all(want in (-1, n) for want, n in zip(shape, array.shape, strict=True))
        and array.dtype.kind in kinds
    )
    if not fits:
        found = getattr(array, "shape", type(array).__name__)
        dtype = getattr(array, "dtype", None)
        raise ValueError(
            f"`{name}` must be an array of shape {shape} and a dtype of the kinds "
            f"{kinds!r}. Got {found} of {dtype}."
        )
    if array.dtype.kind != "f":
        return
    if not (np.isfinite(array) | (missing & np.isnan(array))).all():
        raise ValueError(f"`{name}` must hold finite numbers. Got NaN or infinity.")


def check_codes(
    array: Any, name: str, shape: tuple[int, ...], least: int, most: int
) -> None:
    """Raise a ValueError unless an array has a shape, and codes of a range in it.

    Parameters
    ----------
    array : object
        What is checked.
    name : str
        What the message calls it.
    shape : tuple of int
        Its shape; -1 is any length.
    least, most : int
        Smallest and largest code that it may hold.

    Raises
    ------
    ValueError
        If it is no array of this shape, or holds anything but whole numbers of the
        range.
    """
    check_array_of(array, name, shape, "i")
    if not ((array >= least) & (array <= most)).all():
        raise ValueError(f"`{name}` must hold codes from {least} to {most}.")


def check_ascending(array: np.ndarray, name: str) -> None:
    """Raise a ValueError if a value of an array is less than the one before it."""
    if (np.diff(array) < 0).any():
        raise ValueError(f"`{name}` must be in ascending order.")
