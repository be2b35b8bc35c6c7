"""A small classifier of images, whose last hidden units are features of them.

Shapes: ``B`` images a batch, ``K`` channels, ``H`` and ``W`` pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.networks.layers import SLOPE, make_layer

# Channels after each convolution. Before all but the first, the sides are halved while
# they are at least twice as long as those of the grid below.
WIDTHS = (32, 64, 64)
# Sides of the grid that the last activations are averaged to.
GRID = 3
N_FEATURES = 64
# A smaller image is padded.
FEWEST_PIXELS = 12
# Sides of larger images are halved until they are at most so long.
MOST_PIXELS = 64


class ImageClassifierNetwork(nn.Module):
    """Images -> logits of classes, by convolutions without normalisation.

    Parameters
    ----------
    n_classes : int
        Number of classes.
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
        self.shrinking = _shrinking(size)
        self.padding = _padding([side // self.shrinking for side in size])
        # The first convolution looks at squares of two by two pixels.
        self.convolutions = nn.ModuleList(
            make_layer(nn.Conv2d, *pair, 3, 1, 1, rng=rng)
            for pair in pairwise((4 * n_channels, *WIDTHS))
        )
        self.hidden = make_layer(nn.Linear, WIDTHS[-1] * GRID**2, N_FEATURES, rng=rng)
        self.logits = make_layer(nn.Linear, N_FEATURES, n_classes, rng=rng)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, K, H, W) images -> (B, 64) features."""
        if self.shrinking > 1:
            images = F.avg_pool2d(images, self.shrinking)
        x = F.pixel_unshuffle(F.pad(images, self.padding), 2)
        x = x.contiguous(memory_format=torch.channels_last)
        for position, convolution in enumerate(self.convolutions):
            if position and min(x.shape[2:]) >= 2 * GRID:
                x = F.avg_pool2d(x, 2)
            x = F.leaky_relu(convolution(x), SLOPE)
        x = F.adaptive_avg_pool2d(x, GRID).flatten(1)
        return F.leaky_relu(self.hidden(x), SLOPE)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, K, H, W) images -> (B, n_classes) logits."""
        return self.logits(self.features(images))


def _shrinking(size: Sequence[int]) -> int:
    """By what the sides are divided first: a power of two."""
    shrinking = 1
    while min(size) // shrinking > MOST_PIXELS:
        shrinking *= 2
    return shrinking


def _padding(size: Sequence[int]) -> tuple[int, int, int, int]:
    """Left, right, top and bottom, up to an even number of at least 12 pixels."""
    height, width = (max(side + side % 2, FEWEST_PIXELS) - side for side in size)
    return width // 2, width - width // 2, height // 2, height - height // 2
