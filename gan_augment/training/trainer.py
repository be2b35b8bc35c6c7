"""The adversarial training loop. Nothing here knows what the rows are."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

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


# Of a generator: measures for the epoch's record, and a picture of what it draws.
Judge = Callable[[nn.Module], tuple[dict[str, float], np.ndarray]]


class Trainer:
    """Train a generator against a discriminator.

    Parameters
    ----------
    generator : Module
        ``generator(condition, rng)`` gives rows.
    discriminator : Module
        ``discriminator(rows, condition)`` gives one logit a row, and its slopes: the
        gradient of each logit with respect to its row, itself differentiable.
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
        generator: nn.Module,
        discriminator: nn.Module,
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
        self._learning_rates = (learning_rate, learning_rate * DISCRIMINATOR_RATE)
        # All weights of a network lie in one vector, of which its parameters are views:
        # optimiser and average then take one operation each, not one a parameter. The
        # networks look into `_working`, which in float32 is `_vectors`.
        self._vectors = [
            parameters_to_vector(network.parameters()).detach()
            for network in (generator, discriminator)
        ]
        self._working = [vector.to(dtype) for vector in self._vectors]
        self._point_to(*self._working)
        self._optimizer = torch.optim.Adam(
            [{"params": [vector]} for vector in self._vectors],
            betas=(0.0, 0.9),
            fused=True,
        )
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
                self._set_learning_rate(step)
                penalised = (step - 1) % self.penalty_interval == 0
                terms.append(self._step(*batches.draw(), penalised))
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

    def _step(
        self, real: torch.Tensor, condition: torch.Tensor, penalised: bool = True
    ) -> torch.Tensor:
        """One simultaneous update of both networks; the three terms of the game."""
        device = self.rng.device
        real, condition = real.to(device, self.dtype), condition.to(device, self.dtype)
        fake = self.generator(condition, self.rng)
        if self.augmentation is not None:
            real, fake = (self.augmentation(rows, self.rng) for rows in (real, fake))
        logits, slopes = self.discriminator(
            torch.cat([real, fake.detach()]), torch.cat([condition, condition])
        )
        logits, slopes = logits.float(), slopes.float()
        objective = discriminator_loss = self.loss.discriminator(*logits.chunk(2))
        if penalised:
            # The mean over real and fake rows together is half of R1 + R2.
            self._penalty = 2 * gradient_penalty(slopes)
            weight = self.gradient_penalty_weight * self.penalty_interval
            objective = objective + weight * self._penalty
        # The generator's loss is carried from the logits to the rows by their slopes,
        # and on from there: the discriminator need not judge them a second time.
        judged = logits.detach().requires_grad_()
        generator_loss = self.loss.generator(*judged.chunk(2))
        (weights,) = torch.autograd.grad(generator_loss, judged)
        weights = weights.view(-1, *[1] * (slopes.ndim - 1))
        row_gradients = (slopes.detach() * weights).chunk(2)[1].to(self.dtype)
        self._vectors[1].grad = _gradient(objective, self.discriminator)
        self._vectors[0].grad = _gradient(fake, self.generator, row_gradients)
        if self.augmentation is not None:
            self.augmentation.adapt(*judged.detach().chunk(2))
        self._optimizer.step()
        for working, vector in zip(self._working, self._vectors, strict=True):
            working.copy_(vector)
        self._average.lerp_(self._vectors[0], 1 - EMA_DECAY)
        self._batch = real, fake.detach(), condition
        terms = [discriminator_loss, generator_loss, self._penalty]
        return torch.stack(terms).detach()

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

    def _set_learning_rate(self, step: int) -> None:
        """Hold, then fall linearly to zero over the second half."""
        factor = min(1.0, 2.0 * (1.0 - (step - 1) / self.max_steps))
        for group, rate in zip(
            self._optimizer.param_groups, self._learning_rates, strict=True
        ):
            group["lr"] = rate * factor

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
        for name, vector in zip(
            ("generator", "discriminator"), self._vectors, strict=True
        ):
            if vector.grad is not None:
                epoch[f"{name}_gradient_norm"] = float(vector.grad.norm())
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


def _gradient(
    output: torch.Tensor,
    network: nn.Module,
    output_gradient: torch.Tensor | None = None,
) -> torch.Tensor:
    """Gradient for a network's weights, of a loss or of what a loss depends on."""
    gradients = torch.autograd.grad(output, list(network.parameters()), output_gradient)
    return torch.cat([gradient.flatten() for gradient in gradients]).float()
