"""ResampledClassifier: resample inside fit, predict probabilities for real rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from sklearn import get_config
from sklearn.base import MetaEstimatorMixin, _fit_context, clone
from sklearn.utils import (
    check_consistent_length,
    column_or_1d,
    get_tags,
)
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight

from gan_augment import events
from gan_augment.classification.advantage import advantage
from gan_augment.classification.averaging import AveragedClassifier
from gan_augment.classification.prior import default_strategy
from gan_augment.classification.replicates import Draw, resample
from gan_augment.classification.soft_labels import (
    check_soft_labels,
    check_teacher,
    draw_soft,
    takes_soft_labels,
    weigh_estimators,
)
from gan_augment.classification.vote import (
    PlainColumns,
    make_table_classifier,
    make_teacher,
)
from gan_augment.classification.weights import (
    as_fit_parameter,
    check_predicts,
    draw_weights,
)
from gan_augment.encoding.container import stack_rows
from gan_augment.encoding.labels import exact_labels
from gan_augment.over_sampling.over_sampler import GANOverSampler
from gan_augment.progress import Verbose, progress_bar
from gan_augment.seeding import RandomState, make_rng, seeded
from gan_augment.threads import one_openmp_thread

# Standard errors of log loss beyond which one of two classifiers is the better one.
CLEAR_ADVANTAGE = 2


class ResampledClassifier(MetaEstimatorMixin, AveragedClassifier):
    """Train a classifier on resampled rows, and predict for real rows.

    This is a scikit-learn classifier: use it as the last step of a ``Pipeline``, or
    inside ``GridSearchCV``, ``CalibratedClassifierCV`` and the like. Rows are resampled
    in :meth:`fit` alone. The inner classifier learns the class prior of the resampled
    rows; :meth:`predict_proba` corrects its probabilities to the class prior of the
    real rows.

    Parameters
    ----------
    classifier : classifier, default=None
        Classifier to train on the rows that the sampler returns. It may be a pipeline
        that begins with the preprocessing. If None, use a soft vote of logistic
        regression, a random forest and boosted trees, with a preprocessing for columns
        of any dtype.
    sampler : sampler, default=None
        Any imbalanced-learn sampler. If None, use :class:`~gan_augment.GANOverSampler`
        and raise every class to 0.3 times the size of the most common one or, if all
        are that common, to 0.6 times, or to its size. Setting a parameter of this
        default, such as ``sampler__gan__max_steps``, makes it the value of `sampler`.
    teacher : classifier, default=None
        Classifier that gives the soft labels. If None, use the vote that is the default
        of `classifier`, after the preprocessing of `classifier` if that is a pipeline;
        or use `classifier` itself, if it predicts clearly better than the vote.
    soft_labels : bool or "auto", default="auto"
        Whether to train two more classifiers. The first one is trained on the real
        rows alone, so that the mean is less often worse than that baseline. The second
        one is trained on the real rows and, for each of them, on `n_draws` synthetic
        rows, with the class prior of the real rows. Each synthetic row has half the
        weight of a real one, divided among the classes by the probabilities that
        `teacher` predicts for it. Soft labels need a table, a GANOverSampler, and a
        classifier that has ``predict_proba`` and accepts ``sample_weight``: in a
        pipeline the last step, in a vote or a stack every member. ``"auto"`` uses soft
        labels if these conditions hold, `correct_prior` is True, and no weights would
        have to be routed.
    correct_prior : bool, default=True
        Whether to correct the probabilities from the class prior of the resampled rows
        to that of the training rows [1]_. A ``class_weight`` of the classifier itself
        is not corrected: leave it at None.
    n_draws : int, default=3
        Number of times that rows are resampled and a classifier is trained on them. An
        over-sampler is fitted once and draws the rows of all draws. Other samplers are
        fitted for every draw, with another seed from the second one on. For soft
        labels, it is the number of synthetic rows for each real one.
    synthetic_weight : float, default=1.0
        Factor of the weights of synthetic rows. A value other than 1 needs a classifier
        that accepts ``sample_weight``.
    verbose : bool or "auto", default="auto"
        Whether to show a progress bar on standard error. ``"auto"`` shows one after
        three seconds in a terminal or a notebook, but not for every fit of a search or
        a cross-validation. There is one bar, whatever runs inside.
    random_state : int, RandomState instance or None, default=None
        Seed of the sampler and of the classifiers, if they have none of their own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training rows.
    soft_labels_ : bool
        Whether soft labels were used.
    estimators_ : list of classifier
        The fitted classifiers, one for each draw. With soft labels, the classifier of
        the real rows alone comes before them, and that of the soft labels after them.
        If `classifier` is a search, such as GridSearchCV, it selects on the real rows,
        and the others are clones of its ``best_estimator_``.
    estimator_weights_ : ndarray of shape (n_estimators,)
        Weights of the classifiers in the mean, which add up to 1. All are equal, with
        one exception: if there are soft labels and the teacher does not predict clearly
        better than the classifier, the weights of the classifiers of the draws are
        smaller, the more rows the rarest class has.
    teacher_ : classifier or None
        The fitted teacher. None without soft labels.
    teacher_advantage_ : float
        Difference between the log loss of the classifier and that of the teacher on
        real rows, out of three folds, in standard errors. From 2, the teacher predicts
        clearly better. 0 if the classifier is its own teacher.
    samplers_ : list of sampler
        The fitted samplers. An over-sampler is one for all draws, and its
        `sampling_strategy`, counts and masks are those of all draws together. Of other
        samplers there is one for each draw.
    resampled_prior_ : ndarray of shape (n_estimators, n_classes)
        Shares of the classes among the rows that each classifier was trained on.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they are strings.

    See Also
    --------
    ResampledClassifierCV : Choose by inner folds whether and how to resample.
    DistilledClassifier : Train one classifier to predict like a better one.
    compare : Measure whether over-sampling helps.

    References
    ----------
    .. [1] Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to
       new a priori probabilities", Neural Computation 14 (2002), equation 2.4,
       doi:10.1162/089976602753284446.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment import ResampledClassifier
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> fitted = ResampledClassifier(LogisticRegression(), random_state=0).fit(X, y)
    >>> fitted.class_prior_.round(2), fitted.resampled_prior_[1].round(2)
    (array([0.9, 0.1]), array([0.77, 0.23]))
    >>> bool(abs(fitted.predict_proba(X)[:, 1].mean() - 0.1) < 0.03)
    True
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "classifier": [HasMethods(["fit"]), None],
        "sampler": [HasMethods(["fit_resample"]), None],
        "teacher": [HasMethods(["fit", "predict_proba"]), None],
        "soft_labels": ["boolean", StrOptions({"auto"})],
        "correct_prior": ["boolean"],
        "n_draws": [Interval(Integral, 1, None, closed="left")],
        "synthetic_weight": [Interval(Real, 0, None, closed="neither")],
        "verbose": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        classifier: Any = None,
        sampler: Any = None,
        *,
        teacher: Any = None,
        soft_labels: bool | Literal["auto"] = "auto",
        correct_prior: bool = True,
        n_draws: int = 3,
        synthetic_weight: float = 1.0,
        verbose: Verbose = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.classifier = classifier
        self.sampler = sampler
        self.teacher = teacher
        self.soft_labels = soft_labels
        self.correct_prior = correct_prior
        self.n_draws = n_draws
        self.synthetic_weight = synthetic_weight
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Resample, and train the classifier on the resampled rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their classes.
        **params : dict
            Parameters of the classifier's fit; with metadata routing, those that are
            requested. The ``sample_weight`` of a synthetic row is the mean of its
            class.

        Returns
        -------
        self : ResampledClassifier
            The fitted classifier.
        """
        with progress_bar(self.verbose), events.task("fit", self, X=X, y=y) as task:
            task.result = self._fit(X, y, **params)
        return self

    def _fit(self, X: Any, y: Any, **params: Any) -> Self:
        X = self._checked(X, reset=True)
        y = column_or_1d(exact_labels(y), warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        fit_params = dict(params)
        if get_config()["enable_metadata_routing"]:
            fit_params = dict(process_routing(self, "fit", **params).classifier.fit)
        weight = fit_params.pop("sample_weight", None)
        if weight is not None:
            weight = _check_sample_weight(weight, X, ensure_non_negative=True)
        self.class_prior_ = self._shares(y, weight)
        if (self.class_prior_ > 0).sum() < 2:
            raise ValueError(
                "`y` must have at least two classes of positive sample_weight. Got one "
                f"class, {self.classes_[self.class_prior_ > 0].tolist()}. Pass rows of "
                "another class."
            )
        rng = make_rng(self.random_state)
        self.estimators_, priors = [], []
        self.samplers_: list[Any] = []
        self.teacher_, self.teacher_advantage_ = None, 0.0
        classifier = self._classifier()
        check_predicts(classifier)
        self.soft_labels_ = self._wants_soft_labels(X, classifier)
        for draw in self._draws(X, y, classifier, rng):
            weights = draw_weights(draw, y, weight, self.synthetic_weight)
            # A search selects on real rows, which come first.
            selected = getattr(self._of_real_rows(), "best_estimator_", classifier)
            estimator = seeded(clone(selected), rng)
            weighted = as_fit_parameter(estimator, weights)
            estimator.fit(draw.X, draw.y, **weighted, **fit_params)
            is_new = not self.samplers_ or draw.sampler is not self.samplers_[-1]
            if is_new and draw.sampler is not None:
                self.samplers_.append(draw.sampler)
            self.estimators_.append(estimator)
            priors.append(self._shares(draw.y, weights))
            if (priors[-1][self.class_prior_ > 0] == 0).any():
                raise ValueError(
                    "`sampler` must keep rows of every class. Got "
                    f"{type(draw.sampler).__name__}, which left none of a class. "
                    "Change its `sampling_strategy`."
                )
        self.resampled_prior_ = np.array(priors)
        self.estimator_weights_ = self._weigh_estimators(y)
        return self

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this estimator and of the estimators inside it.

        Parameters
        ----------
        **params : dict
            Name -> value. If `sampler` is None, setting a parameter of it first sets
            `sampler` to the default sampler.

        Returns
        -------
        self : ResampledClassifier
            This estimator.
        """
        inside = any(name.startswith("sampler__") for name in params)
        if inside and params.get("sampler", self.sampler) is None:
            params["sampler"] = _default_sampler()
        return super().set_params(**params)

    def _classifier(self) -> Any:
        return make_table_classifier() if self.classifier is None else self.classifier

    def _of_real_rows(self) -> Any:
        """The classifier of the real rows alone, once there is one."""
        return self.estimators_[0] if self.soft_labels_ and self.estimators_ else None

    def _wants_soft_labels(self, X: Any, classifier: Any) -> bool:
        if self.soft_labels != "auto":
            return bool(self.soft_labels)
        draws_rows = self.sampler is None or isinstance(self.sampler, GANOverSampler)
        possible = draws_rows and np.ndim(X) == 2 and takes_soft_labels(classifier)
        return possible and self.correct_prior

    def _draws(
        self, X: Any, y: np.ndarray, classifier: Any, rng: np.random.Generator
    ) -> Iterator[Draw]:
        sampler = _default_sampler() if self.sampler is None else self.sampler
        if self.soft_labels_:
            check_soft_labels(X, classifier, sampler)
            if self.teacher is not None:
                check_teacher(self.teacher, y)
            # Only here: beside hard labels alone it would take away what it saves.
            yield Draw(None, stack_rows([X]), y)
        for draw in resample(sampler, X, y, self.n_draws, rng):
            fitted = draw.sampler
            yield draw
        if self.soft_labels_:
            self.teacher_ = self._fit_teacher(X, y, classifier, rng)
            soft = draw_soft(fitted.gan_, self.teacher_, X, y, self.n_draws, rng)
            yield soft._replace(sampler=fitted)

    def _fit_teacher(
        self, X: Any, y: np.ndarray, classifier: Any, rng: np.random.Generator
    ) -> Any:
        real = self._of_real_rows()
        if self.teacher is None and self.classifier is None:
            return real  # the teacher would be the same
        teacher = make_teacher(classifier) if self.teacher is None else self.teacher
        selected = getattr(real, "best_estimator_", classifier)
        self.teacher_advantage_ = advantage(teacher, selected, X, y, rng)
        if self.teacher is None and self.teacher_advantage_ < -CLEAR_ADVANTAGE:
            return real
        with one_openmp_thread():
            return seeded(clone(teacher), rng).fit(X, y)

    def _weigh_estimators(self, y: np.ndarray) -> np.ndarray:
        n_estimators = len(self.estimators_)
        if self.soft_labels_ and self.teacher_advantage_ <= CLEAR_ADVANTAGE:
            return weigh_estimators(n_estimators, y)
        return np.full(n_estimators, 1 / n_estimators)

    def _shares(self, y: Any, weights: np.ndarray | None) -> np.ndarray:
        indices = np.searchsorted(self.classes_, np.asarray(y))
        counts = np.bincount(indices, weights, minlength=len(self.classes_))
        return counts / counts.sum()

    def get_metadata_routing(self) -> MetadataRouter:
        """Where parameters of fit go: to the classifier."""
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(
            classifier=self._classifier(), method_mapping=mapping
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # A pipeline does not say so of its first step.
        first = PlainColumns() if self.classifier is None else self.classifier
        taken = get_tags(first).input_tags
        tags.input_tags.allow_nan = taken.allow_nan
        tags.input_tags.sparse = taken.sparse
        tags.input_tags.string = taken.string
        if (of_classifier := get_tags(self._classifier()).classifier_tags) is not None:
            tags.classifier_tags.multi_class = of_classifier.multi_class
        return tags


def _default_sampler() -> GANOverSampler:
    return GANOverSampler(sampling_strategy=default_strategy)
