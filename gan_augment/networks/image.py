"""Generator and discriminator of images.

Shapes: ``B`` images a batch, ``K`` channels, ``H`` and ``W`` pixels, ``C`` classes,
``L`` the latent dimension. A condition is a one-hot matrix of shape ``(B, C)``. Each
stage doubles or halves the sides; the shorter side says how many there are. Activations
lie in memory with the channels last, which convolutions of few channels want.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.networks.layers import BRANCH, SLOPE, draw_normal, make_layer

# Channels of every stage by how often the generator doubles the sides, for a shorter
# side of up to 16, 32, 64, 128 and 256 pixels. The discriminator halves them once more.
GENERATOR_WIDTHS = {
    1: (64, 32),
    2: (96, 48, 16),
    3: (128, 64, 32, 16),
    4: (128, 96, 48, 24, 12),
    5: (128, 96, 64, 32, 16, 8),
}
DISCRIMINATOR_WIDTHS = {
    1: (24, 48),
    2: (24, 48, 64),
    3: (16, 32, 64, 96),
    4: (16, 32, 64, 96, 128),
    5: (8, 16, 32, 64, 96, 128),
}
# The first stages, which have the fewest pixels, have a residual branch.
N_RESIDUAL = 2
# A smaller image is padded.
FEWEST_PIXELS = 8
EMBEDDING_DIM = 32
HEAD_WIDTH = 96
# The image is clamped to [-1, 1], which the scaled tanh exceeds: so the exact extremes
# of the data, such as an empty background, are within reach.
OVERSHOOT = 1.1


def n_stages(size: Sequence[int]) -> int:
    """How often the sides are doubled from a start of about 8 pixels or fewer."""
    stages = math.ceil(math.log2(min(size) / FEWEST_PIXELS))
    return min(max(stages, min(GENERATOR_WIDTHS)), max(GENERATOR_WIDTHS))


class Generator(nn.Module):
    """Latent and condition -> images, by convolutions between bilinear doublings.

    The images double their sides by bilinear interpolation, a low-pass filter, without
    which a grid of pixels shows through (Karras et al. 2021, arXiv:2106.12423). The
    convolutions come before, where there are a quarter of the pixels. All stages but
    the last add noise to each pixel, of which textures are made (Karras et al. 2019,
    arXiv:1812.04948); at full resolution it would be seen as speckle. The last
    convolution sees the edges repeated; zeros would be seen as a frame.

    Parameters
    ----------
    latent_dim, n_classes : int
        Width of the noise and of the condition.
    image_shape : tuple of int
        (K, H, W).
    widths : tuple of int, default=()
        Channels of each stage. If empty, they are those of :data:`GENERATOR_WIDTHS`.
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self,
        *,
        latent_dim: int,
        n_classes: int,
        image_shape: tuple[int, int, int],
        widths: tuple[int, ...] = (),
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        n_channels, *self.size = image_shape
        stages = n_stages(self.size)
        self.widths = widths = widths or GENERATOR_WIDTHS[stages]
        base = [math.ceil(side / 2**stages) for side in self.size]
        self.base = (widths[0], *base)
        self.embedding = make_layer(
            nn.Linear, n_classes, EMBEDDING_DIM, bias=False, rng=rng
        )
        style_dim = latent_dim + EMBEDDING_DIM
        self.start = make_layer(nn.Linear, style_dim, math.prod(self.base), rng=rng)
        before: list[int | None] = [None, *widths[:-1]]
        self.stages = nn.ModuleList(
            Stage(
                n_in,
                n_out,
                style_dim,
                residual=number < N_RESIDUAL,
                noisy=number < stages,
                rng=rng,
            )
            for number, (n_in, n_out) in enumerate(zip(before, widths, strict=True))
        )
        self.output = make_layer(
            nn.Conv2d,
            widths[-1],
            n_channels,
            3,
            1,
            1,
            padding_mode="replicate",
            rng=rng,
        )

    def forward(self, condition: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, C) condition -> (B, K, H, W) images, with noise from `rng`.

        In training they are clamped to [-1, 1]. Otherwise what goes beyond is kept: it
        says which of the extreme pixels are the most extreme.
        """
        latent = draw_normal(len(condition), self.latent_dim, like=condition, rng=rng)
        inputs = torch.cat([latent, self.embedding(condition)], dim=1)
        x = self.start(inputs).unflatten(1, self.base)
        x = x.contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            x = stage(x, inputs, rng)
        height, width = self.size
        images = OVERSHOOT * self.output(x)[:, :, :height, :width].tanh()
        return images.clamp(-1, 1) if self.training else images


class Stage(nn.Module):
    """Double the sides, add a residual branch and noise, and normalise.

    Parameters
    ----------
    n_in : int or None
        Channels before the doubling. If None, nothing is doubled.
    n_out : int
        Channels of the output.
    style_dim : int
        Width of latent and embedded condition together.
    residual : bool
        Whether there is a residual branch.
    noisy : bool
        Whether noise is added, of each pixel, in a learned proportion for each channel.
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self,
        n_in: int | None,
        n_out: int,
        style_dim: int,
        *,
        residual: bool,
        noisy: bool,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.narrow = None
        if n_in is not None:
            self.narrow = make_layer(
                nn.Conv2d, n_in, n_out, 3, 1, 1, bias=False, rng=rng
            )
        self.branch = self.branch_style = None
        if residual:
            self.branch_style = Style(style_dim, n_out, rng=rng)
            self.branch = make_layer(nn.Conv2d, n_out, n_out, 3, 1, 1, rng=rng)
            with torch.no_grad():
                self.branch.weight.mul_(BRANCH)
        self.noise = nn.Parameter(torch.zeros(n_out, 1, 1)) if noisy else None
        self.style = Style(style_dim, n_out, rng=rng)

    def forward(
        self, x: torch.Tensor, inputs: torch.Tensor, rng: torch.Generator
    ) -> torch.Tensor:
        """(B, n_in, h, w) -> (B, n_out, 2 h, 2 w), or of the same sides."""
        if self.narrow is not None:
            x = F.interpolate(self.narrow(x), scale_factor=2, mode="bilinear")
        if self.branch is not None and self.branch_style is not None:
            x = x + self.branch(self.branch_style(x, inputs))
        if self.noise is not None:
            noise = draw_normal(len(x), 1, *x.shape[2:], like=x, rng=rng)
            x = torch.addcmul(x, self.noise, noise)
        return self.style(x, inputs)


