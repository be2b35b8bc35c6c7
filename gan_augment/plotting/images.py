"""Real and synthetic images side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gan_augment.plotting.canvas import new_figure
from gan_augment.seeding import RandomState, make_rng

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Images in a line of the grid.
N_ACROSS = 8


class ImageGridDisplay:
    """Rows of real images above rows of synthetic images, both chosen at random.

    Parameters
    ----------
    real : ndarray of shape (n_images, height, width) or (n_images, height, width, 3)
        Real images, from 0 (black) to 1.
    synthetic : ndarray of shape (n_images, height, width) or with colours
        Synthetic images.

    Attributes
    ----------
    axes_ : ndarray of shape (2,)
        Axes of the real and of the synthetic images.
    figure_ : matplotlib Figure
        Figure that holds them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from gan_augment.plotting import ImageGridDisplay
    >>> images = load_digits().images
    >>> display = ImageGridDisplay.from_images(images[:99], images[99:], random_state=0)
    >>> display.real.shape
    (16, 8, 8)
    """

    axes_: Any
    figure_: Figure

    def __init__(self, real: np.ndarray, synthetic: np.ndarray) -> None:
        self.real = real
        self.synthetic = synthetic

    @classmethod
    def from_images(
        cls,
        real: np.ndarray,
        synthetic: np.ndarray,
        *,
        n_images: int = 16,
        random_state: RandomState = None,
        figure: Figure | None = None,
    ) -> Self:
        """Draw images of two arrays.

        Parameters
        ----------
        real : ndarray of shape (n, h, w), (n, h, w, channels) or (n, channels, h, w)
            Real images, of any scale.
        synthetic : ndarray of the same form
            Synthetic images, of the same scale.
        n_images : int, default=16
            Largest number of images of each kind.
        random_state : int, RandomState instance or None, default=None
            Seed of the choice of images.
        figure : matplotlib Figure, default=None
            Where to draw. If None, make a new figure.

        Returns
        -------
        display : ImageGridDisplay
            With the images drawn.

        Raises
        ------
        ValueError
            If the arrays have other than three or four dimensions, other than one or
            three channels, or not the same form.
        """
        real, synthetic = (_channels_last(images) for images in (real, synthetic))
        if real.shape[1:] != synthetic.shape[1:]:
            raise ValueError(
                "`real` and `synthetic` must be images of the same form. Got "
                f"{real.shape[1:]} and {synthetic.shape[1:]}. Resize one of them."
            )
        rng = make_rng(random_state)
        low, high = float(real.min()), float(real.max())
        chosen = (
            images[rng.permutation(len(images))[:n_images]]
            for images in (real, synthetic)
        )
        return cls(
            *(np.clip((images - low) / (high - low or 1), 0, 1) for images in chosen)
        ).plot(figure)

    def plot(self, figure: Figure | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        figure : matplotlib Figure, default=None
            Where to draw. If None, make a new figure.

        Returns
        -------
        self : ImageGridDisplay
            The display.
        """
        figure = new_figure(figsize=(8, 4.6)) if figure is None else figure
        self.figure_, self.axes_ = figure, figure.subplots(2, 1)
        kinds = {"real": self.real, "synthetic": self.synthetic}
        for ax, (name, images) in zip(self.axes_, kinds.items(), strict=True):
            ax.imshow(_tiled(images), cmap="gray", vmin=0, vmax=1)
            ax.set_title(name, loc="left")
            ax.set_axis_off()
        return self


def _channels_last(images: Any) -> np.ndarray:
    """Images as floats, grey ones without channels."""
    images = np.asarray(images, dtype=np.float64)
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[3] not in (1, 3):
        images = np.moveaxis(images, 1, -1)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(
            "Images must be an array of shape (n, height, width), or have 1 or 3 "
            f"channels besides, last or second. Got {images.shape}. Reshape them."
        )
    return images


def _tiled(images: np.ndarray) -> np.ndarray:
    """One picture of all images, row by row, with a white margin."""
    n_down = -(-len(images) // N_ACROSS)
    framed = np.ones((n_down * N_ACROSS, *(np.array(images.shape[1:3]) + 2)))
    if images.ndim == 4:
        framed = np.repeat(framed[..., None], images.shape[3], axis=3)
    framed[: len(images), 1:-1, 1:-1] = images
    height, width = framed.shape[1:3]
    grid = framed.reshape(n_down, N_ACROSS, height, width, -1).swapaxes(1, 2)
    return np.squeeze(grid.reshape(n_down * height, N_ACROSS * width, -1))
