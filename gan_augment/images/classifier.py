"""A small convolutional network that classifies images, as an estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted
from torch.nn import functional as F

from gan_augment.encoding import ImageEncoder
from gan_augment.networks.image_classifier import ImageClassifierNetwork
from gan_augment.networks.weights import load_weights, weights_of
from gan_augment.seeding import RandomState, make_rng, make_torch_generator
from gan_augment.threads import one_thread
from gan_augment.training.optimizers import Learner

# The learning rate rises to its maximum in this share of the steps, then falls to zero.
WARM_UP = 0.2
CHUNK = 256


class ImageClassifier(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Small convolutional network that classifies images.

    It is trained for a fixed number of steps, in seconds on one CPU core. Its 64 last
    hidden units are the features of an image (:meth:`transform`), on which
    :func:`image_quality` computes distances. It serves as a measure, and is not the
    best classifier for your images.

    Parameters
    ----------
    image_shape : sequence of int, default=None
        Shape of one image, if images are rows of numbers; as in
        :class:`~gan_augment.encoding.ImageEncoder`.
    max_steps : int, default=600
        Number of training steps.
    batch_size : int, default=64
        Number of images in a batch.
    learning_rate : float, default=2e-3
        Largest learning rate. It rises in the first fifth of the training, and then
        falls linearly to zero.
    random_state : int, RandomState instance or None, default=None
        Seed of the weights and of the batches.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    encoder_ : ImageEncoder
        The fitted encoder.
    weights_ : dict of str to ndarray
        Weights of the network.
    scale_ : float
        Standard deviation of the features of the training images, by which features
        are divided.

    See Also
    --------
    image_quality : Measure synthetic images on features of this network.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from gan_augment.images import ImageClassifier
    >>> digits = load_digits()
    >>> classifier = ImageClassifier(max_steps=100, random_state=0)
    >>> classifier = classifier.fit(digits.images[:1200], digits.target[:1200])
    >>> classifier.score(digits.images[1200:], digits.target[1200:]) > 0.7
    True
    >>> classifier.transform(digits.images[:5]).shape
    (5, 64)
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "image_shape": ["array-like", None],
        "max_steps": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    classes_: np.ndarray
    encoder_: ImageEncoder
    weights_: dict[str, np.ndarray]
    scale_: float

    def __init__(
        self,
        *,
        image_shape: Sequence[int] | None = None,
        max_steps: int = 600,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        random_state: RandomState = None,
    ) -> None:
        self.image_shape = image_shape
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train on images.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, c, h, w)
            Images.
        y : array-like of shape (n,)
            Their classes.

        Returns
        -------
        self : ImageClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If X holds no images, or y has fewer than two classes.
        """
        self._validate_params()
        self.encoder_ = ImageEncoder(self.image_shape).fit(X)
        codes = self.encoder_.quantize(X)
        y = column_or_1d(y)
        check_consistent_length(codes, y)
        self.classes_, classes = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(
                "`y` must have at least two classes. Got 1, "
                f"{self.classes_.tolist()[0]!r}."
            )
        rng = make_rng(self.random_state)
        network = self._make_network(make_torch_generator(rng))
        learner = Learner(network, optimizer="adam", learning_rate=self.learning_rate)
        wanted = torch.from_numpy(classes)
        with one_thread("cpu"):
            for step in range(self.max_steps):
                chosen = rng.integers(len(codes), size=self.batch_size)
                images = torch.from_numpy(self.encoder_.dequantize(codes[chosen]))
                loss = F.cross_entropy(network(images), wanted[chosen])
                done = (step + 0.5) / self.max_steps
                factor = min(done / WARM_UP, (1 - done) / (1 - WARM_UP))
                learner.minimise(loss, factor)
        self.weights_ = weights_of(network)
        self.scale_ = 1.0
        self.scale_ = float(self.transform(X).std(axis=0).mean()) or 1.0
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Compute features of images.

        Parameters
        ----------
        X : array-like
            Images as in fit.

        Returns
        -------
        features : ndarray of shape (n, 64)
            Values of the last hidden units, with a mean standard deviation of 1 over
            the training images.
        """
        check_is_fitted(self, "weights_")
        return self._run(X, "features") / self.scale_

    def predict_proba(self, X: Any) -> np.ndarray:
        """Compute the probability of each class.

        Parameters
        ----------
        X : array-like
            Images as in fit.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self, "weights_")
        logits = self._run(X, "forward")
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of each image.

        Parameters
        ----------
        X : array-like
            Images as in fit.

        Returns
        -------
        y : ndarray of shape (n,)
            The most probable classes.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _make_network(self, rng: torch.Generator) -> ImageClassifierNetwork:
        return ImageClassifierNetwork(
            n_classes=len(self.classes_),
            image_shape=self.encoder_.image_shape_,
            rng=rng,
        )

    def _run(self, X: Any, method: str) -> np.ndarray:
        """Output of a method of the network, as float64."""
        network = self._make_network(make_torch_generator(make_rng(0)))
        load_weights(network, self.weights_)
        codes = self.encoder_.quantize(X)
        with torch.inference_mode(), one_thread("cpu"):
            parts = [
                getattr(network, method)(
                    torch.from_numpy(self.encoder_.dequantize(codes[i : i + CHUNK]))
                )
                for i in range(0, len(codes), CHUNK)
            ]
        return torch.cat(parts).numpy().astype(np.float64)
