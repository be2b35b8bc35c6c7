"""Ctrl-C, once and twice: one KeyboardInterrupt, and nothing is lost or left open."""

import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow_server import runs

import gan_augment.mlflow

PROGRAM = Path(__file__).parent / "interrupted.py"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT there")


def interrupt(task, directory, times):
    """Run a task, press Ctrl-C as often; what it wrote on standard error."""
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), task],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    moments = ["begun", "ending"][:times]
    for line in process.stdout:
        if moments and line.strip() == moments[0]:
            moments.pop(0)
            process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=300)[1]
    assert not moments
    assert process.returncode == -signal.SIGINT
    return errors


def delivered(store):
    """All runs, after those that wait on disk were sent."""
    waiting = gan_augment.mlflow.sync(store / ".gan_augment_spool")
    assert [result.error for result in waiting] == [""] * len(waiting)
    return runs()


@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "task", [pytest.param("fit", marks=pytest.mark.slow), "fit_resample"]
)
def test_a_training_keeps_its_epochs(task, times, store):
    errors = interrupt(task, store, times)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert errors.count("Traceback") == 1 or times == 2
    (run,) = delivered(store)
    assert run.info.status == "KILLED"
    client = mlflow.MlflowClient()
    metric = next(name for name in run.data.metrics if "loss" in name)
    assert len(client.get_metric_history(run.info.run_id, metric)) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_a_comparison_leaves_no_open_run(times, store):
    errors = interrupt("compare", store, times)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert {run.info.status for run in delivered(store)} <= {"KILLED"}
