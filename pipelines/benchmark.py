"""Measure over-samplers on real tables, by what their rows do for a classifier.

    python -m pipelines.benchmark                     # quick: under 10 minutes
    python -m pipelines.benchmark --preset held-out   # tables that chose no default
    python -m pipelines.benchmark --preset full       # all of these, hours
    python -m pipelines.benchmark --preset catalogue  # 75 others, taken by rule
    python -m pipelines.benchmark --arm GAN --arm CTGAN --arm TVAE  # hours too
    python -m pipelines.benchmark --mode cv --n-rare 20   # of the rare training rows
    python -m pipelines.benchmark --mode cv --preset catalogue --arm ensembles
    python -m pipelines.benchmark --arm mine=my_module.MySampler --data my.csv:target

Two modes. **cv**: repeated stratified folds, only the training fold is resampled, and
every arm is compared with doing nothing on the same folds. **oracle**: all but 15 % of
the rare training rows are hidden, and an arm adds as many rows as were hidden; the
score is the share of the gap that it closes between nothing and the hidden real rows.

Arms of `pipelines.ensembles` take the place of every classifier: their gain over
nothing is that over the mean of LR, RF and HGB alone. ``--against vote`` compares all
arms that are named with that one, and leaves out nothing and class weights.

Results go to a CSV file, a line a measurement; a run that was stopped goes on where it
was. The tables and the figures beside it are made from the file.
"""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track
from sklearn.base import clone
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedShuffleSplit

from gan_augment.comparison.result import NOTHING
from gan_augment.metrics.scores import SCORES
from pipelines.arms import parse_arms
from pipelines.catalogue import find_tables
from pipelines.datasets import DATASETS, Dataset, load
from pipelines.ensembles import ENSEMBLES
from pipelines.measures import (
    CHANGED,
    CLASSIFIERS,
    ROW_MEASURES,
    cost,
    make_classifier,
    row_measures,
    scores_of,
    utility,
)
from pipelines.summary import cv_table, draw, oracle_table, row_table, show

KEPT = 0.15  # share of the rare training rows that the oracle mode leaves
QUICK = ["credit_data", "yeast4", "vehicle0"]
# Defaults were chosen on these, and on tables that are not here, so they prove nothing
# about the defaults.
DEVELOPMENT = ["credit_data", "mlc_churn", "wa_churn", "attrition", "nassCDS"]
COLUMNS = ["classifier", *SCORES, *ROW_MEASURES, "cpu_seconds", "peak_mb"]
console = Console(width=max(Console().width, 110))


class Split(NamedTuple):
    """Training rows that an arm may see, rows to score, and rows that are hidden."""

    name: str
    train: np.ndarray
    test: np.ndarray
    hidden: np.ndarray


def splits(
    mode: str,
    is_rare: np.ndarray,
    repeats: int,
    folds: int,
    n_rare: int | None = None,
) -> Iterator[Split]:
    """Folds of the cv mode, or random 60 % with hidden rows, of the oracle mode.

    In the cv mode the rare training rows beyond the first `n_rare` are left out.
    """
    rows = np.arange(len(is_rare))
    if mode == "cv":
        folding = RepeatedStratifiedKFold(
            n_splits=folds, n_repeats=repeats, random_state=0
        )
        for i, (train, test) in enumerate(folding.split(rows, is_rare)):
            if n_rare is not None:
                rare = np.random.default_rng(i).permutation(train[is_rare[train]])
                if len(rare) < n_rare:
                    return  # there are not so many
                train = np.setdiff1d(train, rare[n_rare:])
            yield Split(f"{i // folds}.{i % folds}", train, test, train[:0])
        return
    halving = StratifiedShuffleSplit(repeats, test_size=0.4, random_state=0)
    for i, (train, test) in enumerate(halving.split(rows, is_rare)):
        rare = np.random.default_rng(i).permutation(train[is_rare[train]])
        kept = rare[: max(round(KEPT * len(rare)), 5)]
        if len(kept) == len(rare):
            return  # nothing is hidden, so there is no gap to close
        seen = np.concatenate([train[~is_rare[train]], kept])
        yield Split(str(i), seen, test, np.setdiff1d(rare, kept))


