"""Rows that must not be scored: synthetic ones, and tables resampled before a split.

Resampling before the split puts rows into the test fold that were made from training
rows. Scores then rise and mean nothing. :func:`find_leak` finds signs of this in a
table, and :func:`leak_guard` recognises the synthetic rows.
"""

from __future__ import annotations

import contextlib
import warnings
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from gan_augment.encoding.container import row_hashes, to_frame, to_rows
from gan_augment.encoding.labels import plain_label

# Hashes of the rows that over-samplers have made in the current `leak_guard` block.
_MADE: ContextVar[deque[np.ndarray] | None] = ContextVar("made", default=None)
MOST_CALLS = 64
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
    """Scores on these rows say nothing about new rows.

    Examples
    --------
    >>> import warnings
    >>> from gan_augment.over_sampling import LeakageWarning
    >>> warnings.filterwarnings("error", category=LeakageWarning)
    >>> warnings.filterwarnings("default", category=LeakageWarning)
    """


@contextlib.contextmanager
def leak_guard() -> Iterator[None]:
    """Warn if synthetic rows are scored or resampled again.

    Inside the ``with`` block, a hash of each row that
    :class:`~gan_augment.GANOverSampler` draws is stored. A warning is issued if such
    rows are resampled again or scored by a :class:`~gan_augment.ResampledClassifier`,
    and :func:`~gan_augment.compare` gives no verdict on them. The block holds for the
    current thread or task, and remembers the last 64 calls of ``fit_resample``.

    Warns
    -----
    LeakageWarning
        If synthetic rows are scored, or resampled again.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.datasets import make_classification
    >>> from gan_augment import GANOverSampler, TabularGAN
    >>> from gan_augment.over_sampling import leak_guard
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> sampler = GANOverSampler(TabularGAN(max_steps=10), random_state=0)
    >>> with leak_guard(), warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     _ = sampler.fit_resample(*sampler.fit_resample(X, y))
    >>> caught[0].category.__name__
    'LeakageWarning'
    """
    token = _MADE.set(deque(maxlen=MOST_CALLS))
    try:
        yield
    finally:
        _MADE.reset(token)


def remember(rows: Any) -> None:
    """Note synthetic rows, if a :func:`leak_guard` block encloses the call."""
    made = _MADE.get()
    if made is not None:
        made.append(row_hashes(rows))
        while sum(map(len, made)) > MOST_REMEMBERED and len(made) > 1:
            made.popleft()


def is_synthetic(X: Any) -> np.ndarray:
    """Which rows an over-sampler has made in the enclosing :func:`leak_guard` block.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.

    Returns
    -------
    mask : ndarray of shape (n_samples,), dtype=bool
        True for a row that a call of ``fit_resample`` has returned as synthetic, in the
        same dtypes, if more than 5 % of that call's are among the rows: single ones may
        be alike by chance. All False outside of such a block.
    """
    found = np.zeros(np.shape(X)[0], dtype=bool)
    remembered = _MADE.get()
    if remembered:
        hashes = _hashes(X)
        for made in tuple(remembered):
            if np.isin(made, hashes).mean() > CHANCE_SHARE:
                found |= np.isin(hashes, made)
    return found


def warn_of_synthetic_rows(X: Any, what: str) -> None:
    """Warn if rows, called `what`, hold synthetic ones."""
    found = is_synthetic(X)
    if len(found) and found.mean() > CHANCE_SHARE:
        warnings.warn(
            f"{what} hold {found.sum()} synthetic rows, so scores on them, or on folds "
            "of them, are too good. Split first, and resample the training rows only: "
            "put the over-sampler into an imblearn Pipeline, or use "
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
        None where nothing was found, which does not prove that there is nothing. A
        sparse matrix is not looked at.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.over_sampling import SMOTE
    >>> from gan_augment.over_sampling.leakage import find_leak
    >>> X = np.random.default_rng(0).normal(size=(200, 4))
    >>> y = np.arange(200) % 10 == 0
    >>> find_leak(X, y) is None
    True
    >>> find_leak(*SMOTE(random_state=0).fit_resample(X, y))[5:]
    'of the rows of class True lie exactly between two others, as SMOTE puts them'
    """
    if sparse.issparse(X):
        return None
    frame, y = to_frame(to_rows(X)), np.asarray(y)
    found = is_synthetic(frame)
    if found.mean() > CHANCE_SHARE:
        return f"{found.sum()} rows were drawn by a GANOverSampler"
    classes, counts = np.unique(y, return_counts=True)
    largest = counts == counts.max()
    # Over-sampling makes no class larger than the largest.
    suspects = classes[~largest] if largest.sum() == 1 else classes
    for label in suspects:
        of_class = frame[y == label]
        # A class may be coarser than others in a column; it is compared in the rest.
        n_columns = frame.shape[1]
        varying = [i for i in range(n_columns) if _varies(of_class.iloc[:, i])]
        varying = varying or [*range(n_columns)]  # all rows of the class are alike
        for share_of, how in (
            (_repeated, "are exact copies of others, as random over-sampling makes"),
            (_between, "lie exactly between two others, as SMOTE puts them"),
        ):
            share = share_of(of_class.iloc[:, varying])
            natural = min(
                share_of(frame[y == other].iloc[:, varying])
                for other in classes[largest]
            )
            if share > max(SUSPECT_SHARE, TIMES_THE_COMMON * natural):
                percent = f"{100 * share:.0f} %"
                return f"{percent} of the rows of class {plain_label(label)!r} {how}"
    return None


def _varies(column: pd.Series) -> bool:
    try:
        return column.nunique(dropna=False) > 1
    except TypeError:  # values without equality
        return True


def _hashes(X: Any) -> np.ndarray:
    try:
        return row_hashes(X)
    except TypeError:  # values that have no equality are never copies
        return np.arange(np.shape(X)[0], dtype=np.uint64)


def _repeated(frame: pd.DataFrame) -> float:
    return 1 - len(np.unique(_hashes(frame))) / len(frame)


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
