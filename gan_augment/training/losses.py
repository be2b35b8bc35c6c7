"""Adversarial losses as pure functions of logits, and the gradient penalty.

Every function takes logits of shape ``(B,)``, real first, paired row by row: the pair
shares its condition. A new loss is a pair of functions and an entry in ``LOSSES``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn.functional import relu, softplus

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class AdversarialLoss(NamedTuple):
    """What the discriminator minimises, and what the generator minimises."""

    discriminator: LossFunction
    generator: LossFunction


def gradient_penalty(slopes: torch.Tensor) -> torch.Tensor:
    """Half the mean squared slope of the logits.

    The slopes, of shape ``(B, ...)``, are the gradient of each row's logit with
    respect to that row. On real rows this is R1, on generated ones R2 (Mescheder et
    al. 2018, arXiv:1801.04406).
    """
    return 0.5 * slopes.square().flatten(1).sum(dim=1).mean()


LOSSES: dict[str, AdversarialLoss] = {
    # Relativistic pairing: Jolicoeur-Martineau 2019, arXiv:1807.00734; with R1 and R2
    # it converges locally: Huang et al. 2024 (R3GAN), arXiv:2501.05441.
    "relativistic": AdversarialLoss(
        lambda real, fake: softplus(fake - real).mean(),
        lambda real, fake: softplus(real - fake).mean(),
    ),
    # Goodfellow et al. 2014, arXiv:1406.2661.
    "non_saturating": AdversarialLoss(
        lambda real, fake: softplus(-real).mean() + softplus(fake).mean(),
        lambda real, fake: softplus(-fake).mean(),
    ),
    # Lim and Ye 2017, arXiv:1705.02894.
    "hinge": AdversarialLoss(
        lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),
        lambda real, fake: -fake.mean(),
    ),
    # Mao et al. 2017, arXiv:1611.04076.
    "least_squares": AdversarialLoss(
        lambda real, fake: (real - 1).square().mean() + fake.square().mean(),
        lambda real, fake: (fake - 1).square().mean(),
    ),
    # Arjovsky et al. 2017, arXiv:1701.07875.
    "wasserstein": AdversarialLoss(
        lambda real, fake: fake.mean() - real.mean(),
        lambda real, fake: -fake.mean(),
    ),
}
