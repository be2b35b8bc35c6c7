"""Figures of a fit: its training curves, and synthetic rows beside real ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import to_frame
from gan_augment.encoding.identifiers import find_identifiers
from gan_augment.plotting import (
    MarginalsDisplay,
    ProjectionDisplay,
    TrainingCurvesDisplay,
)
from gan_augment.plotting.canvas import detached_figure

MOST_COLUMNS = 12


def fit_figures(
    sampler: Any,
    X: Any,
    classes: np.ndarray,
    synthetic: Any,
    synthetic_classes: np.ndarray,
) -> Iterator[tuple[str, Any]]:
    """Figures of a fit, each with a name.

    Parameters
    ----------
    sampler : GANOverSampler
        The fitted over-sampler.
    X : {DataFrame, array-like, sparse matrix} of shape (n_real, n_features)
        Training rows.
    classes : ndarray of shape (n_real,)
        Their classes.
    synthetic : {DataFrame, array-like, sparse matrix}
        Synthetic rows, of shape (n_synthetic, n_features). Of images, the curves are
        the only figure here.
    synthetic_classes : ndarray of shape (n_synthetic,)
        Their classes. Real rows of other classes are not compared.
    """
    if "step" in sampler.history_:
        figure = detached_figure(6, 4)
        TrainingCurvesDisplay.from_estimator(sampler, ax=figure.subplots())
        yield "training_curves", figure
    if np.ndim(X) != 2 or len(synthetic_classes) == 0:
        return
    compared = np.flatnonzero(np.isin(classes, np.unique(synthetic_classes)))
    real = to_frame(_safe_indexing(X, compared)).reset_index(drop=True)
    drawn = to_frame(synthetic).reset_index(drop=True)
    named = find_identifiers(to_frame(X))  # nobody's number belongs into a figure
    real, drawn = (rows.drop(columns=named) for rows in (real, drawn))
    n_columns = min(real.shape[1], MOST_COLUMNS)
    figure = detached_figure(3 * min(n_columns, 4), 0.6 + 2.3 * -(-n_columns // 4))
    MarginalsDisplay.from_tables(real, drawn, max_columns=MOST_COLUMNS, figure=figure)
    yield "marginals", figure
    if len(real) > 1:
        figure = detached_figure(6, 5)
        axes = figure.subplots()
        ProjectionDisplay.from_tables(real, drawn, random_state=0, ax=axes)
        yield "projection", figure
