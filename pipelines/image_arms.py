"""Ways of filling up rare classes of images: ours, its peers, and controls.

An arm is a function of training images, labels, the number of images wanted of each
rare class and a seed; it gives the new images and their labels. Peers get what ours has
to do for itself: images as bytes, on the grid of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from torch import nn
from torch.nn import functional as F

from gan_augment import GANOverSampler, ImageGAN, ImageMixture
from gan_augment.encoding import ImageEncoder
from gan_augment.over_sampling import RandomAffine

Wanted = Mapping[Any, int]
Arm = Callable[[np.ndarray, np.ndarray, Wanted, int], tuple[np.ndarray, np.ndarray]]
# The peers' networks.
WIDTH, LATENT_DIM, BATCH_SIZE = 32, 64, 32


def by_class(draw: Callable[..., np.ndarray]) -> Arm:
    """An arm that looks at one class at a time: ``draw(images, n, rng)``."""

    def arm(
        X: np.ndarray, y: np.ndarray, wanted: Wanted, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        images = [draw(X[y == label], n, rng) for label, n in wanted.items()]
        return np.concatenate(images), np.repeat(list(wanted), list(wanted.values()))

    return arm


def repeat(images: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Real images as they are: random over-sampling."""
    return images[rng.integers(len(images), size=n)]


