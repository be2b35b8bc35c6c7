"""Shifts of the discriminator's input: off at first, on when it wins too often."""

import torch

from gan_augment.training.augmentation import MOST, AdaptiveShift


def test_nothing_is_shifted_at_the_beginning():
    images = torch.randn(4, 1, 8, 8)
    assert AdaptiveShift(2)(images, torch.Generator()) is images


def test_the_probability_follows_who_wins():
    shift = AdaptiveShift(2)
    ones, zeros = torch.ones(8), torch.zeros(8)
    for _ in range(200):
        shift.adapt(ones, zeros)
    raised = shift.probability
    assert 0 < raised <= MOST
    for _ in range(1000):
        shift.adapt(ones, zeros)
    assert shift.probability == MOST
    for _ in range(1000):
        shift.adapt(zeros, ones)
    assert shift.probability == 0


def test_shifts_begin_where_the_discriminator_wins_most_pairs():
    probabilities = []
    for n_won in (15, 17):  # of 20: the share won less the share lost is .5 and .7
        shift = AdaptiveShift(2)
        real = torch.tensor([1.0] * n_won + [-1.0] * (20 - n_won))
        for _ in range(300):
            shift.adapt(real, torch.zeros(20))
        probabilities.append(shift.probability)
    assert probabilities[0] == 0 < probabilities[1]


def test_images_are_shifted_by_whole_pixels_with_their_edges_repeated():
    shift = AdaptiveShift(2)
    shift.probability = 1.0
    image = torch.arange(64.0).view(1, 1, 8, 8).expand(50, 2, 8, 8)
    moved = shift(image, torch.Generator().manual_seed(0))
    expected = {}
    for rows in range(-2, 3):
        for columns in range(-2, 3):
            at = (torch.arange(8) + rows).clamp(0, 7)
            across = (torch.arange(8) + columns).clamp(0, 7)
            expected[rows, columns] = image[0][:, at][:, :, across]
    found = {
        key
        for one in moved
        for key, shifted in expected.items()
        if torch.equal(one, shifted)
    }
    assert all(any(torch.equal(one, e) for e in expected.values()) for one in moved)
    assert len(found) > 15


def test_the_gradient_goes_through_the_shift():
    shift = AdaptiveShift(1)
    shift.probability = 1.0
    images = torch.randn(3, 1, 8, 8, requires_grad=True)
    shift(images, torch.Generator().manual_seed(0)).sum().backward()
    # Every drawn pixel comes from one pixel of the image.
    assert images.grad.sum() == images.numel()
