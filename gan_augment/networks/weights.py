"""Weights of networks as arrays."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


def weights_of(network: nn.Module) -> dict[str, np.ndarray]:
    """Copies of a network's weights as arrays."""
    return {
        name: tensor.detach().cpu().numpy().copy()
        for name, tensor in network.state_dict().items()
    }


def load_weights(network: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Give a network the weights that are in arrays."""
    # Arrays that several processes share cannot be written, of which torch would warn.
    tensors = {
        name: torch.from_numpy(np.require(array, requirements="W"))
        for name, array in weights.items()
    }
    network.load_state_dict(tensors)
