"""What rows pass through: shifts where the discriminator wins, noise that decays."""

import torch

from gan_augment.training.augmentation import MOST, AdaptiveShift, DecayingNoise


def test_nothing_is_shifted_at_the_beginning():
    images = torch.randn(4, 1, 8, 8)
    assert AdaptiveShift(2)(images, torch.Generator()) is images


def test_the_probability_follows_who_wins():
    shift = AdaptiveShift(2)
    ones, zeros = torch.ones(8), torch.zeros(8)
    for _ in range(200):
        shift.adapt(ones, zeros, 0.5)
    raised = shift.probability
    assert 0 < raised <= MOST
    for _ in range(1000):
        shift.adapt(ones, zeros, 0.5)
    assert shift.probability == MOST
    for _ in range(1000):
        shift.adapt(zeros, ones, 0.5)
    assert shift.probability == 0


def test_shifts_begin_where_the_discriminator_wins_most_pairs():
    probabilities = []
    for n_won in (15, 17):  # of 20: the share won less the share lost is .5 and .7
        shift = AdaptiveShift(2)
        real = torch.tensor([1.0] * n_won + [-1.0] * (20 - n_won))
        for _ in range(300):
            shift.adapt(real, torch.zeros(20), 0.5)
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


def test_noise_falls_linearly_to_nothing():
    noise, rows, logits = DecayingNoise(0.4), torch.zeros(2000, 5), torch.zeros(8)
    rng = torch.Generator().manual_seed(0)
    spreads = [float(noise(rows, rng).std())]
    for done in (0.25, 0.5, 1.0):
        noise.adapt(logits, logits, done)
        spreads.append(float(noise(rows, rng).std()))
    torch.testing.assert_close(
        torch.tensor(spreads), torch.tensor([0.4, 0.3, 0.2, 0.0]), rtol=0.05, atol=1e-6
    )


def test_noise_goes_on_from_its_state():
    noise, resumed = DecayingNoise(0.4), DecayingNoise(0.4)
    noise.adapt(torch.zeros(8), torch.zeros(8), 0.5)
    resumed.set_state(noise.get_state())
    rows = torch.zeros(3, 2)
    drawn = [n(rows, torch.Generator().manual_seed(0)) for n in (noise, resumed)]
    assert torch.equal(*drawn)
    assert resumed.strength == noise.strength == 0.2
