"""A loss that has a generator draw real rows again, of which it sees some cells."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.encoding.schema import Span
from gan_augment.networks.layers import SLOPE, make_layer
from gan_augment.networks.tabular import Generator, make_trunk

# Share of the columns of a row that are hidden from the encoder.
HIDDEN_SHARE = 0.5


class Reconstruction(nn.Module):
    """Mean squared error of real rows that a generator draws from part of their cells.

    An encoder of real rows, half of whose columns are set to zero, gives the noise from
    which the generator draws these rows again, so that the noise has to hold what
    decides the other half (masked autoencoding beside the adversarial loss: Li et al.
    2024, TAEGAN, arXiv:2410.01933). Rows are drawn from random noise without it.

    Parameters
    ----------
    latent_dim, n_classes : int
        Width of the generator's noise and of the condition.
    hidden_dims : sequence of int
        Width of the hidden layer of each residual block of the encoder. The first is
        also the width of the units between the blocks.
    spans : sequence of Span
        Layout of the encoded row.
    weight : float
        Factor of the loss.
    rng : torch.Generator
        Source of the initial weights.
    """

    widths: torch.Tensor

    def __init__(
        self,
        *,
        latent_dim: int,
        n_classes: int,
        hidden_dims: Sequence[int],
        spans: Sequence[Span],
        weight: float,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.weight = weight
        widths = [span.width for span in sorted(spans, key=lambda span: span.start)]
        self.register_buffer("widths", torch.tensor(widths), persistent=False)
        self.trunk = make_trunk(
            sum(widths) + n_classes, hidden_dims, norm=True, rng=rng
        )
        self.latent = make_layer(nn.Linear, hidden_dims[0], latent_dim, rng=rng)

    def forward(
        self,
        generator: Generator,
        rows: torch.Tensor,
        condition: torch.Tensor,
        rng: torch.Generator,
    ) -> torch.Tensor:
        """(B, D) real rows, (B, C) condition -> the loss, a scalar."""
        shape = len(rows), len(self.widths)
        drawn = torch.rand(shape, generator=rng, device=rows.device)
        is_seen = (drawn >= HIDDEN_SHARE).repeat_interleave(self.widths, dim=1)
        inputs = torch.cat([rows * is_seen, condition], dim=1)
        latent = self.latent(F.leaky_relu(self.trunk(inputs), SLOPE))
        expected = generator.expected(condition, rng, latent)
        return self.weight * F.mse_loss(expected.float(), rows.float())
