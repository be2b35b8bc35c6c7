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
from gan_augment.networks.layers import SLOPE, ResidualBlock, draw_normal, make_layer

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
        # Sorting on torch's meta device, where files are checked, would load sympy.
        order = sorted(range(len(cells)), key=cells.__getitem__)
        layout = {
            "cells": torch.tensor(cells).long(),
            "order": torch.tensor(order).long(),
            "masked": torch.tensor([span.start for span in masked]).long(),
            "present_at": torch.tensor([span.present_at for span in masked]).long(),
        }
        for name, tensor in layout.items():
            self.register_buffer(name, tensor, persistent=False)

    def soften(self, raw: torch.Tensor) -> torch.Tensor:
        """(B, D) raw outputs -> (B, D), with probabilities in the place of logits."""
        scalars, *groups = self._split(raw)
        return torch.cat(
            [scalars, *(logits.softmax(dim=-1).flatten(1) for logits in groups)], dim=1
        )

    def _split(self, raw: torch.Tensor) -> list[torch.Tensor]:
        """Scalars, and (B, spans, width) logits of the spans of each width."""
        sizes = [n_spans * width for n_spans, width in self.groups]
        scalars, *groups = raw.split([self.n_scalars, *sizes], dim=1)
        logits = zip(groups, self.groups, strict=True)
        return [scalars, *(cells.unflatten(1, group) for cells, group in logits)]

    def forward(self, raw: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, D) raw outputs -> (B, D) encoded rows."""
        scalars, *groups = self._split(raw)
        sampled = [sample_one_hot(logits, rng).flatten(1) for logits in groups]
        return self._as_rows(torch.cat([scalars, *sampled], dim=1))

    def expected(self, raw: torch.Tensor) -> torch.Tensor:
        """(B, D) raw outputs -> (B, D) encoded rows, probabilities for levels."""
        return self._as_rows(self.soften(raw))

    def _as_rows(self, rows: torch.Tensor) -> torch.Tensor:
        """Order the cells as in the encoded row; missing values become 0."""
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


class Mixture(nn.Module):
    """A Gaussian mixture for each class, in the raw outputs of a generator.

    Its weights, means and loadings are set before the training and stay as they are.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    n_components : int
        Number of Gaussians of each class, ``K``.
    n_outputs : int
        Number of raw outputs, ``D``.
    n_factors : int
        Number of standard normal factors of each Gaussian, ``R``.

    Attributes
    ----------
    up_to : Tensor of shape (C, K)
        Sums of the weights of the Gaussians of a class, up to each.
    means : Tensor of shape (C, K, D)
        Means of the Gaussians.
    loadings : Tensor of shape (C, K, D, R)
        What the factors are multiplied by.
    """

    up_to: torch.Tensor
    means: torch.Tensor
    loadings: torch.Tensor

    def __init__(
        self, *, n_classes: int, n_components: int, n_outputs: int, n_factors: int
    ) -> None:
        super().__init__()
        shape = n_classes, n_components, n_outputs
        self.register_buffer("up_to", torch.zeros(shape[:2]))
        self.register_buffer("means", torch.zeros(shape))
        self.register_buffer("loadings", torch.zeros((*shape, n_factors)))

    def forward(
        self, factors: torch.Tensor, condition: torch.Tensor, rng: torch.Generator
    ) -> torch.Tensor:
        """(B, R) factors, (B, C) condition -> (B, D) draws of the classes' mixtures."""
        classes = condition.argmax(dim=1)
        drawn = torch.rand(
            (len(classes), 1), generator=rng, device=factors.device, dtype=factors.dtype
        )
        component = (drawn >= self.up_to[classes, :-1]).sum(dim=1)
        loadings = self.loadings[classes, component]
        spread = torch.bmm(loadings, factors.unsqueeze(2)).squeeze(2)
        return self.means[classes, component] + spread


class Generator(nn.Module):
    """Latent and condition -> encoded rows: a mixture, and what a network adds to it.

    The raw outputs are a draw of a Gaussian mixture of the class, plus a linear
    function and a residual network of the noise, the condition and that draw.

    Parameters
    ----------
    latent_dim, n_classes : int
        Width of the noise and of the condition.
    n_components : int
        Number of Gaussians of each class.
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
        n_components: int,
        hidden_dims: Sequence[int],
        spans: Sequence[Span],
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        n_inputs, n_outputs = latent_dim + n_classes, sum(span.width for span in spans)
        self.mixture = Mixture(
            n_classes=n_classes,
            n_components=n_components,
            n_outputs=n_outputs,
            n_factors=min(latent_dim, n_outputs),
        )
        self.trunk = make_trunk(n_inputs + n_outputs, hidden_dims, norm=True, rng=rng)
        self.output = make_layer(nn.Linear, hidden_dims[0], n_outputs, rng=rng)
        self.shortcut = make_layer(nn.Linear, n_inputs, n_outputs, rng=rng)
        self.activation = SpanActivation(spans)

    def forward(self, condition: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, C) condition -> (B, D) rows, with noise from `rng`."""
        return self.activation(self.outputs(condition, rng), rng)

    def expected(
        self, condition: torch.Tensor, rng: torch.Generator, latent: torch.Tensor
    ) -> torch.Tensor:
        """(B, C) condition, (B, L) noise -> (B, D) rows, probabilities for levels."""
        return self.activation.expected(self.outputs(condition, rng, latent))

    def outputs(
        self,
        condition: torch.Tensor,
        rng: torch.Generator,
        latent: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(B, C) condition -> (B, D) raw outputs; if there is no noise, from `rng`."""
        if latent is None:
            latent = draw_normal(
                len(condition), self.latent_dim, like=condition, rng=rng
            )
        n_factors = self.mixture.loadings.shape[-1]
        drawn = self.mixture(latent[:, :n_factors], condition, rng)
        inputs = torch.cat([latent, condition], dim=1)
        seen = torch.cat([inputs, self.activation.soften(drawn)], dim=1)
        hidden = F.leaky_relu(self.trunk(seen), SLOPE)
        return drawn + self.shortcut(inputs) + self.output(hidden)


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
        self.trunk = make_trunk(n_inputs + n_classes, hidden_dims, norm=False, rng=rng)
        self.logit = make_layer(nn.Linear, hidden_dims[0], 1, rng=rng)

    def forward(self, rows: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """(B, D) rows, (B, C) condition -> (B,) logits."""
        hidden = self.trunk(torch.cat([rows, condition], dim=1))
        return self.logit(F.leaky_relu(hidden, SLOPE)).squeeze(1)


def make_trunk(
    n_inputs: int, hidden_dims: Sequence[int], *, norm: bool, rng: torch.Generator
) -> nn.Sequential:
    """(B, n_inputs) -> (B, H): a linear layer and a residual block a width."""
    width = hidden_dims[0]
    blocks = (ResidualBlock(width, n, norm=norm, rng=rng) for n in hidden_dims)
    return nn.Sequential(make_layer(nn.Linear, n_inputs, width, rng=rng), *blocks)
