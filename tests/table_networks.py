"""A small generator of encoded rows, and the layout of its rows."""

import torch

from gan_augment.encoding.schema import Span
from gan_augment.networks.tabular import Generator

SPANS = (
    Span(0, "scalar", 0, 1, present_at=1),
    Span(0, "one_hot", 1, 2),
    Span(1, "one_hot", 3, 4),
    Span(2, "scalar", 7, 1),
)


def make_generator(*, n_components=1, seed=0):
    return Generator(
        latent_dim=4,
        n_classes=2,
        n_components=n_components,
        hidden_dims=(8, 8),
        spans=SPANS,
        rng=torch.Generator().manual_seed(seed),
    )
