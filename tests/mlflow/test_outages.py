"""No fit waits for a server or fails for one, and nothing is lost or doubled."""

import errno
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, get_error_code
from mlflow_server import free_port, runs
from sklearn.linear_model import LogisticRegression

import gan_augment.mlflow
from gan_augment import GANOverSampler, ImageGAN, TabularGAN
from gan_augment.mlflow import delivery, sender, servers, spool, syncing, tracker
from gan_augment.mlflow.__main__ import main
from gan_augment.mlflow.frames import make_dataset
from gan_augment.training.callbacks import Callback

NAME = "outage-generator"


class At(Callback):
    """Do something after an epoch."""

    def __init__(self, epoch, action):
        self.epochs_left, self.action = epoch, action

    def on_epoch_end(self, epoch):
        self.epochs_left -= 1
        if self.epochs_left == 0:
            self.action()


@pytest.fixture
def track(autolog, tmp_path, monkeypatch, caplog):
    """Fit under autolog against an address; the sampler, and what was logged."""

    def fit(uri, imbalanced, *callbacks):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", tmp_path.name)
        autolog(registered_model_name=NAME, log_figures=False)
        gan = TabularGAN(max_steps=40, callbacks=list(callbacks))
        sampler = GANOverSampler(gan, random_state=0, sample_filter=None)
        X_resampled, _ = sampler.fit_resample(*imbalanced)
        assert len(X_resampled) == 350
        return sampler

    return fit


def assert_is_whole(client, sampler, name):
    """One run with every epoch once, one model, one version."""
    experiment = client.get_experiment_by_name(name)
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["gan__max_steps"] == "40"
    assert len(run.inputs.dataset_inputs) == 2
    curve = client.get_metric_history(run.info.run_id, "train/generator_loss")
    own = [metric for metric in curve if metric.model_id is None]
    assert sorted(metric.step for metric in own) == sampler.history_["step"]
    (output,) = run.outputs.model_outputs
    models = client.search_logged_models([experiment.experiment_id])
    assert [model.model_id for model in models] == [output.model_id]
    assert str(models[0].status) == "READY"
    versions = client.search_model_versions(f"name = '{NAME}'")
    mine = [version for version in versions if version.run_id == run.info.run_id]
    assert [version.source for version in mine] == [f"models:/{output.model_id}"]
    newest = client.get_model_version_by_alias(NAME, "candidate")
    assert newest.version == mine[0].version
    loaded = gan_augment.mlflow.load_model(f"models:/{NAME}@candidate")
    rows, _ = loaded.sample(5, random_state=0)
    assert rows.equals(sampler.gan_.sample(5, random_state=0)[0])


def assert_synced_once(uri, sampler, directory):
    """Sync, sync again, and bring in a copy of what was synced already."""
    waiting = directory / ".gan_augment_spool"
    shutil.copytree(waiting, directory / "copy")
    assert main(["sync", str(waiting)]) == 0
    assert not waiting.exists()
    client = MlflowClient(uri)
    assert_is_whole(client, sampler, directory.name)
    assert main(["sync", str(waiting)]) == 0
    assert main(["sync", str(directory / "copy")]) == 0
    assert_is_whole(client, sampler, directory.name)


def test_a_server_that_is_down_at_the_start(
    server, track, imbalanced, tmp_path, caplog, capsys
):
    sampler = track(server.uri, imbalanced)
    (directory,) = spool.waiting_runs(tmp_path / ".gan_augment_spool")
    assert f"sync {directory.parent}" in caplog.text
    assert main(["sync"]) == 1  # still down: kept
    assert "no answer" in capsys.readouterr().out
    assert directory.exists()
    server.start()
    assert_synced_once(server.uri, sampler, tmp_path)


def test_a_server_that_is_killed_in_the_middle(
    server, track, imbalanced, tmp_path, monkeypatch
):
    if server.process is None:
        server.start()
    monkeypatch.setattr(sender, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(sender, "CLOSE_SECONDS", 2.0)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    sent = []

    def kill():
        client = MlflowClient(server.uri)
        while not sent:  # until half of the run is there
            experiment = client.get_experiment_by_name(tmp_path.name)
            found = client.search_runs([experiment.experiment_id]) if experiment else []
            sent.extend(run for run in found if run.data.metrics)
        server.kill()

    sampler = track(server.uri, imbalanced, At(10, kill))
    assert spool.waiting_runs(tmp_path / ".gan_augment_spool")
    server.start()
    assert_synced_once(server.uri, sampler, tmp_path)


def test_a_server_that_hangs(server, track, imbalanced, tmp_path, monkeypatch):
    if server.process is None:
        server.start()
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(servers, "AWAY_SECONDS", 0.0)
    server.signal(signal.SIGSTOP)
    try:
        sampler = track(server.uri, imbalanced)
    finally:
        server.signal(signal.SIGCONT)
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 20.0)
    assert spool.waiting_runs(tmp_path / ".gan_augment_spool")
    assert_synced_once(server.uri, sampler, tmp_path)


