"""Trainings while everything breaks: every run, epoch and model arrives, and once.

    python -m pipelines.soak                              # some minutes
    python -m pipelines.soak --fits 200                   # an hour
    python -m pipelines.soak --part serving --requests 100000

Four processes fit and are tracked by an MLflow server with users and passwords, over
SQLite and then over PostgreSQL. Meanwhile the server and its database are killed,
stopped and slowed, answer 401 and 500, do what they are asked without saying so, the
disk fills, runs are deleted, and processes that fit are killed. Then two processes run
``sync`` at once, and what is in the store is compared with what was fitted. The part
``serving`` asks a scoring server, some requests of which are malformed.

The extra ``soak`` and, for PostgreSQL, its programs must be installed. For Linux.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from rich.console import Console
from rich.table import Table

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN
from gan_augment.training.callbacks import Callback
from pipelines.faults import FAULTS, Stage, small_disk
from pipelines.load import serve_and_ask
from pipelines.servers import (
    ADMINISTRATOR,
    PASSWORD,
    START_SECONDS,
    MlflowProgram,
    Postgres,
    Proxy,
    tracking_server,
)

console = Console()

EXPERIMENT, MODEL, FIT_TAG = "soak", "soak-generator", "soak.fit"
N_STEPS = 16
# Seconds that fits take besides their training: some end before a first delivery.
PAUSES = (0.0, 2.0, 6.0, 9.0)
# Fits that begin for each fault, and the longest that it waits for earlier ones to end.
FITS_PER_FAULT, FAULT_SECONDS = 2, 40.0
N_PROCESSES = 4
# A file descriptor or two may be a connection that is kept.
MAX_MORE_FILES = 8


class Ledger:
    """What a fit has done, written where nothing breaks.

    Parameters
    ----------
    folder : Path
        One file a fit.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(self, fit: int, **entry: Any) -> None:
        """Add to what is known of a fit."""
        with (self.folder / f"{fit}.jsonl").open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def begun(self) -> set[int]:
        """The fits that have begun."""
        return {int(path.stem) for path in self.folder.glob("*.jsonl")}

    def over(self) -> set[int]:
        """The fits that returned or raised."""
        found = self.read().items()
        return {fit for fit, entry in found if "ended" in entry or "raised" in entry}

    def read(self) -> dict[int, dict[str, Any]]:
        """Fit -> all that is known of it; lists of what it said more than once."""
        found = {}
        for path in self.folder.glob("*.jsonl"):
            entry: dict[str, Any] = {"epochs": [], "messages": []}
            for line in path.read_text().splitlines():
                new = json.loads(line)
                entry["epochs"] += new.pop("epochs", [])
                entry["messages"] += new.pop("messages", [])
                entry |= new
            found[int(path.stem)] = entry
        return found


class Note(Callback):
    """Write every epoch into the ledger, and take one's time."""

    def __init__(self, ledger: Ledger, fit: int) -> None:
        self.ledger, self.fit = ledger, fit
        self.pause = PAUSES[fit % len(PAUSES)] / N_STEPS

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Before the tracker hears of it."""
        self.ledger.note(self.fit, epochs=[int(epoch["step"])])
        time.sleep(self.pause)


class _Messages(logging.Handler):
    """Keep what MLflow's loggers say."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.texts.append(record.getMessage())


