"""What every class-conditional GAN of ours does, whatever its rows are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from os import PathLike
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted
from torch import nn

from gan_augment.encoding.labels import exact_labels
from gan_augment.gans.base import SAMPLE_CHUNK, BaseSynthesizer, StatefulEncoder
from gan_augment.gans.checkpoint import DirectoryCheckpoint, identity_of
from gan_augment.gans.recipe import Recipe
from gan_augment.gans.transfer import check_sizes, find_origin
from gan_augment.gans.weights import check_depth, check_drawn, check_weights
from gan_augment.networks.weights import load_weights, weights_of
from gan_augment.progress import Verbose, progress_bar
from gan_augment.seeding import make_rng, make_torch_generator
from gan_augment.threads import one_thread
from gan_augment.training.augmentation import Augmentation
from gan_augment.training.batches import ConditionalBatches, condition_of
from gan_augment.training.callbacks import Callback, History
from gan_augment.training.losses import LOSSES, Loss
from gan_augment.training.trainer import Judge, Trainer

# Rows that a loaded GAN has to draw.
N_PROBES = 32


@runtime_checkable
class Encoder(StatefulEncoder, Protocol):
    """What a GAN needs of an encoder."""

    def quantize(self, X: Any) -> np.ndarray:
        """Rows -> compact codes."""

    def dequantize(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Codes -> rows for the network, randomised anew."""

    def inverse_transform(self, encoded: np.ndarray) -> Any:
        """Rows of the network -> rows as they came."""


