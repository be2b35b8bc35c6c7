"""DistilledClassifier: train one classifier to predict like a better one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.utils import (
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    get_tags,
)
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from gan_augment.classification.harm import is_harmful, ranking_gains
from gan_augment.classification.soft_labels import check_teacher, draw_soft
from gan_augment.classification.vote import make_teacher
from gan_augment.classification.weights import (
    as_fit_parameter,
    check_predicts,
    draw_weights,
    has_method,
    takes_weights,
)
from gan_augment.encoding.container import as_rows
from gan_augment.encoding.labels import exact_labels
from gan_augment.gans import TabularGAN
from gan_augment.gans.base import Synthesizer
from gan_augment.over_sampling.leakage import warn_of_synthetic_rows
from gan_augment.progress import Verbose, progress_bar
from gan_augment.seeding import RandomState, make_rng, seeded
from gan_augment.threads import one_openmp_thread


def _has(name: str) -> Callable[[Any], bool]:
    """Whether the classifier of a DistilledClassifier has a method."""

    def check(self: Any) -> bool:
        return has_method(getattr(self, "classifier_", self.classifier), name)

    return check


class DistilledClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train one classifier to predict like a better one, its teacher.

    Use it if a vote of several classifiers cannot be deployed, and one tree, one linear
    model or one small network should predict like the vote. The classifier is trained
    on the real rows and on synthetic rows that a GAN draws and the teacher labels [1]_.
    ``classifier_`` is then a fitted classifier like any other: it can be saved,
    plotted, and loaded where this package is not installed.

    Trees gain from this, linear models little, and a classifier may rank worse, as
    naive Bayes does on some tables. So the classifier is first compared on held-out
    real rows with the same classifier trained on the real rows alone, and if that ranks
    better, it is trained on the real rows alone.

    Parameters
    ----------
    classifier : classifier
        Classifier to train. It may be a pipeline that begins with the preprocessing. If
        it accepts ``sample_weight``, it is trained on each synthetic row once for every
        class, weighted by the probability that the teacher predicts for the class.
        Otherwise it is trained on each synthetic row once, with a class that is drawn
        with these probabilities.
    teacher : classifier, default=None
        Classifier that has ``predict_proba`` and labels the synthetic rows. A fitted
        classifier in a ``FrozenEstimator`` is not trained again. If None, use a soft
        vote of logistic regression, a random forest and boosted trees, after the
        preprocessing of `classifier` if that is a pipeline.
    gan : estimator, default=None
        Generator that draws the synthetic rows. It must have ``fit(X, y)`` and
        ``sample(n_samples, label=..., random_state=...)``. If None, use
        :class:`~gan_augment.TabularGAN`.
    n_draws : int, default=3
        Number of synthetic rows for each real one. A synthetic row has half the weight
        of a real one.
    n_folds : int or None, default=5
        Number of folds of this comparison, for each of which a teacher and two
        classifiers are trained. If a class has fewer rows, there are as many folds as
        it has rows, and none for fewer than three rows. A frozen teacher that was
        trained on the same rows makes the comparison too favourable. If None, compare
        nothing, and always train on the labelled rows.
    verbose : bool or "auto", default="auto"
        Whether to show a progress bar on standard error. ``"auto"`` shows one after
        three seconds in a terminal or a notebook, but not for every fit of a search or
        a cross-validation. There is one bar, whatever runs inside.
    random_state : int, RandomState instance or None, default=None
        Seed of the teacher, the GAN and the classifier, if they have none of their own.

    Attributes
    ----------
    classifier_ : classifier
        The fitted classifier.
    teacher_ : classifier
        The fitted teacher.
    gan_ : estimator
        The fitted GAN.
    gains_ : ndarray of shape (n_folds,)
        Average precision on the held-out rows of each fold, averaged over the classes,
        minus that of the classifier trained on the real rows alone. Empty if nothing
        was compared.
    is_distilled_ : bool
        Whether ``classifier_`` was trained on the labelled rows. False if the mean of
        ``gains_`` is below zero by more than its standard error.
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they are strings.

    See Also
    --------
    ResampledClassifier : Predict the mean of several classifiers on resampled rows.

    References
    ----------
    .. [1] Bucila, Caruana and Niculescu-Mizil, "Model compression", KDD 2006,
       doi:10.1145/1150402.1150464.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from gan_augment import DistilledClassifier
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> tree = DecisionTreeClassifier(max_depth=3)
    >>> distilled = DistilledClassifier(tree, random_state=0).fit(X, y)
    >>> type(distilled.classifier_).__name__
    'DecisionTreeClassifier'
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "classifier": [HasMethods(["fit"])],
        "teacher": [HasMethods(["fit", "predict_proba"]), None],
        "gan": [HasMethods(["fit", "sample"]), None],
        "n_draws": [Interval(Integral, 1, None, closed="left")],
        "n_folds": [Interval(Integral, 2, None, closed="left"), None],
        "verbose": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        classifier: Any,
        teacher: Any = None,
        gan: Synthesizer | None = None,
        *,
        n_draws: int = 3,
        n_folds: int | None = 5,
        verbose: Verbose = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.classifier = classifier
        self.teacher = teacher
        self.gan = gan
        self.n_draws = n_draws
        self.n_folds = n_folds
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> Self:
        """Train the teacher and the GAN, then the classifier on the labelled rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their classes.

        Returns
        -------
        self : DistilledClassifier
            The fitted classifier.
        """
        X = as_rows(X)
        validate_data(self, X=X, reset=True, skip_check_array=True)
        warn_of_synthetic_rows(X, "The rows of fit")
        y = column_or_1d(exact_labels(y), warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(
                "`y` must have at least two classes. Got one class, "
                f"{self.classes_.tolist()}. Pass rows of another class."
            )
        check_predicts(self.classifier)
        rng = make_rng(self.random_state)
        teacher = (
            make_teacher(self.classifier) if self.teacher is None else self.teacher
        )
        check_teacher(teacher, y)
        with one_openmp_thread():
            self.teacher_ = seeded(clone(teacher), rng).fit(X, y)
        gan = TabularGAN() if self.gan is None else self.gan
        with progress_bar(self.verbose):
            self.gan_ = seeded(clone(gan), rng).fit(X, y)
        self.gains_ = np.empty(0)
        if self.n_folds is not None:
            self.gains_ = ranking_gains(
                lambda rows, classes: self._teach(
                    seeded(clone(teacher), rng).fit(rows, classes), rows, classes, rng
                ),
                self.classifier,
                X,
                y,
                self.n_folds,
                rng,
            )
        self.is_distilled_ = not is_harmful(self.gains_)
        if self.is_distilled_:
            self.classifier_ = self._teach(self.teacher_, X, y, rng)
        else:
            self._warn()
            self.classifier_ = seeded(clone(self.classifier), rng).fit(X, y)
        return self

    def _teach(
        self, teacher: Any, X: Any, y: np.ndarray, rng: np.random.Generator
    ) -> Any:
        """Train the classifier on real rows and on synthetic rows of a teacher."""
        weighted = takes_weights(self.classifier)
        draw = draw_soft(self.gan_, teacher, X, y, self.n_draws, rng, weighted=weighted)
        weights = draw_weights(draw, y, None, 1.0)
        return seeded(clone(self.classifier), rng).fit(
            draw.X, draw.y, **as_fit_parameter(self.classifier, weights)
        )

    def _warn(self) -> None:
        gains = self.gains_
        warnings.warn(
            "The classifier ranks real rows worse if it is trained on the teacher's "
            f"labels (average precision {gains.mean():+.3f} in the mean of "
            f"{len(gains)} folds), and was trained on the real rows alone. Use another "
            "classifier or teacher; n_folds=None trains on the labels anyway.",
            stacklevel=4,  # behind fit and what scikit-learn wraps it in
        )

    @available_if(_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict class probabilities with ``classifier_``.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return self._fitted(X).predict_proba(X)

    @available_if(_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Compute the decision function of ``classifier_``.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            As the classifier gives it.
        """
        return self._fitted(X).decision_function(X)

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
        return self._fitted(X).predict(X)

    def _fitted(self, X: Any) -> Any:
        check_is_fitted(self, "classifier_")
        rows = as_rows(X)
        validate_data(self, X=rows, reset=False, skip_check_array=True)
        is_array = not isinstance(rows, pd.DataFrame)
        if is_array and not get_tags(self).input_tags.allow_nan:
            # The teacher could not be trained on them, whatever the classifier can.
            assert_all_finite(rows, input_name="X")
        return self.classifier_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        parts = [part for part in (self.classifier, self.teacher) if part is not None]
        taken = [get_tags(part).input_tags for part in parts]
        tags.input_tags.allow_nan = all(each.allow_nan for each in taken)
        tags.input_tags.sparse = all(each.sparse for each in taken)
        tags.input_tags.string = all(each.string for each in taken)
        if (of_classifier := get_tags(self.classifier).classifier_tags) is not None:
            tags.classifier_tags.multi_class = of_classifier.multi_class
        return tags
