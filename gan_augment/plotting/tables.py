"""Displays of real and synthetic tables: single columns, and a projection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.decomposition import PCA

from gan_augment.metrics.columns import as_matrices, is_numeric, plain_frames
from gan_augment.metrics.marginals import marginal_distances
from gan_augment.plotting.canvas import (
    REAL_COLOR,
    SYNTHETIC_COLOR,
    axes_for,
    label,
    label_dates,
    new_figure,
)
from gan_augment.seeding import RandomState, make_rng

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Levels of a category that have a bar; the rest share one.
MAX_BARS = 8
# Most bins of a histogram.
MAX_BINS = 30
# Most characters of a name that has the distance beside it rather than below.
LONGEST_BESIDE = 10


class MarginalsDisplay:
    """Distribution of each column in real and in synthetic rows.

    Numeric columns are shown as histograms over the middle 99 % of both kinds of rows,
    with the shares of missing values (real / synthetic) below them. All other columns
    are shown by the shares of their levels. The title of each plot has the distance;
    the columns with the largest distance come first.

    Parameters
    ----------
    real : DataFrame of shape (n_real, n_features)
        Real rows.
    synthetic : DataFrame of shape (n_synthetic, n_features)
        Synthetic rows.
    distances : DataFrame
        Result of :func:`~gan_augment.metrics.marginal_distances` for these rows.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        One for each column.
    figure_ : matplotlib Figure
        Figure that holds them.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.plotting import MarginalsDisplay
    >>> real = pd.DataFrame({"age": [20, 30, 40, 50], "job": ["a", "a", "b", "b"]})
    >>> display = MarginalsDisplay.from_tables(real, real.iloc[:3])
    >>> [axes.get_title() for axes in display.axes_]
    ['age (KS 0.25)', 'job (TV 0.17)']
    """

    axes_: list[Any]
    figure_: Figure

    def __init__(
        self, real: pd.DataFrame, synthetic: pd.DataFrame, distances: pd.DataFrame
    ) -> None:
        self.real = real
        self.synthetic = synthetic
        self.distances = distances

    @classmethod
    def from_tables(
        cls,
        real: Any,
        synthetic: Any,
        *,
        columns: Sequence[Any] | None = None,
        max_columns: int = 12,
        figure: Figure | None = None,
    ) -> Self:
        """Draw the columns of two tables.

        Parameters
        ----------
        real : {DataFrame, array-like} of shape (n_real, n_features)
            Real rows.
        synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
            Synthetic rows.
        columns : sequence, default=None
            Names of the columns to draw. If None, draw those with the largest distance.
        max_columns : int, default=12
            Largest number of columns if `columns` is None.
        figure : matplotlib Figure, default=None
            Where to draw. If None, make a new figure.

        Returns
        -------
        display : MarginalsDisplay
            With the columns drawn.

        Raises
        ------
        ValueError
            If the columns differ, or a table has no rows.
        """
        real, synthetic = (pd.DataFrame(rows) for rows in (real, synthetic))
        distances = marginal_distances(real, synthetic)
        if columns is None:
            order = np.argsort(-distances["distance"].to_numpy(), kind="stable")
            chosen = order[:max_columns]
        else:
            chosen = real.columns.get_indexer_for(list(columns))
        return cls(
            real.iloc[:, chosen], synthetic.iloc[:, chosen], distances.iloc[chosen]
        ).plot(figure)

    def plot(self, figure: Figure | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        figure : matplotlib Figure, default=None
            Where to draw. If None, make a new figure.

        Returns
        -------
        self : MarginalsDisplay
            The display.
        """
        n_columns = self.real.shape[1]
        n_across = min(n_columns, 4)
        n_down = -(-n_columns // n_across)
        if figure is None:
            figure = new_figure(figsize=(3 * n_across, 2.3 * n_down + 0.4))
        grid = figure.subplots(n_down, n_across, squeeze=False).ravel()
        for unused in grid[n_columns:]:
            unused.remove()
        self.figure_, self.axes_ = figure, list(grid[:n_columns])
        plain = plain_frames(self.real, self.synthetic)
        for position, ax in enumerate(self.axes_):
            pair = [frame.iloc[:, position] for frame in plain]
            self._draw_column(ax, position, *pair)
        handles, names = self.axes_[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=2)
        return self

    def _draw_column(
        self, ax: Axes, position: int, real: pd.Series, synthetic: pd.Series
    ) -> None:
        measure, distance = self.distances.iloc[position]
        name = label(self.real.columns[position])
        # A long name would run into its neighbour, or out of the figure.
        between = "\n" if len(name) > LONGEST_BESIDE else " "
        title = f"{name}{between}({measure} {distance:.2f})"
        ax.set_title(title, fontsize="medium")
        ax.tick_params(labelsize="small")
        if is_numeric(real):
            _draw_histogram(ax, real, synthetic)
            if types.is_datetime64_any_dtype(self.real.dtypes.iloc[position]):
                label_dates(ax)
        else:
            _draw_bars(ax, real, synthetic)


def _draw_histogram(ax: Axes, real: pd.Series, synthetic: pd.Series) -> None:
    pooled = pd.concat([real, synthetic]).dropna().to_numpy()
    if len(pooled):
        edges = _edges(pooled)
        styles: list[dict[str, Any]] = [
            {"color": REAL_COLOR, "alpha": 0.45, "label": "real"},
            {"color": SYNTHETIC_COLOR, "histtype": "step", "linewidth": 1.8}
            | {"label": "synthetic"},
        ]
        for column, style in zip((real, synthetic), styles, strict=True):
            values = column.dropna().to_numpy()
            shares = np.full(len(values), 1 / max(len(column), 1))
            ax.hist(values, edges.tolist(), weights=shares, **style)
    missing = [column.isna().mean() for column in (real, synthetic)]
    if max(missing) > 0:
        text = f"missing: {missing[0]:.0%} / {missing[1]:.0%}"
        ax.set_xlabel(text, fontsize="small")


def _edges(values: np.ndarray) -> np.ndarray:
    """Edges of bins over the middle 99 % of the values."""
    low, high = np.quantile(values, [0.005, 0.995])
    if (values == np.round(values)).all():
        # As many whole numbers in each bin, or some would stand out.
        width = max(np.ceil((high - low + 1) / MAX_BINS), 1)
        return np.arange(np.floor(low), high + width + 1, width) - 0.5
    inside = values[(values >= low) & (values <= high)]
    return np.histogram_bin_edges(inside, bins=MAX_BINS)


def _draw_bars(ax: Axes, real: pd.Series, synthetic: pd.Series) -> None:
    shares = pd.DataFrame(
        {
            "real": real.fillna("missing").value_counts(normalize=True),
            "synthetic": synthetic.fillna("missing").value_counts(normalize=True),
        }
    ).fillna(0)
    shares = shares.loc[shares.sum(axis=1).sort_values(ascending=False).index]
    if len(shares) > MAX_BARS:
        rest = shares.iloc[MAX_BARS - 1 :]
        shares = shares.iloc[: MAX_BARS - 1]
        shares.loc[f"{len(rest)} others"] = rest.sum()
    places = np.arange(len(shares))
    ax.barh(places - 0.2, shares["real"], 0.4, color=REAL_COLOR, alpha=0.45)
    ax.barh(places + 0.2, shares["synthetic"], 0.4, color=SYNTHETIC_COLOR)
    for bars, name in zip(ax.containers, shares, strict=True):
        bars.set_label(name)
    ax.set_yticks(places, [label(level) for level in shares.index])
    ax.invert_yaxis()


class ProjectionDisplay:
    """Real and synthetic rows in the plane of the real rows' principal components.

    The display shows which synthetic rows are outside the real ones, and which regions
    of the real rows they miss. It does not show differences in other directions, which
    ``c2st`` measures.

    Parameters
    ----------
    real : ndarray of shape (n_real, 2)
        Coordinates of the real rows.
    synthetic : ndarray of shape (n_synthetic, 2)
        Coordinates of the synthetic rows.
    explained : ndarray of shape (2,)
        Shares of the real rows' variance on the two axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the rows.
    figure_ : matplotlib Figure
        Figure that holds them.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.plotting import ProjectionDisplay
    >>> real, synthetic = np.random.default_rng(0).normal(size=(2, 100, 4))
    >>> display = ProjectionDisplay.from_tables(real, synthetic)
    >>> display.real.shape
    (100, 2)
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self, real: np.ndarray, synthetic: np.ndarray, explained: np.ndarray
    ) -> None:
        self.real = real
        self.synthetic = synthetic
        self.explained = explained

    @classmethod
    def from_tables(
        cls,
        real: Any,
        synthetic: Any,
        *,
        max_rows: int = 1000,
        random_state: RandomState = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the rows of two tables.

        Parameters
        ----------
        real : {DataFrame, array-like} of shape (n_real, n_features)
            Real rows, at least 2. Frames are encoded by
            :func:`~gan_augment.metrics.encode_rows`, arrays are used as they are,
            images as rows of pixels.
        synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
            Synthetic rows.
        max_rows : int, default=1000
            Largest number of rows of each kind; the same number of each is drawn.
        random_state : int, RandomState instance or None, default=None
            Seed of the choice of rows.
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``Axes.scatter``.

        Returns
        -------
        display : ProjectionDisplay
            With the rows drawn.

        Raises
        ------
        ValueError
            If the columns differ, or there are fewer than 2 real rows.
        """
        real, synthetic = as_matrices(real=real, synthetic=synthetic)
        projection = PCA(min(2, real.shape[1]), svd_solver="full").fit(real)
        rng = make_rng(random_state)
        n_rows = min(len(real), len(synthetic), max_rows)
        planes = [np.zeros((n_rows, 2)) for _ in range(2)]
        for plane, rows in zip(planes, (real, synthetic), strict=True):
            chosen = rows[rng.permutation(len(rows))[:n_rows]]
            plane[:, : projection.n_components_] = projection.transform(chosen)
        explained = np.zeros(2)
        explained[: projection.n_components_] = projection.explained_variance_ratio_
        return cls(planes[0], planes[1], explained).plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, make a new figure.
        **kwargs : dict
            Passed to ``Axes.scatter``.

        Returns
        -------
        self : ProjectionDisplay
            The display.
        """
        ax = axes_for(self, ax)
        style = {"s": 12, "alpha": 0.6, "linewidths": 0} | kwargs
        of_real = {"color": REAL_COLOR, "label": "real", **style}
        of_synthetic = {"color": SYNTHETIC_COLOR, "label": "synthetic", "marker": "^"}
        ax.scatter(*self.real.T, **of_real)
        ax.scatter(*self.synthetic.T, **{**of_synthetic, **style})
        for axis, which, share in zip(
            "xy", ["1st", "2nd"], self.explained, strict=True
        ):
            ax.set(
                **{f"{axis}label": f"{which} component, {share:.0%} of the variance"}
            )
        ax.legend()
        return self
