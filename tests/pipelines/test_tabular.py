"""The demo as a program, on a small table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines import tabular

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_program_on_a_file_of_ones_own(imbalanced, database, tmp_path):
    shutil.copy(database, tmp_path / "mlflow.db")
    X, y = imbalanced
    X.assign(churned=y).to_csv(tmp_path / "customers.csv", index=False)
    arguments = ["customers.csv", "--target", "churned", "--n-splits", "2"]
    arguments += ["--n-repeats", "1", "--max-steps", "5"]
    finished = subprocess.run(
        [sys.executable, "-m", "pipelines.tabular", *arguments],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    shown = " ".join(finished.stdout.split())
    assert "25 rows (12.5%)" in shown
    assert "against nothing" in shown
    assert "average precision 0." in shown  # the verdict's evidence
    assert "workflowType=machine_learning" in shown

    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    aliases = {m.name: m.aliases for m in client.search_registered_models()}
    assert aliases["customers-classifier"] == {"baseline": 1, "candidate": 2}
    # The rare class sits apart, but five steps of a GAN are no evidence of anything.
    assert "No evidence of gain" in shown or "Over-sampling hurts" in shown
    assert "stays a candidate" in shown
    assert "is not above 0 in its whole interval" in shown
    assert aliases["customers-generator"] == {"candidate": 1}
    experiment = client.get_experiment_by_name("gan_augment")
    found = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in found} == {"FINISHED"}
    by_name = {run.info.run_name: run for run in found}
    assert by_name.keys() == {
        "fit_resample",
        f"classifier, {tabular.WITH}",
        f"classifier, {tabular.WITHOUT}",
        "compare",
        *("nothing", "tuned threshold", "class weights", "GAN"),
    }
    for name in ("compare", "fit_resample", f"classifier, {tabular.WITHOUT}"):
        assert by_name[name].inputs.dataset_inputs, name
    assert not any(
        " at 0x" in value for run in found for value in run.data.params.values()
    )
    generator = client.get_model_version_by_alias("customers-generator", "candidate")
    with_gan = client.get_run(by_name[f"classifier, {tabular.WITH}"].info.run_id)
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
