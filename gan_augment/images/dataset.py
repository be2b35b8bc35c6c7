"""Real and synthetic images as one torch data set."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from gan_augment.encoding.pictures import to_picture


class MixedImages(Dataset[tuple[Any, Any]]):
    """Torch data set of real images and then synthetic ones.

    Pass it to a :class:`torch.utils.data.DataLoader`. Real images come from a data set,
    such as ``torchvision.datasets.ImageFolder`` without a transform, or from an array.

    Parameters
    ----------
    real : data set or tuple of (images, labels)
        Real images: an object with ``len`` whose items are pairs of an image and a
        label, or a pair of an array and its labels.
    synthetic : data set or tuple of (images, labels)
        Synthetic images, as `real`, with the same kind of labels.
    transform : callable, default=None
        Function that takes one image and returns the input of the network, such as
        ``torchvision.transforms.v2.Compose([...])``. It takes images as they are in a
        data set, and images of an array as PIL images. If None, images are float32
        tensors of shape (c, h, w) in [0, 1].

    Attributes
    ----------
    labels : list
        Label of every image of an array; those of a data set are read once.
    is_synthetic : Tensor of shape (n,), dtype=bool
        Which images are synthetic.

    Raises
    ------
    ValueError
        If images and labels differ in number.

    See Also
    --------
    load_images : Read a folder or a data set as arrays.
    write_images : Write a folder for torchvision's ImageFolder.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.images import MixedImages
    >>> real = np.zeros((6, 8, 8), np.uint8), [0] * 6
    >>> synthetic = np.full((2, 8, 8), 255, np.uint8), [1] * 2
    >>> images = MixedImages(real, synthetic)
    >>> len(images), images[7][0].shape, images[7][1]
    (8, torch.Size([1, 8, 8]), 1)
    >>> images.weights(0.5).tolist()[-2:]
    [0.25, 0.25]
    """

    def __init__(
        self,
        real: Any,
        synthetic: Any,
        *,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self._parts = [_Part.of(real, "real"), _Part.of(synthetic, "synthetic")]
        self.transform = transform
        n_real, n_synthetic = map(len, self._parts)
        self.is_synthetic = torch.arange(n_real + n_synthetic) >= n_real

    def __len__(self) -> int:
        return len(self.is_synthetic)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Image and label at a position."""
        index = range(len(self))[index]
        real, synthetic = self._parts
        part, at = (
            (real, index) if index < len(real) else (synthetic, index - len(real))
        )
        image, label = part[at]
        return (self.transform or _to_tensor)(image), label

    def weights(self, share: float) -> torch.Tensor:
        """Compute weights of the images for a WeightedRandomSampler.

        Parameters
        ----------
        share : float
            Share of the images of a batch that are to be synthetic, from 0 to 1.

        Returns
        -------
        weights : Tensor of shape (n,)
            Weights that sum to 1.

        Raises
        ------
        ValueError
            If `share` is out of range.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"`share` must be from 0 to 1. Got {share!r}.")
        n_synthetic = int(self.is_synthetic.sum())
        n_real = len(self) - n_synthetic
        weights = torch.full((len(self),), (1 - share) / max(n_real, 1))
        weights[self.is_synthetic] = share / max(n_synthetic, 1)
        return weights


class _Part:
    """Images and labels, one pair a position."""

    def __init__(self, pairs: Any, is_array: bool) -> None:
        self.pairs = pairs
        self.is_array = is_array

    @classmethod
    def of(cls, source: Any, name: str) -> _Part:
        if not isinstance(source, tuple | list) or len(source) != 2:
            if not (isinstance(source, Sized) and hasattr(source, "__getitem__")):
                raise ValueError(
                    f"`{name}` must be a data set, or a pair of images and labels. Got "
                    f"a {type(source).__name__}."
                )
            return cls(source, False)
        images, labels = source
        if len(images) != len(labels):
            raise ValueError(
                f"`{name}` must have a label for each image. Got {len(images)} images "
                f"and {len(labels)} labels."
            )
        return cls((images, labels), True)

    def __len__(self) -> int:
        return len(self.pairs[0] if self.is_array else self.pairs)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not self.is_array:
            image, label = self.pairs[index]
            return image, label
        images, labels = self.pairs
        label = labels[index]
        image = images[index]
        return to_picture(image), label.item() if hasattr(label, "item") else label


def _to_tensor(image: Any) -> Any:
    """Float32 tensor (c, h, w) in [0, 1] of a PIL image; tensors as they are."""
    if isinstance(image, torch.Tensor):
        return image
    pixels = np.asarray(image)
    largest = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "iu" else 1
    pixels = np.atleast_3d(pixels.astype(np.float32) / largest)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(pixels, 2, 0)))
