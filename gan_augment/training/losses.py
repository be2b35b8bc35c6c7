"""Adversarial losses and the gradient penalty, each with its gradient.

Every function takes logits of shape ``(B,)``, real first, paired row by row: the pair
shares its condition. Gradients are in closed form, since at the size of a table's GAN
the bookkeeping of automatic differentiation would be most of the work. A new loss is an
entry in ``LOSSES``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional as F

# Logits -> their mean cost and its gradient.
Cost = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


class AdversarialLoss(NamedTuple):
    """What the discriminator minimises, and what the generator minimises.

    Both are functions of real and of generated logits. The first gives its value and
    its gradients for both, the second its value and its gradient for the generated.
    """

    discriminator: Callable[
        [torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    ]
    generator: Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def gradient_penalty(slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Half the mean squared slope of the logits, and its gradient.

    The slopes, of shape ``(B, ...)``, are the gradient of each row's logit with
    respect to that row. On real rows this is R1, on generated ones R2 (Mescheder et
    al. 2018, arXiv:1801.04406).
    """
    gradient = slopes / len(slopes)
    return 0.5 * torch.vdot(gradient.flatten(), slopes.flatten()), gradient


def _softplus(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return F.softplus(logits).mean(), logits.sigmoid() / len(logits)


def _hinge(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    beyond = F.relu(1 + logits)
    return beyond.mean(), beyond.sign() / len(logits)


def _linear(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return logits.mean(), torch.full_like(logits, 1 / len(logits))


def _squared_distance_to(target: float) -> Cost:
    def cost(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        distance = logits - target
        return distance.square().mean(), 2 * distance / len(logits)

    return cost


def _negated(cost: Cost) -> Cost:
    def of_negative(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        value, gradient = cost(-logits)
        return value, -gradient

    return of_negative


def _paired(cost: Cost) -> AdversarialLoss:
    """Of the difference between the two logits of a pair."""

    def discriminator(real: torch.Tensor, fake: torch.Tensor) -> tuple:
        value, gradient = cost(fake - real)
        return value, -gradient, gradient

    def generator(real: torch.Tensor, fake: torch.Tensor) -> tuple:
        value, gradient = cost(real - fake)
        return value, -gradient

    return AdversarialLoss(discriminator, generator)


def _separate(of_real: Cost, of_fake: Cost, of_generator: Cost) -> AdversarialLoss:
    """Of each logit by itself."""

    def discriminator(real: torch.Tensor, fake: torch.Tensor) -> tuple:
        real_value, real_gradient = of_real(real)
        fake_value, fake_gradient = of_fake(fake)
        return real_value + fake_value, real_gradient, fake_gradient

    def generator(real: torch.Tensor, fake: torch.Tensor) -> tuple:
        return of_generator(fake)

    return AdversarialLoss(discriminator, generator)


LOSSES: dict[str, AdversarialLoss] = {
    # Relativistic pairing: Jolicoeur-Martineau 2019, arXiv:1807.00734; with R1 and R2
    # it converges locally: Huang et al. 2024 (R3GAN), arXiv:2501.05441.
    "relativistic": _paired(_softplus),
    # Goodfellow et al. 2014, arXiv:1406.2661.
    "non_saturating": _separate(_negated(_softplus), _softplus, _negated(_softplus)),
    # Lim and Ye 2017, arXiv:1705.02894.
    "hinge": _separate(_negated(_hinge), _hinge, _negated(_linear)),
    # Mao et al. 2017, arXiv:1611.04076.
    "least_squares": _separate(
        _squared_distance_to(1.0), _squared_distance_to(0.0), _squared_distance_to(1.0)
    ),
    # Arjovsky et al. 2017, arXiv:1701.07875.
    "wasserstein": _separate(_negated(_linear), _linear, _negated(_linear)),
}
