"""Figures of a run: training curves, and synthetic rows beside real ones.

Figures are made without pyplot, which keeps a global state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import ks_2samp
from sklearn.decomposition import PCA
from sklearn.utils import _safe_indexing

from gan_augment.encoding import TableEncoder
from gan_augment.encoding.container import to_frame

MOST_COLUMNS = 12
MOST_LEVELS = 12
# Points of each kind in the projection, and rows that it is computed from.
MOST_POINTS = 1000
# In two colours that remain apart in grey and for the colour-blind.
REAL, SYNTHETIC = "#4477aa", "#ee8866"


def table_figures(
    X: Any, classes: np.ndarray, synthetic: Any, synthetic_classes: np.ndarray
) -> Iterator[tuple[str, Figure]]:
    """Figures of real rows beside synthetic ones, each with a name.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_real, n_features)
        Training rows.
    classes : ndarray of shape (n_real,)
        Their classes.
    synthetic : {DataFrame, array-like, sparse matrix}
        Synthetic rows, of shape (n_synthetic, n_features).
    synthetic_classes : ndarray of shape (n_synthetic,)
        Their classes.
    """
    # Only classes that were generated: the rest would be compared with nothing.
    chosen = np.flatnonzero(np.isin(classes, np.unique(synthetic_classes)))
    real = to_frame(_safe_indexing(X, chosen)).reset_index(drop=True)
    drawn = to_frame(synthetic).reset_index(drop=True)
    yield "marginals", marginals(real, drawn)
    yield "projection", projection(real, drawn)


def training_curves(history: Mapping[str, Sequence[float]]) -> Figure:
    """Losses and what else was measured, over the steps."""
    names = [name for name in history if name not in ("step", "seconds")]
    losses = [name for name in names if name.endswith("loss")]
    panels = [losses, *([name] for name in names if name not in losses)]
    figure, axes = _grid(len(panels))
    for axis, panel in zip(axes, panels, strict=True):
        for name in panel:
            axis.plot(history["step"], history[name], label=name.replace("_", " "))
        axis.set_xlabel("step")
        axis.set_title(panel[0].replace("_", " ") if len(panel) == 1 else "losses")
        if len(panel) > 1:
            axis.legend(frameon=False)
    return figure


def marginals(real: pd.DataFrame, synthetic: pd.DataFrame) -> Figure:
    """Distributions of the columns that differ most, at most twelve."""
    compared = {}
    for position, name in enumerate(real.columns):
        pair = real.iloc[:, position], synthetic.iloc[:, position]
        compared[name] = _compare(*(column.dropna() for column in pair))
    worst = sorted(compared, key=lambda name: -compared[name][0])[:MOST_COLUMNS]
    figure, axes = _grid(len(worst))
    for axis, name in zip(axes, worst, strict=True):
        difference, draw = compared[name]
        draw(axis)
        axis.set_title(f"{name} ({difference:.2f})", fontsize=9)
        axis.set_yticks([])
        axis.tick_params(labelsize=7)
    axes[0].legend(["real", "synthetic"], frameon=False, fontsize=8)
    figure.suptitle("Share of values, and the largest difference (0 to 1)", fontsize=10)
    return figure


def _compare(
    real: pd.Series, synthetic: pd.Series
) -> tuple[float, Callable[[Axes], None]]:
    """How far two columns differ, and what draws them."""
    if not (len(real) and len(synthetic)):
        return 0.0, lambda axis: None
    is_date = real.dtype.kind in "mM"
    is_number = pd.api.types.is_numeric_dtype(real) and real.dtype.kind != "b"
    if not (is_date or is_number):
        return _compare_levels(real, synthetic)
    frames = [column.to_frame() for column in (real, synthetic)]
    if is_date:  # as counts of the grid's steps, such as days
        encoder = TableEncoder().fit(pd.concat(frames, ignore_index=True))
        numbers = [encoder.to_numbers(frame).ravel() for frame in frames]
    else:
        numbers = [frame.to_numpy(dtype=float).ravel() for frame in frames]
    edges = np.histogram_bin_edges(np.concatenate(numbers), bins=30)

    def draw(axis: Axes) -> None:
        for values, colour in zip(numbers, (REAL, SYNTHETIC), strict=True):
            shares = np.histogram(values, edges)[0] / len(values)
            axis.stairs(shares, edges, fill=True, color=colour, alpha=0.6)
        if is_date:
            axis.set_xticks([])

    return float(ks_2samp(*numbers).statistic), draw


def _compare_levels(
    real: pd.Series, synthetic: pd.Series
) -> tuple[float, Callable[[Axes], None]]:
    shares = pd.concat(
        [
            column.astype(str).value_counts(normalize=True)
            for column in (real, synthetic)
        ],
        axis=1,
    ).fillna(0)
    shares.columns = ["real", "synthetic"]
    difference = (shares["real"] - shares["synthetic"]).abs().sum() / 2
    shown = shares.sort_values("real", ascending=False)[:MOST_LEVELS]

    def draw(axis: Axes) -> None:
        positions = np.arange(len(shown))
        axis.bar(positions - 0.2, shown["real"], 0.4, color=REAL)
        axis.bar(positions + 0.2, shown["synthetic"], 0.4, color=SYNTHETIC)
        names = [name if len(name) < 10 else f"{name[:8]}…" for name in shown.index]
        axis.set_xticks(positions, names, rotation=45, ha="right")

    return float(difference), draw


def projection(real: pd.DataFrame, synthetic: pd.DataFrame) -> Figure:
    """Both kinds of rows on the first two principal components of the real ones."""
    rng = np.random.default_rng(0)
    real, synthetic = (
        frame.iloc[rng.permutation(len(frame))[:MOST_POINTS]]
        for frame in (real, synthetic)
    )
    encoder = TableEncoder().fit(pd.concat([real, synthetic], ignore_index=True))
    encoded = [encoder.transform(frame, random_state=0) for frame in (real, synthetic)]
    figure = Figure(figsize=(6, 5), layout="tight")
    axis = figure.subplots()
    if min(len(encoded[0]), encoded[0].shape[1]) > 1:
        components = PCA(2, random_state=0).fit(encoded[0])
        for rows, colour, kind in zip(
            encoded, (REAL, SYNTHETIC), ("real", "synthetic"), strict=True
        ):
            points = components.transform(rows)
            axis.scatter(
                points[:, 0], points[:, 1], s=8, alpha=0.5, color=colour, label=kind
            )
        first, second = components.explained_variance_ratio_
        axis.set_xlabel(f"first component ({first:.0%} of the variance)")
        axis.set_ylabel(f"second component ({second:.0%})")
        axis.legend(frameon=False)
    return figure


def _grid(n_panels: int) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, three or four in a row."""
    n_columns = min(n_panels, 3 if n_panels <= 6 else 4)
    n_rows = -(-n_panels // n_columns)
    figure = Figure(figsize=(3.2 * n_columns, 2.6 * n_rows), layout="tight")
    axes = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
    for unused in axes[n_panels:]:
        unused.remove()
    return figure, axes[:n_panels]
