"""A paper's protocol for images: ten kinds of clothes, from 4,000 images to 40.

    python -m pipelines.long_tail              # some minutes a split
    python -m pipelines.long_tail --seeds 3

Dablain, Krawczyk and Chawla, "DeepSMOTE: fusing deep learning and SMOTE for imbalanced
data", IEEE TNNLS 2022, arXiv:2105.02340: of the training images of Fashion-MNIST, the
classes keep 4,000, 2,000, 1,000, 750, 500, 350, 200, 100, 60 and 40. Every over-sampler
fills them up to 4,000 each, a network is trained, and its scores on all test images are
the mean recall of the classes (ACSA), the geometric mean of their recalls (GM) and the
macro F1. The network here is smaller than that of the paper, so that the figures can
only be compared with each other.

Needs Debian's package dataset-fashion-mnist. Results go to a CSV file; what is there is
not run again.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
import typer
from imblearn.metrics import geometric_mean_score
from rich.console import Console
from sklearn.metrics import balanced_accuracy_score, f1_score

from gan_augment import ImageGAN
from pipelines.benchmark import append, measured_keys
from pipelines.image_arms import make_arms
from pipelines.image_classifiers import SmallCNN
from pipelines.image_sets import FASHION, UPRIGHT, read_fashion
from pipelines.images import NOTHING
from pipelines.summary import show

COUNTS = (4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40)
# Steps of the classifier, of 64 images each, and of the peers' generators.
STEPS, PEER_STEPS = 2000, 1000
ARMS = [
    NOTHING,
    "random",
    "SMOTE",
    "DeepSMOTE-like",
    "our copies",
    "GAN",
    "variations",
    "mixture",
    "mixture with variations",
]
KEYS = ["seed", "arm"]
MEASURES = ["ACSA", "GM", "F1", "smallest class", "CPU s"]
COLUMNS = [*KEYS, *MEASURES]
console = Console(width=100)


def measure(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    arms: dict[str, Any],
    arm: str,
    seed: int,
) -> dict[str, float]:
    """Fill up the classes of one split, train a network, and score it.

    Parameters
    ----------
    train, test : tuple of ndarray
        Images and labels.
    arms : dict
        Over-samplers by name, as :func:`pipelines.image_arms.make_arms` gives them.
    arm : str
        One of them, or "nothing".
    seed : int
        Seed of the over-sampler and of the network.

    Returns
    -------
    measures : dict
        Scores, the recall of the smallest class, and CPU seconds of the over-sampler.
    """
    X, y = train
    labels, counts = np.unique(y, return_counts=True)
    wanted = {
        label: int(counts.max() - n)
        for label, n in zip(labels.tolist(), counts, strict=True)
        if n < counts.max()
    }
    begin = time.process_time()
    if arm != NOTHING:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a share that is lowered
            images, drawn = arms[arm](X, y, wanted, seed)
        X, y = np.concatenate([X, images]), np.concatenate([y, drawn])
    seconds = time.process_time() - begin
    predicted = SmallCNN(n_steps=STEPS, random_state=seed).fit(X, y).predict(test[0])
    smallest = test[1] == labels[counts.argmin()]
    return {
        "ACSA": balanced_accuracy_score(test[1], predicted),
        "GM": geometric_mean_score(test[1], predicted),
        "F1": f1_score(test[1], predicted, average="macro"),
        "smallest class": float((predicted[smallest] == test[1][smallest]).mean()),
        "CPU s": seconds,
    }


def long_tail(
    images: np.ndarray, labels: np.ndarray, counts: tuple[int, ...], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Keep so many images of each class, in the order of the labels."""
    rng = np.random.default_rng(seed)
    kept = [
        rng.permutation(np.flatnonzero(labels == label))[:n]
        for label, n in zip(np.unique(labels), counts, strict=True)
    ]
    rows = np.concatenate(kept)
    return images[rows], labels[rows]


def main(
    seeds: Annotated[int, typer.Option(min=1, help="Splits.")] = 1,
    arm: Annotated[list[str] | None, typer.Option(help="Default: all.")] = None,
    fashion: Annotated[Path, typer.Option(help="Where Fashion-MNIST is.")] = FASHION,
    out: Annotated[Path, typer.Option(help="CSV file of all results.")] = Path(
        "long_tail.csv"
    ),
) -> None:
    """Compare over-samplers of images by the protocol of DeepSMOTE."""
    torch.set_num_threads(1)
    chosen = arm or ARMS
    if unknown := set(chosen) - set(ARMS):
        raise typer.BadParameter(f"--arm must be of {ARMS}. Got {sorted(unknown)}.")
    every, test = read_fashion(fashion, "train"), read_fashion(fashion, "t10k")
    done = measured_keys(out, KEYS, COLUMNS)
    with tempfile.TemporaryDirectory() as memory:
        arms = make_arms(memory, PEER_STEPS, ImageGAN(), UPRIGHT)
        for seed in range(seeds):
            train = long_tail(*every, COUNTS, seed)
            for name in chosen:
                if (str(seed), name) in done:
                    continue
                found = measure(train, test, arms, name, seed)
                line = {"seed": seed, "arm": name, **found}
                append(pd.DataFrame([line], columns=COLUMNS), out)
                console.print(f"split {seed}, {name}: ACSA {found['ACSA']:.3f}")
    results = pd.read_csv(out)
    means = results.groupby("arm")[MEASURES].mean().reindex(chosen).dropna()
    show(means, f"Fashion-MNIST, 4,000 to 40 images, {seeds} split(s)", console, "arm")


if __name__ == "__main__":
    typer.run(main)
