"""Whether synthetic rows give away rows that the generator has seen."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_array

from gan_augment.seeding import RandomState, make_rng


def closest_record_ratio(
    train: np.ndarray,
    holdout: np.ndarray,
    synthetic: np.ndarray,
    *,
    random_state: RandomState = None,
) -> float:
    """How much nearer synthetic rows lie to training rows than to unseen real rows.

    The median distance of a synthetic row to its closest training row, divided by that
    to its closest hold-out row, with as many rows in both sets (distance to closest
    record, DCR [1]_). A generator that has learned the distribution and no rows has 1;
    0 is a copier.

    Parameters
    ----------
    train : array-like of shape (n_train, n_features)
        Encoded real rows that the generator has seen.
    holdout : array-like of shape (n_holdout, n_features)
        Encoded real rows of the same class that it has not seen.
    synthetic : array-like of shape (n_synthetic, n_features)
        Encoded synthetic rows.
    random_state : int, RandomState instance or None, default=None
        Which rows of the larger set are left out.

    Returns
    -------
    ratio : float
        1 where memory plays no part; it may exceed 1 by chance. If synthetic rows lie
        on rows of the hold-out it is infinite, and NaN if on rows of both sets.

    Raises
    ------
    ValueError
        If a set is empty, or the widths differ.

    References
    ----------
    .. [1] Platzer and Reutterer, "Holdout-based empirical assessment of mixed-type
       synthetic data", Frontiers in Big Data 2021, arXiv:2104.00635.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.evaluation import closest_record_ratio
    >>> rng = np.random.default_rng(0)
    >>> train, holdout, fresh = rng.normal(size=(3, 500, 2))
    >>> 0.8 < closest_record_ratio(train, holdout, fresh, random_state=0) < 1.2
    True
    >>> closest_record_ratio(train, holdout, train)
    0.0
    """
    train, holdout, synthetic = (
        check_array(rows, dtype=np.float64) for rows in (train, holdout, synthetic)
    )
    if not train.shape[1] == holdout.shape[1] == synthetic.shape[1]:
        raise ValueError(
            "`train`, `holdout` and `synthetic` must have the same columns. Got "
            f"{train.shape[1]}, {holdout.shape[1]} and {synthetic.shape[1]}."
        )
    rng = make_rng(random_state)
    n_rows = min(len(train), len(holdout))
    distances = []
    for rows in (train, holdout):
        chosen = rows[rng.permutation(len(rows))[:n_rows]]
        nearest = NearestNeighbors(n_neighbors=1).fit(chosen).kneighbors(synthetic)[0]
        distances.append(float(np.median(nearest)))
    to_train, to_holdout = distances
    return to_train / to_holdout if to_holdout else np.nan if not to_train else np.inf
