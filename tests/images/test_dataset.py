"""A torch data set of real and synthetic images."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, WeightedRandomSampler

from gan_augment.images import MixedImages

REAL = np.arange(6 * 64).reshape(6, 8, 8).astype(np.uint8), np.repeat([0, 1], 3)
FAKE = np.full((2, 8, 8), 255, np.uint8), np.array([1, 1])


def test_real_images_come_first_and_values_are_kept():
    images = MixedImages(REAL, FAKE)
    assert len(images) == 8
    assert images.is_synthetic.tolist() == [False] * 6 + [True] * 2
    for index, (pixels, label) in enumerate(zip(*REAL, strict=True)):
        tensor, found = images[index]
        assert tensor.dtype == torch.float32
        np.testing.assert_array_equal((tensor[0] * 255).round().numpy(), pixels)
        assert found == label
        assert type(found) is int
    assert images[-1][0].min() == 1
    with pytest.raises(IndexError):
        images[8]


def test_a_loader_draws_the_share_of_synthetic_images_that_is_asked_for():
    images = MixedImages(REAL, FAKE)
    weights = images.weights(0.25)
    assert weights.sum() == pytest.approx(1)
    sampler = WeightedRandomSampler(
        weights, 2000, generator=torch.Generator().manual_seed(0)
    )
    pixels, labels = next(iter(DataLoader(images, 2000, sampler=sampler)))
    assert pixels.shape == (2000, 1, 8, 8)
    assert (pixels.amin((1, 2, 3)) == 1).float().mean() == pytest.approx(0.25, abs=0.04)
    assert set(labels.tolist()) == {0, 1}
    assert images.weights(0)[images.is_synthetic].sum() == 0
    with pytest.raises(ValueError, match=r"`share` must be from 0 to 1. Got 2"):
        images.weights(2)


def test_a_transform_gets_pil_images_or_what_a_data_set_holds():
    class Tensors(torch.utils.data.Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return torch.full((1, 8, 8), index / 10), index

    kinds = []
    images = MixedImages(
        Tensors(), FAKE, transform=lambda image: kinds.append(type(image)) or 0
    )
    assert [images[index][1] for index in range(4)] == [0, 1, 1, 1]
    assert kinds[0] is torch.Tensor
    assert issubclass(kinds[3], Image.Image)


def test_what_is_no_images_is_named():
    with pytest.raises(ValueError, match="Got 6 images and 2 labels"):
        MixedImages((REAL[0], FAKE[1]), FAKE)
    with pytest.raises(ValueError, match=r"`synthetic` must be a data set.* Got a int"):
        MixedImages(REAL, 3)
