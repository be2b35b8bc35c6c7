"""Combinations of levels that one real row alone has, and synthetic rows hold too."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.metrics.risk import AttackRisk, as_many, checked, risk_of
from gan_augment.seeding import RandomState, make_rng

# Combinations of columns that are looked at, and the most levels of a column.
N_COMBINATIONS, MOST_LEVELS = 60, 50


def rare_combinations_risk(
    train: Any, holdout: Any, synthetic: Any, *, random_state: RandomState = None
) -> AttackRisk:
    """Compute how often combinations of a single training row are in synthetic rows.

    A combination of the levels of three columns that exactly one real row has may
    identify a person. Synthetic rows contain some of these combinations by chance. If
    they do not depend on the training rows, they contain combinations of held-out rows
    as often as those of training rows.

    Parameters
    ----------
    train, holdout, synthetic : DataFrame of shape (n_rows, n_features)
        As in :func:`singling_out_risk`.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of up to 60 combinations of columns of at most 50 values.

    Returns
    -------
    risk : AttackRisk
        The risk with its interval. The baseline is the share in synthetic rows whose
        columns are shuffled. NaN if fewer than two columns have levels, or no
        combination is rare.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    See Also
    --------
    copy_rates : Compute the shares of synthetic rows that copy a training row.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import rare_combinations_risk
    >>> rows = np.random.default_rng(0).poisson(3, size=(3, 400, 5))
    >>> train, holdout, fresh = map(pd.DataFrame, rows)
    >>> rare_combinations_risk(train, holdout, fresh, random_state=0).low
    0.0
    >>> rare_combinations_risk(train, holdout, train, random_state=0).risk > 0.5
    True
    """
    rng = make_rng(random_state)
    train, holdout, synthetic = checked(train, holdout, synthetic)
    rows = [*as_many(train, holdout, rng), synthetic]
    joined = pd.concat(rows, ignore_index=True)
    ends = np.cumsum([len(part) for part in rows])[:-1]
    codes = [
        np.split(pd.factorize(joined.iloc[:, i], use_na_sentinel=False)[0], ends)
        for i in range(joined.shape[1])
        if joined.iloc[:, i].nunique(dropna=False) <= MOST_LEVELS
    ]
    # Rare combinations of each row, and those that synthetic or shuffled rows hold.
    n_real = len(rows[0])
    held, tried = np.zeros((3, n_real)), np.zeros((3, n_real))
    for chosen in _combinations(len(codes), rng):
        keys = [_keys([codes[column][k] for column in chosen]) for k in range(3)]
        mixed = _keys([rng.permutation(codes[column][2]) for column in chosen])
        for k, (own, other, made) in enumerate(
            ((0, 1, keys[2]), (1, 0, keys[2]), (0, 1, mixed))
        ):
            owners = _alone(keys[own], keys[other])
            held[k, owners] += np.isin(keys[own][owners], made)
            tried[k, owners] += 1
    n_owners = (tried > 0).sum(axis=1)
    return risk_of(
        (held / np.maximum(tried, 1)).sum(axis=1), n_owners, n_owners.tolist()
    )


def _keys(codes: list[np.ndarray]) -> np.ndarray:
    """One number for each combination of codes."""
    keys = np.zeros(len(codes[0]), dtype=np.int64)
    for own in codes:
        keys = keys * (MOST_LEVELS + 1) + own
    return keys


def _alone(keys: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Rows whose key no other row has, nor any of the others."""
    values, first, counts = np.unique(keys, return_index=True, return_counts=True)
    alone = (counts == 1) & ~np.isin(values, others)
    return first[alone]


def _combinations(n_columns: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Combinations of three columns, or of all if there are two."""
    if n_columns < 2:
        return []
    size = min(3, n_columns)
    if n_columns <= 10:
        found = list(combinations(range(n_columns), size))
        order = rng.permutation(len(found))[:N_COMBINATIONS]
        return [found[i] for i in order]
    return [
        tuple(sorted(rng.permutation(n_columns)[:size].tolist()))
        for _ in range(N_COMBINATIONS)
    ]
