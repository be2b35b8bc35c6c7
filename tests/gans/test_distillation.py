"""A small generator draws what the large one draws, and is a GAN like any other."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from torch import nn

from gan_augment import GANOverSampler, ImageGAN, TabularGAN


@pytest.fixture(scope="module")
def table():
    """A curve, levels that follow it, and missing values."""
    rng = np.random.default_rng(0)
    place = rng.normal(size=1000)
    frame = pd.DataFrame(
        {
            "place": place,
            "height": place**2 + rng.normal(0, 0.1, 1000),
            "side": np.where(place + rng.normal(0, 0.3, 1000) > 0, "right", "left"),
        }
    )
    frame.loc[rng.random(1000) < 0.2, "height"] = np.nan
    return frame, rng.random(1000) < 0.3


@pytest.fixture(scope="module")
def large(table):
    return TabularGAN(max_steps=200, random_state=0).fit(*table)


@pytest.fixture(scope="module")
def small(large):
    return large.distill((16,), max_steps=300, random_state=0)


def test_it_is_smaller_and_draws_alike(large, small):
    sizes = [sum(w.size for w in g.generator_weights_.values()) for g in (large, small)]
    assert sizes[1] < sizes[0] / 10
    for label in (False, True):
        rows = [
            gan.sample(4000, label=label, random_state=1)[0] for gan in (large, small)
        ]
        ends = [frame.quantile([0.1, 0.5, 0.9], numeric_only=True) for frame in rows]
        np.testing.assert_allclose(*ends, atol=0.35)
        missing = [frame["height"].isna().mean() for frame in rows]
        assert missing[1] == pytest.approx(missing[0], abs=0.05)
        rights = [frame.groupby("side")["place"].mean() for frame in rows]
        np.testing.assert_allclose(*rights, atol=0.2)


def test_its_history_is_the_distance_that_falls(small):
    losses = small.history_["generator_loss"]
    assert losses == sorted(losses, reverse=True)
    assert small.history_["step"] == [100, 200, 300]


def test_one_as_large_is_the_same(large):
    twin = large.distill(large.recipe_.hidden_dims, max_steps=1, random_state=0)
    rows = [gan.sample(50, random_state=0)[0]["place"] for gan in (twin, large)]
    np.testing.assert_allclose(*rows, atol=0.01)


def test_it_is_a_gan_like_any_other(large, small, table, tmp_path):
    X, y = table
    scores = [gan.score_samples(X, y) for gan in (small, large)]
    np.testing.assert_allclose(*scores, atol=0.05)  # ties are spread by the seed
    small.save(tmp_path / "small")
    loaded = TabularGAN.load(tmp_path / "small")
    pd.testing.assert_frame_equal(loaded.sample(50)[0], small.sample(50)[0])
    gan = TabularGAN(init_from=loaded, max_steps=2, random_state=0).fit(X, y)
    assert gan.recipe_.hidden_dims == (16,)
    assert len(GANOverSampler(small.set_params(max_steps=2)).fit_resample(X, y)[0])


def test_a_seed_repeats_it_and_the_large_one_stays_as_it_was(large, small):
    before = {name: array.copy() for name, array in large.generator_weights_.items()}
    again = large.distill((16,), max_steps=300, random_state=0)
    pd.testing.assert_frame_equal(again.sample(50)[0], small.sample(50)[0])
    for name, array in large.generator_weights_.items():
        np.testing.assert_array_equal(array, before[name])
    assert large.get_params()["hidden_dims"] == "auto"


class OfOwnNetwork(TabularGAN):
    def _make_generator(self, rng):
        return nn.Linear(1, 1)


def test_bad_calls_are_named(large):
    with pytest.raises(NotFittedError):
        TabularGAN().distill()
    with pytest.raises(ValueError, match="'max_steps'"):
        large.distill(max_steps=0)
    with pytest.raises(ValueError, match="`hidden_dims` must hold whole numbers"):
        large.distill((0,))
    other = OfOwnNetwork()
    vars(other).update({k: v for k, v in vars(large).items() if k.endswith("_")})
    with pytest.raises(TypeError, match="Got Linear"):
        other.distill()


@pytest.fixture(scope="module")
def images():
    """Bars somewhere, lying or standing, of 16 x 12 pixels in three channels."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    X = rng.integers(0, 9, (120, 16, 12, 3), dtype=np.uint8)
    for image, stands, place in zip(X, y, rng.integers(0, 9, 120), strict=True):
        bar = image[:, place : place + 4] if stands else image[place : place + 4]
        bar += np.array([200, 150, 50], dtype=np.uint8)
    return X, y


