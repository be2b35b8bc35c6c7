"""ResampledClassifier: only fit resamples, and probabilities are of real rows."""

import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN
from gan_augment.classification.prior import default_strategy

QUICK = GANOverSampler(TabularGAN(max_steps=5, hidden_dims=(8,)), sample_filter=None)


@parametrize_with_checks(
    [
        ResampledClassifier(
            LogisticRegression(), QUICK, soft_labels=False, random_state=0
        ),
        ResampledClassifier(
            RandomForestClassifier(5), RandomOverSampler(), n_draws=2, random_state=0
        ),
        ResampledClassifier(LinearSVC(), RandomOverSampler(), random_state=0),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([ResampledClassifier(None, QUICK, n_draws=1, random_state=0)])
def test_scikit_learn_contract_of_the_default(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rare():
    return make_classification(
        4000, n_informative=4, weights=[0.9], flip_y=0.05, random_state=0
    )


def test_a_search_trains_one_gan_a_fold(rare, tmp_path, monkeypatch):
    X, y = rare
    trained = []
    train = TabularGAN._train
    monkeypatch.setattr(
        TabularGAN,
        "_train",
        lambda self, *args: trained.append(0) or train(self, *args),
    )
    sampler = clone(QUICK).set_params(memory=str(tmp_path))
    search = GridSearchCV(
        ResampledClassifier(
            LogisticRegression(), sampler, soft_labels=False, random_state=0
        ),
        {
            "sampler__sampling_strategy": [0.2, 0.3, 0.5, 1.0],
            "classifier__C": [0.01, 0.1, 1.0],
        },
        cv=5,
        refit=False,
    ).fit(X[:500], y[:500])
    assert len(trained) == 5
    best = search.best_params_ | {"sampler__memory": None}
    uncached = clone(search.estimator).set_params(**best)
    scores = cross_val_score(uncached, X[:500], y[:500], cv=5)
    assert scores.mean() == search.best_score_
    assert len(trained) == 5 + 5


def test_probabilities_are_those_of_real_rows(rare):
    X, y = rare
    train, test = slice(0, 2000), slice(2000, None)
    plain = LogisticRegression().fit(X[train], y[train])
    errors = {}
    for name, correct in (("corrected", True), ("not", False)):
        fitted = ResampledClassifier(
            LogisticRegression(), SMOTE(), correct_prior=correct, random_state=0
        ).fit(X[train], y[train])
        probability = fitted.predict_proba(X[test])[:, 1]
        errors[name] = brier_score_loss(y[test], probability)
        if correct:
            assert probability.mean() == pytest.approx(y[test].mean(), abs=0.03)
    best = brier_score_loss(y[test], plain.predict_proba(X[test])[:, 1])
    assert errors["corrected"] - best < 0.01
    assert errors["not"] - best > 0.03


def test_the_correction_is_exact_where_the_classifier_is():
    """A classifier that gives the frequencies of its rows gives the real ones back."""
    rng = np.random.default_rng(0)
    X = rng.integers(3, size=(3000, 1)).astype(float)
    y = rng.choice(list("abc"), 3000, p=[0.8, 0.15, 0.05])
    tree = RandomForestClassifier(1, bootstrap=False)
    real = tree.fit(X, y).predict_proba(X)
    # Every row of a class as often: only the prior changes.
    repeats = pd.Series(y).map({"a": 1, "b": 3, "c": 7}).to_numpy()

    class Repeater(BaseEstimator):
        def fit_resample(self, X, y):
            return np.repeat(X, repeats, axis=0), np.repeat(y, repeats)

    fitted = ResampledClassifier(tree, Repeater(), random_state=0).fit(X, y)
    np.testing.assert_allclose(fitted.predict_proba(X), real, atol=1e-12)
    raw = clone(fitted).set_params(correct_prior=False).fit(X, y)
    assert np.abs(raw.predict_proba(X) - real).max() > 0.1
    np.testing.assert_array_equal(
        fitted.predict(X), fitted.classes_[real.argmax(axis=1)]
    )


def test_rows_are_resampled_in_fit_alone(imbalanced):
    X, y = imbalanced

    class Counter(RandomOverSampler):
        calls = 0

        def fit_resample(self, X, y):
            Counter.calls += 1
            return super().fit_resample(X, y)

    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["job"]),
        ("drop", ["income"]),
        remainder="passthrough",
    )
    model = ResampledClassifier(
        make_pipeline(encode, LogisticRegression()), Counter(), n_draws=3
    )
    model.fit(X, y).predict_proba(X)
    model.predict(X)
    assert Counter.calls == 1
    assert len(model.estimators_) == 3
    assert list(model.feature_names_in_) == list(X.columns)


def test_the_default_sampler_is_ours_at_a_moderate_ratio(imbalanced):
    X, y = imbalanced
    model = ResampledClassifier(
        make_pipeline(
            make_column_transformer((StandardScaler(), ["age"])), LogisticRegression()
        ),
        random_state=0,
    ).fit(X, y)
    (sampler,) = model.samplers_
    assert isinstance(sampler, GANOverSampler)
    n_common, n_rare = (y == "common").sum(), (y == "rare").sum()
    n_new = int(0.3 * n_common) - n_rare
    assert sampler.n_synthetic_ == {"rare": model.n_draws * n_new}
    shares = np.array([n_common, n_rare + n_new]) / (n_common + n_rare + n_new)
    _, *hard, soft = model.resampled_prior_
    np.testing.assert_allclose(hard, [shares] * model.n_draws)
    np.testing.assert_allclose(soft, model.class_prior_, atol=0.002)


def test_the_seed_decides(rare):
    X, y = rare[0][:400], rare[1][:400]

    def fit(seed):
        forest = RandomForestClassifier(5)
        model = ResampledClassifier(
            forest, QUICK, soft_labels=False, n_draws=2, random_state=seed
        )
        return model.fit(X, y).predict_proba(X)

    np.testing.assert_array_equal(fit(0), fit(0))
    assert not np.array_equal(fit(0), fit(1))


class Kept(ClassifierMixin, BaseEstimator):
    """A classifier that keeps what it was trained on."""

    def fit(self, X, y):
        self.classes_, self.rows_, self.labels_ = np.unique(y), X, y
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))


