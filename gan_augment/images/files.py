"""Folders and data sets of images as arrays, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from gan_augment.encoding.image import ImageLayout
from gan_augment.encoding.pictures import (
    SUFFIXES,
    check_alike,
    is_picture,
    is_tensor,
    to_picture,
)

MANIFEST = "manifest.csv"
# Modes whose pixels are numbers as they are; others are converted.
KEPT_MODES = ("L", "RGB", "I;16")
COLOUR = 3


@dataclass(frozen=True)
class LabelledImages:
    """Images of one size with their labels, and where they come from.

    Parameters
    ----------
    images : ndarray of shape (n, h, w) or (n, h, w, c)
        Pixels.
    labels : ndarray of shape (n,)
        Names of the folders, or labels of the data set.
    paths : list of Path
        Files of a folder; empty for a data set.

    See Also
    --------
    load_images : Read a folder or a data set.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from gan_augment.images import load_images, write_images
    >>> images = np.zeros((2, 8, 8), np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     manifest = write_images(images, ["cat", "dog"], folder)
    ...     loaded = load_images(folder)
    >>> loaded.images.shape, loaded.labels.tolist()
    ((2, 8, 8), ['cat', 'dog'])
    """

    images: np.ndarray
    labels: np.ndarray
    paths: list[Path] = field(default_factory=list)


def load_images(source: Any, *, size: Sequence[int] | None = None) -> LabelledImages:
    """Read a folder or a data set of labelled images as arrays.

    Parameters
    ----------
    source : path-like or data set
        A folder that has a subfolder of images for each class, as for
        ``torchvision.datasets.ImageFolder``, in PNG, JPEG, TIFF, WebP or BMP; or an
        object with ``len`` whose items are pairs of an image and a label, such as a
        torch or torchvision data set. An image is a PIL image, an array, or a tensor of
        shape (c, h, w).
    size : tuple of int, default=None
        Height and width to which every image is resized. If None, all images must have
        the same size.

    Returns
    -------
    found : LabelledImages
        Images, labels and paths. Files of 8 bits are uint8, those of 16 bits uint16.
        Colour palettes and transparent images become RGB. Grey images become RGB if
        others are.

    Raises
    ------
    ValueError
        If there are no classes, an image cannot be read, or sizes or depths differ.

    See Also
    --------
    write_images : Write a folder that torchvision's ImageFolder reads.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from gan_augment.images import load_images, write_images
    >>> folder = Path(tempfile.mkdtemp()) / "pictures"
    >>> _ = write_images(np.zeros((3, 8, 8), np.uint8), ["a", "a", "b"], folder)
    >>> found = load_images(folder)
    >>> found.images.shape, found.labels.tolist()
    ((3, 8, 8), ['a', 'a', 'b'])
    """
    if isinstance(source, str | Path):
        folder = Path(source)
        paths = _paths(folder)
        labels: Any = [path.relative_to(folder).parts[0] for path in paths]
        images = [_read(path, size) for path in paths]
    else:
        if not (hasattr(source, "__len__") and hasattr(source, "__getitem__")):
            raise ValueError(
                "`source` must be a folder, or a data set with a length and items. Got "
                f"a {type(source).__name__}."
            )
        paths = []
        pairs = [_pair(source[index], index) for index in range(len(source))]
        if not pairs:
            raise ValueError("`source` must hold images. Got an empty data set.")
        images = [_pixels(image, size) for image, _ in pairs]
        labels = [
            label.item() if hasattr(label, "item") else label for _, label in pairs
        ]
    height, width = images[0].shape[:2]
    check_alike(
        (image.shape[:2] for image in images),
        f"Resize them, such as by size=({height}, {width}).",
    )
    return LabelledImages(_alike(images), np.asarray(labels), paths)


def write_images(
    images: Any, labels: Any, folder: str | Path, *, synthetic: Any = None
) -> pd.DataFrame:
    """Write a folder that ``torchvision.datasets.ImageFolder`` reads, and a manifest.

    Every class has a folder of lossless PNG files. ``manifest.csv`` names each file,
    its class, and whether it is synthetic.

    Parameters
    ----------
    images : array-like of shape (n, h, w), (n, h, w, c) or (n, c, h, w)
        Images of uint8, or grey ones of uint16; or a list of PIL images.
    labels : array-like of shape (n,)
        Their classes, which become the names of folders.
    folder : path-like
        Where to write. Files of the same name are replaced.
    synthetic : array-like of shape (n,), dtype=bool, default=None
        Which images are synthetic, such as ``sampler.synthetic_mask_``. If None, none
        are.

    Returns
    -------
    manifest : DataFrame
        The columns ``file``, ``class`` and ``synthetic``.

    Raises
    ------
    ValueError
        If images and labels differ in number, a label is not a valid name of a folder,
        or pixels do not fit into a PNG file.

    See Also
    --------
    load_images : Read such a folder.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from gan_augment.images import write_images
    >>> images = np.zeros((2, 8, 8), np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     manifest = write_images(images, [3, 5], folder, synthetic=[False, True])
    >>> manifest["class"].tolist(), manifest["synthetic"].tolist()
    (['3', '5'], [False, True])
    """
    labels = [str(label) for label in np.asarray(labels).tolist()]
    is_synthetic = np.zeros(len(labels), bool) if synthetic is None else synthetic
    is_synthetic = np.asarray(is_synthetic, dtype=bool)
    if not len(images) == len(labels) == len(is_synthetic):
        raise ValueError(
            "`images`, `labels` and `synthetic` must have the same length. Got "
            f"{len(images)}, {len(labels)} and {len(is_synthetic)}."
        )
    for label in sorted(set(labels)):
        if label != Path(label).name or label in ("", ".", ".."):
            raise ValueError(
                f"`labels` must be names of folders. Got {label!r}. Rename the class."
            )
    names = [
        f"{label}/{'synthetic' if new else 'real'}_{number:05d}.png"
        for number, (label, new) in enumerate(zip(labels, is_synthetic, strict=True))
    ]
    write_files(images, [Path(folder) / name for name in names])
    return write_manifest(Path(folder), names, is_synthetic)


def write_files(images: Any, paths: list[Path]) -> None:
    """Write images to these PNG files; folders are made."""
    if not isinstance(images, list):
        array = np.asarray(images)
        layout = ImageLayout.of(array, None)
        if layout.channels_first:
            images = np.moveaxis(array, 1, 3)
    for image, path in zip(images, paths, strict=True):
        picture = to_picture(image)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)


def write_manifest(folder: Path, names: list[str], synthetic: Any) -> pd.DataFrame:
    """Write which files of a folder are synthetic; their first part is the class."""
    manifest = pd.DataFrame(
        {
            "file": names,
            "class": [name.split("/")[0] for name in names],
            "synthetic": np.asarray(synthetic, dtype=bool),
        }
    )
    manifest.to_csv(folder / MANIFEST, index=False)
    return manifest


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(
            f"`source` must be a directory. Got {str(folder)!r}, which is none. Check "
            "the path."
        )
    paths = [
        path
        for of_class in sorted(each for each in folder.iterdir() if each.is_dir())
        for path in sorted(of_class.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    n_classes = len({path.relative_to(folder).parts[0] for path in paths})
    if n_classes < 2:
        raise ValueError(
            "`source` must have a folder of images for each of at least two classes. "
            f"Got {n_classes} in {str(folder)!r}. Images end in {', '.join(SUFFIXES)}."
        )
    return paths


def _read(path: Path, size: Sequence[int] | None) -> np.ndarray:
    try:
        with Image.open(path) as file:
            file.load()
            image = file if file.mode in KEPT_MODES else _converted(file, path)
            return _pixels(image, size)
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(
            f"{path} must be an image. Got a file that is none."
        ) from error


def _converted(image: Image.Image, path: Path) -> Image.Image:
    """An image of another mode in one whose pixels are numbers of 8 or 16 bits."""
    if image.mode == "F":
        raise ValueError(
            f"{path} must hold whole numbers. Got an image of floats. Convert it first."
        )
    if image.mode == "I;16B":
        pixels = np.asarray(image).astype(np.uint16)
        return Image.fromarray(pixels)
    if image.mode.startswith("I"):
        pixels = np.asarray(image)
        most = np.iinfo(np.uint16).max
        if pixels.min() < 0 or pixels.max() > most:
            raise ValueError(
                f"{path} must hold numbers from 0 to {most}. Got {pixels.min()} to "
                f"{pixels.max()}. Convert it first."
            )
        return Image.fromarray(pixels.astype(np.uint16))
    return image.convert("L" if image.mode in ("1", "LA") else "RGB")


def _pixels(image: Any, size: Sequence[int] | None) -> np.ndarray:
    """One image as an array (h, w) or (h, w, c), of the wanted size."""
    if is_tensor(image):
        image = image.detach().cpu().numpy()
        if image.ndim == 3:
            image = np.moveaxis(image, 0, 2)
    elif is_picture(image) and image.mode not in KEPT_MODES:
        image = _converted(image, Path("An image"))
    height_and_width = (
        (image.height, image.width) if is_picture(image) else np.shape(image)[:2]
    )
    if size is not None and tuple(size) != tuple(height_and_width):
        resized = to_picture(image).resize((size[1], size[0]), Image.Resampling.LANCZOS)
        return np.asarray(resized)
    pixels = np.asarray(image)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return pixels


def _pair(item: Any, index: int) -> tuple[Any, Any]:
    if not isinstance(item, tuple | list) or len(item) < 2:
        raise ValueError(
            "Items of `source` must be pairs of an image and a label. Got a "
            f"{type(item).__name__} at position {index}."
        )
    return item[0], item[1]


def _alike(images: list[np.ndarray]) -> np.ndarray:
    """Images as one array: grey ones among coloured ones become coloured."""
    if len({image.ndim for image in images}) > 1:
        images = [
            image if image.ndim == 3 else np.repeat(image[..., None], COLOUR, axis=2)
            for image in images
        ]
    if len({image.dtype for image in images}) > 1:
        raise ValueError(
            "Images must have one depth. Got some of "
            f"{' and some of '.join(sorted({str(image.dtype) for image in images}))}. "
            "Convert them first."
        )
    return np.stack(images)
