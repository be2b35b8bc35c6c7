"""sync(): bring in the runs that wait on disk."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gan_augment.mlflow.delivery import Delivery
from gan_augment.mlflow.spool import (
    InUseError,
    Journal,
    SpoolError,
    default_spool,
    waiting_runs,
)


class Sync(NamedTuple):
    """What became of a run that waited on disk."""

    directory: Path
    tracking_uri: str
    error: str
    in_use: bool = False


def sync(
    spool: str | Path | None = None, tracking_uri: str | None = None
) -> list[Sync]:
    """Bring the runs that wait on disk into MLflow; what has arrived is deleted there.

    The run of a process that was killed gets the status ``KILLED``. A run that a
    process is still writing is left alone.

    Parameters
    ----------
    spool : path-like, default=None
        The spool directory. None takes ``GAN_AUGMENT_SPOOL`` or, where that is not
        set, ``.gan_augment_spool`` in the working directory.
    tracking_uri : str, default=None
        Where to; None takes the address that each run was meant for. Another server
        knows an experiment by its name, which the one that the run was meant for
        tells, or ``MLFLOW_EXPERIMENT_NAME``; it is made where it does not exist.

    Returns
    -------
    results : list of Sync
        One a run, in the order in which they began: its directory, where it was sent,
        what went wrong, or an empty string, and whether that is only that a running
        process still writes it.
    """
    directories = waiting_runs(default_spool() if spool is None else Path(spool))
    results = [_sync_one(directory, tracking_uri) for directory in directories]
    return [result for result in results if result is not None]


def _sync_one(directory: Path, tracking_uri: str | None) -> Sync | None:
    """Send a run; None if there is none, or not any more."""
    try:
        journal = Journal(directory)
    except InUseError as error:
        return Sync(directory, tracking_uri or "", str(error), in_use=True)
    except SpoolError as error:
        return Sync(directory, tracking_uri or "", str(error))
    records, uri = journal.records, tracking_uri or ""
    if not records:  # another sync was faster, or the first line was cut off
        journal.discard()
        return None
    try:
        if records[-1]["kind"] != "end":
            last = max(record.get("time", 0) for record in records)
            # Not on disk: should this fail, the next one finds it so too.
            records.append({"kind": "end", "status": "KILLED", "time": last})
        delivery = Delivery(journal, tracking_uri)
        uri = delivery.tracking_uri
        delivery.send()
    except Exception as error:  # of one run; the others may do better
        journal.close()
        return Sync(directory, uri, f"{type(error).__name__}: {error}")
    journal.discard()
    return Sync(directory, uri, "")