def measure(
    data: Dataset, split: Split, arm: str, sampler: Any, ratio: float
) -> Iterator[dict[str, Any]]:
    """Scores of every classifier after one arm has resampled one training set.

    Of an arm that fails there are none: the others go on.
    """
    X, y = data.X.iloc[split.train].reset_index(drop=True), data.is_rare[split.train]
    X_test, y_test = data.X.iloc[split.test], data.is_rare[split.test]
    if arm in ENSEMBLES:
        with cost() as spent:
            scores = scores_of(ENSEMBLES[arm](), X, y.astype(int), X_test, y_test)
        yield from ({"classifier": name, **scores, **spent} for name in CLASSIFIERS)
        return
    of_rows: dict[str, float] = {}
    train, spent = X[y], {"cpu_seconds": 0.0, "peak_mb": 0.0}
    if arm == "oracle":
        rows = np.concatenate([split.train, split.hidden])
        X, y = data.X.iloc[rows], data.is_rare[rows]
    elif sampler is not None:
        n_real, wanted = len(X), {True: int(y.sum()) + len(split.hidden)}
        if not len(split.hidden):  # the cv mode
            wanted = {True: max(int(ratio * (~y).sum()), int(y.sum()))}
        sampler = clone(sampler).set_params(sampling_strategy=wanted, random_state=0)
        try:
            with warnings.catch_warnings(), cost() as spent:
                warnings.simplefilter("ignore")  # reported as a column
                X, y = sampler.fit_resample(X, y)
        except Exception as error:  # whatever somebody's sampler raises
            console.print(f"{arm} failed: {type(error).__name__}: {error}")
            yield from ({"classifier": name} for name in CLASSIFIERS)
            return
        if len(X) > n_real:
            made = X.iloc[n_real:].reset_index(drop=True)
            of_rows = row_measures(train, X_test[y_test], made)
    make = CHANGED.get(arm, make_classifier)
    for scores in utility(X, y, X_test, y_test, make):
        yield scores | of_rows | spent


def load_any(name: str) -> Dataset:
    """A data set by its name, or ``file.csv:target``, its rarest class being rare."""
    if name in DATASETS:
        return load(name)
    path, _, target = name.rpartition(":")
    if not path:
        raise typer.BadParameter(
            f"--data must be one of {list(DATASETS)} or FILE:TARGET. Got {name!r}."
        )
    read = pd.read_parquet if path.endswith(".parquet") else pd.read_csv
    frame = read(path)
    if target not in frame:
        raise typer.BadParameter(
            f"--data must be FILE:TARGET with a column of the file. Got {target!r}; "
            f"the columns are {list(frame.columns)}."
        )
    rare = frame[target].value_counts().index[-1]
    is_rare = (frame[target] == rare).to_numpy()
    return Dataset(frame.drop(columns=target), is_rare)


def load_all(names: list[str]) -> dict[str, Dataset]:
    """Data sets by their names."""
    return {name: load_any(name) for name in names}


def shuffled_part(
    tables: dict[str, Dataset], first: int, n_tables: int | None
) -> dict[str, Dataset]:
    """Some of the tables, in an order that is random and always the same."""
    shuffled = np.random.default_rng(1).permutation(sorted(tables))
    last = None if n_tables is None else first + n_tables
    return {name: tables[name] for name in shuffled[first:last]}


# name -> (what loads the tables, repeats)
PRESETS: dict[str, tuple[Callable[[], dict[str, Dataset]], int]] = {
    "quick": (partial(load_all, QUICK), 1),
    "development": (partial(load_all, DEVELOPMENT), 2),
    "held-out": (partial(load_all, [n for n in DATASETS if n not in DEVELOPMENT]), 2),
    "full": (partial(load_all, list(DATASETS)), 5),
    "catalogue": (find_tables, 1),
}


