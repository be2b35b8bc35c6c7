"""Runs on disk: what happened, line by line, before any of it is sent anywhere.

A run is a directory. ``journal.jsonl`` has one line of JSON a record, in the order in
which things happened; pictures and the generator lie beside it. Lines are only ever
appended, and handed to the operating system at once, so that what was written is still
there when the process is killed. Each has a checksum, so that a damaged one is not
taken for another record. A run whose disk is full goes on in the temporary directory.
The process that writes holds the directory's lock; the lock of a dead process is free.
A run that has arrived in MLflow is deleted here.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
import tempfile
import time
import uuid
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

Record = dict[str, Any]

JOURNAL_FILE = "journal.jsonl"
LOCK_FILE = "lock"
IGNORE_FILE = ".gitignore"
# Where runs wait, if autolog is told no other place.
SPOOL_VARIABLE = "GAN_AUGMENT_SPOOL"
DEFAULT_SPOOL = ".gan_augment_spool"
# A disk with less room is full.
LEAST_FREE_BYTES = 65_536
# Key of a record's checksum, and what every kind of record must have besides it.
CHECKSUM = "crc32"
CONTENT = {
    "create": {"name", "tracking_uri", "registry_uri", "experiment_id", "tags"},
    "metrics": {"step", "values"},
    "params": {"values"},
    "tags": {"values"},
    "dataset": {"description", "context"},
    "file": {"path"},
    "model": {"path", "name", "step", "registered_model_name", "tags"},
    "end": {"status"},
}


class SpoolError(RuntimeError):
    """A run on disk cannot be read, or belongs to a process that still writes it."""


class InUseError(SpoolError):
    """A running process still writes the run."""


def default_spool() -> Path:
    """The directory of ``GAN_AUGMENT_SPOOL``, or one in the working directory."""
    return Path(os.environ.get(SPOOL_VARIABLE) or DEFAULT_SPOOL).resolve()


class Journal:
    """One run on disk, open for writing by this process alone.

    Parameters
    ----------
    directory : path-like
        The run's directory; must exist.

    Attributes
    ----------
    directory : Path
        The run's directory.
    records : list of dict
        What it holds, oldest first.
    damaged : list of int
        Numbers of the lines that are no records any more.

    Raises
    ------
    InUseError
        If another process has it open.
    SpoolError
        If what it holds cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._writable = True
        # Whichever thread is last, the one that trains or the one that sends, closes.
        self._lock = FileLock(directory / LOCK_FILE, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise InUseError(f"{directory} is in use by a running process.") from error
        except OSError as error:
            self._keep_in_memory(error)
        try:
            self.records, self.damaged = _read(directory / JOURNAL_FILE)
        except SpoolError:
            self.close()
            raise

    @classmethod
    def new(cls, spool: Path) -> Self:
        """Open a new run in a spool directory, or where temporary files may be."""
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:12]}"
        places: Sequence[Callable[[], Path]] = (
            lambda: _private(spool),
            _temporary_spool,
        )
        for make_place in places:
            with contextlib.suppress(OSError):
                directory = make_place() / name
                directory.mkdir(mode=0o700, parents=True)
                return cls(directory)
        return cls(spool / name)

    @property
    def key(self) -> str:
        """What tells this run from every other one."""
        return self.directory.name

    @property
    def is_on_disk(self) -> bool:
        """Whether it survives this process: no disk may take it."""
        return self._writable

    def append(self, record: Record) -> None:
        """Add a record; where the disk is full, the run goes on elsewhere."""
        self.records.append(record)
        if not self._writable:
            return
        try:
            with (self.directory / JOURNAL_FILE).open("a", encoding="utf-8") as file:
                file.write(_line(record))
        except OSError as error:
            self._move(error)

    def local(self, path: str) -> Path:
        """Where a file of the run lies.

        Raises
        ------
        ValueError
            If it is not inside the run's directory.
        """
        root = self.directory.resolve()
        local = (root / path).resolve()
        if local == root or not local.is_relative_to(root):
            raise ValueError(f"A run's file must lie in its directory. Got {path!r}.")
        return local

    def save(self, path: str, write: Callable[[Path], object]) -> bool:
        """Write a file of the run; whether it is there.

        Where the disk is full, the run goes on elsewhere. A directory that somebody
        removed costs the file, nothing else.
        """
        error = self._write(path, write)
        if error is not None and self._move(error):
            error = self._write(path, write)
            if error is not None:
                self._keep_in_memory(error)
        return error is None

    def _write(self, path: str, write: Callable[[Path], object]) -> OSError | None:
        """Write a file of the run; what the disk has against it, if it has."""
        local = self.local(path)
        try:
            # A run's directory is never made again: it would have no beginning.
            self.directory.stat()
            local.parent.mkdir(parents=True, exist_ok=True)
            write(local)
        except Exception as error:
            disk_error = _disk_error(error, self.directory)
            if disk_error is None:
                raise
            # What was written in part is no file of the run.
            _remove(local)
            return disk_error
        return None

    def _move(self, error: OSError) -> bool:
        """Go on in the temporary directory, with all that there is; whether it went.

        A directory that somebody removed is not made again.
        """
        if not self._writable:
            return False
        old, old_lock = self.directory, self._lock
        try:
            old.stat()
            new = _temporary_spool() / self.key
            if new == old:
                raise error
            new.mkdir(mode=0o700, parents=True)
            shutil.copytree(
                old,
                new,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns(JOURNAL_FILE, LOCK_FILE),
            )
            lines = "".join(_line(record) for record in self.records)
            (new / JOURNAL_FILE).write_text(lines, encoding="utf-8")
            self._lock = FileLock(new / LOCK_FILE, thread_local=False)
            self._lock.acquire(timeout=0)
        except (OSError, shutil.Error):
            self._lock = old_lock
            self._keep_in_memory(error)
            return False
        self.directory = new
        old_lock.release()
        shutil.rmtree(old, ignore_errors=True)
        warnings.warn(
            f"{old.parent} must be a directory that can be written. Got "
            f"'{_reason(error)}'. The run goes on in {new.parent}.",
            UserWarning,
            stacklevel=2,
        )
        return True

    def _keep_in_memory(self, error: OSError) -> None:
        if not self._writable:
            return
        self._writable = False
        warnings.warn(
            f"{self.directory.parent} must be a directory that can be written. Got "
            f"'{_reason(error)}'. Training goes on; what MLflow does not take "
            f"at once is lost. Set {SPOOL_VARIABLE} to another directory.",
            UserWarning,
            stacklevel=2,
        )

    def close(self) -> None:
        """Let others open the run."""
        self._lock.release()

    def discard(self) -> None:
        """Delete the run: it has arrived. The spool goes with its last run."""
        # Under the lock: who has listed the run and opens it now finds nothing to send.
        with contextlib.suppress(OSError):
            (self.directory / JOURNAL_FILE).unlink()
        self.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        spool = self.directory.parent
        with contextlib.suppress(OSError):
            if [path.name for path in spool.iterdir()] == [IGNORE_FILE]:
                (spool / IGNORE_FILE).unlink()
            spool.rmdir()


