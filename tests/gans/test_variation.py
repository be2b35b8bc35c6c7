"""ImageGAN that varies the real images of a class."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.base import clone

from gan_augment import GANOverSampler, ImageGAN
from gan_augment.gans.sources import SourceImages
from gan_augment.persistence import ModelFileError, seal


def blobs(counts, seed=0):
    """Bright squares of a brightness of their own; the class says where they are."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = rng.integers(0, 20, (len(labels), 12, 12)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = 6 * (label // 2), 6 * (label % 2)
        image[row : row + 6, column : column + 6] += rng.integers(
            60, 235, dtype=np.uint8
        )
    return images, labels


@pytest.fixture(scope="module")
def fitted():
    return ImageGAN(generator="variation", max_steps=20, random_state=0).fit(
        *blobs([150, 150, 8])
    )


def test_without_variations_no_real_image_is_kept(fitted):
    assert ImageGAN(max_steps=1).fit(*blobs([20, 20])).sources_ is None
    assert len(fitted.sources_.codes) == 150 + 150 + 8


def test_each_real_image_is_varied_as_often_as_any_other():
    codes = np.arange(10).reshape(10, 1, 1, 1)
    sources = SourceImages.of(codes, np.repeat([0, 1], [7, 3]))
    drawn = sources.draw(np.array([1, 0, 1, 1, 1, 0, 1, 1]), np.random.default_rng(0))
    own = drawn[[0, 2, 3, 4, 6, 7]].ravel()
    assert sorted(own) == [7, 7, 8, 8, 9, 9]
    assert len(set(drawn[[1, 5]].ravel()) & set(range(7))) == 2


def test_at_most_two_hundred_images_of_a_class_are_kept():
    sources = SourceImages.of(np.zeros((350, 1, 8, 8)), np.repeat([0, 1], [340, 10]))
    assert np.bincount(sources.classes).tolist() == [200, 10]


def test_variations_differ_from_their_sources_as_the_images_of_a_class_do():
    """The brightness of a square says nothing of the class, and varies in each."""
    images, labels = blobs([150, 150, 150, 8])
    gan = ImageGAN(generator="variation", max_steps=150, random_state=0)
    gan.fit(images, labels)
    drawn, _ = gan.sample(64, label=3)
    square = drawn[:, 6:, 6:].mean(axis=(1, 2))
    beside = drawn[:, :6, :6].mean(axis=(1, 2))
    assert (square > beside + 25).mean() > 0.95
    real = images[labels == 3][:, 6:, 6:].mean(axis=(1, 2))
    nearest = np.abs(square[:, None] - real).min(axis=1)
    # Copies would have none of it, and repeats of eight images eight values.
    assert np.median(nearest) > 0.5
    assert square.std() > 0.4 * real.std()


def test_a_fit_that_goes_on_takes_the_same_generator(fitted):
    many = blobs([150, 150, 120], seed=1)
    gan = clone(fitted).set_params(init_from=fitted, max_steps=2).fit(*many)
    assert len(gan.sources_.codes) == 150 + 150 + 120
    with pytest.raises(ValueError, match="`generator` must be that of `init_from`"):
        clone(gan).set_params(init_from=fitted, generator="noise").fit(*many)


def test_a_small_generator_varies_the_same_images(fitted):
    small = fitted.distill((8, 8), max_steps=30, random_state=0)
    assert small.sources_ is fitted.sources_
    distances = small.history_["generator_loss"]
    assert small.sample(5, label=2)[0].shape == (5, 12, 12)
    assert np.isfinite(distances).all()
    sizes = [
        sum(w.size for w in gan.generator_weights_.values()) for gan in (small, fitted)
    ]
    assert sizes[0] < sizes[1] / 2


def _of_no_class(arrays, sources):
    arrays[sources["classes"]["$array"]][:] = 0


def _of_another_shape(arrays, sources):
    name = sources["codes"]["$array"]
    arrays[name] = arrays[name][:, :, :5]


@pytest.mark.parametrize("damage", [_of_no_class, _of_another_shape])
def test_a_file_of_other_sources_is_refused(damage, fitted, tmp_path):
    fitted.save(tmp_path)
    path = tmp_path / "model.safetensors"
    arrays = load_file(path)
    tree = json.loads((tmp_path / "model.json").read_text())["tree"]
    damage(arrays, tree["fitted"]["sources_"]["fields"])
    save_file(arrays, path)
    seal(tmp_path)
    with pytest.raises(ModelFileError, match=r"must hold|must be"):
        ImageGAN.load(tmp_path)


def test_an_over_sampler_draws_from_it(fitted):
    images, labels = blobs([60, 12])
    sampler = GANOverSampler(
        ImageGAN(generator="variation", max_steps=5), random_state=0
    )
    more, y = sampler.fit_resample(images, labels)
    assert np.bincount(y).tolist() == [60, 60]
    np.testing.assert_array_equal(more[:72], images)
