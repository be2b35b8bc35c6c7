"""What is measured and shown of a generator of images after every epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from gan_augment.metrics import prdc

# Images that are measured, and the most that the picture shows of them: rows, a class
# each, and columns.
N_WATCHED = 100
FEWEST_WATCHED = 5
PICTURE = (10, 10)
# Larger images are measured with fewer pixels a side, but not fewer than this.
WATCHED_PIXELS = 32


def balanced(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of the images that are measured, about as many of each class."""
    shuffled = rng.permutation(len(classes))
    order = np.argsort(classes[shuffled], kind="stable")
    by_class = np.split(shuffled[order], np.cumsum(np.bincount(classes))[:-1])
    each = max(1, N_WATCHED // len(by_class))
    return np.concatenate([rows[:each] for rows in by_class])


def coverage(real: np.ndarray, drawn: np.ndarray) -> dict[str, float]:
    """Share of the real images that a drawn one is near to, if there are enough."""
    if len(real) <= FEWEST_WATCHED:
        return {}
    return {"coverage": prdc(_small(real), _small(drawn)).coverage}


def grid_of(images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """A grid (h, w, 3) of images in [-1, 1], a row a class, as uint8."""
    n_rows, n_columns = PICTURE
    rows = []
    for index in np.unique(classes)[:n_rows]:
        shown = images[classes == index][:n_columns]
        padding = n_columns - len(shown)
        shown = np.pad(shown, [(0, padding), *[(0, 0)] * 3], constant_values=-1)
        rows.append(np.concatenate(list(shown), axis=2))
    grid = np.concatenate(rows, axis=1)
    # Of more or fewer channels than three, the first one is shown.
    grid = grid if len(grid) == 3 else np.repeat(grid[:1], 3, axis=0)
    return np.rint((grid.clip(-1, 1).transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8)


def _small(images: np.ndarray) -> np.ndarray:
    """Images (n, k, h, w) -> rows of pixels, which are means of several if many."""
    pooling = max(1, min(images.shape[2:]) // WATCHED_PIXELS)
    pooled = F.avg_pool2d(torch.from_numpy(images), pooling)
    return pooled.flatten(1).numpy()