class BaseGAN(BaseSynthesizer):
    """Template of a GAN: an encoder, two networks, an adversarial training.

    A subclass says which encoder and which networks.

    Examples
    --------
    >>> from gan_augment import ImageGAN, TabularGAN
    >>> from gan_augment.gans import BaseGAN
    >>> issubclass(TabularGAN, BaseGAN), issubclass(ImageGAN, BaseGAN)
    (True, True)
    """

    _saved_attributes = (
        *BaseSynthesizer._saved_attributes,
        "recipe_",
        "generator_weights_",
        "discriminator_weights_",
    )
    _saved_classes: Mapping[str, type] = {Recipe.__name__: Recipe}
    # Rows that pass through a network at once outside of training.
    _sample_chunk = SAMPLE_CHUNK

    encoder_: Encoder
    recipe_: Recipe
    # What a fit goes on from; while it runs.
    _origin: Self | None
    generator_weights_: dict[str, np.ndarray]
    discriminator_weights_: dict[str, np.ndarray]

    # Hyper-parameters, declared by the constructor of the subclass.
    loss: str | Loss
    n_discriminators: int
    optimizer: str
    max_time: float | None
    checkpoint_dir: str | PathLike[str] | None
    checkpoint_interval: float
    warm_start: bool
    init_from: Any
    latent_dim: int
    callbacks: Sequence[Callback]
    verbose: Verbose

    def _validate_params(self) -> None:
        super()._validate_params()
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(
                    "`callbacks` must hold instances of Callback. Got "
                    f"{callback!r}. Derive its class from "
                    "gan_augment.training.callbacks.Callback."
                )

    def _progress_bar(self) -> AbstractContextManager[None]:
        return progress_bar(self.verbose)

    @abstractmethod
    def _make_encoder(self) -> Encoder:
        """An unfitted encoder of the rows."""

    @abstractmethod
    def _make_recipe(self, classes: np.ndarray) -> Recipe:
        """What to take where the user leaves it open, for rows of these classes."""

    @abstractmethod
    def _make_generator(self, rng: torch.Generator) -> nn.Module:
        """A generator for the fitted encoder, the classes and the recipe."""

    @abstractmethod
    def _make_discriminator(self, rng: torch.Generator) -> nn.Module:
        """A discriminator for the fitted encoder, the classes and the recipe."""

    def _prepare(self, codes: np.ndarray, classes: np.ndarray) -> None:
        """Keep, before all else, what is drawn from besides noise."""

    def _batches_class(self) -> type[ConditionalBatches]:
        """How real rows and their conditions are drawn."""
        return ConditionalBatches

    def _training_dtype(self) -> torch.dtype:
        """What the networks calculate in while they are trained."""
        return torch.float32

    def _start(
        self,
        generator: nn.Module,
        batches: ConditionalBatches,
        rng: np.random.Generator,
    ) -> None:
        """Give a new generator better weights than random ones."""

    def _carry_over(
        self,
        origin: Self,
        generator: nn.Module,
        discriminators: nn.ModuleList,
        batches: ConditionalBatches,
    ) -> None:
        """Give new networks the weights of another GAN; a ValueError if none fit."""
        check_sizes(self, origin)
        if self.classes_.tolist() != origin.classes_.tolist():
            raise ValueError(
                f"`y` must have the classes of `init_from`, {origin.classes_.tolist()}."
                f" Got {self.classes_.tolist()}."
            )
        for network, weights in (
            (generator, origin.generator_weights_),
            (discriminators, origin.discriminator_weights_),
        ):
            try:
                check_weights(network, weights)
            except ValueError as error:
                raise ValueError(
                    f"`init_from` must be of rows like those of `X`. Got {error}"
                ) from error
            load_weights(network, weights)

    def _make_augmentation(self) -> Augmentation | None:
        """What the discriminator sees the rows through."""
        return None

    def _make_reconstruction(self, rng: torch.Generator) -> nn.Module | None:
        """A loss of the generator on real rows, beside the adversarial one."""
        return None

    def _make_judge(
        self, codes: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> Judge | None:
        """What measures the generator after each epoch, on these training rows."""
        return None

    def _calibrate(
        self, codes: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Learn, after the training, what decoding needs to know of the generator."""

    def _decode(self, encoded: np.ndarray, classes: np.ndarray) -> Any:
        """Rows of the generator -> rows as they came."""
        return self.encoder_.inverse_transform(encoded)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        # Found before what this one has learned is replaced.
        self._origin = find_origin(self)

    def _train(self, X: Any, classes: np.ndarray, rng: np.random.Generator) -> None:
        codes = self.encoder_.quantize(X)
        self._prepare(codes, classes)
        recipe = self._make_recipe(classes)
        origin = self.__dict__.pop("_origin")
        if origin is not None:
            recipe = recipe.continuing(origin.recipe_)
        recipe = self.recipe_ = recipe.chosen_by(self)
        checkpoint = self._open_checkpoint(codes, classes, rng, origin)
        batches = self._batches_class()(
            classes,
            n_classes=len(self.classes_),
            encode=lambda rows, rng: self.encoder_.dequantize(codes[rows], rng),
            batch_size=recipe.batch_size,
            rng=rng,
        )
        init = make_torch_generator(rng)
        generator = self._make_generator(init)
        discriminators = self._make_discriminators(init)
        reconstruction = self._make_reconstruction(init)
        with one_thread("cpu"):  # where they are, whatever the device
            self._start(generator, batches, rng)
            if origin is not None:
                self._carry_over(origin, generator, discriminators, batches)
        history = History()
        trainer = Trainer(
            generator.to(self.device),
            discriminators.to(self.device),
            loss=LOSSES[self.loss] if isinstance(self.loss, str) else self.loss,
            gradient_penalty_weight=recipe.gradient_penalty_weight,
            penalty_interval=recipe.penalty_interval,
            mismatch_weight=recipe.mismatch_weight,
            optimizer=self.optimizer,
            learning_rate=recipe.learning_rate,
            max_steps=recipe.max_steps,
            max_time=self.max_time,
            rng=make_torch_generator(rng, self.device),
            dtype=self._training_dtype(),
            augmentation=self._make_augmentation(),
            reconstruction=reconstruction and reconstruction.to(self.device),
            is_trained=origin is not None,
            judge=self._make_judge(codes, classes, rng),
            callbacks=[history, *self.callbacks],
        )
        trainer.run(batches, len(codes), checkpoint)
        self.generator_weights_ = weights_of(generator)
        self.discriminator_weights_ = weights_of(discriminators)
        self.history_ = history.records
        self._calibrate(codes, classes, rng)
        if checkpoint is not None:
            checkpoint.remove()

    def _open_checkpoint(
        self,
        codes: np.ndarray,
        classes: np.ndarray,
        rng: np.random.Generator,
        origin: Self | None,
    ) -> DirectoryCheckpoint | None:
        if self.checkpoint_dir is None:
            return None
        return DirectoryCheckpoint(
            self.checkpoint_dir,
            interval=self.checkpoint_interval,
            identity=identity_of(self, codes, classes, origin),
            rng=rng,
        )

    def _make_discriminators(self, rng: torch.Generator) -> nn.ModuleList:
        return nn.ModuleList(
            self._make_discriminator(rng) for _ in range(self.n_discriminators)
        )

    def _draw(self, classes: np.ndarray, rng: np.random.Generator) -> Any:
        return self._decode(self._generate(classes, rng), classes)

    def _generate(self, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Encoded rows of these class indices."""
        # Its first weights are replaced, so that the noise depends on the seed alone.
        generator = self._make_generator(make_torch_generator(make_rng(0)))
        _from_numpy(generator, self.generator_weights_)
        noise = make_torch_generator(rng)
        condition = self._condition(classes, rng)
        with torch.inference_mode():
            encoded = [
                generator(chunk, noise) for chunk in condition.split(self._sample_chunk)
            ]
        rows = torch.cat(encoded).numpy()
        check_drawn(rows)
        return rows

    def score_samples(self, X: Any, y: Any) -> np.ndarray:
        """Compute the logits of the discriminator: how real each row looks.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Their classes.

        Returns
        -------
        logits : ndarray of shape (n_samples,)
            Logits, averaged over the discriminators; larger is more real. With a
            relativistic loss, only differences between rows of the same class are
            meaningful.
        """
        check_is_fitted(self, "sample_seed_")
        codes = self.encoder_.quantize(X)
        y = column_or_1d(exact_labels(y))
        check_consistent_length(codes, y)
        classes = np.array([self._class_index(label) for label in y])
        return self._score(
            self.encoder_.dequantize(codes, make_rng(self.sample_seed_)), classes
        )

    def _score(self, encoded: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Logits of the discriminators for encoded rows of these class indices."""
        discriminators = self._make_discriminators(make_torch_generator(make_rng(0)))
        _from_numpy(discriminators, self.discriminator_weights_)
        chunks = zip(
            torch.from_numpy(encoded).split(self._sample_chunk),
            self._condition(classes, make_rng(self.sample_seed_)).split(
                self._sample_chunk
            ),
            strict=True,
        )
        with torch.inference_mode(), one_thread("cpu"):
            logits = torch.cat(
                [
                    torch.stack([judge(*chunk) for judge in discriminators]).mean(dim=0)
                    for chunk in chunks
                ]
            )
        return logits.numpy().astype(np.float64)

    def _check_state(self) -> None:
        super()._check_state()
        self._check_networks()
        # What is damaged elsewhere raises here, not when a user draws rows.
        self._draw(np.resize(np.arange(len(self.classes_)), N_PROBES), make_rng(0))

    def _check_networks(self) -> None:
        """Raise if the weights do not fit the networks, before these take memory."""
        check_depth(self.recipe_.hidden_dims, self.generator_weights_)
        check_depth(self.recipe_.discriminator_dims, self.discriminator_weights_)
        if self.n_discriminators > len(self.discriminator_weights_):
            raise ValueError(
                "`n_discriminators` must have weights each. Got "
                f"{self.n_discriminators} and {len(self.discriminator_weights_)} "
                "arrays."
            )
        unused = make_torch_generator(make_rng(0))
        with torch.device("meta"):  # where tensors have a shape and nothing else
            generator = self._make_generator(unused)
            discriminators = self._make_discriminators(unused)
        check_weights(generator, self.generator_weights_)
        check_weights(discriminators, self.discriminator_weights_)

    def _condition(self, classes: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """What the networks are told of rows of these class indices."""
        return condition_of(classes, len(self.classes_))


def _from_numpy(network: nn.Module, weights: dict[str, np.ndarray]) -> None:
    load_weights(network, weights)
    network.requires_grad_(False).eval()
