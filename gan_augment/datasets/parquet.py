"""Parquet files, here or in a store of objects, as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias

from gan_augment.datasets.rows import join_schemas

Paths: TypeAlias = str | PathLike[str] | Sequence[str | PathLike[str]]

# Rows of a chunk, where its reader chooses.
CHUNK_ROWS = 2**16
WILDCARDS = frozenset("*?[")


class ParquetFiles:
    """Parquet files, of which a chunk is in memory at a time.

    A ``pyarrow.dataset.Dataset`` would hold a row group, of any size, and the next.

    Parameters
    ----------
    source : path-like or list of path-like
        Files, folders or patterns. Folders may be partitioned as Hive does. The order
        is that of the list, and by name within a folder or a pattern.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If pyarrow is not installed.
    ValueError
        If the columns of a file are others than those of the first one.
    """

    is_repeatable = True

    def __init__(self, source: Paths) -> None:
        try:
            import pyarrow.dataset as ds
        except ImportError as error:
            raise ImportError(
                "Parquet files need pyarrow. Install it: pip install "
                "'gan-augment[datasets]'."
            ) from error
        given = [source] if isinstance(source, str | PathLike) else list(source)
        datasets = [
            ds.dataset(
                files, filesystem=filesystem, format="parquet", partitioning="hive"
            )
            for filesystem, files in (_resolve(fspath(place)) for place in given)
        ]
        self._fragments = [f for dataset in datasets for f in dataset.get_fragments()]
        schema = self._fragments[0].physical_schema
        for fragment in self._fragments[1:]:
            schema = join_schemas(schema, fragment.physical_schema, fragment.path)
        # Partitions are columns that no file has.
        for field in datasets[0].schema:
            if field.name not in schema.names:
                schema = schema.append(field)
        self._schema = schema

    def chunks(self, columns: Sequence[Any] | None = None) -> Iterator[Any]:
        """Arrow tables of the rows; with all columns if None."""
        import pyarrow as pa
        import pyarrow.dataset as ds
        import pyarrow.parquet as pq

        names = self._schema.names if columns is None else list(columns)
        schema = pa.schema([self._schema.field(name) for name in names])
        schema = schema.with_metadata(self._schema.metadata)
        for fragment in self._fragments:
            partition = ds.get_partition_keys(fragment.partition_expression)
            inside = [name for name in names if name not in partition]
            with fragment.open() as file:
                for batch in pq.ParquetFile(file).iter_batches(
                    CHUNK_ROWS, columns=inside
                ):
                    parts = {name: batch[name] for name in inside}
                    for name in names:
                        if name in partition:
                            parts[name] = pa.repeat(partition[name], len(batch))
                    yield pa.table({name: parts[name] for name in names}).cast(schema)


def _resolve(path: str) -> tuple[Any, list[str]]:
    """The file system and the files of a path, a URI or a pattern."""
    from pyarrow import fs

    if "://" in path:
        # A wildcard is no part of a URI.
        head = "/".join(takewhile(_is_plain, path.split("/")))
        filesystem, root = fs.FileSystem.from_uri(head)
        pattern = f"{root}{path[len(head) :]}"
    else:
        filesystem = fs.LocalFileSystem()
        pattern = Path(path).expanduser().absolute().as_posix()
    files = sorted(_files(filesystem, pattern))
    if not files:
        raise FileNotFoundError(
            "`source` must be a Parquet file, a folder or a pattern of such. Got "
            f"{path!r}, where there is no file."
        )
    return filesystem, files


def _files(filesystem: Any, pattern: str) -> Iterator[str]:
    from pyarrow import fs

    info = filesystem.get_file_info(pattern)
    if info.type == fs.FileType.File:
        yield pattern
        return
    parts = pattern.split("/")
    root = "/".join(takewhile(_is_plain, parts))
    selector = fs.FileSelector(root, recursive=True, allow_not_found=True)
    for info in filesystem.get_file_info(selector):
        path = info.path.split("/")
        inside = info.path.removeprefix(root).strip("/").split("/")
        hidden = any(part.startswith((".", "_")) for part in inside)
        # What is in a folder that matches belongs to it.
        matches = len(path) >= len(parts) and all(map(fnmatchcase, path, parts))
        if info.type == fs.FileType.File and matches and not hidden:
            yield info.path


def _is_plain(part: str) -> bool:
    return not WILDCARDS & {*part}
