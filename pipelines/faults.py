"""What goes wrong while trainings are tracked: each fault begins, and is over again."""

from __future__ import annotations

import contextlib
import errno
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from pipelines.servers import MlflowProgram, Postgres, Proxy

SPOOL_MB = 16
# Longest wait of a slow answer, and the share of answers that are lost.
DELAY_SECONDS, LOST = 1.0, 0.3


@dataclass
class Stage:
    """Everything that can break.

    Parameters
    ----------
    server, database, proxy : MlflowProgram, Postgres or None, Proxy
        Between a fit and the disk of a store.
    spool : Path
        Where runs wait; a disk of its own.
    kill_fit : callable
        Kills a process that fits.
    """

    server: MlflowProgram
    database: Postgres | None
    proxy: Proxy
    spool: Path
    kill_fit: Callable[[], None]


@contextlib.contextmanager
def small_disk(path: Path) -> Iterator[None]:
    """A file system in memory of a few megabytes, mounted at a path.

    Raises
    ------
    PermissionError
        If this process may not mount.
    """
    size = f"size={SPOOL_MB}m,mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(path)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        raise PermissionError(
            f"A file system must be mounted at {path}. Got "
            f"{mounted.stderr.strip()!r}. Run this where namespaces of users are "
            "allowed (`unshare --user true`), or as root in a container."
        )
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@contextlib.contextmanager
def server_killed(stage: Stage) -> Iterator[None]:
    """The tracking server dies, and is started again."""
    stage.server.kill()
    yield
    stage.server.start()


@contextlib.contextmanager
def server_stopped(stage: Stage) -> Iterator[None]:
    """The tracking server accepts connections and says nothing."""
    stage.server.signal(signal.SIGSTOP)
    yield
    stage.server.signal(signal.SIGCONT)


@contextlib.contextmanager
def database_killed(stage: Stage) -> Iterator[None]:
    """The database of the tracking server dies, and recovers."""
    if stage.database is not None:
        stage.database.kill()
    yield
    if stage.database is not None:
        stage.database.start()


@contextlib.contextmanager
def answers_late(stage: Stage) -> Iterator[None]:
    """Every answer takes up to a second more."""
    stage.proxy.delay = DELAY_SECONDS
    yield
    stage.proxy.delay = 0.0


@contextlib.contextmanager
def answers_lost(stage: Stage) -> Iterator[None]:
    """The server does what it is asked, and some clients do not hear of it."""
    stage.proxy.lost = LOST
    yield
    stage.proxy.lost = 0.0


@contextlib.contextmanager
def unauthorized(stage: Stage) -> Iterator[None]:
    """The server knows the user no more."""
    stage.proxy.status = 401
    yield
    stage.proxy.status = 0


@contextlib.contextmanager
def internal_error(stage: Stage) -> Iterator[None]:
    """The server answers every call with an error."""
    stage.proxy.status = 500
    yield
    stage.proxy.status = 0


@contextlib.contextmanager
def disk_full(stage: Stage) -> Iterator[None]:
    """The disk of the spool takes nothing more."""
    ballast = stage.spool / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    yield
    ballast.unlink()


@contextlib.contextmanager
def runs_deleted(stage: Stage) -> Iterator[None]:
    """Somebody deletes the runs that are being written."""
    client = MlflowClient(stage.server.uri)
    experiments = [found.experiment_id for found in client.search_experiments()]
    for run in client.search_runs(experiments, "attributes.status = 'RUNNING'"):
        client.delete_run(run.info.run_id)
    yield


@contextlib.contextmanager
def fit_killed(stage: Stage) -> Iterator[None]:
    """A process that fits dies."""
    stage.kill_fit()
    yield


FAULTS: dict[str, Callable[[Stage], contextlib.AbstractContextManager[None]]] = {
    "server killed": server_killed,
    "server stopped": server_stopped,
    "database killed": database_killed,
    "answers late": answers_late,
    "answers lost": answers_lost,
    "401": unauthorized,
    "500": internal_error,
    "disk full": disk_full,
    "runs deleted": runs_deleted,
    "fit killed": fit_killed,
}
