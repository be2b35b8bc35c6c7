"""Optimizers of one vector: those of torch, at the learning rate of each step."""

import pytest
import torch
from torch import nn

from gan_augment.training.optimizers import OPTIMIZERS, Learner

THEIRS = {
    "adam": lambda weights: torch.optim.Adam([weights], betas=(0.0, 0.99)),
    "sgd": lambda weights: torch.optim.SGD([weights], momentum=0.9),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_step_is_that_of_torchs_class(name):
    rng = torch.Generator().manual_seed(0)
    start = torch.randn(50, generator=rng)
    ours, theirs = start.clone(), start.clone()
    optimizer, true = OPTIMIZERS[name](ours), THEIRS[name](theirs)
    for rate in (0.01, 0.01, 0.005, 0.001):
        gradient = torch.randn(50, generator=rng) * torch.logspace(-9, 3, 50)
        optimizer.step(gradient, rate)
        true.param_groups[0]["lr"] = rate
        theirs.grad = gradient
        true.step()
        torch.testing.assert_close(ours, theirs)
    assert not torch.equal(ours, start)


def make_learner(**params):
    network = nn.Linear(3, 2)
    return network, Learner(network, optimizer="sgd", learning_rate=0.1, **params)


def test_a_loss_is_minimised_by_its_gradient_and_the_rate_that_is_left():
    network, learner = make_learner()
    before = learner.weights.clone()
    learner.minimise(network(torch.ones(1, 3)).sum(), factor=0.5)
    torch.testing.assert_close(learner.gradient, torch.ones(8))
    torch.testing.assert_close(before - learner.weights, torch.full((8,), 0.05))
    torch.testing.assert_close(network.bias.detach(), learner.weights[6:])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_weights_are_shown_for_a_while_or_for_good(dtype):
    network, learner = make_learner(dtype=dtype)
    own, other = learner.weights.clone(), torch.arange(8.0)
    with learner.having(other):
        assert network.bias.tolist() == [6, 7]
    torch.testing.assert_close(network.bias.detach(), own[6:].to(dtype))
    learner.settle(other)
    assert network.bias.tolist() == [6, 7]
    assert network.bias.dtype is torch.float32


def test_bfloat16_weights_move_by_less_than_bfloat16_resolves():
    network, learner = make_learner(dtype=torch.bfloat16)
    before = learner.weights.clone()
    loss = network(torch.ones(1, 3, dtype=torch.bfloat16)).sum()
    learner.minimise(loss, factor=1e-6)
    moved = (learner.weights - before).abs()
    assert moved.max() < 1e-6
    assert (moved > 0).float().mean() > 0.5


def test_buffers_of_a_network_are_as_exact_after_a_training_in_bfloat16_as_before():
    network = nn.Linear(3, 2)
    network.register_buffer("scale", torch.tensor([1.001, 300.7]))
    learner = Learner(network, optimizer="sgd", learning_rate=0.1, dtype=torch.bfloat16)
    assert network.scale.dtype is torch.bfloat16
    learner.settle(learner.weights)
    assert torch.equal(network.scale, torch.tensor([1.001, 300.7]))
