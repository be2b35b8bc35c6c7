"""What every class-conditional GAN of ours does, whatever its rows are."""

from __future__ import annotations

import contextlib
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted
from torch import nn

from gan_augment import persistence
from gan_augment.seeding import RandomState, draw_seed, make_rng, make_torch_generator
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import Callback, History, ProgressBar
from gan_augment.training.trainer import Trainer

# Rows that pass through the generator at once when sampling.
SAMPLE_CHUNK = 8192


class Encoder(Protocol):
    """What a GAN needs of an encoder."""

    def fit(self, X: Any, y: Any = None) -> Encoder:
        """Learn the encoding."""

    def quantize(self, X: Any) -> np.ndarray:
        """Rows -> compact codes."""

    def dequantize(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Codes -> rows for the network, randomised anew."""

    def inverse_transform(self, encoded: np.ndarray) -> Any:
        """Rows of the network -> rows as they came."""

    def get_state(self) -> dict[str, Any]:
        """What fit learned, as a tree that can be saved."""

    def set_state(self, state: dict[str, Any]) -> Encoder:
        """Take over what another encoder learned."""


class BaseGAN(BaseEstimator, metaclass=ABCMeta):
    """Template: encode, train, sample, decode.

    A subclass declares the hyper-parameters in its constructor and says which encoder
    and which networks. Fitted attributes are NumPy arrays, never torch modules, so
    that a fitted GAN can be pickled, copied and saved without a device.
    """

    _saved_attributes = (
        "classes_",
        "class_prior_",
        "generator_weights_",
        "discriminator_weights_",
        "history_",
        "sample_seed_",
    )
    # Dataclasses that the state of the encoder is made of.
    _saved_classes: Mapping[str, type] = {}

    encoder_: Any
    # Hyper-parameters, declared by the constructor of the subclass.
    loss: str
    gradient_penalty_weight: float
    learning_rate: float
    batch_size: int
    max_steps: int
    max_time: float | None
    device: str
    callbacks: Sequence[Callback]
    verbose: bool
    random_state: RandomState

    @abstractmethod
    def _make_encoder(self) -> Encoder:
        """An unfitted encoder of the rows."""

    @abstractmethod
    def _make_generator(self, rng: torch.Generator) -> nn.Module:
        """A generator for the fitted encoder and classes."""

    @abstractmethod
    def _make_discriminator(self, rng: torch.Generator) -> nn.Module:
        """A discriminator for the fitted encoder and classes."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> BaseGAN:
        """Train on the rows of all classes.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Class of each row.

        Returns
        -------
        self : BaseGAN
            The fitted GAN.
        """
        # Inside a meta-estimator scikit-learn skips the validation of what is nested.
        self._validate_params()
        y = column_or_1d(y)
        check_classification_targets(y)
        check_consistent_length(X, y)
        self.encoder_ = self._make_encoder().fit(X, y)
        codes = self.encoder_.quantize(X)
        self.classes_, classes, counts = np.unique(
            y, return_inverse=True, return_counts=True
        )
        self.class_prior_ = counts / len(y)
        rng = make_rng(self.random_state)
        with one_thread(self.device):
            self._train(codes, classes, rng)
        # The seed that sample() starts from when it is given none.
        self.sample_seed_ = draw_seed(rng)
        return self

    def _train(
        self, codes: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> None:
        init = make_torch_generator(rng)
        generator = self._make_generator(init).to(self.device)
        discriminator = self._make_discriminator(init).to(self.device)
        history = History()
        callbacks = [history, *self.callbacks, *([ProgressBar()] * self.verbose)]
        trainer = Trainer(
            generator,
            discriminator,
            loss=self.loss,
            gradient_penalty_weight=self.gradient_penalty_weight,
            learning_rate=self.learning_rate,
            max_steps=self.max_steps,
            max_time=self.max_time,
            rng=make_torch_generator(rng, self.device),
            callbacks=callbacks,
        )
        batches = ConditionalBatches(
            classes,
            n_classes=len(self.classes_),
            encode=lambda rows, rng: self.encoder_.dequantize(codes[rows], rng),
            batch_size=self.batch_size,
            rng=rng,
        )
        trainer.run(batches, len(codes))
        self.generator_weights_ = _to_numpy(generator)
        self.discriminator_weights_ = _to_numpy(discriminator)
        self.history_ = history.records

    def sample(
        self, n_samples: int = 1, *, label: Any = None, random_state: RandomState = None
    ) -> tuple[Any, np.ndarray]:
        """Draw synthetic rows.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        label : object, default=None
            The class of all rows; one of ``classes_``. None draws the classes as
            often as they are in the training rows.
        random_state : int, RandomState instance or None, default=None
            Source of the draw. None gives the same rows in every call, those that
            belong to the `random_state` of the GAN.

        Returns
        -------
        X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
            Synthetic rows, in the container and the dtypes of the training rows.
        y : ndarray of shape (n_samples,)
            Their classes.

        Raises
        ------
        ValueError
            If `n_samples` is not a whole number of at least 1, or `label` is not one
            of the classes.
        """
        check_is_fitted(self, "generator_weights_")
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"`n_samples` must be a whole number of at least 1. Got {n_samples!r}."
            )
        rng = make_rng(self.sample_seed_ if random_state is None else random_state)
        if label is None:
            classes = rng.choice(len(self.classes_), n_samples, p=self.class_prior_)
        else:
            classes = np.full(n_samples, self._class_index(label))
        noise = make_torch_generator(rng)
        generator = self._make_generator(noise)
        _from_numpy(generator, self.generator_weights_)
        with torch.inference_mode(), one_thread("cpu"):
            encoded = [
                generator(chunk, noise)
                for chunk in self._condition(classes).split(SAMPLE_CHUNK)
            ]
        return (
            self.encoder_.inverse_transform(torch.cat(encoded).numpy()),
            self.classes_[classes],
        )

    def score_samples(self, X: Any, y: Any) -> np.ndarray:
        """Logits of the discriminator: how real each row looks for its class.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Their classes.

        Returns
        -------
        logits : ndarray of shape (n_samples,)
            Larger is more real. Under a relativistic loss only differences between
            rows of one class mean something.
        """
        check_is_fitted(self, "discriminator_weights_")
        codes = self.encoder_.quantize(X)
        y = column_or_1d(y)
        check_consistent_length(codes, y)
        classes = np.array([self._class_index(label) for label in y])
        encoded = self.encoder_.dequantize(codes, make_rng(self.sample_seed_))
        discriminator = self._make_discriminator(make_torch_generator(make_rng(0)))
        _from_numpy(discriminator, self.discriminator_weights_)
        with torch.inference_mode(), one_thread("cpu"):
            logits, _ = discriminator(
                torch.from_numpy(encoded), self._condition(classes)
            )
        return logits.numpy().astype(np.float64)

    def save(self, path: str | Path) -> None:
        """Write the fitted GAN as safetensors and JSON, without pickle.

        Parameters
        ----------
        path : path-like
            Directory; made if it does not exist.

        Raises
        ------
        TypeError
            If a column holds values other than numbers, strings, dates or intervals.
        """
        check_is_fitted(self, "generator_weights_")
        parameters = self.get_params(deep=False)
        del parameters["callbacks"]
        if not isinstance(self.random_state, int | None):
            parameters["random_state"] = None  # spent: sample_seed_ was drawn from it
        fitted = {name: getattr(self, name) for name in self._saved_attributes}
        persistence.save(
            {
                "class": type(self).__name__,
                "parameters": parameters,
                "fitted": fitted,
                "encoder": self.encoder_.get_state(),
            },
            path,
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a GAN that :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            The directory.

        Returns
        -------
        gan : BaseGAN
            The fitted GAN; ``sample`` gives the rows that it gave before.

        Raises
        ------
        ModelFileError
            If the directory is damaged or holds another class.
        """
        tree = persistence.load(path, cls._saved_classes)
        if not isinstance(tree, dict) or tree.get("class") != cls.__name__:
            raise persistence.ModelFileError(
                f"{path} must hold a {cls.__name__}. Got another model."
            )
        try:
            gan = cls(**tree["parameters"], callbacks=())
            gan._validate_params()
            for name in cls._saved_attributes:
                setattr(gan, name, tree["fitted"][name])
            gan.encoder_ = gan._make_encoder().set_state(tree["encoder"])
            gan._check_weights()
        except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
            raise persistence.ModelFileError(
                f"{path} must be an undamaged {cls.__name__}. Got "
                f"{type(error).__name__}: {error}"
            ) from error
        return gan

    def _check_weights(self) -> None:
        """Raise if the weights do not fit the networks."""
        unused = make_torch_generator(make_rng(0))
        _from_numpy(self._make_generator(unused), self.generator_weights_)
        _from_numpy(self._make_discriminator(unused), self.discriminator_weights_)

    def _class_index(self, label: Any) -> int:
        found = np.flatnonzero(self.classes_ == label)
        if len(found) != 1:
            raise ValueError(
                f"`label` must be one of the classes {self.classes_.tolist()}. "
                f"Got {label!r}."
            )
        return int(found[0])

    def _condition(self, classes: np.ndarray) -> torch.Tensor:
        return torch.eye(len(self.classes_))[torch.from_numpy(classes)]


@contextlib.contextmanager
def one_thread(device: str) -> Iterator[None]:
    """Run small matrix products on one thread, where more only cost.

    It also makes the sums, and with them the rows, independent of the thread count.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1 if device == "cpu" else n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _to_numpy(network: nn.Module) -> dict[str, np.ndarray]:
    return {
        name: tensor.detach().cpu().numpy().copy()
        for name, tensor in network.state_dict().items()
    }


def _from_numpy(network: nn.Module, weights: dict[str, np.ndarray]) -> None:
    network.load_state_dict(
        {name: torch.from_numpy(array) for name, array in weights.items()}
    )
    network.requires_grad_(False).eval()
