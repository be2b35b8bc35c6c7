"""Give the pixels of generated images the distribution that real ones have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from gan_augment.encoding.arrays import check_array_of
from gan_augment.encoding.interpolation import interpolate

# Quantiles that a distribution is known by.
N_QUANTILES = 1024


@dataclass(eq=False)
class Marginals:
    """Monotone maps of pixels, one a class and channel: generated -> real values.

    A generator seldom draws exactly as many empty pixels as the data has, nor as bright
    ones, and a classifier sees it at once. After the map the pixels of a class are
    distributed as the real ones; which pixel is brighter than which does not change.

    Parameters
    ----------
    generated, real : ndarray of shape (n_classes, n_channels, n_quantiles)
        Quantiles of the pixels at the same levels.
    """

    generated: np.ndarray
    real: np.ndarray

    def __post_init__(self) -> None:
        check_array_of(self.generated, "generated", (-1, -1, N_QUANTILES), "f")
        check_array_of(self.real, "real", self.generated.shape, "f")

    @classmethod
    def of(cls, generated: list[np.ndarray], real: list[np.ndarray]) -> Self:
        """Learn the maps from images (n, n_channels, h, w) of every class in turn."""
        return cls(*(np.stack([_quantiles(x) for x in k]) for k in (generated, real)))

    def match(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Map generated images (n, n_channels, h, w) of these class indices."""
        matched = np.empty_like(images)
        for index in np.unique(classes):
            of_class = classes == index
            for channel in range(images.shape[1]):
                # Where several quantiles of the generator are one value, the middle one
                # says what it stands for.
                values, first, count = np.unique(
                    self.generated[index, channel],
                    return_index=True,
                    return_counts=True,
                )
                targets = self.real[index, channel][first + count // 2]
                pixels = images[of_class, channel]
                matched[of_class, channel] = interpolate(pixels, values, targets)
        return matched


def _quantiles(images: np.ndarray) -> np.ndarray:
    """Quantiles of every channel, from the least to the most that a pixel has."""
    pixels = np.sort(images.swapaxes(0, 1).reshape(images.shape[1], -1), axis=1)
    positions = np.rint(np.linspace(0, pixels.shape[1] - 1, N_QUANTILES))
    return pixels[:, positions.astype(np.intp)].astype(np.float32)
