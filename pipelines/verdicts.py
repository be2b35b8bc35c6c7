"""What `compare` says of seven tables: a vote was ahead on four, rows on three.

    python -m pipelines.verdicts
    python -m pipelines.verdicts --table flaref

The tables were chosen for what a short trial showed, among ten of `pipelines.datasets`
and four classifiers; how often either happens is what `pipelines.benchmark` measures.
"""

from __future__ import annotations

import warnings
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console

from gan_augment import GANOverSampler, compare
from gan_augment.classification import default_strategy
from gan_augment.comparison import Comparison
from gan_augment.comparison.baselines import ImputedSMOTE
from gan_augment.comparison.classifiers import alternatives
from pipelines.datasets import load
from pipelines.measures import CLASSIFIERS, make_classifier

# Fewer would not show what either does, more take minutes.
MOST_ROWS = 1600
VOTE, ROWS = "the vote", "synthetic rows"
console = Console(width=100)


class Case(NamedTuple):
    """A classifier on a table, and what wins there."""

    table: str
    classifier: str
    winner: str


CASES = [
    Case("ecoli4", "HGB", VOTE),
    Case("vehicle0", "LR", VOTE),
    Case("attrition", "HGB", VOTE),
    Case("hpc_data", "LR", VOTE),
    Case("winequality-red-4", "LR", ROWS),
    Case("abalone9-18", "LR", ROWS),
    Case("flaref", "LR", ROWS),
]


def measure(case: Case) -> Comparison:
    """Compare SMOTE, the GAN and the vote on one table: five folds, twice."""
    X, is_rare = load(case.table, MOST_ROWS)
    y = np.where(is_rare, "rare", "common")
    classifier = make_classifier(CLASSIFIERS[case.classifier])
    samplers = {
        "SMOTE": ImputedSMOTE(sampling_strategy=default_strategy),
        "GAN": GANOverSampler(sampling_strategy=default_strategy),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of networks and copies, in every fold
        return compare(
            X,
            y,
            classifier,
            samplers,
            classifiers=alternatives(classifier, everything=False),
            cv=5,
            random_state=0,
            verbose=False,
        )


def main(
    table: Annotated[list[str] | None, typer.Option(help="Default: all.")] = None,
) -> None:
    """Print the verdict on each table, and the scores behind it."""
    known = [case.table for case in CASES]
    unknown = set(table or []) - set(known)
    if unknown:
        raise typer.BadParameter(f"--table must be of {known}. Got {sorted(unknown)}.")
    for case in CASES:
        if table and case.table not in table:
            continue
        found = measure(case)
        rare, common = found.counts["rare"], found.counts["common"]
        console.rule(f"{case.table}: {rare} rare of {rare + common}, {case.classifier}")
        console.print(found.verdict)
        gains = found.differences().drop(index="nothing")
        for arm, gain in gains.sort_values("difference", ascending=False).iterrows():
            console.print(
                f"  {arm:22s} {gain['mean']:.3f}  {gain['difference']:+.3f} "
                f"[{gain['low']:+.3f}, {gain['high']:+.3f}]"
            )


if __name__ == "__main__":
    typer.run(main)