def fit_all(fits: list[int], allowed: Semaphore, folder: Path, output: Path) -> None:
    """Fit one after another under autolog; this is what each process does.

    Parameters
    ----------
    fits : list of int
        Numbers of the fits; a number decides a fit's data.
    allowed : Semaphore
        Each fit takes one of it.
    folder : Path
        Of the ledger.
    output : Path
        File to which this process prints.
    """
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    ledger, messages = Ledger(folder), _Messages()
    logging.getLogger("mlflow").addHandler(messages)
    for fit in fits:
        rng = np.random.default_rng(fit)
        X = np.round(rng.normal(size=(60, 2)), 2)
        gan = TabularGAN(
            max_steps=N_STEPS, hidden_dims=(8,), callbacks=[Note(ledger, fit)]
        )
        sampler = GANOverSampler(gan, sample_filter=None, random_state=fit)
        gan_augment.mlflow.autolog(
            registered_model_name=MODEL,
            extra_tags={FIT_TAG: str(fit)},
            log_figures=False,
        )
        allowed.acquire()
        ledger.note(fit, begun=True)
        messages.texts.clear()
        try:
            sampler.fit_resample(X, np.arange(60) % 6 == 0)
        except Exception:
            ledger.note(fit, raised=traceback.format_exc())
            continue
        ledger.note(
            fit,
            ended=sampler.history_["step"],
            rows=_digest(sampler.gan_),
            messages=messages.texts,
            n_files=len(os.listdir("/proc/self/fd")),
        )


def _digest(gan: Any) -> str:
    rows, _ = gan.sample(5, random_state=0)
    return hashlib.sha256(np.asarray(rows).tobytes()).hexdigest()


class Processes:
    """The processes that fit; one that was killed is followed by another.

    A fit begins when it is allowed to, so that as many fits meet each fault on a fast
    machine and on a slow one.

    Parameters
    ----------
    ledger : Ledger
        What they write into.
    n_fits : int
        Number of fits.
    output : Path
        File to which they print.
    """

    def __init__(self, ledger: Ledger, n_fits: int, output: Path) -> None:
        self._ledger, self._output = ledger, output
        self._context = multiprocessing.get_context("spawn")
        self._allowed = self._context.Semaphore(0)
        self._fits = [list(range(i, n_fits, N_PROCESSES)) for i in range(N_PROCESSES)]
        self._workers = [self._start(fits) for fits in self._fits]
        self.killed: set[int] = set()

    def _start(self, fits: list[int]) -> Any:
        arguments = (fits, self._allowed, self._ledger.folder, self._output)
        worker = self._context.Process(target=fit_all, args=arguments)
        worker.start()
        return worker

    def allow(self, n_fits: int) -> None:
        """Let more fits begin."""
        for _ in range(n_fits):
            self._allowed.release()

    def kill_one(self) -> None:
        """Kill a process amid a fit, and start one for the fits that it had left."""
        begun, over = self._ledger.begun(), self._ledger.over()
        for place, (worker, fits) in enumerate(
            zip(self._workers, self._fits, strict=True)
        ):
            amid = [fit for fit in fits if fit in begun - over - self.killed]
            if amid:
                worker.kill()
                worker.join()
                # It may have ended this fit and begun the next one meanwhile.
                begun, over = self._ledger.begun(), self._ledger.over()
                self.killed |= set(fits) & begun - over
                left = [fit for fit in fits if fit not in begun]
                self._workers[place] = self._start(left)
                return

    @property
    def n_begun(self) -> int:
        """Number of fits that have begun."""
        return len(self._ledger.begun())

    @property
    def n_over(self) -> int:
        """Number of fits that came to an end of any kind."""
        return len(self._ledger.over() | self.killed)

    def end(self) -> None:
        """Let those that are left come to their end."""
        for worker in self._workers:
            worker.join()

    def kill(self) -> None:
        """Kill them all."""
        for worker in self._workers:
            worker.kill()
            worker.join()


