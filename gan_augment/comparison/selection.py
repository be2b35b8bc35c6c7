"""ResampledClassifierCV: choose by inner folds whether and how to resample."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from functools import partial
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from imblearn import FunctionSampler
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.utils import check_consistent_length, column_or_1d, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from gan_augment.classification import ResampledClassifier
from gan_augment.classification.prior import default_strategy, raised_to
from gan_augment.comparison.folds import group_codes, inner_splits
from gan_augment.comparison.result import NOTHING, Comparison, standard_error
from gan_augment.comparison.run import compare
from gan_augment.encoding.labels import exact_labels
from gan_augment.over_sampling import GANOverSampler
from gan_augment.progress import Verbose, progress_bar
from gan_augment.seeding import RandomState, draw_seed, make_rng, seeded

RATIOS = (0.1, 1.0)
# A candidate that is worse by more than so many standard errors is not selected.
N_ERRORS = 2


class ResampledClassifierCV(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Choose by inner folds whether and how to resample, and train a classifier.

    The candidates are the samplers and the classifier without any sampler (the
    baseline). :func:`~gan_augment.compare` scores them on the training rows. The
    candidate with the best average precision is selected, together with all that are
    not worse by more than two standard errors, because folds of few rare rows cannot
    distinguish these [1]_. Each selected candidate is trained on all rows. Their
    probabilities, for the class prior of the training rows, are averaged. All ratios
    and filters of a fold share one GAN.

    Parameters
    ----------
    classifier : classifier
        Classifier that has ``predict_proba``. Pass a pipeline if it needs a
        preprocessing.
    samplers : "default" or dict of str to sampler, default="default"
        Name -> imbalanced-learn sampler, the candidates besides the baseline.
        ``"default"`` uses :class:`~gan_augment.GANOverSampler` to the default ratio,
        to 0.1 and 1 times the most common class, without its filter, and random
        over-sampling.
    cv : int, default=5
        Number of inner folds. If a class has fewer rows, or fewer groups, there are
        only that many folds. If no such folds have rows of every class on both sides,
        nothing is compared, and no sampler is used.
    n_jobs : int, default=None
        Number of folds that are fitted in parallel. If None, use 1 unless a joblib
        context sets another number.
    verbose : bool or "auto", default="auto"
        Whether to show a progress bar on standard error. ``"auto"`` shows one after
        three seconds in a terminal or a notebook, but not for every fit of a search or
        a cross-validation. There is one bar, whatever runs inside.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds, and of samplers and classifiers that have none of their own.

    Attributes
    ----------
    selected_samplers_ : list of str
        Names of the selected candidates, best first. ``"nothing"`` is the baseline.
    comparison_ : Comparison or None
        Result of the comparison on the inner folds. None if nothing was compared, which
        also holds if all classes are equally common.
    estimators_ : list of ResampledClassifier
        The fitted classifiers, in the order of `selected_samplers_`. That of
        ``"nothing"`` does not resample.
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they are strings.

    See Also
    --------
    ResampledClassifier : Train a classifier on the rows of one given sampler.
    compare : Measure whether over-sampling helps.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen and Stone, "Classification and regression trees",
       1984, section 3.4.3, whose rule takes one standard error and the simplest tree.
       Here the standard error is of the paired differences, corrected for the overlap
       of folds as in :meth:`~gan_augment.Comparison.differences`.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment import ResampledClassifierCV
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> model = ResampledClassifierCV(
    ...     LogisticRegression(), {"random": RandomOverSampler()}, random_state=0
    ... ).fit(X, y)
    >>> set(model.selected_samplers_) <= {"nothing", "random"}
    True
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "classifier": [HasMethods(["fit", "predict", "predict_proba"])],
        "samplers": [StrOptions({"default"}), dict],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
        "verbose": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        classifier: Any,
        samplers: Literal["default"] | Mapping[str, Any] = "default",
        *,
        cv: int = 5,
        n_jobs: int | None = None,
        verbose: Verbose = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.classifier = classifier
        self.samplers = samplers
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, *, groups: Any = None) -> Self:
        """Choose on inner folds, then train on all rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their classes.
        groups : array-like of shape (n_samples,), default=None
            Group of each row: no group is on both sides of an inner fold. In searches
            and cross-validation functions of scikit-learn, request it by
            ``set_fit_request(groups=True)``. If None, each row is a group of its own.

        Returns
        -------
        self : ResampledClassifierCV
            The fitted classifier.
        """
        if not self.samplers:
            raise ValueError(
                '`samplers` must be "default" or hold at least one sampler. Got '
                f"{self.samplers!r}. Without any sampler, fit `classifier` itself."
            )
        y = column_or_1d(exact_labels(y), warn=True)
        check_classification_targets(y)
        check_consistent_length(X, y)
        groups = group_codes(groups, y)
        rng = make_rng(self.random_state)
        seed, classifier = draw_seed(rng), seeded(clone(self.classifier), rng)
        folds = inner_splits(self.cv, y, groups, rng)
        self.comparison_ = None
        with progress_bar(self.verbose), tempfile.TemporaryDirectory() as memory:
            candidates = self._candidates(X, y, seed, memory)
            if folds is not None and candidates:
                self.comparison_ = compare(
                    X,
                    y,
                    classifier,
                    candidates,
                    groups=groups,
                    cv=folds,
                    n_jobs=self.n_jobs,
                    random_state=draw_seed(rng),
                )
                _warn_of_failures(self.comparison_)
            self.selected_samplers_ = _near_best(self.comparison_)
            # What gives the rows as they are.
            candidates[NOTHING] = FunctionSampler(validate=False)
            # The best comes last: where generators are registered, it is the newest.
            # One draw of each, as was compared: the average is over the samplers.
            fitted = [
                ResampledClassifier(
                    clone(classifier), candidates[name], soft_labels=False, n_draws=1
                ).fit(X, y)
                for name in reversed(self.selected_samplers_)
            ]
        if isinstance(self.samplers, str):
            fitted = [_without_memory(each) for each in fitted]
        self.estimators_ = fitted[::-1]
        self.classes_ = self.estimators_[0].classes_
        return self

    def _candidates(
        self, X: Any, y: np.ndarray, seed: int, memory: str
    ) -> dict[str, Any]:
        """Samplers by name, of the same seed, so that they share what they fit."""
        if not isinstance(self.samplers, str):
            return {
                name: seeded(clone(sampler), make_rng(seed))
                for name, sampler in self.samplers.items()
            }
        if not default_strategy(y):
            return {}  # there is nothing to fill up
        gan = GANOverSampler(memory=memory, random_state=seed)
        candidates: dict[str, Any] = {
            "GAN": clone(gan).set_params(sampling_strategy=default_strategy)
        }
        for ratio in RATIOS:
            strategy = partial(raised_to, ratio)
            if strategy(y) and strategy(y) != default_strategy(y):
                candidates[f"GAN to {ratio}"] = clone(gan).set_params(
                    sampling_strategy=strategy
                )
        if len(np.shape(X)) == 2:  # images have none
            candidates["GAN without filter"] = clone(candidates["GAN"]).set_params(
                sample_filter=None
            )
        candidates["random over-sampling"] = RandomOverSampler(
            sampling_strategy=default_strategy, random_state=seed
        )
        return candidates

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, as common as in the training rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self, "estimators_")
        return np.mean([each.predict_proba(X) for each in self.estimators_], axis=0)

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class of each row.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes.
        """
        probability = self.predict_proba(X)
        return self.classes_[probability.argmax(axis=1)]

    @property
    def n_features_in_(self) -> int:
        """Number of columns seen in fit."""
        check_is_fitted(self, "estimators_")
        return self.estimators_[0].n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns seen in fit, if they are strings."""
        check_is_fitted(self, "estimators_")
        return self.estimators_[0].feature_names_in_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        of_one = get_tags(ResampledClassifier(self.classifier))
        tags.input_tags = of_one.input_tags
        tags.classifier_tags.multi_class = of_one.classifier_tags.multi_class
        return tags


def _warn_of_failures(comparison: Comparison) -> None:
    if comparison.errors:
        warnings.warn(
            f"Samplers that could not be fitted are not candidates: "
            f"{comparison.errors}.",
            UserWarning,
            stacklevel=4,  # the caller of fit, which scikit-learn has wrapped
        )


def _without_memory(estimator: ResampledClassifier) -> ResampledClassifier:
    """A copy whose samplers do not name the directory of the shared GAN, now gone."""
    made = copy(estimator)
    made.sampler, *made.samplers_ = (
        copy(sampler).set_params(memory=None)
        if isinstance(sampler, GANOverSampler)
        else sampler
        for sampler in (estimator.sampler, *estimator.samplers_)
    )
    return made


def _near_best(comparison: Comparison | None) -> list[str]:
    """All that are hardly worse than the best by their mean score, best first."""
    if comparison is None:
        return [NOTHING]
    scores = comparison.frame.pivot(
        index="fold", columns="arm", values="average_precision"
    )[[*comparison.gains().index, NOTHING]]
    order = scores.mean().sort_values(ascending=False, kind="stable").index
    losses = scores[order].rsub(scores[order[0]], axis=0)
    return [
        str(name)
        for name, loss in losses.items()
        if loss.mean()
        <= N_ERRORS * standard_error(loss.to_numpy(), comparison.test_to_train)
    ]
