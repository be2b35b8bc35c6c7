"""Optimizers of a network whose weights are one vector."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

# The classes torch.optim.Adam and torch.optim.SGD load torch's compiler, which takes
# two seconds of the first fit of a process. The functions behind them do not.
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from gan_augment.training.checkpoint import copy_into, to_array

# Adversarial trainings take no momentum in Adam since WGAN-GP (Gulrajani et al. 2017,
# arXiv:1704.00028).
ADAM_BETAS = (0.0, 0.99)
SGD_MOMENTUM = 0.9
EPSILON = 1e-8


class Optimizer(Protocol):
    """Moves a vector of weights against a gradient."""

    # What has to be kept so that a training can be resumed.
    state: list[Tensor]

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Move the weights once."""


class Adam:
    """Adam (Kingma and Ba 2015, arXiv:1412.6980), by :mod:`torch.optim`.

    Parameters
    ----------
    weights : Tensor of shape (n_weights,)
        What it changes.
    """

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights
        n_steps = torch.zeros((), device=weights.device)
        self.state = [torch.zeros_like(weights), torch.zeros_like(weights), n_steps]

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Move the weights by about the learning rate each."""
        mean, square, n_steps = self.state
        beta1, beta2 = ADAM_BETAS
        adam(
            [self.weights],
            [gradient],
            [mean],
            [square],
            [],
            [n_steps],
            fused=True,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=learning_rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )


class SGD:
    """Stochastic gradient descent with momentum, by :mod:`torch.optim`.

    Parameters
    ----------
    weights : Tensor of shape (n_weights,)
        What it changes.
    """

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights
        self.state = [torch.zeros_like(weights)]

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Move the weights by the learning rate times the gradients' running sum."""
        sgd(
            [self.weights],
            [gradient],
            list(self.state),
            foreach=False,
            weight_decay=0.0,
            momentum=SGD_MOMENTUM,
            lr=learning_rate,
            dampening=0.0,
            nesterov=False,
            maximize=False,
        )


OPTIMIZERS: dict[str, Callable[[Tensor], Optimizer]] = {"adam": Adam, "sgd": SGD}


class Learner:
    """A network, its weights as one vector, and what changes them.

    One vector makes a step of the optimizer and of an average one operation each, not
    one a parameter. It is float32 whatever the network calculates in.

    Parameters
    ----------
    network : Module
        Its parameters become views of the vector, or of a copy in `dtype`.
    optimizer : str
        Key of :data:`OPTIMIZERS`.
    learning_rate : float
        Size of a step.
    dtype : torch.dtype, default=torch.float32
        What the network calculates in.

    Attributes
    ----------
    weights : Tensor of shape (n_weights,)
        The weights.
    gradient : Tensor of shape (n_weights,)
        What the last step moved against.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: str,
        learning_rate: float,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._buffers = {name: b.clone() for name, b in network.named_buffers()}
        self.network = network.to(dtype)
        self.learning_rate = learning_rate
        self.weights = parameters_to_vector(network.parameters()).detach().float()
        self.gradient = torch.zeros_like(self.weights)
        self.optimizer = OPTIMIZERS[optimizer](self.weights)
        self._parameters = list(network.parameters())
        self._working = self.weights.to(dtype)
        vector_to_parameters(self._working, network.parameters())

    def minimise(self, loss: Tensor, factor: float = 1.0) -> None:
        """Move the weights against the gradient of a loss, by a part of the rate."""
        gradients = torch.autograd.grad(loss, self._parameters)
        flat = torch.cat([part.flatten() for part in gradients])
        self.gradient.copy_(flat)
        self.optimizer.step(self.gradient, factor * self.learning_rate)
        if self._working is not self.weights:
            self._working.copy_(self.weights)

    def get_state(self) -> list[np.ndarray]:
        """The weights, and what the optimizer keeps."""
        return [to_array(tensor) for tensor in (self.weights, *self.optimizer.state)]

    def set_state(self, state: list[np.ndarray]) -> None:
        """Take over the weights and the optimizer's state of another learner."""
        for tensor, array in zip(
            (self.weights, *self.optimizer.state), state, strict=True
        ):
            copy_into(tensor, array)
        if self._working is not self.weights:
            self._working.copy_(self.weights)

    @contextlib.contextmanager
    def having(self, weights: Tensor) -> Iterator[None]:
        """Give the network these weights for a while."""
        current = self._working.clone()
        self._working.copy_(weights)
        try:
            yield
        finally:
            self._working.copy_(current)

    def settle(self, weights: Tensor) -> None:
        """Give the network these weights for good, as they are, and its buffers."""
        vector_to_parameters(weights, self.network.float().parameters())
        for name, buffer in self.network.named_buffers():
            buffer.copy_(self._buffers[name])
