"""What could be used instead of the classifier, without any over-sampling."""

from __future__ import annotations

from typing import Any

from imblearn.ensemble import BalancedRandomForestClassifier, EasyEnsembleClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    StackingClassifier,
)
from sklearn.pipeline import Pipeline

from gan_augment.classification import ResampledClassifier
from gan_augment.classification.vote import make_teacher, make_vote
from gan_augment.comparison.result import VOTE

RESAMPLED = "ResampledClassifier"


def make_ensembles() -> dict[str, Any]:
    """Name -> classifier that takes numbers, not fitted."""
    return {
        VOTE: make_vote(),
        "stack": StackingClassifier(make_vote().estimators, cv=3),
        "bagged boosting": BaggingClassifier(HistGradientBoostingClassifier(), 5),
        "balanced forest": BalancedRandomForestClassifier(),
        "EasyEnsemble": EasyEnsembleClassifier(),
    }


def alternatives(classifier: Any, *, everything: bool) -> dict[str, Any]:
    """Classifiers by name, each behind the preprocessing of this one, if it has one.

    Parameters
    ----------
    classifier : classifier
        What they are alternatives to.
    everything : bool
        Whether to give more than the vote of three.

    Returns
    -------
    found : dict of str to classifier
        Not fitted.
    """
    names = list(make_ensembles()) if everything else [VOTE]
    found = {}
    for name in names:
        *before, (step, _) = make_teacher(classifier).steps
        found[name] = Pipeline([*before, (step, make_ensembles()[name])])
    if everything:
        found[RESAMPLED] = ResampledClassifier(classifier)
    return found
