"""Networks: the shape of what they give, and slopes that are the true gradients."""

import torch
from table_networks import SPANS, make_generator

from gan_augment.networks.tabular import (
    Discriminator,
    SpanActivation,
    sample_one_hot,
)


def make_rows(n_rows=64):
    condition = torch.eye(2)[torch.arange(n_rows) % 2]
    return make_generator()(condition, torch.Generator().manual_seed(1))


def test_one_hot_spans_hold_a_single_one():
    rows = make_rows()
    assert rows.shape == (64, 8)
    for span in SPANS:
        if span.kind == "one_hot":
            cells = rows[:, span.start : span.stop]
            assert torch.all(cells.sum(dim=1) == 1)
            assert set(cells.detach().unique().tolist()) == {0.0, 1.0}
            assert len(cells.argmax(dim=1).unique()) == span.width


def test_a_scalar_is_zero_exactly_where_its_value_is_missing():
    rows = make_rows()
    missing = rows[:, 1] == 0
    assert 0 < missing.sum() < len(rows)
    assert torch.equal(rows[:, 0] == 0, missing)
    assert torch.all(rows[:, 7] != 0)


def test_gradients_reach_every_weight():
    generator = make_generator()
    condition = torch.eye(2)[torch.arange(64) % 2]
    rows = generator(condition, torch.Generator().manual_seed(1))
    (rows * (rows.detach() + torch.arange(8))).square().sum().backward()
    discriminator = make_discriminator()
    discriminator(rows.detach(), condition).square().sum().backward()
    for network in (generator, discriminator):
        for name, weight in network.named_parameters():
            assert weight.grad.abs().sum() > 0, name


def test_cells_are_where_the_encoded_row_has_them_and_so_are_their_gradients():
    """The network has the scalars first, then the spans by their width."""
    activation = SpanActivation(SPANS)
    assert activation.cells.tolist() == [0, 7, 1, 2, 3, 4, 5, 6]
    raw = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    raw.requires_grad_()
    rows = activation(raw, torch.Generator().manual_seed(1))
    present = rows[:, 1].detach()
    assert 0 < present.sum() < 50
    torch.testing.assert_close(rows[:, 0], raw[:, 0] * present)
    torch.testing.assert_close(rows[:, 7], raw[:, 1])
    target = torch.randn(50, 8, generator=torch.Generator().manual_seed(2))
    (gradient,) = torch.autograd.grad((rows * target).sum(), raw)
    torch.testing.assert_close(gradient[:, 0], target[:, 0] * present)
    torch.testing.assert_close(gradient[:, 1], target[:, 7])
    # Whether a number is there is learned from the number, too.
    assert gradient[:, 2:4].abs().sum() > 0


def test_weights_and_rows_come_from_the_generators_that_are_passed():
    before = torch.get_rng_state()
    first, second = make_generator(), make_generator()
    other = make_generator(seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.output.weight, second.output.weight)
    assert not torch.equal(first.output.weight, other.output.weight)


def make_discriminator(seed=0):
    rng = torch.Generator().manual_seed(seed)
    return Discriminator(n_inputs=8, n_classes=2, hidden_dims=(16, 9), rng=rng)


def test_logits_are_one_a_row_and_do_not_depend_on_the_rest_of_the_batch():
    discriminator = make_discriminator()
    rows = torch.randn(30, 8)
    condition = torch.eye(2)[torch.arange(30) % 2]
    logits = discriminator(rows, condition)
    assert logits.shape == (30,)
    torch.testing.assert_close(discriminator(rows[:1], condition[:1]), logits[:1])
    assert not torch.allclose(discriminator(rows, condition.flip(1)), logits)


def test_spans_pass_the_gradient_of_a_gumbel_softmax():
    logits = torch.randn(50, 2, 3, generator=torch.Generator().manual_seed(0))
    logits.requires_grad_()
    uniform = torch.rand(50, 2, 3, generator=torch.Generator().manual_seed(1))
    target = torch.randn(50, 2, 3, generator=torch.Generator().manual_seed(2))
    gumbel = -(-uniform.log()).log()
    soft = torch.softmax((logits + gumbel) / 0.5, dim=2)
    (true,) = torch.autograd.grad((soft * target).sum(), logits)
    cells = sample_one_hot(logits, torch.Generator().manual_seed(1))
    (ours,) = torch.autograd.grad((cells * target).sum(), logits)
    torch.testing.assert_close(ours, true)
    assert torch.equal(cells.argmax(dim=2), soft.argmax(dim=2))
    without = sample_one_hot(logits.detach(), torch.Generator().manual_seed(1))
    assert torch.equal(cells, without)


def test_levels_are_drawn_as_often_as_their_logits_say():
    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(20_000, 1, 3)
    cells = sample_one_hot(logits, torch.Generator().manual_seed(0))
    shares = torch.tensor([0.5, 0.3, 0.2])
    torch.testing.assert_close(cells.mean(dim=(0, 1)), shares, atol=0.015, rtol=0)


def test_extreme_logits_neither_overflow_nor_lose_a_span():
    logits = torch.tensor([[[2e4, 1e4], [-2e4, -1e4]]], requires_grad=True)
    cells = sample_one_hot(logits, torch.Generator().manual_seed(0))
    assert cells.tolist() == [[[1, 0], [0, 1]]]
    (gradient,) = torch.autograd.grad(cells.sum(), logits)
    assert torch.isfinite(gradient).all()
