"""A comparison as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from gan_augment.comparison import Comparison


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
    summary = comparison.summary()
    n_folds = comparison.frame["fold"].nunique()
    table = Table(
        title=f"Means over {n_folds} folds of real rows that were held out",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        collapse_padding=True,
    )
    table.add_column("", no_wrap=True)
    for heading in summary:
        if heading == "against nothing":
            # Takes two lines where the terminal is narrow.
            table.add_column(heading, justify="right")
        else:
            broken = heading.replace(" ", "\n", 1)
            table.add_column(broken, justify="right", no_wrap=True)
    for arm, *cells in summary.itertuples():
        table.add_row(str(arm), *cells)
    return table
