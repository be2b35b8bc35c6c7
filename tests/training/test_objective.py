"""The objective: penalties, their interval, several discriminators."""

import pytest
import torch
from torch import nn

from gan_augment.training.losses import LOSSES
from gan_augment.training.objective import Objective, gradient_penalty


class Linear(nn.Module):
    """Logits of a known slope."""

    def __init__(self, slope):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, rows, condition):
        return rows.flatten(1) @ self.slope.expand(rows[0].numel())


class Square(nn.Module):
    """Logits whose slope is twice the row."""

    def forward(self, rows, condition):
        return rows.square().flatten(1).sum(dim=1)


def make(*discriminators, weight=0.7, interval=1, loss="hinge"):
    return Objective(list(discriminators), LOSSES[loss], weight, interval)


REAL, FAKE, CONDITION = torch.randn(6, 3), torch.randn(6, 3), torch.eye(2).repeat(3, 1)


@pytest.mark.parametrize("shape", [(6, 3), (6, 2, 4, 4)])
def test_the_penalty_is_half_the_mean_squared_slope(shape):
    rows = torch.randn(shape, requires_grad=True)
    assert gradient_penalty(0 * rows.flatten(1).sum(dim=1), rows) == 0
    penalty = gradient_penalty(Square()(rows, None), rows)
    expected = 2 * rows.detach().flatten(1).square().sum(dim=1).mean()
    torch.testing.assert_close(penalty.detach(), expected)


def test_both_kinds_of_rows_are_penalised_r1_and_r2():
    _, penalty, _ = make(Square()).of_discriminators(1, REAL, FAKE, CONDITION)
    r1, r2 = (2 * rows.square().sum(dim=1).mean() for rows in (REAL, FAKE))
    torch.testing.assert_close(penalty.detach(), r1 + r2)


def test_the_penalty_can_be_differentiated():
    judge = Linear(3.0)
    _, penalty, _ = make(judge).of_discriminators(1, REAL, FAKE, CONDITION)
    penalty.backward()
    # R1 + R2 is three times the square of the slope, one a column.
    assert judge.slope.grad.item() == pytest.approx(2 * 3 * 3.0)


def test_a_lazy_penalty_comes_every_few_steps_with_as_many_times_the_weight():
    objective = make(Square(), interval=4)
    penalties = [
        objective.of_discriminators(step, REAL, FAKE, CONDITION)[1]
        for step in range(1, 10)
    ]
    assert [i for i, p in enumerate(penalties, 1) if p is not None] == [1, 5, 9]
    total = objective.with_penalty(torch.tensor(2.0), torch.tensor(10.0))
    assert total.item() == pytest.approx(2 + 0.7 * 4 * 10)
    assert objective.with_penalty(torch.tensor(2.0), None) == 2
    without = make(Square(), weight=0.0)
    assert without.of_discriminators(1, REAL, FAKE, CONDITION)[1] is None


def test_several_discriminators_count_equally():
    judges = Linear(1.0), Linear(-2.0)
    together = make(*judges, loss="relativistic")
    alone = [make(judge, loss="relativistic") for judge in judges]
    loss, penalty, logits = together.of_discriminators(1, REAL, FAKE, CONDITION)
    each = [one.of_discriminators(1, REAL, FAKE, CONDITION) for one in alone]
    torch.testing.assert_close(loss, (each[0][0] + each[1][0]) / 2)
    torch.testing.assert_close(penalty, (each[0][1] + each[1][1]) / 2)
    torch.testing.assert_close(logits, torch.cat([each[0][2], each[1][2]], dim=1))
    made = together.of_generator(logits[0], FAKE, CONDITION)
    first, second = (
        one.of_generator(of_one[2][0], FAKE, CONDITION)
        for one, of_one in zip(alone, each, strict=True)
    )
    torch.testing.assert_close(made, (first + second) / 2)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_generator_is_taught_by_every_discriminator(loss):
    fake = FAKE.clone().requires_grad_()
    judges = Linear(1.0), Linear(-2.0)
    of_real = torch.stack([judge(REAL, None).detach() for judge in judges])
    value = make(*judges, loss=loss).of_generator(of_real, fake, CONDITION)
    (gradient,) = torch.autograd.grad(value, fake)
    expected = torch.zeros_like(fake)
    for judge in judges:
        logits = [judge(rows, None).detach().requires_grad_() for rows in (REAL, fake)]
        (slope,) = torch.autograd.grad(LOSSES[loss].generator(*logits), logits[1])
        expected += slope[:, None] * judge.slope.detach() / 2
    torch.testing.assert_close(gradient, expected)
