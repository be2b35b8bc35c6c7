"""Lists of PIL images and torch tensors as arrays, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from PIL.Image import Image

# Modes of Pillow whose pixels are numbers, and the number of channels of each.
MODES = {"1": 1, "L": 1, "I;16": 1, "I;16B": 1, "LA": 2, "RGB": 3, "RGBA": 4}
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
# Cells of a column that are looked at for names of files.
N_CELLS = 100


def is_picture(value: Any) -> bool:
    """Whether something is a PIL image."""
    return hasattr(value, "getbands") and hasattr(value, "tobytes")


def is_tensor(value: Any) -> bool:
    """Whether something is a torch tensor; torch is not loaded to find out."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(
        value, "numpy"
    )


def pictures_to_array(X: Any) -> Any:
    """Give a list of PIL images, or a tensor, as an array; all else as it is.

    Parameters
    ----------
    X : object
        A list of PIL images of one size and one mode, or a torch tensor.

    Returns
    -------
    X : object
        An array of shape (n, h, w) or (n, h, w, c), if it was a list of PIL images; an
        array of the same shape, if it was a tensor.

    Raises
    ------
    ValueError
        If PIL images have several sizes or modes, or a mode whose pixels are no
        numbers.

    Examples
    --------
    >>> from PIL import Image
    >>> from gan_augment.encoding.pictures import pictures_to_array
    >>> pictures_to_array([Image.new("RGB", (32, 24))] * 2).shape
    (2, 24, 32, 3)
    """
    if is_tensor(X):
        return X.detach().cpu().numpy()
    if not holds_pictures(X):
        return X
    others = [type(image).__name__ for image in X if not is_picture(image)]
    if others:
        raise ValueError(
            f"`X` must hold PIL images only. Got a {others[0]} among them. Convert it."
        )
    check_alike(
        ((image.height, image.width) for image in X),
        "Read them with gan_augment.images.load_images(..., size=(h, w)), which "
        "resizes them.",
    )
    modes = Counter(image.mode for image in X)
    if len(modes) > 1 or not set(modes) <= set(MODES):
        raise ValueError(
            f"PIL images must have one mode of {', '.join(MODES)}. Got "
            f"{', '.join(f'{mode} ({n})' for mode, n in modes.most_common())}. Convert "
            "them, for example with image.convert('RGB')."
        )
    return np.stack([np.asarray(image) for image in X])


def stack_pictures(X: Any, rows: np.ndarray) -> Any:
    """Put new images below a list of PIL images or a tensor, as the same.

    Parameters
    ----------
    X : object
        What was given to :func:`pictures_to_array`.
    rows : ndarray
        New images in the layout that it returned.

    Returns
    -------
    stacked : list of PIL images or Tensor
        The images of `X` as they are, and then the new ones.
    """
    if is_tensor(X):
        out = X.new_empty((len(X) + len(rows), *X.shape[1:]))
        out[: len(X)] = X
        out[len(X) :] = X.new_tensor(rows.tolist() if not rows.size else rows)
        return out
    return [*X, *(to_picture(image) for image in rows)]


def holds_pictures(X: Any) -> bool:
    """Whether something is a list of PIL images."""
    return isinstance(X, list | tuple) and len(X) > 0 and is_picture(X[0])


def to_picture(image: Any) -> Image:
    """Give one image as a PIL image, without a change of a pixel.

    Parameters
    ----------
    image : array-like of shape (h, w), (h, w, c) or (c, h, w), or PIL image
        One image of 1 to 4 channels, of uint8 or bool; or grey, of uint16.

    Returns
    -------
    image : Image
        The PIL image.

    Raises
    ------
    ValueError
        If Pillow has no mode for it.
    """
    from PIL import Image

    if is_picture(image):
        return image
    pixels = np.asarray(image)
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 2, 3, 4):
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    deep = pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2 and pixels.ndim == 2
    if not deep and (
        pixels.dtype not in (np.uint8, np.bool_)
        or pixels.ndim not in (2, 3)
        or (pixels.ndim == 3 and pixels.shape[2] > 4)
    ):
        raise ValueError(
            "An image that is written must be of uint8 with 1 to 4 channels, or grey "
            f"and of uint16. Got shape {pixels.shape} of {pixels.dtype}. Convert it "
            "first."
        )
    return Image.fromarray(np.ascontiguousarray(pixels.astype(pixels.dtype.name)))


def check_alike(sizes: Iterable[Sequence[int]], advice: str) -> None:
    """Raise a ValueError if images have several sizes (height, width)."""
    counts = Counter(tuple(size) for size in sizes)
    if len(counts) > 1:
        shown = ", ".join(f"{h}x{w} ({n})" for (h, w), n in counts.most_common(5))
        raise ValueError(f"Images must have one size. Got {shown}. {advice}")


def check_no_file_names(X: Any) -> None:
    """Raise a ValueError if a column of a table holds names of image files.

    Parameters
    ----------
    X : object
        A DataFrame, an array or anything else, which passes.

    Raises
    ------
    ValueError
        Names the column and shows a file.
    """
    if isinstance(X, pd.DataFrame):
        columns = ((repr(name), X[name]) for name in X.columns)
    elif isinstance(X, np.ndarray) and X.dtype.kind in "OU" and X.ndim in (1, 2):
        table = X.reshape(len(X), -1)
        columns = ((str(at), pd.Series(table[:, at])) for at in range(table.shape[1]))
    else:
        return
    for name, column in columns:
        if column.dtype.kind not in "OUT" and not isinstance(
            column.dtype, pd.StringDtype | pd.CategoricalDtype
        ):
            continue
        cells = column.head(N_CELLS).dropna().tolist()
        if cells and all(_is_file_name(cell) for cell in cells):
            raise ValueError(
                f"`X` must hold pixels or values. Got names of image files in column "
                f"{name}, such as {str(cells[0])!r}. Read the images with "
                "gan_augment.images.load_images, or drop the column."
            )


def _is_file_name(cell: Any) -> bool:
    return (isinstance(cell, str) or hasattr(cell, "__fspath__")) and str(
        cell
    ).lower().endswith(SUFFIXES)
