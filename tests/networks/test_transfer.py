"""Weights carried over by name: what is known stays, what is new begins sensibly."""

import pytest
import torch

from gan_augment.encoding.schema import Span
from gan_augment.networks.tabular import Discriminator, Generator
from gan_augment.networks.transfer import Layout, carry_over, match_means

SPANS = [Span(0, "scalar", 0, 1), Span(1, "one_hot", 1, 3), Span(2, "one_hot", 4, 2)]
CELLS = [
    *(("a", "score"),),
    *((("b", "level"), level) for level in "xyz"),
    *((("c", "level"), level) for level in "uv"),
]
CLASSES = [("class", "lo"), ("class", "hi")]
# The same columns in another order, with a level and a class more.
NEW_SPANS = [
    *(Span(0, "one_hot", 0, 2), Span(1, "one_hot", 2, 4), Span(2, "scalar", 6, 1)),
]
NEW_CELLS = [
    *((("c", "level"), level) for level in "vu"),
    *((("b", "level"), level) for level in "wzyx"),
    *(("a", "score"),),
]
NEW_CLASSES = [("class", "hi"), ("class", "mid"), ("class", "lo")]


def generator(spans, n_classes, seed):
    return Generator(
        latent_dim=3,
        n_classes=n_classes,
        n_components=1,
        hidden_dims=(8, 6),
        spans=spans,
        rng=torch.Generator().manual_seed(seed),
    )


def discriminator(n_inputs, n_classes, seed):
    return Discriminator(
        n_inputs=n_inputs,
        n_classes=n_classes,
        hidden_dims=(8, 6),
        rng=torch.Generator().manual_seed(seed),
    )


def raw(network, cells, latent, condition, drawn):
    """What the network adds to each cell of the mixture's draws, by name."""
    inputs = torch.cat([latent, condition], dim=1)
    of_cells = [
        drawn.get(cells[cell], torch.zeros(5)) for cell in network.activation.cells
    ]
    seen = torch.cat([inputs, torch.stack(of_cells, dim=1)], dim=1)
    hidden = torch.nn.functional.leaky_relu(network.trunk(seen), 0.2)
    outputs = network.shortcut(inputs) + network.output(hidden)
    return {
        cells[cell]: outputs[:, position]
        for position, cell in enumerate(network.activation.cells)
    }


@pytest.fixture
def layouts():
    return Layout(NEW_CELLS, NEW_CLASSES), Layout(CELLS, CLASSES)


def test_known_cells_of_known_classes_are_drawn_as_before(layouts):
    before, after = generator(SPANS, 2, 0), generator(NEW_SPANS, 3, 1)
    carry_over(after, before, *layouts)
    latent = torch.randn(5, 3)
    drawn = {name: torch.randn(5) for name in CELLS}
    for label in ("lo", "hi"):
        conditions = [
            torch.tensor([[1.0 * (name == ("class", label)) for name in names]])
            for names in (CLASSES, NEW_CLASSES)
        ]
        old = raw(before, CELLS, latent, conditions[0].expand(5, -1), drawn)
        new = raw(after, NEW_CELLS, latent, conditions[1].expand(5, -1), drawn)
        assert new.keys() - old.keys() == {(("b", "level"), "w")}
        for name, value in old.items():
            torch.testing.assert_close(new[name], value)


def test_known_rows_are_judged_as_before(layouts):
    before, after = discriminator(6, 2, 0), discriminator(7, 3, 1)
    carry_over(after, before, *layouts)
    rows, condition = torch.randn(5, 6), torch.eye(2)[[0, 1, 0, 1, 1]]
    moved, moved_condition = torch.zeros(5, 7), torch.zeros(5, 3)
    for position, name in enumerate(CELLS):
        moved[:, NEW_CELLS.index(name)] = rows[:, position]
    for position, name in enumerate(CLASSES):
        moved_condition[:, NEW_CLASSES.index(name)] = condition[:, position]
    torch.testing.assert_close(after(moved, moved_condition), before(rows, condition))
    weight = after.trunk[0].weight
    torch.testing.assert_close(weight[:, 2], weight[:, 3:6].mean(dim=1))  # of b
    torch.testing.assert_close(weight[:, 8], weight[:, [7, 9]].mean(dim=1))  # class


def test_means_and_shares_that_differ_are_moved_and_others_are_not():
    network = generator(SPANS, 2, 0)
    rng = torch.Generator().manual_seed(2)
    condition = torch.eye(2)[torch.arange(8000) % 2]
    rows, counts = network(condition, rng), torch.tensor([4000.0, 4000.0])
    before = {name: p.clone() for name, p in network.state_dict().items()}
    match_means(network, rows, condition, counts=counts)
    for name, parameter in network.state_dict().items():
        torch.testing.assert_close(parameter, before[name])
    is_second = condition[:, 1] == 1
    rows[is_second, 0] += 2.0
    rows[is_second, 1:4] = torch.eye(3)[torch.arange(4000) % 10 // 9 * 2]
    match_means(network, rows, condition, counts=counts)
    drawn = network(condition, rng)
    for of_class in (is_second, ~is_second):
        torch.testing.assert_close(
            drawn[of_class].mean(dim=0), rows[of_class].mean(dim=0), atol=0.08, rtol=0
        )


def test_nothing_is_shared_by_two_networks(layouts):
    before, after = generator(SPANS, 2, 0), generator(NEW_SPANS, 3, 1)
    carry_over(after, before, *layouts)
    owned = {parameter.data_ptr() for parameter in before.parameters()}
    assert not owned & {parameter.data_ptr() for parameter in after.parameters()}
