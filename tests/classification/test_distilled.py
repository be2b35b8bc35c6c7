"""DistilledClassifier: one classifier of the user's class, taught by another one."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks
from skops.io import dump, get_untrusted_types

from gan_augment import (
    DistilledClassifier,
    GANOverSampler,
    ResampledClassifier,
    TabularGAN,
)
from gan_augment.events import Listener, listening

QUICK = TabularGAN(max_steps=5, hidden_dims=(8,))
TREE = DecisionTreeClassifier(max_depth=3)
LINEAR = LogisticRegression(max_iter=1000)


class Spy(Listener):
    def __init__(self):
        self.begun = []

    def on_begin(self, task):
        self.begun.append(task.name)


@parametrize_with_checks(
    [
        DistilledClassifier(TREE, LINEAR, QUICK, random_state=0),
        # Without weights.
        DistilledClassifier(KNeighborsClassifier(), LINEAR, QUICK, n_folds=None),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [DistilledClassifier(LinearSVC(), LINEAR, QUICK, n_folds=2, random_state=0)]
)
def test_scikit_learn_contract_without_probabilities(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rare():
    return make_classification(
        600, n_informative=4, weights=[0.9], flip_y=0.02, random_state=0
    )


def test_a_classifier_learns_what_its_teacher_knows():
    """Few rows of many noisy columns, and a teacher who has seen more."""
    X, y = make_classification(
        3000, 20, n_informative=4, weights=[0.9], flip_y=0.1, random_state=1
    )
    few, test = slice(0, 150), slice(1000, None)
    teacher = RandomForestClassifier(min_samples_leaf=5, random_state=0)
    teacher.fit(X[:1000], y[:1000])
    alone = clone(TREE).set_params(random_state=0)
    taught = [
        DistilledClassifier(TREE, FrozenEstimator(teacher), random_state=seed)
        for seed in range(4)
    ]
    alone, *better = (
        roc_auc_score(y[test], model.fit(X[few], y[few]).predict_proba(X[test])[:, 1])
        for model in (alone, *taught)
    )
    assert np.mean(better) > alone + 0.01


class Misled(ClassifierMixin, BaseEstimator):
    """A teacher who takes every class for the other one."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = LogisticRegression(max_iter=1000).fit(X, y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)[:, ::-1]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.mark.parametrize("classifier", [LINEAR, LinearSVC(), KNeighborsClassifier()])
def test_a_teacher_who_harms_is_not_followed(rare, classifier):
    X, y = rare
    if hasattr(classifier, "random_state"):
        classifier = clone(classifier).set_params(random_state=0)
    model = DistilledClassifier(classifier, Misled(), QUICK, random_state=0)
    with pytest.warns(UserWarning, match="trained on the real rows alone"):
        model.fit(X, y)
    assert not model.is_distilled_
    assert model.gains_.shape == (5,)
    alone = clone(classifier).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), alone.predict(X))
    followed = clone(model).set_params(n_folds=None).fit(X, y)
    assert followed.is_distilled_
    assert not len(followed.gains_)
    assert (followed.predict(X) != alone.predict(X)).any()


def test_a_teacher_who_helps_is_followed():
    X, y = make_classification(
        400, 20, n_informative=4, weights=[0.8], flip_y=0.1, random_state=1
    )
    teacher = RandomForestClassifier(50, min_samples_leaf=5, random_state=0)
    models = [DistilledClassifier(TREE, teacher, random_state=s) for s in range(2)]
    gains = np.array([model.fit(X, y).gains_.mean() for model in models])
    assert all(model.is_distilled_ for model in models)
    assert gains.mean() > 0


def test_a_class_of_few_rows_has_as_many_folds(rare):
    X, y = rare
    few = np.sort(np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y)[:3]]))
    model = DistilledClassifier(TREE, LINEAR, QUICK, random_state=0)
    assert len(model.fit(X[few], y[few]).gains_) == 3
    two = np.sort(np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y)[:2]]))
    assert not len(model.fit(X[two], y[two]).gains_)


