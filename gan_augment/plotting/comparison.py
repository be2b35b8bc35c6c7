"""Displays of a comparison: gains with their intervals, and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import pandas as pd
from sklearn.calibration import CalibrationDisplay

from gan_augment.metrics.scores import LESS_IS_BETTER
from gan_augment.plotting.canvas import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BETTER_COLOR, WORSE_COLOR, OPEN_COLOR = "tab:green", "tab:red", "tab:gray"


class ComparedArms(Protocol):
    """What the displays need of a :class:`~gan_augment.comparison.Comparison`."""

    @property
    def calibration(self) -> pd.DataFrame:
        """Reliability bins of every arm."""

    @property
    def baseline(self) -> str:
        """Name of the arm that all others are compared with."""

    @property
    def best(self) -> str:
        """The sampler with the largest mean gain."""

    def differences(self, metric: str) -> pd.DataFrame:
        """Paired differences from the baseline, a row an arm."""


class ComparisonDisplay:
    """Paired differences of every arm from the baseline, with their intervals.

    An arm is green if its whole interval is better than the baseline, red if it is
    worse, and grey if there is no evidence of either.

    Parameters
    ----------
    differences : DataFrame
        One row for each arm: ``difference``, ``low`` and ``high``.
    metric : str
        Name of the score.
    less_is_better : bool, default=False
        Whether a difference below 0 is a gain.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the intervals.
    figure_ : matplotlib Figure
        Figure that holds them.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.plotting import ComparisonDisplay
    >>> differences = pd.DataFrame(
    ...     {"difference": [0.02, 0.0], "low": [0.01, -0.01], "high": [0.03, 0.01]},
    ...     index=["GAN", "SMOTE"],
    ... )
    >>> display = ComparisonDisplay(differences, "average_precision").plot()
    >>> display.ax_.get_xlabel()
    'difference in average precision'
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self, differences: pd.DataFrame, metric: str, *, less_is_better: bool = False
    ) -> None:
        self.differences = differences
        self.metric = metric
        self.less_is_better = less_is_better

    @classmethod
    def from_comparison(
        cls,
        comparison: ComparedArms,
        *,
        metric: str = "average_precision",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the result of :func:`~gan_augment.compare`.

        Parameters
        ----------
        comparison : Comparison
            Result of :func:`~gan_augment.compare`.
        metric : str, default="average_precision"
            A column of its ``frame``.
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.

        Returns
        -------
        display : ComparisonDisplay
            With the intervals drawn.

        Raises
        ------
        ValueError
            If `metric` is not a column of ``frame``.
        """
        differences = comparison.differences(metric).drop(index=comparison.baseline)
        less_is_better = metric.removeprefix("uncorrected_") in LESS_IS_BETTER
        return cls(differences, metric, less_is_better=less_is_better).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.

        Returns
        -------
        self : ComparisonDisplay
            The display.
        """
        ax = axes_for(self, ax)
        ordered = self.differences.sort_values(
            "difference", ascending=not self.less_is_better, na_position="first"
        ).iloc[::-1]
        middle, low, high = ordered[["difference", "low", "high"]].to_numpy(float).T
        better, worse = low > 0, high < 0
        if self.less_is_better:
            better, worse = worse, better
        colors = np.select(
            [better, worse], [BETTER_COLOR, WORSE_COLOR], default=OPEN_COLOR
        ).tolist()
        places = np.arange(len(ordered))
        ax.hlines(places, low, high, color=colors, linewidth=2)
        ax.scatter(middle, places, color=colors, zorder=3)
        ax.axvline(0, color="black", linewidth=1)
        ax.margins(y=0.15)
        ax.set_yticks(places, [str(arm).replace("$", r"\$") for arm in ordered.index])
        ax.invert_yaxis()
        note = " (less is better)" if self.less_is_better else ""
        name = self.metric.replace("_", " ")
        ax.set_xlabel(f"difference in {name}{note}")
        return self


class CalibrationCurvesDisplay:
    """Calibration of an arm before and after its probabilities are corrected.

    Over-sampling changes the probabilities of the rare class; the correction of the
    class prior reverses this. On the diagonal, the predicted probability equals the
    observed share of the class. Each curve is drawn by scikit-learn's
    ``CalibrationDisplay``.

    Parameters
    ----------
    curves : dict of str to DataFrame
        Name -> ``predicted`` and ``observed``, one row for each bin.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure that holds them.
    displays_ : list of CalibrationDisplay
        scikit-learn's displays, one for each curve.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.plotting import CalibrationCurvesDisplay
    >>> curve = pd.DataFrame({"predicted": [0.1, 0.9], "observed": [0.2, 0.8]})
    >>> display = CalibrationCurvesDisplay({"nothing": curve}).plot()
    >>> len(display.displays_)
    1
    """

    ax_: Axes
    figure_: Figure

    def __init__(self, curves: dict[str, pd.DataFrame]) -> None:
        self.curves = curves

    @classmethod
    def from_comparison(
        cls,
        comparison: ComparedArms,
        *,
        arm: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the baseline, and an arm before and after the correction.

        Parameters
        ----------
        comparison : Comparison
            Result of :func:`~gan_augment.compare` with two classes.
        arm : str, default=None
            One of its samplers. If None, use the best.
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``CalibrationDisplay.plot``.

        Returns
        -------
        display : CalibrationCurvesDisplay
            With the curves drawn.

        Raises
        ------
        ValueError
            If `arm` has no calibration.
        """
        arm = comparison.best if arm is None else arm
        bins = comparison.calibration
        known = bins["arm"].unique().tolist() if len(bins) else []
        if arm not in known:
            raise ValueError(f"`arm` must be one of {known}. Got {arm!r}.")
        before, after = (
            bins[(bins["arm"] == arm) & (bins["correction"] == correction)]
            for correction in ("before", "after")
        )
        baseline = comparison.baseline
        plain = bins[(bins["arm"] == baseline) & (bins["correction"] == "before")]
        curves = {baseline: plain, arm: before, f"{arm}, corrected": after}
        return cls(curves).plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``CalibrationDisplay.plot``.

        Returns
        -------
        self : CalibrationCurvesDisplay
            The display.
        """
        ax = axes_for(self, ax)
        self.displays_ = [
            CalibrationDisplay(
                curve["observed"].to_numpy(), curve["predicted"].to_numpy(), None
            ).plot(ax=ax, name=name, **kwargs)
            for name, curve in self.curves.items()
        ]
        # Below the diagonal are the curves of overstated probabilities.
        ax.legend(loc="upper left")
        ax.set(xlabel="predicted probability", ylabel="observed share")
        return self
