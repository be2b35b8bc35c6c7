"""Layers that the networks of tables and of images share."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

# Slope of the LeakyReLUs left of zero.
SLOPE = 0.2
# What a residual branch begins as, as a share of a layer of the usual size.
BRANCH = 0.5


class ResidualBlock(nn.Module):
    """``x + Linear(LeakyReLU(Linear(norm(x))))``.

    Parameters
    ----------
    width : int
        Width of the input and of the output.
    hidden : int
        Width of the hidden layer.
    norm : bool
        Whether the input of the branch is normalised, each row by itself.
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self, width: int, hidden: int, *, norm: bool, rng: torch.Generator
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()
        self.first = make_layer(nn.Linear, width, hidden, rng=rng)
        self.second = make_layer(nn.Linear, hidden, width, rng=rng)
        with torch.no_grad():
            for parameter in self.second.parameters():
                parameter.mul_(BRANCH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, width) -> (B, width)."""
        branch = F.leaky_relu(self.first(self.norm(x)), SLOPE)
        return x + self.second(branch)


def draw_normal(*shape: int, like: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Standard normal numbers from `rng`, of the device and the dtype of `like`."""
    return torch.randn(shape, generator=rng, device=like.device, dtype=like.dtype)


def make_layer(kind: type, *sizes: Any, rng: torch.Generator, **options: Any) -> Any:
    """A layer with torch's default initialisation, drawn from `rng`."""
    layer = _uninitialised(kind)(*sizes, **options)
    layer.__class__ = kind
    bound = math.prod(layer.weight.shape[1:]) ** -0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=rng)
    if layer.bias is not None:
        nn.init.uniform_(layer.bias, -bound, bound, generator=rng)
    return layer


@functools.cache
def _uninitialised(kind: type) -> type:
    """A kind of layer without its own initialisation, from torch's global generator.

    ``torch.nn.utils.skip_init`` does the same by way of the meta device, for a quarter
    of the time that drawing a hundred rows takes.
    """
    return type(kind.__name__, (kind,), {"reset_parameters": lambda self: None})
