"""What each way of training networks gives: losses, optimizers, discriminators.

    python -m pipelines.toolbox      # some minutes

Networks draw the rows of tables with few rows of a class, so 500 training rows are left
of each table; the measures are those of `pipelines.fidelity`, on its test rows. Without
trees that accept rows and with the steps of the default, unless a line says otherwise.
"""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from sklearn.model_selection import train_test_split

from gan_augment import TabularGAN
from pipelines.fidelity import auc_on_real, distinguished, draw
from pipelines.fidelity_tables import Split, Table, available, load_split
from pipelines.measures import cost
from pipelines.summary import show

N_ROWS = 500
NAMES = ["HI", "rwm5yr", "covid_testing", "marketing"]
TOOLS: dict[str, dict[str, Any]] = {
    "relativistic, the default": {},
    "non_saturating": {"loss": "non_saturating"},
    "least_squares": {"loss": "least_squares"},
    "wasserstein": {"loss": "wasserstein"},
    "hinge": {"loss": "hinge"},
    "kl": {"loss": "kl"},
    "SGD with momentum": {"optimizer": "sgd", "learning_rate": 0.02},
    "three discriminators": {"n_discriminators": 3},
    "reconstruction, weight 1": {"reconstruction_weight": 1.0},
    "reconstruction, weight 10": {"reconstruction_weight": 10.0},
    "input noise .3": {"input_noise": 0.3},
    "no gradient penalty": {"gradient_penalty_weight": 0.0},
    "four times as many steps": {"max_steps": 3200},
    "no training": {"max_steps": 1},
    "trees": {"generator": "trees"},
}


def small_split(name: str, seed: int) -> Split:
    """A split of a table with few training rows, the classes as common."""
    train, test = load_split(name, seed)
    rows, _ = train_test_split(
        np.arange(len(train.y)),
        train_size=N_ROWS,
        stratify=train.y,
        random_state=seed,
    )
    return Split(Table(train.X.iloc[rows].reset_index(drop=True), train.y[rows]), test)


def measure(name: str, seed: int, titles: list[str]) -> list[dict[str, Any]]:
    """These tools on one split; a row each."""
    split = small_split(name, seed)
    auc_of_real = auc_on_real(split.train, split.test)
    rows = []
    for title in titles:
        parameters = TOOLS[title]
        gan = TabularGAN(random_state=seed)
        gan.set_params(**{"generator": "network", "n_candidates": 1} | parameters)
        with warnings.catch_warnings(), cost() as spent:
            warnings.simplefilter("ignore")
            made = draw(gan.fit(*split.train), split.train)
        auc = auc_on_real(made, split.test)
        rows.append(
            {
                "training": title,
                "table": name,
                "share": (auc - 0.5) / (auc_of_real - 0.5),
                "C2ST": distinguished(split.test, made)["C2ST"],
                "CPU s": spent["cpu_seconds"],
            }
        )
    return rows


def main(
    table: Annotated[list[str] | None, typer.Option(help="These tables only")] = None,
    tool: Annotated[
        list[str] | None, typer.Option(help="Trainings whose name begins so")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Splits of each table")] = 2,
) -> None:
    """Measure the ways of training networks on tables of 500 rows."""
    titles = [t for t in TOOLS if t.startswith(tuple(tool or [""]))]
    found = pd.DataFrame(
        row
        for name in available(table or NAMES)
        for seed in range(seeds)
        for row in measure(name, seed, titles)
    )
    console = Console(width=90)
    of_tables = found.pivot_table("C2ST", "training", "table", sort=False)
    show(of_tables, "C2ST of each table", console, "training")
    means = found.groupby("training", sort=False)[["share", "C2ST", "CPU s"]].mean()
    show(means, "Means", console, "training")


if __name__ == "__main__":
    typer.run(main)
