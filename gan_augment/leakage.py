"""Rows that must not be scored: synthetic ones, and tables resampled before a split.

Resampling before the split puts rows into the test fold that were made from training
rows. Scores then rise and mean nothing. Where it can be known, it is said.
"""

from __future__ import annotations

import warnings
from collections import deque
from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from gan_augment.encoding.container import row_hashes, to_frame, to_rows

# Hashes of the rows that over-samplers of this process have made, newest last.
_MADE: deque[np.ndarray] = deque()
MOST_REMEMBERED = 2_000_000
# In a coarse table real rows may equal a synthetic one by chance: so many of the rows
# that one fit has made, or of the rows looked at.
CHANCE_SHARE = 0.05
# From this share on, rows are no coincidence.
SUSPECT_SHARE = 0.2
# A table may repeat rows, or lie on a grid, in all of its classes.
TIMES_THE_COMMON = 5
MOST_ROWS_LOOKED_AT = 500
N_NEIGHBORS = 10


class LeakageWarning(UserWarning):
    """Scores on these rows say nothing about rows that are to come."""


def remember(rows: Any) -> None:
    """Note synthetic rows, so that they are known when they are scored."""
    _MADE.append(row_hashes(to_frame(to_rows(rows))))
    while sum(map(len, _MADE)) > MOST_REMEMBERED and len(_MADE) > 1:
        _MADE.popleft()


def is_synthetic(X: Any) -> np.ndarray:
    """Which rows an over-sampler of this process has made.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.

    Returns
    -------
    mask : ndarray of shape (n_samples,), dtype=bool
        True for a row that a ``GANOverSampler`` has returned as synthetic.
    """
    return _made_here(_hashes(X))


def warn_of_synthetic_rows(X: Any, what: str) -> None:
    """Warn if rows, called `what`, hold synthetic ones."""
    found = is_synthetic(X)
    if found.mean() > CHANCE_SHARE:
        warnings.warn(
            f"{what} hold {found.sum()} synthetic rows, so scores on them, or on folds "
            "of them, are too good. Split first, and resample the training rows only: "
            "put the over-sampler into an imblearn Pipeline, or take "
            "ResampledClassifier.",
            LeakageWarning,
            stacklevel=3,
        )


def find_leak(X: Any, y: np.ndarray) -> str | None:
    """Say how a table shows that it was resampled before it came here.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Rows that are about to be split.
    y : ndarray of shape (n_samples,)
        Their classes.

    Returns
    -------
    evidence : str or None
        None where nothing was found, which does not prove that there is nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.over_sampling import SMOTE
    >>> from gan_augment.leakage import find_leak
    >>> X = np.random.default_rng(0).normal(size=(200, 4))
    >>> y = np.arange(200) % 10 == 0
    >>> find_leak(X, y) is None
    True
    >>> find_leak(*SMOTE(random_state=0).fit_resample(X, y))[5:]
    'of the rows of class True lie exactly between two others, as SMOTE puts them'
    """
    frame, y, hashes = to_frame(to_rows(X)), np.asarray(y), _hashes(X)
    found = _made_here(hashes)
    if found.mean() > CHANCE_SHARE:
        return f"{found.sum()} rows were made by a GANOverSampler in this process"
    classes, counts = np.unique(y, return_counts=True)
    members = [y == label for label in classes]
    for shares, how in (
        (
            [_repeated(hashes[of_class]) for of_class in members],
            "are exact copies of others, as random over-sampling makes them",
        ),
        (
            [_between(frame[of_class]) for of_class in members],
            "lie exactly between two others, as SMOTE puts them",
        ),
    ):
        # Over-sampling makes no class larger than the largest.
        alone_on_top = (counts == counts.max()) & ((counts == counts.max()).sum() == 1)
        suspect = int(np.where(alone_on_top, -1, shares).argmax())
        if shares[suspect] > max(SUSPECT_SHARE, TIMES_THE_COMMON * min(shares)):
            percent = f"{100 * shares[suspect]:.0f} %"
            return f"{percent} of the rows of class {classes.tolist()[suspect]!r} {how}"
    return None


def _hashes(X: Any) -> np.ndarray:
    try:
        return row_hashes(to_frame(to_rows(X)))
    except TypeError:  # values that have no equality are never copies
        return np.arange(len(to_frame(to_rows(X))), dtype=np.uint64)


def _made_here(hashes: np.ndarray) -> np.ndarray:
    found = np.zeros(len(hashes), dtype=bool)
    for made in _MADE:
        if np.isin(made, hashes).mean() > CHANCE_SHARE:
            found |= np.isin(hashes, made)
    return found


def _repeated(hashes: np.ndarray) -> float:
    return 1 - len(np.unique(hashes)) / len(hashes)


def _between(frame: pd.DataFrame) -> float:
    """Share of rows that are on the line between two of their nearest neighbours."""
    numbers = frame.select_dtypes("number").dropna(axis=1).to_numpy(dtype=np.float64)
    numbers = np.unique(numbers[np.isfinite(numbers).all(axis=1)], axis=0)
    varying = numbers[:, np.ptp(numbers, axis=0) > 0] if len(numbers) else numbers
    if len(varying) < 3 or varying.shape[1] < 2:
        return 0.0
    scaled = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    chosen = np.random.default_rng(0).permutation(len(scaled))[:MOST_ROWS_LOOKED_AT]
    n_neighbors = min(N_NEIGHBORS, len(scaled) - 1)
    nearest = NearestNeighbors(n_neighbors=n_neighbors).fit(scaled)
    _, neighbors = nearest.kneighbors(scaled[chosen])
    n_between = 0
    for row, around in zip(scaled[chosen], neighbors, strict=True):
        away = scaled[around] - row
        length = np.linalg.norm(away, axis=1)
        unit = away[length > 0] / length[length > 0, None]
        # Opposite directions, as exactly as floats of 32 bits have them.
        n_between += bool((unit @ unit.T < -1 + 1e-9).any())
    return n_between / len(chosen)
