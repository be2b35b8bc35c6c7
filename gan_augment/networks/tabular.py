"""Generator and discriminator of encoded table rows.

Shapes: ``B`` rows a batch, ``D`` the width of an encoded row, ``C`` classes, ``L`` the
latent dimension. A condition is a one-hot matrix of shape ``(B, C)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.encoding.schema import Span
from gan_augment.networks.layers import make_layer
from gan_augment.networks.piecewise import Linear, LogitAndSlope, leaky_relu_backward

# Softness of the relaxed one-hot spans (Gumbel-softmax) that gradients flow through.
TEMPERATURE = 0.5
# Slope of the generator's LeakyReLUs left of zero.
GENERATOR_SLOPE = 0.1
# Keeps a layer norm from dividing by zero.
EPSILON = 1e-5


class _SampleSpans(torch.autograd.Function):
    """Logits of one-hot spans -> exactly one 1 a span, with the softmax's gradient.

    Straight-through Gumbel-softmax (Jang et al. 2017, arXiv:1611.01144). Sums over a
    span are one product with a block matrix, which is faster than many short softmaxes.
    """

    @staticmethod
    def forward(
        ctx: Any,
        logits: torch.Tensor,
        uniform: torch.Tensor,
        same_span: torch.Tensor,
        padded: torch.Tensor,
        owner: torch.Tensor,
    ) -> torch.Tensor:
        """(B, cells) logits and uniform noise -> (B, cells) of 0 and 1."""
        gumbel = uniform.log_().neg_().log_()  # its negative
        noisy = torch.sub(logits, gumbel).div_(TEMPERATURE)
        by_span = noisy.index_select(1, padded.flatten()).unflatten(1, padded.shape)
        largest, chosen = by_span.max(dim=-1)
        cells = padded.expand(by_span.shape).gather(2, chosen[..., None])
        soft = noisy.sub_(largest.index_select(1, owner)).exp_()
        soft = soft.div_(soft @ same_span)
        ctx.save_for_backward(soft, same_span)
        return torch.zeros_like(soft).scatter_(1, cells.squeeze(2), 1.0)

    @staticmethod
    def backward(ctx: Any, d_cells: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradient with respect to the logits."""
        soft, same_span = ctx.saved_tensors
        weighted = d_cells * soft
        d_logits = weighted.addcmul_(soft, weighted @ same_span, value=-1.0)
        return d_logits.div_(TEMPERATURE), None, None, None, None


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
        cells = [span.start for span in scalars]
        cells += [cell for span in one_hot for cell in range(span.start, span.stop)]
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
            "order": torch.tensor(cells).argsort(),
            "masked": torch.tensor(list(masked)).long(),
            "present_at": torch.tensor(list(masked.values())).long(),
        }
        for name, tensor in layout.items():
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, raw: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, D) raw outputs -> (B, D) encoded rows."""
        cells = raw[:, : self.n_scalars]
        if len(self.padded):
            logits = raw[:, self.n_scalars :]
            uniform = torch.rand(logits.shape, generator=rng, device=raw.device)
            sampled = _SampleSpans.apply(
                logits, uniform, self.same_span, self.padded, self.owner
            )
            cells = torch.cat([cells, sampled], dim=1)
        rows = cells.index_select(1, self.order)
        if len(self.masked):
            mask = torch.ones_like(rows)
            mask[:, self.masked] = rows.detach().index_select(1, self.present_at)
            rows = rows * mask
        return rows


class _SkipMLP(torch.autograd.Function):
    """An MLP with layer norms and concatenating skips, as one node of the graph.

    At this size a training step is mostly the bookkeeping of small operations, and
    the derivative in closed form needs half as many: with ``x`` the concatenation of
    the input and all hidden units so far, each layer reads a prefix of it.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        """(B, L + C) input; four tensors a layer, two of the output -> (B, D)."""
        *hidden, weight, bias = parameters
        saved, widths = [], [x.shape[1]]
        for w, b, gain, shift in zip(*[iter(hidden)] * 4, strict=True):
            raw = torch.addmm(b, x, w.T)
            units, mean, rstd = torch.native_layer_norm(
                raw, gain.shape, gain, shift, EPSILON
            )
            x = torch.cat([x, F.leaky_relu(units, GENERATOR_SLOPE)], dim=1)
            saved += [raw, mean, rstd]
            widths.append(x.shape[1])
        ctx.save_for_backward(x, *parameters, *saved)
        ctx.widths = widths
        return torch.addmm(bias, x, weight.T)

    @staticmethod
    def backward(ctx: Any, d_output: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients with respect to the parameters; the input is noise."""
        n_layers, widths = len(ctx.widths) - 1, ctx.widths
        x, *rest = ctx.saved_tensors
        parameters, saved = rest[: 4 * n_layers + 2], rest[4 * n_layers + 2 :]
        gradients = [d_output.T @ x, d_output.sum(dim=0)]
        d_x = d_output @ parameters[-2]
        for layer in reversed(range(n_layers)):
            start, stop = widths[layer], widths[layer + 1]
            weight, _, gain, shift = parameters[4 * layer : 4 * layer + 4]
            raw, mean, rstd = saved[3 * layer : 3 * layer + 3]
            d_units = leaky_relu_backward(
                d_x[:, start:stop], x[:, start:stop], GENERATOR_SLOPE, True
            )
            d_raw, d_gain, d_shift = torch.ops.aten.native_layer_norm_backward(
                d_units,
                raw,
                gain.shape,
                mean,
                rstd,
                gain,
                shift,
                [True, True, True],
            )
            gradients[:0] = [d_raw.T @ x[:, :start], d_raw.sum(dim=0), d_gain, d_shift]
            if layer:
                d_x = torch.addmm(d_x[:, :start], d_raw, weight)
        return None, *gradients


class Generator(nn.Module):
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
        """(B, C) condition -> (B, D) rows, with noise from `rng`."""
        shape = (len(condition), self.latent_dim)
        latent = torch.randn(shape, generator=rng, device=condition.device)
        parameters = [
            parameter
            for modules in zip(self.layers, self.norms, strict=True)
            for module in modules
            for parameter in module.parameters()
        ]
        raw = _SkipMLP.apply(
            torch.cat([latent, condition], dim=1),
            *parameters,
            *self.output.parameters(),
        )
        return self.activation(raw, rng)


class Discriminator(nn.Module):
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
        """(B, D) rows, (B, C) condition -> (B,) logits, (B, D) slopes."""
        logits, slopes = LogitAndSlope.apply(
            torch.cat([rows, condition], dim=1),
            [Linear()] * len(self.layers),
            *self.parameters(),
        )
        return logits.squeeze(1), slopes[:, : self.n_inputs]
