"""No fit waits for a server or fails for one, and nothing is lost or doubled."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from types import SimpleNamespace

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow_server import free_port, runs

import gan_augment.mlflow
from gan_augment import GANOverSampler, ImageGAN, TabularGAN
from gan_augment.mlflow import delivery, spool, syncing, tracker
from gan_augment.mlflow.__main__ import main
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
        monkeypatch.delenv("MLFLOW_EXPERIMENT_ID")
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
    monkeypatch.setattr(tracker, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(tracker, "CLOSE_SECONDS", 2.0)
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
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(delivery, "AWAY_SECONDS", 0.0)
    server.signal(signal.SIGSTOP)
    try:
        sampler = track(server.uri, imbalanced)
    finally:
        server.signal(signal.SIGCONT)
    assert spool.waiting_runs(tmp_path / ".gan_augment_spool")
    assert_synced_once(server.uri, sampler, tmp_path)


def test_a_server_that_hung_is_left_alone_for_a_while(server, monkeypatch):
    if server.process is None:
        server.start()
    monkeypatch.setattr(delivery, "_hung_at", {})
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 0.2)
    server.signal(signal.SIGSTOP)
    try:
        assert not delivery.is_reachable(server.uri)
    finally:
        server.signal(signal.SIGCONT)
    assert not delivery.is_reachable(server.uri)
    monkeypatch.setattr(delivery, "AWAY_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 20.0)
    assert delivery.is_reachable(server.uri)


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
        patch.setattr(delivery, "is_reachable", lambda uri: uri == new)
        with pytest.warns(UserWarning, match="kept in"):
            gan_augment.mlflow.RunTracker("moved").close()
        assert main(command) == 1
        assert "MLFLOW_EXPERIMENT_NAME" in capsys.readouterr().out
    assert main(command) == 0
    (run,) = runs(there)
    assert there.get_experiment(run.info.experiment_id).name == "test"
    assert runs() == []


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
    run.log_model(gan, registered_model_name="no/slash:or colon")
    with pytest.warns(UserWarning, match=r"refused params: .* model: "):
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
    journal.append({"kind": "metrics", "step": 1})
    journal.append({"kind": "metrics", "step": 2})
    journal.close()
    file = journal.directory / spool.JOURNAL_FILE
    file.write_text(file.read_text()[:-4])
    assert spool.Journal(journal.directory).records == [{"kind": "metrics", "step": 1}]


def test_damage_is_named(tmp_path):
    journal = spool.Journal.new(tmp_path)
    journal.close()
    (journal.directory / spool.JOURNAL_FILE).write_text("{\n{}\n")
    (result,) = gan_augment.mlflow.sync(tmp_path)
    assert "one JSON record a line" in result.error


def test_a_first_line_that_was_cut_off_is_no_run(tmp_path):
    journal = spool.Journal.new(tmp_path / "spool")
    journal.close()
    (journal.directory / spool.JOURNAL_FILE).write_text('{"kind": "crea')
    assert gan_augment.mlflow.sync(tmp_path / "spool") == []
    assert not journal.directory.exists()


def test_a_run_that_another_sync_has_sent_is_no_run(tmp_path, monkeypatch):
    journal = spool.Journal.new(tmp_path / "spool")
    journal.append({"kind": "create"})
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
        patch.setattr(delivery, "is_reachable", lambda _: False)
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
    assert not delivery.is_reachable(f"http://127.0.0.1:{free_port()}")
