"""The adversarial training loop. Nothing here knows what the rows are."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from gan_augment.training.adam import Adam
from gan_augment.training.augmentation import Augmentation
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import Callback, ambient_callbacks
from gan_augment.training.losses import LOSSES, gradient_penalty

# Share of the previous average that each step keeps.
EMA_DECAY = 0.995
# The discriminator learns faster than the generator that it has to guide.
DISCRIMINATOR_RATE = 2.0
# Steps are reported by the epoch, a pass over as many rows as there are, but neither
# more often than a progress bar can show nor so rarely that it would seem to hang.
MOST_EPOCHS = 100
FEWEST_EPOCHS = 20

# Gradients of a scalar for the outputs of a network -> those for its parameters.
Pullback = Callable[..., Sequence[torch.Tensor]]


class Player(Protocol):
    """What the trainer needs of a network, a torch module with gradients of its own."""

    def vjp(self, *inputs: Any) -> tuple[Any, Pullback]:
        """Outputs, and what takes their gradients to those for the parameters."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Weights, which the trainer points into its own memory."""

    def train(self) -> Any:
        """Be trained."""

    def eval(self) -> Any:
        """Be judged."""


# Of a generator: measures for the epoch's record, and a picture of what it draws.
Judge = Callable[[Any], tuple[dict[str, float], np.ndarray]]


