"""Images: any layout, dtype and range to [-1, 1] and back, on the data's own grid."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from gan_augment import persistence
from gan_augment.encoding import ImageEncoder
from gan_augment.encoding.image import STATE_CLASSES
from gan_augment.encoding.marginals import Marginals

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (6, 12, 10, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("shape", "encoded"),
    [
        ((28, 28), (1, 28, 28)),
        ((8, 128), (1, 8, 128)),
        ((25, 25, 1), (1, 25, 25)),
        ((1, 25, 25), (1, 25, 25)),
        ((32, 48, 3), (3, 32, 48)),
        ((3, 32, 48), (3, 32, 48)),
        ((16, 9, 9), (16, 9, 9)),
        ((9, 9, 16), (16, 9, 9)),
    ],
)
def test_the_axes_of_an_image_are_found(shape, encoded):
    images = RNG.integers(0, 9, (4, *shape))
    encoder = ImageEncoder().fit(images)
    assert encoder.image_shape_ == encoded
    codes = encoder.transform(images)
    assert codes.shape == (4, *encoded)
    np.testing.assert_array_equal(encoder.inverse_transform(codes), images)


@pytest.mark.parametrize(
    "images",
    [
        BYTES,
        BYTES > 99,
        BYTES / 255,
        (BYTES / 255).astype(np.float32),
        BYTES.astype(np.int16) - 300,
        BYTES.astype(np.uint16) * 250,
        BYTES * 1e-6,
    ],
    ids=["uint8", "bool", "float", "float32", "int16", "uint16", "tiny"],
)
def test_dtype_range_and_grid_come_back(images):
    encoder = ImageEncoder().fit(images)
    encoded = encoder.transform(images)
    assert encoded.dtype == np.float32
    assert encoded.min() == -1
    assert encoded.max() == 1
    restored = encoder.inverse_transform(encoded)
    assert restored.dtype == images.dtype
    np.testing.assert_array_equal(restored, images)
    noise = RNG.uniform(-2, 2, (3, 3, 12, 10)).astype(np.float32)
    assert set(np.unique(encoder.inverse_transform(noise))) <= set(np.unique(images))


def test_real_numbers_stay_in_the_range_of_their_channel():
    images = RNG.normal(size=(20, 16, 16, 3)) * [1, 10, 100]
    encoder = ImageEncoder().fit(images)
    assert encoder.levels_ is None
    noise = RNG.uniform(-2, 2, (9, 3, 16, 16))
    restored = encoder.inverse_transform(noise)
    for extreme in (np.min, np.max):
        reached, seen = (extreme(a, axis=(0, 1, 2)) for a in (restored, images))
        np.testing.assert_allclose(reached, seen)
    assert (restored <= images.max(axis=(0, 1, 2))).all()
    assert (restored >= images.min(axis=(0, 1, 2))).all()
    restored = encoder.inverse_transform(encoder.transform(images))
    np.testing.assert_allclose(restored, images, atol=1e-4)


@pytest.mark.parametrize("images", [BYTES.copy(), RNG.random((500, 12, 10, 3))])
def test_pixels_that_never_change_are_frozen(images):
    images[:, 0] = [7, 8, 9.123456789]
    encoder = ImageEncoder().fit(images)
    restored = encoder.inverse_transform(RNG.uniform(-1, 1, (5, 3, 12, 10)))
    assert (restored[:, 0] == images[0, 0]).all()
    assert len(np.unique(restored[:, 1])) > 3


@pytest.mark.parametrize("kind", ["array", "frame", "csr_matrix", "csc_array"])
def test_rows_come_back_in_their_container(kind):
    rows = BYTES[..., 0].reshape(6, -1)
    given = {
        "array": lambda: rows,
        "frame": lambda: pd.DataFrame(rows).add_prefix("pixel"),
        "csr_matrix": lambda: sparse.csr_matrix(rows),
        "csc_array": lambda: sparse.csc_array(rows),
    }[kind]()
    encoder = ImageEncoder((12, -1)).fit(given)
    assert encoder.image_shape_ == (1, 12, 10)
    restored = encoder.inverse_transform(encoder.transform(given))
    assert type(restored) is type(given)
    if kind == "frame":
        pd.testing.assert_frame_equal(restored, given)
    else:
        dense = restored.toarray() if sparse.issparse(restored) else restored
        np.testing.assert_array_equal(dense, rows)


@pytest.mark.parametrize(
    ("X", "image_shape", "message"),
    [
        (BYTES.reshape(6, -1), None, r"`image_shape` must be given.*\(6, 360\)"),
        (BYTES.reshape(6, -1), (7, 7), r"an image, 360. Got \(7, 7\)"),
        (BYTES.reshape(6, -1), (-1, -1), r"360. Got \(-1, -1\)"),
        (BYTES, (10, 12, 3), r"\(12, 10, 3\). Got \(10, 12, 3\)"),
        (np.zeros((2, 300, 20)), None, "at most 256.*300 x 20"),
        (np.full((2, 8, 8), np.nan), None, "finite. Got NaN"),
        (np.full((2, 8, 8), "a"), None, "numbers. Got dtype <U1"),
        (np.zeros((0, 8, 8)), None, r"hold images.*\(0, 8, 8\)"),
        (np.zeros((2, 3, 8, 8, 3)), None, "image_shape"),
    ],
)
def test_what_is_no_image_is_named(X, image_shape, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        ImageEncoder(image_shape).fit(X)


def test_images_of_another_shape_are_named():
    encoder = ImageEncoder().fit(BYTES)
    with pytest.raises(ValueError, match=r"\(12, 10, 3\). Got \(10, 12, 3\)"):
        encoder.transform(BYTES.swapaxes(1, 2))
    with pytest.raises(NotFittedError):
        ImageEncoder().transform(BYTES)


def test_an_encoder_is_saved_and_read(tmp_path):
    frame = pd.DataFrame(BYTES[..., 0].reshape(6, -1)).add_prefix("pixel")
    encoder = ImageEncoder((12, 10)).fit(frame)
    persistence.save(encoder.get_state(), tmp_path)
    state = persistence.load(tmp_path, STATE_CLASSES)
    other = ImageEncoder((12, 10)).set_state(state)
    encoded = encoder.transform(frame)
    np.testing.assert_array_equal(other.transform(frame), encoded)
    pd.testing.assert_frame_equal(other.inverse_transform(encoded), frame)


def test_matched_pixels_are_distributed_as_real_ones_and_keep_their_order():
    """A generator that is never empty and too dark, against data that is 80 % empty."""
    real = np.where(RNG.random((50, 1, 12, 12)) < 0.8, -1, RNG.random((50, 1, 12, 12)))
    generated = RNG.normal(-0.5, 0.1, (80, 1, 12, 12)).astype(np.float32)
    # The second class; the first goes the other way.
    marginals = Marginals.of([real, generated], [generated, real])
    matched = marginals.match(generated, np.ones(80, int))
    assert (matched == -1).mean() == pytest.approx(0.8, abs=0.02)
    assert np.quantile(matched, 0.95) == pytest.approx(
        np.quantile(real, 0.95), abs=0.03
    )
    order = np.argsort(generated, axis=None)
    assert (np.diff(matched.ravel()[order]) >= 0).all()
    # An image does not depend on those that are drawn with it.
    one = marginals.match(generated[:1], np.array([1]))
    np.testing.assert_array_equal(one, matched[:1])


def test_matching_makes_no_colour_of_dark_pixels():
    """A class is black or orange; pixels that are nearly dark do not turn green."""
    rng = np.random.default_rng(0)
    black, orange = np.full((3, 1), -1.0), np.array([[1.0], [0.2], [-0.2]])
    real = np.where(rng.random((40, 1, 100)) < 0.4, black, orange)
    real = real.reshape(40, 3, 10, 10)
    of_pixels = np.where(rng.random((40, 1, 10, 10)) < 0.4, -0.4, 0.2)
    drawn = (of_pixels + rng.normal(0, 0.25, (40, 3, 10, 10))).astype(np.float32)
    classes = np.zeros(40, int)

    def share_of_partly_black(images):
        is_black = images < -0.9
        return (is_black.any(axis=1) & ~is_black.all(axis=1)).mean()

    matched = Marginals.of([drawn], [real]).match(drawn, classes)
    one_by_one = [
        Marginals.of([drawn[:, [k]]], [real[:, [k]]]).match(drawn[:, [k]], classes)
        for k in range(3)
    ]
    assert share_of_partly_black(np.concatenate(one_by_one, axis=1)) > 0.2
    assert share_of_partly_black(matched) < 0.1
    # Each channel is distributed as the real one nevertheless.
    for k in range(3):
        assert matched[:, k].mean() == pytest.approx(real[:, k].mean(), abs=0.03)


def test_matching_leaves_a_saturated_background_empty():
    """More exact background than the data has does not turn grey."""
    real = np.where(RNG.random((50, 1, 12, 12)) < 0.6, -1, RNG.random((50, 1, 12, 12)))
    generated = np.where(RNG.random(real.shape) < 0.9, -1, 0.5).astype(np.float32)
    matched = Marginals.of([generated], [real]).match(generated, np.zeros(50, int))
    assert (matched[generated == -1] == -1).all()
