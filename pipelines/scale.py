"""What tables of many rows cost, and whether that is forecast.

    python -m pipelines.scale --part dataset   # a table ten times the memory
    python -m pipelines.scale --part quality   # trained on a sample, and on all rows
    python -m pipelines.scale --part rows      # growth with the rows, and a figure
    python -m pipelines.scale --part forecast  # what was forecast for other tables

Every fit runs in a process of its own. Memory is the largest size of that process,
libraries included.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console

from gan_augment import GANOverSampler, TabularGAN, forecast
from gan_augment.datasets import open_source, sample_dataset
from gan_augment.events import Listener, Task, listening
from gan_augment.metrics import c2st
from pipelines.fidelity_tables import TABLES, Table, available, load_split
from pipelines.processes import Measured, measured
from pipelines.scale_table import TARGET, make_rows, write
from pipelines.summary import show

# Rows of the large table: 11 GB as a DataFrame.
LARGE = 20_000_000
# Rows of a table that can be trained on whole, for comparison.
WHOLE = 1_000_000
# Rows of a rare class for each of the most common one.
RATIO = 0.3
# Rows of the tables by which growth is shown, and those that are read from files alone.
SIZES, FROM_FILES = [10_000, 100_000, 1_000_000], [10_000_000]
# Seed of rows that nothing was trained on.
UNSEEN = 10**6


def read_all(folder: Path) -> int:
    """Read a table once; its number of rows."""
    return sum(len(chunk) for chunk in open_source(folder).chunks())


def fit_dataset(folder: Path) -> TabularGAN:
    """Train on a folder of Parquet files."""
    return TabularGAN(random_state=0).fit_dataset(folder, TARGET)


def sample(folder: Path) -> int:
    """Draw the rows that fit_dataset trains on; their number."""
    return len(sample_dataset(folder, TARGET, random_state=0).X)


def fit_dataset_in_parts(folder: Path) -> tuple[TabularGAN, float]:
    """Train on a folder of Parquet files; the CPU seconds of the training alone too."""
    clock = _Clock()
    with listening(clock):
        return fit_dataset(folder), clock.seconds


class _Clock(Listener):
    """Processor time of a training."""

    def on_begin(self, task: Task) -> None:
        self._begin = time.process_time()

    def on_end(self, task: Task) -> None:
        self.seconds = time.process_time() - self._begin


def fit(table: Table, gan: TabularGAN) -> TabularGAN:
    """Train on a table."""
    return gan.set_params(random_state=0).fit(*table)


def fit_resample(table: Table, gan: TabularGAN) -> None:
    """Raise each class to a tenth of the rows of the most common one, or to all."""
    _sampler(table, gan).fit_resample(*table)


def forecast_both(table: Table, gan: TabularGAN) -> list[Any]:
    """Forecasts of a fit and of a resampling."""
    return [forecast(e, *table) for e in (gan, _sampler(table, gan))]


def _sampler(table: Table, gan: TabularGAN) -> GANOverSampler:
    counts = pd.Series(table.y).value_counts()
    wanted = counts.clip(lower=int(counts.max() * RATIO)).to_dict()
    return GANOverSampler(gan, sampling_strategy=wanted, random_state=0)


def load(source: int | str, gan: TabularGAN) -> tuple[Table, TabularGAN]:
    """Load rows of our own table, or a table of the fidelity benchmark."""
    if isinstance(source, str):
        return load_split(source, 0).train, gan
    frame = make_rows(source, seed=0)
    return Table(frame.drop(columns=TARGET), frame[TARGET].to_numpy()), gan


def dataset_costs(folder: Path) -> Iterator[dict[str, Any]]:
    """Reading a table ten times the memory, and training on it."""
    write(folder / "large", LARGE)
    once = measured(read_all, folder / "large")
    drawn = measured(sample, folder / "large")
    trained = measured(fit_dataset_in_parts, folder / "large")
    gan, training = trained.result
    rows = {"read once": once, "sample_dataset": drawn, "fit_dataset": trained}
    for name, found in rows.items():
        yield {
            "": name,
            "seconds": found.seconds,
            "CPU s": found.cpu_seconds,
            "peak MB": found.peak_mb,
            "beside reading twice": found.seconds / (2 * once.seconds),
            "of the CPU": found.cpu_seconds / (2 * once.cpu_seconds),
        }
    yield {"": "of which training", "CPU s": training}
    yield {"": f"rules: {len(gan.rules_)}"}


def _fit_whole(folder: Path) -> TabularGAN:
    frame = pd.read_parquet(folder)
    X, y = frame.drop(columns=TARGET), frame[TARGET]
    return TabularGAN(random_state=0).fit(X, y)


def quality(folder: Path) -> Iterator[dict[str, Any]]:
    """How well trees distinguish the rows of each class from unseen ones."""
    write(folder / "whole", WHOLE)
    unseen = make_rows(WHOLE, UNSEEN)
    real = {label: rows.drop(columns=TARGET) for label, rows in unseen.groupby(TARGET)}
    for name, found in (
        ("fit, all rows", measured(_fit_whole, folder / "whole")),
        ("fit_dataset, 200,000 rows", measured(fit_dataset, folder / "whole")),
    ):
        scores = {}
        for label, rows in real.items():
            n_rows = min(len(rows), 2000)
            drawn, _ = found.result.sample(n_rows, label=label)
            scores[f"C2ST of {label!r}"] = c2st(rows[:n_rows], drawn, random_state=0)
        yield {
            "": name,
            "CPU s": found.cpu_seconds,
            "peak MB": found.peak_mb,
            "share of 'yes'": found.result.class_prior_[1],
            **scores,
        }


def growth(folder: Path) -> Iterator[dict[str, Any]]:
    """What a fit, a resampling and a fit from files cost, of ever more rows."""
    for n_rows in [*SIZES, *FROM_FILES]:
        write(folder / str(n_rows), n_rows)
        found = measured(fit_dataset, folder / str(n_rows))
        yield {"": f"{n_rows:,}", "what": "fit_dataset", **_cost(found)}
    for n_rows in SIZES:
        yield from _forecast_and_measured(f"{n_rows:,}", n_rows, TabularGAN())


def forecasts(folder: Path) -> Iterator[dict[str, Any]]:
    """What was forecast for the tables of the fidelity benchmark."""
    del folder
    for name in available(list(TABLES)):
        yield from _forecast_and_measured(name, name, TabularGAN())


def _forecast_and_measured(
    name: str, source: int | str, gan: TabularGAN
) -> Iterator[dict[str, Any]]:
    said = measured(_both, source, gan, prepare=load)
    for function, expected in zip((_fit, _resample), said.result, strict=True):
        found = measured(function, source, gan, prepare=load)
        yield {
            "": name,
            "what": function.__name__.lstrip("_"),
            **_cost(found),
            "risen MB": found.risen_mb,
            "forecast s": expected.seconds,
            "forecast MB": expected.memory / 1e6,
            "time": expected.seconds / found.cpu_seconds,
            "memory": expected.memory / 1e6 / found.risen_mb,
            "of the process": (found.peak_mb - found.risen_mb + expected.memory / 1e6)
            / found.peak_mb,
            "asking s": said.cpu_seconds / 2,
        }


def _fit(loaded: tuple[Table, TabularGAN]) -> None:
    fit(*loaded)


def _resample(loaded: tuple[Table, TabularGAN]) -> None:
    fit_resample(*loaded)


def _both(loaded: tuple[Table, TabularGAN]) -> list[Any]:
    return forecast_both(*loaded)


def _cost(found: Measured) -> dict[str, float]:
    return {"CPU s": found.cpu_seconds, "peak MB": found.peak_mb}


PARTS: dict[str, tuple[str, Callable[[Path], Iterator[dict[str, Any]]]]] = {
    "dataset": (f"a table of {LARGE:,} rows", dataset_costs),
    "quality": (f"a table of {WHOLE:,} rows", quality),
    "rows": ("growth with the rows", growth),
    "forecast": ("forecast over measured", forecasts),
}


def draw_growth(rows: pd.DataFrame, path: Path) -> None:
    """Draw time and memory against the number of rows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, measure, label in zip(
        figure.subplots(1, 2),
        ("CPU s", "peak MB"),
        ("CPU seconds", "largest size of the process, MB"),
        strict=True,
    ):
        for what, of_what in rows.groupby("what", sort=False):
            n_rows = of_what[""].str.replace(",", "").astype(int)
            axes.plot(n_rows, of_what[measure], marker="o", label=what)
        axes.set(xscale="log", yscale="log", xlabel="rows", ylabel=label)
    figure.axes[0].legend()
    figure.savefig(path, dpi=150)


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
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(width=110)
    for name in part or PARTS:
        title, measure = PARTS[name]
        found: list[dict[str, Any]] = []
        for row in measure(folder):
            found.append(row)
            pd.DataFrame(found).to_csv(folder / f"{name}.csv", index=False)
        rows = pd.DataFrame(found)
        if name == "rows":
            draw_growth(rows, folder / "scale.png")
        show(rows.set_index(rows.columns[0]), title, console, rows.columns[0])


if __name__ == "__main__":
    typer.run(main)