def copies(augment: RandomAffine) -> Callable[..., np.ndarray]:
    """Real images, moved."""

    def draw(images: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        encoder = ImageEncoder().fit(images)
        encoded = encoder.transform(images[np.arange(n) % len(images)])
        return encoder.inverse_transform(augment(encoded, rng))

    return draw


def between(
    rows: np.ndarray, y: np.ndarray, wanted: Wanted, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """New rows between neighbours of a class, by SMOTE."""
    counts = {label: n + int((y == label).sum()) for label, n in wanted.items()}
    n_neighbors = min(5, min(int((y == label).sum()) for label in wanted) - 1)
    sampler = SMOTE(
        sampling_strategy=counts, k_neighbors=n_neighbors, random_state=seed
    )
    resampled, labels = sampler.fit_resample(rows, y)
    return resampled[len(rows) :], labels[len(rows) :]


def smote(
    X: np.ndarray, y: np.ndarray, wanted: Wanted, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """SMOTE on pixels, rounded."""
    rows, labels = between(X.reshape(len(X), -1).astype(float), y, wanted, seed)
    return np.rint(rows).astype(X.dtype).reshape(-1, *X.shape[1:]), labels


def _up(n_in: int, n_out: int) -> nn.Module:
    return nn.ConvTranspose2d(n_in, n_out, 4, 2, 1)


class _Decoder(nn.Module):
    """Two transposed convolutions, as in the tutorial, to any size."""

    def __init__(self, latent_dim: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape
        self.base = [-(-side // 4) for side in shape[1:]]
        width = 2 * WIDTH
        self.start = nn.Linear(latent_dim, width * self.base[0] * self.base[1])
        self.layers = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            _up(width, WIDTH),
            nn.BatchNorm2d(WIDTH),
            nn.ReLU(),
            _up(WIDTH, shape[0]),
            nn.Tanh(),
        )

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        x = self.start(latent).view(len(latent), -1, *self.base)
        return self.layers(x)[:, :, : self.shape[1], : self.shape[2]]


def _encoder(shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(shape[0], WIDTH, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1),
        nn.BatchNorm2d(2 * WIDTH),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.LazyLinear(n_outputs),
    )


def dcgan(
    n_steps: int,
) -> Callable[[np.ndarray, int, np.random.Generator], np.ndarray]:
    """A DCGAN of each class, with the loss and the rates of PyTorch's tutorial."""

    def draw(images: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        torch.manual_seed(int(rng.integers(2**31)))
        encoder = ImageEncoder().fit(images)
        real = torch.from_numpy(encoder.transform(images))
        shape = encoder.image_shape_
        generator, judge = _Decoder(LATENT_DIM, shape), _encoder(shape, 1)
        judge(real[:1].repeat(2, 1, 1, 1))  # a lazy layer sees its size
        steps = [
            torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999))
            for net in (generator, judge)
        ]
        for _ in range(n_steps):
            chosen = torch.from_numpy(rng.integers(len(real), size=BATCH_SIZE))
            drawn = generator(torch.randn(BATCH_SIZE, LATENT_DIM))
            loss = (
                F.softplus(-judge(real[chosen])).mean()
                + F.softplus(judge(drawn.detach())).mean()
            )
            _step(steps[1], loss)
            _step(steps[0], F.softplus(-judge(drawn)).mean())
        with torch.no_grad():
            drawn = generator.eval()(torch.randn(n, LATENT_DIM))
        return encoder.inverse_transform(drawn.numpy())

    return draw


def deep_smote(n_steps: int) -> Arm:
    """DeepSMOTE in little: an autoencoder of all classes, SMOTE between its codes.

    Dablain et al. 2021, arXiv:2105.02340. Its penalty, as published, is a second
    reconstruction loss, and is left out.
    """

    def arm(
        X: np.ndarray, y: np.ndarray, wanted: Wanted, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        encoder = ImageEncoder().fit(X)
        real = torch.from_numpy(encoder.transform(X))
        shape = encoder.image_shape_
        coder, decoder = _encoder(shape, LATENT_DIM), _Decoder(LATENT_DIM, shape)
        coder(real[:2])
        parameters = [*coder.parameters(), *decoder.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=1e-3)
        for _ in range(n_steps):
            images = real[torch.from_numpy(rng.integers(len(real), size=BATCH_SIZE))]
            _step(optimizer, F.mse_loss(decoder(coder(images)), images))
        coder.eval()
        decoder.eval()
        with torch.no_grad():
            codes, labels = between(coder(real).numpy(), y, wanted, seed)
            drawn = decoder(torch.from_numpy(codes.astype(np.float32)))
        return encoder.inverse_transform(drawn.numpy()), labels

    return arm


def _step(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def ours(gan: ImageGAN, mixture: ImageMixture | None, memory: str) -> Arm:
    """GANOverSampler; arms of the same seed share one GAN."""

    def arm(
        X: np.ndarray, y: np.ndarray, wanted: Wanted, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        sampler = GANOverSampler(
            gan,
            sampling_strategy={
                label: n + int((y == label).sum()) for label, n in wanted.items()
            },
            mixture=mixture,
            memory=memory,
            random_state=seed,
        )
        images, labels = sampler.fit_resample(X, y)
        return images[sampler.synthetic_mask_], labels[sampler.synthetic_mask_]

    return arm


def make_arms(
    memory: str, peer_steps: int, gan: ImageGAN, augment: RandomAffine
) -> dict[str, Arm]:
    """Every arm by its name; `memory` is the directory where GANs are kept.

    `augment` is what leaves a class as it is, to all that copy images.
    """
    varying = clone(gan).set_params(generator="variation")
    return {
        "random": by_class(repeat),
        "SMOTE": smote,
        "copies": by_class(copies(augment)),
        "DeepSMOTE-like": deep_smote(peer_steps),
        "DCGAN a class": by_class(dcgan(peer_steps)),
        # Ours: the GAN alone, which bears the cost; half and half; the copies alone.
        "GAN": ours(gan, None, memory),
        "mixture": ours(gan, ImageMixture(augment=augment), memory),
        "our copies": ours(gan, ImageMixture(0, augment=augment), memory),
        # Not from noise: from real images.
        "variations": ours(varying, None, memory),
        "mixture with variations": ours(varying, ImageMixture(augment=augment), memory),
        # Where nothing is said of the classes: careful, and found out.
        "by default": ours(gan, ImageMixture(), memory),
        "auto": ours(gan, ImageMixture(augment="auto"), memory),
    }
