"""A table on which the library helps: a vote trained with synthetic rows, on attrition.

    python -m pipelines.vote

The table is taken by rule: of those in ``pipelines.datasets`` that have 200 rare rows,
so that a difference can be told, the one with the fewest. Boosted trees alone
are compared with ``ResampledClassifier()``: a vote of logistic regression, a forest and
boosted trees, trained with synthetic rows too. The folds are five, twice, on all cores;
nothing is registered.
"""

from __future__ import annotations

import warnings

import numpy as np
from rich.console import Console

from gan_augment import ResampledClassifier, compare
from gan_augment.cli.classifiers import make_classifier
from gan_augment.cli.comparing import comparison_table
from gan_augment.comparison.baselines import ImputedSMOTE
from pipelines.datasets import DATASETS, load

TABLE, FEWEST_RARE = "attrition", 200


def main() -> None:
    """Compare, and print the verdict."""
    X, is_rare = load(TABLE)
    console = Console(width=max(Console().width, 100))
    console.print(
        f"{TABLE}: {len(X)} rows, {X.shape[1]} columns, {is_rare.sum()} rare rows, the "
        f"fewest of the {len(DATASETS)} benchmark tables that have {FEWEST_RARE}."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a fold lacks
        comparison = compare(
            X,
            np.where(is_rare, "left", "stayed"),
            make_classifier("hgb"),
            {"SMOTE": ImputedSMOTE()},
            classifiers={"ResampledClassifier()": ResampledClassifier()},
            cv=5,
            n_jobs=-1,
            random_state=0,
        )
    console.print(comparison_table(comparison))
    console.print(comparison.verdict, style="bold")


if __name__ == "__main__":
    main()
