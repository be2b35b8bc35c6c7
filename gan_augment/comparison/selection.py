"""ResampledClassifierCV: whether to resample, and how, chosen by inner folds."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
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
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_consistent_length, column_or_1d, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from gan_augment.classifier import (
    ResampledClassifier,
    default_strategy,
    raised_to,
)
from gan_augment.comparison.result import NOTHING, Comparison, standard_error
from gan_augment.comparison.run import compare
from gan_augment.encoding.labels import exact_labels
from gan_augment.over_sampler import GANOverSampler
from gan_augment.seeding import RandomState, draw_seed, make_rng, seeded

RATIOS = (0.1, 1.0)


class ResampledClassifierCV(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A classifier that resamples as inner folds advise, or not at all.

    :func:`~gan_augment.compare` runs on the training rows. The first sampler is used,
    unless another one, or doing nothing, has an average precision that is better by
    more than one standard error [1]_. Then one classifier is trained on all rows. All
    ratios and filters of a fold share one GAN.

    Parameters
    ----------
    classifier : classifier
        Has ``predict_proba``; with the preprocessing that it needs, as a pipeline.
    samplers : "default" or dict of str to sampler, default="default"
        Name -> imbalanced-learn sampler, the candidates besides doing nothing; the
        first is preferred. ``"default"`` takes :class:`~gan_augment.GANOverSampler` to
        the default ratio, to 0.1 and 1 times the most common class, without its
        filter, and random over-sampling.
    cv : int, default=5
        Number of inner folds; as many as the rarest class has rows, if these are
        fewer. With one row of a class nothing can be judged, and nothing is done.
    correct_prior : bool, default=True
        As in :class:`~gan_augment.ResampledClassifier`.
    n_jobs : int, default=None
        Folds at a time.
    random_state : int, RandomState instance or None, default=None
        Source of folds, and of samplers and classifiers that have no seed.

    Attributes
    ----------
    best_sampler_ : str
        Name of the sampler that is used, or ``"nothing"``.
    comparison_ : Comparison or None
        What was measured on the inner folds; None if nothing could be judged.
    estimator_ : ResampledClassifier
        The fitted classifier; it leaves the rows as they are if nothing is done.
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen and Stone, "Classification and regression trees",
       1984, section 3.4.3, the one standard error rule; its standard error corrected
       for the overlap of folds as in :meth:`~gan_augment.Comparison.differences`.

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
    >>> model.best_sampler_ in ("nothing", "random")
    True
    """

    _parameter_constraints: dict = {
        "classifier": [HasMethods(["fit", "predict", "predict_proba"])],
        "samplers": [StrOptions({"default"}), dict],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "correct_prior": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        classifier: Any,
        samplers: Literal["default"] | Mapping[str, Any] = "default",
        *,
        cv: int = 5,
        correct_prior: bool = True,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.classifier = classifier
        self.samplers = samplers
        self.cv = cv
        self.correct_prior = correct_prior
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> Self:
        """Choose on inner folds, then train on all rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their classes.

        Returns
        -------
        self : ResampledClassifierCV
            The fitted classifier.
        """
        y = column_or_1d(exact_labels(y), warn=True)
        check_classification_targets(y)
        check_consistent_length(X, y)
        rng = make_rng(self.random_state)
        seed, classifier = draw_seed(rng), seeded(clone(self.classifier), rng)
        folds = self._folds(y, rng)
        self.comparison_ = None
        if folds is not None:
            with tempfile.TemporaryDirectory() as memory:
                self.comparison_ = compare(
                    X,
                    y,
                    classifier,
                    self._candidates(y, seed, memory),
                    cv=folds,
                    n_jobs=self.n_jobs,
                    random_state=draw_seed(rng),
                    verbose=False,
                )
        if self.comparison_ is not None and self.comparison_.errors:
            warnings.warn(
                f"Samplers that could not be fitted are no candidates: "
                f"{self.comparison_.errors}.",
                UserWarning,
                stacklevel=2,
            )
        self.best_sampler_ = _choose(self.comparison_)
        sampler = FunctionSampler(validate=False)  # gives the rows as they are
        if self.best_sampler_ != NOTHING:
            sampler = self._candidates(y, seed, None)[self.best_sampler_]
        self.estimator_ = ResampledClassifier(
            classifier, sampler, correct_prior=self.correct_prior
        ).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def _folds(self, y: np.ndarray, rng: np.random.Generator) -> Any:
        n_folds = min(self.cv, int(np.unique(y, return_counts=True)[1].min()))
        if n_folds < 2:
            return None
        return StratifiedKFold(n_folds, shuffle=True, random_state=draw_seed(rng))

    def _candidates(self, y: np.ndarray, seed: int, memory: str | None) -> dict:
        """Samplers by name, of the same seed, so that they share what they fit."""
        if not isinstance(self.samplers, str):
            return {
                name: seeded(clone(sampler), make_rng(seed))
                for name, sampler in self.samplers.items()
            }
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
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(X)

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
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

    @property
    def n_features_in_(self) -> int:
        """Number of columns seen in fit."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns seen in fit, if they are strings."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.feature_names_in_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        of_one = get_tags(ResampledClassifier(self.classifier))
        tags.input_tags = of_one.input_tags
        tags.classifier_tags.multi_class = of_one.classifier_tags.multi_class
        return tags


def _choose(comparison: Comparison | None) -> str:
    """The first sampler, unless another or nothing is better by a standard error."""
    if comparison is None:
        return NOTHING
    scores = comparison.frame.pivot(
        index="fold", columns="arm", values="average_precision"
    )
    arms = [*comparison.gains().index, NOTHING]
    first, best = arms[0], str(scores[arms].mean().idxmax())
    gains = (scores[best] - scores[first]).to_numpy()
    needed = standard_error(gains, comparison.test_to_train)
    return best if gains.mean() > needed else first
