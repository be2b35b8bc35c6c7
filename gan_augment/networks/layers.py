"""What the networks of tables and of images share."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import nn


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
