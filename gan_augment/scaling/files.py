"""Parquet files that are whole or not there, on any file system that fsspec knows."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.scaling.plan import Plan, Request

# Key in the footer of a file under which its identity is stored.
FOOTER_KEY = b"gan_augment"
# Schema of the report of a worker on a partition.
REPORT = pa.schema(
    [
        ("number", pa.int64()),
        ("n_rows", pa.int64()),
        ("n_bytes", pa.int64()),
        ("sha256", pa.string()),
        ("was_kept", pa.bool_()),
        ("seconds", pa.float64()),
    ]
)


def parquet_bytes(table: pa.Table, footer: Mapping[str, Any]) -> bytes:
    """A table as the bytes of a Parquet file, the same for the same table.

    Parameters
    ----------
    table : pyarrow.Table
        The table.
    footer : mapping
        Further entries of the footer, as JSON.

    Returns
    -------
    content : bytes
        The file. Every page has a checksum.
    """
    text = json.dumps(footer, sort_keys=True, default=str).encode()
    metadata = {**(table.schema.metadata or {}), FOOTER_KEY: text}
    buffer = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(metadata),
        buffer,
        compression="zstd",
        write_page_checksum=True,
    )
    return buffer.getvalue()


@dataclass
class Folder:
    """A directory of files that are written whole.

    Parameters
    ----------
    url : str
        Path, or an address that fsspec knows.
    storage_options : dict
        What the file system needs, such as credentials.
    """

    url: str
    storage_options: dict[str, Any] = field(default_factory=dict)

    def read(self, name: str) -> bytes | None:
        """Content of a file; None if it does not exist."""
        filesystem, root = self._open()
        try:
            return filesystem.cat_file(f"{root}/{name}")
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file, so that it exists whole or not at all.

        On a local disk under another name first. An object store shows no object
        before all of it is there.
        """
        filesystem, root = self._open()
        filesystem.makedirs(root, exist_ok=True)
        if "file" not in filesystem.protocol:
            filesystem.pipe_file(f"{root}/{name}", content)
            return
        hidden = f"{root}/.{name}.{uuid.uuid4().hex}"
        try:
            with open(hidden, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(hidden, f"{root}/{name}")
        except BaseException:
            with contextlib.suppress(OSError):
                os.remove(hidden)
            raise

    def remove_unfinished(self) -> None:
        """Remove what a killed writer left under another name."""
        filesystem, root = self._open()
        if "file" in filesystem.protocol:
            for name in os.listdir(root):
                if name.startswith(".part-"):
                    os.remove(f"{root}/{name}")

    def _open(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        filesystem, root = url_to_fs(self.url, **self.storage_options)
        return filesystem, root.rstrip("/")


@dataclass
class PartitionWriter:
    """Write a partition, unless it is written.

    Parameters
    ----------
    draw : callable
        Gives the rows of a request.
    plan : Plan
        Which rows each partition has.
    folder : Folder
        Where to.
    fingerprint : str
        Names what decides the rows.
    """

    draw: Callable[[Request], pa.Table]
    plan: Plan
    folder: Folder
    fingerprint: str

    def __call__(self, number: int) -> pa.Table:
        """Write a partition.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        report : pyarrow.Table of shape (1, 6)
            With the schema :data:`REPORT`.

        Raises
        ------
        ValueError
            If there is a file of another plan or generator.
        """
        begin = time.perf_counter()
        request, name = self.plan[number], file_name(number)
        footer = {
            "fingerprint": self.fingerprint,
            "number": number,
            "n_rows": request.n_rows,
        }
        content = self.folder.read(name)
        was_kept = content is not None and self._is_whole(name, content, footer)
        if content is None or not was_kept:
            content = parquet_bytes(self.draw(request), footer)
            self.folder.write(name, content)
        row = {
            "number": number,
            "n_rows": request.n_rows,
            "n_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "was_kept": was_kept,
            "seconds": time.perf_counter() - begin,
        }
        return pa.Table.from_pylist([row], REPORT)

    def _is_whole(self, name: str, content: bytes, footer: Mapping[str, Any]) -> bool:
        """Whether a file is this partition, and undamaged."""
        try:
            file = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True)
            found = json.loads(file.schema_arrow.metadata[FOOTER_KEY])
            n_rows = file.read().num_rows if found == footer else 0
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
            return False
        if found != footer:
            raise ValueError(
                f"`out` must be empty, or hold files of the same call. Got {name} of "
                "another generator, seed or number of rows. Take another directory."
            )
        return bool(n_rows == footer["n_rows"])


def file_name(number: int) -> str:
    """Name of the file of a partition."""
    return f"part-{number:08d}.parquet"
