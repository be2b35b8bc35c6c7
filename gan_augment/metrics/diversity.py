"""How much synthetic rows differ from each other, compared with real rows."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist


def diversity_ratio(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Compute the mean distance between synthetic rows, divided by that of real rows.

    The ratio is 1 if synthetic rows are as diverse as real ones, and smaller after a
    mode collapse. For images as rows of pixels, it predicts harm to a classifier that
    distances of learned features do not show.

    Parameters
    ----------
    real : array-like of shape (n_real, n_features)
        Real rows, at least two.
    synthetic : array-like of shape (n_synthetic, n_features)
        Synthetic rows, at least two.

    Returns
    -------
    ratio : float
        At least 0. NaN if all real rows are equal, or a kind has one row.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.metrics import diversity_ratio
    >>> real, fresh = np.random.default_rng(0).normal(size=(2, 200, 5))
    >>> 0.9 < diversity_ratio(real, fresh) < 1.1
    True
    >>> round(diversity_ratio(real, real / 2), 2)
    0.5
    """
    if min(len(real), len(synthetic)) < 2 or not (apart := pdist(real).mean()):
        return float("nan")
    return float(pdist(synthetic).mean() / apart)