def main(
    mode: Annotated[str, typer.Option(help="cv, oracle or both.")] = "both",
    preset: Annotated[
        str, typer.Option(help=f"One of {', '.join(PRESETS)}.")
    ] = "quick",
    data: Annotated[list[str] | None, typer.Option(help="Name or FILE:TARGET.")] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            help="A name of pipelines.arms, all, ensembles, or NAME=MODULE.CLASS."
        ),
    ] = None,
    repeats: Annotated[int | None, typer.Option(min=1)] = None,
    folds: Annotated[int, typer.Option(min=2)] = 3,
    ratio: Annotated[float, typer.Option(help="Rare to common rows in cv.")] = 0.3,
    n_rare: Annotated[
        int | None, typer.Option(min=1, help="Rare training rows left in cv.")
    ] = None,
    out: Annotated[Path, typer.Option(help="CSV file.")] = Path("benchmark.csv"),
    metric: Annotated[str, typer.Option(help="What the table shows.")] = (
        "average_precision"
    ),
    against: Annotated[
        str, typer.Option(help="The arm that all others are compared with in cv.")
    ] = NOTHING,
    first_table: Annotated[int, typer.Option(min=0, help="Tables to leave out.")] = 0,
    n_tables: Annotated[
        int | None, typer.Option(min=1, help="Tables of the preset, shuffled.")
    ] = None,
) -> None:
    """Compare over-samplers on real tables with doing nothing."""
    for option, value, choices in (
        ("--preset", preset, list(PRESETS)),
        ("--mode", mode, ["cv", "oracle", "both"]),
        ("--metric", metric, list(SCORES)),
    ):
        if value not in choices:
            raise typer.BadParameter(
                f"{option} must be one of {choices}. Got {value!r}."
            )
    if n_rare is not None and mode != "cv":
        raise typer.BadParameter(f"--n-rare needs --mode cv. Got --mode {mode}.")
    load_preset, usual_repeats = PRESETS[preset]
    repeats = repeats or usual_repeats
    modes = ["cv", "oracle"] if mode == "both" else [mode]
    try:
        samplers = parse_arms(arm or [])
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if against == NOTHING or mode != "cv":
        samplers = {NOTHING: None, "class weights": None, **samplers}
    if against not in samplers or len(samplers) < 2:
        raise typer.BadParameter(
            "--against must be an arm that is measured, beside another one. Got "
            f"{against!r}, with the arms {list(samplers)}."
        )
    keys = ["mode", "set", "split", "arm", "folds", "ratio", "n_rare"]
    left = "all" if n_rare is None else str(n_rare)
    done = measured_keys(out, keys, [*keys, *COLUMNS])
    tables = load_all(data) if data else load_preset()
    if n_tables is not None:
        tables = shuffled_part(tables, first_table, n_tables)
    names = list(tables)
    tasks = [
        (each, name, split, label)
        for each, name in itertools.product(modes, names)
        for split in splits(each, tables[name].is_rare, repeats, folds, n_rare)
        for label in [*samplers, *(["oracle"] if each == "oracle" else [])]
    ]
    for each, name, split, label in track(tasks, "Measuring", console=console):
        key = (each, name, split.name, label, str(folds), str(ratio), left)
        if key in done:
            continue
        measured = measure(tables[name], split, label, samplers.get(label), ratio)
        lines = [dict(zip(keys, key, strict=True)) | scores for scores in measured]
        append(pd.DataFrame(lines, columns=[*keys, *COLUMNS]), out)
    results = pd.read_csv(out, dtype={"split": str, "n_rare": str})
    same = {"folds": folds, "ratio": ratio, "n_rare": left}
    results = results[(results[list(same)] == pd.Series(same)).all(axis=1)]
    results = results[
        results["mode"].isin(modes)
        & results["set"].isin(names)
        & results["arm"].isin([*samplers, "oracle"])
    ]
    failed = results[results["average_precision"].isna()]
    for label, of_arm in failed.groupby("arm"):
        where = ", ".join(of_arm["set"].unique())
        console.print(f"{label} failed on {where}, which is not in its means.")
    for each in modes:
        of_mode = results[results["mode"] == each]
        tables_in = f"{of_mode['set'].nunique()} tables"  # one may have too few rows
        titles: dict[str, tuple[str, Callable[..., pd.DataFrame]]] = {
            "cv": (
                f"{metric}: gain over {against}, {left} rare rows, ratio {ratio}",
                partial(cv_table, against=against),
            ),
            "oracle": (f"share of the oracle gap closed, {metric}", oracle_table),
        }
        title, make_table = titles[each]
        table = make_table(of_mode, metric)
        show(table, f"{title}; {tables_in}", console)
        rows = row_table(of_mode)
        if len(rows):
            show(rows, f"the synthetic rows; {each}; {tables_in}", console)
        label = f"{title}\n(mean of LR, RF, HGB)"
        draw(
            table,
            tables_in,
            label,
            out.with_name(f"{out.stem}_{each}.png"),
        )


def measured_keys(
    path: Path, keys: list[str], columns: list[str]
) -> set[tuple[str, ...]]:
    """Keys of what the file holds, whose columns must be these; none without a file."""
    if not path.exists():
        return set()
    results = pd.read_csv(path, dtype=str)
    if list(results) != columns:
        raise typer.BadParameter(
            f"--out must be a new file or one with the columns {columns}. Got {path} "
            f"with {list(results)}. Name another file."
        )
    return set(results[keys].itertuples(index=False, name=None))


def append(lines: pd.DataFrame, path: Path) -> None:
    """Add lines to the file in one write, so that processes may share it."""
    text = lines.to_csv(index=False, header=not path.exists())
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    typer.run(main)
