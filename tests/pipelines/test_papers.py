"""Papers' tables: their sets, their protocol, resuming."""

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier
from typer.testing import CliRunner

from pipelines import papers

BUILT_IN = ["iris", "wine", "breast cancer", "ecoli", "yeast", "glass", "car"]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_set_has_classes_that_can_be_split(name):
    X, y = papers.load(name)
    assert len(X) == len(y)
    assert np.bincount(y).min() >= 5
    assert y.max() + 1 == len(np.unique(y)) > 1


def test_the_command_measures_what_is_not_there_yet(tmp_path, monkeypatch):
    X, y = make_classification(120, weights=[0.7], random_state=0)
    frame = pd.DataFrame(X).add_prefix("x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(papers, "SETS", {"own": lambda: (frame, y)})
    quick = {"tree": DecisionTreeClassifier(max_depth=2, random_state=0)}
    monkeypatch.setattr(papers, "classifiers", lambda: quick)
    app = typer.Typer()
    app.command()(papers.main)
    first = CliRunner().invoke(app, ["--n-splits", "1"], catch_exceptions=False)
    assert first.exit_code == 0
    results = pd.read_csv("papers.csv")
    assert list(results["arm"]) == papers.ARMS
    monkeypatch.setattr(papers, "measure", None)
    again = CliRunner().invoke(app, ["--n-splits", "1"], catch_exceptions=False)
    assert again.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]
    assert CliRunner().invoke(app, ["--set", "none"]).exit_code == 2


def test_differences_are_from_the_real_rows_of_the_same_set():
    rows = [
        ("a", "0", arm, "LR", 0.5 + 0.1 * i + shift)
        for shift in (0, 0.2)
        for i, arm in enumerate(papers.ARMS)
    ]
    found = papers.differences(pd.DataFrame(rows, columns=papers.COLUMNS))
    expected = 0.1 * np.arange(1, len(papers.ARMS))
    np.testing.assert_allclose(found.loc["a", papers.ARMS[1:]], expected)
