"""Folders of images, one of each class, as arrays, and back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from gan_augment.cli.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
MANIFEST = "manifest.csv"
# Modes whose pixels are numbers as they are; others are converted to colour.
KEPT_MODES = ("L", "RGB", "I;16")


@dataclass(frozen=True)
class ImageFolder:
    """Images of one size, and where they come from.

    Parameters
    ----------
    images : ndarray of shape (n, h, w) or (n, h, w, 3)
        Pixels, as uint8 or uint16.
    labels : ndarray of shape (n,)
        Names of their folders.
    paths : list of Path
        Their files.
    """

    images: np.ndarray
    labels: np.ndarray
    paths: list[Path]


def read_folder(folder: Path, size: tuple[int, int] | None = None) -> ImageFolder:
    """Read a folder that has a folder of images for each class.

    Parameters
    ----------
    folder : Path
        Such as ``torchvision.datasets.ImageFolder`` reads.
    size : tuple of int, default=None
        Height and width that every image is brought to. If None, all must have one.

    Returns
    -------
    found : ImageFolder
        In the order of their names.

    Raises
    ------
    UserError
        If there are no classes, an image cannot be read, or sizes differ.
    """
    if not folder.is_dir():
        raise UserError(f"FOLDER must be a directory. Got {str(folder)!r}.")
    paths = [
        path
        for of_class in sorted(each for each in folder.iterdir() if each.is_dir())
        for path in sorted(of_class.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    labels = np.array([path.relative_to(folder).parts[0] for path in paths])
    if len(set(labels)) < 2:
        raise UserError(
            "FOLDER must have a folder of images for each of at least two classes. Got "
            f"{len(set(labels))} in {str(folder)!r}. Images end in "
            f"{', '.join(SUFFIXES)}."
        )
    images = [_read(path, size) for path in paths]
    sizes = Counter(image.shape[:2] for image in images)
    if len(sizes) > 1:
        shown = ", ".join(f"{h}x{w} ({n})" for (h, w), n in sizes.most_common(5))
        raise UserError(
            f"Images must have one size. Got {shown}. Pass --size, such as --size "
            f"{sizes.most_common(1)[0][0][0]}."
        )
    if len({image.ndim for image in images}) > 1:  # grey ones among coloured ones
        images = [
            image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
            for image in images
        ]
    kinds = {image.dtype for image in images}
    if len(kinds) > 1:
        raise UserError(
            "Images must have one depth. Got some of 8 and some of 16 bits. Convert "
            "them first."
        )
    return ImageFolder(np.stack(images), labels, paths)


def write_images(images: np.ndarray, paths: list[Path]) -> None:
    """Write images as PNG, which loses nothing; folders are made."""
    for image, path in zip(images, paths, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def _read(path: Path, size: tuple[int, int] | None) -> np.ndarray:
    try:
        with Image.open(path) as file:
            is_kept = file.mode in KEPT_MODES
            image = file.copy() if is_kept else file.convert(_mode(file.mode))
    except (UnidentifiedImageError, OSError) as error:
        raise UserError(f"{path} must be an image. Got a file that is none.") from error
    if size is not None and (image.height, image.width) != size:
        image = image.resize(size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(image)


def _mode(mode: str) -> str:
    """The mode of Pillow that holds an image's pixels as numbers."""
    if mode.startswith("I"):
        return "I;16"
    return "L" if mode in ("1", "LA") else "RGB"
