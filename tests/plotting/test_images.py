import numpy as np
import pytest

from gan_augment.plotting import ImageGridDisplay


@pytest.fixture
def images():
    images = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3), dtype=np.uint8)
    images[:, 0, 0] = 255  # whichever are drawn, white is among their pixels
    return images


def test_channels_may_come_last_second_or_not_at_all(images):
    last = ImageGridDisplay.from_images(images, images, random_state=0)
    second = np.moveaxis(images, -1, 1)
    assert np.array_equal(
        ImageGridDisplay.from_images(second, second, random_state=0).real, last.real
    )
    grey = images[..., :1]
    without = ImageGridDisplay.from_images(grey, grey, random_state=0)
    assert np.array_equal(
        without.real,
        ImageGridDisplay.from_images(grey[..., 0], grey[..., 0], random_state=0).real,
    )


def test_each_image_is_drawn_whole_and_on_the_scale_of_the_real_ones(images):
    half = (images[:3] // 2).astype(np.uint8)
    display = ImageGridDisplay.from_images(images, half, n_images=9)
    above, below = (axes.images[0].get_array() for axes in display.axes_)
    assert above.shape == (2 * 8, 8 * 7, 3)  # two rows of eight, with margins
    assert below.shape == (1 * 8, 8 * 7, 3)
    assert display.real.max() == 1
    assert display.synthetic.max() == pytest.approx(0.5, abs=0.05)
    assert np.array_equal(below[1:7, 1:6], display.synthetic[0])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (np.ones((3, 6)), r"Images must be an array of shape.*Got \(3, 6\)"),
        (np.ones((3, 6, 5, 2)), r"1 or 3 channels.*Got \(3, 6, 5, 2\)"),
        (np.ones((3, 9, 9, 3)), r"same form\. Got \(6, 5, 3\) and \(9, 9, 3\)"),
    ],
)
def test_what_is_no_such_image_is_a_clear_error(images, other, message):
    with pytest.raises(ValueError, match=message):
        ImageGridDisplay.from_images(images, other)
