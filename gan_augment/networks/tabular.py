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

# Softness of the relaxed one-hot spans (Gumbel-softmax) that gradients flow through.
TEMPERATURE = 0.5
# Slope of the discriminator's LeakyReLU left of zero.
SLOPE = 0.2


def _linear(in_features: int, out_features: int, rng: torch.Generator) -> nn.Linear:
    """A linear layer with torch's default initialisation, drawn from `rng`.

    The constructor of ``nn.Linear`` would draw from the global generator.
    """
    layer = nn.utils.skip_init(nn.Linear, in_features, out_features)
    bound = in_features**-0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=rng)
    nn.init.uniform_(layer.bias, -bound, bound, generator=rng)
    return layer


class SpanActivation(nn.Module):
    """Turn raw network outputs into rows that look encoded.

    Scalars pass unchanged, one-hot spans are sampled: exactly one 1, with the gradient
    of the softmax (straight-through Gumbel-softmax, Jang et al. 2017,
    arXiv:1611.01144). A scalar whose value is missing becomes 0.

    Parameters
    ----------
    spans : sequence of Span
        Layout of the encoded row.
    """

    padded: torch.Tensor
    padding: torch.Tensor
    unpadded: torch.Tensor
    order: torch.Tensor
    masked: torch.Tensor
    present_at: torch.Tensor

    def __init__(self, spans: Sequence[Span]) -> None:
        super().__init__()
        scalars = [span for span in spans if span.kind == "scalar"]
        one_hot = [span for span in spans if span.kind == "one_hot"]
        self.n_scalars = len(scalars)
        self.n_one_hot = len(one_hot)
        # The network puts the scalars first, then the spans one after the other. The
        # spans are padded to one width, so that one softmax serves them all.
        widths = torch.tensor([span.width for span in one_hot]).long()
        widest = max((span.width for span in one_hot), default=0)
        used = torch.arange(widest) < widths[:, None]
        first = self.n_scalars + widths.cumsum(0) - widths
        padded = (first[:, None] + torch.arange(widest)).where(used, first[:, None])
        cells = [span.start for span in scalars]
        cells += [cell for span in one_hot for cell in range(span.start, span.stop)]
        masked = {
            span.start: span.present_at
            for span in scalars
            if span.present_at is not None
        }
        layout = {
            "padded": padded.flatten(),
            "padding": torch.zeros(used.shape).masked_fill(~used, -torch.inf),
            "unpadded": used.flatten().nonzero().squeeze(1),
            "order": torch.tensor(cells).argsort(),
            "masked": torch.tensor(list(masked)).long(),
            "present_at": torch.tensor(list(masked.values())).long(),
        }
        for name, tensor in layout.items():
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, raw: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, D) raw outputs -> (B, D) encoded rows."""
        cells = raw[:, : self.n_scalars]
        if self.n_one_hot:
            logits = raw.index_select(1, self.padded).unflatten(1, self.padding.shape)
            # Minus the logarithm of an exponential variable is a Gumbel variable.
            gumbel = -torch.empty_like(logits).exponential_(generator=rng).log()
            soft = F.softmax((logits + self.padding + gumbel) / TEMPERATURE, dim=-1)
            hard = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, True), 1.0)
            # In this order the sum is exactly 0 or 1, as in an encoded real row.
            chosen = (hard + (soft - soft.detach())).flatten(1)
            cells = torch.cat([cells, chosen.index_select(1, self.unpadded)], dim=1)
        rows = cells.index_select(1, self.order)
        if len(self.masked):
            mask = torch.ones_like(rows)
            mask[:, self.masked] = rows.detach().index_select(1, self.present_at)
            rows = rows * mask
        return rows


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
            self.layers.append(_linear(width, hidden, rng))
            self.norms.append(nn.LayerNorm(hidden))
            width += hidden
        self.output = _linear(width, sum(span.width for span in spans), rng)
        self.activation = SpanActivation(spans)

    def forward(self, condition: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, C) condition -> (B, D) rows, with noise from `rng`."""
        shape = (len(condition), self.latent_dim)
        latent = torch.randn(shape, generator=rng, device=condition.device)
        x = torch.cat([latent, condition], dim=1)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = torch.cat([x, F.leaky_relu(norm(layer(x)), 0.1)], dim=1)
        return self.activation(self.output(x), rng)


class _LogitAndSlope(torch.autograd.Function):
    """A LeakyReLU MLP's logits *and* their gradient with respect to the input rows.

    The network is piecewise linear, so both are plain products of weights and masks,
    and so are the derivatives of both: with ``h`` the hidden units, ``v`` the vector
    that back-propagation from the logit carries, and ``t`` the perturbation of the
    slope pushed forward through the same masks, every weight's gradient is one matrix
    product, ``v.T @ (d_logit * h + t)``. A gradient penalty then needs no second
    differentiation, which would take most of the time of a training step.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: torch.Tensor, *parameters: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, D) rows, weights and biases in turn -> (B, 1) logits, (B, D) slopes."""
        weights, biases = parameters[::2], parameters[1::2]
        hidden, masks = [rows], []
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            raw = torch.addmm(bias, hidden[-1], weight.T)
            masks.append((raw > 0).to(raw.dtype).mul_(1 - SLOPE).add_(SLOPE))
            hidden.append(raw.mul_(masks[-1]))
        logits = torch.addmm(biases[-1], hidden[-1], weights[-1].T)
        # From the logit back to the input; carried[k] belongs to layer k's output.
        carried = [torch.ones_like(logits)]
        for weight, mask in zip(weights[:0:-1], masks[::-1], strict=True):
            carried.append((carried[-1] @ weight).mul_(mask))
        slopes = carried[-1] @ weights[0]
        ctx.save_for_backward(*weights, *hidden, *masks, *carried[::-1], slopes)
        ctx.n_layers = len(weights)
        return logits, slopes

    @staticmethod
    def backward(
        ctx: Any, d_logits: torch.Tensor, d_slopes: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        """Gradients with respect to the rows and every weight and bias."""
        n, saved = ctx.n_layers, ctx.saved_tensors
        weights, hidden = saved[:n], saved[n : 2 * n]
        masks, carried = saved[2 * n : 3 * n - 1], saved[3 * n - 1 : 4 * n - 1]
        d_rows = d_logits * saved[-1] if ctx.needs_input_grad[0] else None
        if not any(ctx.needs_input_grad[1:]):
            return (d_rows,) + (None,) * (2 * n)
        gradients: list[torch.Tensor] = []
        pushed = d_slopes
        for layer in range(n):
            gradients.append(carried[layer].T @ (d_logits * hidden[layer] + pushed))
            gradients.append((d_logits * carried[layer]).sum(dim=0))
            if layer < n - 1:
                pushed = (pushed @ weights[layer].T).mul_(masks[layer])
        return d_rows, *gradients


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
            _linear(width, following, rng) for width, following in pairwise(widths)
        )

    def forward(
        self, rows: torch.Tensor, condition: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, D) rows, (B, C) condition -> (B,) logits, (B, D) slopes d logit/d row."""
        logits, slopes = _LogitAndSlope.apply(
            torch.cat([rows, condition], dim=1), *self.parameters()
        )
        return logits.squeeze(1), slopes[:, : self.n_inputs]
