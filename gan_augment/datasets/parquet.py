"""Parquet files, here or in a store of objects, as one data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from gan_augment.datasets.rows import join_schemas

WILDCARDS = frozenset("*?[")


def open_parquet(source: str | PathLike[str] | Sequence[str | PathLike[str]]) -> Any:
    """Open Parquet files as a data set, after a look at the schema of each.

    Parameters
    ----------
    source : path-like or list of path-like
        Files, folders or patterns. Folders may be partitioned as Hive does. The order
        is that of the list, and by name within a folder or a pattern.

    Returns
    -------
    dataset : pyarrow.dataset.Dataset
        The data set.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the columns of a file are others than those of the first one.
    """
    try:
        import pyarrow.dataset as ds
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow. Install it: pip install "
            "'gan-augment[datasets]'."
        ) from error
    given = [source] if isinstance(source, str | PathLike) else list(source)
    found = [_resolve(fspath(path)) for path in given]
    paths = [path for _, some in found for path in some]
    dataset = ds.dataset(
        paths, filesystem=found[0][0], format="parquet", partitioning="hive"
    )
    fragments = dataset.get_fragments()
    schema = next(fragments).physical_schema
    for fragment in fragments:
        schema = join_schemas(schema, fragment.physical_schema, fragment.path)
    # Partitions are columns that no file has.
    for field in dataset.schema:
        if field.name not in schema.names:
            schema = schema.append(field)
    return dataset.replace_schema(schema)


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
            f"`source` must be a Parquet file, a folder or a pattern of such. Got "
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
    root = "/".join(takewhile(_is_plain, parts)) if WILDCARDS & {*pattern} else pattern
    selector = fs.FileSelector(root or ".", recursive=True, allow_not_found=True)
    for info in filesystem.get_file_info(selector):
        inside = info.path.removeprefix(root).strip("/").split("/")
        hidden = any(part.startswith((".", "_")) for part in inside)
        if info.type != fs.FileType.File or hidden:
            continue
        if root == pattern or _matches(info.path.split("/"), parts):
            yield info.path


def _is_plain(part: str) -> bool:
    return not WILDCARDS & {*part}


def _matches(parts: list[str], patterns: list[str]) -> bool:
    """Whether the first parts of a path match; what is in a folder belongs to it."""
    return len(parts) >= len(patterns) and all(map(fnmatchcase, parts, patterns))
