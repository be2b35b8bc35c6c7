"""Ensembles that need no over-sampler."""

import builtins

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator_cloneable

from pipelines.arms import parse_arms
from pipelines.ensembles import ENSEMBLES, PRETRAINED, SelfPacedEnsemble


@pytest.fixture(scope="module")
def rare():
    return make_classification(
        1500, n_informative=4, weights=[0.93], flip_y=0.02, random_state=0
    )


def test_a_self_paced_ensemble_ranks_better_than_one_tree(rare):
    X, y = rare
    scores = []
    for kind in (DecisionTreeClassifier, SelfPacedEnsemble):
        of_seeds = []
        for seed in range(5):
            model = kind(random_state=seed).fit(X[:700], y[:700])
            probability = model.predict_proba(X[700:])[:, 1]
            of_seeds.append(average_precision_score(y[700:], probability))
        scores.append(np.mean(of_seeds))
    assert scores[1] > scores[0] + 0.05


def test_every_tree_has_all_rare_rows_and_as_many_common_ones(rare):
    X, y = rare
    seen = []

    class Kept(DecisionTreeClassifier):
        def fit(self, X, y):
            seen.append((len(y), int(y.sum())))
            return super().fit(X, y)

    model = SelfPacedEnsemble(Kept(), n_estimators=4, random_state=0).fit(X, y)
    assert seen == [(2 * y.sum(), y.sum())] * 5
    assert len(model.estimators_) == 4
    check_estimator_cloneable("SelfPacedEnsemble", model)


def test_bins_weigh_alike_at_first_and_hard_rows_weigh_more_at_last():
    hardness = np.repeat([0.02, 0.9], [900, 100])
    model = SelfPacedEnsemble()
    first, last = (model._weights(hardness, factor) for factor in (0.01, 1e3))
    assert first.sum() == pytest.approx(1)
    # 1 / .03 and 1 / .91: at first the bin of easy rows has what is sure of it.
    assert first[:900].sum() == pytest.approx(0.968, abs=0.01)
    assert last[:900].sum() == pytest.approx(0.5, abs=0.01)


def test_a_package_that_is_missing_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **params):
        if name.startswith("catboost"):
            raise ImportError(name)
        return real(name, *args, **params)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("importlib.import_module", without)
    with pytest.raises(ImportError, match=r"Install \"gan-augment\[benchmark\]\""):
        ENSEMBLES["CatBoost"]()


@pytest.mark.parametrize("name", PRETRAINED)
def test_weights_that_nobody_has_are_asked_for(name, monkeypatch):
    monkeypatch.setenv(f"{name.upper()}_WEIGHTS", "nowhere.ckpt")
    with pytest.raises(ValueError, match=f"{name.upper()}_WEIGHTS must name a file"):
        ENSEMBLES[name]()
    assert name not in parse_arms(["ensembles"])
    assert name in parse_arms([name])
