"""What a training takes, as a function of the table where the user leaves it open."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

import numpy as np

from gan_augment.gans.chains import MOST_INPUTS, most_rows_of_trees
from gan_augment.gans.mixture import count_components

Quality = Literal["default", "high"]

# Few rows of a class are memorised by a long training, so steps follow the rarest one.
STEPS_PER_RARE_ROW = 4
FEWEST_STEPS = 200
# The most steps for so many rows or more. Fewer rows have fewer, so that a fit of 1,000
# rows takes two seconds of one CPU core, and one of 20,000 half a minute.
MOST_STEPS = 2000
MANY_ROWS = 7_500
GROWTH = 0.7
# How many times as many steps the best rows may take, and how many candidates.
STEPS_OF_QUALITY = {"default": 1, "high": 4}
CANDIDATES_OF_QUALITY = {"default": 2, "high": 4}
# Steps for images that the generator doubles once, and for larger ones.
SMALL_IMAGE_STEPS, IMAGE_STEPS = 300, 450
# Steps for images that are variations of real ones.
VARIATION_STEPS = 300
# Images of the rarest class that are many.
MANY_IMAGES = 100
# Images of a batch, and of one on a GPU if there are many images.
IMAGE_BATCH, IMAGE_BATCH_OF_GPU = 32, 128
# Weight of mismatched labels if there are many images. They cost diversity, of which
# few images have little.
MISMATCH_WEIGHT = 0.2
# Share of the steps of a training that starts from the weights of another.
STEPS_LEFT = 0.1
# Up to so many steps the networks are small.
SHORT = 800
# Trees draw the rows of a class if it has more rows than this.
FEWEST_ROWS_OF_TREES = 100
# Cells of the training rows that all chains of trees may learn, and how many chains
# there are. On one CPU core this takes about ten seconds.
CELLS_OF_CHAINS = 1_500_000
FEWEST_CHAINS, MOST_CHAINS = 2, 4
# How many times as many for the best rows, and of how few real rows a cell is drawn: of
# twice as many in a table of fewer rows than this, where leaves come close to copies.
CHAINS_OF_QUALITY = {"default": 1, "high": 2}
ROWS_OF_LEAF = {"default": 10, "high": 5}
ROWS_OF_SMALL_LEAVES = 5_000


@dataclass(frozen=True)
class Recipe:
    """Sizes of the networks and of the training.

    Parameters
    ----------
    hidden_dims : tuple of int
        Widths of the hidden layers.
    batch_size : int
        Rows a batch.
    max_steps : int
        Training steps.
    learning_rate : float
        Step size of the generator.
    gradient_penalty_weight : float
        Weight of R1 + R2.
    penalty_interval : int, default=4
        Every how many steps the penalty is taken.
    mismatch_weight : float, default=0.0
        Weight of the loss of real rows with the condition of another class.
    n_components : int, default=1
        Gaussians of each class that the generator begins with.
    n_candidates : int, default=1
        Rows that are drawn for each one that is accepted.
    discriminator_dims : tuple of int, default=()
        Widths of the hidden layers of the discriminators. If empty, they are
        `hidden_dims`.
    n_chains : int, default=0
        Chains of trees that draw the rows. If 0, networks draw them.
    rows_of_leaf : int, default=0
        Fewest real rows that a tree draws a cell from.
    """

    hidden_dims: tuple[int, ...]
    batch_size: int
    max_steps: int
    learning_rate: float
    gradient_penalty_weight: float
    penalty_interval: int = 4
    mismatch_weight: float = 0.0
    n_components: int = 1
    n_candidates: int = 1
    discriminator_dims: tuple[int, ...] = ()
    n_chains: int = 0
    rows_of_leaf: int = 0

    def continuing(self, origin: Self) -> Self:
        """Return a recipe for a training that begins with the weights of another."""
        return replace(
            self,
            hidden_dims=origin.hidden_dims,
            discriminator_dims=origin.discriminator_dims,
            max_steps=math.ceil(self.max_steps * STEPS_LEFT),
        )

    def chosen_by(self, estimator: Any) -> Self:
        """Return a recipe in which an estimator's own parameters replace these."""
        given = {f.name: getattr(estimator, f.name, "auto") for f in fields(self)}
        chosen = {name: v for name, v in given.items() if not isinstance(v, str)}
        if "hidden_dims" in chosen:
            chosen["hidden_dims"] = tuple(int(n) for n in chosen["hidden_dims"])
        return replace(self, **chosen)


