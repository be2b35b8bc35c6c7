"""Where numbers end for a reason, rather than where a tail happens to end."""

from __future__ import annotations

import numpy as np

# Rows beyond the boundary that the rows before it let expect.
FEWEST_BEYOND = 10.0
# Room before the boundary, in units of the tail's mean excess.
ROOM = 3.0
# Lowest differences from which that is extrapolated.
EDGE_ROWS = 100
# Mean distances between neighbours by which the end of a range may lie beyond the last
# value seen, and the chance that so round a number is there.
BEYOND_LAST = 3.0
ROUND_BY_CHANCE = 0.02


def is_boundary(amounts: np.ndarray, step: float) -> bool:
    """Whether 0 bounds the amounts, rather than being where a tail happens to end.

    Either many rows lie so close to 0 that more would be expected beyond it, or there
    is room between it and them that the tail does not bridge.

    Of two neighbouring intervals before the boundary, a log-concave density has at
    least the same ratio in the next one. That extrapolates the rows beyond it.

    Parameters
    ----------
    amounts : ndarray of shape (n_rows,)
        Amounts of at least 0.
    step : float
        Spacing of their grid; 0 without a grid.

    Returns
    -------
    found : bool
        True for a boundary.
    """
    if len(amounts) == 0:
        return False
    lowest = _lowest(amounts)
    width = max(lowest[-1] / 2, step)
    near = float((amounts < width if width else amounts <= 0).sum())
    next_to_it = float(((amounts >= width) & (amounts < 2 * width)).sum())
    if near * min(1.0, near / max(next_to_it, 1.0)) >= FEWEST_BEYOND:
        return True
    if len(lowest) < 2:
        return False
    tail = (lowest[-1] - lowest[0]) / np.log(len(lowest))
    return bool(lowest[0] > ROOM * tail)


def is_missed(amounts: np.ndarray, step: float) -> bool:
    """Whether the value one step below 0 is missed, rather than only unlikely."""
    at_it, next_to_it = ((np.rint(amounts / step) == k).sum() for k in (0, 1))
    return bool(at_it * min(1.0, at_it / max(next_to_it, 1)) >= FEWEST_BEYOND)


def lower_end(values: np.ndarray, step: float) -> float | None:
    """Find the number below which no values are to be expected.

    It is the smallest value, if so many rows have it that a tail would go on. Where
    values are dense and hardly repeat, it is a number just below the smallest one that
    is too round to be there by chance. What else ends, ends as tails do.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Numbers.
    step : float
        Spacing of their grid; 0 without a grid.

    Returns
    -------
    end : float or None
        None if there is no such number.
    """
    smallest = float(values.min())
    amounts = values - smallest
    if not is_boundary(amounts, step):
        return None
    if step and is_missed(amounts, step):
        return smallest
    lowest = _lowest(amounts)
    room = BEYOND_LAST * max(float(lowest[-1]), step) / len(lowest)
    if not room:
        return None
    least = room / ROUND_BY_CHANCE
    power = 10.0 ** np.ceil(np.log10(least))
    unit = power / 2 if power / 2 >= least else power
    end = float(np.floor(smallest / unit + 1e-9) * unit)
    return min(end, smallest) if end >= smallest - room else None


def _lowest(amounts: np.ndarray) -> np.ndarray:
    n_lowest = min(EDGE_ROWS, max(len(amounts) // 5, 2), len(amounts))
    return np.sort(np.partition(amounts, n_lowest - 1)[:n_lowest])
