"""The adversarial training loop. Nothing here knows what the rows are."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.training.augmentation import Augmentation
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import Announcer, Callback
from gan_augment.training.checkpoint import Checkpoint, copy_into, to_array
from gan_augment.training.losses import Loss
from gan_augment.training.objective import Objective
from gan_augment.training.optimizers import Learner

# Share of the previous average that each step keeps; fewer in the first steps, so that
# the average forgets where the generator began.
EMA_DECAY = 0.999
EMA_WARM_UP = 10
# Of a generator that has been trained before, the average is of this share of the
# steps: its weights swing too widely for a shorter one.
EMA_SHARE = 0.5
# The discriminator learns faster than the generator that it has to guide.
DISCRIMINATOR_RATE = 2.0
# Steps are reported by the epoch, a pass over as many rows as there are, but neither
# more often than a progress bar can show nor so rarely that it would seem to hang.
MOST_EPOCHS = 100
FEWEST_EPOCHS = 20

# Of a generator: measures for the epoch's record, and a picture of what it draws.
Judge = Callable[[Any], tuple[dict[str, float], np.ndarray]]


class Trainer:
    """Train a generator against one or several discriminators.

    Each step draws real and generated rows and updates first the discriminators, then
    the generator, whose rows pass through the updated discriminators once more.

    Parameters
    ----------
    generator : Module
        ``generator(condition, rng)`` returns rows.
    discriminators : ModuleList
        ``discriminator(rows, condition)`` of each returns one logit a row.
    loss : Loss
        What both minimise.
    gradient_penalty_weight : float
        Weight of R1 + R2.
    penalty_interval : int, default=1
        Every how many steps the penalties are taken, with as many times the weight.
    mismatch_weight : float, default=0.0
        Weight of the loss in which real rows have the condition of another class; see
        :class:`gan_augment.training.objective.Objective`.
    optimizer : {"adam", "sgd"}, default="adam"
        Key of :data:`gan_augment.training.optimizers.OPTIMIZERS`.
    learning_rate : float
        Step size of the generator. It is constant in the first half of the training
        and then falls linearly to zero.
    max_steps : int
        Number of steps.
    max_time : float or None
        Seconds that the training may take. The learning rate falls to zero as they
        end. If None, there is no limit.
    rng : torch.Generator
        Source of the noise, on the device of the networks.
    dtype : torch.dtype, default=torch.float32
        What the networks calculate in. Losses, weights and their average are float32.
    augmentation : Augmentation, default=None
        What the discriminators see real and generated rows through.
    reconstruction : Module, default=None
        ``reconstruction(generator, rows, condition, rng)`` returns a loss of the
        generator on real rows, which is added to its adversarial loss. Its own
        parameters learn with those of the generator.
    is_trained : bool, default=False
        Whether the networks have been trained before, so that the average begins with
        the weights that the generator has.
    judge : callable, default=None
        Called after each epoch with the generator, its weights averaged.
    callbacks : sequence of Callback
        What watches the training, besides the listeners of
        :mod:`gan_augment.events`.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminators: nn.ModuleList,
        *,
        loss: Loss,
        gradient_penalty_weight: float,
        penalty_interval: int = 1,
        mismatch_weight: float = 0.0,
        optimizer: str = "adam",
        learning_rate: float,
        max_steps: int,
        max_time: float | None,
        rng: torch.Generator,
        dtype: torch.dtype = torch.float32,
        augmentation: Augmentation | None = None,
        reconstruction: nn.Module | None = None,
        is_trained: bool = False,
        judge: Judge | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.generator = generator
        self.discriminators = discriminators
        self.objective = Objective(
            list(discriminators),
            loss,
            gradient_penalty_weight,
            penalty_interval,
            mismatch_weight,
        )
        self.max_steps = max_steps
        self.max_time = math.inf if max_time is None else max_time
        self.rng = rng
        self.dtype = dtype
        self.augmentation = augmentation
        self.reconstruction = reconstruction
        self.is_trained = is_trained
        self.judge = judge
        self.callbacks = [*callbacks, Announcer()]
        # What reconstructs rows is on the side of the generator.
        drawing = (
            generator
            if reconstruction is None
            else nn.ModuleList([generator, reconstruction])
        )
        self._players = {
            name: Learner(network, optimizer=optimizer, learning_rate=rate, dtype=dtype)
            for name, network, rate in (
                ("generator", drawing, learning_rate),
                ("discriminator", discriminators, DISCRIMINATOR_RATE * learning_rate),
            )
        }
        self._average = self._players["generator"].weights.clone()
        self._penalty = torch.zeros((), device=rng.device)
        self._epochs: list[dict[str, float]] = []

    def run(
        self,
        batches: ConditionalBatches,
        n_rows: int,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Play the game; the generator ends with the average of its weights.

        Parameters
        ----------
        batches : ConditionalBatches
            Where real rows and conditions are drawn.
        n_rows : int
            Number of rows of the training set, the length of an epoch.
        checkpoint : Checkpoint, default=None
            Where the state of the training is kept, and where it begins if a state is
            found there. The callbacks are told of the epochs before once more.

        Raises
        ------
        FloatingPointError
            If a loss is no longer finite.
        """
        steps_per_epoch = self._steps_per_epoch(n_rows, batches.batch_size)
        for callback in self.callbacks:
            callback.on_train_begin(self.max_steps)
        try:
            done, seconds, terms = self._resume(batches, checkpoint)
            begin = time.perf_counter() - seconds
            for step in range(done + 1, self.max_steps + 1):
                terms.append(self._step(step, batches, self._done(step, seconds)))
                seconds = time.perf_counter() - begin
                last = step == self.max_steps or seconds > self.max_time
                if step % steps_per_epoch == 0 or last:
                    last |= self._report(step, seconds, terms)
                    terms = []
                if last:
                    break
                if checkpoint is not None and checkpoint.is_due():
                    checkpoint.save(self._get_state(step, seconds, terms, batches))
        finally:
            for callback in self.callbacks:
                callback.on_train_end()
        self._players["generator"].settle(self._average)
        discriminator = self._players["discriminator"]
        discriminator.settle(discriminator.weights)

    def _get_state(
        self,
        step: int,
        seconds: float,
        terms: list[torch.Tensor],
        batches: ConditionalBatches,
    ) -> dict[str, Any]:
        """All that the steps after this one follow from."""
        augmentation = self.augmentation
        return {
            "step": step,
            "seconds": seconds,
            "terms": to_array(torch.stack(terms) if terms else torch.zeros(0, 3)),
            "epochs": self._epochs,
            "players": {name: p.get_state() for name, p in self._players.items()},
            "average": to_array(self._average),
            "penalty": to_array(self._penalty),
            "rng": self.rng.get_state().numpy(),
            "batches": batches.get_state(),
            "augmentation": augmentation and augmentation.get_state(),
        }

    def _resume(
        self, batches: ConditionalBatches, checkpoint: Checkpoint | None
    ) -> tuple[int, float, list[torch.Tensor]]:
        """Steps done, seconds, and losses since the last epoch, of the part before."""
        state = None if checkpoint is None else checkpoint.load()
        if state is None:
            return 0, 0.0, []
        try:
            for name, player in self._players.items():
                player.set_state(state["players"][name])
            copy_into(self._average, state["average"])
            copy_into(self._penalty, state["penalty"])
            self.rng.set_state(torch.from_numpy(state["rng"]))
            batches.set_state(state["batches"])
            if self.augmentation is not None:
                self.augmentation.set_state(state["augmentation"])
            terms = [*torch.from_numpy(state["terms"]).to(self.rng.device)]
            done, seconds, epochs = state["step"], state["seconds"], state["epochs"]
        except Exception as error:  # a wrong state fails in ways nobody can list
            raise ValueError(
                "A checkpoint must hold the state of this training. Got "
                f"{type(error).__name__}: {error} Remove it to train from the "
                "beginning."
            ) from error
        for epoch in epochs:
            self._tell(epoch)
        return done, seconds, terms

    def _done(self, step: int, seconds: float) -> float:
        """Share of the training that is done before a step, by steps or by time."""
        by_steps = (step - 1) / self.max_steps
        if not seconds:
            return by_steps
        by_time = 1.0 if seconds > self.max_time else seconds / self.max_time
        return max(by_steps, by_time)

    def _step(
        self, step: int, batches: ConditionalBatches, done: float
    ) -> torch.Tensor:
        """One update of the discriminators and one of the generator; their losses."""
        # The learning rate is held, and then falls linearly to zero.
        factor = min(1.0, 2.0 * (1.0 - done))
        # Converted where it is quick, after the copy.
        real, condition = (
            tensor.to(self.rng.device).to(self.dtype) for tensor in batches.draw()
        )
        fake = self.generator(condition, self.rng)
        seen = self._see(fake)
        judged, penalty, logits = self.objective.of_discriminators(
            step, self._see(real), seen.detach(), condition
        )
        loss = self.objective.with_penalty(judged, penalty)
        self._players["discriminator"].minimise(loss, factor)
        made = self.objective.of_generator(logits[0], seen, condition)
        if self.reconstruction is not None:
            made = made + self.reconstruction(self.generator, real, condition, self.rng)
        self._players["generator"].minimise(made, factor)
        self._average.lerp_(
            self._players["generator"].weights, self._share_of_average(step)
        )

        if penalty is not None:
            self._penalty = penalty.detach()
        if self.augmentation is not None:
            self.augmentation.adapt(logits[0], logits[1], done)
        self._batch = real, fake.detach(), batches.n_classes
        return torch.stack([judged.detach(), made.detach(), self._penalty])

    def _share_of_average(self, step: int) -> float:
        """What the weights of a step are of the average after it."""
        if self.is_trained:
            return max(1 - EMA_DECAY, min(1.0, 1 / (EMA_SHARE * self.max_steps)))
        return 1 - min(EMA_DECAY, step / (EMA_WARM_UP + step))

    def _see(self, rows: torch.Tensor) -> torch.Tensor:
        """Rows as the discriminators are to see them."""
        return rows if self.augmentation is None else self.augmentation(rows, self.rng)

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """Give the generator the average of its weights for a while."""
        self.generator.eval()
        try:
            with self._players["generator"].having(self._average):
                yield
        finally:
            self.generator.train()

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
        for name, player in self._players.items():
            epoch[f"{name}_gradient_norm"] = float(player.gradient.norm())
        if self.augmentation is not None:
            epoch["augmentation"] = self.augmentation.strength
        if self.judge is not None:
            with self._averaged():
                measures, picture = self.judge(self.generator)
            epoch |= measures
            for callback in self.callbacks:
                callback.on_picture(step, picture)
        return self._tell(epoch)

    def _tell(self, epoch: dict[str, float]) -> bool:
        """Tell the callbacks the record of an epoch; whether one wants to stop."""
        self._epochs.append(epoch)
        told = {**epoch}  # into which a callback may write a measure of its own
        wants_to_stop = [callback.on_epoch_end(told) for callback in self.callbacks]
        return any(wants_to_stop)


def _diversity(real: torch.Tensor, fake: torch.Tensor, n_classes: int) -> float:
    """Spread of a batch's generated rows within their classes, over the real rows'."""
    classes = torch.arange(len(real), device=real.device) % n_classes
    of_class = F.one_hot(classes, n_classes).float()
    counts = of_class.sum(dim=0).clamp(min=1)[:, None]
    spreads = [
        (rows - of_class @ (of_class.T @ rows / counts)).norm()
        for rows in (real.flatten(1).float(), fake.flatten(1).float())
    ]
    return float(spreads[1] / spreads[0].clamp(min=1e-12))
