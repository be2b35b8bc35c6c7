"""Make the tables of a SQLite file whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from filelock import FileLock


@contextlib.contextmanager
def making_tables(tracking_uri: str) -> Iterator[None]:
    """Let one process at a time open a SQLite file, whose tables are there by then.

    Where MLflow makes them itself, a process that ends meanwhile, or two that begin at
    once, can leave its migration half done, for good. So they are made in another file,
    which is moved to its place when it is whole.

    Parameters
    ----------
    tracking_uri : str
        An address of MLflow. Nothing is done unless it names a SQLite file.
    """
    name = tracking_uri.partition("///")[2]
    if not tracking_uri.startswith("sqlite:") or not name or "?" in name:
        yield
        return
    path = Path(name).resolve()
    lock = FileLock(Path(tempfile.gettempdir()) / _lock_name(path))
    with contextlib.suppress(OSError):  # no place for a lock: as without one
        lock.acquire()
    try:
        with contextlib.suppress(OSError):  # no such move there: MLflow makes them
            if not path.exists():
                _make_tables(path)
        yield
    finally:
        lock.release()


def _make_tables(path: Path) -> None:
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".mlflow-") as directory:
        new = Path(directory) / "mlflow.db"
        engine = create_sqlalchemy_engine(f"sqlite:///{new}")
        try:
            _initialize_tables(engine)
        finally:
            engine.dispose()
        os.link(new, path)  # another's file that is there by now stays


def _lock_name(path: Path) -> str:
    owner = os.getuid() if hasattr(os, "getuid") else 0
    return f"gan_augment-{owner}-{sha256(bytes(path)).hexdigest()[:16]}.lock"
