"""Weights of resampled rows, and how a classifier takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from gan_augment.classification.replicates import Draw, check_real_rows_first


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
    """Whether each row can be given a weight: what it is made of takes it, too.

    Of a pipeline that is the last step, unless the rows change on their way there, or
    weights are routed, which is for the user to request. A vote and a stack hand
    ``sample_weight`` on to their members, a search all parameters to its estimator.
    """
    if isinstance(classifier, Pipeline):
        *before, (_, last) = classifier.steps
        resampled = any(hasattr(step, "fit_resample") for _, step in before)
        return not resampled and not _routes() and takes_weights(last)
    if isinstance(classifier, BaseSearchCV):
        return not _routes() and takes_weights(classifier.estimator)
    if isinstance(classifier, VotingClassifier | StackingClassifier):
        members = _members(classifier)
        return not _routes() and all(
            takes_weights(member) and not _prefix(member) for member in members
        )
    inner = getattr(classifier, "estimator", None)
    if hasattr(inner, "fit") and (_routes() or not takes_weights(inner)):
        return False
    return has_fit_parameter(classifier, "sample_weight")


def has_method(classifier: Any, name: str) -> bool:
    """Whether a classifier has a method, or will have it once it is fitted.

    A stack without a final estimator takes a logistic regression, but only in fit.
    """
    last = _last(classifier)
    if isinstance(last, StackingClassifier) and last.final_estimator is None:
        return hasattr(LogisticRegression, name)
    return hasattr(classifier, name)


def check_predicts(classifier: Any) -> None:
    """Raise a ValueError if this is no classifier."""
    if not has_method(classifier, "predict"):
        raise ValueError(
            "`classifier` must have fit and predict. "
            f"Got {classifier!r}. Pass a classifier."
        )


def as_fit_parameter(classifier: Any, weights: np.ndarray | None) -> dict[str, Any]:
    """Weights by the name that fit has for them: a pipeline wants that of a step."""
    if weights is None:
        return {}
    return {f"{_prefix(classifier)}sample_weight": weights}


def _members(classifier: VotingClassifier | StackingClassifier) -> list[Any]:
    """What is trained inside a vote or a stack."""
    members = [member for _, member in classifier.estimators if member != "drop"]
    final = getattr(classifier, "final_estimator", None)
    return members if final is None else [*members, final]  # the default takes them


def _prefix(classifier: Any) -> str:
    """What names the last step, of a pipeline, or of one inside a search."""
    names = [name for name, _ in _inside(classifier) if name]
    return "".join(f"{name}__" for name in names) if not _routes() else ""


def _last(classifier: Any) -> Any:
    """The last step, of a pipeline, or of one inside a search."""
    for _, inner in _inside(classifier):
        classifier = inner
    return classifier


def _inside(classifier: Any) -> Iterator[tuple[str, Any]]:
    """Last steps by name, and estimators of searches without one, from outside in."""
    while isinstance(classifier, Pipeline | BaseSearchCV):
        if isinstance(classifier, Pipeline):
            name, classifier = classifier.steps[-1]
        else:
            name, classifier = "", classifier.estimator
        yield name, classifier


def _routes() -> bool:
    return get_config()["enable_metadata_routing"]