def test_draws_of_an_over_sampler_share_the_real_rows_and_no_synthetic_one(imbalanced):
    X, y = imbalanced
    X = X.assign(income=X["income"].fillna(0.0), job=X["job"].cat.codes)
    y = np.where(np.arange(len(y)) % 5 == 4, "few", y)
    # Equal classes: all draws together have more rows than the common class.
    sampler = SMOTE(random_state=0)
    model = ResampledClassifier(Kept(), sampler, n_draws=3, random_state=0).fit(X, y)
    (fitted,) = model.samplers_
    assert sampler.sampling_strategy == "auto"
    n_common = int((y == "common").sum())
    wanted = {
        label: int(3 * n_common - 2 * (y == label).sum()) for label in ("few", "rare")
    }
    assert fitted.sampling_strategy == wanted
    seen = []
    for kept in model.estimators_:
        pd.testing.assert_frame_equal(kept.rows_[: len(X)], X, check_dtype=False)
        assert list(kept.rows_.index) == list(range(len(kept.rows_)))
        assert set(np.unique(kept.labels_, return_counts=True)[1]) == {
            (y == "common").sum()
        }
        synthetic = kept.rows_[len(X) :].itertuples(index=False, name=None)
        seen += [row for row in synthetic if row[1] > 0]
    # Incomes are interpolated, so equal ones would be the same row twice.
    assert len(set(seen)) == len(seen)


def test_a_sampler_that_is_no_over_sampler_is_fitted_for_every_draw(rare):
    X, y = rare[0][:600], rare[1][:600]
    sampler = RandomUnderSampler(random_state=0)
    model = ResampledClassifier(Kept(), sampler).fit(X, y)
    first, second, third = (each.sample_indices_ for each in model.samplers_)
    sampler.fit_resample(X, y)
    np.testing.assert_array_equal(first, sampler.sample_indices_)
    assert (first != second).any()
    assert (second != third).any()


@pytest.mark.parametrize("sampler", [SMOTE, RandomUnderSampler])
def test_what_has_a_seed_needs_no_other(sampler, rare):
    X, y = rare[0][:400], rare[1][:400]
    model = ResampledClassifier(LogisticRegression(), sampler(random_state=0))
    first = model.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), first)


class Shuffler(RandomOverSampler):
    def _fit_resample(self, X, y):
        X, y = super()._fit_resample(X, y)
        return X[::-1], y[::-1]


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (Shuffler(), "put them first. Got Shuffler"),
        (SMOTE(sampling_strategy="nope"), "'sampling_strategy' parameter.*'nope'"),
        (SMOTE(sampling_strategy=None), "'sampling_strategy' parameter.*None"),
    ],
)
def test_several_draws_of_a_sampler_that_cannot(sampler, message, rare):
    X, y = rare[0][:400], np.sort(rare[1][:400])
    with pytest.raises(ValueError, match=message):
        ResampledClassifier(LogisticRegression(), sampler).fit(X, y)


def test_several_draws_vary_less(rare):
    X, y = rare[0][:600], rare[1][:600]

    def spread(n_draws):
        return np.std(
            [
                ResampledClassifier(
                    LogisticRegression(),
                    RandomUnderSampler(),
                    n_draws=n_draws,
                    random_state=seed,
                )
                .fit(X, y)
                .predict_proba(X)[:, 1]
                for seed in range(6)
            ],
            axis=0,
        ).mean()

    assert spread(8) < 0.6 * spread(1)


class Recorder(ClassifierMixin, BaseEstimator):
    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.n_real_, self.weight_ = len(X), sample_weight
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))


