"""Do synthetic images help? Hide most of some classes, fill them up, look and count.

    python -m pipelines.images                                    # mnist, some minutes
    python -m pipelines.images --data fashion --data patches --n-rare 20 --seeds 3
    python -m pipelines.images --folder pictures/                 # a directory a class

Of three classes all but a few training images are hidden. Every way of handling that
adds as many images as were hidden; the score is the recall of these classes on real
images that nothing was trained on, and the share of the gap that it closes between
doing nothing (0) and having the hidden images back (1). Every seed changes the split
and the classes. Results are appended to a CSV file; what is there is not run again.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import mlflow
import numpy as np
import pandas as pd
import torch
import typer
from rich.console import Console
from rich.table import Table

import gan_augment.mlflow
from gan_augment import GANOverSampler, ImageGAN
from gan_augment.over_sampling import RandomAffine
from pipelines.image_arms import Arm, make_arms
from pipelines.image_classifiers import image_measures, make_classifiers, scores
from pipelines.image_sets import (
    SETS,
    UPRIGHT,
    ImageSet,
    Split,
    load_fashion,
    load_folder,
    split,
)

NOTHING, ORACLE, REPEATS = "nothing", "oracle", "random"
# An arm harms where its recall is lower by more than this than that of repeats.
HARM = 0.01
KEYS = ["set", "n_rare", "seed", "arm"]
# Measures of the images, and how the table calls them.
MEASURES = {
    "c2st": "C2ST",
    "diversity": "div.",
    "neighbour_ratio": "new",
    "cpu_seconds": "CPU s",
}
EXPERIMENT = "gan_augment"
SHOWN = 12
WHAT = "recall, gap closed"
console = Console(width=max(Console().width, 90))


def run_arm(name: str, arms: dict[str, Arm], cut: Split, seed: int) -> dict[str, Any]:
    """Fill up the rare classes, train every classifier, measure the images."""
    kinds, counts = np.unique(cut.y_hidden, return_counts=True)
    wanted = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    begin = time.process_time()
    if name == NOTHING:
        images, labels = cut.X[:0], cut.y[:0]
    elif name == ORACLE:
        images, labels = cut.X_hidden, cut.y_hidden
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # shares are in the report
            images, labels = arms[name](cut.X, cut.y, wanted, seed)
    record: dict[str, Any] = {"cpu_seconds": time.process_time() - begin}
    X, y = np.concatenate([cut.X, images]), np.concatenate([cut.y, labels])
    for classifier_name, classifier in make_classifiers(cut.augment, seed).items():
        predicted = classifier.fit(X, y).predict(cut.X_test)
        for score, value in scores(cut.y_test, predicted, cut.rare).items():
            record[f"{classifier_name} {score}"] = value
    if len(images):
        measures = [
            image_measures(
                cut.X[cut.y == label],
                cut.X_test[cut.y_test == label],
                images[labels == label],
            )
            for label in cut.rare
        ]
        record |= pd.DataFrame(measures).mean().to_dict()
    return record


def gap_closed(results: pd.DataFrame, measure: str) -> pd.Series:
    """Share of the oracle's gain that each arm brings, pooled over splits."""
    wide = results.pivot_table(
        index=["set", "n_rare", "seed"], columns="arm", values=measure
    ).dropna(subset=[NOTHING, ORACLE])
    gains = wide.sub(wide[NOTHING], axis=0)
    # Of an arm that has not run on every split, the oracle's gain on the same ones.
    return gains.sum() / gains.notna().mul(gains[ORACLE], axis=0).sum()


