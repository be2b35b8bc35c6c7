"""The arms of a comparison: what is trained on every fold, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone

from gan_augment.classification import ResampledClassifier
from gan_augment.classification.prior import default_strategy
from gan_augment.classification.weights import has_method
from gan_augment.comparison.baselines import ImputedSMOTE
from gan_augment.comparison.result import NOTHING, TUNED, WEIGHTS
from gan_augment.over_sampling import GANOverSampler


def named_samplers(samplers: Any) -> dict[str, Any]:
    """Samplers by name, the default ones for a word; a ValueError for anything else."""
    if isinstance(samplers, str) and samplers in ("default", "all"):
        return _default_samplers()
    named = isinstance(samplers, Mapping) and len(samplers) > 0
    if not named or not all(hasattr(s, "fit_resample") for s in samplers.values()):
        raise ValueError(
            '`samplers` must be "default", "all" or a dict of names and samplers, '
            f"which have fit_resample. Got {samplers!r}. Name each, such as "
            '{"SMOTE": SMOTE()}.'
        )
    return dict(samplers)


def _default_samplers() -> dict[str, Any]:
    return {
        "random over-sampling": RandomOverSampler(sampling_strategy=default_strategy),
        "random under-sampling": RandomUnderSampler(sampling_strategy=_reduced),
        "SMOTE": ImputedSMOTE(sampling_strategy=default_strategy),
        "GAN": GANOverSampler(sampling_strategy=default_strategy),
    }


def _reduced(y: Any) -> dict[Any, int]:
    """Rows of each class when the common ones are cut to the ratio of the others."""
    classes, counts = np.unique(y, return_counts=True)
    raised = default_strategy(y)
    ratio = max(raised.values(), default=counts.max()) / counts.max()
    kept = np.minimum(counts, int(counts.min() / ratio))
    return dict(zip(classes.tolist(), kept.tolist(), strict=True))


def named_classifiers(classifiers: Any, samplers: dict[str, Any]) -> dict[str, Any]:
    """Other classifiers by name; a ValueError for anything else."""
    named = isinstance(classifiers, Mapping)
    if not named or not all(
        has_method(c, "predict_proba") for c in classifiers.values()
    ):
        raise ValueError(
            "`classifiers` must be a dict of names and classifiers that have "
            f"predict_proba. Got {classifiers!r}. Name each, such as "
            '{"forest": RandomForestClassifier()}.'
        )
    taken = {NOTHING, TUNED, WEIGHTS, *samplers} & set(classifiers)
    if taken:
        raise ValueError(
            f"`classifiers` must have names of their own. Got {sorted(taken)}, which "
            "other arms have. Rename them."
        )
    return {name: clone(each) for name, each in classifiers.items()}


def make_arms(classifier: Any, samplers: dict[str, Any]) -> dict[str, Any]:
    """The classifier unchanged, with class weights, and with every sampler."""
    taken = {NOTHING, TUNED, WEIGHTS} & set(samplers)
    if taken:
        raise ValueError(
            f"`samplers` must have names of their own. Got {sorted(taken)}, which "
            "compare uses. Rename them."
        )
    arms = {NOTHING: classifier}
    weighable = {
        name: "balanced"
        for name, value in class_weights(classifier).items()
        if value is None
    }
    if weighable:
        arms[WEIGHTS] = clone(classifier).set_params(**weighable)
    for name, sampler in samplers.items():
        arms[name] = ResampledClassifier(
            clone(classifier), clone(sampler), soft_labels=False, n_draws=1
        )
    return arms


def class_weights(classifier: Any) -> dict[str, Any]:
    """The parameters that weigh classes, of a classifier and of what is inside it."""
    return {
        name: value
        for name, value in classifier.get_params(deep=True).items()
        if name.split("__")[-1] == "class_weight"
    }
