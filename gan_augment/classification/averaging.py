"""Predictions that are the mean of several classifiers'."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from gan_augment.classification.prior import shift_prior
from gan_augment.classification.weights import has_method
from gan_augment.encoding.container import as_rows
from gan_augment.over_sampling.leakage import warn_of_synthetic_rows


def _has(name: str) -> Callable[[Any], bool]:
    """Whether the classifiers that are averaged have a method."""

    def check(self: Any) -> bool:
        fitted = getattr(self, "estimators_", None)
        return has_method(fitted[0] if fitted else self._classifier(), name)

    return check


def _only_decides(self: Any) -> bool:
    """Whether its classifier has a decision function and no probabilities."""
    return _has("decision_function")(self) and not _has("predict_proba")(self)


class AveragedClassifier(ClassifierMixin, BaseEstimator):
    """Base of a classifier whose fit makes several classifiers of one kind.

    Their probabilities are averaged, or else their decisions, or else their votes.
    """

    correct_prior: bool
    classes_: np.ndarray
    class_prior_: np.ndarray
    estimators_: list[Any]
    estimator_weights_: np.ndarray
    resampled_prior_: np.ndarray

    @abstractmethod
    def _classifier(self) -> Any:
        """What is trained several times, not fitted."""

    @available_if(_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict class probabilities for the class prior of the training rows.

        The probability ``p`` of a class becomes ``p * a / b``, divided by the sum over
        the classes, where ``a`` is the share of the class among the training rows and
        ``b`` that among the resampled rows. The result is the mean over the
        classifiers, weighted by ``estimator_weights_``.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        X = self._checked_again(X)
        probabilities = []
        for classifier, prior in zip(
            self.estimators_, self.resampled_prior_, strict=True
        ):
            probability = np.asarray(classifier.predict_proba(X), dtype=np.float64)
            if self.correct_prior:
                probability = shift_prior(probability, prior, self.class_prior_)
            probabilities.append(probability)
        return np.average(probabilities, axis=0, weights=self.estimator_weights_)

    @available_if(_has("predict_proba"))
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Compute the logarithms of :meth:`predict_proba`.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        log_probability : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        with np.errstate(divide="ignore"):  # a forest may be certain
            return np.log(self.predict_proba(X))

    @available_if(_only_decides)
    def decision_function(self, X: Any) -> np.ndarray:
        """Compute the mean decision function of classifiers without probabilities.

        It is not corrected: its threshold is that of the resampled rows.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            As the classifier gives it.
        """
        X = self._checked_again(X)
        return np.mean(
            [classifier.decision_function(X) for classifier in self.estimators_], axis=0
        )

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class of each row.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes. With `correct_prior`, the probability of a rare class seldom
            exceeds one half: tune the threshold for your costs, for example with
            ``TunedThresholdClassifierCV``.
        """
        check_is_fitted(self, "estimators_")
        if hasattr(self, "predict_proba"):
            return self.classes_[self.predict_proba(X).argmax(axis=1)]
        if hasattr(self, "decision_function"):
            decision = self.decision_function(X)
            if decision.ndim == 1:
                return self.classes_[(decision > 0).astype(int)]
            return self.classes_[decision.argmax(axis=1)]
        X = self._checked_again(X)
        votes = np.stack([classifier.predict(X) for classifier in self.estimators_])
        counts = np.stack([(votes == label).sum(axis=0) for label in self.classes_])
        return self.classes_[counts.argmax(axis=0)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy on real rows, and warn if some are synthetic.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Their classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        accuracy : float
            Share of the rows whose class is predicted correctly.
        """
        warn_of_synthetic_rows(X, "The rows to score")
        return super().score(X, y, sample_weight)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Rows as they came, but lists as arrays; their number of columns is right."""
        X = as_rows(X)
        validate_data(self, X=X, reset=reset, skip_check_array=True)
        return X

    def _checked_again(self, X: Any) -> Any:
        check_is_fitted(self, "estimators_")
        return self._checked(X, reset=False)
