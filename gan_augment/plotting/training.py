"""Display of the training of a GAN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from sklearn.exceptions import NotFittedError

from gan_augment.plotting.canvas import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class TrainingCurvesDisplay:
    """Losses of a GAN over the steps of its training.

    Losses that become constant show that both networks are in balance, not that the
    rows are good: measure the rows for that. If the loss of the discriminator falls to
    0, the generator learns nothing more.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``step`` and the measures, with one entry for each epoch.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure that holds them.
    lines_ : list of matplotlib Line2D
        The curves.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.plotting import TrainingCurvesDisplay
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> gan = TabularGAN(max_steps=50, random_state=0).fit(X, y)
    >>> display = TrainingCurvesDisplay.from_estimator(gan)
    >>> [line.get_label() for line in display.lines_]
    ['discriminator loss', 'generator loss', 'gradient penalty']
    """

    ax_: Axes
    figure_: Figure

    def __init__(self, history: Mapping[str, Sequence[float]]) -> None:
        self.history = history

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Axes | None = None, **kwargs: Any
    ) -> Self:
        """Draw the training of a fitted over-sampler or GAN.

        Parameters
        ----------
        estimator : GANOverSampler, TabularGAN or another with ``history_``
            The fitted estimator.
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``Axes.plot``.

        Returns
        -------
        display : TrainingCurvesDisplay
            With the curves drawn.

        Raises
        ------
        NotFittedError
            If `estimator` has no history.
        """
        history = getattr(estimator, "history_", None)
        if not history:
            raise NotFittedError(
                "`estimator` must be fitted and have recorded its training in "
                f"`history_`. Got {estimator!r}. Call fit or fit_resample first."
            )
        return cls(history).plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``Axes.plot``.

        Returns
        -------
        self : TrainingCurvesDisplay
            The display.
        """
        ax = axes_for(self, ax)
        measures = [n for n in self.history if n.endswith(("loss", "penalty"))]
        self.lines_ = [
            ax.plot(
                self.history["step"],
                self.history[name],
                **{"label": name.replace("_", " "), **kwargs},
            )[0]
            for name in measures
        ]
        ax.set(xlabel="step", ylabel="mean of an epoch")
        ax.legend()
        return self
