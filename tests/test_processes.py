"""Real processes and threads: fits side by side, after a fork, and under Ctrl-C."""

import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow_server import runs

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN
from gan_augment.mlflow import delivery

X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
Y = np.arange(60) % 6 == 0
posix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")


def resample(seed):
    """The rows of a fit of some milliseconds; at the top, so that a child finds it."""
    sampler = GANOverSampler(TabularGAN(max_steps=3), random_state=seed)
    return sampler.fit_resample(X, Y)[0]


@pytest.fixture(scope="module")
def rows():
    """Of each seed, what a fit gives by itself."""
    return [resample(seed) for seed in range(4)]


def assert_same(found, rows):
    for one, other in zip(found, rows, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_threads_side_by_side(rows):
    with ThreadPoolExecutor(4) as pool:
        assert_same(pool.map(resample, range(4)), rows)


@posix
def test_a_fork_after_fits_of_this_process(rows):
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert_same(pool.map(resample, range(4), timeout=120), rows)


@pytest.mark.slow
def test_processes_that_are_spawned(rows):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        futures = [pool.submit(_spawned, seed) for seed in range(4)]
        assert_same([future.result(timeout=300) for future in futures], rows)


def _spawned(seed):
    return resample(seed)


def test_a_running_event_loop_as_in_a_notebook(rows):
    async def cell():
        beside = asyncio.to_thread(resample, 1)
        return [resample(0), await beside]

    assert_same(asyncio.run(cell()), rows[:2])


# Fits until it is interrupted, and says when it trains and when it is interrupted.
PROGRAM = """
    import signal, sys, time
    import numpy as np
    import torch
    import gan_augment.mlflow
    from gan_augment import GANOverSampler, TabularGAN, compare
    from gan_augment.training.callbacks import Callback

    class Slow(Callback):
        def on_epoch_end(self, epoch):
            print("training", flush=True)
            time.sleep(0.05)

    def interrupt(*arguments):
        print("interrupted", flush=True)
        signal.default_int_handler(*arguments)

    signal.signal(signal.SIGINT, interrupt)
    torch.set_num_threads(3)
    gan_augment.mlflow.autolog(log_figures=False)
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.arange(60) % 6 == 0
    sampler = GANOverSampler(TabularGAN(max_steps=4000, callbacks=[Slow()]))
    try:
        if sys.argv[1] == "compare":
            compare(X, y, samplers={"gan": sampler}, cv=2)
        else:
            sampler.fit_resample(X, y)
    finally:
        print("threads", torch.get_num_threads(), flush=True)
"""


def interrupt_while_it_trains(directory, what, n_times=1, **environment):
    """Press Ctrl-C so often; how the program ended, and what it printed."""
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), what],
        cwd=directory,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for says in ["training", "interrupted"][:n_times]:
        next(line for line in program.stdout if line.startswith(says))
        program.send_signal(signal.SIGINT)
    output, errors = program.communicate(timeout=300)
    return program.returncode, output, errors


@posix
@pytest.mark.slow
@pytest.mark.parametrize("what", ["fit", "compare"])
def test_ctrl_c_ends_a_fit_and_its_run(store, what):
    status, output, errors = interrupt_while_it_trains(store, what)
    assert status == -signal.SIGINT
    assert "KeyboardInterrupt" in errors
    assert "threads 3" in output
    found = runs()
    assert [run.info.status for run in found] == ["KILLED"] * (what == "fit")
    assert all(run.data.metrics["train/generator_loss"] for run in found)
    assert not (store / ".gan_augment_spool").exists()


@pytest.fixture
def silent_server():
    """It takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener


def address(listener):
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@posix
@pytest.mark.slow
def test_a_second_ctrl_c_does_not_wait_for_a_server(store, silent_server):
    uri = address(silent_server)
    status, _, errors = interrupt_while_it_trains(
        store, "fit", 2, MLFLOW_TRACKING_URI=uri, MLFLOW_EXPERIMENT_NAME="test"
    )
    assert status == -signal.SIGINT
    assert errors.count("KeyboardInterrupt") >= 1
    (result,) = gan_augment.mlflow.sync(tracking_uri=f"sqlite:///{store}/mlflow.db")
    assert result.error == ""
    (run,) = runs()
    assert run.info.status == "KILLED"
    curve = MlflowClient().get_metric_history(run.info.run_id, "train/generator_loss")
    assert len({metric.step for metric in curve}) == len(curve) > 0


@posix
@pytest.mark.slow
def test_ctrl_c_during_sync_leaves_the_run_to_the_next_one(
    store, silent_server, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda _: "down")
        run = gan_augment.mlflow.RunTracker("interrupted")
        run.log_metrics({"a": 1.0})
        with pytest.warns(UserWarning, match="kept in"):
            run.close()
    command = [sys.executable, "-m", "gan_augment.mlflow", "sync"]
    program = subprocess.Popen(
        [*command, "--tracking-uri", address(silent_server)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    silent_server.settimeout(120)
    silent_server.accept()  # it asks
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=120)
    assert program.returncode == 130
    assert "Traceback" not in errors
    assert [result.error for result in gan_augment.mlflow.sync()] == [""]
    assert [run.data.metrics for run in runs()] == [{"a": 1.0}]


@posix
@pytest.mark.slow
def test_ctrl_c_during_resample_leaves_no_half_a_file(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(5000, 12))).add_prefix("c")
    table.assign(y=rng.random(5000) < 0.1).to_csv(tmp_path / "t.csv", index=False)
    command = [sys.executable, "-c", "import gan_augment.cli as c; c.run()", "resample"]
    program = subprocess.Popen(
        [*command, "t.csv", "--target", "y", "-o", "more.csv"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    program.stdout.readline()  # it has read the table
    program.send_signal(signal.SIGINT)
    rest, _ = program.communicate(timeout=300)
    assert program.returncode == 130
    assert "Traceback" not in rest
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
