"""Ctrl-C, once and twice: one KeyboardInterrupt, and nothing is lost or left open."""

import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow_server import runs

import gan_augment.mlflow
from gan_augment.mlflow import delivery
from gan_augment.mlflow.__main__ import INTERRUPTED

PROGRAM = Path(__file__).parent / "interrupted.py"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT there")


def interrupt(task, directory, times, status=-signal.SIGINT):
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
    assert process.returncode == status
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


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_sync_goes_on_where_it_was_interrupted(
    times, store, fast_gan, imbalanced, monkeypatch
):
    run = gan_augment.mlflow.RunTracker("waits")
    gan = fast_gan.set_params(callbacks=[run]).fit(*imbalanced)
    run.log_model(gan, registered_model_name="interrupted")
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda _: "down")
        with pytest.warns(UserWarning, match="kept in"):
            run.close()
    run._sender.join()
    errors = interrupt("sync", store, times, status=INTERRUPTED)
    assert "Traceback" not in errors
    (found,) = delivered(store)
    assert found.info.status == "FINISHED"
    client = mlflow.MlflowClient()
    curve = client.get_metric_history(found.info.run_id, "train/generator_loss")
    own = [metric.step for metric in curve if metric.model_id is None]
    assert sorted(own) == gan.history_["step"]
    (version,) = client.search_model_versions("name = 'interrupted'")
    assert version.run_id == found.info.run_id
    assert gan_augment.mlflow.sync() == []


def test_a_sync_that_was_interrupted_lets_the_next_one_have_the_run(store, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda _: "down")
        run = gan_augment.mlflow.RunTracker("waits")
        with pytest.warns(UserWarning, match="kept in"):
            run.close()
    run._sender.join()

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(delivery.Delivery, "send", interrupted)
        # As a notebook does, keep the traceback, and so everything in it.
        with pytest.raises(KeyboardInterrupt) as kept:
            gan_augment.mlflow.sync()
    assert [result.error for result in gan_augment.mlflow.sync()] == [""]
    assert kept.traceback
