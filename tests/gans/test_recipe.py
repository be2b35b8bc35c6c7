"""The recipe: it grows with the table, and gives way to what the user sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment import TabularGAN
from gan_augment.gans.recipe import recipe_for_table

ROWS = st.integers(2, 2_000_000)


def counts_of(n_rows, n_rarest):
    return np.array([n_rows - n_rarest, n_rarest])


@given(n_rows=ROWS, more=ROWS, share=st.floats(0.001, 0.5))
def test_a_larger_table_has_at_least_as_long_a_training(n_rows, more, share):
    small, large = (
        recipe_for_table(counts_of(n, max(int(share * n), 1)), 10, "default")
        for n in (n_rows, n_rows + more)
    )
    assert 200 <= small.max_steps <= large.max_steps <= 2000
    assert small.batch_size <= large.batch_size
    assert small.hidden_dims <= large.hidden_dims
    assert 1 <= small.n_components <= large.n_components
    assert small.n_candidates <= large.n_candidates


@given(n_rows=ROWS, n_rarest=st.integers(1, 50))
def test_few_rows_of_a_class_are_not_memorised_at_any_quality(n_rows, n_rarest):
    counts = counts_of(n_rows + n_rarest, n_rarest)
    recipes = {q: recipe_for_table(counts, 10, q) for q in ("default", "high")}
    assert recipes["default"] == recipes["high"]
    assert recipes["high"].max_steps == 200


def test_the_best_rows_take_four_times_as_many_steps():
    steps = {
        quality: recipe_for_table(counts_of(30_000, 10_000), 10, quality).max_steps
        for quality in ("default", "high")
    }
    assert steps["high"] == 4 * steps["default"]


@pytest.mark.parametrize(
    "given",
    [
        {"max_steps": 3},
        {"max_steps": 3, "hidden_dims": [5, 7], "batch_size": 11},
        {"max_steps": 3, "learning_rate": 0.1, "gradient_penalty_weight": 0.0},
    ],
)
def test_what_the_user_sets_is_taken_and_the_rest_follows(given):
    X = np.random.default_rng(0).normal(size=(40, 2))
    gan = TabularGAN(**given, random_state=0).fit(X, np.arange(40) % 2)
    auto = recipe_for_table(np.array([20, 20]), 2, "default")
    for name in ("hidden_dims", "batch_size", "learning_rate", "max_steps"):
        expected = given.get(name, getattr(auto, name))
        found = getattr(gan.recipe_, name)
        assert found == (tuple(expected) if name == "hidden_dims" else expected)
    assert gan.history_["step"][-1] == 3
    assert (gan.history_["gradient_penalty"][-1] == 0) == (
        given.get("gradient_penalty_weight") == 0
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hidden_dims": "wide"}, "hidden_dims"),
        ({"hidden_dims": []}, "hidden_dims"),
        ({"quality": "best"}, "quality"),
        ({"optimizer": "adamw"}, "optimizer"),
        ({"n_discriminators": 0}, "n_discriminators"),
        ({"loss": object()}, "loss"),
    ],
)
def test_bad_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        TabularGAN(**params).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])


def test_several_discriminators_are_saved_and_all_of_them_score(imbalanced, tmp_path):
    gan = TabularGAN(n_discriminators=3, max_steps=4, random_state=0).fit(*imbalanced)
    gan.save(tmp_path)
    loaded = TabularGAN.load(tmp_path)
    scores = gan.score_samples(*imbalanced)
    np.testing.assert_array_equal(scores, loaded.score_samples(*imbalanced))
    first = {n for n in gan.discriminator_weights_ if n.startswith("0.")}
    assert len(gan.discriminator_weights_) == 3 * len(first)
    for name in gan.discriminator_weights_:
        gan.discriminator_weights_[name] = gan.discriminator_weights_[
            name
        ] * name.startswith("2.")
    assert (scores != gan.score_samples(*imbalanced)).any()


def test_a_gaussian_has_rows_for_its_covariance():
    for n_columns in (2, 10, 300):
        recipe = recipe_for_table(counts_of(30_000, 10_000), n_columns, "default")
        assert recipe.n_components == 1 or (
            20_000 / recipe.n_components >= max(100, 10 * n_columns)
        )