def test_a_server_that_hung_is_left_alone_for_a_while(server, monkeypatch):
    if server.process is None:
        server.start()
    monkeypatch.setattr(servers, "_away", {})
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 0.2)
    server.signal(signal.SIGSTOP)
    try:
        assert "no answer" in servers.problem_with(server.uri)
    finally:
        server.signal(signal.SIGCONT)
    assert "no answer" in servers.problem_with(server.uri)
    servers.ask_again()
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 20.0)
    assert servers.problem_with(server.uri) == ""


def test_a_spool_that_cannot_be_written(
    track, imbalanced, tmp_path, monkeypatch, caplog
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAN_AUGMENT_SPOOL", str(tmp_path / "file" / "spool"))
    elsewhere = SimpleNamespace(gettempdir=lambda: tmp_path / "file")
    monkeypatch.setattr(spool, "tempfile", elsewhere)
    track(mlflow.get_tracking_uri(), imbalanced)
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.data.metrics["train/generator_loss"]
    assert "GAN_AUGMENT_SPOOL" in caplog.text


def test_a_spool_that_cannot_be_written_is_replaced(
    track, imbalanced, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAN_AUGMENT_SPOOL", str(tmp_path / "file" / "spool"))
    uri = mlflow.get_tracking_uri()
    sampler = track(uri, imbalanced)
    assert_is_whole(MlflowClient(uri), sampler, tmp_path.name)


def test_a_disk_that_is_full(track, imbalanced, tmp_path):
    def fill():
        (journal,) = (tmp_path / ".gan_augment_spool").glob("*/journal.jsonl")
        journal.unlink()
        journal.symlink_to("/dev/full")  # no space left on device

    uri = mlflow.get_tracking_uri()
    with pytest.warns(UserWarning, match="No space left"):
        sampler = track(uri, imbalanced, At(5, fill))
    assert_is_whole(MlflowClient(uri), sampler, tmp_path.name)


PROGRAM = """
    import os, signal, sys
    import numpy as np
    import gan_augment.mlflow
    from gan_augment import GANOverSampler, TabularGAN
    from gan_augment.training.callbacks import Callback

    class Die(Callback):
        def on_epoch_end(self, epoch):
            if epoch["step"] == int(sys.argv[1]):
                os.kill(os.getpid(), signal.SIGKILL)

    gan_augment.mlflow.autolog(log_figures=False, registered_model_name="generator")
    gan = TabularGAN(max_steps=20, callbacks=[Die()])
    X = np.random.default_rng(0).normal(size=(60, 2))
    GANOverSampler(gan).fit_resample(X, np.arange(60) % 6 == 0)
"""


def start(directory, step_to_die_at):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(step_to_die_at)],
        cwd=directory,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_that_is_killed_in_mid_training(store):
    process = start(store, 5)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert runs() == []
    (result,) = gan_augment.mlflow.sync(store / ".gan_augment_spool")
    assert result.error == ""
    (run,) = runs()
    assert run.info.status == "KILLED"
    curve = MlflowClient().get_metric_history(run.info.run_id, "train/generator_loss")
    # It died in the fifth step, before the tracker was told of it.
    assert sorted(metric.step for metric in curve) == [1, 2, 3, 4]


@pytest.mark.slow
def test_two_processes_open_a_new_sqlite_file_at_once(tmp_path, monkeypatch):
    uri = f"sqlite:///{tmp_path}/new.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    processes = [start(tmp_path, -1) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    # Each tries again while the other makes the tables; on a busy machine not for ever.
    for result in gan_augment.mlflow.sync(tmp_path / ".gan_augment_spool"):
        assert result.error == ""
    client = MlflowClient(uri)
    assert {run.info.status for run in runs(client)} == {"FINISHED"}
    versions = client.search_model_versions("name = 'generator'")
    assert sorted(version.version for version in versions) == [1, 2]


@pytest.mark.slow
def test_one_at_a_time_makes_the_tables_of_a_sqlite_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    order = []

    def open_too():
        with delivery.making_tables(f"sqlite:///{tmp_path}/new.db"):
            order.append("second")

    second = threading.Thread(target=open_too)
    with delivery.making_tables("sqlite:///new.db"):
        second.start()
        second.join(timeout=0.2)
        order.append("first")
    second.join()
    assert order == ["first", "second"]


@pytest.mark.slow
def test_a_process_that_ends_meanwhile_leaves_no_half_of_the_tables(tmp_path):
    program = """
        import itertools
        import os

        import sqlalchemy

        from gan_augment.mlflow.sqlite import making_tables

        numbers = itertools.count()

        @sqlalchemy.event.listens_for(sqlalchemy.Engine, "before_cursor_execute")
        def end(*_):
            if next(numbers) == 60:
                os._exit(3)

        with making_tables("sqlite:///new.db"):
            pass
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 3
    assert list(tmp_path.glob(".mlflow-*/mlflow.db"))  # it had begun
    assert not (tmp_path / "new.db").exists()


@pytest.mark.slow
def test_mlflow_takes_the_tables_that_were_made(tmp_path):
    uri = f"sqlite:///{tmp_path}/new.db"
    with delivery.making_tables(uri):
        pass
    (experiment,) = MlflowClient(uri).search_experiments()
    assert experiment.name == "Default"


def test_another_server_knows_an_experiment_by_its_name(
    store, database, monkeypatch, capsys
):
    shutil.copy(database, store / "new.db")
    new = f"sqlite:///{store}/new.db"
    there = MlflowClient(new)
    for name in ("other", "another"):  # the id of "test" is one of these there
        there.create_experiment(name)
    command = ["sync", "--tracking-uri", new]
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda uri: "down" * (uri != new))
        run = gan_augment.mlflow.RunTracker("moved")
        with pytest.warns(UserWarning, match="kept in"):
            run.close()
        run._sender.join()  # on a busy machine the journal is still in use
        assert main(command) == 1
        assert "sync --experiment NAME" in capsys.readouterr().out
    assert main(command) == 0
    (run,) = runs(there)
    assert there.get_experiment(run.info.experiment_id).name == "test"
    assert runs() == []


def test_a_generator_is_registered_in_another_store_than_the_default(
    store, database, fast_gan, imbalanced, monkeypatch
):
    shutil.copy(database, store / "new.db")
    new, default = f"sqlite:///{store}/new.db", mlflow.get_tracking_uri()
    run = gan_augment.mlflow.RunTracker("moved", spool=store / "spool")
    run.log_model(fast_gan.fit(*imbalanced), registered_model_name=NAME)
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda _: "down")
        with pytest.warns(UserWarning, match="kept in"):
            run.close()
    run._sender.join()
    (result,) = gan_augment.mlflow.sync(store / "spool", new)
    assert (result.error, mlflow.get_tracking_uri()) == ("", default)
    (found,) = runs(MlflowClient(new))
    version = MlflowClient(new).get_model_version_by_alias(NAME, "candidate")
    assert version.run_id == found.info.run_id
    assert runs() == []
    # What the variable alone had set still follows the variable.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new)
    assert mlflow.get_tracking_uri() == new


def test_a_run_that_is_being_written_is_left_alone(tmp_path, store):
    run = gan_augment.mlflow.RunTracker("open", spool=tmp_path / "spool")
    (result,) = gan_augment.mlflow.sync(tmp_path / "spool")
    assert "in use" in result.error
    assert main(["sync", str(tmp_path / "spool")]) == 0  # nothing has failed
    run.close()
    assert gan_augment.mlflow.sync(tmp_path / "spool") == []
    assert [run.info.run_name for run in runs()] == ["open"]


def test_what_mlflow_refuses_keeps_the_model_and_not_the_rest(
    track, store, fast_gan, imbalanced, caplog
):
    gan = fast_gan.fit(*imbalanced)
    run = gan_augment.mlflow.RunTracker("refused", spool=store / "spool")
    run._append("params", values={"a name @ MLflow = refuses": "1"})
    run.log_metrics({"train/loss": 1.0, "train/none": float("nan")}, step=1)
    with pytest.raises(ValueError, match="must be a name without"):
        run.log_model(gan, registered_model_name="no/slash:or colon")
    run.log_model(gan)
    with pytest.warns(UserWarning, match="refused params: "):
        run.close()
    found = mlflow.get_run(run.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {"train/loss": 1.0}
    (directory,) = spool.waiting_runs(store / "spool")
    gan_augment.mlflow.load_model(str(directory / "model"))


@pytest.mark.parametrize("name", ["n_<=50K", "a//b", "../a", "", "x" * 300, "a:b"])
def test_any_name_is_logged(store, name):
    with gan_augment.mlflow.RunTracker("names") as run:
        run.log_params({name: "y" * 7000})
        run.log_metrics({name: 1.0}, step=1)
        run.log_metrics({name: 2.0}, step=2)
    found = mlflow.get_run(run.run_id)
    assert len(found.data.params) == 1
    assert list(found.data.metrics.values()) == [2.0]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_block_that_raises_closes_its_run(store, error, status):
    def interrupted():
        with gan_augment.mlflow.RunTracker("block", spool=store / "spool"):
            raise error

    with pytest.raises(error):
        interrupted()
    (run,) = runs()
    assert run.info.status == status
    assert gan_augment.mlflow.sync(store / "spool") == []


def test_an_earlier_generator_does_not_take_the_alias(store, fast_gan, imbalanced):
    gan = fast_gan.fit(*imbalanced)
    first = gan_augment.mlflow.RunTracker("first")
    second = gan_augment.mlflow.RunTracker("second")
    for run in (second, first):
        run.log_model(gan, registered_model_name=NAME)
        run.close()
    candidate = MlflowClient().get_model_version_by_alias(NAME, "candidate")
    assert candidate.run_id == second.run_id


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/hostname"])
def test_a_journal_cannot_name_files_outside(store, path):
    run = gan_augment.mlflow.RunTracker("hostile", spool=store / "spool")
    run._append("file", path=path)
    with pytest.warns(UserWarning, match="lie in its directory"):
        run.close()
    client = MlflowClient()
    assert client.list_artifacts(run.run_id) == []


def test_a_line_that_was_cut_off_never_happened(tmp_path):
    journal = spool.Journal.new(tmp_path)
    first = {"kind": "metrics", "step": 1, "values": {"a": 0.1}}
    journal.append(first)
    journal.append({"kind": "metrics", "step": 2, "values": {}})
    journal.close()
    file = journal.directory / spool.JOURNAL_FILE
    file.write_text(file.read_text()[:-4])
    opened = spool.Journal(journal.directory)
    assert (opened.records, opened.damaged) == ([first], [])


def test_damage_of_the_first_line_is_named_and_nothing_is_sent(store):
    journal = spool.Journal.new(store / "spool")
    journal.close()
    (journal.directory / spool.JOURNAL_FILE).write_text("{\n{}\n")
    (result,) = gan_augment.mlflow.sync(store / "spool")
    assert "Got damage in line 1, 2." in result.error
    assert "Restore the file from a backup" in result.error
    assert journal.directory.exists()
    assert runs() == []


def written(store, monkeypatch):
    """The journal of a run of five lines that was not sent."""
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda _: "down")
        run = gan_augment.mlflow.RunTracker("damaged", spool=store / "spool")
        run.log_params({"a": "1"})
        for step in (1, 2):
            run.log_metrics({"train/loss": 0.25 * step}, step=step)
        with pytest.warns(UserWarning, match="kept in"):
            run.close()
        run._sender.join()  # on a busy machine the journal is still in use
    (directory,) = spool.waiting_runs(store / "spool")
    return directory / spool.JOURNAL_FILE


@pytest.mark.parametrize("seed", range(6))
def test_one_flipped_byte_keeps_one_line_back(store, monkeypatch, seed):
    file = written(store, monkeypatch)
    lines = file.read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    rng = np.random.default_rng(seed)
    line = bytearray(lines[2])  # the metrics of the first step
    line[rng.integers(len(line) - 1)] ^= 1 << rng.integers(7)
    file.write_bytes(b"".join([*lines[:2], bytes(line), *lines[3:]]))
    (result,) = gan_augment.mlflow.sync(store / "spool")
    assert "damage in line 3" in result.error
    assert "All others were sent." in result.error
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.data.params == {"a": "1"}
    curve = MlflowClient().get_metric_history(run.info.run_id, "train/loss")
    assert [(metric.step, metric.value) for metric in curve] == [(2, 0.5)]
    file.write_bytes(b"".join(lines))  # from a backup
    assert [r.error for r in gan_augment.mlflow.sync(store / "spool")] == [""]
    assert len(runs()) == 1
    curve = MlflowClient().get_metric_history(run.info.run_id, "train/loss")
    assert sorted(metric.step for metric in curve) == [1, 2]


def test_a_journal_of_an_earlier_release_has_no_checksums(store, monkeypatch):
    file = written(store, monkeypatch)
    records = [json.loads(line) for line in file.read_text().splitlines()]
    without = [{k: v for k, v in r.items() if k != spool.CHECKSUM} for r in records]
    file.write_text("".join(json.dumps(record) + "\n" for record in without))
    assert [r.error for r in gan_augment.mlflow.sync(store / "spool")] == [""]
    assert [run.data.metrics for run in runs()] == [{"train/loss": 0.5}]


def test_a_first_line_that_was_cut_off_is_no_run(tmp_path):
    journal = spool.Journal.new(tmp_path / "spool")
    journal.close()
    (journal.directory / spool.JOURNAL_FILE).write_text('{"kind": "crea')
    assert gan_augment.mlflow.sync(tmp_path / "spool") == []
    assert not journal.directory.exists()


def test_a_run_that_another_sync_has_sent_is_no_run(tmp_path, monkeypatch):
    journal = spool.Journal.new(tmp_path / "spool")
    journal.append({"kind": "end", "status": "FINISHED"})
    monkeypatch.setattr(syncing, "waiting_runs", lambda _: [journal.directory])
    journal.discard()  # the other one, after this one has listed the run
    assert gan_augment.mlflow.sync(tmp_path / "spool") == []
    assert not journal.directory.exists()


@pytest.mark.parametrize("damage", [b"\xff\n", b"{\n", b"5\n", None])
def test_damage_of_one_run_does_not_keep_the_next(store, damage, monkeypatch):
    broken = spool.Journal.new(store / "spool")
    broken.close()
    file = broken.directory / spool.JOURNAL_FILE
    if damage is None:
        file.mkdir()
    else:
        file.write_bytes(damage)
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda _: "down")
        run = gan_augment.mlflow.RunTracker("healthy", spool=store / "spool")
        with pytest.warns(UserWarning, match="kept in"):
            run.close()
    results = gan_augment.mlflow.sync(store / "spool")
    assert sorted(bool(result.error) for result in results) == [False, True]
    assert [run.info.run_name for run in runs()] == ["healthy"]
    again = gan_augment.mlflow.sync(store / "spool")  # its lock is free
    assert [result.in_use for result in again] == [False]


def test_a_spool_that_is_removed_does_not_stop_a_training_of_images(store):
    class Remove(Callback):
        def on_train_begin(self, max_steps):
            shutil.rmtree(store / "spool")

    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8), dtype=np.uint8)
    run = gan_augment.mlflow.RunTracker("images", spool=store / "spool")
    gan = ImageGAN(max_steps=2, callbacks=[Remove(), run])
    with pytest.warns(UserWarning, match="No such file"):
        gan.fit(images, np.arange(40) % 2)
    run.log_model(gan)
    run.close()
    assert not (store / "spool").exists()
    found = mlflow.get_run(run.run_id)  # what is in memory arrives
    assert "train/generator_loss" in found.data.metrics


def test_artifacts_lie_where_their_path_says_and_never_outside(store):
    run = gan_augment.mlflow.RunTracker("texts", spool=store / "spool")
    for path in ("note.txt", "a/b/note.txt"):
        run.log_text("x", path)
    for path in ("../note.txt", "/tmp/note.txt", "."):
        with pytest.raises(ValueError, match="lie in its directory"):
            run.log_text("x", path)
    run.close()
    for path in ("note.txt", "a/b/note.txt"):
        assert mlflow.artifacts.load_text(f"runs:/{run.run_id}/{path}") == "x"


@pytest.mark.skipif(sys.platform == "win32", reason="no modes and owners there")
def test_a_spool_is_for_its_owner_and_never_committed(tmp_path, monkeypatch):
    journal = spool.Journal.new(tmp_path / spool.DEFAULT_SPOOL)
    for place in (journal.directory, journal.directory.parent):
        assert place.stat().st_mode & 0o777 == 0o700
    assert (journal.directory.parent / ".gitignore").read_text() == "*\n"
    journal.discard()
    assert not journal.directory.parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no owners there")
def test_a_temporary_spool_of_somebody_else_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "theirs").mkdir()
    ours = tmp_path / f"gan_augment_spool-{os.getuid()}"
    ours.symlink_to(tmp_path / "theirs")
    elsewhere = SimpleNamespace(gettempdir=lambda: tmp_path)
    monkeypatch.setattr(spool, "tempfile", elsewhere)
    with pytest.warns(UserWarning, match="Training goes on"):
        spool.Journal.new(tmp_path / "file" / "spool")
    assert list((tmp_path / "theirs").iterdir()) == []
    ours.unlink()
    spool.Journal.new(tmp_path / "file" / "spool")
    assert len(list(ours.iterdir())) == 1


def test_where_nothing_takes_a_run_the_fit_goes_on_and_says_so(
    track, tmp_path, imbalanced, monkeypatch, caplog
):
    """No disk takes anything, and the server is away: the training is not lost."""
    (tmp_path / "file").write_text("")
    elsewhere = SimpleNamespace(gettempdir=lambda: tmp_path / "file")
    monkeypatch.setattr(spool, "tempfile", elsewhere)
    monkeypatch.setenv(spool.SPOOL_VARIABLE, str(tmp_path / "file" / "spool"))
    sampler = track(f"http://127.0.0.1:{free_port()}", imbalanced)
    assert "must be a directory that can be written" in caplog.text
    assert "It is lost, because no disk could be written either" in caplog.text
    assert "gan.save(directory)" in caplog.text
    assert "It is kept in" not in caplog.text
    sampler.gan_.save(tmp_path / "saved")
    rows, _ = TabularGAN.load(tmp_path / "saved").sample(5, random_state=0)
    assert rows.equals(sampler.gan_.sample(5, random_state=0)[0])
    assert gan_augment.mlflow.sync() == []


def test_images_of_one_name_are_one_slider(store):
    run = gan_augment.mlflow.RunTracker("images")
    for step in (1, 2):
        run.log_image(np.zeros((8, 8), dtype=np.uint8), "samples/grid", step=step)
    run.close()
    client = MlflowClient()
    paths = [file.path for file in client.list_artifacts(run.run_id, "images")]
    assert len(paths) == 4
    for path in paths:
        name, word, step, *_ = path.removeprefix("images/").split("+")
        assert (name, word) == ("samples~grid", "step")
        assert step in ("1", "2")
    assert client.get_run(run.run_id).data.tags["mlflow.loggedImages"] == "True"


def test_nobody_listens():
    assert "no answer" in servers.problem_with(f"http://127.0.0.1:{free_port()}")


@pytest.fixture
def answering(monkeypatch):
    """A server that is well, and answers every call of the API in one way."""
    monkeypatch.setattr(servers, "_away", {})
    asked, answer = [], {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            is_health = self.path in ("/health", "/login")
            status, body = (200, b"OK") if is_health else answer["is"]
            if not is_health:
                asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", body.decode())
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", asked, answer
        running.shutdown()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((401, b'{"error_code": "UNAUTHENTICATED"}'), "MLFLOW_TRACKING_USERNAME"),
        ((403, b'{"error_code": "PERMISSION_DENIED"}'), "answers 403"),
        ((404, b"nothing"), "set MLFLOW_TRACKING_URI"),
        ((500, b'{"error_code": "INTERNAL_ERROR"}'), "answers 500"),
        ((503, b""), "answers 503"),
        ((200, b"<html>log in, please</html>"), "is not an MLflow server"),
    ],
)
def test_a_server_that_cannot_take_a_run_is_asked_once(
    answering, track, imbalanced, answer, says, caplog, monkeypatch
):
    uri, asked, answers = answering
    answers["is"] = answer
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for _ in range(2):
        track(uri, imbalanced)
    assert pauses == [0.0] * 2  # and no other try
    assert caplog.text.count(says) == 2
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((429, b"slow down"), "answers 429"),
        ((400, b"{}"), "answers 400"),
        ((418, b""), "answers 418"),
        ((302, b"/login"), "is not an MLflow server"),
        ((302, b"/api"), "no answer from"),  # and from there to itself
        ((200, b'{"experiments": ['), "is not an MLflow server"),
        ((200, b"[]"), "is not an MLflow server"),
        ((200, b"\xff\xfe"), "is not an MLflow server"),
        ((204, b""), "is not an MLflow server"),
    ],
)
def test_any_answer_but_the_right_one_is_a_problem_that_is_remembered(
    answering, answer, says
):
    uri, asked, answers = answering
    answers["is"] = answer
    assert says in servers.problem_with(uri)
    n_asked = len(asked)
    assert says in servers.problem_with(uri)
    assert len(asked) == n_asked


def test_half_an_answer_is_no_answer(monkeypatch):
    """A server that promises more than it sends, and then hangs up."""
    monkeypatch.setattr(servers, "_away", {})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(
                b'{"experiments"' if self.path != "/health" else b" " * 1000
            )

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        assert "no answer" in servers.problem_with(
            f"http://127.0.0.1:{running.server_port}"
        )
        running.shutdown()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_waiting_cannot_mend_is_not_tried_again(store, monkeypatch, status):
    tries = []

    def fail(*_, **__):
        tries.append(1)
        raise MlflowException("no", error_code=get_error_code(status))

    monkeypatch.setattr(time, "sleep", lambda seconds: tries.append(seconds))
    run = gan_augment.mlflow.RunTracker("refused", spool=store / "spool")
    monkeypatch.setattr(MlflowClient, "create_run", fail)
    with pytest.warns(UserWarning, match="kept in"):
        run.close()
    assert tries == [0.0, 1]


def test_a_server_that_never_finishes_a_call_is_left_alone(store, monkeypatch):
    monkeypatch.setattr(servers, "_away", {})
    monkeypatch.setattr(sender, "CLOSE_SECONDS", 0.1)
    go_on = threading.Event()

    def send(self):
        self.tracking_uri = "http://127.0.0.1:9"
        go_on.wait(30)

    monkeypatch.setattr(delivery.Delivery, "send", send)
    run = gan_augment.mlflow.RunTracker("hangs", spool=store / "spool")
    run._sender._finished.set()
    while run._sender.delivery is None:  # until it is being sent
        time.sleep(0.01)
    with pytest.warns(UserWarning, match="kept in"):
        run.close()
    go_on.set()
    assert "no answer" in servers.problem_with("http://127.0.0.1:9")


def test_a_name_in_a_tag_is_the_name(store):
    tags = {"mlflow.runName": "mine", "long": "x" * 9000, "surrogate": "\ud800"}
    with gan_augment.mlflow.RunTracker("given", tags=tags) as run:
        run.set_tags({"longer": "x" * 9000})
        run.log_params({"surrogate \ud800": "\ud800"})
    (found,) = runs()
    assert found.info.run_name == "mine"
    assert found.data.tags["long"] == found.data.tags["longer"] == "x" * 8000
    assert found.data.tags["surrogate"] == "?"
    assert list(found.data.params.values()) == ["?"]
    assert gan_augment.mlflow.sync() == []


@pytest.mark.skipif(pd.__version__ >= "3", reason="its text has no lone surrogates")
def test_text_that_cannot_be_written_keeps_nothing_back(autolog, fast_sampler, caplog):
    """Lone surrogates, which files read with ``surrogateescape`` have."""
    names, levels = ["a", "n\udc80"], ["x\ud800", "b"]
    X = pd.DataFrame(
        {"a": np.arange(60.0), "n\udc80": np.resize(np.array(levels, object), 60)}
    )
    y = pd.Series(
        np.where(np.arange(60) % 5, "no", "yes\ud800"), dtype=object, name="t"
    )
    autolog(registered_model_name="surrogates", log_figures=False)
    fast_sampler.fit_resample(X, y)
    assert "has not" not in caplog.text
    (found,) = runs()
    assert len(found.inputs.dataset_inputs) == 2
    assert "yes\\ud800" in found.data.tags["mlflow.note.content"]
    rows, _ = gan_augment.mlflow.load_model("models:/surrogates@candidate").sample(9)
    assert list(rows) == names
    assert set(rows["n\udc80"]) <= set(levels)


def test_a_run_that_is_deleted_meanwhile_is_a_new_one(store, fast_gan, imbalanced):
    gan, client = fast_gan.fit(*imbalanced), MlflowClient()
    run = gan_augment.mlflow.RunTracker("deleted", spool=store / "spool")
    run.log_metrics({"train/loss": 0.5}, step=1)
    run._sender._send()
    first = run._sender.delivery.run_id
    client.delete_run(first)
    run.log_model(gan, registered_model_name=NAME)
    with pytest.warns(UserWarning, match="deleted while it was written"):
        run.close()
    (found,) = runs()
    assert found.info.run_id == run.run_id != first
    assert found.info.status == "FINISHED"
    assert found.data.metrics["train/loss"] == 0.5
    assert [m.model_id for m in found.outputs.model_outputs] == [run.model_id]
    assert client.get_model_version_by_alias(NAME, "candidate").run_id == run.run_id
    assert gan_augment.mlflow.sync(store / "spool") == []
    gan_augment.mlflow.log_evidence(run.model_id, figures={"utility/gain": 0.1})
    gan_augment.mlflow.promote(NAME, force=True)


def test_a_classifier_is_logged_though_its_generator_was_deleted(
    autolog, fast_sampler, imbalanced
):
    X, y = imbalanced[0][["age"]], imbalanced[1]
    autolog(log_figures=False)
    pipeline = make_pipeline(fast_sampler, LogisticRegression()).fit(X, y)
    client, model_id = MlflowClient(), fast_sampler.gan_.mlflow_model_id_
    client.delete_run(client.get_logged_model(model_id).source_run_id)
    with mlflow.start_run() as run:
        info = gan_augment.mlflow.log_pipeline(pipeline, X=X)
        assert mlflow.get_run(run.info.run_id).inputs.model_inputs
        client.delete_logged_model(model_id)
        with pytest.warns(UserWarning, match="not linked to its generator"):
            gan_augment.mlflow.log_pipeline(pipeline, X=X)
    assert (
        mlflow.sklearn.load_model(info.model_uri).predict(X) == pipeline.predict(X)
    ).all()


def test_a_deleted_experiment_is_said_at_once_and_another_can_be_named(
    store, monkeypatch, capsys
):
    client = MlflowClient()
    run = gan_augment.mlflow.RunTracker("moved", spool=store / "spool")
    client.delete_experiment(client.get_experiment_by_name("test").experiment_id)
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with pytest.warns(UserWarning, match="kept in"):
        run.close()
    assert pauses == [0.0]
    assert main(["sync", str(store / "spool")]) == 1
    assert main(["sync", str(store / "spool"), "--experiment", "another"]) == 0
    assert ": sent" in capsys.readouterr().out
    experiment = client.get_experiment_by_name("another")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.run_name == "moved"


def test_a_model_that_the_disk_does_not_take_is_delivered_from_elsewhere(
    store, fast_gan, imbalanced, monkeypatch
):
    gan = fast_gan.fit(*imbalanced)
    monkeypatch.setattr(spool, "tempfile", SimpleNamespace(gettempdir=lambda: store))
    save_model, places = tracker.save_model, []

    def on_a_full_disk(gan, path, **kwargs):
        places.append(path.parents[1])
        if path.parents[1] == store / "spool":
            path.mkdir()
            (path / "MLmodel").write_text("half of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        save_model(gan, path, **kwargs)

    monkeypatch.setattr(tracker, "save_model", on_a_full_disk)
    run = gan_augment.mlflow.RunTracker("full", spool=store / "spool")
    run.log_text("first", "note.txt")
    with pytest.warns(UserWarning, match=r"No space left.*The run goes on in"):
        run.log_model(gan, registered_model_name=NAME)
    assert not (store / "spool" / run._journal.key).exists()
    assert len(places) == 2
    run.close()
    found = mlflow.get_run(run.run_id)
    assert found.info.status == "FINISHED"
    assert mlflow.artifacts.load_text(f"runs:/{run.run_id}/note.txt") == "first"
    assert gan_augment.mlflow.load_model(f"models:/{NAME}@candidate")
    assert not places[1].exists()


def test_what_is_moved_from_a_full_disk_waits_for_sync(store, monkeypatch):
    monkeypatch.setattr(spool, "tempfile", SimpleNamespace(gettempdir=lambda: store))
    run = gan_augment.mlflow.RunTracker("full", spool=store / "spool")
    run.log_text("first", "note.txt")
    (journal,) = (store / "spool").glob("*/journal.jsonl")
    journal.unlink()
    journal.symlink_to("/dev/full")
    with pytest.warns(UserWarning, match="No space left"):
        run.log_metrics({"loss": 1.0})
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "problem_with", lambda _: "down")
        with pytest.warns(UserWarning, match="kept in .*gan_augment_spool-"):
            run.close()
    (elsewhere,) = store.glob("gan_augment_spool-*")
    assert [result.error for result in gan_augment.mlflow.sync(elsewhere)] == [""]
    (found,) = runs()
    assert found.data.metrics == {"loss": 1.0}
    assert mlflow.artifacts.load_text(f"runs:/{found.info.run_id}/note.txt") == "first"


def test_a_model_for_which_there_is_no_disk_is_named(
    store, fast_gan, imbalanced, monkeypatch
):
    """safetensors hides the error of the disk in one of its own."""

    def fail(*_, **__):
        raise RuntimeError("IoError(Os { code: 28 })")

    gan = fast_gan.fit(*imbalanced)
    monkeypatch.setattr(tracker, "save_model", fail)
    run = gan_augment.mlflow.RunTracker("full", spool=store / "spool")
    with pytest.raises(RuntimeError, match="code: 28"):
        run.log_model(gan)  # there is room: it is another error
    full = SimpleNamespace(free=0)
    monkeypatch.setattr(spool.shutil, "disk_usage", lambda _: full)
    with pytest.warns(UserWarning, match=r"gan\.save\(directory\)"):
        run.log_model(gan)
    run.close()
    found = mlflow.get_run(run.run_id)
    assert found.info.status == "FINISHED"
    assert "not saved" in found.data.tags["gan_augment.model"]


def test_a_schema_of_long_names_is_a_tensor(autolog, fast_sampler):
    names = [f"feature_{'z' * 290}_{i}" for i in range(4000)]
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 4000)), columns=names)
    X[names[0]] = "a text"
    dataset = make_dataset("training", X, np.arange(40) % 2, "target")
    assert "tensorspec" in dataset.to_dict()["schema"]
    with gan_augment.mlflow.RunTracker("long names") as run:
        run.log_dataset(dataset, context="training")
    assert mlflow.get_run(run.run_id).inputs.dataset_inputs
