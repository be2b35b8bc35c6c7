"""Which changes keep the class of an image, and functions of every kind that change."""

import logging

import numpy as np
import pytest
import torch

from gan_augment import ImageMixture
from gan_augment.over_sampling import RandomAffine, image_changes
from gan_augment.over_sampling.image_changes import apply_change, find_changes

IMAGES = np.random.default_rng(0).uniform(-1, 1, (5, 2, 9, 12)).astype(np.float32)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(image_changes, "STEPS", 60)


def arrows(n, rng):
    """Bars with a head at the left (0), at the right (1) or at the top (2)."""
    images = np.full((n, 1, 16, 16), -1.0, dtype=np.float32)
    y = rng.integers(3, size=n)
    for image, label in zip(images[:, 0], y, strict=True):
        at = 5 + rng.integers(5)
        image[at - 1 : at + 2, 3:13] = rng.uniform(0.4, 1)
        image[at - 4 : at + 5, 3:6] = rng.uniform(0.4, 1)
        image[:] = (image, image[:, ::-1].copy(), np.rot90(image, -1).copy())[label]
    return images, y


def test_a_change_that_makes_another_class_is_found(caplog):
    images, y = arrows(400, np.random.default_rng(0))
    with caplog.at_level(logging.INFO, logger="gan_augment"):
        augment, report = find_changes(images, y, np.random.default_rng(1))
    assert report["none"]["accuracy"] > 0.95
    assert not augment.flip
    assert report["mirror images"]["accuracy"] < 0.7
    assert report["mirror images"]["kept"] == 0
    assert augment.rotation > 0
    assert "rotations" in caplog.text
    assert "mirror" not in caplog.text


def test_mirror_images_are_kept_where_the_class_does_not_depend_on_the_side():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=300)
    images = np.where(y == 0, -0.5, 0.5).reshape(-1, 1, 1, 1) + rng.normal(
        0, 0.2, (300, 1, 12, 12)
    )
    augment, _ = find_changes(images.astype(np.float32), y, rng)
    assert augment.flip
    assert augment.rotation == 15


def test_only_the_classes_that_are_copied_are_changed_to_try_changes_together():
    images, y = arrows(60, np.random.default_rng(0))
    some, change = np.array([0, 2]), RandomAffine(rotation=15)
    mixed = image_changes._with_copies(
        images, y, some, change, np.random.default_rng(1)
    )
    changed = (mixed != images).any(axis=(1, 2, 3))
    assert changed[np.isin(y, some)].all()
    assert not changed[y == 1].any()
    # An empty background stays empty, although turning blurs the edges.
    assert (mixed == -1).mean() == pytest.approx((images == -1).mean(), abs=0.02)


@pytest.mark.parametrize(
    ("n_images", "labels"), [(40, [0, 1]), (200, [0]), (200, [0, 1])]
)
def test_the_careful_default_stays_where_nothing_can_be_found(n_images, labels):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (n_images, 1, 8, 8)).astype(np.float32)
    augment, report = find_changes(images, rng.choice(labels, n_images), rng)
    assert augment == RandomAffine()
    assert report == {}


def test_a_mixture_finds_changes_and_says_them():
    class Source:
        def sample(self, n_samples, *, label, random_state):
            return np.zeros((n_samples, 16, 16)), np.full(n_samples, label)

    images, y = arrows(300, np.random.default_rng(0))
    mixture = ImageMixture(augment="auto", guard=False, random_state=0)
    mixture.fit(images[:, 0], y, Source(), [1])
    assert isinstance(mixture.augment_, RandomAffine)
    assert "shifts by up to" in str(mixture.augment_)
    assert "none" in mixture.augment_report_
    plain = ImageMixture(guard=False).fit(images[:, 0], y, Source(), [1])
    assert plain.augment_ == RandomAffine()
    assert plain.augment_report_ == {}


def test_images_are_not_mirrored_unless_it_is_asked_for():
    image = np.zeros((40, 1, 8, 8))
    image[:, 0, :, 0] = 1
    rng = np.random.default_rng(0)
    assert (RandomAffine(0)(image, rng) == image).all()
    mirrored = RandomAffine(0, flip=True)(image, rng)[:, 0, 0, -1]
    assert 5 < mirrored.sum() < 35


class Noise(torch.nn.Module):
    """As a transform of torchvision: one tensor in [0, 1], torch's own randomness."""

    def forward(self, *inputs):
        (image,) = inputs
        assert 0 <= image.min() <= image.max() <= 1
        return (image + torch.rand(1)).clamp(0, 1)


@pytest.mark.parametrize(
    "augment", [Noise(), lambda image: Noise()(image)], ids=["module", "function"]
)
def test_a_transform_of_one_tensor_is_taken_as_it_is(augment):
    before = torch.get_rng_state()
    first, second, other = (
        apply_change(augment, IMAGES, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape == IMAGES.shape
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    assert (first >= IMAGES - 1e-6).all()


def test_a_function_of_images_and_a_generator_is_given_both():
    seen = []

    def augment(images, rng, strength=2):
        seen.append((images.shape, rng.random()))
        return images[..., ::-1]

    changed = apply_change(augment, IMAGES, np.random.default_rng(0))
    np.testing.assert_array_equal(changed, IMAGES[..., ::-1])
    assert seen == [((5, 2, 9, 12), np.random.default_rng(0).random())]


def test_a_transform_that_changes_the_shape_is_named():
    with pytest.raises(ValueError, match=r"same shape .*9, 12\). Got \(2, 4, 12\)"):
        apply_change(lambda image: image[:, :4], IMAGES, np.random.default_rng(0))


@pytest.mark.parametrize("counts", [[1, 99], [1, 60, 60], [99, 1]])
@pytest.mark.parametrize("seed", range(3))
def test_a_class_of_one_image_is_no_obstacle(counts, seed):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    images = rng.uniform(-1, 0, (len(y), 1, 8, 8)) + y.reshape(-1, 1, 1, 1) / 2
    augment, report = find_changes(images.astype(np.float32), y, rng)
    assert isinstance(augment, RandomAffine)
    assert all(0 <= found["accuracy"] <= 1 for found in report.values())