@pytest.fixture(scope="module")
def large_of_images(images):
    return ImageGAN(max_steps=60, random_state=0).fit(*images)


@pytest.fixture(scope="module")
def small_of_images(large_of_images):
    return large_of_images.distill(max_steps=150, random_state=0)


def test_a_small_generator_of_images_draws_the_same_images(
    large_of_images, small_of_images
):
    gans = [large_of_images, small_of_images]
    sizes = [sum(w.size for w in gan.generator_weights_.values()) for gan in gans]
    assert sizes[1] < sizes[0] / 2
    for label in (0, 1):
        drawn = [gan.sample(60, label=label, random_state=1)[0] for gan in gans]
        other = large_of_images.sample(60, label=label, random_state=2)[0]
        apart, by_chance = (
            np.abs(part - drawn[0].astype(float)).mean() for part in (drawn[1], other)
        )
        assert apart < by_chance / 2
        np.testing.assert_allclose(
            *(part.mean(axis=(0, 1, 2)) for part in drawn), atol=8
        )


def test_a_small_generator_of_images_is_a_gan_like_any_other(
    images, large_of_images, small_of_images, tmp_path
):
    losses = small_of_images.history_["generator_loss"]
    assert losses[0] > losses[-1]
    assert small_of_images.recipe_.hidden_dims == (21, 10)
    small_of_images.save(tmp_path)
    loaded = ImageGAN.load(tmp_path)
    again = large_of_images.distill(max_steps=150, random_state=0)
    for gan in (loaded, again):
        np.testing.assert_array_equal(gan.sample(9)[0], small_of_images.sample(9)[0])
    more = ImageGAN(init_from=loaded, max_steps=2, random_state=0).fit(*images)
    assert more.recipe_.hidden_dims == small_of_images.recipe_.hidden_dims
    assert small_of_images.score_samples(*images).shape == (120,)


@pytest.mark.parametrize("widths", [(8,), (8, 0), (8, 2.5), ()])
def test_widths_of_a_small_generator_of_images_are_checked(large_of_images, widths):
    with pytest.raises(ValueError, match="`widths` must hold 2 whole numbers"):
        large_of_images.distill(widths)


def test_a_small_generator_of_images_has_the_widths_that_were_asked_for(
    large_of_images,
):
    small = large_of_images.distill((6, 4), max_steps=1, random_state=0)
    assert small.recipe_.hidden_dims == (6, 4)
    assert small.generator_weights_["output.weight"].shape == (3, 4, 3, 3)
    with pytest.raises(NotFittedError):
        ImageGAN().distill()


def test_trees_with_columns_that_are_left_out_are_distilled(table):
    X, y = table
    X = X.assign(number=[f"C{i:05d}" for i in range(len(X))])
    trees = TabularGAN(identifiers="drop", generator="trees", random_state=0).fit(X, y)
    small = trees.distill((8,), max_steps=5, random_state=0)
    assert [*small.sample(3)[0]] == ["place", "height", "side"]


def test_the_steps_must_be_said(large):
    with pytest.raises(ValueError, match="`max_steps` must be a whole number"):
        large.distill(max_steps="auto")
