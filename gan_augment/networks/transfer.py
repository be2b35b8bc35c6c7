"""Carry weights over to a network of other cells and classes, by their names.

Shapes are those of :mod:`gan_augment.networks.tabular`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from gan_augment.networks.start import PRIOR_ROWS, SMALLEST_SHARE
from gan_augment.networks.tabular import Generator, SpanActivation

# What a cell or a class belongs to, such as a column's levels, and which one it is.
Name = tuple[Hashable, Hashable]
# Standard errors by which means have to differ to be moved.
DEVIATIONS = 3.0


@dataclass(frozen=True)
class Layout:
    """What the cells and the classes of a network mean.

    Parameters
    ----------
    cells : sequence of Name
        The cells of an encoded row. The levels of a column have the same first part.
    classes : sequence of Name
        The classes, all with the same first part.
    """

    cells: Sequence[Name]
    classes: Sequence[Name]


@torch.no_grad()
def carry_over(
    network: nn.Module,
    before: nn.Module,
    layout: Layout,
    layout_before: Layout,
) -> None:
    """Give a network the weights that another one has for what both know by name.

    A new class begins as the mean of the known ones, and to the discriminator a new
    level as the mean of the known levels of its column. Other weights that are new stay
    as they are.

    Parameters
    ----------
    network : Generator or Discriminator
        Changed in place.
    before : Generator or Discriminator
        A network of the same hidden layers.
    layout, layout_before : Layout
        What the cells and the classes of both mean.
    """
    names, names_before = _names(network, layout), _names(before, layout_before)
    old = dict(before.named_parameters())
    for key, parameter in network.named_parameters():
        axes = zip(
            names.get(key, [None] * parameter.ndim),
            names_before.get(key, [None] * parameter.ndim),
            parameter.shape,
            strict=True,
        )
        known = [_shared(*axis) for axis in axes]
        parameter[torch.meshgrid(*(new for new, _ in known), indexing="ij")] = old[key][
            torch.meshgrid(*(old_at for _, old_at in known), indexing="ij")
        ]
        inputs, inputs_before = (
            of.get(key, [None])[-1] for of in (names, names_before)
        )
        if inputs is not None and inputs_before is not None and parameter.ndim == 2:
            _fill_by_mean(parameter, inputs, known=set(inputs_before))


@torch.no_grad()
def match_means(
    generator: Generator,
    rows: torch.Tensor,
    condition: torch.Tensor,
    *,
    counts: torch.Tensor,
) -> None:
    """Move the means of what a generator draws of a class to those of its rows.

    Means and shares of levels that chance could make differ as much stay as they are.

    Parameters
    ----------
    generator : Generator
        Its shortcut is changed, in place.
    rows : Tensor of shape (B, D)
        Encoded rows.
    condition : Tensor of shape (B, C)
        Their classes, each of which is there.
    counts : Tensor of shape (C,)
        How many rows the training set has of each class.
    """
    activation = generator.activation
    drawn = generator(condition, torch.Generator().manual_seed(0))
    real, made = (
        _means_of_classes(encoded, condition, activation) for encoded in (rows, drawn)
    )
    n_real, n_made = counts[:, None], condition.sum(dim=0)[:, None]
    prior = (n_real * real).sum(dim=0) / n_real.sum()
    shares = (n_real * real + PRIOR_ROWS * prior) / (n_real + PRIOR_ROWS)
    logits = [p.clamp(min=SMALLEST_SHARE).log() for p in (shares, made)]
    is_level = torch.arange(real.shape[1]) >= activation.n_scalars
    pooled = ((n_real * real + n_made * made) / (n_real + n_made)).clamp(0, 1)
    variance = torch.where(is_level, pooled * (1 - pooled), 1.0)
    deviation = (variance * (1 / n_real + 1 / n_made)).sqrt()
    moved = torch.where(is_level, logits[0] - logits[1], real - made)
    moved[(real - made).abs() <= DEVIATIONS * deviation] = 0.0
    generator.shortcut.weight[:, generator.latent_dim :] += moved.T


def _means_of_classes(
    rows: torch.Tensor, condition: torch.Tensor, activation: SpanActivation
) -> torch.Tensor:
    """(B, D) rows, (B, C) condition -> (C, D) means, in the order of raw outputs."""
    # A missing number is 0 among the encoded rows.
    present = torch.ones_like(rows)
    present[:, activation.masked] = rows[:, activation.present_at]
    means = condition.T @ rows / (condition.T @ present).clamp(min=1)
    return means[:, activation.cells]


def _names(
    network: nn.Module, layout: Layout
) -> Mapping[str, Sequence[Sequence[Name] | None]]:
    """Names along each axis of the parameters that have some."""
    if not isinstance(network, Generator):
        return {"trunk.0.weight": [None, [*layout.cells, *layout.classes]]}
    latent: list[Name] = [("latent", i) for i in range(network.latent_dim)]
    inputs = [*latent, *layout.classes]
    outputs = [layout.cells[cell] for cell in network.activation.cells]
    return {
        "trunk.0.weight": [None, [*inputs, *outputs]],
        "output.weight": [outputs, None],
        "output.bias": [outputs],
        "shortcut.weight": [outputs, inputs],
        "shortcut.bias": [outputs],
    }


def _shared(
    new: Sequence[Name] | None, old: Sequence[Name] | None, size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions of the names that both have, in each; all where there are no names."""
    if new is None or old is None:
        return torch.arange(size), torch.arange(size)
    position = {name: i for i, name in reversed([*enumerate(old)])}
    pairs = [(i, position[name]) for i, name in enumerate(new) if name in position]
    at_new, at_old = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
    return at_new, at_old


def _fill_by_mean(
    weight: torch.Tensor, names: Sequence[Name], known: set[Name]
) -> None:
    """Give an input that is new the mean weights of the known ones of its kind."""
    for i, name in enumerate(names):
        if name in known:
            continue
        alike = [j for j, n in enumerate(names) if n[0] == name[0] and n in known]
        if alike:
            weight[:, i] = weight[:, alike].mean(dim=1)
