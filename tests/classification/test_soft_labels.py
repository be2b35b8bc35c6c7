"""Soft labels: synthetic rows that count for every class as a teacher believes them."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN
from gan_augment.classification import classifier, soft_labels
from gan_augment.classification.prior import default_strategy, shift_prior
from gan_augment.classification.soft_labels import (
    LEAST_WEIGHT,
    PRIOR_ROWS,
    SOFT_WEIGHT,
    _scaled,
    draw_soft,
    weigh_estimators,
)
from gan_augment.classification.weights import draw_weights

QUICK = GANOverSampler(TabularGAN(max_steps=5, hidden_dims=(8,)), sample_filter=None)
BALANCED = LogisticRegression(class_weight="balanced")


@parametrize_with_checks(
    [ResampledClassifier(LogisticRegression(), QUICK, teacher=BALANCED, random_state=0)]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rare():
    return make_classification(
        1000, n_informative=4, weights=[0.95], flip_y=0.02, random_state=0
    )


@pytest.fixture
def quick_default(monkeypatch):
    """The sampler that is taken where none is named, but with a short training."""

    quick = clone(QUICK).set_params(sampling_strategy=default_strategy)
    monkeypatch.setattr(classifier, "_default_sampler", lambda: quick)


def soft(X, y, n_draws, **params):
    rng = np.random.default_rng(0)
    gan = clone(QUICK.gan).set_params(random_state=0).fit(X, y)
    return draw_soft(gan, clone(BALANCED).fit(X, y), X, y, n_draws, rng, **params)


def test_rows_have_one_weight_and_the_classes_their_shares(rare):
    X, y = rare
    draw = soft(X, y, 3)
    np.testing.assert_array_equal(draw.X[: len(X)], X)
    np.testing.assert_array_equal(draw.y[: len(y)], y)
    labels, rows = draw.y[len(y) :], pd.DataFrame(draw.X[len(X) :])
    assert len(labels) == len(draw.weight)
    total = pd.Series(draw.weight).groupby(rows.groupby(list(rows)).ngroup()).sum()
    assert len(total) == 3 * len(X)
    np.testing.assert_allclose(total, SOFT_WEIGHT, atol=2 * LEAST_WEIGHT)
    assert share_of(1, draw, y) == pytest.approx(y.mean(), rel=0.05)


def share_of(label, draw, y):
    """What a class has of the weight of synthetic rows."""
    return draw.weight[draw.y[len(y) :] == label].sum() / draw.weight.sum()


def test_a_class_of_a_thousandth_keeps_its_share():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10_000, 2)), np.arange(10_000) % 1000 == 0
    X[y] += 0.5  # hardly to be told: no row is surer of this class than of the other
    draw = soft(X, y, 3)
    assert share_of(True, draw, y) == pytest.approx(0.001, rel=0.3)


def test_a_large_table_gets_no_more_rows(rare, monkeypatch):
    X, y = rare
    monkeypatch.setattr(soft_labels, "MOST_ROWS", 100)
    draw = soft(X, y, 2)
    rows = pd.DataFrame(draw.X[len(X) :]).drop_duplicates()
    assert len(rows) == pytest.approx(200, abs=1)
    assert share_of(1, draw, y) == pytest.approx(y.mean(), rel=0.2)


def test_a_row_counts_for_a_class_as_its_teacher_says():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 1))
    y = rng.random(2000) < 1 / (1 + np.exp(-2 * X[:, 0]))
    draw = soft(X, y, 1)
    row, label = draw.X[len(X) :, 0], draw.y[len(X) :]
    believed = draw.weight[label] / SOFT_WEIGHT
    # The teacher is logistic, so the log odds are a line with its slope.
    inside = (believed > 0.01) & (believed < 0.99)
    log_odds = np.log(believed / (1 - believed))[inside]
    slope, _ = np.polyfit(row[label][inside], log_odds, 1)
    assert slope == pytest.approx(2, rel=0.2)
    assert np.corrcoef(row[label][inside], log_odds)[0, 1] > 0.99


def test_the_prior_of_the_teacher_is_no_matter():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet([1, 1, 1], 500)
    shares = np.array([0.7, 0.2, 0.1])
    scaled = _scaled(probability, shares)
    np.testing.assert_allclose(scaled.mean(axis=0), shares, rtol=1e-6)
    np.testing.assert_allclose(scaled.sum(axis=1), 1)
    moved = shift_prior(probability, np.array([1, 2, 3]) / 6, np.array([3, 2, 1]) / 6)
    np.testing.assert_allclose(_scaled(moved, shares), scaled, rtol=1e-6)


def test_a_teacher_that_is_certain_is_scaled_too():
    certain = np.repeat([[1.0, 0.0], [0.0, 1.0]], [94, 6], axis=0)
    shares = np.array([0.9, 0.1])
    np.testing.assert_allclose(_scaled(certain, shares).mean(axis=0), shares, rtol=0.01)
    never = _scaled(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0.8, 0.2]))
    np.testing.assert_allclose(never, [[0.8, 0.2]] * 2)


def test_classes_of_rows_without_weights_are_drawn_as_common_as_they_are(rare):
    X, y = rare
    draw = soft(X, y, 5, weighted=False)
    assert draw.weight is None
    assert len(draw.X) == len(draw.y) == 6 * len(X)
    assert draw.y[len(y) :].mean() == pytest.approx(y.mean(), rel=0.2)


def test_rows_of_soft_labels_are_not_those_of_hard_ones(rare):
    model = ResampledClassifier(
        Recorder(), QUICK, teacher=BALANCED, n_draws=1, random_state=0
    )
    _, hard, taught = model.fit(*rare).estimators_
    n_real = len(rare[0])
    of_hard = {row.tobytes() for row in hard.rows_[n_real:]}
    assert not of_hard & {row.tobytes() for row in taught.rows_[n_real:]}


class Recorder(ClassifierMixin, BaseEstimator):
    def __init__(self, mark=0):
        self.mark = mark

    def fit(self, X, y, sample_weight=None):
        self.classes_, self.rows_ = np.unique(y), X
        self.labels_, self.weight_ = y, sample_weight
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_two_classifiers_more_are_trained_on_rows_of_the_same_kind(imbalanced):
    X, y = imbalanced
    shuffled = X.set_axis(range(len(X))[::-1])
    model = ResampledClassifier(Recorder(), QUICK, random_state=0)
    real, *hard, kept = model.fit(shuffled, y).estimators_
    assert [each.weight_ for each in hard] == [None] * 3
    assert min(len(each.rows_) for each in hard) > len(X)
    assert real.weight_ is None
    pd.testing.assert_frame_equal(real.rows_, X.reset_index(drop=True))
    np.testing.assert_array_equal(real.labels_, y)
    np.testing.assert_array_equal(model.resampled_prior_[0], model.class_prior_)
    assert len(model.samplers_) == 1
    assert list(kept.rows_.index) == list(range(len(kept.rows_)))
    pd.testing.assert_frame_equal(kept.rows_[: len(X)], X.reset_index(drop=True))
    np.testing.assert_array_equal(kept.labels_[: len(y)], y)
    assert (kept.weight_[: len(y)] == 1).all()
    np.testing.assert_allclose(
        model.resampled_prior_[-1], model.class_prior_, atol=0.002
    )
    *_, twice = model.set_params(synthetic_weight=2.0).fit(X, y).estimators_
    np.testing.assert_allclose(twice.weight_[len(y) :], 2 * kept.weight_[len(y) :])


def test_sparse_rows_and_several_classes():
    rng = np.random.default_rng(0)
    X = sparse.random_array((300, 6), density=0.4, format="csr", rng=rng)
    y = rng.choice(["a", "b", "c"], 300, p=[0.8, 0.17, 0.03])
    model = ResampledClassifier(
        LogisticRegression(), QUICK, soft_labels=True, random_state=0
    ).fit(X, y)
    np.testing.assert_allclose(
        model.resampled_prior_[-1], model.class_prior_, atol=0.002
    )
    again = model.predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), again)


@pytest.mark.parametrize(
    ("estimator", "soft"),
    [
        (make_pipeline(StandardScaler(), LogisticRegression()), True),
        (KNeighborsClassifier(), False),
        (LinearSVC(), False),  # which takes weights, but has no probabilities
    ],
)
def test_labels_are_soft_where_that_is_possible(estimator, soft, rare, quick_default):
    model = ResampledClassifier(estimator, random_state=0).fit(*rare)
    assert model.soft_labels_ == soft
    assert len(model.estimators_) == 3 + 2 * soft


@pytest.mark.parametrize(
    "nested",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        CalibratedClassifierCV(LogisticRegression()),
        CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression())),
        BaggingClassifier(LogisticRegression(), 2),
        VotingClassifier([("a", LogisticRegression())], voting="soft"),
        StackingClassifier([("a", LogisticRegression())]),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2),
    ],
    ids=lambda nested: type(nested).__name__,
)
def test_nothing_needs_to_be_routed(rare, quick_default, nested):
    X, y = rare[0][:300], rare[1][:300]
    with config_context(enable_metadata_routing=True):
        model = ResampledClassifier(nested, n_draws=1, random_state=0).fit(X, y)
        assert model.predict_proba(X).shape == (300, 2)
    assert not model.soft_labels_


def test_weights_of_real_rows_are_those_of_synthetic_ones(rare, quick_default):
    X, y = rare
    weight = np.where(y == 1, 3.0, 1.0)
    model = ResampledClassifier(Recorder(), QUICK, teacher=BALANCED, random_state=0)
    with config_context(enable_metadata_routing=True):
        model.set_params(classifier=Recorder().set_fit_request(sample_weight=True))
        model.fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(model.estimators_[-1].weight_[: len(y)], weight)
    np.testing.assert_allclose(model.resampled_prior_[-1], model.class_prior_, rtol=0.1)


def test_labels_of_other_samplers_and_of_images_are_hard(rare):
    model = ResampledClassifier(LogisticRegression(), SMOTE(), random_state=0)
    assert not model.fit(*rare).soft_labels_
    images = np.random.default_rng(0).integers(0, 255, (30, 8, 8))
    flat = make_pipeline(FunctionTransformer(_flatten), LogisticRegression())
    model = ResampledClassifier(flat)
    assert not model._wants_soft_labels(images, flat)
    with pytest.raises(ValueError, match=r"must be a table, not images.*\(30, 8, 8\)"):
        model.set_params(soft_labels=True).fit(images, np.arange(30) % 2)


@pytest.mark.parametrize(
    "estimator",
    [
        VotingClassifier([("a", LogisticRegression())], voting="soft"),
        make_pipeline(StandardScaler(), StackingClassifier([("a", LinearSVC())], cv=2)),
    ],
)
def test_a_vote_and_a_stack_have_soft_labels(estimator, rare, quick_default):
    model = ResampledClassifier(estimator, teacher=BALANCED, random_state=0).fit(*rare)
    assert model.soft_labels_


def test_a_search_selects_on_real_rows_and_the_selected_is_trained_on_all(rare):
    X, y = rare
    grid = {"mark": [1, 2]}
    search = GridSearchCV(Recorder(), grid, scoring=_mark_of_real_rows(X), cv=2)
    model = ResampledClassifier(search, QUICK, teacher=BALANCED, random_state=0)
    first, *others = model.fit(X, y).estimators_
    assert first.best_params_ == {"mark": 2}
    assert [each.mark for each in others] == [2] * 4
    assert len(others[-1].rows_) > 3 * len(X)


def _mark_of_real_rows(X):
    def score(estimator, rows, y):
        assert len(estimator.rows_) + len(rows) == len(X)
        return estimator.mark

    return score


def test_the_fewer_rare_rows_the_more_synthetic_ones_count():
    y = np.repeat([0, 1], [900, 100])
    for n_rare, share in ((PRIOR_ROWS, 0.5), (9 * PRIOR_ROWS, 0.1)):
        weights = weigh_estimators(5, np.r_[y[:900], y[900 : 900 + n_rare]])
        np.testing.assert_allclose(weights[1:-1], share / 3)
        np.testing.assert_allclose(weights[[0, -1]], (1 - share) / 2)


def test_probabilities_are_the_weighted_mean(rare):
    model = ResampledClassifier(
        LogisticRegression(), QUICK, teacher=BALANCED, correct_prior=False
    )
    X, _ = rare
    model.set_params(soft_labels=True, random_state=0).fit(*rare)
    each = np.stack([estimator.predict_proba(X) for estimator in model.estimators_])
    mean = np.tensordot(model.estimator_weights_, each, axes=1)
    np.testing.assert_allclose(model.predict_proba(X), mean)


def test_the_default_classifier_is_its_own_teacher(rare, quick_default):
    model = ResampledClassifier(n_draws=1, random_state=0).fit(*rare)
    assert model.soft_labels_
    assert model.teacher_ is model.estimators_[0]


def _flatten(images):
    return images.reshape(len(images), -1)


def test_a_classifier_learns_what_its_teacher_knows():
    """Few rows of many noisy columns, and a teacher who has seen more."""
    X, y = make_classification(
        3000, 20, n_informative=4, weights=[0.9], flip_y=0.1, random_state=1
    )
    few, test = slice(0, 150), slice(1000, None)
    gan = TabularGAN(max_steps=100, hidden_dims=(8,), random_state=0)
    gan.fit(X[few], y[few])
    teacher = clone(BALANCED).fit(X[:1000], y[:1000])
    rng = np.random.default_rng(0)
    draw = draw_soft(gan, teacher, X[few], y[few], 5, rng)
    weights = draw_weights(draw, y[few], None, 1.0)
    plain = LogisticRegression().fit(X[few], y[few])
    taught = LogisticRegression().fit(draw.X, draw.y, sample_weight=weights)
    alone, better = (
        roc_auc_score(y[test], model.predict_proba(X[test])[:, 1])
        for model in (plain, taught)
    )
    assert better > alone + 0.02


@pytest.mark.parametrize(
    ("estimator", "sampler", "message"),
    [
        (LogisticRegression(), SMOTE(), r"must be a GANOverSampler.* Got SMOTE"),
        (KNeighborsClassifier(), QUICK, r"take sample_weight.* Got KNeighbors"),
        (LinearSVC(), QUICK, r"must have predict_proba.* Got LinearSVC"),
    ],
)
def test_what_cannot_have_soft_labels_is_refused_before_anything_is_trained(
    estimator, sampler, message, rare, monkeypatch
):
    monkeypatch.setattr(TabularGAN, "fit", None)
    model = ResampledClassifier(estimator, sampler, soft_labels=True)
    with pytest.raises(ValueError, match=message):
        model.fit(*rare)
