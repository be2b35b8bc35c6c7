"""ResampledClassifierCV: resample only where that helps, at the price of one GAN."""

import numpy as np
import pandas as pd
import pytest
from comparison.planted import SAMPLERS, known_customers, logistic, starved_tree
from imblearn.over_sampling import RandomOverSampler
from joblib import parallel_config
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from gan_augment import ResampledClassifierCV, TabularGAN
from gan_augment.comparison import selection
from gan_augment.comparison.result import Comparison

RANDOM = {"random": RandomOverSampler()}
SPREAD = np.std([-3, -1, 1, 3], ddof=1) * np.sqrt(1 / 4 + 0.25)
TREE = DecisionTreeClassifier(min_samples_leaf=100, random_state=0)


@parametrize_with_checks(
    [ResampledClassifierCV(LogisticRegression(), RANDOM, cv=2, random_state=0)]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def test_a_planted_gain_is_taken():
    X, y = starved_tree(0)
    model = ResampledClassifierCV(TREE, RANDOM, random_state=0)
    plain = clone(TREE).fit(X, y)
    X_test, y_test = starved_tree(1)
    gain = [
        average_precision_score(y_test, fitted.predict_proba(X_test)[:, 1])
        for fitted in (model.fit(X, y), plain)
    ]
    assert model.selected_samplers_ == ["random"]
    assert gain[0] > gain[1]


def test_otherwise_it_is_the_classifier_itself():
    X, y = logistic(0)

    class Spoiler(RandomOverSampler):
        """Rows whose labels are wrong."""

        def _fit_resample(self, X, y):
            return X, np.roll(y, 1)

    model = ResampledClassifierCV(
        LogisticRegression(), {"spoiler": Spoiler()}, random_state=0
    ).fit(X, y)
    assert model.selected_samplers_ == ["nothing"]
    plain = LogisticRegression().fit(X, y)
    assert (model.predict_proba(X) == plain.predict_proba(X)).all()
    assert (model.predict(X) == plain.predict(X)).all()


@pytest.mark.parametrize(
    ("gains", "selected"),
    [
        ([0.03, 0.02, 0.04, 0.03], ["sampler"]),
        ([0.09, -0.08, 0.03, -0.02], ["sampler", "nothing"]),
        ([-0.09, 0.08, -0.03, 0.02], ["nothing", "sampler"]),
        ([-0.03, -0.02, -0.04, -0.03], ["nothing"]),
        # 2.1 and 1.9 standard errors.
        (list(np.array([-3, -1, 1, 3]) - 2.1 * SPREAD), ["nothing"]),
        (list(np.array([-3, -1, 1, 3]) - 1.9 * SPREAD), ["nothing", "sampler"]),
    ],
)
def test_all_within_two_standard_errors_of_the_best_are_selected(gains, selected):
    records = []
    for fold, gain in enumerate(gains):
        records.append({"arm": "nothing", "fold": fold, "average_precision": 0.5})
        records.append(
            {"arm": "sampler", "fold": fold, "average_precision": 0.5 + gain}
        )
    comparison = Comparison(
        pd.DataFrame(records),
        pd.DataFrame(),
        {},
        {0: 9, 1: 3},
        None,
        0.25,
        ("sampler",),
    )
    assert selection._near_best(comparison) == selected


def test_the_probabilities_of_the_selected_are_averaged(monkeypatch):
    both = ["nothing", "random"]
    monkeypatch.setattr(selection, "_near_best", lambda comparison: both)
    X, y = logistic(0)
    model = ResampledClassifierCV(LogisticRegression(), RANDOM, random_state=0)
    model.fit(X, y)
    plain = LogisticRegression().fit(X, y).predict_proba(X)
    mean = (plain + model.estimators_[1].predict_proba(X)) / 2
    np.testing.assert_allclose(model.predict_proba(X), mean)
    assert (model.predict(X) == (mean[:, 1] > 0.5)).all()


@pytest.fixture
def trained(monkeypatch):
    """Numbers of rows of the GANs that are trained, in three steps."""
    trained = []

    def train(self, X, classes, rng):
        trained.append(len(classes))
        self.max_steps = 3
        return real(self, X, classes, rng)

    real = TabularGAN._train
    monkeypatch.setattr(TabularGAN, "_train", train)
    return trained


def test_all_candidates_share_one_gan_a_fold(trained, monkeypatch):
    both = ["GAN to 1.0", "GAN"]
    monkeypatch.setattr(selection, "_near_best", lambda comparison: both)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 3)), np.arange(120) % 20 == 0
    model = ResampledClassifierCV(LogisticRegression(), cv=3, n_jobs=2, random_state=0)
    with parallel_config("threading"):  # workers of which `train` is told
        model.fit(X, y)
    arms = set(model.comparison_.frame["arm"])
    assert {"GAN", "GAN to 0.1", "GAN to 1.0", "GAN without filter"} <= arms
    assert trained == [80, 80, 80, 120]
    # Best first, and nothing is left of the directory that they shared.
    n_rows = [len(each.samplers_[0].synthetic_mask_) for each in model.estimators_]
    assert n_rows[0] > n_rows[1]
    for estimator in model.estimators_:
        assert estimator.sampler.memory is None
        assert estimator.samplers_[0].memory is None


