"""What a training that was killed goes on from: plain values and arrays, no file."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor


class Checkpoint(Protocol):
    """What a trainer needs of the place that keeps its state."""

    def load(self) -> dict[str, Any] | None:
        """The state of the training that was killed; None if there was none."""

    def is_due(self) -> bool:
        """Whether it is time to keep the state again."""

    def save(self, state: dict[str, Any]) -> None:
        """Keep the state in place of the one before."""


def to_array(tensor: Tensor) -> np.ndarray:
    """A copy of a tensor as an array."""
    return tensor.detach().cpu().numpy().copy()


def copy_into(tensor: Tensor, array: np.ndarray) -> None:
    """Give a tensor the values of an array, in place.

    Parameters
    ----------
    tensor : Tensor
        What is overwritten.
    array : ndarray
        Its new values.

    Raises
    ------
    ValueError
        If the array is not of the tensor's shape and dtype.
    """
    values = torch.from_numpy(array)
    if values.shape != tensor.shape or values.dtype != tensor.dtype:
        raise ValueError(
            f"The state must have {tuple(tensor.shape)} values of {tensor.dtype}. Got "
            f"{tuple(values.shape)} of {values.dtype}."
        )
    tensor.copy_(values)