class Trainer:
    """Train a generator against a discriminator.

    Parameters
    ----------
    generator : Player
        ``generator.vjp(condition, rng)`` gives rows, and what takes their gradient to
        its parameters.
    discriminator : Player
        ``discriminator.vjp(rows, condition)`` gives one logit a row with its slopes,
        the gradient of each logit with respect to its row, and what takes the gradients
        of both to its parameters.
    loss : str
        Key of :data:`gan_augment.training.losses.LOSSES`.
    gradient_penalty_weight : float
        Weight of R1 + R2.
    penalty_interval : int, default=1
        Every how many steps the penalty is taken, with as many times the weight (lazy
        regularisation: Karras et al. 2020, arXiv:1912.04958).
    learning_rate : float
        Adam's step size for the generator; constant in the first half of the
        training, then falling linearly to zero.
    max_steps : int
        Number of steps; each updates both networks once.
    max_time : float or None
        Seconds after which training stops, at the next step.
    rng : torch.Generator
        Source of the noise, on the device of the networks.
    dtype : torch.dtype, default=torch.float32
        What the networks calculate in. Losses, weights and their average are float32.
    augmentation : Augmentation, default=None
        What the discriminator sees real and generated rows through.
    judge : callable, default=None
        Called after each epoch with the generator, its weights averaged.
    callbacks : sequence of Callback
        What watches the training, besides the enclosing
        :func:`~gan_augment.training.callbacks.watching` blocks.
    """

    def __init__(
        self,
        generator: Player,
        discriminator: Player,
        *,
        loss: str,
        gradient_penalty_weight: float,
        penalty_interval: int = 1,
        learning_rate: float,
        max_steps: int,
        max_time: float | None,
        rng: torch.Generator,
        dtype: torch.dtype = torch.float32,
        augmentation: Augmentation | None = None,
        judge: Judge | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.loss = LOSSES[loss]
        self.gradient_penalty_weight = gradient_penalty_weight
        self.penalty_interval = penalty_interval
        self.augmentation = augmentation
        self.judge = judge
        self.max_steps = max_steps
        self.max_time = math.inf if max_time is None else max_time
        self.rng = rng
        self.dtype = dtype
        self.callbacks = (*callbacks, *ambient_callbacks())
        # All weights of a network lie in one vector, of which its parameters are views:
        # optimiser and average then take one operation each, not one a parameter. The
        # networks look into `_working`, which in float32 is `_vectors`.
        self._vectors = [
            parameters_to_vector(network.parameters()).detach()
            for network in (generator, discriminator)
        ]
        self._working = [vector.to(dtype) for vector in self._vectors]
        self._point_to(*self._working)
        rates = (learning_rate, learning_rate * DISCRIMINATOR_RATE)
        self._optimizers = [
            Adam(vector, rate)
            for vector, rate in zip(self._vectors, rates, strict=True)
        ]
        self._average = self._vectors[0].clone()

    def run(self, batches: ConditionalBatches, n_rows: int) -> None:
        """Play the game; the generator ends with the average of its weights.

        Parameters
        ----------
        batches : ConditionalBatches
            Where real rows and conditions are drawn.
        n_rows : int
            Number of rows of the training set, the length of an epoch.

        Raises
        ------
        FloatingPointError
            If a loss is no longer finite.
        """
        begin = time.perf_counter()
        steps_per_epoch = self._steps_per_epoch(n_rows, batches.batch_size)
        for callback in self.callbacks:
            callback.on_train_begin(self.max_steps)
        try:
            terms: list[torch.Tensor] = []
            for step in range(1, self.max_steps + 1):
                terms.append(self._step(step, *batches.draw()))
                seconds = time.perf_counter() - begin
                last = step == self.max_steps or seconds > self.max_time
                if step % steps_per_epoch == 0 or last:
                    last |= self._report(step, seconds, terms)
                    terms = []
                if last:
                    break
        finally:
            for callback in self.callbacks:
                callback.on_train_end()
        self._point_to(self._average, self._vectors[1])

    def _point_to(self, generator: torch.Tensor, discriminator: torch.Tensor) -> None:
        """Make the networks' parameters views of these weights."""
        vector_to_parameters(generator, self.generator.parameters())
        vector_to_parameters(discriminator, self.discriminator.parameters())

    @torch.no_grad()
    def _step(
        self, step: int, real: torch.Tensor, condition: torch.Tensor
    ) -> torch.Tensor:
        """One simultaneous update of both networks; the three terms of the game."""
        device = self.rng.device
        real, condition = real.to(device, self.dtype), condition.to(device, self.dtype)
        fake, pull_fake = self._generate(condition)
        if self.augmentation is not None:
            real = self.augmentation(real, self.rng)
        (logits, slopes), pull_judged = self.discriminator.vjp(
            torch.cat([real, fake]), torch.cat([condition, condition])
        )
        logits, slopes = logits.float().chunk(2), slopes.float()
        discriminator_loss, *d_logits = self.loss.discriminator(*logits)
        d_slopes = None
        if (step - 1) % self.penalty_interval == 0:
            penalty, d_slopes = gradient_penalty(slopes)
            # The mean over real and fake rows together is half of R1 + R2.
            self._penalty = 2 * penalty
            weight = 2 * self.gradient_penalty_weight * self.penalty_interval
            d_slopes = d_slopes.mul_(weight).to(self.dtype)
        # The generator's loss is carried from the logits to the rows by their slopes,
        # and on from there: the discriminator need not judge them a second time.
        generator_loss, d_fake = self.loss.generator(*logits)
        slopes = slopes.chunk(2)[1]
        d_rows = slopes * d_fake.view(-1, *[1] * (slopes.ndim - 1))
        self._update(
            step,
            pull_fake(d_rows.to(self.dtype)),
            pull_judged(torch.cat(d_logits).to(self.dtype), d_slopes),
        )
        if self.augmentation is not None:
            self.augmentation.adapt(*logits)
        self._batch = real, fake, condition
        return torch.stack([discriminator_loss, generator_loss, self._penalty])

    def _update(self, step: int, *gradients: Sequence[torch.Tensor]) -> None:
        """Move the weights of both networks, and the average of the generator's."""
        self._gradients = [
            torch.cat([part.flatten() for part in parts]).float() for parts in gradients
        ]
        # Held, then falling linearly to zero over the second half.
        factor = min(1.0, 2.0 * (1.0 - (step - 1) / self.max_steps))
        for optimizer, gradient, working in zip(
            self._optimizers, self._gradients, self._working, strict=True
        ):
            optimizer.step(gradient, factor)
            working.copy_(optimizer.vector)
        self._average.lerp_(self._vectors[0], 1 - EMA_DECAY)

    def _generate(self, condition: torch.Tensor) -> tuple[torch.Tensor, Pullback]:
        """Rows as the discriminator is to see them, and their gradient's way back."""
        made, pull_made = self.generator.vjp(condition, self.rng)
        if self.augmentation is None:
            return made.detach(), pull_made
        seen, pull_seen = self.augmentation.vjp(made, self.rng)
        return seen, lambda d_seen: pull_made(pull_seen(d_seen))

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """Give the generator the average of its weights for a while."""
        weights = self._working[0]
        current = weights.clone()
        weights.copy_(self._average)
        self.generator.eval()
        try:
            yield
        finally:
            self.generator.train()
            weights.copy_(current)

    def _steps_per_epoch(self, n_rows: int, batch_size: int) -> int:
        epoch = math.ceil(n_rows / batch_size)
        most = math.ceil(self.max_steps / FEWEST_EPOCHS)
        return max(min(epoch, most), math.ceil(self.max_steps / MOST_EPOCHS))

    def _report(self, step: int, seconds: float, terms: list[torch.Tensor]) -> bool:
        """Tell the callbacks of an epoch; whether one of them wants to stop."""
        discriminator_loss, generator_loss, penalty = (
            torch.stack(terms).mean(dim=0).tolist()
        )
        if not math.isfinite(discriminator_loss + penalty + generator_loss):
            raise FloatingPointError(
                "Training must have finite losses. Got a loss that is not finite at "
                f"step {step}. Lower `learning_rate`."
            )
        epoch = {
            "step": step,
            "seconds": seconds,
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "gradient_penalty": penalty,
            "diversity": _diversity(*self._batch),
        }
        for name, gradient in zip(
            ("generator", "discriminator"), self._gradients, strict=True
        ):
            epoch[f"{name}_gradient_norm"] = float(gradient.norm())
        if self.augmentation is not None:
            epoch["augmentation"] = self.augmentation.probability
        if self.judge is not None:
            with self._averaged():
                measures, picture = self.judge(self.generator)
            epoch |= measures
            for callback in self.callbacks:
                callback.on_picture(step, picture)
        wants_to_stop = [callback.on_epoch_end(epoch) for callback in self.callbacks]
        return any(wants_to_stop)


def _diversity(
    real: torch.Tensor, fake: torch.Tensor, condition: torch.Tensor
) -> float:
    """Spread of a batch's generated rows within their classes, over the real rows'."""
    condition = condition.float()
    counts = condition.sum(dim=0).clamp(min=1)[:, None]
    spreads = [
        (rows - condition @ (condition.T @ rows / counts)).norm()
        for rows in (real.flatten(1).float(), fake.flatten(1).float())
    ]
    return float(spreads[1] / spreads[0].clamp(min=1e-12))