@pytest.mark.parametrize("labels", [["a", "b"], [0, 1, 2]])
def test_a_frozen_teacher_of_other_classes_is_refused(labels, rare):
    """Its probabilities would be taken for those of other labels, without a sign."""
    X, y = rare
    teacher = FrozenEstimator(
        LogisticRegression().fit(X, np.resize(np.array(labels), len(y)))
    )
    soft = ResampledClassifier(TREE, GANOverSampler(QUICK), teacher=teacher)
    for model in (DistilledClassifier(TREE, teacher, QUICK), soft):
        spy = Spy()
        with (
            listening(spy),
            pytest.raises(ValueError, match="`teacher` must be fitted on the classes"),
        ):
            model.fit(X, y)
        assert "train" not in spy.begun  # nothing was trained in vain


def test_the_fitted_classifier_needs_nothing_of_this_library(imbalanced, tmp_path):
    X, y = imbalanced
    X = X[["age", "job"]]
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["job"]), remainder="passthrough"
    )
    model = DistilledClassifier(make_pipeline(encode, TREE), gan=QUICK, random_state=0)
    model.fit(X, y)
    path = tmp_path / "model.skops"
    dump(model.classifier_, path)
    trusted = get_untrusted_types(file=path)
    assert all(name.startswith(("sklearn.", "numpy.")) for name in trusted)
    X.to_pickle(tmp_path / "X.pkl")
    code = (
        "import sys, pandas as pd\n"
        "from skops.io import load\n"
        f"model = load('model.skops', trusted={trusted})\n"
        "print(model.predict_proba(pd.read_pickle('X.pkl'))[:, 1].round(9).tolist())\n"
        "assert not any(name.startswith('gan_augment') for name in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = model.predict_proba(X)[:, 1].round(9).tolist()
    assert run.stdout.strip() == str(expected)


class Recorder(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_, self.rows_, self.labels_ = np.unique(y), X, y
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))


class Certain(ClassifierMixin, BaseEstimator):
    """Says how probable the last class is: the first column of the row."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = np.clip(X[:, 0], 0, 1)
        return np.c_[1 - p, p]

    predict = None


def test_without_weights_classes_are_drawn_as_the_teacher_says():
    rng = np.random.default_rng(0)
    X = rng.random((1500, 2))
    y = (rng.random(1500) < X[:, 0]).astype(int)
    model = DistilledClassifier(Recorder(), Certain(), QUICK, random_state=0).fit(X, y)
    rows, labels = model.classifier_.rows_, model.classifier_.labels_
    np.testing.assert_array_equal(rows[: len(X)], X)
    np.testing.assert_array_equal(labels[: len(X)], y)
    rows, labels = rows[len(X) :], labels[len(X) :]
    assert len(rows) == pytest.approx(3 * len(X), abs=2)
    by_decile = pd.Series(labels).groupby((rows[:, 0] * 10).astype(int)).mean()
    assert np.corrcoef(by_decile.index, by_decile)[0, 1] > 0.98
    assert labels.mean() == pytest.approx(y.mean(), abs=0.03)


def test_the_seed_decides(rare):
    def fit(seed):
        model = DistilledClassifier(TREE, LINEAR, QUICK, random_state=seed)
        return model.fit(*rare).predict_proba(rare[0])

    np.testing.assert_array_equal(fit(0), fit(0))
    assert not np.array_equal(fit(0), fit(1))


def test_a_search_reaches_its_parts_and_can_be_taught(rare):
    model = DistilledClassifier(TREE, LINEAR, QUICK, random_state=0)
    grid = {"classifier__max_depth": [2, 3], "gan__max_steps": [2]}
    assert len(GridSearchCV(model, grid, cv=2).fit(*rare).cv_results_["params"]) == 2
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(scaled, {"logisticregression__C": [0.1, 1]}, cv=2)
    taught = DistilledClassifier(search, LINEAR, QUICK, random_state=0)
    assert roc_auc_score(rare[1], taught.fit(*rare).predict_proba(rare[0])[:, 1]) > 0.7


def test_a_pipeline_is_taught_behind_its_preprocessing(rare):
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    model = DistilledClassifier(scaled, gan=QUICK, random_state=0).fit(*rare)
    assert "standardscaler" in model.teacher_.named_steps
    assert model.teacher_["standardscaler"] is not scaled["standardscaler"]


def test_one_class_and_bad_parameters_are_clear_errors(rare):
    with pytest.raises(ValueError, match=r"two classes.*Got one class, \[1\]"):
        DistilledClassifier(TREE).fit([[1.0], [2.0]], [1, 1])
    with pytest.raises(ValueError, match="'gan' parameter"):
        DistilledClassifier(TREE, gan=TREE).fit(*rare)
