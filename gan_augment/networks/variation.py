"""Generator that varies real images, and discriminator of pairs of images.

Shapes: ``B`` images a batch, ``K`` channels, ``H`` and ``W`` pixels, ``L`` the latent
dimension. The condition of an image is another image of its class, its *source*, of
shape ``(B, K, H, W)``.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.networks.image import (
    GENERATOR_WIDTHS,
    OVERSHOOT,
    Discriminator,
    Stage,
    n_stages,
)
from gan_augment.networks.layers import SLOPE, draw_normal, make_layer

# How far a pixel of the source moves at most, as a share of half a side.
MOST_MOVED = 0.35
# Sides of the grid to which the last features of the source are averaged.
GRID = 2
# What the last layers begin as, as a share of layers of the usual size, so that the
# generator begins near its source.
SMALL = 0.1


class VariationGenerator(nn.Module):
    """Source and latent -> another image of the class of the source.

    The generator learns from all classes how the images of a class differ from each
    other, and applies this to a class of few images (DAGAN: Antoniou et al. 2017,
    arXiv:1711.04340). Convolutions reduce the source to few pixels. The stages of
    :class:`~gan_augment.networks.image.Generator` lead back from there, and the
    features of the source are added to them at each number of pixels (U-Net:
    Ronneberger et al. 2015, arXiv:1505.04597). Before, these features and the pixels of
    the source are moved smoothly (spatial transformers: Jaderberg et al. 2015,
    arXiv:1506.02025), so that the stages only add what moving pixels cannot give.

    Parameters
    ----------
    latent_dim : int
        Width of the noise.
    image_shape : tuple of int
        (K, H, W).
    widths : tuple of int, default=()
        Channels of each stage. If empty, they are those of
        :data:`~gan_augment.networks.image.GENERATOR_WIDTHS`.
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self,
        *,
        latent_dim: int,
        image_shape: tuple[int, int, int],
        widths: tuple[int, ...] = (),
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        n_channels, *self.size = image_shape
        n_doublings = n_stages(self.size)
        self.widths = widths = widths or GENERATOR_WIDTHS[n_doublings]
        # Sides that can be halved so often.
        self.padding = [-side % 2**n_doublings for side in self.size]
        deepest, *_, finest = widths
        self.first = make_layer(nn.Conv2d, n_channels, finest, 3, 1, 1, rng=rng)
        self.halvings = nn.ModuleList(
            make_layer(nn.Conv2d, n_in, n_out, 4, 2, 1, rng=rng)
            for n_out, n_in in reversed(list(pairwise(widths)))
        )
        self.summary = make_layer(nn.Linear, deepest * GRID**2, latent_dim, rng=rng)
        self.middle = Stage(
            None, deepest, latent_dim, residual=True, noisy=True, rng=rng
        )
        self.flow = make_layer(nn.Conv2d, deepest, 2, 3, 1, 1, rng=rng)
        self.stages = nn.ModuleList(
            Stage(
                n_in,
                n_out,
                latent_dim,
                residual=False,
                noisy=number < n_doublings,
                rng=rng,
            )
            for number, (n_in, n_out) in enumerate(pairwise(widths), start=1)
        )
        self.output = make_layer(
            nn.Conv2d, finest, n_channels, 3, 1, 1, padding_mode="replicate", rng=rng
        )
        with torch.no_grad():
            for layer in (self.flow, self.output):
                layer.weight.mul_(SMALL)

    def forward(self, sources: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, K, H, W) sources -> (B, K, H, W) images, with noise from `rng`.

        In training they are clamped to [-1, 1]. Otherwise what goes beyond is kept: it
        says which of the extreme pixels are the most extreme.
        """
        below, right = self.padding
        padded = F.pad(sources, (0, right, 0, below), mode="replicate")
        *finer, x = self.features(padded)
        latent = draw_normal(len(sources), self.latent_dim, like=sources, rng=rng)
        pooled = F.adaptive_avg_pool2d(x, GRID).flatten(1)
        inputs = latent + self.summary(pooled)
        x = self.middle(x, inputs, rng)
        flow = MOST_MOVED * F.avg_pool2d(self.flow(x).tanh(), 3, 1, 1)
        for stage, features in zip(self.stages, reversed(finer), strict=True):
            x = stage(x, inputs, rng) + move(features, flow)
        images = move(padded, flow) + OVERSHOOT * self.output(x).tanh()
        height, width = self.size
        images = images[:, :, :height, :width]
        return images.clamp(-1, 1) if self.training else images

    def features(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Features of padded images, from the most to the fewest pixels."""
        x = images.contiguous(memory_format=torch.channels_last)
        found = [F.leaky_relu(self.first(x), SLOPE)]
        for halve in self.halvings:
            found.append(F.leaky_relu(halve(found[-1]), SLOPE))
        return found


def move(x: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Take each pixel from another place, which a field of few pixels tells.

    Parameters
    ----------
    x : Tensor of shape (B, K, H, W)
        Images, or features of them.
    flow : Tensor of shape (B, 2, h, w)
        How far to the right and below each place is, in halves of a side. It is
        interpolated.

    Returns
    -------
    moved : Tensor of shape (B, K, H, W)
        The pixels, interpolated; edges are repeated.
    """
    sides = x.shape[2:]
    # In bfloat16 a place would be wrong by a pixel.
    offsets = F.interpolate(flow.float(), sides, mode="bilinear").permute(0, 2, 3, 1)
    rows, columns = (
        (torch.arange(n, device=x.device) + 0.5) * 2 / n - 1 for n in sides
    )
    places = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)
    moved = F.grid_sample(
        x.float(), places + offsets, padding_mode="border", align_corners=False
    )
    return moved.to(x.dtype)


class PairDiscriminator(nn.Module):
    """Images and their sources -> logits of being two real images of one class.

    Parameters
    ----------
    n_classes : int
        Number of classes. In a batch, images whose positions differ by a multiple of it
        have the same class.
    image_shape : tuple of int
        (K, H, W).
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self,
        *,
        n_classes: int,
        image_shape: tuple[int, int, int],
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        n_channels, height, width = image_shape
        self.of_both = Discriminator(
            n_classes=1, image_shape=(2 * n_channels, height, width), rng=rng
        )

    def forward(self, images: torch.Tensor, sources: torch.Tensor) -> torch.Tensor:
        """(B, K, H, W) images, (B, K, H, W) sources -> (B,) logits."""
        return self.readout(self.features(images), sources)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, K, H, W) images, as they are: the first layer sees the source too."""
        return images

    def readout(self, features: torch.Tensor, sources: torch.Tensor) -> torch.Tensor:
        """(B, K, H, W) images, (B, K, H, W) sources -> (B,) logits."""
        both = torch.cat([features, sources], dim=1)
        return self.of_both(both, both.new_ones(len(both), 1))

    def mismatched(self, sources: torch.Tensor, step: int) -> torch.Tensor | None:
        """(B, K, H, W) sources -> those of another class; each takes its turn.

        None if there is only one class, or one image.
        """
        n_images = len(sources)
        n_classes = min(self.n_classes, n_images)
        if n_classes == 1:
            return None
        further = 1 + step % (n_classes - 1)
        chosen = torch.arange(n_images, device=sources.device) + further
        # Beyond the end, the last image of the same class.
        chosen = torch.where(chosen < n_images, chosen, chosen - n_classes)
        return sources[chosen]
