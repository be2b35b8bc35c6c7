"""Rates of writing synthetic rows at scale, and hashes for 1, 2 and 7 workers.

    python -m pipelines.engines                       # a million rows, minutes
    python -m pipelines.engines --rows 10000000

Prints what each step of a partition takes, the rows a second of all cores against those
of the sampler alone, and whether the files are equal. Writes the times of the
partitions to ``partition_seconds.csv``, from which ``pipelines.stragglers`` simulates a
cluster. On a busy machine compare figures of one run.
"""

from __future__ import annotations

import hashlib
import io
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from joblib import Parallel, cpu_count, delayed
from rich.console import Console

from gan_augment import TabularGAN, over_sample
from gan_augment.scaling import Plan, RowDrawer, write_rows
from pipelines.datasets import load
from pipelines.stragglers import SECONDS_FILE
from pipelines.summary import show

N_REPEATS = 3


def cpu_rate(function: Callable[[], Any], n_rows: int) -> float:
    """Rows a second of CPU time; the median of several runs."""
    seconds = []
    for _ in range(N_REPEATS):
        begin = time.process_time()
        function()
        seconds.append(time.process_time() - begin)
    return n_rows / float(np.median(seconds))


def step_rates(gan: TabularGAN, n_rows: int = 50_000) -> pd.DataFrame:
    """Rows a second of one core in each step of a partition."""
    drawer = RowDrawer(gan)
    request = Plan({True: n_rows}, rows_per_partition=n_rows)[0]
    classes = np.full(n_rows, 1)
    encoded = gan._generate(classes, np.random.default_rng(0))
    frame, labels = gan.sample(n_rows, label=True)
    labelled = frame.assign(target=labels)
    table = drawer.draw(request)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    steps: dict[str, Callable[[], Any]] = {
        "networks": lambda: gan._generate(classes, np.random.default_rng(0)),
        "decoding": lambda: gan._decode(encoded, classes),
        "sample(), with rules": lambda: gan.sample(n_rows, label=True),
        "to Arrow": lambda: pa.Table.from_pandas(labelled, drawer.schema),
        "to Parquet": lambda: pq.write_table(table, io.BytesIO(), compression="zstd"),
        "SHA-256": lambda: hashlib.sha256(sink.getvalue()),
        "checking a file": lambda: pq.read_table(
            io.BytesIO(sink.getvalue()), page_checksum_verification=True
        ),
    }
    rates = {name: f"{cpu_rate(step, n_rows):,.0f}" for name, step in steps.items()}
    rates["bytes a row"] = f"{len(sink.getvalue()) / n_rows:.1f}"
    return pd.DataFrame({"rows/s of a core": rates})


def efficiency(gan: TabularGAN, n_rows: int, n_workers: int) -> pd.DataFrame:
    """Rows a second of all cores, written and drawn only, one after the other."""
    size = n_rows // (4 * n_workers)
    plan = Plan({True: n_rows}, rows_per_partition=size)

    def sample(number: int) -> int:
        return len(gan.sample(plan[number].n_rows, label=True, random_state=number)[0])

    def sampler() -> None:
        Parallel(n_workers, batch_size=1)(delayed(sample)(k) for k in range(len(plan)))

    def writer() -> None:
        with tempfile.TemporaryDirectory() as out:
            write_rows(
                gan,
                {True: n_rows},
                out=out,
                n_workers=n_workers,
                rows_per_partition=size,
            )

    sampler()  # starts the processes
    rates = []
    for _ in range(N_REPEATS):
        rate = {}
        for name, function in (("sampled", sampler), ("written", writer)):
            begin = time.perf_counter()
            function()
            rate[name] = n_rows / (time.perf_counter() - begin)
        rates.append(rate | {"written over sampled": rate["written"] / rate["sampled"]})
    return pd.DataFrame(rates).agg(["median", "min", "max"]).map(lambda x: f"{x:,.2f}")


def hashes(
    gan: TabularGAN, data: pd.DataFrame, n_rows: int, size: int
) -> tuple[pd.DataFrame, pa.Table]:
    """Files of over_sample for 1, 2 and 7 workers, and the times of partitions."""
    rows, report = {}, None
    counts = data["target"].value_counts()
    for n_workers in (2, 1, 7):
        with tempfile.TemporaryDirectory() as out:
            begin = time.perf_counter()
            written = over_sample(
                data,
                "target",
                {True: int(counts[True]) + n_rows},
                out=out,
                generator=gan,
                n_workers=n_workers,
                rows_per_partition=size,
            )
            seconds = time.perf_counter() - begin
            digest = hashlib.sha256()
            for file in sorted(Path(out).iterdir()):
                digest.update(file.read_bytes())
            n_bytes = sum(written.report["n_bytes"].to_pylist())
        report = written.report if report is None else report
        rows[str(n_workers)] = {
            "rows": f"{n_rows:,}",
            "seconds": f"{seconds:.0f}",
            "rows/s": f"{n_rows / seconds:,.0f}",
            "MB": f"{n_bytes / 1e6:.1f}",
            "SHA-256 of all files": digest.hexdigest()[:16],
        }
    return pd.DataFrame(rows).T, report


def main(
    table: Annotated[str, typer.Option(help="Table of pipelines.datasets.")] = (
        "credit_data"
    ),
    n_rows: Annotated[int, typer.Option("--rows", help="Rows to write.")] = 10**6,
    size: Annotated[int, typer.Option(help="Rows of a file.")] = 50_000,
) -> None:
    """Measure the rates of over_sample."""
    console = Console(width=110)
    data = load(table)
    gan = TabularGAN(random_state=0).fit(data.X, data.is_rare)
    show(step_rates(gan), f"{table}, {data.X.shape[1]} columns", console, "step")
    few = min(n_rows, 1_000_000)
    show(efficiency(gan, few, cpu_count()), f"{cpu_count()} cores", console, "rows/s")
    found, report = hashes(gan, data.X.assign(target=data.is_rare), n_rows, size)
    show(found, "over_sample", console, "workers")
    report.select(["number", "seconds"]).to_pandas().to_csv(SECONDS_FILE, index=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"Peak memory of this process: {peak:,.0f} MB.")


if __name__ == "__main__":
    typer.run(main)
