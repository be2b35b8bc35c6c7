"""The mixture: shares, copies, and a guard that notices each way of doing harm."""

import warnings

import numpy as np
import pytest

from gan_augment import ImageMixture
from gan_augment.over_sampling import RandomAffine
from gan_augment.over_sampling.refinement import draw_refined


def blobs(n, rng):
    """Soft spots at random places, on an empty background."""
    at = rng.uniform(3, 9, (n, 2, 1, 1))
    grid = np.stack(np.mgrid[:12, :12])[None]
    bright = np.exp(-((grid - at) ** 2).sum(axis=1) / 4)
    return np.rint(255 * bright).astype(np.uint8)


@pytest.fixture(scope="module")
def data():
    images = blobs(150, np.random.default_rng(0))
    return images, np.repeat([0, 1], [120, 30])


class Source:
    """Draws whatever it is told to."""

    def __init__(self, draw):
        self.draw = draw

    def sample(self, n_samples, *, label, random_state):
        return self.draw(n_samples, random_state), np.full(n_samples, label)


SOURCES = {
    "good": blobs,
    "grey": lambda n, rng: np.maximum(blobs(n, rng), 9),
    "collapsed": lambda n, rng: np.repeat(blobs(1, np.random.default_rng(5)), n, 0),
}


def fit(source, data, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ImageMixture(random_state=0, **params).fit(*data, source, [1])


def drawn_from(mixture, n, seed=0):
    """As many images of class 1."""
    rng = np.random.default_rng(seed)
    return draw_refined(mixture.gan_, [mixture], 1, n, rng, last_resort=[])


def test_a_good_gan_draws_the_share_that_was_asked_for(data):
    for mix, n_drawn in ((0.5, 20), (0.25, 10), (1.0, 40), (0.0, 0)):
        source = Source(SOURCES["good"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            mixture = ImageMixture(mix, random_state=0).fit(*data, source, [1])
        assert mixture.share_ == {1: mix}
        assert mixture.n_draws(40, 1) == n_drawn
        marked = np.full((n_drawn, 12, 12), 7, dtype=np.uint8)
        mixed = mixture.refine(marked, 1, 40, np.random.default_rng(3))
        assert mixed.shape == (40, 12, 12)
        assert (mixed == 7).all(axis=(1, 2)).sum() == n_drawn


@pytest.mark.parametrize(
    ("kind", "measure"), [("grey", "c2st"), ("collapsed", "diversity")]
)
def test_harm_is_noticed_and_said_with_its_numbers(data, kind, measure):
    mixture = ImageMixture(random_state=0)
    with pytest.warns(UserWarning, match=rf"1: n_real 30, .*{measure} .*share 0"):
        mixture.fit(*data, Source(SOURCES[kind]), [1])
    assert mixture.share_[1] < 0.1
    good = fit(Source(SOURCES["good"]), data).report_[1]
    bad = mixture.report_[1]
    worse = bad[measure] > good[measure] if measure == "c2st" else bad[measure] < 0.2
    assert worse
    unguarded = fit(Source(SOURCES[kind]), data, guard=False)
    assert unguarded.share_[1] == 0.5


def test_a_copier_is_noticed(data):
    images, labels = data

    def copy(n, rng):
        return images[labels == 1][rng.integers(30, size=n)]

    mixture = fit(Source(copy), data)
    assert mixture.report_[1]["novelty"] == 0
    assert mixture.share_[1] == 0


@pytest.mark.parametrize(
    ("n_real", "share"), [(1, 0.0), (2, 0.25), (9, 0.25), (10, 0.5)]
)
def test_few_images_are_mostly_copied(data, n_real, share):
    images, labels = data
    few = images[: 120 + n_real], labels[: 120 + n_real]
    mixture = fit(Source(SOURCES["good"]), few, guard=False)
    assert mixture.share_ == {1: share}
    assert drawn_from(mixture, 7).shape == (7, 12, 12)


def test_copies_are_the_users_to_say_and_use_every_image(data):
    images, labels = data
    seen = []

    def augment(pixels, rng):
        seen.append(pixels)
        return pixels[:, :, ::-1]

    mixture = fit(Source(SOURCES["good"]), data, mix=0.0, augment=augment, guard=False)
    drawn = drawn_from(mixture, 60)
    given = seen[-1]
    assert given.shape == (60, 1, 12, 12)
    assert given.min() == -1
    assert 0.9 < given.max() <= 1
    of_class = {image.tobytes() for image in images[labels == 1]}
    restored = mixture.encoder_.inverse_transform(given)
    assert {image.tobytes() for image in restored} == of_class
    assert {image[::-1].tobytes() for image in drawn} == of_class


def test_an_augmentation_that_changes_the_shape_is_named(data):
    with pytest.raises(ValueError, match=r"`augment` must give.*Got \(256, 1, 6, 12\)"):
        fit(Source(blobs), data, augment=lambda images, rng: images[:, :, ::2])


def test_an_augmentation_that_gives_no_numbers_is_named(data):
    with pytest.raises(ValueError, match=r"`augment` must give finite .* NaN or inf"):
        fit(Source(blobs), data, augment=lambda images, rng: images * np.nan)


def test_copies_that_a_turn_has_blurred_are_as_contrasted_as_real_images(data):
    images, labels = data
    augment = RandomAffine(0, rotation=30)
    mixture = fit(Source(SOURCES["good"]), data, mix=0.0, augment=augment, guard=False)
    real = images[labels == 1]
    encoded = mixture.encoder_.transform(np.where(real > 128, 255, 0).astype(np.uint8))
    turned = augment(encoded, np.random.default_rng(0))
    assert ((turned > -0.9) & (turned < 0.9)).mean() > 0.05
    drawn = drawn_from(mixture, 60)
    for quantile in (0.5, 0.9, 0.99):
        assert np.quantile(drawn, quantile) == pytest.approx(
            np.quantile(real, quantile), abs=12
        )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"shift": -0.1}, r"`shift` must be a float in the range \[0.* Got -0.1"),
        ({"shift": 5}, "`shift`.*Got 5"),
        ({"rotation": 181}, "`rotation`.*180.*Got 181"),
        ({"rotation": "15"}, "`rotation`.*Got '15'"),
        ({"scale": 1.0}, r"`scale`.*Got 1.0"),
        ({"scale": float("nan")}, "`scale`.*Got nan"),
    ],
)
def test_a_move_out_of_range_is_named(params, message):
    with pytest.raises(ValueError, match=message):
        RandomAffine(**params)
    RandomAffine(shift=0, rotation=180, scale=0.99)


def test_the_default_copy_is_a_shift_by_whole_pixels():
    image = np.zeros((1, 1, 20, 20))
    image[0, 0, 10, 10] = 1
    moved = RandomAffine()(np.repeat(image, 50, axis=0), np.random.default_rng(0))
    assert (moved.sum(axis=(1, 2, 3)) == 1).all()
    at = np.argwhere(moved[:, 0])[:, 1:]
    assert np.abs(at - 10).max() == 1
    assert len(np.unique(at, axis=0)) == 9


def test_turns_and_sizes_change_what_they_say():
    bar = np.zeros((30, 1, 21, 21))
    bar[:, 0, 10] = 1
    rng = np.random.default_rng(0)
    turned = RandomAffine(0, rotation=45)(bar, rng)
    assert (turned[:, 0, :9].sum(axis=(1, 2)) > 1).mean() > 0.5
    square = np.zeros((30, 1, 21, 21))
    square[:, 0, 6:15, 6:15] = 1
    areas = RandomAffine(0, scale=0.3)(square, rng).sum(axis=(1, 2, 3))
    assert areas.min() < 65 < 100 < areas.max()
