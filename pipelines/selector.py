"""What ResampledClassifier and its CV gain, cost and miss, on folds they never saw.

    python -m pipelines.selector                  # every table, some hours
    python -m pipelines.selector --data yeast4 --data vehicle0

Outer folds; in each, the classifier alone, with one draw of the default over-sampler,
with as many as are the default, with these, soft labels and the classifier alone, which
is the default, and with what inner folds select. *Regret* is what the better of nothing
and the default would have had, by the mean of the table, beyond what was selected.
Results go to a CSV file; what is there is not run again.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track
from sklearn.model_selection import StratifiedKFold

from gan_augment import ResampledClassifier, ResampledClassifierCV
from gan_augment.comparison.result import NOTHING
from gan_augment.metrics.scores import SCORES, classifier_scores
from pipelines.benchmark import append, load_all, measured_keys
from pipelines.datasets import DATASETS, Dataset
from pipelines.measures import CLASSIFIERS, make_classifier
from pipelines.summary import POOLED, cv_table, gains_over, show

KEYS = ["set", "folds", "split", "classifier", "arm"]
COLUMNS = [*KEYS, *SCORES, "cpu_seconds", "selected"]
DEFAULT = "soft labels"
ARMS: dict[str, Callable[[Any], Any]] = {
    NOTHING: lambda classifier: classifier,
    "one draw": lambda classifier: ResampledClassifier(
        classifier, n_draws=1, soft_labels=False, random_state=0
    ),
    "hard labels": lambda classifier: ResampledClassifier(
        classifier, soft_labels=False, random_state=0
    ),
    DEFAULT: lambda classifier: ResampledClassifier(classifier, random_state=0),
    "selected": lambda classifier: ResampledClassifierCV(classifier, random_state=0),
}
console = Console(width=110)


def outer_splits(table: Dataset, folds: int, repeats: int) -> Iterator[Any]:
    """Stratified folds, `repeats` times; the first are those of one repeat."""
    for seed in range(repeats):
        folding = StratifiedKFold(folds, shuffle=True, random_state=seed)
        yield from folding.split(table.X, table.is_rare)


def measure(
    arm: str, classifier: str, X: pd.DataFrame, y: np.ndarray, split: Any
) -> dict[str, Any]:
    """Score of one arm on one fold, and what it took."""
    train, test = split
    model = ARMS[arm](make_classifier(CLASSIFIERS[classifier]))
    begin = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X.iloc[train].reset_index(drop=True), y[train])
    seconds = time.process_time() - begin
    probability = model.predict_proba(X.iloc[test])
    return {
        **classifier_scores(y[test].astype(int), probability, rare=[1]),
        "cpu_seconds": seconds,
        "selected": "; ".join(getattr(model, "selected_samplers_", [])),
    }


def by_table(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean gains over nothing, regret and CPU seconds of a fit; a row a table."""
    gains = gains_over(results, metric, NOTHING).groupby("set").mean()
    if {DEFAULT, "selected"} <= set(gains):
        gains["regret"] = gains[DEFAULT].clip(lower=0) - gains["selected"]
    seconds = results.groupby(["set", "arm"])["cpu_seconds"].mean().unstack()
    table = gains.join(seconds.add_suffix(" s"))
    return pd.concat([table, table.mean().to_frame("mean").T])


def main(
    data: Annotated[list[str] | None, typer.Option(help="Name or FILE:TARGET.")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Outer folds.")] = 2,
    arm: Annotated[
        list[str] | None, typer.Option(help="Besides nothing. Default: all.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Of the outer folds.")] = 1,
    metric: Annotated[str, typer.Option(help="What the tables show.")] = (
        "average_precision"
    ),
    out: Annotated[Path, typer.Option(help="CSV file.")] = Path("selector.csv"),
) -> None:
    """Nest the selector in outer folds of real tables."""
    choices = [name for name in ARMS if name != NOTHING]
    unknown = set(arm or []) - set(choices)
    if unknown:
        raise typer.BadParameter(f"--arm must be of {choices}. Got {unknown}.")
    if metric not in SCORES:
        raise typer.BadParameter(f"--metric must be of {list(SCORES)}. Got {metric!r}.")
    arms = [NOTHING, *(arm or choices)]
    done = measured_keys(out, KEYS, COLUMNS)
    tables = load_all(data or list(DATASETS))
    tasks = [
        (name, str(folds), str(fold), classifier, label, split)
        for name, table in tables.items()
        for fold, split in enumerate(outer_splits(table, folds, repeats))
        for classifier, label in itertools.product(POOLED, arms)
    ]
    for *key, split in track(tasks, "Measuring", console=console):
        if tuple(key) in done:
            continue
        name, *_, classifier, label = key
        measured = measure(label, classifier, *tables[name], split)
        line = dict(zip(KEYS, key, strict=True)) | measured
        append(pd.DataFrame([line], columns=COLUMNS), out)
    results = pd.read_csv(out, dtype=dict.fromkeys(KEYS, str))
    asked = pd.MultiIndex.from_tuples(task[:-1] for task in tasks)
    results = results[pd.MultiIndex.from_frame(results[KEYS]).isin(asked)]
    show(cv_table(results, metric), f"{metric}: gain over nothing", console)
    show(by_table(results, metric), "by table", console, "table")


if __name__ == "__main__":
    typer.run(main)
