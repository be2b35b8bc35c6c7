"""What the training rows say of the generator of a table before it is trained."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn.functional import one_hot

from gan_augment.gans.mixture import assign_components
from gan_augment.gans.recipe import Recipe
from gan_augment.networks.start import start_from
from gan_augment.networks.tabular import Generator
from gan_augment.training.batches import ConditionalBatches

# Up to so many steps the generator begins as wide as the data.
WIDE_STEPS = 400
# Rows whose moments the generator begins with.
START_ROWS = 4096
# The most rows that Gaussian mixtures are fitted to.
MIXTURE_ROWS = 50_000


def start_generator(
    generator: Generator,
    batches: ConditionalBatches,
    recipe: Recipe,
    rng: np.random.Generator,
) -> None:
    """Let a generator begin with a Gaussian mixture of each class, in place.

    Parameters
    ----------
    generator : Generator
        A new one.
    batches : ConditionalBatches
        Where the training rows are drawn.
    recipe : Recipe
        Number of Gaussians and of steps.
    rng : numpy.random.Generator
        Source of the Gaussian that each row is taken for.
    """
    if recipe.n_components == 1:
        start_from(
            generator,
            *balanced_rows(batches),
            counts=torch.from_numpy(batches.counts).float(),
            # A longer training finds what is not Gaussian, of which a Gaussian as wide
            # as the data is in the way.
            spread=float(np.clip(WIDE_STEPS / recipe.max_steps, 0.25, 1.0) ** 0.5),
        )
        return
    encoded, classes = batches.rows(MIXTURE_ROWS)
    components = assign_components(encoded, classes, recipe.n_components, rng)
    components += recipe.n_components * classes
    belongs = one_hot(
        torch.from_numpy(components), recipe.n_components * len(batches.counts)
    ).float()
    start_from(generator, torch.from_numpy(encoded), belongs, counts=belongs.sum(dim=0))


def balanced_rows(batches: ConditionalBatches) -> tuple[torch.Tensor, torch.Tensor]:
    """Some thousand encoded rows, every class equally often, and their classes."""
    n_batches = math.ceil(START_ROWS / batches.batch_size)
    rows, condition = zip(*(batches.draw() for _ in range(n_batches)), strict=True)
    return torch.cat(rows), torch.cat(condition)
