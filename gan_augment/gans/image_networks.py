"""Networks that draw images: from noise and their class, or from real images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from gan_augment.encoding.image import ImageEncoder
from gan_augment.gans.recipe import Recipe
from gan_augment.gans.sources import SourceImages
from gan_augment.networks.image import Discriminator, Generator
from gan_augment.networks.variation import PairDiscriminator, VariationGenerator
from gan_augment.training.augmentation import AdaptiveShift
from gan_augment.training.batches import ConditionalBatches, PairedBatches, condition_of

# The discriminator's input is shifted by up to this share of a side.
SHIFT = 1 / 8


@dataclass(frozen=True)
class NoiseNetworks:
    """Networks of images that are drawn from noise and their class.

    Parameters
    ----------
    encoder : ImageEncoder
        The fitted encoder.
    n_classes : int
        Number of classes.
    """

    encoder: ImageEncoder
    n_classes: int

    kind: ClassVar[str] = "noise"
    batches_class: ClassVar[type[ConditionalBatches]] = ConditionalBatches
    discriminator_class: ClassVar[type[Discriminator]] = Discriminator
    penalty_interval: ClassVar[int] = Recipe.penalty_interval

    def make_generator(
        self, latent_dim: int, widths: tuple[int, ...], rng: torch.Generator
    ) -> nn.Module:
        """A new generator."""
        return Generator(
            latent_dim=latent_dim,
            n_classes=self.n_classes,
            image_shape=self.encoder.image_shape_,
            widths=widths,
            rng=rng,
        )

    def make_augmentation(self) -> AdaptiveShift | None:
        """What the discriminator sees the images through."""
        _, height, width = self.encoder.image_shape_
        return AdaptiveShift(max(1, round(SHIFT * min(height, width))))

    def condition(self, classes: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """What the networks are told of images of these class indices."""
        return condition_of(classes, self.n_classes)


@dataclass(frozen=True)
class VariationNetworks:
    """Networks of images that are variations of real ones.

    Parameters
    ----------
    encoder : ImageEncoder
        The fitted encoder.
    sources : SourceImages
        The images that are varied.
    """

    encoder: ImageEncoder
    sources: SourceImages

    kind: ClassVar[str] = "variation"
    batches_class: ClassVar[type[ConditionalBatches]] = PairedBatches
    discriminator_class: ClassVar[type[PairDiscriminator]] = PairDiscriminator
    # Pairs tell a discriminator more, which then needs the penalty more often.
    penalty_interval: ClassVar[int] = 1

    def make_generator(
        self, latent_dim: int, widths: tuple[int, ...], rng: torch.Generator
    ) -> nn.Module:
        """A new generator."""
        return VariationGenerator(
            latent_dim=latent_dim,
            image_shape=self.encoder.image_shape_,
            widths=widths,
            rng=rng,
        )

    def make_augmentation(self) -> AdaptiveShift | None:
        """None: a shifted image would be another variation of its source."""
        return None

    def condition(self, classes: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """Real images of these class indices, as the networks take them."""
        codes = self.sources.draw(classes, rng)
        return torch.from_numpy(self.encoder.dequantize(codes))
