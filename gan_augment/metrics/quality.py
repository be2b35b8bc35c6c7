"""Compute all measures of synthetic rows at once, each beside its floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing

from gan_augment.metrics.fidelity import c2st, prdc
from gan_augment.metrics.marginals import association_distance, marginal_distances
from gan_augment.metrics.privacy import (
    closest_record_ratio,
    copy_rates,
    membership_inference,
)
from gan_augment.seeding import RandomState, draw_seed, make_rng

# Fewer rows say nothing about a distribution.
FEWEST_ROWS = 20
MAX_ROWS = 2000
# Pairs of columns grow with the square.
MOST_PAIRED_COLUMNS = 30
# Real rows, synthetic rows -> a number.
Measure = Callable[[Any, Any], float]


def row_quality(
    train: Any,
    holdout: Any,
    synthetic: Any,
    *,
    max_rows: int = MAX_ROWS,
    measures: Mapping[str, Measure] | None = None,
    random_state: RandomState = None,
) -> pd.DataFrame:
    """Compute fidelity and privacy of the synthetic rows of a class, with floors.

    The floor of a measure is its value for real rows in place of the synthetic ones.

    Parameters
    ----------
    train : {DataFrame, array-like} of shape (n_train, n_features)
        Real rows of the class that the generator was trained on, at least 20.
    holdout : {DataFrame, array-like} of shape (n_holdout, n_features)
        Real rows of the class that the generator was not trained on, at least 20.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows of the class, at least 20.
    max_rows : int, default=2000
        Largest number of rows of each kind that are used. Of more rows, a random choice
        is used.
    measures : mapping of str to callable, default=None
        Further measures of fidelity: name -> function ``measure(real, synthetic)`` that
        returns a number. If None, there are no further measures.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of rows, and of the folds and the forest of :func:`c2st`.

    Returns
    -------
    quality : DataFrame
        One row for each measure. The column ``synthetic`` is the measure of the
        synthetic rows. The column ``real`` is its floor, the measure of as many real
        rows in their place. Measures of fidelity compare rows with the hold-out rows;
        for their floor, training rows replace the synthetic ones. Measures of privacy
        compare rows with the training rows; for their floor, hold-out rows replace the
        synthetic ones. Images have no marginals and no associations. In a wide table,
        associations are measured between 30 columns.

    Raises
    ------
    ValueError
        If a kind has fewer than 20 rows, or the columns differ.

    See Also
    --------
    c2st : Compute how well a classifier distinguishes synthetic rows from real ones.
    copy_rates : Compute the shares of synthetic rows that copy a training row.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import row_quality
    >>> train, holdout, synthetic = np.random.default_rng(0).normal(size=(3, 200, 2))
    >>> quality = row_quality(train, holdout, synthetic, random_state=0)
    >>> quality.loc["exact_copies"].tolist()
    [0.0, 0.0]
    >>> bool(abs(quality.loc["c2st", "synthetic"] - 0.5) < 0.15)
    True
    """
    sizes = [len(rows) for rows in (train, holdout, synthetic)]
    if min(sizes) < FEWEST_ROWS:
        raise ValueError(
            f"`train`, `holdout` and `synthetic` must have at least {FEWEST_ROWS} rows "
            f"each. Got {sizes[0]}, {sizes[1]} and {sizes[2]}."
        )
    rng = make_rng(random_state)
    train, holdout, synthetic = (
        _safe_indexing(rows, rng.permutation(len(rows))[:max_rows])
        for rows in (train, holdout, synthetic)
    )
    seed, columns = draw_seed(rng), _chosen_columns(train, rng)
    # Coverage, and the floor of all the others, depend on the number of rows.
    n_rows = min(*sizes, max_rows)
    unseen = holdout[:n_rows]
    quality = {
        name: _fidelity(unseen, rows[:n_rows], columns, seed)
        | {
            own: float(measure(unseen, rows[:n_rows]))
            for own, measure in (measures or {}).items()
        }
        for name, rows in (("synthetic", synthetic), ("real", train))
    }
    copies = copy_rates(train, holdout, synthetic)
    known = membership_inference(train, holdout, synthetic)
    quality["synthetic"] |= {
        "exact_copies": copies.exact,
        "near_copies": copies.near,
        "closest_record_ratio": closest_record_ratio(
            train, holdout, synthetic, random_state=seed
        ),
        "membership_inference_auc": known.auc,
        "membership_inference_low": known.low,
    }
    quality["real"] |= {
        "exact_copies": copies.exact_holdout,
        "near_copies": copies.near_holdout,
        "closest_record_ratio": 1.0,
        "membership_inference_auc": 0.5,
        "membership_inference_low": 0.5,
    }
    return pd.DataFrame(quality)


def _fidelity(
    real: Any, synthetic: Any, columns: np.ndarray, seed: int
) -> dict[str, float]:
    measures = {"c2st": c2st(real, synthetic, random_state=seed)}
    measures |= prdc(real, synthetic)._asdict()
    if len(columns):
        distances = marginal_distances(real, synthetic)["distance"]
        pair = (_safe_indexing(rows, columns, axis=1) for rows in (real, synthetic))
        measures["marginal_distance"] = float(distances.mean())
        measures["association_distance"] = association_distance(*pair)
    return measures


def _chosen_columns(rows: Any, rng: np.random.Generator) -> np.ndarray:
    """Columns whose pairs are looked at: a part of a wide table, none of an image."""
    if len(np.shape(rows)) > 2:
        return np.array([], dtype=int)
    n_columns = np.shape(rows)[1]
    return np.sort(rng.permutation(n_columns)[:MOST_PAIRED_COLUMNS])