def _private(spool: Path) -> Path:
    """The spool directory, made if need be: for nobody else, and never committed."""
    if not spool.exists():
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        if spool.name == DEFAULT_SPOOL:
            (spool / IGNORE_FILE).write_text("*\n", encoding="utf-8")
    return spool


def _temporary_spool() -> Path:
    """A spool among the temporary files; somebody else's is no place for ours."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    spool = Path(tempfile.gettempdir()) / f"gan_augment_spool-{owner}"
    found = _private(spool).lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise PermissionError(f"{spool} belongs to somebody else.")
    return spool


def waiting_runs(spool: Path) -> list[Path]:
    """Directories of the runs in a spool directory, oldest first."""
    return sorted(path.parent for path in spool.glob(f"*/{JOURNAL_FILE}"))


def _line(record: Record) -> str:
    """A record as a line, with its checksum."""
    text = json.dumps(record)
    return json.dumps(record | {CHECKSUM: zlib.crc32(text.encode())}) + "\n"


def _record(line: str, has_checksum: bool) -> Record:
    """The record of a line.

    Raises
    ------
    ValueError
        If the line is damaged.
    """
    record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError("no record")
    checksum = record.pop(CHECKSUM, None)
    if has_checksum and checksum != zlib.crc32(json.dumps(record).encode()):
        raise ValueError("another checksum")
    if not CONTENT.get(str(record.get("kind")), {"kind of ours"}) <= record.keys():
        raise ValueError("no content")
    return record


def _read(path: Path) -> tuple[list[Record], list[int]]:
    """Records of a journal, and the numbers of the lines that are damaged.

    A last line that was cut off never happened.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except OSError as error:
        raise SpoolError(f"{path} cannot be read: {error.strerror}.") from error
    records, damaged = [], []
    # An earlier release wrote none.
    has_checksums = any(f'"{CHECKSUM}"'.encode() in line for line in lines)
    for number, line in enumerate(lines[:-1], start=1):
        try:
            records.append(_record(line.decode("utf-8"), has_checksums))
        except (ValueError, RecursionError):
            damaged.append(number)
    return records, damaged


def _reason(error: OSError) -> str:
    """Why a disk does not take a file, or the first of several files."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][-1])
    return error.strerror or str(error)


def _disk_error(error: Exception, directory: Path) -> OSError | None:
    """The error of the disk behind an error, since some libraries hide it."""
    if isinstance(error, OSError):
        return error
    for place in (directory, Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            if shutil.disk_usage(place).free < LEAST_FREE_BYTES:
                return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return None


def _remove(path: Path) -> None:
    """Delete a file or a directory, if it is there."""
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()
