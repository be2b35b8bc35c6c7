"""The objective: penalties, their interval, several discriminators."""

import pytest
import torch
from torch import nn

from gan_augment.networks.image import Discriminator
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
    assert gradient_penalty(0 * rows.flatten(1).sum(dim=1), [rows]) == 0
    penalty = gradient_penalty(Square()(rows, None), [rows])
    expected = 2 * rows.detach().flatten(1).square().sum(dim=1).mean()
    torch.testing.assert_close(penalty.detach(), expected)


def test_both_kinds_of_rows_are_penalised_r1_and_r2():
    _, penalty, _ = make(Square()).of_discriminators(1, REAL, FAKE, CONDITION)
    r1, r2 = (2 * rows.square().sum(dim=1).mean() for rows in (REAL, FAKE))
    torch.testing.assert_close(penalty.detach(), r1 + r2)


def test_conditions_that_are_rows_are_penalised_too():
    class Product(nn.Module):
        def forward(self, rows, condition):
            return (rows * condition).flatten(1).sum(dim=1)

    real, fake, sources = (torch.randn(6, 1, 2, 2) for _ in range(3))
    _, penalty, _ = make(Product()).of_discriminators(1, real, fake, sources)
    norms = [x.square().flatten(1).sum(dim=1).mean() for x in (real, fake, sources)]
    # The slope for a row is the source, and for a source the row.
    expected = (norms[0] + norms[1]) / 2 + norms[2]
    torch.testing.assert_close(penalty.detach(), expected)


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


class OfClasses(nn.Module):
    """Logits that say how far a row lies in the direction of its class."""

    def features(self, rows):
        return rows

    def readout(self, features, condition):
        return (features[:, : condition.shape[1]] * condition).sum(dim=1)

    mismatched = Discriminator.mismatched

    def forward(self, rows, condition):
        return self.readout(self.features(rows), condition)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_real_rows_of_another_class_stand_in_for_generated_ones(loss):
    condition = torch.eye(3).repeat(2, 1)
    real = condition * torch.tensor([5.0, 4.0, 3.0])
    expected = torch.zeros(6)  # whatever the other class is
    plain = Objective([OfClasses()], LOSSES[loss], 0.0)
    matching = Objective([OfClasses()], LOSSES[loss], 0.0, mismatch_weight=0.5)
    of_real = (real * condition).sum(dim=1)
    for step in (1, 2, 3):
        without, _, logits = plain.of_discriminators(step, real, FAKE, condition)
        with_, _, same = matching.of_discriminators(step, real, FAKE, condition)
        extra = LOSSES[loss].discriminator(of_real, expected)
        torch.testing.assert_close(with_, without + 0.5 * extra)
        torch.testing.assert_close(same, logits)


def test_every_other_class_has_its_turn_and_one_class_has_none():
    seen = []

    class Recorder(OfClasses):
        def readout(self, features, condition):
            seen.append(condition.argmax(dim=1).tolist())
            return super().readout(features, condition)

    objective = Objective([Recorder()], LOSSES["hinge"], 0.0, mismatch_weight=1)
    for step in (1, 2, 3):
        rows = torch.zeros(4, 4)
        objective.of_discriminators(step, rows, rows, torch.eye(4))
    turns = [others for others in seen if len(others) == 4]
    assert sorted(map(sorted, zip(*turns, strict=True))) == [
        [0, 1, 2],
        [0, 1, 3],
        [0, 2, 3],
        [1, 2, 3],
    ]
    plain, matching = (
        Objective([OfClasses()], LOSSES["hinge"], 0.0, mismatch_weight=weight)
        for weight in (0, 1)
    )
    one_class = (1, REAL, FAKE, torch.ones(6, 1))
    assert (
        plain.of_discriminators(*one_class)[0]
        == matching.of_discriminators(*one_class)[0]
    )
