"""The optimiser of both networks."""

from __future__ import annotations

import math

import torch

# Share of the squared gradients' average that a step keeps.
DECAY = 0.9
EPSILON = 1e-8


class Adam:
    """Adam without momentum, of a network's weights in one vector.

    Kingma and Ba 2015, arXiv:1412.6980, with ``beta1=0`` as adversarial trainings have
    it since WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028). Torch's own spends a
    tenth of a small network's step on looking after its groups of parameters.

    Parameters
    ----------
    vector : Tensor of shape (n_weights,)
        What it changes.
    learning_rate : float
        About how far a step moves each weight.
    """

    def __init__(self, vector: torch.Tensor, learning_rate: float) -> None:
        self.vector = vector
        self.learning_rate = learning_rate
        self._squares = torch.zeros_like(vector)
        self._n_steps = 0

    def step(self, gradient: torch.Tensor, factor: float = 1.0) -> None:
        """Move against the gradient, by `factor` times the learning rate."""
        self._n_steps += 1
        # The average began at zero.
        correction = math.sqrt(1 - DECAY**self._n_steps)
        self._squares.mul_(DECAY).addcmul_(gradient, gradient, value=1 - DECAY)
        scale = self._squares.sqrt().add_(EPSILON * correction)
        rate = self.learning_rate * factor * correction
        self.vector.addcdiv_(gradient, scale, value=-rate)
