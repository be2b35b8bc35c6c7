"""Refuse synthetic rows that look like another class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import ndtr
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_is_fitted

from gan_augment.encoding import TableEncoder
from gan_augment.encoding.rows import RealRows
from gan_augment.over_sampling.refinement import Refinement
from gan_augment.seeding import RandomState, make_rng, seeded
from gan_augment.threads import one_openmp_thread

# More rows tell the class filter little, and its forest would take minutes for them.
MAX_TRAINING_ROWS = 10_000
# Bins of a column for the boosted trees.
BINS = 64


class ClassFilter(Refinement, BaseEstimator):
    """Keep the synthetic rows that a classifier finds most like their class.

    A class-conditional GAN also draws rows in the region where the classes overlap. The
    filter receives more rows than are requested, and keeps those with the largest
    probability of their class, predicted by a classifier that is fitted on the training
    rows. What this classifier has learned influences the chosen rows, so the default is
    a vote of three classifiers with different errors. A filter that is too strict
    reduces the diversity of the rows: the default keeps the better half. At most 10,000
    training rows are used, equally many of each class if possible.

    Parameters
    ----------
    classifier : classifier, default=None
        Classifier that has ``predict_proba``. It is trained on encoded rows: numbers as
        normal scores, categories as one-hot cells. If None, use a vote of a linear
        model, a random forest and boosted trees, each with balanced classes.
    draws_per_row : float, default=2.0
        Number of rows drawn for each one that is kept, at least 1.
    random_state : int, RandomState instance or None, default=None
        Seed of the classifier, if it has none of its own.

    Attributes
    ----------
    classifier_ : classifier
        The fitted classifier.
    encoder_ : TableEncoder
        The fitted encoder of the rows.

    See Also
    --------
    GANOverSampler : Over-sample the rare classes; the filter is its `sample_filter`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment.over_sampling.class_filter import ClassFilter
    >>> X, y = load_iris(return_X_y=True)
    >>> kept = ClassFilter(random_state=0).fit(X, y).select(X[:100], 1, 50)
    >>> sorted(set(y[kept].tolist()))
    [1]
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
        "draws_per_row": [Interval(Real, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        classifier: ClassifierMixin | None = None,
        *,
        draws_per_row: float = 2.0,
        random_state: RandomState = None,
    ) -> None:
        self.classifier = classifier
        self.draws_per_row = draws_per_row
        self.random_state = random_state

    def fit(self, X: Any, y: Any, gan: Any = None, labels: Any = None) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their classes.
        gan : estimator, default=None
            The GAN whose rows will be filtered. The columns in its
            `categorical_features` are encoded as categorical.
        labels : object, default=None
            Not used, present for the interface of refinements.

        Returns
        -------
        self : ClassFilter
            The fitted filter.
        """
        self._validate_params()
        rng = make_rng(self.random_state)
        real = RealRows.of(X)
        declared = getattr(gan, "categorical_features", "auto")
        self.encoder_ = TableEncoder(categorical_features=declared).fit(real, y)
        y = np.asarray(y)
        used = _balanced_rows(y, MAX_TRAINING_ROWS, rng)
        if len(used) < len(y):
            real = RealRows(_safe_indexing(real.X, used))
        rows, y = self._encode(real), y[used]
        classifier = _make_vote() if self.classifier is None else self.classifier
        with one_openmp_thread():
            self.classifier_ = seeded(clone(classifier), rng).fit(rows, y)
        return self

    def n_draws(self, n_rows: int, label: Any) -> int:
        """Compute how many rows to draw."""
        return math.ceil(n_rows * self.draws_per_row)

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Keep the rows that look most like their class."""
        return _safe_indexing(X, self.select(X, label, n_rows))

    def select(self, X: Any, label: Any, n_rows: int) -> np.ndarray:
        """Choose the rows that look most like their class.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Synthetic rows of one class.
        label : object
            That class.
        n_rows : int
            Number of rows to keep, at most ``n_samples``.

        Returns
        -------
        kept : ndarray of shape (n_rows,)
            Positions in `X`, ascending.

        Raises
        ------
        ValueError
            If `label` is not one of the classes.
        """
        check_is_fitted(self, "classifier_")
        of_label = np.flatnonzero(self.classifier_.classes_ == label)
        if len(of_label) != 1:
            raise ValueError(
                f"`label` must be one of {self.classifier_.classes_.tolist()}. "
                f"Got {label!r}."
            )
        likeness = self.predict_proba(X)[:, of_label[0]]
        return np.sort(np.argsort(-likeness, kind="stable")[:n_rows])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict class probabilities.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            In the order of ``classifier_.classes_``.
        """
        check_is_fitted(self, "classifier_")
        with one_openmp_thread():
            return self.classifier_.predict_proba(self._encode(X))

    def _encode(self, X: Any) -> np.ndarray:
        return self.encoder_.transform(X, spread=False)


def _make_vote() -> VotingClassifier:
    """Three classifiers that err differently; larger ones only take longer."""
    boosting = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.15,
        max_leaf_nodes=8,
        max_bins=BINS,
        class_weight="balanced",
    )
    # Arrays, whatever the output that scikit-learn is configured for.
    bins = FunctionTransformer(_bins).set_output(transform="default")
    members = {
        "linear": LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"),
        "forest": RandomForestClassifier(
            50, min_samples_leaf=2, class_weight="balanced"
        ),
        # With weights, scikit-learn's own binning takes longer than the trees.
        "boosting": make_pipeline(bins, boosting),
    }
    return VotingClassifier(list(members.items()), voting="soft")


def _bins(rows: np.ndarray) -> np.ndarray:
    """Normal scores -> bins of equal mass; what is one-hot stays apart."""
    return np.floor(BINS * ndtr(rows))


def _balanced_rows(
    y: np.ndarray, max_rows: int, rng: np.random.Generator
) -> np.ndarray:
    """Positions of at most `max_rows` rows, those of rare classes first."""
    if len(y) <= max_rows:
        return np.arange(len(y))
    shuffled = rng.permutation(len(y))
    order = np.argsort(
        pd.Series(y[shuffled]).groupby(y[shuffled]).cumcount(), kind="stable"
    )
    return np.sort(shuffled[order[:max_rows]])
