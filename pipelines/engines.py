"""Rates of writing synthetic rows at scale, and hashes for 1, 2 and 7 workers.

    python -m pipelines.engines                          # all three parts, minutes
    python -m pipelines.engines --part hashes --rows 10000000

``steps`` prints what each step of a partition costs one core; ``cores`` the rows a
second of all cores, written and only drawn; ``hashes`` whether 1, 2 and 7 workers write
the same files. The last writes the times of its partitions to
``partition_seconds.csv``, from which ``pipelines.stragglers`` simulates a cluster. On a
busy machine compare figures of one run; those of ``steps`` are of CPU time.
"""

from __future__ import annotations

import hashlib
import io
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
from pipelines.datasets import Dataset, load
from pipelines.stragglers import SECONDS_FILE
from pipelines.summary import show

N_REPEATS = 3
PARTS = ["steps", "cores", "hashes"]


def written(gan: TabularGAN, n_rows: int, size: int, n_workers: int) -> None:
    """Write rows of the rare class, and forget them."""
    with tempfile.TemporaryDirectory() as out:
        write_rows(
            gan,
            {True: n_rows},
            out=out,
            n_workers=n_workers,
            rows_per_partition=size,
        )


def step_rates(gan: TabularGAN, n_rows: int = 200_000) -> pd.DataFrame:
    """Rows a second of CPU time in each step of a partition; medians."""
    drawer = RowDrawer(gan)
    request = Plan({True: n_rows}, rows_per_partition=n_rows)[0]
    frame, labels = gan.sample(n_rows, label=True)
    encoded = gan.encoder_.transform(frame, random_state=0)
    labelled = frame.assign(target=labels)
    table = drawer.draw(request)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    content = sink.getvalue()
    steps: dict[str, Callable[[], Any]] = {
        "sampled: networks, decoding, rules": lambda: gan.sample(n_rows, label=True),
        "of which decoding": lambda: gan.encoder_.inverse_transform(encoded),
        "to Arrow": lambda: pa.Table.from_pandas(labelled, drawer.schema),
        "to Parquet": lambda: pq.write_table(table, io.BytesIO(), compression="zstd"),
        "SHA-256": lambda: hashlib.sha256(content).digest(),
        "checking a file": lambda: pq.read_table(
            io.BytesIO(content), page_checksum_verification=True
        ),
        "written: all of it": lambda: written(gan, n_rows, n_rows, 1),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(N_REPEATS):
        for name, step in steps.items():
            begin = time.process_time()
            step()
            seconds[name].append(time.process_time() - begin)
    medians = {name: float(np.median(each)) for name, each in seconds.items()}
    sampled = next(iter(medians.values()))
    table = pd.DataFrame(
        {
            "rows/s of a core": {n: f"{n_rows / s:,.0f}" for n, s in medians.items()},
            "over sampled": {n: f"{sampled / s:.2f}" for n, s in medians.items()},
        }
    )
    table.loc["bytes a row"] = [f"{len(content) / n_rows:.1f}", ""]
    return table


def rates_of_cores(gan: TabularGAN, n_rows: int, n_workers: int) -> pd.DataFrame:
    """Rows a second of all cores, written and drawn only, one after the other."""
    size = n_rows // (4 * n_workers)

    def sample(seed: int) -> int:
        return len(gan.sample(size, label=True, random_state=seed)[0])

    def sampled() -> None:
        Parallel(n_workers, batch_size=1)(
            delayed(sample)(seed) for seed in range(4 * n_workers)
        )

    sampled()  # starts the processes
    rates = []
    for _ in range(N_REPEATS):
        rate = {}
        for name, function in (
            ("sampled", sampled),
            ("written", lambda: written(gan, n_rows, size, n_workers)),
        ):
            begin = time.perf_counter()
            function()
            rate[name] = n_rows / (time.perf_counter() - begin)
        rates.append(rate | {"written over sampled": rate["written"] / rate["sampled"]})
    return pd.DataFrame(rates).agg(["median", "min", "max"]).map(lambda x: f"{x:,.2f}")


def hashes(gan: TabularGAN, data: Dataset, n_rows: int, size: int) -> pd.DataFrame:
    """Files of over_sample for 2, 1 and 7 workers; times of the first in a file."""
    rows: dict[str, Any] = {}
    frame = data.X.assign(target=data.is_rare)
    wanted = {True: int(data.is_rare.sum()) + n_rows}
    for n_workers in (2, 1, 7):
        with tempfile.TemporaryDirectory() as out:
            begin = time.perf_counter()
            found = over_sample(
                frame,
                "target",
                wanted,
                out=out,
                generator=gan,
                n_workers=n_workers,
                rows_per_partition=size,
            )
            seconds = time.perf_counter() - begin
            digest = hashlib.sha256()
            for file in sorted(Path(out).iterdir()):
                digest.update(file.read_bytes())
        if not rows:
            report = found.report.select(["number", "seconds"]).to_pandas()
            report.to_csv(SECONDS_FILE, index=False)
        rows[str(n_workers)] = {
            "rows": f"{n_rows:,}",
            "seconds": f"{seconds:.0f}",
            "rows/s": f"{n_rows / seconds:,.0f}",
            "MB": f"{sum(found.report['n_bytes'].to_pylist()) / 1e6:.1f}",
            "SHA-256 of all files": digest.hexdigest()[:16],
        }
    return pd.DataFrame(rows).T


def main(
    part: Annotated[
        list[str] | None, typer.Option(help=f"Any of {', '.join(PARTS)}.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Tables of pipelines.datasets.")
    ] = None,
    n_rows: Annotated[int, typer.Option("--rows", help="Rows to write.")] = 10**6,
    size: Annotated[int, typer.Option(help="Rows of a file.")] = 50_000,
    max_steps: Annotated[int, typer.Option(help="Steps of the training.")] = 100,
) -> None:
    """Measure the rates of over_sample."""
    console = Console(width=110)
    for name in table or ["yeast4", "credit_data"]:
        data = load(name)
        gan = TabularGAN(max_steps=max_steps, random_state=0).fit(data.X, data.is_rare)
        title = f"{name}, {data.X.shape[1]} columns"
        for each in part or PARTS:
            if each == "steps":
                show(step_rates(gan), title, console, "step")
            elif each == "cores":
                rates = rates_of_cores(gan, n_rows, cpu_count())
                show(rates, f"{title}, {cpu_count()} cores", console, "rows/s")
            else:
                show(hashes(gan, data, n_rows, size), title, console, "workers")


if __name__ == "__main__":
    typer.run(main)
