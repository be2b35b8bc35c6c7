import numpy as np
import pytest

from gan_augment.seeding import draw_seed, make_rng, make_torch_generator


def test_an_int_gives_the_same_stream_and_none_a_fresh_one():
    assert make_rng(3).random() == make_rng(3).random()
    assert make_rng(3).random() != make_rng(4).random()
    assert make_rng(None).random() != make_rng(None).random()


def test_a_random_state_is_drawn_from():
    state = np.random.RandomState(0)
    assert make_rng(state).random() != make_rng(state).random()
    again = np.random.RandomState(0)
    assert make_rng(again).random() == make_rng(np.random.RandomState(0)).random()


def test_a_generator_passes_through():
    rng = np.random.default_rng(0)
    assert make_rng(rng) is rng


def test_torch_follows_numpy():
    seeds = {make_torch_generator(make_rng(3)).initial_seed() for _ in range(2)}
    assert seeds == {draw_seed(make_rng(3))}


def test_anything_else_is_refused():
    with pytest.raises(ValueError, match="cannot be used to seed"):
        make_rng("seed")
