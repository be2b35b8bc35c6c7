"""How good are the images of the GAN? FID, KID, precision, recall, label accuracy.

    python -m pipelines.image_quality                                  # mnist
    python -m pipelines.image_quality --data fashion --data patches --quality high
    python -m pipelines.image_quality --max-steps 150 --max-steps 450  # a curve
    python -m pipelines.image_quality --damage noise --damage blur     # of low quality
    python -m pipelines.image_quality --data patches64 --device cuda --max-time 60
    python -m pipelines.image_quality --distill            # a small generator, too

Trains the GAN of all classes on the training images of a set and prints, for each
training, the measures of as many images of each class, beside those of real images in
their place; how rough they are beside real ones, which is less than 1 where noise is
removed; and which changes leave the class of an image what it is. With --picture it
draws real images beside those of the GAN, eight of each class; with --curve the FID and
the label accuracy over the CPU seconds of the trainings.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import torch
import typer
from rich.console import Console
from rich.table import Table
from scipy.ndimage import uniform_filter

from gan_augment import ImageGAN
from gan_augment.encoding import ImageEncoder
from gan_augment.images import image_quality
from gan_augment.over_sampling import find_changes
from pipelines.image_sets import DAMAGES, SETS, load_fashion

N_TRAIN = 4000
N_SYNTHETIC = 2000
SHOWN = 8
console = Console(width=max(Console().width, 90))


def training_images(
    name: str, fashion: Path | None, n_train: int
) -> tuple[np.ndarray, np.ndarray]:
    """At most so many training images of a set, in a random order."""
    data = load_fashion(fashion) if name == "fashion" and fashion else SETS[name]()
    rng = np.random.default_rng(0)
    order = rng.permutation(data.n_train or len(data.images))[:n_train]
    return data.images[order], data.labels[order]


def roughness(images: np.ndarray) -> float:
    """Mean absolute difference of a pixel from the mean of its neighbourhood."""
    sides = (1, 2)
    mean = uniform_filter(images.astype(float), 3, axes=sides, mode="nearest")
    return float(np.abs(images - mean).mean())


def timed(make: Callable[[], ImageGAN]) -> tuple[ImageGAN, pd.Series]:
    """A GAN, and the seconds that it took to make it."""
    begin, cpu_begin = time.perf_counter(), time.process_time()
    gan = make()
    seconds = time.perf_counter() - begin
    cpu_seconds = time.process_time() - cpu_begin
    return gan, pd.Series({"seconds": seconds, "CPU s": cpu_seconds})


def judge(
    gan: ImageGAN, X: np.ndarray, y: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Images that a GAN draws, their labels, and how good they are."""
    labels = np.unique(y)
    n_each = N_SYNTHETIC // len(labels)
    begin = time.process_time()
    parts = [gan.sample(n_each, label=label, random_state=1) for label in labels]
    seconds = time.process_time() - begin
    drawn, asked = map(np.concatenate, zip(*parts, strict=True))
    measures = image_quality(X, y, drawn, asked, random_state=seed)
    measures.loc["images a CPU second"] = {"synthetic": len(drawn) / seconds}
    measures.loc["roughness", "synthetic"] = roughness(drawn) / roughness(X)
    return drawn, asked, measures


def grid(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Images side by side, a row a class."""
    rows = [
        np.concatenate(images[labels == label][:SHOWN], axis=1)
        for label in np.unique(labels)
    ]
    return np.concatenate(rows)


def draw(grids: dict[str, tuple[np.ndarray, np.ndarray]]) -> Any:
    """Real images, left, beside those of the GAN, right; a row a training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5 * len(grids)), layout="constrained")
    panels = figure.subplots(len(grids), 2, squeeze=False)
    for axes, (name, pair) in zip(panels, grids.items(), strict=True):
        for axis, kind, shown in zip(axes, ("real", "GAN"), pair, strict=True):
            axis.imshow(shown, cmap="gray", interpolation="nearest")
            axis.set_title(f"{name}, {kind}", fontsize=9)
            axis.axis("off")
    return figure


