"""Whether arrays fit a network as its weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from gan_augment.encoding.arrays import check_array_of

# No training comes near it. With larger ones some draws overflow, and others do not.
LARGEST_WEIGHT = 1e12


def check_depth(hidden_dims: Sequence[int], weights: dict[str, np.ndarray]) -> None:
    """Raise a ValueError if a network has more layers than arrays of weights."""
    if len(hidden_dims) > len(weights):
        raise ValueError(
            "`hidden_dims` must have a layer of weights each. Got "
            f"{len(hidden_dims)} and {len(weights)} arrays."
        )


def check_weights(network: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Raise unless the weights are numbers of use, of the shapes that a network has.

    Parameters
    ----------
    network : Module
        The network; on the meta device, where it takes no memory.
    weights : dict of str to ndarray
        What it is to be given.

    Raises
    ------
    ValueError
        If a weight is missing, too much, of another shape, not finite or too large.
    """
    tensors = network.state_dict()
    wanted = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    found = {name: array.shape for name, array in weights.items()}
    if found != wanted:
        raise ValueError(
            f"weights of {type(network).__name__} must have the shapes {wanted}. Got "
            f"{found}."
        )
    for name, array in weights.items():
        kinds = "f" if tensors[name].is_floating_point() else "iu"
        check_array_of(array, name, array.shape, kinds)
        if kinds == "f" and array.size and np.abs(array).max() > LARGEST_WEIGHT:
            raise ValueError(
                f"`{name}` must hold weights of at most {LARGEST_WEIGHT:.0e}. Got "
                f"{np.abs(array).max():.0e}."
            )


def check_drawn(output: np.ndarray) -> None:
    """Raise a RuntimeError if networks draw what is no number."""
    if not np.isfinite(output).all():
        raise RuntimeError(
            "The networks must draw finite numbers. Got NaN or infinity. Train again, "
            "with a smaller `learning_rate`."
        )
