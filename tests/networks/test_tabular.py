"""Networks: the shape of what they give, and slopes that are the true gradients."""

import pytest
import torch

from gan_augment.encoding.schema import Span
from gan_augment.networks import tabular
from gan_augment.networks.tabular import Discriminator, Generator, SpanActivation

SPANS = (
    Span(0, "scalar", 0, 1, present_at=1),
    Span(0, "one_hot", 1, 2),
    Span(1, "one_hot", 3, 4),
    Span(2, "scalar", 7, 1),
)


def make_generator(seed=0):
    rng = torch.Generator().manual_seed(seed)
    return Generator(
        latent_dim=4, n_classes=2, hidden_dims=(8, 8), spans=SPANS, rng=rng
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
    rows, pull = generator.vjp(condition, torch.Generator().manual_seed(1))
    gradients = pull(rows * torch.arange(8).square())
    for (name, weight), gradient in zip(
        generator.named_parameters(), gradients, strict=True
    ):
        assert gradient.shape == weight.shape, name
        assert gradient.abs().sum() > 0, name


def test_gradients_of_cells_go_back_to_where_the_cells_came_from():
    """The network has the scalars first; what is missing sends no gradient back."""
    activation = SpanActivation(SPANS)
    raw = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    rows, pull = activation.vjp(raw, torch.Generator().manual_seed(1))
    present = rows[:, 1]
    assert 0 < present.sum() < 50
    target = torch.randn(50, 8, generator=torch.Generator().manual_seed(2))
    d_raw = pull(target)
    torch.testing.assert_close(d_raw[:, 0], target[:, 0] * present)
    torch.testing.assert_close(d_raw[:, 1], target[:, 7])
    # Each span by itself, as the spans lie in the encoded row.
    spans = SpanActivation((Span(0, "one_hot", 0, 2), Span(1, "one_hot", 2, 4)))
    cells, pull_spans = spans.vjp(raw[:, 2:], torch.Generator().manual_seed(1))
    torch.testing.assert_close(rows[:, 1:7], cells)
    torch.testing.assert_close(d_raw[:, 2:], pull_spans(target[:, 1:7]))


def test_weights_and_rows_come_from_the_generators_that_are_passed():
    before = torch.get_rng_state()
    first, second, other = make_generator(), make_generator(), make_generator(1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.output.weight, second.output.weight)
    assert not torch.equal(first.output.weight, other.output.weight)


@pytest.mark.parametrize("penalised", [True, False])
def test_logits_slopes_and_all_gradients_equal_those_of_autograd(penalised):
    """A penalty on the slopes differentiates twice; the closed form must agree."""
    rng = torch.Generator().manual_seed(0)
    discriminator = Discriminator(
        n_inputs=7, n_classes=2, hidden_dims=(16, 9), rng=rng
    ).double()
    rows = torch.randn(30, 7, generator=rng).double().requires_grad_()
    condition = torch.eye(2).double()[torch.arange(30) % 2]
    x = torch.cat([rows, condition], dim=1)
    for layer in discriminator.layers[:-1]:
        x = torch.nn.functional.leaky_relu(layer(x), 0.2)
    true_logits = discriminator.layers[-1](x).squeeze(1)
    (true_slopes,) = torch.autograd.grad(true_logits.sum(), rows, create_graph=True)

    (logits, slopes), pull = discriminator.vjp(rows, condition)
    torch.testing.assert_close(logits, true_logits)
    torch.testing.assert_close(slopes, true_slopes)

    d_logits, d_slopes = torch.arange(30) - 11.0, torch.arange(210.0).view(30, 7) / 99
    loss = (true_logits * d_logits).sum()
    if penalised:
        loss = loss + (true_slopes * d_slopes).sum()
    true = torch.autograd.grad(loss, list(discriminator.parameters()))
    closed = pull(d_logits.double(), d_slopes.double() if penalised else None)
    torch.testing.assert_close(closed, list(true))


def test_the_generator_equals_a_plain_mlp_of_which_autograd_takes_the_gradient():
    """The weights' gradients in closed form, layer norms and skips included."""
    generator = make_generator().double()
    x = torch.randn(40, 6, generator=torch.Generator().manual_seed(2)).double()
    target = torch.randn(40, 8, generator=torch.Generator().manual_seed(3)).double()
    units = x
    for layer, norm in zip(generator.layers, generator.norms, strict=True):
        new = torch.nn.functional.leaky_relu(norm(layer(units)), 0.1)
        units = torch.cat([units, new], dim=1)
    true_output = generator.output(units)
    parameters = list(generator.parameters())
    true = torch.autograd.grad((true_output * target).sum(), parameters)
    with torch.no_grad():
        output, pull = tabular._skip_mlp([x[:, :4], x[:, 4:]], parameters)
        gradients = pull(target)
    torch.testing.assert_close(output, true_output)
    torch.testing.assert_close(gradients, list(true))


def test_spans_pass_the_gradient_of_a_gumbel_softmax():
    spans = (Span(0, "one_hot", 0, 3), Span(1, "one_hot", 3, 2))
    activation = SpanActivation(spans)
    logits = torch.randn(50, 5, generator=torch.Generator().manual_seed(0))
    logits.requires_grad_()
    uniform = torch.rand(50, 5, generator=torch.Generator().manual_seed(1))
    target = torch.randn(50, 5, generator=torch.Generator().manual_seed(2))
    gumbel = -(-uniform.log()).log()
    soft = torch.cat(
        [
            torch.softmax((logits + gumbel)[:, cells] / 0.5, dim=1)
            for cells in (slice(0, 3), slice(3, 5))
        ],
        dim=1,
    )
    (true,) = torch.autograd.grad((soft * target).sum(), logits)
    cells, pull = activation.vjp(logits.detach(), torch.Generator().manual_seed(1))
    torch.testing.assert_close(pull(target), true)
    for span in (slice(0, 3), slice(3, 5)):
        assert torch.equal(cells[:, span].argmax(1), soft[:, span].argmax(1))


def test_levels_are_drawn_as_often_as_their_logits_say():
    activation = SpanActivation((Span(0, "one_hot", 0, 3),))
    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(20_000, 3)
    cells, _ = activation.vjp(logits, torch.Generator().manual_seed(0))
    shares = torch.tensor([0.5, 0.3, 0.2])
    torch.testing.assert_close(cells.mean(dim=0), shares, atol=0.015, rtol=0)


def test_extreme_logits_neither_overflow_nor_lose_a_span():
    activation = SpanActivation((Span(0, "one_hot", 0, 2), Span(1, "one_hot", 2, 2)))
    logits = torch.tensor([[2e4, 1e4, -2e4, -1e4]])
    cells, pull = activation.vjp(logits, torch.Generator().manual_seed(0))
    assert cells.tolist() == [[1, 0, 0, 1]]
    gradient = pull(torch.ones_like(cells))
    assert torch.isfinite(gradient).all()
