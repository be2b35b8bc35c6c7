"""A comparison as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from gan_augment.comparison import Comparison

# What is shown of what `compare` measures, after average precision.
SHOWN = {
    "balanced_accuracy": "balanced\naccuracy",
    "uncorrected_brier": "Brier\nscore",
    "brier": "Brier,\ncorrected",
    "seconds": "seconds\nto fit",
}


def comparison_table(comparison: Comparison) -> Table:
    """Means of every arm, and the interval of its gain over doing nothing.

    Parameters
    ----------
    comparison : Comparison
        What :func:`gan_augment.compare` returned.

    Returns
    -------
    table : rich.table.Table
        A row an arm.
    """
    means, gains = comparison.table(), comparison.differences()
    n_folds = comparison.frame["fold"].nunique()
    table = Table(
        title=f"Means over {n_folds} folds of real rows that were held out",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        collapse_padding=True,
    )
    table.add_column("", no_wrap=True)
    table.add_column("average\nprecision", justify="right", no_wrap=True)
    table.add_column("against nothing", justify="right")  # in two lines if need be
    for heading in SHOWN.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for arm, row in means.iterrows():
        gain = gains.loc[arm]
        interval = (
            f"{gain['difference']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]"
        )
        table.add_row(
            str(arm),
            f"{row['average_precision']:.3f}",
            "" if arm == comparison.baseline else interval,
            *(f"{row[name]:.3f}" for name in SHOWN),
        )
    return table
