"""Generator and discriminator of encoded table rows.

Shapes: ``B`` rows a batch, ``D`` the width of an encoded row, ``C`` classes, ``L`` the
latent dimension. A condition is a one-hot matrix of shape ``(B, C)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.encoding.schema import Span
from gan_augment.networks.layers import Network, Pullback, make_layer
from gan_augment.networks.piecewise import (
    Linear,
    leaky_relu_backward,
    logit_and_slope,
)

# Softness of the relaxed one-hot spans (Gumbel-softmax) that gradients flow through.
TEMPERATURE = 0.5
# Slope of the generator's LeakyReLUs left of zero.
GENERATOR_SLOPE = 0.1
# Keeps a layer norm from dividing by zero.
EPSILON = 1e-5


class SpanActivation(nn.Module):
    """Turn raw network outputs into rows that look encoded.

    Scalars pass unchanged, one-hot spans are sampled, and a scalar whose value is
    missing becomes 0.

    Parameters
    ----------
    spans : sequence of Span
        Layout of the encoded row.
    """

    owner: torch.Tensor
    same_span: torch.Tensor
    padded: torch.Tensor
    cells: torch.Tensor
    order: torch.Tensor
    masked: torch.Tensor
    present_at: torch.Tensor

    def __init__(self, spans: Sequence[Span]) -> None:
        super().__init__()
        scalars = [span for span in spans if span.kind == "scalar"]
        one_hot = [span for span in spans if span.kind == "one_hot"]
        # The network puts the scalars first, then the spans one after the other.
        self.n_scalars = len(scalars)
        # In Python where a shape depends on it: on the meta device there are no values.
        owner = torch.tensor(
            [i for i, span in enumerate(one_hot) for _ in range(span.width)]
        ).long()
        widths = torch.tensor([span.width for span in one_hot]).long()
        first = (widths.cumsum(0) - widths)[:, None]
        padded = first + torch.arange(max((s.width for s in one_hot), default=0))
        cells = torch.tensor(
            [span.start for span in scalars]
            + [cell for span in one_hot for cell in range(span.start, span.stop)]
        ).long()
        masked = {
            span.start: span.present_at
            for span in scalars
            if span.present_at is not None
        }
        layout = {
            "owner": owner,
            "same_span": (owner[:, None] == owner).float(),
            # Cells of every span, the first one repeated up to a common width.
            "padded": torch.where(padded < first + widths[:, None], padded, first),
            # Where in the encoded row what the network puts there belongs, and back.
            "cells": cells,
            "order": cells.argsort(),
            "masked": torch.tensor(list(masked)).long(),
            "present_at": torch.tensor(list(masked.values())).long(),
        }
        for name, tensor in layout.items():
            self.register_buffer(name, tensor, persistent=False)

    def vjp(
        self, raw: torch.Tensor, rng: torch.Generator
    ) -> tuple[torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
        """(B, D) raw outputs -> (B, D) encoded rows, and their gradient's way back."""
        cells = raw[:, : self.n_scalars]
        pull_spans = None
        if len(self.padded):
            sampled, pull_spans = self._sample_spans(raw[:, self.n_scalars :], rng)
            cells = torch.cat([cells, sampled], dim=1)
        rows = cells.index_select(1, self.order)
        mask = None
        if len(self.masked):
            mask = torch.ones_like(rows)
            mask[:, self.masked] = rows.index_select(1, self.present_at)
            rows = rows * mask

        def pull(d_rows: torch.Tensor) -> torch.Tensor:
            if mask is not None:
                d_rows = d_rows * mask
            d_raw = d_rows.index_select(1, self.cells)
            if pull_spans is not None:
                d_raw[:, self.n_scalars :] = pull_spans(d_raw[:, self.n_scalars :])
            return d_raw

        return rows, pull

    def _sample_spans(
        self, logits: torch.Tensor, rng: torch.Generator
    ) -> tuple[torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
        """Logits of spans -> exactly one 1 a span, with the softmax's gradient.

        Straight-through Gumbel-softmax (Jang et al. 2017, arXiv:1611.01144). Sums over
        a span are one product with a block matrix, which is faster than many short
        softmaxes.
        """
        uniform = torch.rand(logits.shape, generator=rng, device=logits.device)
        gumbel = uniform.log_().neg_().log_()  # its negative
        noisy = torch.sub(logits, gumbel).div_(TEMPERATURE)
        by_span = noisy.index_select(1, self.padded.flatten())
        largest, chosen = by_span.unflatten(1, self.padded.shape).max(dim=-1)
        at = self.padded.T.gather(0, chosen)
        cells = torch.zeros_like(noisy).scatter_(1, at, 1.0)

        def pull(d_cells: torch.Tensor) -> torch.Tensor:
            soft = torch.sub(noisy, largest.index_select(1, self.owner)).exp_()
            soft.div_(soft @ self.same_span)
            weighted = d_cells * soft
            weighted.addcmul_(soft, weighted @ self.same_span, value=-1.0)
            return weighted.div_(TEMPERATURE)

        return cells, pull


def _skip_mlp(
    inputs: list[torch.Tensor], parameters: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, Pullback]:
    """An MLP with layer norms and concatenating skips, and its gradient.

    With ``x`` the concatenation of the inputs and all hidden units so far, each layer
    reads a prefix of it: (B, L) and (B, C) inputs; weights and biases of the hidden
    layers, gains and shifts of their norms, weights and biases of the output -> (B, D).
    What is written in place has no graph: call it without one.
    """
    *hidden, weight, bias = parameters
    pairs = list(zip(hidden[::2], hidden[1::2], strict=True))
    layers, norms = pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]
    # Written in place, part by part: to concatenate anew would take as long as a layer,
    # and so would copying the units, as the public leaky_relu knows no `out`.
    x = weight.new_empty(len(inputs[0]), weight.shape[1])
    stop = sum(part.shape[1] for part in inputs)
    torch.cat(inputs, dim=1, out=x[:, :stop])
    saved = []
    for layer, (gain, shift) in zip(layers, norms, strict=True):
        start, raw = stop, F.linear(x[:, :stop], *layer)
        units, mean, rstd = torch.native_layer_norm(
            raw, gain.shape, gain, shift, EPSILON
        )
        stop = start + units.shape[1]
        torch.ops.aten.leaky_relu.out(units, GENERATOR_SLOPE, out=x[:, start:stop])
        saved.append((start, raw, mean, rstd))

    def pull(d_output: torch.Tensor) -> list[torch.Tensor]:
        of_layers: list[torch.Tensor] = []
        of_norms: list[torch.Tensor] = []
        d_x = d_output @ weight
        for k in reversed(range(len(layers))):
            start, raw, mean, rstd = saved[k]
            d_units = leaky_relu_backward(
                d_x[:, start:], x[:, start : d_x.shape[1]], GENERATOR_SLOPE, True
            )
            d_raw, *d_norm = torch.ops.aten.native_layer_norm_backward(
                d_units, raw, raw.shape[1:], mean, rstd, *norms[k], [True, True, True]
            )
            of_layers[:0] = [d_raw.T @ x[:, :start], d_raw.sum(dim=0)]
            of_norms[:0] = d_norm
            if k:  # the input is noise
                d_x = torch.addmm(d_x[:, :start], d_raw, layers[k][0])
        return [*of_layers, *of_norms, d_output.T @ x, d_output.sum(dim=0)]

    return F.linear(x, weight, bias), pull


