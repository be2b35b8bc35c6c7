"""Model cards and notes in Markdown, which MLflow's pages show as descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from gan_augment.comparison import Comparison

# What a note shows of the scores of an arm, and how it is called.
SHOWN = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "balanced_accuracy": "balanced accuracy",
    "brier": "Brier score",
    "seconds": "seconds to fit",
}


def comparison_card(comparison: Comparison) -> str:
    """The verdict of a comparison and its table.

    Parameters
    ----------
    comparison : Comparison
        What :func:`~gan_augment.compare` returned.

    Returns
    -------
    card : str
        Markdown.
    """
    means = comparison.table()
    gains = comparison.differences()
    shown = [name for name in SHOWN if name in means]
    rows = [
        [str(arm), *(f"{means.loc[arm, name]:.3f}" for name in shown), _interval(gain)]
        for arm, gain in gains.iterrows()
    ]
    heading = ["arm", *(SHOWN[name] for name in shown), "gain in average precision"]
    counts = ", ".join(f"{n} of {label!r}" for label, n in comparison.counts.items())
    n_folds = comparison.frame["fold"].nunique()
    return (
        f"**{escaped(comparison.verdict)}**\n\n{table(heading, rows)}\n\n"
        f"Means over {n_folds} folds of real, unseen rows ({escaped(counts)}). Gains "
        "are differences from the classifier alone on the same folds, with their 95 % "
        "intervals.\n"
    )


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; numbers stand right, the first column left."""
    lines = [heading, [":---", *["---:"] * (len(heading) - 1)]]
    cells = [[escaped(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *cells])


def escaped(text: str) -> str:
    """A text in which Markdown and HTML find nothing of theirs."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _interval(gain: pd.Series) -> str:
    if gain["low"] != gain["low"] or gain["low"] == gain["high"]:
        return ""
    return f"{gain['difference']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})"
