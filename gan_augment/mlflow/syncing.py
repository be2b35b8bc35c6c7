"""sync(): send the runs that wait on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mlflow

from gan_augment.mlflow.delivery import Delivery
from gan_augment.mlflow.servers import ask_again
from gan_augment.mlflow.spool import (
    JOURNAL_FILE,
    InUseError,
    Journal,
    SpoolError,
    default_spool,
    waiting_runs,
)

TRACKING_URI = "MLFLOW_TRACKING_URI"


class Sync(NamedTuple):
    """What became of a run that waited on disk."""

    directory: Path
    tracking_uri: str
    error: str
    in_use: bool = False
    notes: tuple[str, ...] = ()


def sync(
    spool: str | Path | None = None,
    tracking_uri: str | None = None,
    experiment_name: str | None = None,
) -> list[Sync]:
    """Send the runs that wait on disk to MLflow, and delete those that have arrived.

    The run of a process that was killed gets the status ``KILLED``. A run that a
    process is still writing is not touched. If lines of a run are damaged, the other
    lines are sent, and the run is kept on disk.

    Parameters
    ----------
    spool : path-like, default=None
        The spool directory. If None, use the environment variable ``GAN_AUGMENT_SPOOL``
        or, if that is not set, ``.gan_augment_spool`` in the working directory.
    tracking_uri : str, default=None
        Address of the MLflow server to send the runs to. If None, use the address that
        each run was meant for. On another server, the experiment is found or created by
        its name, which the original server gives, or ``MLFLOW_EXPERIMENT_NAME``.
    experiment_name : str, default=None
        Experiment of the runs, created if it does not exist. If None, use the one that
        each run was meant for.

    Returns
    -------
    results : list of Sync
        One for each run, in the order in which the runs began: its directory, the
        address that it was sent to, the problem or an empty string, whether the problem
        is only that a running process still writes the run, and notes on records that
        were changed.

    Notes
    -----
    While a run is sent to a database, MLflow's tracking URI is the address of this
    database.

    Examples
    --------
    >>> import tempfile
    >>> from gan_augment.mlflow import sync
    >>> with tempfile.TemporaryDirectory() as empty:
    ...     sync(empty)
    []
    """
    ask_again()  # whoever calls this expects that the server is there
    directories = waiting_runs(default_spool() if spool is None else Path(spool))
    results = [
        _sync_one(directory, tracking_uri, experiment_name) for directory in directories
    ]
    return [result for result in results if result is not None]


def _sync_one(
    directory: Path, tracking_uri: str | None, experiment_name: str | None
) -> Sync | None:
    """Send a run; None if there is none, or not any more."""
    try:
        journal = Journal(directory)
    except InUseError as error:
        return Sync(directory, tracking_uri or "", str(error), in_use=True)
    except SpoolError as error:
        return Sync(directory, tracking_uri or "", str(error))
    records, uri = journal.records, tracking_uri or ""
    damage = _damage(journal)
    if not records and not damage:  # another sync was faster, or it was cut off at once
        journal.discard()
        return None
    if not records or records[0]["kind"] != "create":
        journal.close()
        return Sync(
            directory, uri, f"{damage} Without the first one nothing can be sent."
        )
    try:
        if records[-1]["kind"] != "end":
            last = max(record.get("time", 0) for record in records)
            # Not on disk: if this fails, the next sync finds the journal unchanged.
            records.append({"kind": "end", "status": "KILLED", "time": last})
        delivery = Delivery(journal, tracking_uri, experiment_name)
        uri = delivery.tracking_uri
        with _as_default(uri):
            delivery.send()
    except Exception as error:  # of one run; the others may succeed
        journal.close()
        return Sync(directory, uri, f"{type(error).__name__}: {error}")
    except BaseException:  # Ctrl-C: the next sync of this process may have it
        journal.close()
        raise
    notes = tuple(delivery.notes)
    if damage:
        journal.close()
        return Sync(directory, uri, f"{damage} All others were sent.", notes=notes)
    journal.discard()
    return Sync(directory, uri, "", notes=notes)


@contextlib.contextmanager
def _as_default(tracking_uri: str) -> Iterator[None]:
    """Make a store MLflow's default: those of files look for models in no other."""
    if tracking_uri.startswith("http") or tracking_uri == mlflow.get_tracking_uri():
        yield
        return
    # MLflow sets the variable too, and what was set by it alone is to stay so.
    variable = os.environ.pop(TRACKING_URI, None)
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    mlflow.set_tracking_uri(tracking_uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)  # type: ignore[arg-type]  # None: none is set
        os.environ.pop(TRACKING_URI, None)
        if variable is not None:
            os.environ[TRACKING_URI] = variable


def _damage(journal: Journal) -> str:
    """Say which lines are damaged, and what to do."""
    if not journal.damaged:
        return ""
    numbers = ", ".join(map(str, journal.damaged))
    return (
        f"Every line of {journal.directory / JOURNAL_FILE} must be a record as it was "
        f"written. Got damage in line {numbers}. Restore the file from a backup and "
        "sync again, or delete its directory."
    )
