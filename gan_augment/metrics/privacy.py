"""Measures of whether synthetic rows reveal training rows.

Every measure compares with hold-out rows, real rows that the generator was not trained
on, which show how near rows are to each other anyway. Good figures are no proof of
privacy: they only show no leak of the kinds that are measured.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from gan_augment.encoding.identifiers import find_identifiers
from gan_augment.metrics.columns import as_matrices, plain_frames
from gan_augment.metrics.risk import Z
from gan_augment.seeding import RandomState, make_rng


def closest_distances(records: Any, rows: Any) -> np.ndarray:
    """Compute the distance from each row to the closest record.

    Parameters
    ----------
    records : {DataFrame, array-like} of shape (n_records, n_features)
        Candidates for the closest record. Frames are encoded by :func:`encode_rows`,
        arrays are used as they are, images as rows of pixels.
    rows : {DataFrame, array-like} of shape (n_rows, n_features)
        Rows whose distances are computed.

    Returns
    -------
    distances : ndarray of shape (n_rows,)
        Euclidean distances.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    Examples
    --------
    >>> from gan_augment.metrics import closest_distances
    >>> closest_distances([[0.0], [5.0]], [[1.0], [5.0]])
    array([1., 0.])
    """
    records, rows = as_matrices(records=records, rows=rows)
    # Not by a product of matrices, so that equal rows have the distance 0 exactly.
    neighbors = NearestNeighbors(n_neighbors=1, algorithm="kd_tree").fit(records)
    return neighbors.kneighbors(rows)[0].ravel()


class CopyRates(NamedTuple):
    """What :func:`copy_rates` returns."""

    exact: float
    near: float
    exact_holdout: float
    near_holdout: float


def copy_rates(
    train: Any, holdout: Any, synthetic: Any, *, quantile: float = 0.05
) -> CopyRates:
    """Compute the shares of synthetic rows that copy a training row, exactly or nearly.

    A row is a near copy if its distance to the closest training row is at most the
    `quantile` of these distances of the hold-out rows. If synthetic rows do not depend
    on the training rows, about this share of them are near copies. A much larger share
    means that the generator has memorised training rows.

    Parameters
    ----------
    train : {DataFrame, array-like} of shape (n_train, n_features)
        Real rows that the generator was trained on. Frames are encoded by
        :func:`encode_rows`, arrays are used as they are, images as rows of pixels.
    holdout : {DataFrame, array-like} of shape (n_holdout, n_features)
        Real rows of the same class that the generator was not trained on.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows.
    quantile : float, default=0.05
        Share of the hold-out rows that count as near copies, from 0 to 1. It sets the
        largest distance of a near copy.

    Returns
    -------
    exact, near : float
        Shares of the synthetic rows that are exact and near copies.
    exact_holdout, near_holdout : float
        The same shares of the hold-out rows, to compare with, since real rows may
        repeat too.

    Raises
    ------
    ValueError
        If a set is empty, the columns differ, or `quantile` is not from 0 to 1.

    See Also
    --------
    closest_record_ratio : Compare distances to training and to hold-out rows.
    membership_inference_auc : Compute how well an attacker infers membership.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import copy_rates
    >>> train, holdout, fresh = np.random.default_rng(0).normal(size=(3, 500, 2))
    >>> copy_rates(train, holdout, fresh).near < 0.1
    True
    >>> copy_rates(train, holdout, train)
    CopyRates(exact=1.0, near=1.0, exact_holdout=0.0, near_holdout=0.05)
    """
    if not 0 <= quantile <= 1:
        raise ValueError(
            f"`quantile` must be from 0 to 1. Got {quantile}. Pass a share, such as "
            "0.05."
        )
    kinds = {"train": train, "holdout": holdout, "synthetic": synthetic}
    matrices = as_matrices(**kinds)
    of_synthetic = closest_distances(matrices[0], matrices[2])
    of_holdout = closest_distances(matrices[0], matrices[1])
    near = np.quantile(of_holdout, quantile)
    if all(isinstance(rows, pd.DataFrame) for rows in kinds.values()):
        # Encoded, two rows may differ in nothing but levels that share a cell.
        copied_holdout, copied = _copies(*plain_frames(*kinds.values()))
    else:
        copied_holdout, copied = of_holdout == 0, of_synthetic == 0
    return CopyRates(
        exact=float(copied.mean()),
        near=float((of_synthetic <= near).mean()),
        exact_holdout=float(copied_holdout.mean()),
        near_holdout=float((of_holdout <= near).mean()),
    )


def _copies(train: pd.DataFrame, *others: pd.DataFrame) -> list[np.ndarray]:
    """Which rows of the other frames equal a row of the first."""
    hashes = [
        pd.util.hash_pandas_object(frame, index=False) for frame in (train, *others)
    ]
    return [hashed.isin(hashes[0]).to_numpy() for hashed in hashes[1:]]


def closest_record_ratio(
    train: Any, holdout: Any, synthetic: Any, *, random_state: RandomState = None
) -> float:
    """Compare the distances of synthetic rows to training rows and to unseen real rows.

    The ratio is the median distance of a synthetic row to its closest training row,
    divided by that to its closest hold-out row, with as many rows in both sets
    (distance to closest record, DCR [1]_). It is about 1 if the generator has learned
    the distribution and memorised no rows, and 0 if it copies training rows.

    Parameters
    ----------
    train : {DataFrame, array-like} of shape (n_train, n_features)
        Real rows that the generator was trained on. Frames are encoded by
        :func:`encode_rows`, arrays are used as they are, images as rows of pixels.
    holdout : {DataFrame, array-like} of shape (n_holdout, n_features)
        Real rows of the same class that the generator was not trained on.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of the rows of the larger set that are left out.

    Returns
    -------
    ratio : float
        About 1 if no training rows are memorised; it may exceed 1 by chance. Infinite
        if synthetic rows equal hold-out rows, and NaN if they equal rows of both sets.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    See Also
    --------
    copy_rates : Compute the shares of synthetic rows that copy a training row.
    membership_inference_auc : Compute how well an attacker infers membership.

    References
    ----------
    .. [1] Platzer and Reutterer, "Holdout-based empirical assessment of mixed-type
       synthetic data", Frontiers in Big Data 2021, arXiv:2104.00635.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import closest_record_ratio
    >>> rng = np.random.default_rng(0)
    >>> train, holdout, fresh = rng.normal(size=(3, 500, 2))
    >>> 0.8 < closest_record_ratio(train, holdout, fresh, random_state=0) < 1.2
    True
    >>> closest_record_ratio(train, holdout, train)
    0.0
    """
    train, holdout, synthetic = as_matrices(
        train=train, holdout=holdout, synthetic=synthetic
    )
    rng = make_rng(random_state)
    n_rows = min(len(train), len(holdout))
    to_train, to_holdout = (
        float(
            np.median(
                closest_distances(rows[rng.permutation(len(rows))[:n_rows]], synthetic)
            )
        )
        for rows in (train, holdout)
    )
    return to_train / to_holdout if to_holdout else np.nan if not to_train else np.inf


class MembershipInference(NamedTuple):
    """What :func:`membership_inference` returns.

    Parameters
    ----------
    auc : float
        ROC AUC of the attack; 0.5 if it succeeds by chance alone.
    low, high : float
        Ends of its 95 % interval, which is wide if few rows are compared.

    Examples
    --------
    >>> from gan_augment.metrics import MembershipInference
    >>> found = MembershipInference(auc=0.62, low=0.46, high=0.78)
    >>> found.low > 0.5  # is it more than chance?
    False
    """

    auc: float
    low: float
    high: float


def membership_inference(
    train: Any, holdout: Any, synthetic: Any
) -> MembershipInference:
    """Compute how well an attacker infers membership, with an interval.

    Parameters
    ----------
    train, holdout, synthetic : {DataFrame, array-like} of shape (n_rows, n_features)
        As in :func:`membership_inference_auc`.

    Returns
    -------
    found : MembershipInference
        The AUC of the attack, and the ends of its 95 % interval after Hanley and McNeil
        [1]_.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    See Also
    --------
    membership_inference_auc : Compute the AUC alone.

    References
    ----------
    .. [1] Hanley and McNeil, "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 1982, 143(1), 29-36.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import membership_inference
    >>> train, holdout, fresh = np.random.default_rng(0).normal(size=(3, 25, 2))
    >>> found = membership_inference(train, holdout, fresh)
    >>> found.low < 0.5 < found.high
    True
    """
    auc = membership_inference_auc(train, holdout, synthetic)
    error = Z * _auc_error(auc, len(train), len(holdout))
    return MembershipInference(auc, max(auc - error, 0.0), min(auc + error, 1.0))


def _auc_error(auc: float, n_positive: int, n_negative: int) -> float:
    """Standard error of an AUC, after Hanley and McNeil."""
    of_positive = (n_positive - 1) * (auc / (2 - auc) - auc**2)
    of_negative = (n_negative - 1) * (2 * auc**2 / (1 + auc) - auc**2)
    variance = auc * (1 - auc) + of_positive + of_negative
    return float(np.sqrt(max(variance, 0.0) / (n_positive * n_negative)))


def membership_inference_auc(train: Any, holdout: Any, synthetic: Any) -> float:
    """Compute how well an attacker infers membership in the training data.

    The attacker knows the synthetic rows alone. The nearer a real row is to a synthetic
    row, the more likely the attacker considers it a member of the training data [1]_.
    The result is the ROC AUC of this score for training rows against hold-out rows.

    Parameters
    ----------
    train : {DataFrame, array-like} of shape (n_train, n_features)
        Real rows that the generator was trained on. Frames are encoded by
        :func:`encode_rows`, arrays are used as they are, images as rows of pixels.
    holdout : {DataFrame, array-like} of shape (n_holdout, n_features)
        Real rows of the same class that the generator was not trained on.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows.

    Returns
    -------
    auc : float
        0.5 if the attacker cannot distinguish training rows from hold-out rows, 1 if
        every training row is recognised as a member.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    See Also
    --------
    membership_inference : Compute the AUC with its interval.
    copy_rates : Compute the shares of synthetic rows that copy a training row.
    closest_record_ratio : Compare distances to training and to hold-out rows.

    References
    ----------
    .. [1] Chen et al., "GAN-Leaks: a taxonomy of membership inference attacks against
       generative models", CCS 2020, arXiv:1909.03935, the full black-box attack.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import membership_inference_auc
    >>> train, holdout, fresh = np.random.default_rng(0).normal(size=(3, 500, 2))
    >>> 0.4 < membership_inference_auc(train, holdout, fresh) < 0.6
    True
    >>> membership_inference_auc(train, holdout, train)
    1.0
    """
    train, holdout, synthetic = as_matrices(
        train=train, holdout=holdout, synthetic=synthetic
    )
    distances = closest_distances(synthetic, np.concatenate([train, holdout]))
    is_member = np.repeat([1, 0], [len(train), len(holdout)])
    return float(roc_auc_score(is_member, -distances))


def reused_identifiers(real: Any, synthetic: Any) -> pd.Series:
    """Compute the share of synthetic rows that hold an identifier of a real row.

    An identifier, such as a customer or a phone number, must not repeat the value of a
    real row, because it identifies a real person.

    Parameters
    ----------
    real : DataFrame of shape (n_real, n_features)
        Real rows, in which the identifiers are found.
    synthetic : DataFrame of shape (n_synthetic, n_features)
        Synthetic rows.

    Returns
    -------
    shares : Series of shape (n_identifiers,)
        For each identifier, the share of its values in the synthetic rows that a real
        row has; 0 if the synthetic rows do not have the column. Empty if there are no
        identifiers.

    See Also
    --------
    gan_augment.check_table : Find identifiers and other problems of a table.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.metrics import reused_identifiers
    >>> real = pd.DataFrame({"id": [f"C{i:03d}" for i in range(100)], "age": 30})
    >>> synthetic = pd.DataFrame({"id": ["C007", "C812"], "age": 31})
    >>> reused_identifiers(real, synthetic)
    id    0.5
    Name: reused, dtype: float64
    """
    frames = [pd.DataFrame(rows) for rows in (real, synthetic)]
    shares = {}
    for name in find_identifiers(frames[0]):
        values = frames[1][name].dropna() if name in frames[1] else pd.Series()
        found = values.isin(frames[0][name])
        shares[name] = float(found.mean()) if len(found) else 0.0
    return pd.Series(shares, name="reused", dtype=np.float64)
