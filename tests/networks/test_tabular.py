"""Networks: the shape of what they give, and slopes that are the true gradients."""

import torch

from gan_augment.encoding.schema import Span
from gan_augment.networks.tabular import Discriminator, Generator

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
    rows = generator(condition, torch.Generator().manual_seed(1))
    (rows * torch.arange(8)).square().sum().backward()
    for name, weight in generator.named_parameters():
        assert weight.grad.abs().sum() > 0, name


def test_weights_and_rows_come_from_the_generators_that_are_passed():
    before = torch.get_rng_state()
    first, second, other = make_generator(), make_generator(), make_generator(1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.output.weight, second.output.weight)
    assert not torch.equal(first.output.weight, other.output.weight)


def test_logits_slopes_and_all_gradients_equal_those_of_autograd():
    """A penalty on the slopes differentiates twice; the closed form must agree."""
    rng = torch.Generator().manual_seed(0)
    discriminator = Discriminator(
        n_inputs=7, n_classes=2, hidden_dims=(16, 9), rng=rng
    ).double()
    rows = torch.randn(30, 7, generator=rng).double().requires_grad_()
    condition = torch.eye(2).double()[torch.arange(30) % 2]

    def plain():
        x = torch.cat([rows, condition], dim=1)
        for layer in discriminator.layers[:-1]:
            x = torch.nn.functional.leaky_relu(layer(x), 0.2)
        logits = discriminator.layers[-1](x).squeeze(1)
        (slopes,) = torch.autograd.grad(logits.sum(), rows, create_graph=True)
        return logits, slopes

    results = []
    for logits, slopes in (discriminator(rows, condition), plain()):
        loss = torch.nn.functional.softplus(logits).sum()
        loss = loss + (slopes.square().sum(dim=1) * torch.arange(30)).sum()
        weights = list(discriminator.parameters())
        # The last bias has no slope: autograd gives a zero or nothing at all.
        gradients = torch.autograd.grad(loss, [rows, *weights])
        results.append((logits, slopes, *gradients))
    for closed, true in zip(*results, strict=True):
        torch.testing.assert_close(closed, true)
