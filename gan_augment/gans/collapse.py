"""Whether a generator of networks draws nearly the same row again and again."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from gan_augment.metrics import diversity_ratio

# Rows of a class that are compared, of the real and of the drawn ones.
N_ROWS = 200
# With fewer real rows the ratio is noise.
FEWEST_ROWS = 10
# Rows that are less diverse than this have collapsed.
LEAST_DIVERSITY = 0.3


def warn_of_collapse(
    real: Callable[[np.ndarray], np.ndarray],
    classes: np.ndarray,
    labels: list[object],
    draw: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Warn if the drawn rows of a class are much less diverse than its real rows.

    Parameters
    ----------
    real : callable
        Positions of real rows -> encoded rows.
    classes : ndarray of shape (n_rows,)
        Class index of each real row.
    labels : list
        The classes.
    draw : callable
        Class indices -> encoded rows.
    """
    collapsed = {}
    for index, label in enumerate(labels):
        rows = np.flatnonzero(classes == index)[:N_ROWS]
        if len(rows) < FEWEST_ROWS:
            continue
        ratio = diversity_ratio(real(rows), draw(np.full(N_ROWS, index)))
        if ratio < LEAST_DIVERSITY:  # not where all real rows are alike: NaN
            collapsed[label] = round(ratio, 2)
    if collapsed:
        warnings.warn(
            "The generator draws nearly the same row again and again. Distance between "
            "its rows, as a share of that between real rows, by class: "
            f"{collapsed}. Train again with another `random_state`, a smaller "
            "`learning_rate`, or `n_discriminators=3`.",
            stacklevel=2,
        )
