"""The adversarial objective: all that both networks minimise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gan_augment.training.losses import Loss

# Dimensions of a batch of conditions that are classes.
ONE_HOT_DIM = 2


@dataclass(frozen=True)
class Objective:
    """A loss of real and generated logits, with gradient penalties R1 and R2.

    With several discriminators each network minimises the mean over them (GMAN:
    Durugkar et al. 2017, arXiv:1611.01673).

    Parameters
    ----------
    discriminators : sequence of Module
        ``discriminator(rows, condition)`` returns one logit a row.
    loss : Loss
        What both networks minimise.
    gradient_penalty_weight : float
        Weight of R1 + R2 in the discriminators' loss.
    penalty_interval : int, default=1
        Every how many steps the penalties are taken, with as many times the weight
        (lazy regularisation: Karras et al. 2020, arXiv:1912.04958).
    mismatch_weight : float, default=0.0
        Weight of a second loss of the discriminators, in which real rows with the
        condition of another class stand in for the generated ones (matching-aware
        discriminators: Reed et al. 2016, arXiv:1605.05396). It teaches them the classes
        on real rows alone. Above 0, a discriminator must have ``features(rows)``,
        ``readout(features, condition)`` and ``mismatched(condition, step)``, which
        returns conditions of other classes, or None if there is one class.
    """

    discriminators: Sequence[nn.Module]
    loss: Loss
    gradient_penalty_weight: float
    penalty_interval: int = 1
    mismatch_weight: float = 0.0

    def of_discriminators(
        self, step: int, real: Tensor, fake: Tensor, condition: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """Loss of the discriminators in a step, the first of which is 1.

        Returns
        -------
        loss : Tensor
            The loss without the penalties.
        penalty : Tensor or None
            R1 + R2 in the steps that take them, otherwise None.
        logits : Tensor of shape (2, n_discriminators, B)
            Logits of the real and of the generated rows, without a graph.
        """
        penalised = self.gradient_penalty_weight > 0
        penalised &= (step - 1) % self.penalty_interval == 0
        rows = torch.cat([real, fake])
        conditions = torch.cat([condition, condition])
        # A source is an input like the row; a class, which is one-hot, is none.
        inputs = [rows, conditions] if condition.dim() > ONE_HOT_DIM else [rows]
        for tensor in inputs:
            tensor.requires_grad_(penalised)
        losses, penalties, logits = [], [], []
        for discriminator in self.discriminators:
            of_rows, mismatch = self._judge(step, discriminator, rows, conditions)
            losses.append(self.loss.discriminator(*of_rows.chunk(2)) + mismatch)
            logits.append(of_rows.detach().unflatten(0, (2, -1)))
            if penalised:
                # The mean over real and generated rows together is half of R1 + R2.
                penalties.append(2 * gradient_penalty(of_rows, inputs))
        penalty = _mean(penalties) if penalised else None
        return _mean(losses), penalty, torch.stack(logits, dim=1)

    def _judge(
        self, step: int, discriminator: Any, rows: Tensor, conditions: Tensor
    ) -> tuple[Tensor, Tensor | float]:
        """Logits of real and generated rows, and the weighted loss of mismatches."""
        others = None
        if self.mismatch_weight:
            others = discriminator.mismatched(conditions.chunk(2)[0], step)
        if others is None:
            return discriminator(rows, conditions).float(), 0.0
        features = discriminator.features(rows)
        logits = discriminator.readout(features, conditions).float()
        mismatched = discriminator.readout(features.chunk(2)[0], others).float()
        loss = self.loss.discriminator(logits.chunk(2)[0], mismatched)
        return logits, self.mismatch_weight * loss

    def of_generator(
        self, real_logits: Tensor, fake: Tensor, condition: Tensor
    ) -> Tensor:
        """Loss of the generator, whose gradient flows through the generated rows.

        The logits of the real rows, of shape (n_discriminators, B), are those that
        :meth:`of_discriminators` returned for the same condition.
        """
        losses = [
            self.loss.generator(of_real, discriminator(fake, condition).float())
            for discriminator, of_real in zip(
                self.discriminators, real_logits, strict=True
            )
        ]
        return _mean(losses)

    def with_penalty(self, loss: Tensor, penalty: Tensor | None) -> Tensor:
        """What the discriminators minimise."""
        if penalty is None:
            return loss
        return loss + self.gradient_penalty_weight * self.penalty_interval * penalty


def gradient_penalty(logits: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """Half the mean squared gradient of each row's logit with respect to its inputs.

    On real rows this is R1, on generated ones R2 (Mescheder et al. 2018,
    arXiv:1801.04406).

    Parameters
    ----------
    logits : Tensor of shape (B,)
        Logits, each of which depends on its own inputs alone.
    inputs : sequence of Tensor of shape (B, ...)
        The rows, and what else the logits depend on; they require a gradient.

    Returns
    -------
    penalty : Tensor
        A scalar that can be differentiated again.
    """
    slopes = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    squares = [slope.float().flatten(1).square().sum(dim=1) for slope in slopes]
    return 0.5 * torch.stack(squares).sum(dim=0).mean()


def _mean(terms: Sequence[Tensor]) -> Tensor:
    first, *others = terms
    return sum(others, start=first) / len(terms) if others else first
