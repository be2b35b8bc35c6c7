"""Verdicts on tables where a vote or synthetic rows win."""

import numpy as np
import pandas as pd
import typer
from imblearn.over_sampling import RandomOverSampler
from typer.testing import CliRunner

from gan_augment import compare
from pipelines import verdicts
from pipelines.datasets import DATASETS, Dataset
from pipelines.measures import CLASSIFIERS


def test_the_cases_are_of_tables_that_are_there():
    for case in verdicts.CASES:
        assert case.table in DATASETS
        assert case.classifier in CLASSIFIERS
    winners = [case.winner for case in verdicts.CASES]
    assert min(winners.count(each) for each in (verdicts.VOTE, verdicts.ROWS)) >= 3


def test_the_command_prints_verdict_and_scores(monkeypatch):
    rng = np.random.default_rng(0)
    X = np.random.default_rng(1).normal(size=(200, 3))
    y = X[:, 0] + rng.normal(size=200) > 1.5
    frame = pd.DataFrame(X).add_prefix("x")
    monkeypatch.setattr(verdicts, "load", lambda name, max_rows: Dataset(frame, y))
    quick = {"random": RandomOverSampler()}
    monkeypatch.setattr(
        verdicts,
        "compare",
        lambda X, y, classifier, samplers, **params: compare(
            X, y, classifier, quick, **params | {"cv": 2}
        ),
    )
    app = typer.Typer()
    app.command()(verdicts.main)
    run = CliRunner().invoke(app, ["--table", "flaref"], catch_exceptions=False)
    assert run.exit_code == 0
    assert f"flaref: {y.sum()} rare of 200, LR" in run.stdout
    for text in ("No evidence of gain", "random", "tuned threshold", "vote"):
        assert text in run.stdout
    assert CliRunner().invoke(app, ["--table", "none"]).exit_code == 2
