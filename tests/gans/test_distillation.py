"""A small generator draws what the large one draws, and is a GAN like any other."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from torch import nn

from gan_augment import GANOverSampler, TabularGAN


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
