"""What rows without a label are worth: real ones, and those of a GAN that saw them.

    python -m pipelines.unlabelled                   # some minutes
    python -m pipelines.unlabelled --share 0.1       # one share of labels only

Of the training rows of real tables 5, 10 or 50 % keep their label. A teacher, the vote
that is the default of `ResampledClassifier`, learns from these, and predicts the class
of all others. Then another vote learns from the rows with a label and

- from the rows without one, with the teacher's probabilities;
- from three times as many rows as have a label, with the teacher's probabilities, that
  a GAN draws; it learned from all rows, the classes being those that the teacher gives;
- from as many rows of shuffled columns.

Of each the mean with the teacher is scored, and self-training by scikit-learn beside
them: average precision on real rows minus that of the teacher.
"""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score
from sklearn.model_selection import train_test_split
from sklearn.semi_supervised import SelfTrainingClassifier

from gan_augment import DistilledClassifier, TabularGAN
from gan_augment.classification.vote import make_table_classifier, make_vote
from gan_augment.seeding import seeded
from pipelines.benchmark import shuffled_part
from pipelines.catalogue import find_tables
from pipelines.datasets import Dataset
from pipelines.distillation import N_DRAWS, RealRows, ShuffledColumns
from pipelines.summary import harmed, interval_over_sets, show

SHARES = (0.05, 0.1, 0.5)
# Rare rows of a table, so that some keep their label.
FEWEST_RARE = 400
MAX_ROWS = 6_000
UNLABELLED = -1


def measure(table: Dataset, share: float, seed: int) -> dict[str, float]:
    """Average precision of the teacher, and what each kind of rows adds to it."""
    train, test = train_test_split(
        np.arange(len(table.X)),
        test_size=0.5,
        stratify=table.is_rare,
        random_state=seed,
    )
    known, unknown = train_test_split(
        train, train_size=share, stratify=table.is_rare[train], random_state=seed
    )
    y, y_test = table.is_rare[known].astype(int), table.is_rare[test].astype(int)
    X, others, X_test = (
        table.X.iloc[rows].reset_index(drop=True) for rows in (known, unknown, test)
    )
    every = pd.concat([X, others], ignore_index=True)
    unlabelled = np.full(len(unknown), UNLABELLED)
    vote = seeded(make_table_classifier(), np.random.default_rng(seed))
    teacher = clone(vote).fit(X, y)
    of_teacher = teacher.predict_proba(X_test)[:, 1]

    def score(probability: np.ndarray) -> float:
        return float(average_precision_score(y_test, probability))

    def taught_by(rows: Any, n_draws: int) -> float:
        student = DistilledClassifier(
            vote,
            FrozenEstimator(teacher),
            FrozenEstimator(rows),
            n_draws=n_draws,
            n_folds=None,
            random_state=seed,
        )
        probability = student.fit(X, y).predict_proba(X_test)[:, 1]
        return score((probability + of_teacher) / 2)

    # A class that the teacher finds nowhere has the rows that have it as a label.
    guessed = np.concatenate([y, _drawn(teacher, others, seed)])
    self_training = make_table_classifier(SelfTrainingClassifier(make_vote()))
    self_taught = seeded(self_training, np.random.default_rng(seed))
    self_taught.fit(every, np.concatenate([y, unlabelled]))
    all_labels = clone(vote).fit(every, table.is_rare[[*known, *unknown]].astype(int))
    scores = {
        "all labels": score(all_labels.predict_proba(X_test)[:, 1]),
        "self-training": score(self_taught.predict_proba(X_test)[:, 1]),
        "rows without a label": taught_by(
            RealRows().fit(others, guessed[len(y) :]), max(round(1 / share) - 1, 1)
        ),
        "the GAN's rows": taught_by(
            TabularGAN(random_state=seed).fit(every, guessed), N_DRAWS
        ),
        "shuffled columns": taught_by(ShuffledColumns().fit(every, guessed), N_DRAWS),
    }
    first = score(of_teacher)
    return {name: value - first for name, value in scores.items()} | {"teacher": first}


def _drawn(teacher: Any, rows: pd.DataFrame, seed: int) -> np.ndarray:
    """A class for each row, drawn with the teacher's probabilities."""
    rng = np.random.default_rng(seed)
    return (rng.random(len(rows)) < teacher.predict_proba(rows)[:, 1]).astype(int)


def main(
    share: Annotated[list[float] | None, typer.Option(help="Of the labels.")] = None,
    first_table: Annotated[int, typer.Option(min=0, help="Tables to leave out.")] = 0,
    n_tables: Annotated[int, typer.Option(min=1, help="Of the catalogue.")] = 12,
    seeds: Annotated[int, typer.Option(min=1, help="Splits of each table.")] = 2,
) -> None:
    """Measure what rows without a label add."""
    console = Console(width=100)
    many = {
        name: table
        for name, table in find_tables(MAX_ROWS).items()
        if table.is_rare.sum() >= FEWEST_RARE
    }
    tables = shuffled_part(many, first_table, n_tables)
    lines = []
    for name, table in track(tables.items(), "Measuring", console=console):
        for of_labels in share or SHARES:
            for seed in range(seeds):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = measure(table, of_labels, seed)
                lines.append({"table": name, "share": of_labels, **found})
    results = pd.DataFrame(lines).groupby(["share", "table"]).mean()
    for of_labels, gains in results.groupby(level="share"):
        teacher = gains.pop("teacher").mean()
        summary = pd.DataFrame(
            {
                name: {
                    "difference": gains[name].mean(),
                    "95 %": interval_over_sets(gains[name].to_numpy()),
                    "worst": gains[name].min(),
                    "harmed": harmed(gains[name]),
                }
                for name in gains
            }
        ).T
        title = (
            f"{of_labels:.0%} of the labels: average precision minus the teacher's "
            f"({teacher:.3f}); {len(gains)} tables"
        )
        show(summary, title, console, "learned from")


if __name__ == "__main__":
    typer.run(main)
