"""What tables of many rows cost, and whether that is forecast.

    python -m pipelines.scale --part dataset   # a table ten times the memory
    python -m pipelines.scale --part quality   # trained on a sample, and on all rows

Every fit runs in a process of its own. Memory is the largest size of that process,
libraries included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console

from gan_augment import TabularGAN
from gan_augment.datasets import open_source
from gan_augment.encoding import TableEncoder
from gan_augment.metrics import c2st
from pipelines.processes import measured
from pipelines.scale_table import TARGET, make_rows, write
from pipelines.summary import show

# Rows of the large table: 11 GB as a DataFrame.
LARGE = 20_000_000
# Rows of a table that can be trained on whole, for comparison.
WHOLE = 1_000_000
# Seed of rows that nothing was trained on.
UNSEEN = 10**6


def read_all(folder: Path) -> int:
    """Read a table once; its number of rows."""
    return sum(len(chunk) for chunk in open_source(folder).chunks())


def fit_dataset(folder: Path) -> TabularGAN:
    """Train on a folder of Parquet files."""
    return TabularGAN(random_state=0).fit_dataset(folder, TARGET)


def fit(frame: pd.DataFrame) -> TabularGAN:
    """Train on a frame."""
    X, y = frame.drop(columns=TARGET), frame[TARGET]
    return TabularGAN(random_state=0).fit(X, y)


def dataset_costs(folder: Path) -> Iterator[dict[str, Any]]:
    """Reading a table ten times the memory, and training on it."""
    write(folder / "large", LARGE)
    once = measured(read_all, folder / "large")
    trained = measured(fit_dataset, folder / "large")
    for name, found in (("read once", once), ("fit_dataset", trained)):
        yield {
            "": name,
            "seconds": found.seconds,
            "CPU s": found.cpu_seconds,
            "peak MB": found.peak_mb,
            "beside reading twice": found.seconds / (2 * once.seconds),
            "of the CPU": found.cpu_seconds / (2 * once.cpu_seconds),
            "rules": len(getattr(found.result, "rules_", [])),
        }


def quality(folder: Path) -> Iterator[dict[str, Any]]:
    """How well trees distinguish the rows of each class from unseen ones."""
    write(folder / "whole", WHOLE)
    unseen = make_rows(WHOLE, UNSEEN)
    real = {label: rows.drop(columns=TARGET) for label, rows in unseen.groupby(TARGET)}
    encoder = TableEncoder().fit(make_rows(20_000, UNSEEN + 1).drop(columns=TARGET))
    for name, found in (
        ("fit, all rows", measured(fit, folder / "whole", prepare=pd.read_parquet)),
        ("fit_dataset, 200,000 rows", measured(fit_dataset, folder / "whole")),
    ):
        scores = {}
        for label, rows in real.items():
            n_rows = min(len(rows), 2000)
            drawn, _ = found.result.sample(n_rows, label=label)
            judged = (
                encoder.transform(r, spread=False) for r in (rows[:n_rows], drawn)
            )
            scores[f"C2ST of {label!r}"] = c2st(*judged, random_state=0)
        yield {
            "": name,
            "CPU s": found.cpu_seconds,
            "peak MB": found.peak_mb,
            "share of 'yes'": found.result.class_prior_[1],
            **scores,
        }


PARTS: dict[str, tuple[str, Callable[[Path], Iterator[dict[str, Any]]]]] = {
    "dataset": (f"a table of {LARGE:,} rows", dataset_costs),
    "quality": (f"a table of {WHOLE:,} rows", quality),
}


def main(
    part: Annotated[
        list[str] | None, typer.Option(help=f"Any of {', '.join(PARTS)}.")
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Where the tables are written: 2 GB.")
    ] = Path("scale-tables"),
) -> None:
    """Measure what tables of many rows cost."""
    unknown = set(part or []) - set(PARTS)
    if unknown:
        raise typer.BadParameter(
            f"--part must be one of {list(PARTS)}. Got {sorted(unknown)}."
        )
    console = Console(width=110)
    for name in part or PARTS:
        title, measure = PARTS[name]
        rows = pd.DataFrame(list(measure(folder)))
        show(rows.set_index(rows.columns[0]), title, console, rows.columns[0])


if __name__ == "__main__":
    typer.run(main)
