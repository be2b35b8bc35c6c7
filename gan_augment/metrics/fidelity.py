"""Measures of whether synthetic rows are distributed as real rows.

The real rows should be rows that the generator was not trained on: training rows favour
a generator that repeats them. Compare every figure with its floor, the same measure of
other real rows: ``c2st(real, other_real)`` beside ``c2st(real, synthetic)``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import linalg
from scipy.spatial.distance import cdist
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from gan_augment.metrics.columns import as_matrices
from gan_augment.seeding import RandomState, draw_seed, make_rng, seeded

# Rows whose distances to all others are held at once.
CHUNK = 1000


def c2st(
    real: Any,
    synthetic: Any,
    *,
    classifier: ClassifierMixin | None = None,
    n_splits: int = 3,
    random_state: RandomState = None,
) -> float:
    """Compute how well a classifier distinguishes synthetic rows from real ones.

    The classifier two-sample test [1]_ is the ROC AUC of a cross-validated classifier
    of real against synthetic rows, on as many rows of each kind. It is 0.5 for a
    perfect generator, and 1 if all synthetic rows are distinguished from the real ones.
    With few rows it varies, and may be below 0.5: compare it with its floor, the value
    of two real samples.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Real rows. Frames are encoded by :func:`encode_rows`, arrays are used as they
        are, images as rows of pixels.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows.
    classifier : classifier, default=None
        Classifier that has ``predict_proba``. If None, use a RandomForestClassifier.
    n_splits : int, default=3
        Number of folds. Each kind must have at least this many rows.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds, of the choice of rows, and of a classifier that has none.

    Returns
    -------
    auc : float
        About 0.5 if synthetic rows cannot be distinguished from real ones.

    Raises
    ------
    ValueError
        If a kind has fewer than `n_splits` rows, or the columns differ.

    See Also
    --------
    prdc : Compute precision, recall, density and coverage.
    row_quality : Compute measures of fidelity and privacy together.

    References
    ----------
    .. [1] Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017,
       arXiv:1610.06545. The AUC replaces their accuracy: it needs no threshold.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import c2st
    >>> real, other_real, fake = np.random.default_rng(0).normal(size=(3, 99, 2))
    >>> floor = c2st(real, other_real, random_state=0)
    >>> floor < 0.65 < 0.9 < c2st(real, fake + 2, random_state=0)
    True
    """
    real, synthetic = as_matrices(real=real, synthetic=synthetic)
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
    classifier = RandomForestClassifier() if classifier is None else clone(classifier)
    seeded(classifier, rng)
    folds = StratifiedKFold(n_splits, shuffle=True, random_state=draw_seed(rng))
    probability = cross_val_predict(
        classifier, rows, is_synthetic, cv=folds, method="predict_proba"
    )
    return float(roc_auc_score(is_synthetic, probability[:, 1]))


class PRDC(NamedTuple):
    """What :func:`prdc` returns."""

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: Any, synthetic: Any, *, n_neighbors: int = 5) -> PRDC:
    """Compute precision, recall, density and coverage of synthetic rows.

    Each row is the centre of a ball that reaches the `n_neighbors`-th nearest row of
    its own kind.
    *Precision* is the share of the synthetic rows that lie in a real ball, *recall* the
    share of the real rows that lie in a synthetic ball [1]_. *Density* is the mean
    number of real balls that a synthetic row lies in, divided by `n_neighbors`; one
    outlier with a large ball does not inflate it. *Coverage* is the share of the real
    balls that hold a synthetic row [2]_.

    If both kinds have the same distribution, density is about 1. If there are also many
    rows, as many of each kind, coverage is about 1 - 0.5**`n_neighbors`; it is larger
    with more synthetic rows.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Real rows, more than `n_neighbors`. Frames are encoded by :func:`encode_rows`,
        arrays are used as they are, images as rows of pixels.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows, more than `n_neighbors`.
    n_neighbors : int, default=5
        Rank of the neighbour whose distance is the radius of a ball.

    Returns
    -------
    precision, recall, coverage : float
        Shares, from 0 to 1.
    density : float
        At least 0. It exceeds 1 if synthetic rows are concentrated where real rows are
        dense.

    Raises
    ------
    ValueError
        If a kind has at most `n_neighbors` rows, `n_neighbors` is below 1, or the
        columns differ.

    See Also
    --------
    c2st : Compute how well a classifier distinguishes synthetic rows from real ones.
    row_quality : Compute measures of fidelity and privacy together.

    References
    ----------
    .. [1] Kynkäänniemi et al., "Improved precision and recall metric for assessing
       generative models", NeurIPS 2019, arXiv:1904.06991.
    .. [2] Naeem et al., "Reliable fidelity and diversity metrics for generative
       models", ICML 2020, arXiv:2002.09797.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import prdc
    >>> real = np.random.default_rng(0).normal(size=(200, 2))
    >>> prdc(real, real).coverage
    1.0
    >>> prdc(real, real + 100)
    PRDC(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    real, synthetic = as_matrices(real=real, synthetic=synthetic)
    if n_neighbors < 1:
        raise ValueError(
            f"`n_neighbors` must be at least 1. Got {n_neighbors}. Raise it."
        )
    if min(len(real), len(synthetic)) <= n_neighbors:
        raise ValueError(
            f"`real` and `synthetic` must have more than {n_neighbors} rows, the "
            f"neighbours of each. Got {len(real)} and {len(synthetic)}. Pass more, or "
            "lower `n_neighbors`."
        )
    real_radius = _radii(real, n_neighbors)
    synthetic_radius = _radii(synthetic, n_neighbors)
    n_balls = np.zeros(len(synthetic))
    covered = np.zeros(len(real), dtype=bool)
    recalled = np.zeros(len(real), dtype=bool)
    for chunk in _chunks(len(synthetic)):
        distance = cdist(synthetic[chunk], real)
        inside = distance <= real_radius
        n_balls[chunk] = inside.sum(axis=1)
        covered |= inside.any(axis=0)
        recalled |= (distance <= synthetic_radius[chunk, None]).any(axis=0)
    return PRDC(
        precision=float((n_balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(n_balls.mean() / n_neighbors),
        coverage=float(covered.mean()),
    )


def _radii(rows: np.ndarray, n_neighbors: int) -> np.ndarray:
    """Distance of each row to its nearest others; the first of them is itself.

    As all distances here, by ``cdist``, so that a row at the radius is inside.
    """
    return np.concatenate(
        [
            np.partition(cdist(rows[chunk], rows), n_neighbors, axis=1)[:, n_neighbors]
            for chunk in _chunks(len(rows))
        ]
    )


def _chunks(n_rows: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, n_rows, CHUNK)]


def frechet_distance(real: Any, synthetic: Any) -> float:
    """Compute the Fréchet distance between two samples, each as a normal distribution.

    The distance is ``|m - n|² + trace(S + T - 2 (S T)^½)`` with the means ``m``, ``n``
    and the covariances ``S``, ``T``. On features of images from an Inception network
    this is the FID [1]_; you can pass features of any extractor. It rewards copies and
    falls with more rows, so compare it with its floor.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Features of real rows, at least 2 rows.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Features of synthetic rows, at least 2.

    Returns
    -------
    distance : float
        The squared distance, 0 for equal means and covariances.

    Raises
    ------
    ValueError
        If there are fewer than 2 rows, or the columns differ.

    References
    ----------
    .. [1] Heusel et al., "GANs trained by a two time-scale update rule converge to a
       local Nash equilibrium", NeurIPS 2017, arXiv:1706.08500.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import frechet_distance
    >>> features = np.random.default_rng(0).normal(size=(50, 4))
    >>> round(frechet_distance(features, features + 3), 6)
    36.0
    """
    real, synthetic = _at_least_two(real, synthetic)
    shift = real.mean(axis=0) - synthetic.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(rows.T)) for rows in (real, synthetic)]
    # The trace of (S T)^½ is the sum of the singular values of S^½ T^½.
    left, right = (_square_root(covariance) for covariance in covariances)
    overlap = linalg.svdvals(left @ right).sum()
    spread = sum(np.trace(covariance) for covariance in covariances)
    return float(max(shift @ shift + spread - 2 * overlap, 0.0))