class Style(nn.Module):
    """Normalise activations, and let latent and condition set their gain and shift.

    FiLM: Perez et al. 2018, arXiv:1709.07871. Layer norms take each image by itself, so
    that what is drawn does not depend on the batch.

    Parameters
    ----------
    style_dim : int
        Width of latent and embedded condition together.
    width : int
        Number of channels.
    rng : torch.Generator
        Source of the initial weights.
    """

    def __init__(self, style_dim: int, width: int, *, rng: torch.Generator) -> None:
        super().__init__()
        self.gain_and_shift = make_layer(nn.Linear, style_dim, 2 * width, rng=rng)

    def forward(self, x: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """(B, width, h, w) -> the same shape."""
        gain, shift = self.gain_and_shift(inputs)[:, :, None, None].chunk(2, dim=1)
        x = torch.addcmul(shift, 1 + gain, F.group_norm(x, 1))
        return F.leaky_relu(x, SLOPE)


class Discriminator(nn.Module):
    """Images and condition -> logits: strided convolutions without normalisation.

    The condition chooses what the logit reads from the last hidden units, beside what
    it reads for every class (projection: Miyato and Koyama 2018, arXiv:1802.05637).

    Parameters
    ----------
    n_classes : int
        Width of the condition.
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
        n_channels, *size = image_shape
        # The first layer halves the sides, of which an odd one loses a pixel; it looks
        # at a pixel more all around.
        halves = [max(side, FEWEST_PIXELS) // 2 for side in size]
        below, right = (2 * n + 1 - side for n, side in zip(halves, size, strict=True))
        self.padding = (1, right, 1, below)
        widths = DISCRIMINATOR_WIDTHS[n_stages(size)]
        self.halvings = nn.ModuleList(
            make_layer(nn.Conv2d, *pair, 4, 2, 1, rng=rng)
            for pair in pairwise((n_channels, *widths))
        )
        self.last = make_layer(nn.Conv2d, widths[-1], widths[-1], 3, 1, 1, rng=rng)
        n_features = widths[-1] * math.prod(
            side // 2 ** (len(widths) - 1) for side in halves
        )
        self.head = make_layer(nn.Linear, n_features, HEAD_WIDTH, rng=rng)
        self.logit = make_layer(nn.Linear, HEAD_WIDTH, 1, rng=rng)
        self.embedding = make_layer(
            nn.Linear, n_classes, HEAD_WIDTH, bias=False, rng=rng
        )

    def forward(self, images: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """(B, K, H, W) images, (B, C) condition -> (B,) logits."""
        return self.readout(self.features(images), condition)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, K, H, W) images -> (B, 96) last hidden units, whatever the condition."""
        # A convolution of 4 by 4 pixels at every second one is one of 2 by 2 squares,
        # which is much faster to take back to images of few channels.
        x = F.pixel_unshuffle(F.pad(images, self.padding), 2)
        x = x.contiguous(memory_format=torch.channels_last)
        first, *others = cast(list[nn.Conv2d], list(self.halvings))
        x = F.conv2d(x, F.pixel_unshuffle(first.weight, 2), first.bias)
        for halve in (*others, self.last):
            x = halve(F.leaky_relu(x, SLOPE))
        x = self.head(F.leaky_relu(x, SLOPE).flatten(1))
        return F.leaky_relu(x, SLOPE)

    def readout(self, features: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """(B, 96) features, (B, C) condition -> (B,) logits."""
        readout = self.logit.weight + self.embedding(condition)
        return (features * readout).sum(dim=1) + self.logit.bias

    def mismatched(self, condition: torch.Tensor, step: int) -> torch.Tensor | None:
        """(B, C) condition -> that of another class; each takes its turn by the step.

        None if there is only one class.
        """
        n_classes = condition.shape[1]
        if n_classes == 1:
            return None
        return condition.roll(1 + step % (n_classes - 1), dims=1)