def harmed(results: pd.DataFrame) -> pd.Series:
    """Pairs of split and classifier in which an arm is worse than repeated images."""
    recalls = [name for name in results if name.endswith(" recall")]
    wide = results.melt(["seed", "arm"], recalls).pivot_table(
        index=["seed", "variable"], columns="arm", values="value"
    )
    worse = wide.lt(wide[REPEATS] - HARM, axis=0).sum()
    return worse.astype(str) + "/" + wide.notna().sum().astype(str)


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """A row an arm: recall, and the gap closed, by classifier; measures and cost."""
    recalls = [name for name in results if name.endswith(" recall")]
    table = results.groupby("arm")[recalls].mean()
    for recall in recalls:
        classifier = recall.removesuffix(" recall")
        closed = gap_closed(results, recall)
        table[classifier] = [
            f"{_short(value)} {_short(closed[arm], '+')}"
            for arm, value in table[recall].items()
        ]
    if REPEATS in table.index:
        table["harm"] = harmed(results)
    order = [arm for arm in dict.fromkeys(results["arm"]) if arm != ORACLE]
    means = results.groupby("arm")[list(MEASURES)].mean().rename(columns=MEASURES)
    return table.drop(columns=recalls).join(means).loc[[*order, ORACLE]]


def _short(value: float, sign: str = "") -> str:
    """Two or three digits without the zero before the point."""
    return f"{value:{sign}.{2 if sign else 3}f}".replace("0.", ".", 1)


def show(table: pd.DataFrame, title: str) -> None:
    """Print it."""
    printed = Table(title=title, padding=0)
    for heading in ["arm", *table.columns]:
        printed.add_column(heading, justify="right", no_wrap=True)
    for arm, row in table.iterrows():
        cells = (
            value
            if isinstance(value, str)
            else ""
            if np.isnan(value)
            else f"{value:.2f}"
            for value in row
        )
        printed.add_row(str(arm), *cells)
    console.print(printed)


def draw(drawn: list[tuple[Split, np.ndarray, np.ndarray]]) -> Any:
    """A figure of real images, left, beside synthetic ones, right; a row a class."""
    from matplotlib.figure import Figure

    rows = [
        (cut.X[cut.y == label], images[labels == label])
        for cut, images, labels in drawn
        for label in cut.rare
    ]
    figure = Figure(figsize=(10, 0.45 * len(rows) + 0.4), layout="constrained")
    grid = figure.subplots(len(rows), 2, squeeze=False)
    for axes, kinds in zip(grid, rows, strict=True):
        for axis, kind in zip(axes, kinds, strict=True):
            axis.imshow(np.concatenate(list(kind[:SHOWN]), axis=1), cmap="gray")
            axis.axis("off")
    grid[0, 0].set_title("real", fontsize=9)
    grid[0, 1].set_title("synthetic", fontsize=9)
    return figure


def track(
    name: str, cut: Split, table: pd.DataFrame, gan: ImageGAN
) -> tuple[Split, np.ndarray, np.ndarray]:
    """Train once more in an MLflow run, with its curves, image grids and the table."""
    autolog = gan_augment.mlflow.autolog(registered_model_name=f"{name}-generator")
    with autolog, mlflow.start_run(run_name=f"images {name}"):
        sampler = GANOverSampler(gan, mixture=None, random_state=0)
        images, labels = sampler.fit_resample(cut.X, cut.y)
        new = sampler.synthetic_mask_
        drawn = cut, images[new], labels[new]
        mlflow.log_figure(draw([drawn]), "real-and-synthetic.png")
        mlflow.log_table(table.reset_index(), "summary.json")
    return drawn


def load_sets(
    names: list[str], folder: Path | None, fashion: Path | None
) -> dict[str, ImageSet]:
    """Data sets by name."""
    unknown = set(names) - set(SETS)
    if unknown:
        raise typer.BadParameter(f"--data must be of {list(SETS)}. Got {unknown}.")
    loaders = dict(SETS)
    if fashion:
        loaders["fashion"] = lambda: load_fashion(fashion)
    if folder:
        loaders[folder.name] = lambda: load_folder(folder)
        names = [*names, folder.name]
    return {name: loaders[name]() for name in names}


