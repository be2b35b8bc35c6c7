"""Display of the distances between synthetic rows and training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gan_augment.metrics.columns import as_matrices
from gan_augment.metrics.privacy import closest_distances
from gan_augment.plotting.canvas import REAL_COLOR, SYNTHETIC_COLOR, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ClosestRecordDisplay:
    """Distances of synthetic and of unseen real rows to the closest training row.

    The display has two distribution functions. If that of the synthetic rows is far to
    the left of the other one, the synthetic rows repeat training rows; if it is to the
    right, they are far from the data.

    Parameters
    ----------
    holdout : ndarray of shape (n_holdout,)
        Distances of the hold-out rows to their closest training rows.
    synthetic : ndarray of shape (n_synthetic,)
        Distances of the synthetic rows.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure that holds them.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.plotting import ClosestRecordDisplay
    >>> train, holdout = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> display = ClosestRecordDisplay.from_tables(train, holdout, train + 0.01)
    >>> bool(np.median(display.synthetic) < np.median(display.holdout))
    True
    """

    ax_: Axes
    figure_: Figure

    def __init__(self, holdout: np.ndarray, synthetic: np.ndarray) -> None:
        self.holdout = holdout
        self.synthetic = synthetic

    @classmethod
    def from_tables(
        cls,
        train: Any,
        holdout: Any,
        synthetic: Any,
        *,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the distances of two tables to the training rows.

        Parameters
        ----------
        train : {DataFrame, array-like} of shape (n_train, n_features)
            Real rows that the generator was trained on. Frames are encoded by
            :func:`~gan_augment.metrics.encode_rows`, arrays are used as they are,
            images as rows of pixels.
        holdout : {DataFrame, array-like} of shape (n_holdout, n_features)
            Real rows of the same class that it was not trained on.
        synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
            Synthetic rows.
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``Axes.ecdf``.

        Returns
        -------
        display : ClosestRecordDisplay
            With the curves drawn.

        Raises
        ------
        ValueError
            If a set is empty, or the columns differ.
        """
        train, holdout, synthetic = as_matrices(
            train=train, holdout=holdout, synthetic=synthetic
        )
        distances = (closest_distances(train, rows) for rows in (holdout, synthetic))
        return cls(*distances).plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``Axes.ecdf``.

        Returns
        -------
        self : ClosestRecordDisplay
            The display.
        """
        ax = axes_for(self, ax)
        for distances, color, name in (
            (self.holdout, REAL_COLOR, "unseen real rows"),
            (self.synthetic, SYNTHETIC_COLOR, "synthetic rows"),
        ):
            ax.ecdf(distances, **{"color": color, "label": name} | kwargs)
        ax.set(xlabel="distance to the closest training row", ylabel="share of rows")
        ax.legend()
        return self
