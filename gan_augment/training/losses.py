"""Adversarial losses: what the discriminator and the generator minimise.

A loss is any object with two functions of logits of shape ``(B,)``, real first:
``discriminator(real, fake)`` and ``generator(real, fake)``, each of which returns a
scalar tensor. The logits of a pair are those of rows of one class. A new loss is an
entry in ``LOSSES``, or an object of your own that is passed as ``loss=``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

from torch import Tensor
from torch.nn import functional as F

# Largest logarithm of a ratio of densities, so that its exponential is finite.
LARGEST_LOG_RATIO = math.log(1e4)


@runtime_checkable
class Loss(Protocol):
    """What both networks minimise, as functions of real and generated logits."""

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Loss of the discriminator."""

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Loss of the generator."""


class AdversarialLoss(NamedTuple):
    """A :class:`Loss` of two functions.

    Parameters
    ----------
    discriminator, generator : callable
        Real and generated logits of shape (B,) -> what each network minimises.

    Examples
    --------
    >>> import torch
    >>> from gan_augment.training.losses import AdversarialLoss
    >>> wasserstein = AdversarialLoss(
    ...     discriminator=lambda real, fake: fake.mean() - real.mean(),
    ...     generator=lambda real, fake: -fake.mean(),
    ... )
    >>> wasserstein.generator(torch.ones(2), torch.tensor([1.0, 0.5])).item()
    -0.75
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


LOSSES: dict[str, AdversarialLoss] = {
    # Relativistic pairing: Jolicoeur-Martineau 2019, arXiv:1807.00734; with R1 and R2
    # it converges locally: Huang et al. 2024 (R3GAN), arXiv:2501.05441.
    "relativistic": AdversarialLoss(
        discriminator=lambda real, fake: F.softplus(fake - real).mean(),
        generator=lambda real, fake: F.softplus(real - fake).mean(),
    ),
    # Cross-entropy: Goodfellow et al. 2014, arXiv:1406.2661.
    "non_saturating": AdversarialLoss(
        discriminator=lambda real, fake: (
            F.softplus(-real).mean() + F.softplus(fake).mean()
        ),
        generator=lambda real, fake: F.softplus(-fake).mean(),
    ),
    # Mean squared error: Mao et al. 2017, arXiv:1611.04076.
    "least_squares": AdversarialLoss(
        discriminator=lambda real, fake: (
            (real - 1).square().mean() + fake.square().mean()
        ),
        generator=lambda real, fake: (fake - 1).square().mean(),
    ),
    # Arjovsky et al. 2017, arXiv:1701.07875.
    "wasserstein": AdversarialLoss(
        discriminator=lambda real, fake: fake.mean() - real.mean(),
        generator=lambda real, fake: -fake.mean(),
    ),
    # Lim and Ye 2017, arXiv:1705.02894.
    "hinge": AdversarialLoss(
        discriminator=lambda real, fake: (
            F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        ),
        generator=lambda real, fake: -fake.mean(),
    ),
    # The variational bound on the Kullback-Leibler divergence of the real rows from
    # the generated ones, f-GAN: Nowozin et al. 2016, arXiv:1606.00709. A logit is the
    # logarithm of the ratio of both densities.
    "kl": AdversarialLoss(
        discriminator=lambda real, fake: (
            fake.clamp(max=LARGEST_LOG_RATIO).exp().mean() - real.mean() - 1
        ),
        generator=lambda real, fake: -fake.mean(),
    ),
}
