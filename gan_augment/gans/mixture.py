"""Gaussian mixtures of the classes, for the start of a generator of tables."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from gan_augment.seeding import draw_seed

# A Gaussian has its own covariance, for which it needs rows.
ROWS_PER_COLUMN = 10
FEWEST_ROWS = 100
MOST_COMPONENTS = 40
# Directions that the Gaussians of a wide table are found in.
MOST_DIRECTIONS = 16
# Rows of a class that they are found by.
MOST_ROWS = 10_000
# Keeps a Gaussian from narrowing onto few rows.
REGULARISATION = 1e-3
ITERATIONS = 50


def count_components(n_rows: int, n_columns: int) -> int:
    """How many Gaussians can be told apart in so many rows of a class.

    Parameters
    ----------
    n_rows : int
        Number of rows of the class.
    n_columns : int
        Width of an encoded row.

    Returns
    -------
    n_components : int
        Number of Gaussians, at least 1.

    Examples
    --------
    >>> from gan_augment.gans.mixture import count_components
    >>> count_components(5_000, 10), count_components(150, 10)
    (40, 1)
    """
    rows_of_one = max(FEWEST_ROWS, ROWS_PER_COLUMN * n_columns)
    return int(np.clip(n_rows // rows_of_one, 1, MOST_COMPONENTS))


def assign_components(
    encoded: np.ndarray,
    classes: np.ndarray,
    n_components: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Fit a mixture to the rows of each class, and draw the Gaussian of each row.

    A row's Gaussian is drawn by the posterior probabilities, so that the means and
    covariances of the rows drawn for a Gaussian are those of the mixture.

    Parameters
    ----------
    encoded : ndarray of shape (n_rows, n_columns)
        Encoded rows.
    classes : ndarray of shape (n_rows,)
        Class index of each row.
    n_components : int
        Most Gaussians of a class. A class with few rows has fewer.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    components : ndarray of shape (n_rows,)
        Index of each row's Gaussian within its class.
    """
    components = np.zeros(len(encoded), dtype=np.intp)
    if n_components == 1:
        return components
    n_directions = min(MOST_DIRECTIONS, *encoded.shape)
    pca = PCA(n_directions, random_state=draw_seed(rng))
    directions = pca.fit_transform(encoded)
    for label in np.unique(classes):
        rows = np.flatnonzero(classes == label)
        n_found = min(n_components, count_components(len(rows), encoded.shape[1]))
        if n_found == 1:
            continue
        mixture = GaussianMixture(
            n_found,
            reg_covar=REGULARISATION,
            max_iter=ITERATIONS,
            random_state=draw_seed(rng),
        )
        chosen = rng.permutation(rows)[:MOST_ROWS]
        with warnings.catch_warnings():
            # A start need not be exact.
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture.fit(directions[chosen])
        up_to = mixture.predict_proba(directions[rows]).cumsum(axis=1)
        components[rows] = (rng.random((len(rows), 1)) >= up_to[:, :-1]).sum(axis=1)
    return components