def break_things(
    stage: Stage, processes: Processes, n_fits: int, seed: int
) -> Counter[str]:
    """One fault after another while fits go on; how often each was there."""
    rng, done = random.Random(seed), Counter[str]()
    names = [name for name in FAULTS if stage.database or name != "database killed"]
    rng.shuffle(names)
    n_allowed = 0
    for name in cycle(names):
        if n_allowed >= n_fits:
            return done
        processes.allow(FITS_PER_FAULT)
        n_allowed += FITS_PER_FAULT
        # So many fits of earlier faults may still go on, and meet this one, too.
        n_before = min(n_allowed, n_fits) - FITS_PER_FAULT
        _wait_until(lambda: processes.n_begun > n_before, START_SECONDS)  # noqa: B023
        time.sleep(rng.uniform(0, max(PAUSES) / 2))
        with FAULTS[name](stage):
            console.log(f"{name} ({processes.n_over} of {n_fits} fits are over)")
            _wait_until(lambda: processes.n_over >= n_before, FAULT_SECONDS)  # noqa: B023
        done[name] += 1
    raise AssertionError("a cycle has no end")


def _wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so, or some seconds."""
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)


@dataclass
class Count:
    """How often something that was made is in the store.

    Parameters
    ----------
    made, found : int
        What should be there, and what of it is there once.
    lost, doubled : int
        What is not there, and what is there beside it.
    """

    made: int = 0
    found: int = 0
    lost: int = 0
    doubled: int = 0

    def add(self, made: int, found: int) -> None:
        """Count things of which each should be there once."""
        self.made += made
        self.found += min(made, found)
        self.lost += max(0, made - found)
        self.doubled += max(0, found - made)


def compare_with_store(
    fits: dict[int, dict[str, Any]], client: MlflowClient
) -> tuple[dict[str, Count], list[str]]:
    """Compare what was fitted with what is in the store.

    Parameters
    ----------
    fits : dict
        What the ledger knows.
    client : MlflowClient
        The store.

    Returns
    -------
    counts : dict of str to Count
        Of runs, epochs, models and versions.
    wrong : list of str
        A line for everything that is not as it should be.
    """
    experiment = client.get_experiment_by_name(EXPERIMENT)
    ids = [experiment.experiment_id] if experiment else []
    runs: dict[int, list[Run]] = {}
    for run in _pages(partial(client.search_runs, ids, run_view_type=ViewType.ALL)):
        runs.setdefault(int(run.data.tags[FIT_TAG]), []).append(run)
    models = Counter(
        model.model_id for model in _pages(partial(client.search_logged_models, ids))
    )
    versions = Counter(
        version.source
        for version in _pages(
            partial(client.search_model_versions, f"name = '{MODEL}'")
        )
    )
    counts = {name: Count() for name in ("runs", "epochs", "models", "versions")}
    wrong = []
    for fit, entry in sorted(fits.items()):
        ended, epochs = "ended" in entry, sorted(entry["epochs"])
        run, n_runs = _the_run(runs.get(fit, []))
        # Of a fit that was killed, the last epoch may not have been told to anybody.
        is_made = ended or len(epochs) > 1
        counts["runs"].add(int(is_made), n_runs if is_made else 0)
        if run is None:
            counts["epochs"].add(len(epochs), 0)
            counts["models"].add(int(ended), 0)
            counts["versions"].add(int(ended), 0)
            if is_made:
                wrong.append(f"fit {fit} has no run: {entry['messages']}")
            continue
        curve = client.get_metric_history(run.info.run_id, "train/generator_loss")
        steps = sorted(metric.step for metric in curve if metric.model_id is None)
        if not ended and steps == epochs[:-1]:
            epochs = steps
        output = run.outputs.model_outputs if run.outputs else []
        uris = [f"models:/{each.model_id}" for each in output]
        n_versions = sum(versions[uri] for uri in uris)
        # One that was killed at its end may have a model, or be over already.
        n_made = 1 if ended else min(len(uris), 1)
        n_registered = 1 if ended else min(n_versions, 1)
        counts["epochs"].add(len(epochs), len(steps))
        counts["models"].add(n_made, len(uris))
        counts["versions"].add(n_registered, n_versions)
        statuses = {"FINISHED"} if ended else {"KILLED"}
        if len(steps) == N_STEPS:
            statuses.add("FINISHED")
        problems = {
            f"{n_runs} runs": n_runs > 1,
            f"status {run.info.status}": run.info.status not in statuses,
            f"epochs {steps}": steps != epochs,
            f"models {uris}": len(uris) != n_made,
            f"{n_versions} versions": n_versions != n_registered,
        }
        if ended:
            problems |= {
                "no data": not run.inputs or len(run.inputs.dataset_inputs) != 2,
                "no parameters": not run.data.params,
                "another generator": entry["rows"] not in map(_digest_of, uris),
            }
        models.subtract(each.model_id for each in output)
        versions.subtract(uris)
        said = [text for text, is_wrong in problems.items() if is_wrong]
        if said:
            wrong.append(f"fit {fit}, run {run.info.run_id}: {'; '.join(said)}")
    counts["models"].doubled += len(+models)
    counts["versions"].doubled += len(+versions)
    wrong += [f"{each} belongs to no run" for each in [*+models, *+versions]]
    return counts, wrong


def _the_run(runs: list[Run]) -> tuple[Run | None, int]:
    """The run of a fit, and how many there are; one that was deleted counts if alone.

    What is deleted while it is written is begun again, and what is deleted later stays
    so.
    """
    active = [run for run in runs if run.info.lifecycle_stage == "active"]
    left = active or runs[:1]
    return (left[0] if left else None), len(left)


def _digest_of(uri: str) -> str:
    return _digest(gan_augment.mlflow.load_model(uri))


def _pages(search: Any) -> Iterator[Any]:
    """All that a search finds, page by page."""
    page = search()
    yield from page
    while page.token:
        page = search(page_token=page.token)
        yield from page


def track(store: str, n_fits: int, seed: int, folder: Path) -> bool:
    """Fit while things break, sync, and print what came of it; whether all is well."""
    for name in ("server", "database", "ledger", "spool", "temporary"):
        (folder / name).mkdir()
    folder.chmod(0o711)  # PostgreSQL's user goes through
    with contextlib.ExitStack() as stack:
        stack.enter_context(small_disk(folder / "spool"))
        database = None
        uri = f"sqlite:///{folder / 'server' / 'mlflow.db'}"
        if store == "postgresql":
            database = stack.enter_context(Postgres(folder / "database"))
            uri = database.uri
        server = stack.enter_context(tracking_server(folder / "server", uri))
        proxy = stack.enter_context(Proxy(server.uri, seed))
        stack.enter_context(_environment(proxy, folder))
        ledger = Ledger(folder / "ledger")
        processes = Processes(ledger, n_fits, folder / "output.txt")
        stack.callback(processes.kill)
        stage = Stage(server, database, proxy, folder / "spool", processes.kill_one)
        times = break_things(stage, processes, n_fits, seed)
        processes.end()
        spools = [folder / "spool", *(folder / "temporary").glob("gan_augment_spool*")]
        n_waited, problems = _sync_twice(spools)
        fits = ledger.read()
        with _at(server):
            counts, wrong = compare_with_store(fits, MlflowClient(server.uri))
    wrong += problems + _unexpected(fits, n_fits)
    table = Table("", "made", "found once", "lost", "doubled", title=f"{store}")
    for name, count in counts.items():
        table.add_row(name, *(str(value) for value in vars(count).values()))
    console.print(table)
    n_killed = sum("ended" not in entry for entry in fits.values())
    faults = ", ".join(f"{name} {n}" for name, n in sorted(times.items()))
    console.print(
        f"{len(fits)} fits, {n_killed} of them killed; {n_waited} runs waited for "
        f"sync. Faults: {faults}."
    )
    for line in wrong:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    is_well = not wrong and not any(
        each.lost + each.doubled for each in counts.values()
    )
    return is_well


@contextlib.contextmanager
def _environment(proxy: Proxy, folder: Path) -> Iterator[None]:
    """Where this process and those that it starts track, spool and write."""
    new = {
        "MLFLOW_TRACKING_URI": proxy.uri,
        "MLFLOW_TRACKING_USERNAME": ADMINISTRATOR,
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
        "MLFLOW_EXPERIMENT_NAME": EXPERIMENT,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GAN_AUGMENT_SPOOL": str(folder / "spool"),
        "TMPDIR": str(folder / "temporary"),
    }
    before = {name: os.environ.get(name) for name in [*new, "MLFLOW_EXPERIMENT_ID"]}
    os.environ.update(new)
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _at(server: MlflowProgram) -> Iterator[None]:
    """Ask the server itself."""
    before = os.environ["MLFLOW_TRACKING_URI"]
    os.environ["MLFLOW_TRACKING_URI"] = server.uri
    try:
        yield
    finally:
        os.environ["MLFLOW_TRACKING_URI"] = before


def _waiting(spools: list[Path]) -> list[Path]:
    return [path for spool in spools for path in spool.glob("*/journal.jsonl")]


def _sync_twice(spools: list[Path]) -> tuple[int, list[str]]:
    """Sync in two processes at once; how many runs waited, and what went wrong."""
    n_waited = len(_waiting(spools))
    command = [sys.executable, "-m", "gan_augment.mlflow", "sync"]
    running = [
        subprocess.Popen([*command, str(spool)], stdout=subprocess.PIPE, text=True)
        for spool in spools * 2
        if spool.exists()
    ]
    told = [process.communicate()[0] for process in running]
    problems = [
        f"sync ended with {process.returncode}: {text}"
        for process, text in zip(running, told, strict=True)
        if process.returncode
    ]
    problems += [f"{path} still waits" for path in _waiting(spools)]
    return n_waited, problems


def _unexpected(fits: dict[int, dict[str, Any]], n_fits: int) -> list[str]:
    """What must not happen to a fit, whatever breaks."""
    wrong = [f"fit {fit} never began" for fit in range(n_fits) if fit not in fits]
    wrong += [
        f"fit {fit} raised {entry['raised']}"
        for fit, entry in fits.items()
        if "raised" in entry
    ]
    n_files = [
        entry["n_files"] for _, entry in sorted(fits.items()) if "ended" in entry
    ]
    if n_files and max(n_files) > n_files[0] + MAX_MORE_FILES:
        wrong.append(f"Open files grew from {n_files[0]} to {max(n_files)}.")
    return wrong


def enter_namespace() -> None:
    """Run this program again where it may mount a file system; as root it may."""
    if os.geteuid() == 0 or "SOAK_NAMESPACE" in os.environ:
        return
    command = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]
    command += [sys.executable, "-m", "pipelines.soak", *sys.argv[1:]]
    os.execvpe(command[0], command, os.environ | {"SOAK_NAMESPACE": "yes"})


def main(
    part: Annotated[
        list[str] | None, typer.Option(help="tracking or serving; both if not given.")
    ] = None,
    store: Annotated[
        list[str] | None,
        typer.Option(help="sqlite or postgresql; both if not given."),
    ] = None,
    fits: Annotated[int, typer.Option(min=4, help="Fits for each store.")] = 24,
    requests: Annotated[int, typer.Option(min=100, help="Requests in all.")] = 2000,
    clients: Annotated[int, typer.Option(min=1, help="Clients that ask.")] = 16,
    seed: Annotated[int, typer.Option(help="Decides the order of the faults.")] = 0,
) -> None:
    """Fit and ask while everything breaks, and count what arrived."""
    parts, stores = part or ["tracking", "serving"], store or ["sqlite", "postgresql"]
    is_well = True
    if "tracking" in parts:
        enter_namespace()
        for name in stores:
            folder = Path(tempfile.mkdtemp(prefix="soak-"))
            this_one = track(name, fits, seed, folder)
            if this_one:
                shutil.rmtree(folder)
            else:
                console.print(f"Everything is kept in {folder}.")
            is_well &= this_one
    if "serving" in parts:
        is_well &= serve_and_ask(requests, clients, seed, console)
    if not is_well:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
