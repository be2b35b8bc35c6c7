"""Losses: who wants what, values at indifference, and where each is at its best."""

import math

import pytest
import torch

from gan_augment import TabularGAN
from gan_augment.training.losses import LOSSES, AdversarialLoss, Loss

ZERO = torch.zeros(5)


@pytest.mark.parametrize("name", LOSSES)
def test_the_discriminator_wants_real_above_fake_and_the_generator_the_opposite(name):
    real, fake = (torch.zeros(4, requires_grad=True) for _ in range(2))
    loss = LOSSES[name]
    assert isinstance(loss, Loss)
    d_real, d_fake = torch.autograd.grad(loss.discriminator(real, fake), [real, fake])
    assert torch.all(d_real < 0)
    assert torch.all(d_fake >= 0)
    (g_fake,) = torch.autograd.grad(loss.generator(real, fake), fake)
    assert torch.all(g_fake < 0)


def test_values_at_indifference():
    expected = {
        "relativistic": (math.log(2), math.log(2)),
        "non_saturating": (2 * math.log(2), math.log(2)),
        "least_squares": (1.0, 1.0),
        "wasserstein": (0.0, 0.0),
        "hinge": (2.0, 0.0),
        "kl": (0.0, 0.0),
    }
    assert expected.keys() == LOSSES.keys()
    for name, (discriminator, generator) in expected.items():
        value = LOSSES[name].discriminator(ZERO, ZERO)
        assert value.item() == pytest.approx(discriminator)
        value = LOSSES[name].generator(ZERO, ZERO)
        assert value.item() == pytest.approx(generator)


def test_the_relativistic_loss_sees_differences_only():
    real, fake = torch.randn(8), torch.randn(8)
    loss = LOSSES["relativistic"].discriminator
    torch.testing.assert_close(loss(real, fake), loss(real + 3, fake + 3))


def test_the_best_logits_of_kl_are_the_log_ratio_and_its_value_the_divergence():
    """Rows of three kinds, of which real and generated ones have other shares."""
    real, fake = torch.tensor([0.6, 0.3, 0.1]), torch.tensor([0.2, 0.3, 0.5])
    counts = [(1000 * shares).round().long() for shares in (real, fake)]
    logits = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=50, line_search_fn="strong_wolfe")

    def value():
        optimizer.zero_grad()
        of_real, of_fake = (logits.repeat_interleave(n) for n in counts)
        loss = LOSSES["kl"].discriminator(of_real, of_fake)
        loss.backward()
        return loss

    optimizer.step(value)
    ratio = (real / fake).log()
    torch.testing.assert_close(logits.detach(), ratio, atol=1e-3, rtol=0)
    assert -value().item() == pytest.approx((real * ratio).sum().item(), abs=1e-4)


def test_kl_stays_finite_whatever_the_logits():
    fake = torch.tensor([1e6, -1e6], requires_grad=True)
    loss = LOSSES["kl"].discriminator(fake.detach(), fake)
    assert torch.isfinite(loss)
    assert torch.isfinite(torch.autograd.grad(loss, fake)[0]).all()


def test_an_object_of_the_users_is_a_loss(imbalanced, tmp_path):
    asked = []

    def generator(real, fake):
        asked.append((real.shape, fake.shape))
        return -fake.mean()

    loss = AdversarialLoss(lambda real, fake: fake.mean() - real.mean(), generator)
    gan = TabularGAN(loss=loss, max_steps=3, batch_size=16, random_state=0)
    rows, _ = gan.fit(*imbalanced).sample(3)
    assert asked == [((16,), (16,))] * 3
    named = TabularGAN(loss="wasserstein", max_steps=3, batch_size=16, random_state=0)
    assert rows.equals(named.fit(*imbalanced).sample(3)[0])
    gan.save(tmp_path)
    loaded = TabularGAN.load(tmp_path)
    assert loaded.sample(3)[0].equals(rows)
    assert loaded.loss == "relativistic"  # no code is saved
