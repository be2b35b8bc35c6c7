"""Measures of images: good ones are near the floor, bad ones far from it."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from gan_augment.images import ImageClassifier, image_quality

flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))
QUICK = ImageClassifier(max_steps=100)
LINEAR = make_pipeline(flat, RidgeClassifier())
PIXELS = {"classifier": LINEAR, "features": lambda X: X.reshape(len(X), -1) / 4}


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    return data.images.astype(np.uint8)[order], data.target[order]


@pytest.fixture(scope="module")
def quality_of(digits):
    """Measures of images that stand for the second half of the digits."""
    images, labels = digits
    half = len(images) // 2

    def measure(change, **params):
        rng = np.random.default_rng(0)
        fake, asked = change(images[half:], labels[half:], rng)
        params = PIXELS | {"random_state": 0} | params
        return image_quality(images[:half], labels[:half], fake, asked, **params)

    return measure


def test_other_real_images_are_at_the_floor(quality_of):
    own = {"classifier": QUICK, "features": None}
    quality = quality_of(lambda X, y, rng: (X, y), **own)
    synthetic, real = quality["synthetic"], quality["real"]
    assert synthetic["fid"] < 2 * real["fid"]
    assert abs(synthetic["kid"]) < 0.3
    assert synthetic["label_accuracy"] == pytest.approx(real["label_accuracy"], abs=0.1)
    assert 0.7 < synthetic["novelty"] < 1.4


@pytest.mark.parametrize(
    ("change", "measure", "sign"),
    [
        (lambda X, y, rng: (rng.permuted(X, axis=1), y), "fid", 1),
        (lambda X, y, rng: (rng.permuted(X, axis=1), y), "kid", 1),
        (lambda X, y, rng: (rng.permuted(X, axis=1), y), "label_accuracy", -1),
        (lambda X, y, rng: (X, rng.permutation(y)), "label_accuracy", -1),
        (
            lambda X, y, rng: (
                np.stack([X[np.flatnonzero(y == label)[0]] for label in y]),
                y,
            ),
            "recall",
            -1,
        ),
    ],
    ids=["fid", "kid", "accuracy", "labels", "collapse"],
)
def test_what_is_wrong_is_told_by_its_measure(quality_of, change, measure, sign):
    quality = quality_of(change)
    apart = sign * (quality.loc[measure, "synthetic"] - quality.loc[measure, "real"])
    assert apart > 0.3


def test_copies_are_not_new(digits):
    images, labels = digits
    quality = image_quality(images, labels, images, labels, **PIXELS, random_state=0)
    assert quality.loc["novelty", "synthetic"] < 0.8
    assert quality.loc["novelty", "real"] == 1


def test_features_and_classifier_may_be_the_users(quality_of):
    seen = []

    def features(images):
        seen.append(images.shape)
        return images.reshape(len(images), -1)[:, 20:30].astype(float)

    quality = quality_of(lambda X, y, rng: (X, y), features=features)
    assert len(seen) == 3
    assert {shape[1:] for shape in seen} == {(8, 8)}
    assert quality.loc["label_accuracy", "real"] > 0.8


def test_the_same_seed_gives_the_same_measures(quality_of):
    first, second = (quality_of(lambda X, y, rng: (X, y)) for _ in range(2))
    assert first.equals(second)


def test_a_class_of_few_images_is_named(digits):
    images, labels = digits
    kept = np.r_[np.flatnonzero(labels == 0)[:20], np.flatnonzero(labels == 1)[:5]]
    with pytest.raises(ValueError, match=r"at least 8 .*Got \{0: 20, 1: 5\}"):
        image_quality(images[kept], labels[kept], images[:9], labels[:9] % 2)


@pytest.mark.parametrize("shape", [(8, 8), (3, 9, 30), (1, 140, 12), (140, 150, 2)])
def test_the_classifier_takes_any_size(shape):
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b"], 12)
    X = rng.random((24, *shape)) + (y == "b").reshape(-1, *[1] * len(shape))
    classifier = (
        clone(QUICK)
        .set_params(max_steps=12, batch_size=16, learning_rate=5e-3, random_state=0)
        .fit(X, y)
    )
    assert classifier.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(24))
    assert classifier.transform(X).shape == (24, 64)
    assert classifier.score(X, y) > 0.9


def test_one_class_is_no_classification():
    with pytest.raises(ValueError, match=r"at least two classes. Got 1, 0"):
        ImageClassifier().fit(np.zeros((3, 8, 8)), [0, 0, 0])
