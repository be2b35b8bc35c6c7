"""Losses: who wants what, and closed forms."""

import math

import pytest
import torch

from gan_augment.training.losses import LOSSES, gradient_penalty

ZERO = torch.zeros(5)


@pytest.mark.parametrize("name", LOSSES)
def test_the_discriminator_wants_real_above_fake_and_the_generator_the_opposite(name):
    real = fake = torch.zeros(4)
    _, d_real, d_fake = LOSSES[name].discriminator(real, fake)
    assert torch.all(d_real < 0)
    assert torch.all(d_fake >= 0)
    _, g_fake = LOSSES[name].generator(real, fake)
    assert torch.all(g_fake < 0)


def test_values_at_indifference():
    expected = {
        "relativistic": (math.log(2), math.log(2)),
        "non_saturating": (2 * math.log(2), math.log(2)),
        "hinge": (2.0, 0.0),
        "least_squares": (1.0, 1.0),
        "wasserstein": (0.0, 0.0),
    }
    assert expected.keys() == LOSSES.keys()
    for name, (discriminator, generator) in expected.items():
        value, *_ = LOSSES[name].discriminator(ZERO, ZERO)
        assert value.item() == pytest.approx(discriminator)
        value, _ = LOSSES[name].generator(ZERO, ZERO)
        assert value.item() == pytest.approx(generator)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_the_values(name):
    rng = torch.Generator().manual_seed(0)
    real, fake = (
        torch.randn(50, generator=rng).double().requires_grad_() for _ in range(2)
    )
    value, *gradients = LOSSES[name].discriminator(real, fake)
    true = torch.autograd.grad(value, [real, fake])
    torch.testing.assert_close(gradients, list(true))
    value, gradient = LOSSES[name].generator(real, fake)
    torch.testing.assert_close((gradient,), torch.autograd.grad(value, [fake]))


def test_the_relativistic_loss_sees_differences_only():
    real, fake = torch.randn(8), torch.randn(8)
    loss = LOSSES["relativistic"].discriminator
    torch.testing.assert_close(loss(real, fake), loss(real + 3, fake + 3))


@pytest.mark.parametrize("shape", [(6, 3), (6, 2, 4, 4)])
def test_the_penalty_is_half_the_mean_squared_slope(shape):
    assert gradient_penalty(torch.zeros(shape))[0] == 0
    slopes = torch.full(shape, 2.0, requires_grad=True)
    penalty, gradient = gradient_penalty(slopes)
    assert penalty.item() == pytest.approx(0.5 * 4 * math.prod(shape[1:]))
    torch.testing.assert_close((gradient,), torch.autograd.grad(penalty, [slopes]))