def measure(
    cuts: dict[tuple[str, int, int], Split],
    names: list[str],
    arms_for: Callable[[RandomAffine], dict[str, Arm]],
    out: Path,
) -> pd.DataFrame:
    """Results of these arms on every split, from the file where they are there."""
    results = pd.read_csv(out) if out.exists() else pd.DataFrame(columns=KEYS)
    done = set(results[KEYS].itertuples(index=False, name=None))
    for (name, n_rare, seed), cut in cuts.items():
        arms = arms_for(cut.augment)
        for arm in (NOTHING, *names, ORACLE):
            key = (name, n_rare, seed, arm)
            if key in done:
                continue
            with console.status(" ".join(map(str, key))):
                record = run_arm(arm, arms, cut, seed)
            record = dict(zip(KEYS, key, strict=True)) | record
            results = pd.concat([results, pd.DataFrame([record])], ignore_index=True)
            results.to_csv(out, index=False)
    return results


def main(
    data: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(SETS)}.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="A directory a class.")] = None,
    fashion: Annotated[
        Path | None, typer.Option(help="Where Fashion-MNIST is.")
    ] = None,
    n_rare: Annotated[list[int] | None, typer.Option(help="Images left.")] = None,
    n_common: Annotated[int, typer.Option(help="Images of other classes.")] = 300,
    n_test: Annotated[int, typer.Option(help="Test images a class.")] = 200,
    n_classes: Annotated[int, typer.Option(help="Rare classes.")] = 3,
    seeds: Annotated[int, typer.Option(min=1, help="Splits.")] = 1,
    first_seed: Annotated[int, typer.Option(min=0)] = 0,
    arm: Annotated[list[str] | None, typer.Option(help="Default: all.")] = None,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="Of the GAN. Default: its own.")
    ] = None,
    peer_steps: Annotated[int, typer.Option(min=1, help="Of the peers.")] = 400,
    out: Annotated[
        Path, typer.Option(help="Results; a file for each choice of the sizes.")
    ] = Path("images.csv"),
    picture: Annotated[Path, typer.Option(help="Figure.")] = Path("images.png"),
) -> None:
    """Compare over-samplers of images, draw real beside synthetic ones, track a run."""
    torch.set_num_threads(1)
    gan = ImageGAN() if max_steps is None else ImageGAN(max_steps=max_steps)
    sets = load_sets(data or ([] if folder else ["mnist"]), folder, fashion)
    cuts = {
        (name, n, seed): split(image_set, seed, n, n_common, n_test, n_classes)
        for seed in range(first_seed, first_seed + seeds)
        for name, image_set in sets.items()
        for n in n_rare or [20]
    }
    with tempfile.TemporaryDirectory() as memory:
        arms_for = partial(make_arms, memory, peer_steps, gan)
        known = list(arms_for(UPRIGHT))
        unknown = set(arm or []) - set(known)
        if unknown:
            raise typer.BadParameter(f"--arm must be of {known}. Got {unknown}.")
        results = measure(cuts, arm or known, arms_for, out)
    tables = {}
    for (name, n), part in results.groupby(["set", "n_rare"]):
        tables[name, n] = summarise(part)
        n_splits = part["seed"].nunique()
        splits = f"{n_splits} split{'s' * (n_splits > 1)}"
        show(tables[name, n], f"{name}, {n} images left, {splits}: {WHAT}")
    mlflow.set_experiment(EXPERIMENT)
    drawn = []
    for (name, n, seed), cut in cuts.items():
        if seed == first_seed:
            with console.status(f"Training once more, tracked: {name}"):
                drawn.append(track(name, cut, tables[name, n], gan))
    draw(drawn).savefig(picture, dpi=120)
    console.print(f"Real beside synthetic images: {picture}")
    console.print(
        f"MLflow: {mlflow.get_tracking_uri()}, experiment {EXPERIMENT}; the runs show "
        "image grids of every epoch."
    )


if __name__ == "__main__":
    typer.run(main)
