"""What real and generated rows pass through before the discriminators see them."""

from __future__ import annotations

from typing import Any, Protocol

import torch

# Share of the pairs, from -1 for none to 1 for all, in which the real image may win
# before the discriminator is taken to over-fit; it is averaged over some steps.
TARGET = 0.6
MEMORY = 0.98
# What one step changes the probability by, and how far it may rise.
STEP = 0.005
MOST = 0.5


class Augmentation(Protocol):
    """What a trainer needs of an augmentation."""

    @property
    def strength(self) -> float:
        """How much rows are changed now; it is in the curves."""

    def __call__(self, rows: torch.Tensor, /, rng: torch.Generator) -> torch.Tensor:
        """Rows as the discriminator is to see them."""

    def adapt(
        self, real_logits: torch.Tensor, fake_logits: torch.Tensor, done: float
    ) -> None:
        """Take note of the logits of a step, before which a share of all was done."""

    def get_state(self) -> dict[str, Any]:
        """What it has learned of the training, as plain values."""

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over what another one learned."""


class AdaptiveShift:
    """Shift images at random before the discriminator sees them, real and generated.

    The probability of a shift starts at 0, and is raised while the discriminator wins
    too often, which is when it knows the real images by heart (ADA: Karras et al. 2020,
    arXiv:2006.06676; differentiable translation: Zhao et al. 2020, arXiv:2006.10738).
    Always on it would teach the generator shifted images, or fewer different ones.

    Parameters
    ----------
    most_pixels : int
        Largest shift along each axis.

    Attributes
    ----------
    probability : float
        How often an image is shifted now.
    """

    def __init__(self, most_pixels: int) -> None:
        self.most_pixels = most_pixels
        self.probability = 0.0
        self._wins = 0.0

    def __call__(self, images: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, K, H, W) images -> images of which some are shifted, edges repeated."""
        if self.probability == 0.0:
            return images
        shape, device = (len(images), 2), images.device
        most = self.most_pixels
        shifts = torch.randint(-most, most + 1, shape, generator=rng, device=device)
        chosen = torch.rand(len(images), 1, generator=rng, device=device)
        shifts = shifts * (chosen < self.probability)
        rows, columns = (
            (torch.arange(side, device=device) + shift[:, None]).clamp(0, side - 1)
            for side, shift in zip(images.shape[2:], shifts.T, strict=True)
        )
        batch = torch.arange(len(images), device=device)[:, None, None]
        moved = images.movedim(1, 3)[batch, rows[:, :, None], columns[:, None, :]]
        return moved.movedim(3, 1)

    @property
    def strength(self) -> float:
        """The probability."""
        return self.probability

    def adapt(
        self, real_logits: torch.Tensor, fake_logits: torch.Tensor, done: float
    ) -> None:
        """Raise or lower the probability by who won the pairs of this step."""
        wins = (real_logits - fake_logits).sign().mean().item()
        self._wins = MEMORY * self._wins + (1 - MEMORY) * wins
        change = STEP if self._wins > TARGET else -STEP
        self.probability = min(max(self.probability + change, 0.0), MOST)

    def get_state(self) -> dict[str, Any]:
        """The probability, and how often the discriminator has won of late."""
        return {"probability": self.probability, "wins": self._wins}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over what another one learned."""
        self.probability, self._wins = float(state["probability"]), float(state["wins"])


class DecayingNoise:
    """Add Gaussian noise to rows before the discriminators see them.

    Its standard deviation falls linearly to zero in the course of the training
    (instance noise: Sonderby et al. 2017, arXiv:1610.04490). Noise keeps the
    distributions of real and of generated rows from being separable as long as they
    differ much.

    Parameters
    ----------
    strength : float
        Standard deviation at the beginning, where numbers have about unit variance
        and a cell of a category is 0 or 1.

    Attributes
    ----------
    strength : float
        Standard deviation now.
    """

    def __init__(self, strength: float) -> None:
        self.strength = self._first = strength

    def __call__(self, rows: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """(B, D) rows -> rows with noise."""
        noise = torch.randn(
            rows.shape, generator=rng, device=rows.device, dtype=rows.dtype
        )
        return rows + self.strength * noise

    def adapt(
        self, real_logits: torch.Tensor, fake_logits: torch.Tensor, done: float
    ) -> None:
        """Lower the standard deviation."""
        self.strength = self._first * (1.0 - done)

    def get_state(self) -> dict[str, Any]:
        """The standard deviation."""
        return {"strength": self.strength}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over the standard deviation."""
        self.strength = float(state["strength"])
