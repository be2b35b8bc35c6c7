"""What `compare` says of six tables: a vote wins on three, synthetic rows on three.

    python -m pipelines.verdicts
    python -m pipelines.verdicts --table flaref

The tables were chosen for what they show, among ten of `pipelines.datasets` of at most
2,000 rows and four classifiers; how often either happens is what `pipelines.benchmark`
measures.
"""

from __future__ import annotations

import warnings
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console

from gan_augment import compare
from gan_augment.comparison import Comparison
from pipelines.datasets import load
from pipelines.measures import CLASSIFIERS, make_classifier

VOTE, ROWS = "the vote", "synthetic rows"
console = Console(width=100)


class Case(NamedTuple):
    """A classifier on a table, and what wins there."""

    table: str
    classifier: str
    winner: str


CASES = [
    Case("attrition", "HGB", VOTE),
    Case("page-blocks0", "LR", VOTE),
    Case("hpc_data", "LR", VOTE),
    Case("winequality-red-4", "LR", ROWS),
    Case("abalone9-18", "LR", ROWS),
    Case("flaref", "LR", ROWS),
]


def measure(case: Case, max_rows: int = 2000) -> Comparison:
    """Compare the default samplers and the vote on one table."""
    X, is_rare = load(case.table, max_rows)
    y = np.where(is_rare, "rare", "common")
    classifier = make_classifier(CLASSIFIERS[case.classifier])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of networks and copies, in every fold
        return compare(X, y, classifier, cv=5, random_state=0, verbose=False)


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
