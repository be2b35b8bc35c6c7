"""over_sample: count, plan, draw and write, wherever an engine runs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from gan_augment.encoding.labels import plain_label
from gan_augment.scaling.drawing import RowDrawer
from gan_augment.scaling.engines import Engine, LocalEngine
from gan_augment.scaling.files import REPORT, Folder, PartitionWriter, file_name
from gan_augment.scaling.plan import Plan
from gan_augment.scaling.sources import (
    SamplingStrategy,
    count_classes,
    open_source,
    rows_wanted,
)

# Readers of Parquet pass over names that begin with an underscore.
MANIFEST = "_manifest.json"


@dataclass(frozen=True)
class WrittenRows:
    """Synthetic rows that were written.

    Parameters
    ----------
    path : str
        The directory.
    n_synthetic : dict
        Class -> number of rows.
    report : pyarrow.Table
        A row for each file: ``number``, ``n_rows``, ``n_bytes``, ``sha256``,
        ``was_kept`` (from an earlier call) and ``seconds``.

    See Also
    --------
    over_sample, write_rows : Write such rows.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_breast_cancer
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.scaling import write_rows
    >>> gan = TabularGAN(max_steps=20, random_state=0)
    >>> gan = gan.fit(*load_breast_cancer(return_X_y=True, as_frame=True))
    >>> with tempfile.TemporaryDirectory() as out:
    ...     options = {"rows_per_partition": 20, "n_workers": 1}
    ...     written = write_rows(gan, {0: 30}, out=out, **options)
    ...     again = write_rows(gan, {0: 30}, out=out, **options)
    >>> written.report["n_rows"].to_pylist(), written.n_kept, again.n_kept
    ([20, 10], 0, 2)
    """

    path: str
    n_synthetic: dict[Any, int]
    report: pa.Table

    @property
    def n_kept(self) -> int:
        """Number of files that an earlier call had written."""
        return sum(self.report["was_kept"].to_pylist())

    def dataset(self, **options: Any) -> ds.Dataset:
        """Open the rows as a pyarrow dataset, which reads them in pieces."""
        return open_source(self.path, options)


def over_sample(
    source: Any,
    target: str,
    sampling_strategy: SamplingStrategy = "auto",
    *,
    out: str | PathLike[str],
    generator: Any,
    engine: Engine | str = "local",
    n_workers: int | None = None,
    rows_per_partition: int = 100_000,
    seed: int = 0,
    storage_options: Mapping[str, Any] | None = None,
) -> WrittenRows:
    """Write the synthetic rows that a data set needs as Parquet files beside it.

    The data is read once, to count its classes; it need not fit into memory, and is not
    changed. Every file is drawn from its number and `seed` alone. The files are
    therefore the same, byte for byte, for any number of workers and any engine, and a
    call that was interrupted can be repeated: files that are complete are kept.

    Parameters
    ----------
    source : path-like, DataFrame, pyarrow.Table, pyarrow.dataset.Dataset or mapping
        The data: a file or directory of Parquet files, also as an address that fsspec
        knows, such as ``s3://bucket/table``; or the table itself. The files that are
        written have its columns and types. A mapping gives the number of rows of each
        class, if they are known.
    target : str
        Column of the classes.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to over-sample, and to what size, as in
        :class:`~gan_augment.GANOverSampler`.
    out : path-like
        Directory for the files, or an address that fsspec knows. It must be empty, or
        hold files of the same call.
    generator : estimator, path-like or str
        Fitted generator: a GAN, or a :class:`~gan_augment.GANOverSampler`, whose
        filters of classes and of copies are then applied, too; a directory that
        ``save`` or ``gan-augment train`` wrote; or an address in MLflow, such as
        ``models:/churn-generator@champion``.
    engine : "local" or Engine, default="local"
        Engine that runs the partitions. ``"local"`` uses
        :class:`~gan_augment.scaling.LocalEngine`.
    n_workers : int, default=None
        Number of processes of the local engine. If None, use one for each core.
    rows_per_partition : int, default=100_000
        Number of rows of a file, which one worker holds in memory. Another number gives
        other rows.
    seed : int, default=0
        Seed of all rows.
    storage_options : mapping, default=None
        Options of the file systems of `source` and `out`, such as credentials.

    Returns
    -------
    written : WrittenRows
        The directory and the number of rows.

    Raises
    ------
    ValueError
        If `sampling_strategy` does not fit the data, the generator does not draw its
        columns or classes, `out` holds files of another call, or a column has too few
        fresh identifiers.

    See Also
    --------
    write_rows : Write a given number of rows of each class.
    draw_rows : Draw rows as a frame of the engine.

    Notes
    -----
    Every row keeps the rules of the table. Identifiers are unique, and differ from
    those of the rows that the generator was trained on; they may equal those of other
    rows of the source. Copies of training rows are refused if `generator` is a
    GANOverSampler, which stores hashes of the training rows, and are not detected
    otherwise.

    The bits of a row depend on the versions of the libraries, and may depend on the
    kind of processor: use equal machines if you compare files.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_breast_cancer
    >>> from gan_augment import TabularGAN, over_sample
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> gan = TabularGAN(max_steps=50, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as out:
    ...     written = over_sample(
    ...         X.assign(target=y), "target", {0: 1000}, out=out, generator=gan,
    ...         rows_per_partition=400, n_workers=1,
    ...     )
    ...     written.n_synthetic, written.dataset().count_rows()
    ({0: 788}, 788)
    """
    schema = None
    if isinstance(source, Mapping):
        counts = {plain_label(label): int(n) for label, n in source.items()}
    else:
        dataset = open_source(source, storage_options)
        counts, schema = count_classes(dataset, target), dataset.schema
    return write_rows(
        generator,
        rows_wanted(counts, sampling_strategy),
        out=out,
        target=target,
        schema=schema,
        engine=engine,
        n_workers=n_workers,
        rows_per_partition=rows_per_partition,
        seed=seed,
        storage_options=storage_options,
    )


def write_rows(
    generator: Any,
    n_rows: Mapping[Any, int],
    *,
    out: str | PathLike[str],
    target: str = "target",
    schema: pa.Schema | None = None,
    engine: Engine | str = "local",
    n_workers: int | None = None,
    rows_per_partition: int = 100_000,
    seed: int = 0,
    storage_options: Mapping[str, Any] | None = None,
) -> WrittenRows:
    """Write synthetic rows of given classes as Parquet files.

    Parameters
    ----------
    generator : estimator, path-like or str
        As in :func:`over_sample`.
    n_rows : mapping
        Class -> number of rows.
    out : path-like
        As in :func:`over_sample`.
    target : str, default="target"
        Column of the classes.
    schema : pyarrow.Schema, default=None
        Names, types and order of the columns, `target` included. If None, use those of
        the generator, then `target`.
    engine, n_workers, rows_per_partition, seed, storage_options
        As in :func:`over_sample`.

    Returns
    -------
    written : WrittenRows
        The directory and the number of rows.

    Raises
    ------
    ValueError
        As in :func:`over_sample`.

    See Also
    --------
    over_sample : Write the rows that a data set needs.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_breast_cancer
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.scaling import write_rows
    >>> gan = TabularGAN(max_steps=20, random_state=0)
    >>> gan = gan.fit(*load_breast_cancer(return_X_y=True, as_frame=True))
    >>> with tempfile.TemporaryDirectory() as out:
    ...     written = write_rows(gan, {0: 30, 1: 10}, out=out, n_workers=1)
    ...     written.dataset().count_rows()
    40
    """
    drawer, plan = _planned(generator, n_rows, target, schema, rows_per_partition, seed)
    folder = Folder(fspath(out), dict(storage_options or {}))
    writer = PartitionWriter(drawer.draw, plan, folder, drawer.fingerprint(plan))
    engine = make_engine(engine, n_workers)
    try:
        mapped = engine.map(writer, len(plan), REPORT)
        rows = [row for table in engine.tables(mapped) for row in table.to_pylist()]
    except Exception as error:
        error.add_note(
            f"Complete files stay in {folder.url}. Repeat the call to write the others."
        )
        raise
    report = pa.Table.from_pylist(rows, REPORT).sort_by("number")
    folder.write(MANIFEST, _manifest(writer.fingerprint, plan, report))
    folder.remove_unfinished()
    return WrittenRows(folder.url, dict(plan.n_rows), report)


def draw_rows(
    generator: Any,
    n_rows: Mapping[Any, int],
    *,
    target: str = "target",
    schema: pa.Schema | None = None,
    engine: Engine | str = "local",
    n_workers: int | None = None,
    rows_per_partition: int = 100_000,
    seed: int = 0,
) -> Any:
    """Draw synthetic rows of given classes as a frame of the engine.

    The rows are those that :func:`write_rows` writes.

    Parameters
    ----------
    generator : estimator, path-like or str
        As in :func:`over_sample`.
    n_rows : mapping
        Class -> number of rows.
    target : str, default="target"
        Column of the classes.
    schema : pyarrow.Schema, default=None
        Names, types and order of the columns, `target` included. If None, use those of
        the generator, then `target`.
    engine, n_workers, rows_per_partition, seed
        As in :func:`over_sample`.

    Returns
    -------
    rows : object
        A Spark DataFrame, a Dask DataFrame or a Ray Dataset; with the local engine, an
        iterator of pyarrow tables. The frames are lazy: rows are drawn when they are
        used, and again if they are used twice.

    Raises
    ------
    ValueError
        As in :func:`over_sample`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from sklearn.datasets import load_breast_cancer
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.scaling import draw_rows
    >>> gan = TabularGAN(max_steps=50, random_state=0)
    >>> gan = gan.fit(*load_breast_cancer(return_X_y=True, as_frame=True))
    >>> tables = draw_rows(gan, {0: 300}, rows_per_partition=100, n_workers=1)
    >>> pa.concat_tables(tables).shape
    (300, 31)
    """
    drawer, plan = _planned(generator, n_rows, target, schema, rows_per_partition, seed)
    engine = make_engine(engine, n_workers)
    return engine.map(PartitionDrawer(drawer, plan), len(plan), drawer.schema)


@dataclass
class PartitionDrawer:
    """Draw a partition by its number.

    Parameters
    ----------
    drawer : RowDrawer
        Draws the rows of a request.
    plan : Plan
        Number of a partition -> its request.
    """

    drawer: RowDrawer
    plan: Plan

    def __call__(self, number: int) -> pa.Table:
        """The rows of a partition."""
        return self.drawer.draw(self.plan[number])


def make_engine(engine: Engine | str, n_workers: int | None) -> Engine:
    """The engine that a name or an object stands for."""
    if isinstance(engine, str):
        if engine != "local":
            raise ValueError(
                f"`engine` must be 'local' or an engine. Got {engine!r}. Pass an "
                "object such as SparkEngine()."
            )
        return LocalEngine(n_workers)
    if n_workers is not None:
        raise ValueError(
            "`n_workers` must be None unless `engine` is 'local'. Got "
            f"{n_workers}. The engine has its own workers."
        )
    return engine


def _planned(
    generator: Any,
    n_rows: Mapping[Any, int],
    target: str,
    schema: pa.Schema | None,
    rows_per_partition: int,
    seed: int,
) -> tuple[RowDrawer, Plan]:
    plan = Plan(n_rows, rows_per_partition=rows_per_partition, seed=seed)
    drawer = RowDrawer(generator, target, schema)
    drawer.check(plan)
    return drawer, plan


def _manifest(fingerprint: str, plan: Plan, report: pa.Table) -> bytes:
    """What was written, the same whoever wrote it."""
    files = [
        {"file": file_name(row["number"]), "n_rows": row["n_rows"]}
        | {"class": plan[row["number"]].label, "sha256": row["sha256"]}
        for row in report.to_pylist()
    ]
    content = {"fingerprint": fingerprint, "seed": plan.seed, "files": files}
    return json.dumps(content, indent=1, default=str).encode()
