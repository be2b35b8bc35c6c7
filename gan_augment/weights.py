"""Weights of resampled rows, and how a classifier takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from gan_augment.draws import Draw, check_real_rows_first


def draw_weights(
    draw: Draw, y: np.ndarray, weight: np.ndarray | None, synthetic_weight: float
) -> np.ndarray | None:
    """Weights of the rows of a draw; None where all have 1.

    Parameters
    ----------
    draw : Draw
        Real and synthetic rows.
    y : ndarray of shape (n_samples,)
        Classes of the real ones.
    weight : ndarray of shape (n_samples,) or None
        Their weights. A synthetic row has the mean of those of its class,
    synthetic_weight : float
        times this, and times its own weight in the draw.

    Returns
    -------
    weights : ndarray or None
        In the order of the rows.
    """
    if weight is None and draw.weight is None and synthetic_weight == 1:
        return None
    check_real_rows_first(draw.sampler, y, draw.y)
    real = np.ones(len(y)) if weight is None else weight
    synthetic = np.full(len(draw.y) - len(y), float(synthetic_weight))
    if draw.weight is not None:
        synthetic *= draw.weight
    labels = np.asarray(draw.y)[len(y) :]
    for label in np.unique(labels):
        synthetic[labels == label] *= real[y == label].mean()
    return np.concatenate([real, synthetic])


def takes_weights(classifier: Any) -> bool:
    """Whether a classifier, or the last step of a pipeline, takes sample_weight."""
    last = classifier.steps[-1][1] if isinstance(classifier, Pipeline) else classifier
    return has_fit_parameter(last, "sample_weight")


def as_fit_parameter(classifier: Any, weights: np.ndarray | None) -> dict[str, Any]:
    """Weights by the name that fit has for them: a pipeline wants that of a step."""
    if weights is None:
        return {}
    routes = get_config()["enable_metadata_routing"]
    if isinstance(classifier, Pipeline) and not routes:
        return {f"{classifier.steps[-1][0]}__sample_weight": weights}
    return {"sample_weight": weights}
