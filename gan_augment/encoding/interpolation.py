"""Search and interpolation of very many numbers among a few knots, as NumPy does them.

NumPy searches for each number by halving, some ten steps whose outcome no processor can
guess. On a regular grid over the knots the number itself says where to look.
"""

from __future__ import annotations

import numpy as np

# Cells of the grid for each knot: of knots that are evenly spread none has two.
CELLS_PER_KNOT = 8


def search(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """``np.searchsorted(knots, values, side="right")``.

    Of many more values than knots it takes a quarter of the time, or as much where
    nearly all knots lie close together.

    Parameters
    ----------
    values : ndarray
        Numbers, in any shape; where one is NaN the result means nothing.
    knots : ndarray of shape (n_knots,)
        Finite, ascending, no two the same.

    Returns
    -------
    found : ndarray of the shape of `values`, dtype=intp
        How many knots are not beyond each value.
    """
    values, knots = np.asarray(values, np.float64), np.asarray(knots, np.float64)
    n_cells = CELLS_PER_KNOT * len(knots)
    if len(knots) < 2 or values.size < n_cells:
        return np.searchsorted(knots, values, side="right")
    scale = n_cells / (knots[-1] - knots[0])

    def cells_of(numbers: np.ndarray) -> np.ndarray:
        cells = numbers - knots[0]
        cells *= scale
        np.fmax(cells, 0, out=cells)
        return np.fmin(cells, n_cells - 1, out=cells).astype(np.intp)

    # The same rounding for both, so a value in a later cell than a knot's is beyond it.
    cells, knot_cells = cells_of(values), cells_of(knots)
    found = np.searchsorted(knot_cells, np.arange(n_cells))[cells]
    found += values >= np.append(knots, np.inf)[found]
    crowded = (np.bincount(knot_cells, minlength=n_cells) > 1)[cells]
    found[crowded] = np.searchsorted(knots, values[crowded], side="right")
    return found


def interpolate(values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``np.interp(values, x, y)``, of many more values than knots in half of its time.

    Parameters
    ----------
    values : ndarray
        Numbers, in any shape.
    x, y : ndarray of shape (n_knots,)
        Finite knots, `x` ascending. Several of one `x` between the outermost are a
        jump from the first to the last, whose value is the last's.

    Returns
    -------
    interpolated : ndarray of the shape of `values`, dtype=float64
        Beyond the knots it is the value of the outermost one.
    """
    if values.size < CELLS_PER_KNOT * len(x):
        return np.interp(values, x, y)
    values, x, y = (np.asarray(each, np.float64) for each in (values, x, y))
    # Between two knots of its own height a knot says nothing.
    flat = (y[1:-1] == y[:-2]) & (y[1:-1] == y[2:])
    told = np.concatenate([[True], ~flat, [True]])[: len(x)]
    knots, first, count = np.unique(x[told], return_index=True, return_counts=True)
    before, after = y[told][first], y[told][first + count - 1]
    slopes = np.append((before[1:] - after[:-1]) / np.diff(knots), 0.0)
    left = np.maximum(search(values, knots) - 1, 0)
    interpolated = np.clip(values, knots[0], knots[-1]) - knots[left]
    interpolated *= slopes[left]
    interpolated += after[left]
    return interpolated
