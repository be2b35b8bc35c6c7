"""What the networks of tables and of images share."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn


def make_layer(
    kind: type[nn.Module], *sizes: Any, rng: torch.Generator, **options: Any
) -> Any:
    """A layer with torch's default initialisation, drawn from `rng`.

    The constructors of torch's layers would draw from the global generator.
    """
    device = torch.get_default_device()
    layer: Any = nn.utils.skip_init(kind, *sizes, device=device, **options)
    bound = math.prod(layer.weight.shape[1:]) ** -0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=rng)
    if layer.bias is not None:
        nn.init.uniform_(layer.bias, -bound, bound, generator=rng)
    return layer