def test_with_classes_of_equal_size_there_is_nothing_to_select(trained):
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2
    model = ResampledClassifierCV(LogisticRegression(), cv=2, random_state=0).fit(X, y)
    assert model.selected_samplers_ == ["nothing"]
    assert not trained


def test_images_have_no_filter_to_leave_out():
    model = ResampledClassifierCV(LogisticRegression())
    images, y = np.zeros((30, 8, 8)), np.arange(30) % 10 == 0
    names = set(model._candidates(images, y, 0, ""))
    assert "GAN" in names
    assert "GAN without filter" not in names


def test_a_candidate_that_fails_is_told():
    X, y = starved_tree(0)

    class Broken(RandomOverSampler):
        def _fit_resample(self, X, y):
            raise RuntimeError("no rows today")

    samplers = {"broken": Broken(), "random": RandomOverSampler()}
    model = ResampledClassifierCV(TREE, samplers, cv=2, random_state=0)
    failed = "'broken': 'RuntimeError: no rows today'"
    with pytest.warns(UserWarning, match=failed) as warned:
        model.fit(X, y)
    assert warned[0].filename == __file__
    assert model.selected_samplers_ == ["random"]


def test_one_row_of_a_class_cannot_be_judged():
    X, y = np.arange(20.0)[:, None], np.arange(20) == 19
    model = ResampledClassifierCV(LogisticRegression(), RANDOM).fit(X, y)
    assert model.selected_samplers_ == ["nothing"]
    assert model.comparison_ is None


def test_groups_are_on_one_side_of_every_inner_fold():
    X, y, customer = known_customers()
    model = ResampledClassifierCV(DecisionTreeClassifier(), RANDOM, random_state=0)
    model.fit(X, y, groups=customer)
    assert model.comparison_.frame["fold"].nunique() == 5
    scores = model.comparison_.frame.groupby("arm")["roc_auc"].mean()
    assert scores["nothing"] < 0.7  # it is above .9 where the customer is known


@pytest.mark.parametrize(
    ("n_groups", "n_folds"), [(1, None), (2, 2), (4, 4)], ids=["1", "2", "4"]
)
def test_there_are_as_many_folds_as_groups_of_a_class(n_groups, n_folds):
    X, _, customer = known_customers()
    model = ResampledClassifierCV(LogisticRegression(), RANDOM, random_state=0)
    model.fit(X, customer < n_groups, groups=customer)
    if n_folds is None:
        assert model.comparison_ is None
        assert model.selected_samplers_ == ["nothing"]
    else:
        assert model.comparison_.frame["fold"].nunique() == n_folds


def test_no_candidates_are_refused():
    X, y = starved_tree(0)
    with pytest.raises(ValueError, match=r"at least one sampler. Got \{\}"):
        ResampledClassifierCV(TREE, {}).fit(X, y)


def test_it_works_inside_the_tools_of_scikit_learn():
    X, y = starved_tree(0)
    frame = pd.DataFrame(X, columns=[*"abcdef"])
    model = ResampledClassifierCV(TREE, SAMPLERS, cv=2, random_state=0)
    model.set_params(samplers=RANDOM, classifier__min_samples_leaf=20)
    scores = cross_val_score(model, frame, y, cv=2, scoring="average_precision")
    assert (scores > 0.1).all()
    fitted = model.fit(frame, y)
    assert fitted.feature_names_in_.tolist() == [*"abcdef"]
