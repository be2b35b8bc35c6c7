"""Over-sample a set of a million rows on Spark, Dask and Ray: the files of one process.

    python -m pipelines.clusters                   # every engine that is installed
    python -m pipelines.clusters --engine Dask

Each engine is started with two workers on this machine, as docs/guide/engines.md says,
and over-samples the same Parquet files until both classes have as many rows. Printed
are the seconds of the start and of the call, the rows of each class that were then
read from real and synthetic files together, and one SHA-256 of all synthetic files.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import typer
from rich.console import Console

from gan_augment import TabularGAN, over_sample
from gan_augment.scaling import DaskEngine, LocalEngine, RayEngine, SparkEngine
from pipelines.datasets import load
from pipelines.summary import show

TARGET = "target"
N_WORKERS = 2


@contextmanager
def local() -> Iterator[Any]:
    """Two processes."""
    yield LocalEngine(N_WORKERS)


@contextmanager
def spark() -> Iterator[Any]:
    """Spark in local mode."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(f"local[{N_WORKERS}]")
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    yield SparkEngine(session)
    session.stop()


@contextmanager
def dask() -> Iterator[Any]:
    """A cluster of Dask on this machine."""
    from dask.distributed import Client

    options = {"threads_per_worker": 1, "dashboard_address": None}
    with Client(n_workers=N_WORKERS, **options):
        yield DaskEngine()


@contextmanager
def ray() -> Iterator[Any]:
    """Ray on this machine."""
    import ray as library

    library.init(num_cpus=N_WORKERS, include_dashboard=False)
    yield RayEngine()
    library.shutdown()


ENGINES: dict[str, tuple[str, Callable[[], Any]]] = {
    "processes": ("joblib", local),
    "Spark": ("pyspark", spark),
    "Dask": ("distributed", dask),
    "Ray": ("ray", ray),
}


def measure(
    start: Callable[[], Any], gan: TabularGAN, source: Path, size: int
) -> dict[str, str]:
    """Over-sample on an engine."""
    begin = time.perf_counter()
    with start() as engine, tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        written = over_sample(
            source,
            TARGET,
            out=out,
            generator=gan,
            engine=engine,
            rows_per_partition=size,
        )
        seconds = time.perf_counter() - started
        digest = hashlib.sha256()
        for file in sorted(Path(out).iterdir()):
            digest.update(file.read_bytes())
        both = [ds.dataset(source), written.dataset()]
        labels = pa.concat_tables([part.to_table(columns=[TARGET]) for part in both])
        counts = labels[TARGET].value_counts().to_pylist()
        return {
            "start, s": f"{started - begin:.0f}",
            "call, s": f"{seconds:.0f}",
            "drawn": f"{sum(written.n_synthetic.values()):,}",
            "of each class": " ".join(sorted(f"{c['counts']:,}" for c in counts)),
            "SHA-256": digest.hexdigest()[:16],
        }


def main(
    engine: Annotated[
        list[str] | None, typer.Option(help=f"Any of {', '.join(ENGINES)}.")
    ] = None,
    table: Annotated[str, typer.Option(help="Table of pipelines.datasets.")] = "yeast4",
    n_rows: Annotated[
        int, typer.Option("--rows", help="Rows of the set, of which some repeat.")
    ] = 10**6,
    size: Annotated[int, typer.Option(help="Rows of a file.")] = 100_000,
) -> None:
    """Over-sample one set on each engine."""
    data = load(table)
    gan = TabularGAN(random_state=0).fit(data.X, data.is_rare)
    rows = data.X.assign(**{TARGET: data.is_rare}).sample(
        n_rows, replace=True, random_state=0
    )
    found = {}
    with tempfile.TemporaryDirectory() as source:
        for number, begin in enumerate(range(0, n_rows, size)):
            part = pa.Table.from_pandas(
                rows[begin : begin + size], preserve_index=False
            )
            pq.write_table(part, Path(source) / f"{number}.parquet")
        for name in engine or ENGINES:
            library, start = ENGINES[name]
            if find_spec(library) is not None:
                found[name] = measure(start, gan, Path(source), size)
    title = f"{table}, {n_rows:,} rows"
    show(pd.DataFrame(found).T, title, Console(width=110), "engine")


if __name__ == "__main__":
    typer.run(main)
