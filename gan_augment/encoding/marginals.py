"""Give the pixels of generated images the distribution that real ones have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from gan_augment.encoding.arrays import check_array_of
from gan_augment.encoding.interpolation import interpolate

# Number of quantiles that represent a distribution.
N_QUANTILES = 1024


@dataclass(eq=False)
class Marginals:
    """Monotone maps of pixels, one a class and channel: generated -> real values.

    A generator seldom draws exactly as many empty pixels as the data has, nor as bright
    ones, and a classifier sees it at once. After the map the pixels of a class are
    distributed as the real ones, channel by channel.

    With several channels, the brightness, which is their mean, is mapped first, by the
    same amount in each channel. Otherwise pixels that are among the darkest of one
    channel, and not of another, would get colours that no real image has.

    Parameters
    ----------
    generated, real : ndarray of shape (n_classes, n_maps, n_quantiles)
        Quantiles of the pixels at the same levels: of every channel, and of the
        brightness if there are several channels.
    """

    generated: np.ndarray
    real: np.ndarray

    def __post_init__(self) -> None:
        check_array_of(self.generated, "generated", (-1, -1, N_QUANTILES), "f")
        check_array_of(self.real, "real", self.generated.shape, "f")

    @classmethod
    def of(cls, generated: list[np.ndarray], real: list[np.ndarray]) -> Self:
        """Learn the maps from images (n, n_channels, h, w) of every class in turn."""
        parts = []
        for drawn, wanted in zip(generated, real, strict=True):
            found, targets = _quantiles(drawn), _quantiles(wanted)
            if drawn.shape[1] > 1:
                brightness = [_quantiles(_brightness(x))[0] for x in (drawn, wanted)]
                shifted = _shift_brightness(drawn, *brightness)
                found = np.vstack([_quantiles(shifted), brightness[:1]])
                targets = np.vstack([targets, brightness[1:]])
            parts.append((found, targets))
        return cls(*(np.stack(kind) for kind in zip(*parts, strict=True)))

    def match(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Map generated images (n, n_channels, h, w) of these class indices."""
        matched = np.empty_like(images)
        n_channels = images.shape[1]
        for index in np.unique(classes):
            of_class = classes == index
            pixels = images[of_class]
            maps = list(zip(self.generated[index], self.real[index], strict=True))
            for from_, to in maps[n_channels:]:
                pixels = _shift_brightness(pixels, from_, to)
            for channel, (from_, to) in enumerate(maps[:n_channels]):
                matched[of_class, channel] = _mapped(pixels[:, channel], from_, to)
        return matched


def _brightness(images: np.ndarray) -> np.ndarray:
    """(n, n_channels, h, w) -> (n, 1, h, w), the mean of the channels."""
    return images.mean(axis=1, keepdims=True)


def _shift_brightness(
    images: np.ndarray, generated: np.ndarray, real: np.ndarray
) -> np.ndarray:
    """Change all channels by as much as the map of the brightness says."""
    brightness = _brightness(images)
    return images + (_mapped(brightness, generated, real) - brightness)


def _mapped(pixels: np.ndarray, generated: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Pixels through the map from quantiles to quantiles."""
    # Where several quantiles of the generator are one value, the middle one says what
    # it stands for.
    values, first, count = np.unique(generated, return_index=True, return_counts=True)
    return interpolate(pixels, values, real[first + count // 2])


def _quantiles(images: np.ndarray) -> np.ndarray:
    """Quantiles of every channel, from the least to the most that a pixel has."""
    pixels = np.sort(images.swapaxes(0, 1).reshape(images.shape[1], -1), axis=1)
    positions = np.rint(np.linspace(0, pixels.shape[1] - 1, N_QUANTILES))
    return pixels[:, positions.astype(np.intp)].astype(np.float32)
