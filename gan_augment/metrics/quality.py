"""All measures of synthetic rows at once, each beside the value of real rows."""

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
    membership_inference_auc,
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
    """Compute fidelity and privacy of synthetic rows of a class, beside real rows'.

    Parameters
    ----------
    train : {DataFrame, array-like} of shape (n_train, n_features)
        Real rows of the class that the generator has seen.
    holdout : {DataFrame, array-like} of shape (n_holdout, n_features)
        Real rows of the class that it has not seen.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows of the class. Of each kind at least 20 rows.
    max_rows : int, default=2000
        Most rows of each kind that are looked at.
    measures : mapping of str to callable, default=None
        Further measures of fidelity by name: ``measure(real, synthetic)`` gives a
        number.
    random_state : int, RandomState instance or None, default=None
        Which rows these are, and the folds and the forest of :func:`c2st`.

    Returns
    -------
    quality : DataFrame
        A row a measure. Column ``synthetic`` is the measure of the synthetic rows,
        ``real`` its floor: that of real rows in their place, as many of them. Fidelity
        compares with the hold-out, in which training rows stand in for synthetic ones;
        privacy asks about the training rows, with the hold-out in their place. Images
        have no marginals and no associations; of a wide table 30 columns are paired.

    Raises
    ------
    ValueError
        If there are too few rows, or the columns differ.

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
    quality["synthetic"] |= {
        "exact_copies": copies.exact,
        "near_copies": copies.near,
        "closest_record_ratio": closest_record_ratio(
            train, holdout, synthetic, random_state=seed
        ),
        "membership_inference_auc": membership_inference_auc(train, holdout, synthetic),
    }
    quality["real"] |= {
        "exact_copies": copies.exact_holdout,
        "near_copies": copies.near_holdout,
        "closest_record_ratio": 1.0,
        "membership_inference_auc": 0.5,
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
