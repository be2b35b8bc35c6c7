"""Usual measures of synthetic images, each beside its floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.utils import check_consistent_length, column_or_1d

from gan_augment.encoding.pictures import pictures_to_array
from gan_augment.images.classifier import ImageClassifier
from gan_augment.metrics import frechet_distance, kernel_distance, prdc
from gan_augment.seeding import RandomState, make_rng, seeded

# Each class is cut in four: two quarters train the network, one is what images are
# compared with, and one is compared with it in place of the synthetic images.
N_PARTS = 4
FEWEST_IMAGES = 8
MAX_IMAGES = 4000
# Images -> features.
Features = Callable[[Any], np.ndarray]


def image_quality(
    X: Any,
    y: Any,
    synthetic: Any,
    y_synthetic: Any,
    *,
    features: Features | None = None,
    classifier: Any = None,
    max_images: int = MAX_IMAGES,
    random_state: RandomState = None,
) -> pd.DataFrame:
    """Compute FID, KID, precision, recall and label accuracy of synthetic images.

    The floor of a measure is its value for real images in place of the synthetic ones.
    A classifier is trained on half of the real images of each class. Synthetic images
    are then compared with a quarter of the real images, on features of this
    classifier, so nothing is downloaded. The last quarter gives the floor. The same
    number of images of each class is used everywhere.

    Parameters
    ----------
    X : array-like of shape (n, h, w), (n, h, w, c) or (n, c, h, w), or PIL images
        Real images, with at least 8 of each class of `y_synthetic`.
    y : array-like of shape (n,)
        Their classes.
    synthetic : array-like of shape (n_synthetic, ...)
        Synthetic images in the layout of `X`.
    y_synthetic : array-like of shape (n_synthetic,)
        The classes that they were made for.
    features : callable, default=None
        Function that takes images as they are in `X` and returns an array of shape (n,
        n_features), such as the features of an Inception network from torchvision or
        timm, with which FID and KID are comparable with published figures. If None, use
        the features of `classifier`, or those of
        :class:`~gan_augment.images.ImageClassifier` if `classifier` has no
        ``transform``.
    classifier : classifier, default=None
        Classifier of images that measures the label accuracy. If None, use
        :class:`~gan_augment.images.ImageClassifier`.
    max_images : int, default=4000
        Largest number of real, and of synthetic, images that are used. Of more images,
        a random choice is used.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of images, and of the classifier.

    Returns
    -------
    quality : DataFrame
        One row for each measure, with the columns ``synthetic`` and ``real``, the
        floor:

        - ``fid`` [1]_ and ``kid`` [2]_, distances between the distributions of
          features, 0 for the same distribution; the floor of ``kid`` is about 0;
        - ``precision``, the share of images that lie among real ones, and ``recall``,
          the share of real images that lie among them [3]_;
        - ``density`` and ``coverage``, as in :func:`~gan_augment.metrics.prdc`;
        - ``label_accuracy``, the share of images whose class the classifier predicts
          correctly;
        - ``novelty``, the median distance in pixels to the nearest real image of the
          class that the classifier was trained on, divided by that of unseen real
          images. It is 0 for copies.

    Raises
    ------
    ValueError
        If a class has too few images.

    See Also
    --------
    gan_augment.metrics.frechet_distance : The distance behind FID.
    gan_augment.metrics.kernel_distance : The distance behind KID.
    gan_augment.metrics.prdc : Precision, recall, density and coverage.

    References
    ----------
    .. [1] Heusel et al., "GANs trained by a two time-scale update rule converge to a
       local Nash equilibrium", NeurIPS 2017, arXiv:1706.08500.
    .. [2] Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401.
    .. [3] Kynkäänniemi et al., "Improved precision and recall metric for assessing
       generative models", NeurIPS 2019, arXiv:1904.06991.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from gan_augment.images import ImageClassifier, image_quality
    >>> digits = load_digits()
    >>> real, other_real = digits.images[:900], digits.images[900:]
    >>> quality = image_quality(
    ...     real,
    ...     digits.target[:900],
    ...     other_real,
    ...     digits.target[900:],
    ...     classifier=ImageClassifier(max_steps=100),
    ...     random_state=0,
    ... )
    >>> quality.loc["label_accuracy"].gt(0.6).all().item()
    True
    """
    X, synthetic = (np.asarray(pictures_to_array(each)) for each in (X, synthetic))
    y, y_synthetic = column_or_1d(y), column_or_1d(y_synthetic)
    check_consistent_length(X, y)
    check_consistent_length(synthetic, y_synthetic)
    rng = make_rng(random_state)
    X, y = _chosen(X, y, max_images, rng)
    synthetic, y_synthetic = _chosen(synthetic, y_synthetic, max_images, rng)
    labels = np.unique(y_synthetic)
    counts = {label.item(): int((y == label).sum()) for label in labels}
    if min(counts.values(), default=0) < FEWEST_IMAGES:
        raise ValueError(
            f"`X` must have at least {FEWEST_IMAGES} images of each class of "
            f"`y_synthetic`. Got {counts}. Leave the smaller classes out."
        )
    parts = _by_part(y, rng)
    training = np.flatnonzero(parts < N_PARTS // 2)
    compared, replaced = (
        np.flatnonzero(parts == part) for part in range(N_PARTS // 2, N_PARTS)
    )
    judge = ImageClassifier() if classifier is None else clone(classifier)
    judge = seeded(judge, rng).fit(X[training], y[training])
    if features is None:
        features = judge.transform if hasattr(judge, "transform") else None
    if features is None:
        own = seeded(ImageClassifier(), rng).fit(X[training], y[training])
        features = own.transform
    rows: dict[str, list[np.ndarray]] = {"reference": [], "synthetic": [], "real": []}
    for label in labels:
        of_class = [
            rng.permutation(part)
            for part in (
                compared[y[compared] == label],
                np.flatnonzero(y_synthetic == label),
                replaced[y[replaced] == label],
            )
        ]
        n_images = min(map(len, of_class))
        for kind, part in zip(rows, of_class, strict=True):
            rows[kind].append(part[:n_images])
    chosen = {kind: np.concatenate(of_kind) for kind, of_kind in rows.items()}
    known = X[training], y[training]
    reference = np.asarray(features(X[chosen["reference"]]))
    kinds = {
        "synthetic": (synthetic[chosen["synthetic"]], y_synthetic[chosen["synthetic"]]),
        "real": (X[chosen["real"]], y[chosen["real"]]),
    }
    apart = {kind: _nearest(*known, *images) for kind, images in kinds.items()}
    quality = {
        kind: _compare(reference, np.asarray(features(images)))
        | {
            "label_accuracy": float((judge.predict(images) == labels_of).mean()),
            "novelty": apart[kind] / apart["real"] if apart["real"] else np.nan,
        }
        for kind, (images, labels_of) in kinds.items()
    }
    return pd.DataFrame(quality)


def _chosen(
    X: np.ndarray, y: np.ndarray, most: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """At most so many images and their labels, in a random order."""
    order = rng.permutation(len(X))[:most]
    return X[order], y[order]


def _by_part(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which part each image is in; every class is cut into parts of the same size."""
    parts = np.empty(len(y), dtype=int)
    for label in np.unique(y):
        of_class = np.flatnonzero(y == label)
        parts[rng.permutation(of_class)] = np.arange(len(of_class)) % N_PARTS
    return parts


def _compare(real: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Measures of features."""
    return {
        "fid": frechet_distance(real, other),
        "kid": kernel_distance(real, other),
        **prdc(real, other, n_neighbors=min(5, len(real) - 1))._asdict(),
    }


def _nearest(
    known: np.ndarray, labels: np.ndarray, images: np.ndarray, y: np.ndarray
) -> float:
    """Median distance in pixels to the nearest known image of the class."""
    known, images = (
        part.reshape(len(part), -1).astype(np.float64) for part in (known, images)
    )
    distances = [
        cdist(images[y == label], known[labels == label]).min(axis=1)
        for label in np.unique(y)
    ]
    return float(np.median(np.concatenate(distances)))
