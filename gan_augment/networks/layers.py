"""What the networks of tables and of images share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

# Gradients of a scalar for the outputs of a network -> those for its parameters.
Pullback = Callable[..., Sequence[torch.Tensor]]


class Network(nn.Module):
    """A network that carries gradients from its outputs back to its parameters."""

    def vjp(self, *inputs: Any) -> tuple[Any, Pullback]:
        """What the network gives, and its vector-Jacobian product, here by autograd.

        A network that knows its gradients in closed form is faster.

        Parameters
        ----------
        *inputs : object
            What the network is called with.

        Returns
        -------
        outputs : Tensor or tuple of Tensor
            What it gives.
        pull : callable
            Takes a gradient for each output, None for slopes that nothing depends on,
            and gives those for the parameters, in their order.
        """
        with torch.enable_grad():
            outputs = self(*inputs)

        def pull(*gradients: torch.Tensor | None) -> Sequence[torch.Tensor]:
            each = [outputs] if isinstance(outputs, torch.Tensor) else outputs
            used = [i for i, gradient in enumerate(gradients) if gradient is not None]
            return torch.autograd.grad(
                [each[i] for i in used],
                list(self.parameters()),
                [gradients[i] for i in used],
            )

        return outputs, pull


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
