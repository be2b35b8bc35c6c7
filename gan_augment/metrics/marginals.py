"""Measures of single columns and of pairs of columns."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats.contingency import crosstab

from gan_augment.metrics.columns import is_numeric, plain_frames


def marginal_distances(real: Any, synthetic: Any) -> pd.DataFrame:
    """Compute how far the distribution of each column is from the real one.

    For numbers, dates and durations this is the Kolmogorov-Smirnov statistic, the
    largest difference of the distribution functions; for all other columns it is the
    total variation, the share of rows that would have to change their level. Missing
    values are counted as a value below all others, or as a further level.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Real rows.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows, with the same columns.

    Returns
    -------
    distances : DataFrame
        One row for each column of the table: ``measure`` (``"KS"`` or ``"TV"``) and
        ``distance``, from 0 to 1.

    Raises
    ------
    ValueError
        If the columns differ, or a table has no rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.metrics import marginal_distances
    >>> real = pd.DataFrame({"age": [20, 30, 40, 50], "job": ["a", "a", "b", "b"]})
    >>> synthetic = pd.DataFrame({"age": [20, 30, 20, 30], "job": ["a", "b", "b", "b"]})
    >>> marginal_distances(real, synthetic)
        measure  distance
    age      KS      0.50
    job      TV      0.25
    """
    real, synthetic = plain_frames(real, synthetic)
    if min(len(real), len(synthetic)) == 0:
        raise ValueError(
            "`real` and `synthetic` must have at least one row each. Got "
            f"{len(real)} and {len(synthetic)}. Pass rows."
        )
    records = []
    for position in range(real.shape[1]):
        pair = real.iloc[:, position], synthetic.iloc[:, position]
        numeric = is_numeric(pair[0])
        distance = _kolmogorov_smirnov(*pair) if numeric else _total_variation(*pair)
        records.append(("KS" if numeric else "TV", distance))
    return pd.DataFrame(records, real.columns, ["measure", "distance"])


def _kolmogorov_smirnov(real: pd.Series, synthetic: pd.Series) -> float:
    values = [column.fillna(-np.inf).to_numpy() for column in (real, synthetic)]
    return float(stats.ks_2samp(*values, method="asymp").statistic)


def _total_variation(real: pd.Series, synthetic: pd.Series) -> float:
    shares = [
        column.value_counts(normalize=True, dropna=False)
        for column in (real, synthetic)
    ]
    return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def associations(X: Any) -> pd.DataFrame:
    """Compute how strongly each pair of columns of a mixed table is associated.

    The measure depends on the kinds of the two columns:

    - two numeric columns: Spearman's rank correlation, from -1 to 1;
    - a numeric and a categorical column: the correlation ratio of the ranks, from 0 to
      1, corrected by epsilon squared [1]_;
    - two categorical columns: Cramér's V, from 0 to 1, with Bergsma's correction [2]_.

    The corrections are for the number of levels: without them, columns of many levels
    and few rows always seem to be associated. Missing numbers are left out. Missing
    categories are a level of their own. A constant column is not associated with any
    other column.

    Parameters
    ----------
    X : {DataFrame, array-like} of shape (n_samples, n_features)
        Rows of the table.

    Returns
    -------
    matrix : DataFrame of shape (n_features, n_features)
        Association of each pair of columns. The matrix is symmetric, with 1 on the
        diagonal.

    See Also
    --------
    marginal_distances : Compute the distance of each column between two tables.

    References
    ----------
    .. [1] Kelley, "An unbiased correlation ratio measure", PNAS 21 (1935),
       doi:10.1073/pnas.21.9.554.
    .. [2] Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", Journal of
       the Korean Statistical Society 42 (2013), doi:10.1016/j.jkss.2012.10.002.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.metrics import associations
    >>> X = pd.DataFrame({"a": [1, 2, 3, 4], "b": [9, 7, 5, 1], "c": list("xxyy")})
    >>> associations(X).round(2)
          a     b     c
    a  1.00 -1.00  0.84
    b -1.00  1.00  0.84
    c  0.84  0.84  1.00
    """
    return _associations(plain_frames(X)[0])


def association_distance(real: Any, synthetic: Any) -> float:
    """Compute the mean absolute difference between real and synthetic associations.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Real rows.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows, with the same columns.

    Returns
    -------
    distance : float
        From 0 to 2; 0 for equal :func:`associations`, or a single column.

    Raises
    ------
    ValueError
        If the columns differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.metrics import association_distance
    >>> real = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 2, 3, 4]})
    >>> association_distance(real, real.assign(b=[4, 3, 2, 1]))
    2.0
    """
    matrices = [_associations(frame) for frame in plain_frames(real, synthetic)]
    difference = np.abs(matrices[0].to_numpy() - matrices[1].to_numpy())
    pairs = np.triu_indices(len(difference), k=1)
    return float(difference[pairs].mean()) if len(pairs[0]) else 0.0


def _associations(frame: pd.DataFrame) -> pd.DataFrame:
    columns = [_coded(frame.iloc[:, i]) for i in range(frame.shape[1])]
    matrix = np.eye(len(columns))
    for i, j in combinations(range(len(columns)), 2):
        matrix[i, j] = matrix[j, i] = _association(columns[i], columns[j])
    return pd.DataFrame(matrix, frame.columns, frame.columns)


def _coded(column: pd.Series) -> pd.Series:
    """Numbers as they are, levels as whole numbers."""
    if is_numeric(column):
        return column
    return pd.Series(pd.factorize(column, use_na_sentinel=False)[0])


def _association(one: pd.Series, other: pd.Series) -> float:
    if is_numeric(one) and is_numeric(other):
        return _rank_correlation(one, other)
    if is_numeric(one):
        return _correlation_ratio(one, other)
    if is_numeric(other):
        return _correlation_ratio(other, one)
    return _cramers_v(one, other)


def _rank_correlation(one: pd.Series, other: pd.Series) -> float:
    present = (one.notna() & other.notna()).to_numpy()
    ranks = [stats.rankdata(column[present]) for column in (one, other)]
    if not present.any() or min(map(np.ptp, ranks)) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _correlation_ratio(number: pd.Series, level: pd.Series) -> float:
    present = number.notna().to_numpy()
    ranks, codes = stats.rankdata(number[present]), level[present]
    n_rows, n_levels = len(ranks), codes.nunique()
    total = ((ranks - (n_rows + 1) / 2) ** 2).sum()
    if total == 0 or n_rows <= n_levels:
        return 0.0
    residual = ranks - pd.Series(ranks).groupby(codes.to_numpy()).transform("mean")
    unexplained = (residual**2).sum() / total * (n_rows - 1) / (n_rows - n_levels)
    return float(np.sqrt(max(1 - unexplained, 0.0)))


def _cramers_v(one: pd.Series, other: pd.Series) -> float:
    counts = crosstab(one, other).count
    n_rows = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n_rows
    shape = np.array(counts.shape)
    if shape.min() < 2 or n_rows < 2:
        return 0.0
    squared = ((counts - expected) ** 2 / expected).sum() / n_rows
    squared = max(squared - (shape - 1).prod() / (n_rows - 1), 0.0)
    levels = shape - (shape - 1) ** 2 / (n_rows - 1)
    return float(min(np.sqrt(squared / max(levels.min() - 1, 1e-12)), 1.0))
