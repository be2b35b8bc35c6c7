"""The demo as a program, on a small table, and its verdicts."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines import tabular

ROOT = Path(__file__).parents[2]


def scores(ranking, at_half, brier):
    """Ten folds whose differences are centred on what is given."""
    noise = np.random.default_rng(0).normal(0, 0.005, 10)
    gains = {
        "average precision": ranking,
        "ROC AUC": ranking,
        "balanced accuracy": at_half,
        "Brier score": brier,
    }
    columns = {}
    for name, gain in gains.items():
        columns[name, tabular.WITHOUT] = np.full(10, 0.5)
        columns[name, tabular.WITH] = 0.5 + gain + noise
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("given", "says", "does_not_say"),
    [
        (scores(0.1, 0.1, -0.1), ["helped", "threshold"], ["hurt", "probabilities"]),
        (scores(-0.1, 0.0, 0.1), ["hurt", "Leave it out", "probabilities"], ["helped"]),
        (scores(0.0, 0.0, 0.0), ["No evidence"], ["threshold", "probabilities"]),
    ],
)
def test_the_verdict_says_what_the_figures_support(given, says, does_not_say):
    words = tabular.verdict(given, n_splits=5)
    assert all(part in words for part in says)
    assert not any(part in words for part in does_not_say)


def test_the_interval_is_wider_than_one_for_independent_folds():
    gains = np.random.default_rng(0).normal(0.1, 0.02, 10)
    low, high = tabular.interval(gains, n_splits=5)
    assert low < gains.mean() < high
    naive = 1.96 * gains.std(ddof=1) / np.sqrt(10)
    assert (high - low) / 2 > naive


def test_the_program_on_a_file_of_ones_own(imbalanced, tmp_path):
    X, y = imbalanced
    X.assign(churned=y).to_csv(tmp_path / "customers.csv", index=False)
    arguments = ["customers.csv", "--target", "churned", "--n-splits", "2"]
    arguments += ["--n-repeats", "1", "--max-steps", "5"]
    finished = subprocess.run(
        [sys.executable, "-m", "pipelines.tabular", *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    shown = " ".join(finished.stdout.split())
    assert "25 rows (12.5%)" in shown
    for measure in (*tabular.METRICS, "seconds to fit"):
        assert measure in shown
    assert "ver-sampling" in shown
    assert "workflowType=machine_learning" in shown

    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    aliases = {m.name: m.aliases for m in client.search_registered_models()}
    assert aliases == {
        "customers-generator": {"candidate": 1},
        "customers-classifier": {"baseline": 1, "candidate": 2},
    }
    experiment = client.get_experiment_by_name("gan_augment")
    found = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in found} == {"FINISHED"}
    by_name = {run.info.run_name: run for run in found}
    assert by_name.keys() == {
        "fit_resample",
        f"classifier {tabular.WITH}",
        f"classifier {tabular.WITHOUT}",
    }
    generator = client.get_model_version_by_alias("customers-generator", "candidate")
    with_gan = client.get_run(by_name[f"classifier {tabular.WITH}"].info.run_id)
    (used,) = with_gan.inputs.model_inputs
    assert generator.source == f"models:/{used.model_id}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["t.csv", "--target", "colour"], "'colour'"),
        (["t.csv", "--target", "many"], "two classes"),
        (["--classifier", "oracle"], "'oracle'"),
    ],
)
def test_a_wrong_call_is_named(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"a": range(9), "many": list("abcabcabc")}).to_csv("t.csv")
    app = tabular.typer.Typer()
    app.command()(tabular.main)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert message in result.output
