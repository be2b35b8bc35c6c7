"""Networks that vary images: any size, true slopes, a start near the source."""

import pytest
import torch

from gan_augment.networks.variation import PairDiscriminator, VariationGenerator, move

SIZES = [
    (1, 8, 8),
    (1, 28, 28),
    (3, 25, 33),
    (5, 9, 40),
    (3, 64, 64),
    (1, 1, 7),
    (1, 128, 128),
]


def source(seed):
    return torch.Generator().manual_seed(seed)


def sources(n_images, image_shape):
    return 2 * torch.rand(n_images, *image_shape, generator=source(2)) - 1


def make_generator(image_shape):
    return VariationGenerator(latent_dim=8, image_shape=image_shape, rng=source(0))


def make_discriminator(image_shape, n_classes=2):
    return PairDiscriminator(
        n_classes=n_classes, image_shape=image_shape, rng=source(0)
    )


@pytest.mark.parametrize("image_shape", SIZES)
def test_every_size_goes_through_both_networks(image_shape):
    given = sources(4, image_shape)
    generator = make_generator(image_shape)
    images = generator(given, source(1))
    assert images.shape == (4, *image_shape)
    assert images.abs().max() <= 1
    discriminator = make_discriminator(image_shape)
    assert discriminator(images, given).shape == (4,)


def test_gradients_reach_every_weight():
    given = sources(8, (3, 28, 28))
    generator = make_generator((3, 28, 28))
    discriminator = make_discriminator((3, 28, 28))
    images = generator(given, source(1))
    (discriminator(images, given).square() + images.mean((1, 2, 3))).sum().backward()
    for network in (generator, discriminator):
        for name, weight in network.named_parameters():
            assert weight.grad.abs().sum() > 0, name


def test_the_generator_begins_near_its_source_and_noise_changes_the_image():
    smooth = torch.nn.functional.interpolate(
        sources(6, (1, 4, 4)), (28, 28), mode="bilinear"
    )
    generator = make_generator((1, 28, 28)).eval()
    with torch.no_grad():
        images, others = (generator(smooth, source(seed)) for seed in (1, 2))
    to_own = (images - smooth).abs().mean()
    assert to_own < (images - smooth.roll(1, 0)).abs().mean() / 2
    assert (images - others).abs().mean() > 0


def test_a_flow_moves_pixels_and_repeats_edges():
    images = sources(2, (1, 8, 12))
    torch.testing.assert_close(move(images, torch.zeros(2, 2, 3, 3)), images)
    # Two pixels of eight are half of half a side.
    from_below = torch.tensor([0.0, 0.5]).view(1, 2, 1, 1).expand(2, 2, 3, 3)
    moved = move(images, from_below)
    torch.testing.assert_close(moved[:, :, :6], images[:, :, 2:])
    torch.testing.assert_close(moved[:, :, 6:], images[:, :, -1:].expand(2, 1, 2, 12))


def test_images_and_logits_do_not_depend_on_the_rest_of_the_batch():
    given = sources(4, (1, 12, 12))
    generator = make_generator((1, 12, 12))
    discriminator = make_discriminator((1, 12, 12))
    images = generator(given, source(1))
    torch.testing.assert_close(
        discriminator(images[:2], given[:2]), discriminator(images, given)[:2]
    )
    changed = torch.cat([given[:2], -given[2:]])
    torch.testing.assert_close(generator(changed, source(1))[:2], images[:2])


def test_the_discriminator_sees_the_source():
    images = sources(4, (1, 12, 12))
    discriminator = make_discriminator((1, 12, 12))
    assert (discriminator(images, images) != discriminator(images, -images)).all()


@pytest.mark.parametrize(("n_classes", "n_images"), [(2, 6), (3, 8), (5, 32), (9, 4)])
def test_a_source_of_another_class_takes_its_place_and_each_class_its_turn(
    n_classes, n_images
):
    classes = torch.arange(n_images) % n_classes
    given = classes.float().view(-1, 1, 1, 1).expand(n_images, 1, 8, 8)
    discriminator = make_discriminator((1, 8, 8), n_classes)
    seen = {int(index): set() for index in classes.unique()}
    for step in range(1, 2 * n_classes):
        others = discriminator.mismatched(given, step)[:, 0, 0, 0].long()
        assert (others != classes).all()
        for own, other in zip(classes.tolist(), others.tolist(), strict=True):
            seen[own].add(other)
    everyone = set(seen)
    assert all(others == everyone - {own} for own, others in seen.items())


def test_of_one_class_no_source_is_of_another():
    given = sources(4, (1, 8, 8))
    one = make_discriminator((1, 8, 8), 1)
    assert one.mismatched(given, 1) is None
    many = make_discriminator((1, 8, 8), 3)
    assert many.mismatched(given[:1], 1) is None
