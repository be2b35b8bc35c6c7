"""compare(): does over-sampling help? The same folds for every arm.

Rows are resampled inside training folds only and scored on real rows only.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from itertools import chain
from typing import Any, Literal

import numpy as np
import pandas as pd
from joblib import delayed
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from gan_augment import events
from gan_augment.classification import ResampledClassifier
from gan_augment.classification.prior import shift_prior
from gan_augment.classification.weights import has_method
from gan_augment.comparison.arms import (
    class_weights,
    make_arms,
    named_classifiers,
    named_samplers,
)
from gan_augment.comparison.classifiers import alternatives
from gan_augment.comparison.folds import group_codes, make_splits
from gan_augment.comparison.result import NOTHING, TUNED, WEIGHTS, Comparison
from gan_augment.encoding.container import as_rows
from gan_augment.encoding.labels import exact_labels
from gan_augment.metrics.scores import (
    OF_PROBABILITIES,
    OF_THE_THRESHOLD,
    classifier_scores,
)
from gan_augment.over_sampling.leakage import LeakageWarning, find_leak
from gan_augment.parallel import run_tasks
from gan_augment.progress import Verbose, progress_bar
from gan_augment.seeding import RandomState, make_rng, seeded
from gan_augment.tables.check import check_table, find_leaks

CALIBRATION_BINS = 10


def compare(
    X: Any,
    y: Any,
    classifier: Any,
    samplers: Literal["default", "all"] | Mapping[str, Any] = "default",
    *,
    classifiers: Mapping[str, Any] | None = None,
    groups: Any = None,
    cv: Any = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    verbose: Verbose = "auto",
) -> Comparison:
    """Measure whether over-sampling helps a classifier on this table.

    The classifier is cross-validated on the same folds without any change (the
    baseline), with a tuned threshold, with class weights if it has them, and with every
    sampler; each of these is an arm. Rows are resampled inside the training folds
    alone, and every score is on held-out real rows.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Real rows, as they were before any resampling.
    y : array-like of shape (n_samples,)
        Class of each row.
    classifier : classifier
        Classifier that has ``predict_proba``. Pass a pipeline if it needs a
        preprocessing. It is used as it is: a ``class_weight`` of its own is in every
        arm, also in the baseline, and the verdict says so.
    samplers : {"default", "all"} or dict of str to sampler, default="default"
        Name -> imbalanced-learn sampler. ``"default"`` compares random over- and
        under-sampling, SMOTE (SMOTENC if there are categories, on imputed values) and
        :class:`~gan_augment.GANOverSampler`, each to the ratio that is the default of
        :class:`~gan_augment.ResampledClassifier`. Each sampler draws once per fold,
        because the gain of averaging several classifiers is not a gain of the sampler.
        For tables, ``"default"`` also compares a classifier that could replace
        `classifier`, without any sampler: a soft vote of logistic regression, a random
        forest and boosted trees. ``"all"`` adds a stack of these three, bagged boosted
        trees, the balanced forest and EasyEnsemble of imbalanced-learn, and
        ResampledClassifier with its defaults.
    classifiers : dict of str to classifier, default=None
        Name -> classifier that could replace `classifier`, without any sampler, such as
        one of a boosting library. They are compared in addition to those that
        `samplers` names. Pass a pipeline if one needs a preprocessing.
    groups : array-like of shape (n_samples,), default=None
        Group of each row, such as the customer. No group is on both sides of a fold;
        otherwise the scores would be for customers that the classifier was trained on.
        The groups are not passed to a classifier that makes folds of its own. If None,
        each row is a group of its own.
    cv : int, cross-validation generator or iterable, default=None
        Folds, as in scikit-learn, with one difference: an int is the number of
        stratified folds of each of two repeats. If None, use 5.
    n_jobs : int, default=None
        Number of folds that are fitted in parallel, on any joblib backend. The arms of
        a fold are fitted one after the other, so that samplers with the same `memory`
        share their fits. If None, use 1 unless a joblib context sets another number.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds, and of samplers and classifiers that have none of their own.
    verbose : bool or "auto", default="auto"
        Whether to show a progress bar on standard error. ``"auto"`` shows one after
        three seconds in a terminal or a notebook, but not for every fit of a search or
        a cross-validation. There is one bar, whatever runs inside.

    Returns
    -------
    comparison : Comparison
        The result, with ``frame``, ``differences(metric)``, ``plot()``, ``outcome``
        and ``verdict``.

    Raises
    ------
    ValueError
        If `classifier` has no ``predict_proba``, `samplers` holds something without
        ``fit_resample``, `classifiers` something without ``predict_proba``, two arms
        have the same name, `y` has one class, a group is missing, a class has fewer
        rows or groups than there are folds, a training fold has no rows of a class, or
        a fold has a group on both sides.

    Warns
    -----
    LeakageWarning
        If the table shows signs of having been resampled before.

    See Also
    --------
    report : Report on the synthetic rows of one sampler.
    ResampledClassifierCV : Choose a sampler by such a comparison.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment import compare
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> comparison = compare(
    ...     X,
    ...     y,
    ...     LogisticRegression(),
    ...     {"random": RandomOverSampler()},
    ...     random_state=0,
    ... )
    >>> comparison.outcome
    'no evidence'
    >>> comparison.verdict[:37]
    'No evidence of gain: no sampler ranks'
    """
    if not has_method(classifier, "predict_proba"):
        raise ValueError(
            "`classifier` must have predict_proba. Got "
            f"{type(classifier).__name__}. Calibrate it with CalibratedClassifierCV."
        )
    chosen = named_samplers(samplers)
    others = {} if classifiers is None else named_classifiers(classifiers, chosen)
    if isinstance(samplers, str) and np.ndim(X) == 2:
        others = alternatives(classifier, everything=samplers == "all") | others
    X, y = as_rows(X), column_or_1d(exact_labels(y))
    check_classification_targets(y)
    check_consistent_length(X, y)
    groups = group_codes(groups, y)
    classes, indices = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"`y` must have at least two classes. Got {classes.tolist()}. Pass rows of "
            "another class."
        )
    rng = make_rng(random_state)
    splits = make_splits(cv, X, indices, groups, rng)
    leak = find_leak(X, y)
    if leak:
        warnings.warn(
            f"These rows cannot be compared on: {leak}. Compare on the table as it was "
            "before it was resampled.",
            LeakageWarning,
            stacklevel=2,
        )
    giveaway = None
    if np.ndim(X) == 2:
        giveaway = check_table(X, y, checks=[find_leaks]).leak
    with (
        progress_bar(verbose),
        events.task("compare", classifier, X=X, y=y, samplers=chosen) as task,
    ):
        task.result = _cross_validate(
            X,
            y,
            clone(classifier),
            chosen,
            others,
            splits,
            leak,
            giveaway,
            rng,
            n_jobs,
        )
    return task.result


def _cross_validate(
    X: Any,
    y: np.ndarray,
    classifier: Any,
    samplers: dict[str, Any],
    others: dict[str, Any],
    splits: list[tuple[np.ndarray, np.ndarray]],
    leak: str | None,
    giveaway: str | None,
    rng: np.random.Generator,
    n_jobs: int | None,
) -> Comparison:
    """What :func:`compare` does once its arguments are checked."""
    classes, counts = np.unique(y, return_counts=True)
    arms = {
        arm: seeded(estimator, rng)
        for arm, estimator in {**make_arms(classifier, samplers), **others}.items()
    }
    rare = np.delete(np.arange(len(classes)), counts.argmax()).tolist()
    tasks = [
        delayed(_measure_fold)(arms, X, y, classes, rare, fold, *split)
        for fold, split in enumerate(splits)
    ]
    events.progress("arms", len(tasks) * len(arms))
    measured = []
    for each in chain.from_iterable(run_tasks(tasks, n_jobs)):
        told = {name: each[name] for name in ("arm", "scores", "error") if name in each}
        events.progress("arm", told)
        measured.append(each)
    sizes = np.sum([[len(train), len(test)] for train, test in splits], axis=0)
    errors = {each["arm"]: each["error"] for each in measured if "error" in each}
    records = [each["scores"] for each in measured if each["arm"] not in errors]
    bins = [each["bins"] for each in measured if each["arm"] not in errors]
    return Comparison(
        frame=_with_tuned_threshold(pd.DataFrame(records)),
        calibration=_pooled(pd.concat(bins)) if len(classes) == 2 else pd.DataFrame(),
        errors=errors,
        counts=dict(zip(classes.tolist(), counts.tolist(), strict=True)),
        leak=leak,
        giveaway=giveaway,
        test_to_train=float(sizes[1] / sizes[0]),
        samplers=tuple(samplers),
        classifiers=tuple(others),
        own_weights={
            name: value
            for name, value in class_weights(classifier).items()
            if value is not None
        },
    )


def _measure_fold(
    arms: dict[str, Any],
    X: Any,
    y: np.ndarray,
    classes: np.ndarray,
    rare: list[int],
    fold: int,
    *split: np.ndarray,
) -> list[dict[str, Any]]:
    """Measure one arm after the other on one fold."""
    with events.task("fold", fold=fold) as task:
        task.result = [
            _measure(arm, estimator, X, y, classes, rare, fold, *split)
            for arm, estimator in arms.items()
        ]
    return task.result


def _measure(
    arm: str,
    estimator: Any,
    X: Any,
    y: np.ndarray,
    classes: np.ndarray,
    rare: list[int],
    fold: int,
    train: np.ndarray,
    test: np.ndarray,
) -> dict[str, Any]:
    """Fit one arm on one fold, and score it."""
    X_test, y_test = _safe_indexing(X, test), np.searchsorted(classes, y[test])
    begin = time.perf_counter()
    try:
        fitted = clone(estimator).fit(_safe_indexing(X, train), y[train])
        seconds = time.perf_counter() - begin
        before = after = fitted.predict_proba(X_test)
        if isinstance(fitted, ResampledClassifier):
            before = fitted.set_params(correct_prior=False).predict_proba(X_test)
    except Exception as error:
        if arm == NOTHING:
            raise
        # One arm that cannot take the table must not cost the others.
        return {"arm": arm, "error": f"{type(error).__name__}: {error}"}
    if arm == WEIGHTS:
        real = np.bincount(np.searchsorted(classes, y[train])) / len(train)
        after = shift_prior(before, np.full(len(classes), 1 / len(classes)), real)
    uncorrected = classifier_scores(y_test, before, rare)
    scores = classifier_scores(y_test, after, rare)
    scores |= {name: uncorrected[name] for name in OF_THE_THRESHOLD}
    scores |= {f"uncorrected_{name}": uncorrected[name] for name in OF_PROBABILITIES}
    kinds = {"before": before, "after": after}
    bins = [
        _binned(probability[:, rare[0]], y_test == rare[0], arm, correction)
        for correction, probability in kinds.items()
        if len(classes) == 2
    ]
    return {
        "arm": arm,
        "scores": {"arm": arm, "fold": fold, **scores, "seconds": seconds},
        "bins": pd.concat(bins) if bins else pd.DataFrame(),
    }


def _with_tuned_threshold(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the arm that is nothing with the threshold tuned on other real rows."""
    tuned = frame[frame["arm"] == NOTHING].copy()
    if tuned["tuned_f1"].isna().all():
        return frame
    tuned["arm"] = TUNED
    for name in OF_THE_THRESHOLD:
        tuned[name] = tuned[f"tuned_{name}"]
    return pd.concat([frame, tuned], ignore_index=True)


def _binned(
    probability: np.ndarray, is_rare: np.ndarray, arm: str, correction: str
) -> pd.DataFrame:
    bins = np.minimum(
        (probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1
    )
    rows = pd.DataFrame({"bin": bins, "predicted": probability, "observed": is_rare})
    rows["predicted"] = rows["predicted"].astype(np.float64)  # pandas groups no others
    sums = rows.groupby("bin").agg(
        predicted=("predicted", "sum"), observed=("observed", "sum"), n=("bin", "size")
    )
    return sums.reset_index().assign(arm=arm, correction=correction)


def _pooled(bins: pd.DataFrame) -> pd.DataFrame:
    keys = ["arm", "correction", "bin"]
    sums = bins.groupby(keys, sort=False).sum().sort_index().reset_index()
    for name in ("predicted", "observed"):
        sums[name] = sums[name] / sums["n"]
    return sums.drop(columns="bin")