class Generator(Network):
    """Latent and condition -> encoded rows: an MLP with concatenating skips.

    Parameters
    ----------
    latent_dim, n_classes : int
        Width of the noise and of the condition.
    hidden_dims : sequence of int
        Widths of the hidden layers.
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
        width = latent_dim + n_classes
        self.layers = nn.ModuleList()
        self.norms = nn.ModuleList()
        for hidden in hidden_dims:
            self.layers.append(make_layer(nn.Linear, width, hidden, rng=rng))
            self.norms.append(nn.LayerNorm(hidden, EPSILON))
            width += hidden
        self.output = make_layer(
            nn.Linear, width, sum(span.width for span in spans), rng=rng
        )
        self.activation = SpanActivation(spans)

    def forward(self, condition: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, C) condition -> (B, D) rows, with noise from `rng`; no graph of them."""
        return self.vjp(condition, rng)[0]

    @torch.no_grad()
    def vjp(
        self, condition: torch.Tensor, rng: torch.Generator
    ) -> tuple[torch.Tensor, Pullback]:
        """Rows, and what carries their gradient back to the parameters."""
        shape = (len(condition), self.latent_dim)
        latent = torch.randn(shape, generator=rng, device=condition.device)
        raw, pull_raw = _skip_mlp([latent, condition], list(self.parameters()))
        rows, pull_rows = self.activation.vjp(raw, rng)
        return rows, lambda d_rows: pull_raw(pull_rows(d_rows))


class Discriminator(Network):
    """Encoded rows and condition -> logits and slopes: an MLP without normalisation.

    Normalisation would couple the rows of a batch, and the gradient penalties take
    the slope of each row's logit alone.

    Parameters
    ----------
    n_inputs, n_classes : int
        Width of an encoded row and of the condition.
    hidden_dims : sequence of int
        Widths of the hidden layers.
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
        self.n_inputs = n_inputs
        widths = [n_inputs + n_classes, *hidden_dims, 1]
        self.layers = nn.ModuleList(
            make_layer(nn.Linear, width, following, rng=rng)
            for width, following in pairwise(widths)
        )

    def forward(
        self, rows: torch.Tensor, condition: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, D) rows, (B, C) condition -> (B,) logits, (B, D) slopes; no graph."""
        return self.vjp(rows, condition)[0]

    @torch.no_grad()
    def vjp(
        self, rows: torch.Tensor, condition: torch.Tensor
    ) -> tuple[tuple[torch.Tensor, torch.Tensor], Pullback]:
        """Logits and slopes, and what carries their gradients to the parameters."""
        logits, slopes, pull_both = logit_and_slope(
            torch.cat([rows, condition], dim=1),
            [Linear()] * len(self.layers),
            list(self.parameters()),
        )

        def pull(
            d_logits: torch.Tensor, d_slopes: torch.Tensor | None
        ) -> Sequence[torch.Tensor]:
            if d_slopes is not None:  # the condition's slopes are of no concern
                d_slopes = F.pad(d_slopes, (0, condition.shape[1]))
            return pull_both(d_logits[:, None], d_slopes)

        return (logits.squeeze(1), slopes[:, : self.n_inputs]), pull
