"""A generator that draws the same row again and again is named, with the numbers."""

import warnings

import numpy as np
import pytest
from torch import nn

from gan_augment import TabularGAN


class Constant(nn.Module):
    """Draws one row of each class."""

    def __init__(self, width, n_classes):
        super().__init__()
        self.rows = nn.Linear(n_classes, width)

    def forward(self, condition, rng):
        return self.rows(condition)


class Collapsed(TabularGAN):
    def _make_generator(self, rng):
        return Constant(self.encoder_.width_, len(self.classes_))


def make_rows(n_rows=60):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_rows, 3)), np.where(np.arange(n_rows) % 3, "a", "b")


def test_a_collapsed_generator_is_named():
    with pytest.warns(UserWarning, match=r"nearly the same row.*'a': 0\.0, 'b': 0\.0"):
        Collapsed(max_steps=5, random_state=0).fit(*make_rows())


@pytest.mark.parametrize("n_rows", [12, 60, 1000])
def test_a_healthy_one_is_not(n_rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TabularGAN(max_steps=60, random_state=0).fit(*make_rows(n_rows))


def test_rows_that_are_all_alike_have_not_collapsed():
    X, y = make_rows()
    X = np.column_stack([np.where(y == "a", 1.0, 2.0), np.where(y == "a", 3.0, 0.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TabularGAN(max_steps=30, random_state=0).fit(X, y)
