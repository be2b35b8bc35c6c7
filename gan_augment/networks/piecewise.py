"""A piecewise linear network's logits and slopes, with exact gradients of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight

from gan_augment.networks.layers import Pullback

# Slope of the LeakyReLUs left of zero.
SLOPE = 0.2

# With `True`, from the LeakyReLU's result, which has the sign of its argument.
leaky_relu_backward = torch.ops.aten.leaky_relu_backward


class Layer(Protocol):
    """A layer that is linear in its weight: what it does, and its two adjoints."""

    def push(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The layer's output."""

    def pull(
        self, v: torch.Tensor, weight: torch.Tensor, x: torch.Tensor
    ) -> torch.Tensor:
        """Gradient with respect to its input, like `x`, from that of its output."""

    def weight_gradient(
        self, v: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """Gradient with respect to its weight, from that of its output."""


class Linear:
    """Weights (H, D): one product. What comes from a convolution is flattened."""

    def push(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(B, D) -> (B, H)."""
        return F.linear(x.flatten(1), weight, bias)

    def pull(
        self, v: torch.Tensor, weight: torch.Tensor, x: torch.Tensor
    ) -> torch.Tensor:
        """(B, H) -> (B, D)."""
        return (v @ weight).view(x.shape)

    def weight_gradient(
        self, v: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(B, H), (B, D) -> (H, D)."""
        return v.T @ x.flatten(1)


@dataclass(frozen=True)
class Convolution:
    """Weights (M, K, h, w)."""

    stride: int
    padding: int

    def push(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(B, K, H, W) -> (B, M, H', W')."""
        return F.conv2d(x, weight, bias, self.stride, self.padding)

    def pull(
        self, v: torch.Tensor, weight: torch.Tensor, x: torch.Tensor
    ) -> torch.Tensor:
        """(B, M, H', W') -> (B, K, H, W)."""
        # Much faster than `conv2d_input` where channels are last and weights are not.
        reach = [
            (side - 1) * self.stride - 2 * self.padding + size
            for side, size in zip(v.shape[2:], weight.shape[2:], strict=True)
        ]
        beyond = [side - n for side, n in zip(x.shape[2:], reach, strict=True)]
        return F.conv_transpose2d(v, weight, None, self.stride, self.padding, beyond)

    def weight_gradient(
        self, v: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(B, M, H', W'), (B, K, H, W) -> (M, K, h, w)."""
        return conv2d_weight(x, weight.shape, v, self.stride, self.padding)


class Readout:
    """A weight for every unit of every row, (B, H): one logit a row."""

    def push(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(B, H) -> (B, 1)."""
        logits = (x * weight).sum(dim=1, keepdim=True)
        return logits if bias is None else logits + bias

    def pull(
        self, v: torch.Tensor, weight: torch.Tensor, x: torch.Tensor
    ) -> torch.Tensor:
        """(B, 1) -> (B, H)."""
        return v * weight

    def weight_gradient(
        self, v: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(B, 1), (B, H) -> (B, H)."""
        return v * x


def logit_and_slope(
    rows: torch.Tensor, layers: Sequence[Layer], parameters: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor, Pullback]:
    """A LeakyReLU network's logits *and* their gradient with respect to its input.

    The network is piecewise linear, so both are plain products of weights and masks,
    and so are the derivatives of both: with ``h`` the hidden units, ``v`` the vector
    that back-propagation from the logit carries, and ``t`` the perturbation of the
    slope pushed forward through the same masks, every weight's gradient is that of one
    layer for the output's gradient ``v`` and the input ``d_logit * h + t``. A gradient
    penalty then needs no second differentiation, which would take most of the time of a
    training step.

    Parameters
    ----------
    rows : Tensor of shape (B, ...)
        Input.
    layers : sequence of Layer
        What the network does, in order.
    parameters : sequence of Tensor
        Weight and bias of each layer, in turn.

    Returns
    -------
    logits : Tensor of shape (B, 1)
        Output.
    slopes : Tensor of shape (B, ...)
        Gradient of each logit with respect to its row.
    pull : callable
        Gradients of some scalar for logits and slopes, of which one may be None, to
        those for the parameters.
    """
    weights, biases = parameters[::2], parameters[1::2]
    hidden = [rows]
    for layer, weight, bias in zip(layers[:-1], weights, biases, strict=False):
        hidden.append(F.leaky_relu_(layer.push(hidden[-1], weight, bias), SLOPE))
    logits = layers[-1].push(hidden[-1], weights[-1], biases[-1])
    # From the logit back to the input; carried[k] belongs to layer k's output.
    carried = [torch.ones_like(logits)]
    backwards = zip(layers[:0:-1], weights[:0:-1], hidden[:0:-1], strict=True)
    for layer, weight, units in backwards:
        back = layer.pull(carried[0], weight, units)
        carried.insert(0, leaky_relu_backward(back, units, SLOPE, True))
    slopes = layers[0].pull(carried[0], weights[0], rows)

    def pull(
        d_logits: torch.Tensor | None, d_slopes: torch.Tensor | None
    ) -> list[torch.Tensor]:
        if d_logits is None:
            d_logits = torch.zeros_like(carried[-1])
        gradients: list[torch.Tensor] = []
        pushed = d_slopes  # None where nothing depends on the slopes
        for k, layer in enumerate(layers):
            factor = per_row(d_logits, hidden[k])
            if pushed is None:
                reached = factor * hidden[k]
            else:
                reached = torch.addcmul(pushed, factor, hidden[k])
            gradients.append(layer.weight_gradient(carried[k], reached, weights[k]))
            gradients.append(_bias_gradient(carried[k], d_logits))
            if pushed is not None and k < len(layers) - 1:
                pushed = leaky_relu_backward(
                    layer.push(pushed, weights[k]), hidden[k + 1], SLOPE, True
                )
        return gradients

    return logits, slopes, pull


class LogitAndSlope(torch.autograd.Function):
    """:func:`logit_and_slope` for a network of which other parts need autograd."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: torch.Tensor,
        layers: Sequence[Layer],
        *parameters: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows, weights and biases in turn -> (B, 1) logits, slopes like the rows."""
        logits, slopes, ctx.pull = logit_and_slope(rows, layers, parameters)
        ctx.save_for_backward(slopes)
        ctx.set_materialize_grads(False)
        return logits, slopes

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, d_logits: torch.Tensor | None, d_slopes: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, ...]:
        """Gradients with respect to the rows and every weight and bias."""
        (slopes,) = ctx.saved_tensors
        d_rows = None
        if ctx.needs_input_grad[0]:
            # A piecewise linear network's slopes do not change with the rows.
            d_rows = torch.zeros_like(slopes)
            if d_logits is not None:
                d_rows = per_row(d_logits, slopes) * slopes
        return d_rows, None, *ctx.pull(d_logits, d_slopes)


def per_row(numbers: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """B numbers in a shape that multiplies the B rows of `x`."""
    return numbers.view(-1, *[1] * (x.ndim - 1))


def _bias_gradient(v: torch.Tensor, d_logits: torch.Tensor) -> torch.Tensor:
    """(B, M) or (B, M, H, W), (B, 1) -> (M,)."""
    if v.ndim > 2:
        v = v.sum(dim=(2, 3))
    return v.T @ d_logits.squeeze(1)
