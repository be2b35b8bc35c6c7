"""How good are the images of the GAN? FID, KID, precision, recall, label accuracy.

    python -m pipelines.image_quality                                  # mnist
    python -m pipelines.image_quality --data fashion --data patches --quality high
    python -m pipelines.image_quality --max-steps 150 --max-steps 450  # a curve

Trains the GAN of all classes on the training images of a set and prints, for each
training, the measures of as many images of each class, beside those of real images in
their place; and which changes leave the class of an image what it is. Writes a picture
of real images beside those of the GAN for each training.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import torch
import typer
from rich.console import Console
from rich.table import Table

from gan_augment import ImageGAN
from gan_augment.encoding import ImageEncoder
from gan_augment.images import image_quality
from gan_augment.over_sampling import find_changes
from pipelines.image_sets import SETS, load_fashion

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


def picture(X: np.ndarray, y: np.ndarray, drawn: np.ndarray, asked: np.ndarray) -> Any:
    """Real images, left, beside those of the GAN, right; a row a class."""
    from PIL import Image

    rows = []
    for label in np.unique(y):
        kinds = [
            kind[labels == label][:SHOWN] for kind, labels in ((X, y), (drawn, asked))
        ]
        gap = np.full_like(kinds[0][0][:, :4], kinds[0].max())
        rows.append(np.concatenate([*kinds[0], gap, *kinds[1]], axis=1))
    grid = np.concatenate(rows)
    grid = (grid * (255 / max(grid.max(), 1))).astype(np.uint8)
    return Image.fromarray(grid).resize((2 * grid.shape[1], 2 * grid.shape[0]), 0)


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
    n_train: Annotated[int, typer.Option(help="Training images.")] = N_TRAIN,
    quality: Annotated[str, typer.Option(help="default or high.")] = "default",
    max_steps: Annotated[
        list[int] | None, typer.Option(min=1, help="Default: the GAN's own.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    pictures: Annotated[
        Path | None, typer.Option(help="Directory for the pictures.")
    ] = None,
) -> None:
    """Train the GAN, and print how good its images are."""
    torch.set_num_threads(1)
    chosen: Literal["default", "high"] = "high" if quality == "high" else "default"
    for name in data or ["mnist"]:
        X, y = training_images(name, fashion, n_train)
        labels = np.unique(y)
        columns: dict[str, pd.Series] = {}
        wanted: list[int | None] = [*max_steps] if max_steps else [None]
        for steps in wanted:
            gan = ImageGAN(quality=chosen, random_state=seed)
            if steps is not None:
                gan.set_params(max_steps=steps)
            begin = time.process_time()
            with console.status(f"{name}, {steps or quality}"):
                gan.fit(X, y)
                seconds = time.process_time() - begin
                parts = [
                    gan.sample(N_SYNTHETIC // len(labels), label=label, random_state=1)
                    for label in labels
                ]
            drawn, asked = map(np.concatenate, zip(*parts, strict=True))
            measures = image_quality(X, y, drawn, asked, random_state=seed)
            n_steps = gan.recipe_.max_steps
            cost = pd.Series({"CPU s": seconds})
            columns[f"{n_steps} steps"] = pd.concat([cost, measures["synthetic"]])
            columns["real"] = measures["real"]
            if pictures is not None:
                pictures.mkdir(parents=True, exist_ok=True)
                picture(X, y, drawn, asked).save(pictures / f"{name}-{n_steps}.png")
        real = columns.pop("real")
        title = f"{name}, {len(X):,} images of {len(labels)} classes"
        table = pd.DataFrame(columns)
        show(table.assign(real=real), title)
        encoded = ImageEncoder().fit(X).transform(X)
        changes, _ = find_changes(encoded, y, np.random.default_rng(seed))
        console.print(f"Changes that keep the class: {changes}.")


if __name__ == "__main__":
    typer.run(main)
