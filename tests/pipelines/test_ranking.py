"""The ranking of smote-variants: its sets, its best settings, resuming."""

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier
from typer.testing import CliRunner

from pipelines import ranking
from pipelines.datasets import Dataset


def test_the_sets_are_imbalanced_and_their_order_is_fixed():
    names = ranking.names()
    assert names == ranking.names()
    assert len(names) > 60
    for name in names[:3]:
        X, is_rare = ranking.load(name)
        assert len(X) == len(is_rare) <= 2500
        assert 8 <= is_rare.sum() <= len(X) / 4


def test_the_best_setting_of_each_classifier_counts():
    rows = [
        (name, arm, classifier, setting, score + (0.1 if arm == "SMOTE" else 0))
        for name in "ab"
        for arm in ("nothing", "SMOTE")
        for classifier, scores in {"kNN": (0.5, 0.7), "tree": (0.6, 0.2)}.items()
        for setting, score in enumerate(scores)
    ]
    results = pd.DataFrame(rows, columns=[*ranking.KEYS, "AUC"])
    table = ranking.ranking(results, "AUC")
    assert table.loc["nothing", ["kNN", "tree", "mean", "best"]].tolist() == (
        pytest.approx([0.7, 0.6, 0.65, 0.7])
    )
    assert table.loc["SMOTE", "against nothing"] == pytest.approx(0.1)
    assert list(table.index) == ["SMOTE", "nothing"]


def test_the_command_measures_what_is_not_there_yet(tmp_path, monkeypatch):
    X, y = make_classification(150, weights=[0.85], random_state=0)
    frame = pd.DataFrame(X).add_prefix("x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ranking, "names", lambda: ["own"])
    monkeypatch.setattr(ranking, "load", lambda name: Dataset(frame, y == 1))
    trees = [DecisionTreeClassifier(max_depth=n, random_state=0) for n in (1, 3)]
    monkeypatch.setattr(ranking, "CLASSIFIERS", {"tree": trees})
    app = typer.Typer()
    app.command()(ranking.main)
    command = ["--arm", "SMOTE", "--arm", "polynom-fit-SMOTE"]
    first = CliRunner().invoke(app, command, catch_exceptions=False)
    assert first.exit_code == 0
    results = pd.read_csv("ranking.csv")
    assert set(results["arm"]) == {"nothing", "SMOTE", "polynom-fit-SMOTE"}
    assert len(results) == 3 * 2
    assert np.isfinite(results[ranking.METRICS]).all(axis=None)
    monkeypatch.setattr(ranking, "measure", None)
    again = CliRunner().invoke(app, command, catch_exceptions=False)
    assert again.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]
    assert CliRunner().invoke(app, ["--arm", "nobody"]).exit_code == 2