def test_synthetic_rows_may_weigh_less():
    X, y = np.arange(10.0)[:, None], np.array([0] * 8 + [1] * 2)
    model = ResampledClassifier(Recorder(), RandomOverSampler(), synthetic_weight=0.5)
    for estimator in model.fit(X, y).estimators_:
        np.testing.assert_array_equal(estimator.weight_, [1] * 10 + [0.5] * 6)
    np.testing.assert_allclose(model.resampled_prior_, [[8 / 13, 5 / 13]] * 3)
    own = np.r_[np.ones(8), 2, 4]
    with config_context(enable_metadata_routing=True):
        model = ResampledClassifier(
            Recorder().set_fit_request(sample_weight=True), RandomOverSampler()
        )
        weight = model.fit(X, y, sample_weight=own).estimators_[0].weight_
    np.testing.assert_array_equal(weight, np.r_[own, [3] * 6])
    np.testing.assert_allclose(model.class_prior_, [8 / 14, 6 / 14])
    with pytest.raises(ValueError, match=r"put them first\. Got RandomUnder"):
        model.set_params(sampler=RandomUnderSampler()).fit(X, y, sample_weight=own)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.full(10, np.nan), "sample_weight.*NaN"),
        (np.ones(3), "sample_weight"),
        (np.full(10, -1.0), "Negative values.*sample_weight"),
    ],
)
def test_weights_that_are_none_are_named(weight, message):
    X, y = np.arange(10.0)[:, None], np.array([0] * 8 + [1] * 2)
    model = ResampledClassifier(LogisticRegression(), RandomOverSampler())
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, sample_weight=weight)


def test_it_works_inside_the_tools_of_scikit_learn(rare):
    X, y = rare[0][:600], rare[1][:600]
    model = ResampledClassifier(LogisticRegression(), SMOTE(), random_state=0)
    for outer in (
        make_pipeline(StandardScaler(), model),
        CalibratedClassifierCV(model, cv=2),
        TunedThresholdClassifierCV(model, cv=2),
        VotingClassifier([("a", model), ("b", LogisticRegression())], voting="soft"),
    ):
        fitted = clone(outer).fit(X, y)
        assert roc_auc_score(y, fitted.predict_proba(X)[:, 1]) > 0.7
    scores = cross_val_score(model, X, y, scoring="average_precision", cv=2)
    assert np.isfinite(scores).all()
    copied = pickle.loads(pickle.dumps(model.fit(X, y)))
    np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))


def test_a_search_reaches_both_parts(rare):
    X, y = rare[0][:400], rare[1][:400]
    search = GridSearchCV(
        ResampledClassifier(LogisticRegression(), SMOTE(), random_state=0),
        {"classifier__C": [0.1, 1], "sampler__sampling_strategy": [0.3, 1.0]},
        cv=2,
        scoring="neg_brier_score",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4


def test_a_search_reaches_the_default_sampler(rare):
    X, y = rare[0][:300], rare[1][:300]
    model = ResampledClassifier(LogisticRegression(), random_state=0)
    grid = {"sampler__sampling_strategy": [0.3, 1.0], "sampler__gan__max_steps": [2]}
    search = GridSearchCV(
        model.set_params(sampler__gan=TabularGAN(hidden_dims=(8,))), grid, cv=2
    ).fit(X, y)
    best = search.best_estimator_
    assert best.sampler.gan.max_steps == 2
    assert best.soft_labels_
    default = ResampledClassifier().set_params(sampler__random_state=3).sampler
    assert default.random_state == 3
    assert default.sampling_strategy is default_strategy
    named = ResampledClassifier(None, SMOTE()).set_params(sampler__k_neighbors=2)
    assert named.sampler.k_neighbors == 2
    both = ResampledClassifier().set_params(sampler__k_neighbors=2, sampler=SMOTE())
    assert both.sampler.k_neighbors == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"classifier": 3}, "'classifier' parameter"),
        ({"classifier": StandardScaler()}, r"must have fit and predict.*StandardSc"),
        ({"sampler": StandardScaler()}, "'sampler' parameter"),
        ({"teacher": LinearSVC()}, "'teacher' parameter"),
        ({"soft_labels": "no"}, "'soft_labels' parameter"),
        ({"n_draws": 0}, "'n_draws' parameter"),
        ({"synthetic_weight": 0}, "'synthetic_weight' parameter"),
    ],
)
def test_bad_parameters_are_named(params, message, rare):
    model = ResampledClassifier(LogisticRegression()).set_params(**params)
    with pytest.raises(ValueError, match=message):
        model.fit(*rare)


@pytest.mark.parametrize("dtype", ["Int64", "boolean"])
def test_nullable_labels_stay_what_they_are(dtype):
    X, y = np.arange(10.0)[:, None], pd.Series([0] * 8 + [1] * 2, dtype=dtype)
    model = ResampledClassifier(LogisticRegression(), RandomOverSampler()).fit(X, y)
    assert model.classes_.dtype == y.dtype.numpy_dtype
    gan = TabularGAN(max_steps=2).fit(X, y)
    assert gan.sample(2, label=gan.classes_[1])[1].dtype == y.dtype.numpy_dtype


def test_one_class_and_no_fit_are_clear_errors():
    model = ResampledClassifier(LogisticRegression(), RandomOverSampler())
    with pytest.raises(ValueError, match=r"two classes.*Got one class, \[1\]"):
        model.fit([[1.0], [2.0]], [1, 1])
    with pytest.raises(NotFittedError):
        model.predict([[1.0]])