def _square_root(covariance: np.ndarray) -> np.ndarray:
    """Symmetric root of a matrix that is positive up to rounding."""
    values, vectors = linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def kernel_distance(real: Any, synthetic: Any) -> float:
    """Compute the squared maximum mean discrepancy with the cubic kernel.

    This is the unbiased estimate for the kernel ``(x · y / n_features + 1)³``. On
    features of images this is the KID [1]_. Unlike the Fréchet distance, it does not
    assume a normal distribution, and its mean does not depend on the number of rows.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Features of real rows, at least 2 rows.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Features of synthetic rows, at least 2.

    Returns
    -------
    distance : float
        About 0 for equal distributions; it may be below 0 by chance.

    Raises
    ------
    ValueError
        If there are fewer than 2 rows, or the columns differ.

    References
    ----------
    .. [1] Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import kernel_distance
    >>> real, synthetic = np.random.default_rng(0).normal(size=(2, 200, 4))
    >>> abs(kernel_distance(real, synthetic)) < 0.1 < kernel_distance(real, real + 1)
    True
    """
    real, synthetic = _at_least_two(real, synthetic)
    return float(
        _mean_of_pairs(real)
        + _mean_of_pairs(synthetic)
        - 2 * polynomial_kernel(real, synthetic).mean()
    )


def _mean_of_pairs(rows: np.ndarray) -> float:
    """Mean kernel of two different rows."""
    kernel = polynomial_kernel(rows)
    n_rows = len(rows)
    return float((kernel.sum() - np.trace(kernel)) / (n_rows * (n_rows - 1)))


def _at_least_two(real: Any, synthetic: Any) -> list[np.ndarray]:
    matrices = as_matrices(real=real, synthetic=synthetic)
    if min(map(len, matrices)) < 2:
        raise ValueError(
            "`real` and `synthetic` must have at least 2 rows each. Got "
            f"{len(matrices[0])} and {len(matrices[1])}. Pass more rows."
        )
    return matrices
