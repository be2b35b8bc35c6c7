"""Real images that a generator varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from gan_augment.encoding.arrays import check_array_of, check_codes

# Images of a class that are kept, at most.
MOST_SOURCES = 200


@dataclass(eq=False)
class SourceImages:
    """Real images of each class, of which a generator draws others.

    Parameters
    ----------
    codes : ndarray of shape (n_images, n_channels, h, w)
        Images as an :class:`~gan_augment.encoding.ImageEncoder` quantizes them.
    classes : ndarray of shape (n_images,)
        Their class indices, in ascending order.
    """

    codes: np.ndarray
    classes: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray, classes: np.ndarray) -> Self:
        """Keep the first images of each class."""
        kept = [
            np.flatnonzero(classes == index)[:MOST_SOURCES]
            for index in np.unique(classes)
        ]
        rows = np.concatenate(kept)
        return cls(codes[rows], classes[rows].astype(np.int64))

    def check(self, image_shape: tuple[int, int, int], n_classes: int) -> None:
        """Raise a ValueError unless these are images of each class, of this shape."""
        check_array_of(self.codes, "codes", (-1, *image_shape), "uif")
        check_codes(self.classes, "classes", (len(self.codes),), 0, n_classes - 1)
        if len(np.unique(self.classes)) < n_classes:
            raise ValueError(f"`classes` must hold each of {n_classes} classes.")

    def draw(self, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Codes of images of these class indices, each as often as any other."""
        chosen = np.empty(len(classes), dtype=np.intp)
        for index in np.unique(classes):
            wanted = np.flatnonzero(classes == index)
            own = rng.permutation(np.flatnonzero(self.classes == index))
            chosen[wanted] = own[np.arange(len(wanted)) % len(own)]
        return self.codes[chosen]
