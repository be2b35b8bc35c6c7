"""Networks of images: any size, true slopes, images that do not depend on the batch."""

import pytest
import torch
from torch.nn import functional as F

from gan_augment.networks.image import Discriminator, Generator

SIZES = [
    (1, 8, 8),
    (1, 28, 28),
    (3, 25, 33),
    (5, 9, 40),
    (3, 64, 64),
    (1, 1, 7),
    (1, 128, 128),
    (3, 256, 256),
]


def make(network, image_shape, seed=0, **sizes):
    rng = torch.Generator().manual_seed(seed)
    return network(n_classes=2, image_shape=image_shape, rng=rng, **sizes)


def conditions(n_images):
    return torch.eye(2)[torch.arange(n_images) % 2]


@pytest.mark.parametrize("image_shape", SIZES)
def test_every_size_goes_through_both_networks(image_shape):
    condition = conditions(4)
    generator = make(Generator, image_shape, latent_dim=8)
    images = generator(condition, torch.Generator().manual_seed(1))
    assert images.shape == (4, *image_shape)
    assert images.abs().max() <= 1
    discriminator = make(Discriminator, image_shape)
    images = images.detach().requires_grad_()
    logits = discriminator(images, condition)
    assert logits.shape == (4,)
    (slopes,) = torch.autograd.grad(logits.sum(), images)
    # The last rows and columns are seen too.
    assert slopes.abs().amax(dim=(0, 1)).min() > 0


def test_gradients_reach_every_weight():
    condition = conditions(8)
    generator = make(Generator, (3, 28, 28), latent_dim=8)
    discriminator = make(Discriminator, (3, 28, 28))
    images = generator(condition, torch.Generator().manual_seed(1))
    discriminator(images, condition).square().sum().backward()
    for network in (generator, discriminator):
        for name, weight in network.named_parameters():
            assert weight.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    "image_shape", [(1, 12, 12), (3, 25, 33), (5, 9, 40), (1, 1, 7)]
)
def test_the_first_layer_is_a_convolution_of_every_second_pixel(image_shape):
    discriminator = make(Discriminator, image_shape).double()
    images = torch.randn(6, *image_shape, dtype=torch.float64)
    condition = conditions(6).double()
    below, right = (max(8 - side, 0) for side in image_shape[1:])
    x = F.pad(images, (0, right, 0, below))
    for layer in (*discriminator.halvings, discriminator.last):
        x = F.leaky_relu(layer(x), 0.2)
    x = F.leaky_relu(discriminator.head(x.flatten(1)), 0.2)
    logits = discriminator.logit(x).squeeze(1)
    logits = logits + (x * discriminator.embedding(condition)).sum(dim=1)
    torch.testing.assert_close(discriminator(images, condition), logits)


def test_logits_and_images_do_not_depend_on_the_rest_of_the_batch():
    discriminator = make(Discriminator, (1, 12, 12))
    images, condition = torch.randn(6, 1, 12, 12), conditions(6)
    with torch.inference_mode():
        together = discriminator(images, condition)
        alone = discriminator(images[:1], condition[:1])
    torch.testing.assert_close(together[:1], alone)
    generator = make(Generator, (1, 12, 12), latent_dim=64)
    few, many = (
        generator(conditions(n), torch.Generator().manual_seed(1))[:1] for n in (1, 6)
    )
    torch.testing.assert_close(few, many)


def test_the_condition_changes_what_is_drawn_and_what_is_believed():
    one, other = torch.eye(2)[[0, 0]], torch.eye(2)[[1, 1]]
    generator = make(Generator, (1, 12, 12), latent_dim=8)
    drawn = [generator(c, torch.Generator().manual_seed(1)) for c in (one, other)]
    assert not torch.allclose(*drawn)
    discriminator = make(Discriminator, (1, 12, 12))
    logits = [discriminator(drawn[0].detach(), c) for c in (one, other)]
    assert not torch.allclose(*logits)


def test_outside_of_training_extreme_pixels_keep_their_order():
    generator = make(Generator, (1, 8, 8), latent_dim=8)
    with torch.no_grad():
        generator.output.bias.fill_(5.0)
    condition = conditions(2)
    clamped = generator(condition, torch.Generator().manual_seed(1))
    assert (clamped == 1).all()
    free = generator.eval()(condition, torch.Generator().manual_seed(1))
    assert (free > 1).all()
    assert free.unique().numel() > 10


def test_nothing_is_drawn_like_a_checkerboard_before_training():
    generator = make(Generator, (1, 32, 32), latent_dim=64)
    with torch.no_grad():
        x = torch.randn(50, generator.base[0], 8, 8)
        stage = generator.stages[1]
        drawn = F.interpolate(stage.narrow(x), scale_factor=2, mode="bilinear")
        drawn = drawn[:, :, 2:-2, 2:-2]
    # Pixels of a square of four differ less than those of neighbouring squares.
    inside = (drawn[..., ::2] - drawn[..., 1::2]).square().mean()
    beyond = (drawn[..., 2:] - drawn[..., :-2]).square().mean()
    assert inside < beyond / 2


def test_edges_are_drawn_like_the_middle():
    generator = make(Generator, (3, 16, 16), latent_dim=8)
    alike = torch.ones(1, generator.output.in_channels, 16, 16)
    with torch.no_grad():
        drawn = generator.output(alike)
    torch.testing.assert_close(drawn, drawn[:, :, 8:9, 8:9].expand_as(drawn))


def test_the_noise_of_pixels_changes_the_image_but_not_at_full_resolution():
    generator = make(Generator, (1, 32, 32), latent_dim=8).eval()
    *before, last = generator.stages
    assert last.noise is None
    with torch.no_grad():
        smooth = generator(conditions(4), torch.Generator().manual_seed(1))
        for stage in before:
            stage.noise.fill_(1.0)
        noisy = generator(conditions(4), torch.Generator().manual_seed(1))
    assert (smooth - noisy).abs().mean() > 0.01


def test_weights_come_from_the_generator_that_is_passed():
    before = torch.get_rng_state()
    first, second, other = (
        make(Generator, (1, 8, 8), seed, latent_dim=8).output.weight
        for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
