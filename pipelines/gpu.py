"""From which size on a GPU is worth it: the same trainings on it and on a CPU core.

    python -m pipelines.gpu                        # under eight minutes
    python -m pipelines.gpu --device cpu --steps 4 # whether it runs, without a GPU

Networks of tables are trained with several widths and rows a batch, networks of images
with several sizes, in float32 and in bfloat16: milliseconds of a step, the time of the
first steps left out, and rows or images a second that are drawn. Then a table is
trained to the end on both devices: trees tell the rows of one from those of the other,
and from real ones, with an AUC that is .5 where they are equal in distribution.

Images are drawn at random: their content does not change the time. A machine that has
PyTorch, scikit-learn and pandas but no package registry needs `narwhals`, `psutil`,
`pyarrow`, `safetensors`, `tqdm`, and `typer` with `rich`, `shellingham` and
`annotated-doc`, which `pip install --target FOLDER --no-deps` puts into a folder.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import torch
import typer
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from gan_augment import ImageGAN, TabularGAN
from gan_augment.encoding import TableEncoder
from gan_augment.metrics import c2st
from gan_augment.training.callbacks import Callback

WIDTHS, BATCHES = (64, 256, 1024), (128, 1024, 8192)
# Images of a set, and the pixels a side and channels of several sets.
N_IMAGES = 512
IMAGES = ((28, 1), (64, 3), (128, 3))
IMAGE_BATCHES = (32, 128)
PRECISIONS: tuple[Literal["float32", "bfloat16"], ...] = ("float32", "bfloat16")
# Steps that are not timed: kernels are chosen and memory is taken in them.
WARM_UP = 8
# Rows that are compared.
N_COMPARED = 4_000


class TabularGANOfPrecision(TabularGAN):
    """Tables, in bfloat16 if `low_precision` is set before the fit."""

    low_precision = False

    def _training_dtype(self) -> torch.dtype:
        return torch.bfloat16 if self.low_precision else torch.float32


class UnwatchedImageGAN(ImageGAN):
    """Images, without the measures of every epoch, which would count as steps."""

    def _make_judge(self, codes: Any, classes: Any, rng: Any) -> None:
        return None


class StepTimes(Callback):
    """When each epoch ended, once the device has done all that it was asked to."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.steps: list[float] = []
        self.seconds: list[float] = []

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Note the time."""
        if self.device != "cpu":
            torch.cuda.synchronize()
        self.steps.append(epoch["step"])
        self.seconds.append(time.perf_counter())

    def milliseconds(self) -> float:
        """Of a step, after those of the warm-up."""
        first = int(np.searchsorted(self.steps, min(WARM_UP, self.steps[-2])))
        passed = self.seconds[-1] - self.seconds[first]
        return 1000 * passed / (self.steps[-1] - self.steps[first])


def make_table(n_rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Ten numbers and three categories that depend on each other and on the class."""
    X, y = make_classification(
        n_rows, 13, n_informative=8, n_redundant=3, weights=[0.8], random_state=seed
    )
    frame = pd.DataFrame(X[:, :10]).add_prefix("x")
    for i in range(10, 13):
        codes = np.digitize(X[:, i], np.quantile(X[:, i], [0.2, 0.5, 0.9]))
        frame[f"level{i}"] = np.array(["a", "b", "c", "d"])[codes]
    return frame, y


def of_tables(devices: list[str], n_steps: int) -> Iterator[dict[str, Any]]:
    """Steps of the networks of a table."""
    X, y = make_table(20_000, 0)
    for width, batch_size, device, precision in itertools.product(
        WIDTHS, BATCHES, devices, PRECISIONS
    ):
        if device == "cpu" and (precision != "float32" or width * batch_size > 10**6):
            continue  # slower there, and long
        times = StepTimes(device)
        gan = TabularGANOfPrecision(
            generator="network",
            hidden_dims=(width, width),
            batch_size=batch_size,
            max_steps=n_steps + WARM_UP,
            n_components=1,
            n_candidates=1,
            device=device,
            callbacks=[times],
            random_state=0,
        )
        gan.low_precision = precision == "bfloat16"
        gan.fit(X, y)
        yield {
            "of": "tables",
            "width": width,
            "batch": batch_size,
            "device": device,
            "precision": precision,
            "ms a step": times.milliseconds(),
        }