def draw_curves(tables: dict[str, pd.DataFrame]) -> Any:
    """FID and label accuracy over CPU seconds; dashed lines are other real images."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    titles = {"fid": "FID", "label_accuracy": "label accuracy"}
    for axis, (measure, title) in zip(panels, titles.items(), strict=True):
        for position, (name, table) in enumerate(tables.items()):
            drawn, colour = table.drop(columns="real"), f"C{position}"
            points = drawn.T.sort_values("CPU s")
            axis.plot(points["CPU s"], points[measure], "o-", color=colour, label=name)
            axis.axhline(table.at[measure, "real"], color=colour, linestyle="--")
        axis.set(xlabel="CPU seconds of the training", ylabel=title)
    panels[0].set_ylim(bottom=0)
    panels[1].legend()
    return figure


def show(measures: pd.DataFrame, title: str) -> None:
    """Print it, a row a measure."""
    table = Table(title=title)
    for heading in ("", *measures.columns):
        table.add_column(heading, justify="right")
    for name, row in measures.iterrows():
        cells = ("" if np.isnan(value) else f"{value:.3f}" for value in row)
        table.add_row(str(name).replace("_", " "), *cells)
    console.print(table)


def main(
    data: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(SETS)}. Default: mnist.")
    ] = None,
    fashion: Annotated[
        Path | None, typer.Option(help="Where Fashion-MNIST is.")
    ] = None,
    damage: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(DAMAGES)}. Default: none.")
    ] = None,
    n_train: Annotated[int, typer.Option(help="Training images.")] = N_TRAIN,
    quality: Annotated[str, typer.Option(help="default or high.")] = "default",
    max_steps: Annotated[
        list[int] | None, typer.Option(min=1, help="Default: the GAN's own.")
    ] = None,
    max_time: Annotated[
        float | None, typer.Option(help="Most seconds of a training. Default: any.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images of a batch. Default: the GAN's.")
    ] = None,
    device: Annotated[str, typer.Option(help="Torch device to train on.")] = "cpu",
    distill: Annotated[
        bool, typer.Option("--distill", help="Judge a small generator, too.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    picture: Annotated[
        Path | None, typer.Option(help="Figure of all trainings.")
    ] = None,
    curve: Annotated[
        Path | None, typer.Option(help="Figure of the quality over CPU seconds.")
    ] = None,
) -> None:
    """Train the GAN, and print how good its images are."""
    torch.set_num_threads(1)
    chosen: Literal["default", "high"] = "high" if quality == "high" else "default"
    grids: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    tables: dict[str, pd.DataFrame] = {}
    for name, damaged in product(data or ["mnist"], damage or ["none"]):
        X, y = training_images(name, fashion, n_train)
        X = DAMAGES[damaged](X)
        labels = np.unique(y)
        columns: dict[str, pd.Series] = {}
        wanted: list[int | None] = [*max_steps] if max_steps else [None]
        for steps in wanted:
            gan = ImageGAN(
                quality=chosen,
                batch_size=batch_size or "auto",
                max_time=max_time,
                device=device,
                random_state=seed,
            )
            if steps is not None:
                gan.set_params(max_steps=steps)
            with console.status(f"{name}, {steps or quality}"):
                gans = {"": timed(partial(gan.fit, X, y))}
                if distill:
                    small = partial(gan.distill, random_state=seed)
                    gans[", distilled"] = timed(small)
            n_steps = int(gan.history_["step"][-1])
            for kind, (fitted, cost) in gans.items():
                drawn, asked, measures = judge(fitted, X, y, seed)
                heading = f"{n_steps} steps{kind}"
                columns[heading] = pd.concat([cost, measures["synthetic"]])
                columns["real"] = measures["real"]
                panel = f"{name}, {heading}" + f", {damaged}" * (damaged != "none")
                grids[panel] = grid(X, y), grid(drawn, asked)
        real = columns.pop("real")
        shown = name if damaged == "none" else f"{name}, {damaged}"
        title = f"{shown}, {len(X):,} images of {len(labels)} classes"
        tables[shown] = pd.DataFrame(columns).assign(real=real)
        show(tables[shown], title)
        encoded = ImageEncoder().fit(X).transform(X)
        changes, _ = find_changes(encoded, y, np.random.default_rng(seed))
        console.print(f"Changes that keep the class: {changes}.")
    if picture is not None:
        draw(grids).savefig(picture, dpi=110)
    if curve is not None:
        draw_curves(tables).savefig(curve, dpi=110)


if __name__ == "__main__":
    typer.run(main)
