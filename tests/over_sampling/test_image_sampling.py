"""The promises of GANOverSampler for images: layouts, counts, small classes, errors."""

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from gan_augment import (
    GANOverSampler,
    ImageGAN,
    ImageMixture,
    ResampledClassifier,
    TabularGAN,
)

QUICK = ImageGAN(max_steps=3)
UNGUARDED = ImageMixture(guard=False)
flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))


@pytest.fixture(scope="module")
def digits():
    """Sixty zeros, sixty ones and twelve twos."""
    data = load_digits()
    of = [np.flatnonzero(data.target == k)[:n] for k, n in ((0, 60), (1, 60), (2, 12))]
    rows = np.concatenate(of)
    return data.images[rows].astype(np.uint8), data.target[rows]


def quick_sampler(**params):
    sampler = GANOverSampler(clone(QUICK), mixture=UNGUARDED, random_state=0)
    return sampler.set_params(**params)


@pytest.mark.parametrize(
    "view",
    [
        lambda X: X,
        lambda X: X[..., None],
        lambda X: np.repeat(X[:, None], 3, axis=1),
        lambda X: np.repeat(X[..., None], 3, axis=3).astype(np.float32) / 16,
        lambda X: X.tolist(),
    ],
    ids=["nhw", "nhwc", "nchw", "float", "list"],
)
def test_images_come_back_as_they_came_with_originals_first(digits, view):
    images, labels = view(digits[0]), digits[1]
    sampler = quick_sampler()
    resampled, y = sampler.fit_resample(images, labels)
    assert type(resampled) is type(images)
    given, resampled = np.asarray(images), np.asarray(resampled)
    assert resampled.dtype == given.dtype
    assert resampled.shape == (180, *given.shape[1:])
    np.testing.assert_array_equal(resampled[:132], given)
    assert np.bincount(y).tolist() == [60, 60, 60]
    assert sampler.synthetic_mask_.sum() == 48
    assert set(np.unique(resampled)) <= set(np.unique(given))
    new = {image.tobytes() for image in resampled[132:]}
    assert not new & {image.tobytes() for image in given}


def test_the_image_gan_is_taken_for_images_and_rows_need_a_shape(digits):
    images, labels = digits
    sampler = GANOverSampler()
    assert isinstance(sampler._make_gan(images), ImageGAN)
    assert isinstance(sampler._make_gan(images.reshape(132, -1)), TabularGAN)
    rows = images.reshape(132, -1)
    from_rows, _ = quick_sampler(gan__image_shape=(8, 8)).fit_resample(rows, labels)
    from_images, _ = quick_sampler().fit_resample(images, labels)
    np.testing.assert_array_equal(from_rows.reshape(-1, 8, 8), from_images)
    with pytest.raises(ValueError, match="`image_shape` must be given"):
        quick_sampler(gan="image").fit_resample(rows, labels)


def test_same_seed_same_images(digits):
    first, _ = quick_sampler().fit_resample(*digits)
    second, _ = quick_sampler().fit_resample(*digits)
    other, _ = quick_sampler(random_state=1).fit_resample(*digits)
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_a_fit_without_a_mixture_leaves_none_of_an_earlier_one(digits):
    sampler = quick_sampler()
    sampler.fit_resample(*digits)
    assert sampler.mixture_.share_
    sampler.set_params(mixture=None).fit_resample(*digits)
    assert sampler.mixture_ is None


@pytest.mark.parametrize("n_rare", [1, 2, 5])
def test_small_classes_give_the_full_count_and_a_warning(digits, n_rare):
    images, labels = digits
    kept = np.r_[:60, 120 : 120 + n_rare]
    sampler = GANOverSampler(QUICK, random_state=0)
    with pytest.warns(UserWarning, match=f"2: n_real {n_rare}"):
        _, y = sampler.fit_resample(images[kept], labels[kept])
    assert (y == 2).sum() == 60
    report = sampler.mixture_.report_[2]
    assert report["share"] <= (0.25 if n_rare > 1 else 0)


def test_a_pipeline_and_a_classifier_carry_it(digits):
    images, labels = digits
    classifier = make_pipeline(flat, LogisticRegression(max_iter=200))
    pipeline = make_pipeline(quick_sampler(), flat, LogisticRegression(max_iter=200))
    assert (pipeline.fit(images, labels).predict(images) == labels).mean() > 0.9
    carried = ResampledClassifier(classifier, quick_sampler()).fit(images, labels)
    assert carried.predict_proba(images).shape == (132, 3)
    assert (carried.predict(images) == labels).mean() > 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: np.where(X > 9, np.nan, X), "NaN"),
        (lambda X: X[:, :, :, None, None], "image_shape"),
        (lambda X: np.repeat(X, 40, axis=1), "at most 256.*320 x 8"),
    ],
)
def test_bad_images_are_named(digits, change, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        quick_sampler().fit_resample(change(digits[0]), digits[1])


def test_a_gan_of_tables_takes_no_images(digits):
    with pytest.raises(ValueError, match="dim 3"):
        GANOverSampler("tabular").fit_resample(*digits)


def test_pil_images_come_back_as_pil_images(digits):
    images = [Image.fromarray(pixels) for pixels in digits[0]]
    resampled, y = quick_sampler().fit_resample(images, digits[1])
    assert resampled[:132] == images
    assert len(resampled) == len(y) == 180
    assert {(type(image), image.mode, image.size) for image in resampled} == {
        (Image.Image, "L", (8, 8))
    }
    from_arrays, _ = quick_sampler().fit_resample(*digits)
    np.testing.assert_array_equal(np.stack(resampled), from_arrays)


def test_a_tensor_comes_back_as_a_tensor(digits):
    images = torch.from_numpy(digits[0])[:, None]
    resampled, y = quick_sampler().fit_resample(images, digits[1])
    assert resampled.dtype is torch.uint8
    assert resampled.shape == (180, 1, 8, 8)
    assert len(y) == 180


def test_big_endian_pixels_stay_big_endian(digits):
    images = digits[0].astype(">u2") * 4000
    resampled, _ = quick_sampler().fit_resample(images, digits[1])
    assert resampled.dtype == images.dtype
    assert set(np.unique(resampled)) <= set(np.unique(images))


def test_names_of_image_files_are_refused(digits):
    frame = pd.DataFrame({"picture": [f"{n}.png" for n in range(132)]})
    with pytest.raises(ValueError, match=r"column 'picture', such as '0.png'.*load_im"):
        GANOverSampler().fit_resample(frame, digits[1])