def recipe_for_table(counts: np.ndarray, n_columns: int, quality: Quality) -> Recipe:
    """The recipe for a table.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Number of training rows of each class.
    n_columns : int
        Width of an encoded row.
    quality : {"default", "high"}
        Whether the training may take four times as long for better rows.

    Returns
    -------
    recipe : Recipe
        The recipe.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.gans.recipe import recipe_for_table
    >>> recipe = recipe_for_table(np.array([14_000, 6_000]), 10, "default")
    >>> recipe.max_steps, recipe.n_components
    (2000, 40)
    >>> recipe = recipe_for_table(np.array([19_900, 100]), 10, "default")
    >>> recipe.max_steps, recipe.n_components
    (400, 1)
    """
    n_rows, n_rarest = int(counts.sum()), int(counts.min())
    most = MOST_STEPS * min(n_rows / MANY_ROWS, 1.0) ** GROWTH
    most = round(most * STEPS_OF_QUALITY[quality])
    max_steps = max(min(STEPS_PER_RARE_ROW * n_rarest, most), FEWEST_STEPS)
    if max_steps <= SHORT:
        return Recipe(
            hidden_dims=(64, 64),
            batch_size=128,
            max_steps=max_steps,
            learning_rate=1e-3,
            gradient_penalty_weight=0.5,
        )
    return Recipe(
        hidden_dims=(128, 128),
        batch_size=256,
        max_steps=max_steps,
        learning_rate=3.75e-4,
        gradient_penalty_weight=0.1,
        n_components=count_components(int(counts.max()), n_columns),
        n_candidates=CANDIDATES_OF_QUALITY[quality],
    )


def recipe_for_trees(counts: np.ndarray, n_columns: int, quality: Quality) -> Recipe:
    """The recipe for a table whose rows trees draw.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Number of training rows of each class.
    n_columns : int
        Width of an encoded row.
    quality : {"default", "high"}
        Whether there may be twice as many trees, with smaller leaves.

    Returns
    -------
    recipe : Recipe
        The recipe; what it says of networks is that of :func:`recipe_for_table`.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.gans.recipe import recipe_for_trees
    >>> recipe = recipe_for_trees(np.array([9_000, 5_000]), 10, "default")
    >>> recipe.n_chains, recipe.rows_of_leaf
    (4, 10)
    """
    is_large = counts.sum() >= ROWS_OF_SMALL_LEAVES
    n_cells = int(np.minimum(counts, most_rows_of_trees(n_columns)).sum()) * n_columns
    # Trees of a wide table cannot learn from fewer cells than those of a narrow one.
    n_cells *= math.ceil(n_columns / MOST_INPUTS)
    n_chains = np.clip(CELLS_OF_CHAINS // n_cells, FEWEST_CHAINS, MOST_CHAINS)
    return replace(
        recipe_for_table(counts, n_columns, quality),
        n_chains=int(n_chains) * CHAINS_OF_QUALITY[quality],
        rows_of_leaf=ROWS_OF_LEAF[quality] * (1 if is_large else 2),
        n_candidates=CANDIDATES_OF_QUALITY[quality],
    )


def steps_for_images(
    n_images: int, n_doublings: int, quality: Quality, *, varies: bool = False
) -> int:
    """How many steps images are trained for.

    Parameters
    ----------
    n_images : int
        Number of training images.
    n_doublings : int
        How often the generator doubles the sides.
    quality : {"default", "high"}
        Whether the training may take up to four times as long for better images. Of
        few images it takes no longer than a step for each.
    varies : bool, default=False
        Whether the generator varies real images.

    Returns
    -------
    max_steps : int
        Training steps.

    Examples
    --------
    >>> from gan_augment.gans.recipe import steps_for_images
    >>> steps_for_images(4000, 2, "default"), steps_for_images(4000, 2, "high")
    (450, 1800)
    >>> steps_for_images(900, 2, "high")
    900
    """
    steps = SMALL_IMAGE_STEPS if n_doublings == 1 else IMAGE_STEPS
    if varies:
        steps = VARIATION_STEPS
    return max(steps, min(STEPS_OF_QUALITY[quality] * steps, n_images))


def mismatch_for_images(n_rarest: int, *, varies: bool = False) -> float:
    """Weight of the loss of real images with the label or source of another class.

    Parameters
    ----------
    n_rarest : int
        Number of training images of the rarest class.
    varies : bool, default=False
        Whether the generator varies real images.

    Returns
    -------
    mismatch_weight : float
        The weight.

    Examples
    --------
    >>> from gan_augment.gans.recipe import mismatch_for_images
    >>> mismatch_for_images(174), mismatch_for_images(20)
    (0.2, 0.0)
    """
    # Variations would otherwise become images of another class that looks alike.
    return MISMATCH_WEIGHT if varies or n_rarest >= MANY_IMAGES else 0.0


def batch_for_images(n_rarest: int, device_type: str) -> int:
    """Images of a batch.

    Parameters
    ----------
    n_rarest : int
        Number of training images of the rarest class.
    device_type : str
        Type of the torch device that is trained on.

    Returns
    -------
    batch_size : int
        The number.

    Examples
    --------
    >>> from gan_augment.gans.recipe import batch_for_images
    >>> batch_for_images(174, "cuda"), batch_for_images(20, "cuda")
    (128, 32)
    >>> batch_for_images(174, "cpu")
    32
    """
    if device_type == "cpu" or n_rarest < MANY_IMAGES:
        return IMAGE_BATCH
    return IMAGE_BATCH_OF_GPU
