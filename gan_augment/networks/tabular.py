"""Generator and discriminator of encoded table rows.

Shapes: ``B`` rows a batch, ``D`` the width of an encoded row, ``C`` classes, ``L`` the
latent dimension, ``H`` the width of the hidden units. A condition is a one-hot matrix
of shape ``(B, C)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.encoding.schema import Span
from gan_augment.networks.layers import SLOPE, ResidualBlock, make_layer

# Softness of the relaxed one-hot spans (Gumbel-softmax) that gradients flow through.
TEMPERATURE = 0.5


class SpanActivation(nn.Module):
    """Turn raw network outputs into rows that look encoded.

    Scalars pass unchanged, one-hot spans are sampled, and a scalar whose value is
    missing becomes 0. The raw outputs are the scalars first, then the spans, those of
    one width beside each other.

    Parameters
    ----------
    spans : sequence of Span
        Layout of the encoded row.

    Attributes
    ----------
    n_scalars : int
        Number of scalars.
    groups : list of tuple of int
        Number and width of the one-hot spans of each width.
    cells : Tensor of shape (D,)
        Position in the encoded row of each raw output.
    masked, present_at : Tensor of shape (n_masked,)
        Positions of the scalars that may be missing, and of the cells that say so.
    """

    cells: torch.Tensor
    order: torch.Tensor
    masked: torch.Tensor
    present_at: torch.Tensor

    def __init__(self, spans: Sequence[Span]) -> None:
        super().__init__()
        scalars = [span for span in spans if span.kind == "scalar"]
        one_hot = [span for span in spans if span.kind == "one_hot"]
        one_hot.sort(key=lambda span: span.width)
        self.n_scalars = len(scalars)
        self.groups = [
            (len(list(of_width)), width)
            for width, of_width in groupby(one_hot, lambda span: span.width)
        ]
        cells = [cell for s in (*scalars, *one_hot) for cell in range(s.start, s.stop)]
        # The gradient of a reordering takes as long as a layer.
        self._in_order = cells == sorted(cells)
        masked = [span for span in scalars if span.present_at is not None]
        layout = {
            "cells": torch.tensor(cells).long(),
            "order": torch.tensor(cells).long().argsort(),
            "masked": torch.tensor([span.start for span in masked]).long(),
            "present_at": torch.tensor([span.present_at for span in masked]).long(),
        }
        for name, tensor in layout.items():
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, raw: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, D) raw outputs -> (B, D) encoded rows."""
        sizes = [n_spans * width for n_spans, width in self.groups]
        scalars, *groups = raw.split([self.n_scalars, *sizes], dim=1)
        sampled = [
            sample_one_hot(logits.unflatten(1, group), rng).flatten(1)
            for logits, group in zip(groups, self.groups, strict=True)
        ]
        rows = torch.cat([scalars, *sampled], dim=1)
        if not self._in_order:
            rows = rows.index_select(1, self.order)
        if not len(self.masked):
            return rows
        present = rows.index_select(1, self.present_at)
        return rows * torch.ones_like(rows).index_copy(1, self.masked, present)


def sample_one_hot(logits: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """(B, S, W) logits of S spans -> exactly one 1 a span, with the softmax's gradient.

    Straight-through Gumbel-softmax (Jang et al. 2017, arXiv:1611.01144).
    """
    uniform = torch.rand(
        logits.shape, generator=rng, device=logits.device, dtype=logits.dtype
    )
    gumbel = uniform.log_().neg_().log_()  # its negative
    noisy = (logits - gumbel) / TEMPERATURE
    chosen = noisy.argmax(dim=-1, keepdim=True)
    sampled = torch.zeros_like(noisy).scatter_(-1, chosen, 1.0)
    if not noisy.requires_grad:
        return sampled
    soft = noisy.softmax(dim=-1)
    return sampled + (soft - soft.detach())


class Generator(nn.Module):
    """Latent and condition -> encoded rows: a residual network and a linear shortcut.

    The rows are what the linear shortcut says, which can be a Gaussian of each class
    from the first step on, and what residual blocks add to it.

    Parameters
    ----------
    latent_dim, n_classes : int
        Width of the noise and of the condition.
    hidden_dims : sequence of int
        Width of the hidden layer of each residual block. The first is also the width
        of the units between the blocks.
    spans : sequence of Span
        Layout of the encoded row.
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self,
        *,
        latent_dim: int,
        n_classes: int,
        hidden_dims: Sequence[int],
        spans: Sequence[Span],
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        n_inputs, n_outputs = latent_dim + n_classes, sum(span.width for span in spans)
        self.trunk = _make_trunk(n_inputs, hidden_dims, norm=True, rng=rng)
        self.output = make_layer(nn.Linear, hidden_dims[0], n_outputs, rng=rng)
        self.shortcut = make_layer(nn.Linear, n_inputs, n_outputs, rng=rng)
        self.activation = SpanActivation(spans)

    def forward(self, condition: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, C) condition -> (B, D) rows, with noise from `rng`."""
        return self.activation(self.outputs(condition, rng), rng)

    def outputs(self, condition: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, C) condition -> (B, D) raw outputs, with the latent from `rng`."""
        latent = torch.randn(
            (len(condition), self.latent_dim),
            generator=rng,
            device=condition.device,
            dtype=condition.dtype,
        )
        inputs = torch.cat([latent, condition], dim=1)
        hidden = F.leaky_relu(self.trunk(inputs), SLOPE)
        return self.shortcut(inputs) + self.output(hidden)


class Discriminator(nn.Module):
    """Encoded rows and condition -> logits: a residual network without normalisation.

    Parameters
    ----------
    n_inputs, n_classes : int
        Width of an encoded row and of the condition.
    hidden_dims : sequence of int
        Width of the hidden layer of each residual block. The first is also the width
        of the units between the blocks.
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self,
        *,
        n_inputs: int,
        n_classes: int,
        hidden_dims: Sequence[int],
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.trunk = _make_trunk(n_inputs + n_classes, hidden_dims, norm=False, rng=rng)
        self.logit = make_layer(nn.Linear, hidden_dims[0], 1, rng=rng)

    def forward(self, rows: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """(B, D) rows, (B, C) condition -> (B,) logits."""
        hidden = self.trunk(torch.cat([rows, condition], dim=1))
        return self.logit(F.leaky_relu(hidden, SLOPE)).squeeze(1)


def _make_trunk(
    n_inputs: int, hidden_dims: Sequence[int], *, norm: bool, rng: torch.Generator
) -> nn.Sequential:
    """(B, n_inputs) -> (B, H): a linear layer and a residual block a width."""
    width = hidden_dims[0]
    blocks = (ResidualBlock(width, n, norm=norm, rng=rng) for n in hidden_dims)
    return nn.Sequential(make_layer(nn.Linear, n_inputs, width, rng=rng), *blocks)
