"""Mix images of a GAN with label-preserving copies, unless the GAN does harm."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from gan_augment.encoding import ImageEncoder
from gan_augment.encoding.container import stack_rows, to_rows
from gan_augment.encoding.labels import plain_label
from gan_augment.encoding.marginals import Marginals
from gan_augment.encoding.rows import RealRows
from gan_augment.gans.base import Synthesizer
from gan_augment.metrics import c2st, diversity_ratio
from gan_augment.over_sampling.image_changes import (
    MOST_IMAGES,
    RandomAffine,
    apply_change,
    find_changes,
)
from gan_augment.over_sampling.refinement import Refinement
from gan_augment.seeding import RandomState, make_rng

# With fewer real images of a class the GAN's share is halved, with one it is none.
FEW_IMAGES = 10
# Copies of a class that its blur is learned from, at least.
FEWEST_COPIED = 256
# Images of a class that are judged, at most, and the fewest that say anything.
N_JUDGED = 100
FEWEST_JUDGED = 12
# Common classes whose images are judged for those that are too rare to be.
N_COMMON = 2
# measure -> where it begins to lower the GAN's share, and where nothing is left of it.
LIMITS: Mapping[str, tuple[float, float]] = {
    "c2st": (0.97, 1.0),
    "diversity": (0.7, 0.4),
    "novelty": (0.4, 0.1),
}


class ImageMixture(Refinement, BaseEstimator):
    """Mix images that a GAN draws with label-preserving copies of real ones.

    Both together make better training images than either alone. Copies that are rotated
    or scaled are blurred, and a classifier could distinguish them by that. Their pixels
    are therefore mapped to the distribution of the real pixels of their class.

    A GAN can also do harm: if only images of rare classes are synthetic, a classifier
    can learn the class from anything that distinguishes synthetic images from real
    ones. The images of the GAN are therefore measured first:

    - *c2st*: the AUC of a random forest on pixels that distinguishes them from real
      images, for the most common classes, which have enough images;
    - *diversity*: their mean distance from each other, divided by that of real images;
    - *novelty*: their distance to the nearest real image of the class, divided by that
      of real images to their nearest neighbour. It is 0 if they are copies.

    The worst of the three measures lowers the share of the GAN, to 0 if necessary. The
    share is halved for a class of fewer than 10 images, and is 0 for a class of one
    image. If the share is lowered, a warning gives the reason.

    Parameters
    ----------
    mix : float, default=0.5
        Share of the synthetic images that the GAN draws, from 0 to 1.
    augment : {"auto"} or callable, default=None
        Function that changes images without changing their class:

        - None shifts images by at most 5 % of a side, and does not mirror or rotate
          them;
        - ``"auto"`` tries larger shifts, rotations, changes of size and mirror images.
          It keeps those after which a classifier still recognises the class of held-out
          real images; see :func:`~gan_augment.over_sampling.find_changes`. With fewer
          than 80 images it is the same as None;
        - a function ``augment(images, rng)`` takes real images, float32 of shape
          (n, channels, h, w) in [-1, 1], and a :class:`numpy.random.Generator`, and
          returns as many changed images, such as
          ``RandomAffine(0.07, rotation=15, scale=0.1)``;
        - a function of one argument takes one image, a float32 tensor of shape
          (channels, h, w) in [0, 1], as the transforms of ``torchvision.transforms.v2``
          do.

    guard : bool, default=True
        Whether the measures of the GAN's images may lower its share.
    random_state : int, RandomState instance or None, default=None
        Seed of the random choices in fit.

    Attributes
    ----------
    augment_ : callable
        The function that changes images. ``print(mixture.augment_)`` says in words
        which changes ``"auto"`` found.
    augment_report_ : dict
        With ``"auto"``: change in words -> accuracy on held-out images that are changed
        so, the largest loss of recall of a class, and whether it is kept.
    marginals_ : dict
        Class -> map from the pixels of copies to those of real images.
    share_ : dict
        Class -> share of images that the GAN draws.
    report_ : dict
        Class -> number of real images, measures of the GAN and its share.

    See Also
    --------
    GANOverSampler : Over-sample the rare classes; the mixture is its `mixture`.
    ImageGAN : Class-conditional GAN for images.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from gan_augment import GANOverSampler, ImageGAN, ImageMixture
    >>> digits = load_digits()
    >>> sampler = GANOverSampler(
    ...     ImageGAN(max_steps=2),
    ...     mixture=ImageMixture(0.25, guard=False),
    ...     random_state=0,
    ... )
    >>> images, labels = sampler.fit_resample(digits.images, digits.target == 3)
    >>> sampler.mixture_.share_
    {True: 0.25}
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "mix": [Interval(Real, 0, 1, closed="both")],
        "augment": [StrOptions({"auto"}), callable, None],
        "guard": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        mix: float = 0.5,
        *,
        augment: Literal["auto"] | Callable[..., Any] | None = None,
        guard: bool = True,
        random_state: RandomState = None,
    ) -> None:
        self.mix = mix
        self.augment = augment
        self.guard = guard
        self.random_state = random_state

    def fit(self, X: Any, y: np.ndarray, gan: Synthesizer, labels: list[Any]) -> Self:
        """Keep the real images of the classes, and measure those of the GAN.

        Parameters
        ----------
        X : array-like
            Real images as :class:`~gan_augment.encoding.ImageEncoder` takes them.
        y : ndarray of shape (n_samples,)
            Their classes.
        gan : estimator
            Fitted; has ``sample(n_samples, label=..., random_state=...)``.
        labels : list
            Classes that images will be drawn of.

        Returns
        -------
        self : ImageMixture
            The fitted mixture.
        """
        X = RealRows.of(X).X
        self._validate_params()
        rng = make_rng(self.random_state)
        self.gan_ = gan
        self.encoder_ = ImageEncoder(getattr(gan, "image_shape", None)).fit(X)
        codes = self.encoder_.quantize(X)
        self.codes_ = {label: codes[y == label] for label in labels}
        self.augment_, self.augment_report_ = self._choose_changes(codes, y, rng)
        self.marginals_ = {
            label: self._learn_blur(of_class, rng)
            for label, of_class in self.codes_.items()
        }
        judged = self.guard and self.mix > 0
        tell = self._judge_common(codes, y, rng) if judged else {}
        self.share_, self.report_ = {}, {}
        for label, of_class in self.codes_.items():
            measures, n_real = dict(tell), len(of_class)
            if judged and n_real > 1:
                drawn = self._drawn(label, N_JUDGED, rng)
                measures |= _judge(self._encoded(of_class), drawn)
            share = self.mix * _trust(measures) * _confidence(n_real)
            key = plain_label(label)
            self.share_[key] = share
            self.report_[key] = {"n_real": n_real, **measures, "share": share}
        self._warn()
        return self

    def n_draws(self, n_rows: int, label: Any) -> int:
        """Compute how many images the GAN draws."""
        check_is_fitted(self, "share_")
        return round(self.share_[label] * n_rows)

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Add copies of real images of the class to the images of the GAN.

        Parameters
        ----------
        X : {ndarray, DataFrame, sparse matrix} of shape (n_drawn, ...)
            Images of the GAN.
        label : object
            Their class; one of `labels` in fit.
        n_rows : int
            Number of images wanted.
        rng : Generator
            Source of the draw.

        Returns
        -------
        X : {ndarray, DataFrame, sparse matrix} of shape (n_rows, ...)
            Images in the form of those in fit: first those of the GAN, then copies.
        """
        n_copies = n_rows - np.shape(X)[0]
        if not n_copies:
            return X
        codes = self.codes_[label]
        # Every real image is copied as often as any other.
        turns = np.arange(n_copies) % len(codes)
        real = self._encoded(codes[rng.permutation(len(codes))[turns]])
        only_class = np.zeros(len(real), dtype=np.intp)
        encoded = self.marginals_[label].match(self._augmented(real, rng), only_class)
        return stack_rows([X, self.encoder_.inverse_transform(encoded)])

    def _choose_changes(
        self, codes: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> tuple[Callable[..., Any], dict[str, dict[str, float]]]:
        """The function that changes images, and what was tried to find it."""
        if self.augment is None:
            return RandomAffine(), {}
        if callable(self.augment):
            return self.augment, {}
        chosen = rng.permutation(len(codes))[:MOST_IMAGES]
        return find_changes(self._encoded(codes[chosen]), y[chosen], rng)

    def _learn_blur(self, codes: np.ndarray, rng: np.random.Generator) -> Marginals:
        """What undoes the effect of copying on the pixels of a class."""
        turns = np.arange(max(len(codes), FEWEST_COPIED)) % len(codes)
        real = self._encoded(codes[turns])
        return Marginals.of([self._augmented(real, rng)], [real])

    def _augmented(self, real: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.encoder_.freeze(apply_change(self.augment_, real, rng))

    def _encoded(self, codes: np.ndarray) -> np.ndarray:
        return self.encoder_.dequantize(codes)

    def _drawn(self, label: Any, n_images: int, rng: np.random.Generator) -> np.ndarray:
        """Encoded images of the GAN."""
        images, _ = self.gan_.sample(n_images, label=label, random_state=rng)
        return self.encoder_.transform(images)

    def _judge_common(
        self, codes: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> dict[str, float]:
        """How well the GAN's images of the most common classes can be told."""
        labels, counts = np.unique(y, return_counts=True)
        values = []
        for position in np.argsort(-counts, kind="stable")[:N_COMMON]:
            if counts[position] < FEWEST_JUDGED:
                break
            of_class = rng.permutation(np.flatnonzero(y == labels[position]))
            real = self._encoded(codes[of_class[:N_JUDGED]])
            drawn = self._drawn(labels[position], len(real), rng)
            values.append(c2st(to_rows(real), to_rows(drawn), random_state=rng))
        return {"c2st": float(np.mean(values))} if values else {}

    def _warn(self) -> None:
        lowered = {
            label: report
            for label, report in self.report_.items()
            if report["share"] < self.mix
        }
        if lowered:
            reasons = "; ".join(
                f"{label!r}: "
                + ", ".join(f"{name} {value:.3g}" for name, value in report.items())
                for label, report in lowered.items()
            )
            warnings.warn(
                "The GAN draws fewer images than `mix` asks for, and copies of real "
                "images replace the others, because the class has few real images or "
                f"those of the GAN would do harm. By class: {reasons}; see `report_`.",
                UserWarning,
                stacklevel=2,
            )


def _judge(real: np.ndarray, drawn: np.ndarray) -> dict[str, float]:
    """Diversity and novelty of encoded images of one class."""
    real, drawn = to_rows(real[:N_JUDGED]), to_rows(drawn)
    diversity = diversity_ratio(real, drawn)
    nearest = np.median(np.sort(cdist(real, real), axis=1)[:, 1])
    if np.isnan(diversity) or not nearest:
        return {}  # all images are alike, or come twice: no scale to judge by
    novelty = np.median(cdist(drawn, real).min(axis=1)) / nearest
    return {"diversity": diversity, "novelty": float(novelty)}


def _trust(measures: Mapping[str, float]) -> float:
    """1 where every measure is within its limit, 0 where one is beyond all doubt."""
    shares = []
    for name, value in measures.items():
        enough, nothing = LIMITS[name]
        shares.append((value - nothing) / (enough - nothing))
    return max(0.0, min(1.0, *shares)) if shares else 1.0


def _confidence(n_real: int) -> float:
    """What the number of real images leaves of the GAN's share."""
    if n_real == 1:
        return 0.0
    return 0.5 if n_real < FEW_IMAGES else 1.0
