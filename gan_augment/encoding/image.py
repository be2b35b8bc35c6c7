"""Any layout of images <-> float32 arrays of shape (n, channels, height, width)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from gan_augment.encoding.arrays import check_array_of
from gan_augment.encoding.container import CONTAINERS
from gan_augment.encoding.interpolation import search

# With more different values than this, pixels are real numbers and have no grid.
MAX_LEVELS = 4096
MAX_SIDE = 256


@dataclass
class ImageLayout:
    """How images came, so that they go back the same way.

    Parameters
    ----------
    shape : tuple of int
        Shape of one image as it came: (h, w), (h, w, c), (c, h, w) or (h * w * c,).
    image_shape : tuple of int
        Shape of one image with its axes: (h, w), (h, w, c) or (c, h, w).
    channels_first : bool
        Whether the first axis of three holds the channels.
    dtype : dtype
        Dtype of the pixels.
    """

    shape: tuple[int, ...]
    image_shape: tuple[int, ...]
    channels_first: bool
    dtype: np.dtype

    def __post_init__(self) -> None:
        n_numbers = math.prod(self.shape)
        if len(self.image_shape) not in (2, 3) or n_numbers != math.prod(
            self.image_shape
        ):
            raise ValueError(f"{self.image_shape} is no shape of an image.")
        height, width = self.size
        if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
            raise ValueError(
                f"Images must have sides of at most {MAX_SIDE} pixels. Got images of "
                f"{height} x {width}. Make them smaller first."
            )
        if self.n_channels < 1 or self.dtype.kind not in "biuf":
            raise ValueError(f"{self} is no layout of images.")

    @classmethod
    def of(cls, X: np.ndarray, image_shape: Sequence[int] | None) -> ImageLayout:
        """Describe an array of images, or of rows that are images of a given shape."""
        shape = X.shape[1:]
        if image_shape is None:
            if len(shape) not in (2, 3):
                raise ValueError(
                    "`image_shape` must be given where images come as rows. Got None "
                    f"and an array of shape {X.shape}. Pass the shape of one image, "
                    "for example image_shape=(28, 28), or an array of images."
                )
            found = shape
        else:
            found = _completed(image_shape, math.prod(shape))
            if len(shape) > 1 and found != shape:
                raise ValueError(
                    f"`image_shape` must be the shape of the images, {shape}. Got "
                    f"{tuple(image_shape)}."
                )
        return cls(shape, found, _is_channels_first(found), X.dtype)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        if self.channels_first:
            return self.image_shape[1], self.image_shape[2]
        return self.image_shape[0], self.image_shape[1]

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        if len(self.image_shape) == 2:
            return 1
        return self.image_shape[0 if self.channels_first else 2]

    def to_nchw(self, X: np.ndarray) -> np.ndarray:
        """Images as they come -> (n, c, h, w)."""
        if X.shape[1:] != self.shape:
            raise ValueError(
                f"`X` must hold images of the shape seen in fit, {self.shape}. "
                f"Got {X.shape[1:]}."
            )
        X = X.reshape(len(X), *self.image_shape)
        if X.ndim == 3:
            return X[:, None]
        return X if self.channels_first else np.moveaxis(X, 3, 1)

    def from_nchw(self, images: np.ndarray) -> np.ndarray:
        """(n, c, h, w) -> images as they came."""
        if not self.channels_first:
            images = np.moveaxis(images, 1, 3)
        return np.ascontiguousarray(images).reshape(len(images), *self.shape)


@dataclass
class RowContainer:
    """What holds images that come as rows: an array, a frame or a sparse matrix.

    Parameters
    ----------
    kind : {"array", "frame", "csr", "csc"}
        An array, a DataFrame or a sparse format.
    is_matrix : bool, default=False
        Whether a sparse container is a ``spmatrix`` rather than a ``sparray``.
    columns : Index or None, default=None
        Columns of a frame.
    dtypes : list of dtype or None, default=None
        Their dtypes.
    """

    kind: str
    is_matrix: bool = False
    columns: pd.Index | None = None
    dtypes: list[Any] | None = None

    def __post_init__(self) -> None:
        if self.kind not in CONTAINERS:
            raise ValueError(f"`kind` must be one of {CONTAINERS}. Got {self.kind!r}.")

    @classmethod
    def of(cls, X: Any) -> RowContainer:
        """Describe what holds the images."""
        if isinstance(X, pd.DataFrame):
            return cls("frame", False, X.columns, X.dtypes.tolist())
        if sparse.issparse(X):
            return cls(X.format, isinstance(X, sparse.spmatrix))
        return cls("array")

    def build(self, X: np.ndarray) -> Any:
        """Put images into a container of the same kind."""
        if self.kind == "array":
            return X
        if self.kind == "frame":
            frame = pd.DataFrame(X)
            for position, dtype in enumerate(self.dtypes or []):
                frame[position] = frame[position].astype(dtype)
            return frame.set_axis(self.columns, axis=1)
        suffix = "matrix" if self.is_matrix else "array"
        return getattr(sparse, f"{self.kind}_{suffix}")(X)


STATE_CLASSES = {cls.__name__: cls for cls in (ImageLayout, RowContainer)}


class ImageEncoder(BaseEstimator):
    """Encode images as arrays of numbers in [-1, 1], and decode them.

    Encoded images have the shape (n, channels, height, width). Every channel is scaled
    from its own range. Decoded pixels are rounded to the nearest value that occurs in
    the data, and pixels that are constant in the data are set to that constant.
    Otherwise either would distinguish synthetic images from real ones.

    If an image has three axes, the channels are the first or the last axis: the one
    without which the image is a square, if there is one, otherwise the shorter one.

    Parameters
    ----------
    image_shape : sequence of int, default=None
        Shape of one image, (h, w), (h, w, c) or (c, h, w), if images are rows of
        numbers. One number may be -1 and is then inferred. If None, use the shape of
        the array, which is (n, h, w), (n, h, w, c) or (n, c, h, w).

    Attributes
    ----------
    layout_ : ImageLayout
        Shape and dtype of an image.
    container_ : RowContainer
        Type of the container of the images, such as an array or a frame.
    levels_ : ndarray of shape (n_levels,) or None
        The distinct values of pixels. None if there are more than 4096.
    bounds_ : ndarray of shape (2, n_channels)
        Smallest and largest value of each channel.
    constant_ : ndarray of shape (n_channels, h, w), dtype=bool
        Pixels that are the same in all images.
    background_ : ndarray of shape (n_channels, h, w)
        The first image, which holds the values of the constant pixels.

    See Also
    --------
    TableEncoder : Encode a table as a float matrix, and decode it.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.encoding import ImageEncoder
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    >>> encoder = ImageEncoder().fit(images)
    >>> encoded = encoder.transform(images)
    >>> encoded.shape, float(encoded.min()), float(encoded.max())
    ((5, 3, 8, 8), -1.0, 1.0)
    >>> bool((encoder.inverse_transform(encoded) == images).all())
    True
    """

    layout_: ImageLayout
    container_: RowContainer
    levels_: np.ndarray | None
    bounds_: np.ndarray
    constant_: np.ndarray
    background_: np.ndarray

    def __init__(self, image_shape: Sequence[int] | None = None) -> None:
        self.image_shape = image_shape

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn layout, range and grid of the pixels.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, c, h, w)
            Images; or, with `image_shape`, rows of an array, a DataFrame or a sparse
            matrix.
        y : None
            Not used.

        Returns
        -------
        self : ImageEncoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If X contains no images, or pixels that are not finite numbers.
        """
        self.container_ = RowContainer.of(X)
        pixels = _dense(X)
        self.layout_ = ImageLayout.of(pixels, self.image_shape)
        images = self.layout_.to_nchw(pixels)
        levels = np.unique(images)
        self.levels_ = levels if len(levels) <= MAX_LEVELS else None
        self.bounds_ = np.stack(
            [images.min(axis=(0, 2, 3)), images.max(axis=(0, 2, 3))]
        ).astype(np.float64)
        self.background_ = images[0].copy()
        self.constant_ = (images == self.background_).all(axis=0)
        return self

    @property
    def image_shape_(self) -> tuple[int, int, int]:
        """Channels, height and width of an encoded image."""
        check_is_fitted(self, "layout_")
        return (self.layout_.n_channels, *self.layout_.size)

    def quantize(self, X: Any) -> np.ndarray:
        """Images -> compact codes: positions in ``levels_``, or float32 pixels."""
        check_is_fitted(self, "layout_")
        images = self.layout_.to_nchw(_dense(X))
        if self.levels_ is None:
            return images.astype(np.float32)
        dtype = np.min_scalar_type(len(self.levels_) - 1)
        if images.dtype.kind != "u" or images.dtype.itemsize > 2:
            return self._nearest_level(images).astype(dtype)
        # Of the few values that such a pixel can have, each is searched for once.
        values = np.arange(np.iinfo(images.dtype).max + 1)
        return self._nearest_level(values).astype(dtype)[images]

    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None = None
    ) -> np.ndarray:
        """Codes -> float32 array (n, channels, h, w) in [-1, 1]; `rng` is not used."""
        if self.levels_ is None:
            return self._encode(codes)
        encoded = np.empty(codes.shape, dtype=np.float32)
        for channel, levels in enumerate(self._encode(self.levels_)[:, 0]):
            encoded[:, channel] = levels.take(codes[:, channel], mode="clip")
        return encoded

    def freeze(self, encoded: np.ndarray) -> np.ndarray:
        """Encoded images with the pixels that never change set to their value."""
        return np.where(self.constant_, self._encode(self.background_), encoded)

    def transform(self, X: Any) -> np.ndarray:
        """Encode images.

        Parameters
        ----------
        X : array-like
            Images as in fit.

        Returns
        -------
        encoded : ndarray of shape (n, channels, h, w), dtype=float32
            Pixels in [-1, 1].
        """
        return self.dequantize(self.quantize(X))

    def inverse_transform(self, encoded: np.ndarray) -> Any:
        """Decode images.

        Parameters
        ----------
        encoded : ndarray of shape (n, channels, h, w)
            Pixels in [-1, 1]; values outside are clipped.

        Returns
        -------
        X : {ndarray, DataFrame, sparse matrix}
            Images in the layout, the dtype and on the pixel grid of the training ones.
        """
        check_is_fitted(self, "layout_")
        low, span = self._scale()
        pixels = (np.clip(encoded, -1.0, 1.0) + 1.0) * (span / 2.0) + low
        dtype = self.layout_.dtype
        if self.levels_ is not None:
            pixels = self.levels_[self._nearest_level(pixels)]
        elif dtype.kind in "iu":
            pixels = np.rint(pixels).astype(dtype)
        else:
            pixels = np.clip(pixels, *self.bounds_[:, :, None, None]).astype(dtype)
        pixels = np.where(self.constant_, self.background_, pixels)
        pixels = pixels.astype(dtype, copy=False)  # np.where loses the byte order
        return self.container_.build(self.layout_.from_nchw(pixels))

    def get_state(self) -> dict[str, Any]:
        """Return the learned state as a tree that can be saved."""
        check_is_fitted(self, "layout_")
        return {name: getattr(self, name) for name in _STATE}

    def set_state(self, state: dict[str, Any]) -> Self:
        """Restore the state of another encoder."""
        for name in _STATE:
            setattr(self, name, state[name])
        kind = self.layout_.dtype.kind
        check_array_of(self.bounds_, "bounds_", (2, self.layout_.n_channels), "f")
        check_array_of(self.constant_, "constant_", self.image_shape_, "b")
        check_array_of(self.background_, "background_", self.image_shape_, kind)
        if self.levels_ is not None:
            check_array_of(self.levels_, "levels_", (-1,), kind)
            if not len(self.levels_) or (np.diff(self.levels_.astype(float)) < 0).any():
                raise ValueError("`levels_` must ascend.")
        if (self.bounds_[0] > self.bounds_[1]).any():
            raise ValueError("`bounds_` must ascend.")
        return self

    def _encode(self, pixels: np.ndarray) -> np.ndarray:
        low, span = self._scale()
        return ((pixels - low) * (2.0 / span) - 1.0).astype(np.float32)

    def _scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Smallest value and span of every channel; the span of a constant one is 1.

        Both have the shape (n_channels, 1, 1).
        """
        low, high = self.bounds_[:, :, None, None]
        return low, np.where(high > low, high - low, 1.0)

    def _nearest_level(self, pixels: np.ndarray) -> np.ndarray:
        levels = np.asarray(self.levels_, dtype=np.float64)
        return search(pixels, (levels[1:] + levels[:-1]) / 2)


_STATE = ("layout_", "container_", "levels_", "bounds_", "constant_", "background_")


def _dense(X: Any) -> np.ndarray:
    """Images or rows as an array of finite numbers."""
    if sparse.issparse(X):
        X = X.toarray()
    pixels = X.to_numpy() if isinstance(X, pd.DataFrame) else np.asarray(X)
    if pixels.dtype.kind == "O":
        pixels = pixels.astype(np.float64)
    if pixels.dtype.kind not in "biuf":
        raise ValueError(f"Pixels must be numbers. Got dtype {pixels.dtype}.")
    if pixels.ndim < 2 or not pixels.size:
        raise ValueError(f"`X` must hold images. Got an array of shape {pixels.shape}.")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ValueError(
            "Pixels must be finite. Got NaN or infinity. Fill or drop these images."
        )
    return pixels


def _completed(image_shape: Sequence[int], n_numbers: int) -> tuple[int, ...]:
    """The shape of one image with a -1 in it inferred."""
    given = tuple(image_shape)
    whole = all(isinstance(n, Integral) and (n > 0 or n == -1) for n in given)
    if whole and len(given) in (2, 3) and given.count(-1) <= 1:
        known = math.prod(n for n in given if n != -1)
        found = tuple(int(n) if n != -1 else n_numbers // known for n in given)
        if math.prod(found) == n_numbers:
            return found
    raise ValueError(
        "`image_shape` must be (h, w), (h, w, c) or (c, h, w) with as many numbers as "
        f"an image, {n_numbers}. Got {image_shape!r}."
    )


def _is_channels_first(shape: tuple[int, ...]) -> bool:
    if len(shape) == 2:
        return False
    first, middle, last = shape
    if (first == middle) != (middle == last):
        return middle == last
    return first < last