def of_images(devices: list[str], n_steps: int) -> Iterator[dict[str, Any]]:
    """Steps of the networks of images, and how fast they draw."""
    rng = np.random.default_rng(0)
    for (side, channels), batch_size in itertools.product(IMAGES, IMAGE_BATCHES):
        shape = (N_IMAGES, side, side, channels)
        images = rng.integers(0, 256, shape, dtype=np.uint8)
        y = np.arange(N_IMAGES) % 2
        for device, precision in itertools.product(devices, PRECISIONS):
            if device == "cpu" and (precision != "float32" or side > 64):
                continue
            steps = n_steps if device != "cpu" else min(n_steps, 12)
            times = StepTimes(device)
            gan = UnwatchedImageGAN(
                batch_size=batch_size,
                max_steps=steps + WARM_UP,
                precision=precision,
                device=device,
                callbacks=[times],
                random_state=0,
            ).fit(images, y)
            begin = time.perf_counter()
            gan.sample(N_IMAGES)
            yield {
                "of": "images",
                "width": side,
                "batch": batch_size,
                "device": device,
                "precision": precision,
                "ms a step": times.milliseconds(),
                "drawn a second": N_IMAGES / (time.perf_counter() - begin),
            }


def of_rows(devices: list[str], n_steps: int) -> Iterator[dict[str, Any]]:
    """How alike rows are whose networks were trained on one device or the other."""
    X, y = make_table(12_000, 1)
    X, real, y, labels = train_test_split(X, y, test_size=N_COMPARED, random_state=0)
    encoder = TableEncoder().fit(X)
    sets = {"real": real}
    for device, precision in itertools.product(devices, PRECISIONS):
        if device == "cpu" and precision != "float32":
            continue
        gan = TabularGANOfPrecision(
            generator="network", max_steps=5 * n_steps, device=device, random_state=0
        )
        gan.low_precision = precision == "bfloat16"
        begin = time.perf_counter()
        gan.fit(X, y)
        seconds = time.perf_counter() - begin
        # Of the same noise, two generators would draw nearly the same rows.
        parts = [
            gan.sample(int(n), label=c, random_state=len(sets))[0]
            for c, n in enumerate(np.bincount(labels))
        ]
        sets[f"{device}, {precision}"] = pd.concat(parts, ignore_index=True)
        yield {"of": "fit", "device": device, "precision": precision, "s": seconds}
    for one, other in itertools.combinations(sets, 2):
        encoded = (encoder.transform(sets[name], spread=False) for name in (one, other))
        yield {"of": f"C2ST, {one} and {other}", "AUC": c2st(*encoded, random_state=0)}


def main(
    device: Annotated[
        list[str] | None, typer.Option(help="Default: cpu, cuda.")
    ] = None,
    steps: Annotated[int, typer.Option(min=2, help="Steps that are timed.")] = 100,
    out: Annotated[Path, typer.Option(help="CSV file.")] = Path("gpu.csv"),
) -> None:
    """Time trainings on a GPU and on a CPU core."""
    devices = device or ["cpu", "cuda"]
    if "cuda" in devices and not torch.cuda.is_available():
        raise typer.BadParameter(
            "--device must be cpu where torch finds no GPU. Got cuda. Install a build "
            "of torch for CUDA."
        )
    torch.set_num_threads(1)
    if "cuda" in devices:
        typer.echo(torch.cuda.get_device_name())
    lines: list[dict[str, Any]] = []
    for part in (of_tables, of_images, of_rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for line in part(devices, steps):
                typer.echo(", ".join(f"{key} {value}" for key, value in line.items()))
                lines.append(line)
                pd.DataFrame(lines).to_csv(out, index=False)


if __name__ == "__main__":
    typer.run(main)
