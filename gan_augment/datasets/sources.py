"""Open a large table as frames that are read one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, Protocol

import pandas as pd

from gan_augment.datasets.parquet import CHUNK_ROWS, ParquetFiles
from gan_augment.encoding.frames import is_foreign


class Source(Protocol):
    """A table that is read in chunks.

    Attributes
    ----------
    is_repeatable : bool
        Whether it can be read more than once.

    See Also
    --------
    open_source : Open paths, data sets and frames.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.datasets import sample_dataset
    >>> class Days:
    ...     is_repeatable = True
    ...     def chunks(self, columns=None):
    ...         for day in range(3):
    ...             frame = pd.DataFrame({"day": day, "fraud": [True] + 3 * [False]})
    ...             yield frame if columns is None else frame[columns]
    >>> sample_dataset(Days(), "fraud", random_state=0).class_counts
    {True: 3, False: 9}
    """

    is_repeatable: bool

    def chunks(self, columns: Sequence[Any] | None = None) -> Iterator[Any]:
        """Frames of pandas, polars or pyarrow; with all columns if None."""


class ArrowDataset:
    """A ``pyarrow.dataset.Dataset``, of which a chunk is in memory at a time.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
        The data set.
    """

    is_repeatable = True

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def chunks(self, columns: Sequence[Any] | None = None) -> Iterator[Any]:
        """Tables of its rows, in the order of its files."""
        import pyarrow as pa

        batches = self.dataset.to_batches(
            columns=None if columns is None else list(columns),
            batch_size=CHUNK_ROWS,
            # What is read ahead is held in memory.
            batch_readahead=1,
            fragment_readahead=1,
        )
        for batch in batches:
            yield pa.Table.from_batches([batch])


class Chunks:
    """Frames that a function yields.

    Parameters
    ----------
    read : callable
        Returns an iterator of frames.
    is_repeatable : bool, default=True
        Whether it can be called more than once.
    """

    def __init__(
        self, read: Callable[[], Iterator[Any]], is_repeatable: bool = True
    ) -> None:
        self.read = read
        self.is_repeatable = is_repeatable

    def chunks(self, columns: Sequence[Any] | None = None) -> Iterator[Any]:
        """Its frames."""
        for chunk in self.read():
            frame = _as_frame(chunk)
            yield frame if columns is None else _selected(frame, list(columns))


def open_source(source: Any) -> Source:
    """Open a table that may be larger than the memory.

    Parameters
    ----------
    source : path, list of paths, data set, frame or iterable of frames
        What to read:

        - a Parquet file, a folder or a pattern such as ``"sales/2026-*.parquet"``, on
          this machine or at a URI such as ``s3://bucket/sales``; or a list of these;
        - a ``pyarrow.dataset.Dataset``;
        - a Spark or Dask frame, a Ray data set, a polars lazy frame, or any other
          object with ``__arrow_c_stream__``;
        - an iterable of pandas, polars or pyarrow frames, such as
          ``pandas.read_csv(..., chunksize=...)``; an iterator can be read only once.

    Returns
    -------
    source : Source
        The table in chunks. A Source is returned unchanged.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If `source` is none of these.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.datasets import open_source
    >>> frame = pd.DataFrame({"age": [41, 30]})
    >>> source = open_source([frame, frame])
    >>> source.is_repeatable, [len(chunk) for chunk in source.chunks()]
    (True, [2, 2])
    """
    if isinstance(source, str | PathLike) or _is_paths(source):
        return ParquetFiles(source)
    if isinstance(source, pd.DataFrame):
        return Chunks(lambda: iter([source]))
    for matches, opened in ADAPTERS:
        if matches(source):
            return opened(source)
    if isinstance(source, Iterable):
        return Chunks(lambda: iter(source), is_repeatable=iter(source) is not source)
    raise TypeError(
        "`source` must be a path, a data set or an iterable of frames. Got "
        f"{type(source).__name__}."
    )


def _has(*names: str) -> Callable[[Any], bool]:
    """Whether something has all of these attributes."""
    return lambda source: all(hasattr(source, name) for name in names)


def _is_paths(source: Any) -> bool:
    return isinstance(source, list | tuple) and all(
        isinstance(item, str | PathLike) for item in source[:1] or [None]
    )


def _open_spark(frame: Any) -> Source:
    """Partition by partition: rows of bytes, of which each is a chunk."""

    def read() -> Iterator[Any]:
        import pyarrow as pa

        for row in frame.mapInArrow(_serialize, "chunk binary").toLocalIterator():
            yield pa.ipc.open_stream(row.chunk).read_all()

    return Chunks(read)


def _serialize(batches: Iterator[Any]) -> Iterator[Any]:
    """Arrow batches, on a worker of Spark, as batches of one cell of bytes."""
    import pyarrow as pa

    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        cell = pa.array([sink.getvalue().to_pybytes()], pa.binary())
        yield pa.RecordBatch.from_arrays([cell], names=["chunk"])


def _open_dask(frame: Any) -> Source:
    """Partition by partition."""
    numbers = range(frame.npartitions)
    return Chunks(lambda: (frame.partitions[i].compute() for i in numbers))


def _open_ray(dataset: Any) -> Source:
    """In the order that Ray gives, which its ``preserve_order`` fixes."""

    def read() -> Iterator[Any]:
        return iter(dataset.iter_batches(batch_format="pyarrow", batch_size=CHUNK_ROWS))

    return Chunks(read)


def _open_stream(source: Any) -> Source:
    import pyarrow as pa

    is_reader = isinstance(source, pa.RecordBatchReader)

    def read() -> Iterator[Any]:
        return iter(pa.RecordBatchReader.from_stream(source))

    return Chunks(read, is_repeatable=not is_reader)


# How to know a source, without its library, and how to open it.
ADAPTERS: list[tuple[Callable[[Any], bool], Callable[[Any], Source]]] = [
    (_has("chunks", "is_repeatable"), lambda source: source),
    (_has("to_batches", "get_fragments"), ArrowDataset),
    (_has("mapInArrow", "toLocalIterator"), _open_spark),
    (_has("partitions", "npartitions", "compute"), _open_dask),
    (_has("iter_batches", "map_batches"), _open_ray),
    (
        _has("collect_batches"),
        lambda source: Chunks(lambda: iter(source.collect_batches())),
    ),
    (_has("__arrow_c_stream__"), _open_stream),
]


def _as_frame(chunk: Any) -> Any:
    """A record batch of Arrow as a table; a frame as it is."""
    pa = sys.modules.get("pyarrow")
    if pa is not None and isinstance(chunk, pa.RecordBatch):
        return pa.Table.from_batches([chunk])
    return chunk


def _selected(frame: Any, columns: list[Any]) -> Any:
    return frame.select(columns) if is_foreign(frame) else frame[columns]
