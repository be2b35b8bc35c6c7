"""What training and sampling cost: seconds, memory, growth, and against CTGAN.

    python -m pipelines.speed            # all six parts, about 20 minutes
    python -m pipelines.speed --part fit

Seconds are CPU seconds of one thread. CTGAN is trained once, ours three times at each
number of steps, from the beginning; the medians are shown. On a busy machine compare
the columns of one run, not the figures of two.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
import typer
from rich.console import Console
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from gan_augment import CTGAN, GANOverSampler, ImageGAN, TabularGAN
from gan_augment.encoding import TableEncoder
from gan_augment.metrics import c2st
from pipelines.datasets import load
from pipelines.fidelity_tables import available, load_split
from pipelines.image_sets import (
    ImageSet,
    load_digits,
    load_mnist,
    load_patches,
    split,
)
from pipelines.measures import cost
from pipelines.summary import show

TABLES = ["yeast4", "credit_data", "mlc_churn", "page-blocks0", "Caravan"]
# Images that are drawn to time it.
N_DRAWN = 2000
CHECKPOINTS = [25, 50, 100, 200, 400, 800, 1600]


def fit_costs() -> Iterator[dict[str, Any]]:
    """One ``fit_resample`` with the defaults, median of three."""
    for name in TABLES:
        data, runs = load(name), []
        for seed in range(3):
            with warnings.catch_warnings(), cost() as spent:
                warnings.simplefilter("ignore")
                sampler = GANOverSampler(random_state=seed)
                sampler.fit_resample(data.X, data.is_rare)
            runs.append(spent)
        yield {
            "table": name,
            "rows": str(len(data.X)),
            "columns": str(data.X.shape[1]),
            "rare": str(data.is_rare.sum()),
            "steps": str(int(sampler.history_["step"][-1])),
            "CPU s": float(np.median([run["cpu_seconds"] for run in runs])),
            "peak MB": float(np.max([run["peak_mb"] for run in runs])),
        }


def sampling_rates() -> Iterator[dict[str, Any]]:
    """Rows a second, decoding included."""
    for name in TABLES:
        data = load(name)
        gan = TabularGAN(max_steps=50, random_state=0).fit(data.X, data.is_rare)
        gan.sample(1000)
        seconds = []
        for _ in range(3):
            begin = time.process_time()
            gan.sample(100_000, label=True)
            seconds.append(time.process_time() - begin)
        yield {
            "table": name,
            "columns": str(data.X.shape[1]),
            "rows/s": f"{100_000 / np.median(seconds):,.0f}",
        }


def distilled() -> Iterator[dict[str, Any]]:
    """A generator and a small one of its draws: where the time goes, and C2ST."""
    for name in available(["magic", "lending_club"]):
        split = load_split(name, 0)
        large = TabularGAN(random_state=0).fit(*split.train)
        plain = TabularGAN(n_candidates=1, random_state=0).fit(*split.train)
        small = large.distill(random_state=0)
        for title, gan in (
            ("trees", large),
            ("trees, n_candidates=1", plain),
            (f"network of {small.recipe_.hidden_dims}", small),
        ):
            classes = np.arange(100_000) % len(gan.classes_)
            encoded = gan._generate(classes, np.random.default_rng(0))
            drawn, labels = gan.sample(len(split.test.y))
            yield {
                "table": name,
                "columns": str(split.test.X.shape[1]),
                "generator": title,
                "ns encoded": _ns_a_row(
                    partial(gan._generate, classes, np.random.default_rng(0))
                ),
                "ns decoding": _ns_a_row(
                    partial(gan.encoder_.inverse_transform, encoded)
                ),
                "ns sample": _ns_a_row(partial(gan.sample, 100_000)),
                "C2ST": c2st(
                    split.test.X.assign(label=split.test.y),
                    drawn.assign(label=labels),
                    classifier=HistGradientBoostingClassifier(random_state=0),
                    random_state=0,
                ),
            }


def _ns_a_row(draw: Callable[[], Any]) -> float:
    """CPU nanoseconds a row of drawing 100,000; the least of five."""
    seconds = []
    for _ in range(5):
        begin = time.process_time()
        draw()
        seconds.append(time.process_time() - begin)
    return min(seconds) / 100_000 * 1e9


def growth() -> Iterator[dict[str, Any]]:
    """Fit of 15 real-valued, 8 whole-numbered and 7 categorical columns."""
    for n_rows in (10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(0)
        columns: dict[str, np.ndarray] = {}
        columns |= {f"real {i}": rng.normal(size=n_rows) for i in range(15)}
        columns |= {f"whole {i}": rng.integers(0, 1000, n_rows) for i in range(8)}
        columns |= {f"level {i}": rng.choice([*"abcdefgh"], n_rows) for i in range(7)}
        X, y = pd.DataFrame(columns), rng.random(n_rows) < 0.01
        with cost() as spent:
            gan = TabularGAN(random_state=0).fit(X, y)
        yield {
            "rows": f"{n_rows:,}",
            "steps": str(int(gan.history_["step"][-1])),
            "CPU s": spent["cpu_seconds"],
            "peak MB": spent["peak_mb"],
        }


def against_ctgan() -> Iterator[dict[str, Any]]:
    """Seconds until our rare rows are as hard to tell from held-out real ones."""
    for name in ("mlc_churn", "page-blocks0"):
        data = load(name)
        train, test = train_test_split(
            np.arange(len(data.X)), test_size=0.4, stratify=data.is_rare, random_state=0
        )
        X, y = data.X.iloc[train].reset_index(drop=True), data.is_rare[train]
        held_out = data.X.iloc[test][data.is_rare[test]]
        encoder = TableEncoder().fit(data.X, data.is_rare)

        with cost() as theirs:
            peer = CTGAN(random_state=0).fit(X, y)
        to_reach = told_apart(peer, held_out, encoder)
        for max_steps in CHECKPOINTS:
            ours, reached = [], []
            for seed in range(3):
                with cost() as spent:
                    gan = TabularGAN(max_steps=max_steps, random_state=seed).fit(X, y)
                ours.append(spent["cpu_seconds"])
                reached.append(told_apart(gan, held_out, encoder))
            yield {
                "table": name,
                "CTGAN C2ST": to_reach,
                "CTGAN s": theirs["cpu_seconds"],
                "our steps": str(max_steps),
                "our C2ST": float(np.median(reached)),
                "our s": float(np.median(ours)),
                "faster by": f"{theirs['cpu_seconds'] / np.median(ours):.0f}"
                if np.median(reached) <= to_reach
                else "not reached",
            }


def told_apart(gan: Any, held_out: pd.DataFrame, encoder: TableEncoder) -> float:
    """C2ST of as many synthetic rare rows as there are held-out ones; mean of three."""
    rows, _ = gan.sample(len(held_out), label=True)
    real, made = (encoder.transform(kind, spread=False) for kind in (held_out, rows))
    return float(np.mean([c2st(real, made, random_state=seed) for seed in range(3)]))


def _images_a_second(gan: ImageGAN) -> float:
    """Images of all classes that are drawn in a CPU second."""
    begin = time.process_time()
    gan.sample(N_DRAWN, random_state=0)
    return N_DRAWN / (time.process_time() - begin)


def image_costs() -> Iterator[dict[str, Any]]:
    """Training on ten or eight classes, of which three have 20 images; drawing."""
    chosen: list[tuple[str, ImageSet, Any]] = [
        ("digits", load_digits(), "auto"),
        ("handwriting", load_mnist(), "auto"),
        ("patches", load_patches(), "auto"),
        # Of the larger ones only some steps, each of which costs the same.
        ("patches", load_patches(64), 20),
        ("patches", load_patches(128), 10),
    ]
    for name, data, max_steps in chosen:
        cut = split(data, 0, n_rare=20, n_common=300, n_test=200, n_classes=3)
        with cost() as spent:
            gan = ImageGAN(max_steps=max_steps, random_state=0).fit(cut.X, cut.y)
        small = gan.distill(max_steps=1)  # as fast as one that has learned
        n_steps = int(gan.history_["step"][-1])
        yield {
            "images": name,
            "pixels": " x ".join(map(str, cut.X.shape[1:])),
            "steps": str(n_steps),
            "CPU s": spent["cpu_seconds"],
            "peak MB": spent["peak_mb"],
            "drawn/s": f"{_images_a_second(gan):,.0f}",
            "distilled, drawn/s": f"{_images_a_second(small):,.0f}",
        }


PARTS = {
    "images": ("ImageGAN", image_costs),
    "fit": ("fit_resample, defaults", fit_costs),
    "sampling": ("sampling", sampling_rates),
    "distilled": ("a small generator of a large one's draws", distilled),
    "growth": ("growth with the rows", growth),
    "ctgan": ("time to CTGAN's quality (C2ST, 0.5 is best)", against_ctgan),
}


def main(
    part: Annotated[
        list[str] | None, typer.Option(help=f"Any of {', '.join(PARTS)}.")
    ] = None,
) -> None:
    """Measure what training and sampling cost."""
    unknown = set(part or []) - set(PARTS)
    if unknown:
        raise typer.BadParameter(
            f"--part must be one of {list(PARTS)}. Got {sorted(unknown)}."
        )
    torch.set_num_threads(1)
    console = Console(width=110)
    TabularGAN(max_steps=2).fit(
        np.random.default_rng(0).random((9, 2)), [0] * 5 + [1] * 4
    )
    for name in part or PARTS:
        title, measure = PARTS[name]
        rows = pd.DataFrame(list(measure()))
        show(rows.set_index(rows.columns[0]), title, console, rows.columns[0])


if __name__ == "__main__":
    typer.run(main)
