"""Whether synthetic rows are distributed as real ones.

Rows are encoded: numbers of about unit scale and one-hot cells, for example by
:class:`~gan_augment.encoding.TableEncoder`. The real rows should be rows that the
generator has not seen: those that it has seen flatter a model that repeats them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils import check_array

from gan_augment.seeding import RandomState, draw_seed, make_rng


def c2st(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    classifier: ClassifierMixin | None = None,
    n_splits: int = 3,
    random_state: RandomState = None,
) -> float:
    """Classifier two-sample test: how well the two kinds of rows can be told apart.

    The ROC AUC of a cross-validated classifier of real against synthetic rows [1]_, on
    as many rows of each kind. 0.5 is a perfect generator, 1 one whose rows are always
    recognised. With few rows it varies: compare it with the value of two real samples.

    Parameters
    ----------
    real : array-like of shape (n_real, n_features)
        Encoded real rows.
    synthetic : array-like of shape (n_synthetic, n_features)
        Encoded synthetic rows.
    classifier : classifier, default=None
        Has ``predict_proba``. None takes a RandomForestClassifier.
    n_splits : int, default=3
        Number of folds; each kind must have that many rows.
    random_state : int, RandomState instance or None, default=None
        Source of the folds, of the choice of rows, and of the forest.

    Returns
    -------
    auc : float
        At about 0.5 the rows cannot be told apart.

    Raises
    ------
    ValueError
        If a kind has fewer than `n_splits` rows, or the widths differ.

    References
    ----------
    .. [1] Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017,
       arXiv:1610.06545. The AUC replaces their accuracy: it needs no threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.evaluation import c2st
    >>> rng = np.random.default_rng(0)
    >>> same = c2st(rng.normal(size=(99, 2)), rng.normal(size=(99, 2)), random_state=0)
    >>> shifted = c2st(
    ...     rng.normal(size=(99, 2)), rng.normal(2, size=(99, 2)), random_state=0
    ... )
    >>> same < 0.65 < 0.9 < shifted
    True
    """
    real, synthetic = _checked(real, synthetic)
    n_rows = min(len(real), len(synthetic))
    if n_rows < n_splits:
        raise ValueError(
            f"`real` and `synthetic` must have at least {n_splits} rows each. Got "
            f"{len(real)} and {len(synthetic)}. Draw more, or lower `n_splits`."
        )
    rng = make_rng(random_state)
    rows = np.concatenate(
        [kind[rng.permutation(len(kind))[:n_rows]] for kind in (real, synthetic)]
    )
    is_synthetic = np.repeat([0, 1], n_rows)
    if classifier is None:
        classifier = RandomForestClassifier(random_state=draw_seed(rng))
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=draw_seed(rng))
    probability = cross_val_predict(
        clone(classifier), rows, is_synthetic, cv=folds, method="predict_proba"
    )
    return float(roc_auc_score(is_synthetic, probability[:, 1]))


class DensityCoverage(NamedTuple):
    """What :func:`density_coverage` returns."""

    density: float
    coverage: float


def density_coverage(
    real: np.ndarray, synthetic: np.ndarray, *, n_neighbors: int = 5
) -> DensityCoverage:
    """Density and coverage of synthetic rows around real ones [1]_.

    Each real row has a ball that reaches its `n_neighbors`-th nearest real row.
    *Density* is how many balls a synthetic row lies in, as a share of `n_neighbors`:
    about 1 when both kinds are distributed alike, below 1 when rows lie off the data.
    *Coverage* is the share of the balls that hold a synthetic row: for as many rows of
    both kinds, many of them, and equal distributions it is 1 - 0.5**`n_neighbors`, and
    with more synthetic rows more.

    Parameters
    ----------
    real : array-like of shape (n_real, n_features)
        Encoded real rows, more than `n_neighbors`.
    synthetic : array-like of shape (n_synthetic, n_features)
        Encoded synthetic rows.
    n_neighbors : int, default=5
        Which neighbour sets the radius.

    Returns
    -------
    density : float
        From 0 on; above 1 when synthetic rows crowd where real ones are dense.
    coverage : float
        From 0 to 1.

    Raises
    ------
    ValueError
        If there are too few real rows, or the widths differ.

    References
    ----------
    .. [1] Naeem et al., "Reliable fidelity and diversity metrics for generative
       models", ICML 2020, arXiv:2002.09797.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.evaluation import density_coverage
    >>> real = np.random.default_rng(0).normal(size=(200, 2))
    >>> density_coverage(real, real).coverage
    1.0
    >>> density_coverage(real, real + 100).coverage
    0.0
    """
    real, synthetic = _checked(real, synthetic)
    if n_neighbors < 1:
        raise ValueError(f"`n_neighbors` must be at least 1. Got {n_neighbors}.")
    if len(real) <= n_neighbors:
        raise ValueError(
            f"`real` must have more than {n_neighbors} rows, the neighbours of each. "
            f"Got {len(real)}. Pass more, or lower `n_neighbors`."
        )
    # A row is its own nearest neighbour. Distances are computed in one way throughout,
    # so that a row at the radius is inside.
    radius = np.concatenate(
        [
            np.partition(cdist(chunk, real), n_neighbors, axis=1)[:, n_neighbors]
            for chunk in np.array_split(real, max(1, len(real) // 1000))
        ]
    )
    n_balls = 0
    covered = np.zeros(len(real), dtype=bool)
    for chunk in np.array_split(synthetic, max(1, len(synthetic) // 1000)):
        inside = cdist(chunk, real) <= radius
        n_balls += int(inside.sum())
        covered |= inside.any(axis=0)
    return DensityCoverage(
        n_balls / (n_neighbors * len(synthetic)), float(covered.mean())
    )


def _checked(real: np.ndarray, synthetic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    real, synthetic = (
        check_array(rows, dtype=np.float64) for rows in (real, synthetic)
    )
    if real.shape[1] != synthetic.shape[1]:
        raise ValueError(
            "`real` and `synthetic` must have the same columns. Got "
            f"{real.shape[1]} and {synthetic.shape[1]}."
        )
    return real, synthetic
