"""How common classes are: raised before training, moved back in the probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

# Rare to common rows of the default sampler. Classes of equal size move a classifier
# further than its ranking gains, and its probabilities further than can be corrected.
DEFAULT_RATIOS = (0.3, 0.6, 1.0)


def raised_to(ratio: float, y: Any) -> dict[Any, int]:
    """Rows wanted of each class that has fewer than `ratio` of the most common one."""
    classes, counts = np.unique(y, return_counts=True)
    target = int(ratio * counts.max())
    return {
        label: target
        for label, count in zip(classes, counts, strict=True)
        if count < target
    }


def default_strategy(y: Any) -> dict[Any, int]:
    """Compute the default `sampling_strategy` of ``ResampledClassifier``.

    Every rare class is raised to 0.3 times the size of the most common class. If all
    classes are that common already, the ratio is 0.6, and if they are that common, too,
    it is 1. Pass the function itself as `sampling_strategy`.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class of each row.

    Returns
    -------
    wanted : dict
        Class -> number of rows wanted, real and synthetic together, of each class that
        has fewer.

    See Also
    --------
    ResampledClassifier : Train a classifier on rows that are resampled in this way.

    Examples
    --------
    >>> from gan_augment import GANOverSampler
    >>> from gan_augment.classification import default_strategy
    >>> wanted = default_strategy(["no"] * 90 + ["yes"] * 10)
    >>> {str(label): n_rows for label, n_rows in wanted.items()}
    {'yes': 27}
    >>> sampler = GANOverSampler(sampling_strategy=default_strategy)
    """
    wanted = (raised_to(ratio, y) for ratio in DEFAULT_RATIOS)
    return next(filter(None, wanted), {})


def shift_prior(
    probability: np.ndarray, learned: np.ndarray, real: np.ndarray
) -> np.ndarray:
    """Probabilities for classes that are as common as `real`, not as `learned`.

    Parameters
    ----------
    probability : ndarray of shape (n_samples, n_classes)
        As a classifier gives them.
    learned, real : ndarray of shape (n_classes,)
        Shares of the classes where it was trained, and where it is used.

    Returns
    -------
    shifted : ndarray of shape (n_samples, n_classes)
        ``probability * real / learned``, divided by the sum over classes.
    """
    # A class of weight 0 has no share in either.
    shift = np.divide(real, learned, where=learned > 0, out=np.zeros(len(learned)))
    shifted = probability * shift
    return shifted / shifted.sum(axis=1, keepdims=True)
