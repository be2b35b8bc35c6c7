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
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any

import typer
from mlflow import MlflowClient
from rich.console import Console
from rich.table import Table

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
from pipelines.stored import EXPERIMENT, compare_with_store
from pipelines.tracked_fits import PAUSES, Ledger, Processes

console = Console()

# Fits that begin for each fault, and the longest that it waits for earlier ones to end.
FITS_PER_FAULT, FAULT_SECONDS = 2, 40.0
# A file descriptor or two may be a connection that is kept.
MAX_MORE_FILES = 8


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
    # Servers and processes end with this one, also where it is told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
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
