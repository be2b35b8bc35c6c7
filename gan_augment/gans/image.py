"""A class-conditional GAN for images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
import torch
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from gan_augment.encoding.image import STATE_CLASSES, ImageEncoder
from gan_augment.encoding.marginals import Marginals
from gan_augment.gans.adversarial import BaseGAN
from gan_augment.gans.distillation import distill_images
from gan_augment.gans.image_networks import NoiseNetworks, VariationNetworks
from gan_augment.gans.recipe import (
    STEPS_OF_QUALITY,
    Quality,
    Recipe,
    batch_for_images,
    mismatch_for_images,
    steps_for_images,
)
from gan_augment.gans.sources import SourceImages
from gan_augment.gans.watching import balanced, coverage, grid_of
from gan_augment.networks.image import n_stages
from gan_augment.progress import Verbose
from gan_augment.seeding import RandomState, draw_seed, make_rng, make_torch_generator
from gan_augment.training.augmentation import AdaptiveShift
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import Callback
from gan_augment.training.losses import LOSSES, Loss
from gan_augment.training.optimizers import OPTIMIZERS
from gan_augment.training.trainer import Judge

# How many pixels of each class their distribution is taken from: so many, within these
# numbers of images.
PIXELS_MATCHED = 2**18
FEWEST_MATCHED, MOST_MATCHED = 64, 256
# From this compute capability on a CUDA device multiplies bfloat16 in hardware.
BFLOAT16_CAPABILITY = (8, 0)


class ImageGAN(BaseGAN):
    """Class-conditional GAN for images of 8 to 256 pixels a side, grey or coloured.

    One convolutional generator and one discriminator learn all classes together. Every
    batch holds each class equally often, so a rare class shares the strokes and
    textures of the common ones. The generator doubles the sides by interpolation, a
    low-pass filter, so that no grid shows through [4]_. The loss is relativistic, with
    a gradient penalty on real and generated images [1]_. Images are drawn with the
    weights of the generator averaged over the last steps.

    By default, the generator draws images from noise and the class. The discriminator
    also learns which class a real image has [3]_, unless a class has few images. The
    images that it is given are shifted at random if it over-fits, and as often as it
    does [2]_.

    With ``generator="variation"``, the generator varies real images: it learns from all
    classes how the images of a class differ from each other, and makes other images of
    each real one [5]_. The discriminator learns to distinguish a pair of two real
    images of a class from a real image and its variation.

    Synthetic images have the layout, the dtype and the pixel values of the training
    images. In each class and channel their pixels are distributed as the real ones, and
    pixels that are constant in the training images stay constant. Otherwise a
    classifier could distinguish synthetic images from real ones and learn the class
    from that, since only images of rare classes are synthetic.

    The sizes of the networks depend on the shorter side. On one CPU core, a fit takes
    some seconds for 8 x 8 pixels, about half a minute for 28 x 28, and several minutes
    for 64 x 64.

    Parameters
    ----------
    image_shape : sequence of int, default=None
        Shape of one image, (h, w), (h, w, c) or (c, h, w), if images are rows of
        numbers. One number may be -1 and is then inferred. If None, use the shape of
        the array, which is (n, h, w), (n, h, w, c) or (n, c, h, w).
    generator : {"noise", "variation"}, default="noise"
        What images are drawn from: ``"noise"`` and the class, or a real image of the
        class and noise, ``"variation"``. Variations are better images of few clothes,
        and worse ones of patches of colour pictures. With ``"variation"``, the GAN
        keeps up to 200 **real images** of each class, also when it is saved.
    latent_dim : int, default=64
        Number of dimensions of the generator's noise.
    loss : str or object, default="relativistic"
        ``"relativistic"``, ``"non_saturating"``, ``"least_squares"``,
        ``"wasserstein"``, ``"hinge"`` or ``"kl"``; see
        :mod:`gan_augment.training.losses` for the papers. An object must have the
        functions ``discriminator(real, fake)`` and ``generator(real, fake)`` of logits,
        like :class:`~gan_augment.training.losses.AdversarialLoss`.
    n_discriminators : int, default=1
        Number of discriminators, over which both losses are averaged.
    gradient_penalty_weight : float, default=1.0
        Weight of the gradient penalties, R1 + R2, in the loss of the discriminators.
    optimizer : {"adam", "sgd"}, default="adam"
        Optimizer of both networks. ``"sgd"`` has a momentum of 0.9.
    learning_rate : float, default=1e-3
        Learning rate of the generator. That of the discriminator is twice as large.
        Both fall linearly to zero in the second half of the training.
    batch_size : int or "auto", default="auto"
        Number of images in a batch. ``"auto"`` uses 32, or 128 if `device` is not a CPU
        and the rarest class has at least 100 images: a GPU takes hardly longer for
        them, and the images are better.
    mismatch_weight : float or "auto", default="auto"
        Weight of the loss in which the discriminators distinguish real images from real
        images with the label, or a source, of another class [3]_. It makes the class of
        synthetic images clearer, at some loss of their diversity. ``"auto"`` uses 0.2,
        or 0 if images are drawn from noise and a class has fewer than 100 of them.
    quality : {"default", "high"}, default="default"
        Whether the training may take up to four times as long for better images, if
        `max_steps` is ``"auto"``. It takes no longer for a few hundred images, which a
        long training memorises.
    max_steps : int or "auto", default="auto"
        Number of training steps. ``"auto"`` uses 300 if real images are varied or the
        shorter side has up to 16 pixels, otherwise 450, and more if `quality` is
        ``"high"``.
    max_time : float, default=None
        Time limit of the training, in seconds. The training stops at the first step
        after it, and the learning rate has fallen to zero by then. If the limit ends
        the training, the synthetic images depend on the speed of the machine. If None,
        there is no limit.
    checkpoint_dir : path-like, default=None
        Directory where the state of the training is kept. A fit that was killed goes on
        from there if it is called again with the same rows, parameters and versions,
        and its rows are those of a fit in one piece. At the end the state is removed.
        `max_time` is counted over all parts. Fits that run at the same time need a
        directory each. If None, no state is kept.
    checkpoint_interval : float, default=30
        Seconds of training between two states that are written to `checkpoint_dir`.
    warm_start : bool, default=False
        Whether each fit after the first goes on from the weights of the one before, as
        with `init_from`.
    init_from : ImageGAN, path-like, str or None, default=None
        A GAN to go on from: a fitted ImageGAN of images of the same shape and classes,
        the directory that one was saved to, or its address in MLflow, such as
        ``"models:/defects@champion"``. If `max_steps` is ``"auto"``, a tenth of the
        steps is taken. Wrap a fitted GAN in :class:`sklearn.frozen.FrozenEstimator` if
        the estimator is cloned, as by :class:`~gan_augment.GANOverSampler`. If None,
        the training begins anew.
    device : str, default="cpu"
        Torch device to train on.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Floating-point format of the networks' calculations during the training.
        ``"auto"`` uses bfloat16 on a CUDA device that supports it, and float32
        otherwise. The weights that are saved and draw images are float32.
    callbacks : sequence of Callback, default=()
        Objects that observe the training and may stop it, such as
        :class:`~gan_augment.training.callbacks.EarlyStopping`.
    verbose : bool or "auto", default="auto"
        Whether to show a progress bar on standard error. ``"auto"`` shows one after
        three seconds in a terminal or a notebook, but not for every fit of a search or
        a cross-validation. There is one bar, whatever runs inside.
    random_state : int, RandomState instance or None, default=None
        Seed of every random choice. Pass an int to get the same images in every call
        and in every process.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training images.
    encoder_ : ImageEncoder
        The fitted encoder.
    marginals_ : Marginals
        Distributions of the pixels of generated and of real images, for every class.
    recipe_ : Recipe
        Sizes of the training, with the values that were chosen for the parameters that
        are ``"auto"``.
    sources_ : SourceImages or None
        The real images that are varied; None if images are drawn from noise.
    generator_weights_, discriminator_weights_ : dict of str to ndarray
        Weights of the networks. Those of the generator are averaged over the last
        steps.
    history_ : dict of str to list of float
        Values of every epoch: steps, seconds, mean losses, how often the input of the
        discriminator is shifted if images are drawn from noise, the *diversity* of
        synthetic images (their spread within their classes divided by that of real
        images), and the *coverage* of training images by synthetic ones.
    sample_seed_ : int
        Seed of :meth:`sample` if none is passed to it.

    See Also
    --------
    GANOverSampler : Over-sample the rare classes with this GAN.
    ImageMixture : Mix images of this GAN with shifted copies of real ones.
    TabularGAN : Class-conditional GAN for tables.

    References
    ----------
    .. [1] Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline",
       NeurIPS 2024, arXiv:2501.05441.
    .. [2] Karras et al., "Training generative adversarial networks with limited data",
       NeurIPS 2020, arXiv:2006.06676.
    .. [3] Reed et al., "Generative adversarial text to image synthesis", ICML 2016,
       arXiv:1605.05396.
    .. [4] Karras et al., "Alias-free generative adversarial networks", NeurIPS 2021,
       arXiv:2106.12423.
    .. [5] Antoniou et al., "Data augmentation generative adversarial networks", 2017,
       arXiv:1711.04340.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from gan_augment import ImageGAN
    >>> digits = load_digits()
    >>> images = digits.images.astype("uint8")  # (1797, 8, 8)
    >>> gan = ImageGAN(max_steps=20, random_state=0).fit(images, digits.target)
    >>> drawn, labels = gan.sample(3, label=8)
    >>> drawn.shape, drawn.dtype, labels.tolist()
    ((3, 8, 8), dtype('uint8'), [8, 8, 8])
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "image_shape": ["array-like", None],
        "generator": [StrOptions({"noise", "variation"})],
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "loss": [StrOptions(set(LOSSES)), HasMethods(["discriminator", "generator"])],
        "n_discriminators": [Interval(Integral, 1, None, closed="left")],
        "gradient_penalty_weight": [Interval(Real, 0, None, closed="left")],
        "mismatch_weight": [
            Interval(Real, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "quality": [StrOptions(set(STEPS_OF_QUALITY))],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "max_steps": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "max_time": [Interval(Real, 0, None, closed="left"), None],
        "checkpoint_dir": [str, PathLike, None],
        "checkpoint_interval": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "init_from": [str, PathLike, HasMethods(["fit", "sample"]), None],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "callbacks": [list, tuple],
        "verbose": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        image_shape: Sequence[int] | None = None,
        generator: Literal["noise", "variation"] = "noise",
        latent_dim: int = 64,
        loss: str | Loss = "relativistic",
        n_discriminators: int = 1,
        gradient_penalty_weight: float = 1.0,
        mismatch_weight: float | Literal["auto"] = "auto",
        quality: Quality = "default",
        optimizer: Literal["adam", "sgd"] = "adam",
        learning_rate: float = 1e-3,
        batch_size: int | Literal["auto"] = "auto",
        max_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        checkpoint_dir: str | PathLike[str] | None = None,
        checkpoint_interval: float = 30.0,
        warm_start: bool = False,
        init_from: Any = None,
        device: str = "cpu",
        precision: Literal["auto", "float32", "bfloat16"] = "auto",
        callbacks: Sequence[Callback] = (),
        verbose: Verbose = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.image_shape = image_shape
        self.generator = generator
        self.latent_dim = latent_dim
        self.loss = loss
        self.n_discriminators = n_discriminators
        self.gradient_penalty_weight = gradient_penalty_weight
        self.mismatch_weight = mismatch_weight
        self.quality = quality
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.max_time = max_time
        self.checkpoint_dir = checkpoint_dir
        self.checkpoint_interval = checkpoint_interval
        self.warm_start = warm_start
        self.init_from = init_from
        self.device = device
        self.precision = precision
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def distill(
        self,
        widths: Sequence[int] | None = None,
        *,
        max_steps: int = 1000,
        random_state: RandomState = None,
    ) -> Self:
        """Train a small generator that draws nearly the same images, but faster.

        The small generator learns to draw the images that this one draws for the same
        noise [1]_. No real images are needed.

        Parameters
        ----------
        widths : sequence of int, default=None
            Number of channels of each stage of the small generator, from the fewest to
            the most pixels. If None, use a third of those of this one, and at least 8.
        max_steps : int, default=1000
            Number of training steps.
        random_state : int, RandomState instance or None, default=None
            Source of the training.

        Returns
        -------
        small : ImageGAN
            A fitted GAN of the same images and classes. ``history_`` holds the mean
            squared distance between the images of both. Its `fit` trains a GAN of the
            usual size.

        Raises
        ------
        ValueError
            If a parameter is not valid.
        TypeError
            If a subclass has a generator of its own.

        References
        ----------
        .. [1] Aguinaldo et al., "Compressing GANs using knowledge distillation", 2019,
           arXiv:1902.00159.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from gan_augment import ImageGAN
        >>> digits = load_digits()
        >>> images = digits.images.astype("uint8")
        >>> gan = ImageGAN(max_steps=20, random_state=0).fit(images, digits.target)
        >>> small = gan.distill(max_steps=20, random_state=0)
        >>> small.sample(3, label=8)[0].shape
        (3, 8, 8)
        """
        check_is_fitted(self, "sample_seed_")
        return distill_images(self, widths, max_steps, random_state)

    encoder_: ImageEncoder
    marginals_: Marginals
    sources_: SourceImages | None
    _saved_attributes = (*BaseGAN._saved_attributes, "marginals_", "sources_")
    _saved_classes = {
        **BaseGAN._saved_classes,
        **STATE_CLASSES,
        Marginals.__name__: Marginals,
        SourceImages.__name__: SourceImages,
    }
    _draws_images = True
    _sample_chunk = 64

    def _make_encoder(self) -> ImageEncoder:
        return ImageEncoder(self.image_shape)

    def _prepare(self, codes: np.ndarray, classes: np.ndarray) -> None:
        varies = self.generator == "variation"
        self.sources_ = SourceImages.of(codes, classes) if varies else None

    @property
    def _networks(self) -> NoiseNetworks | VariationNetworks:
        if self.sources_ is None:
            return NoiseNetworks(self.encoder_, len(self.classes_))
        return VariationNetworks(self.encoder_, self.sources_)

    def _batches_class(self) -> type[ConditionalBatches]:
        return self._networks.batches_class

    def _make_generator(self, rng: torch.Generator) -> nn.Module:
        return self._networks.make_generator(
            self.latent_dim, self.recipe_.hidden_dims, rng
        )

    def _make_discriminator(self, rng: torch.Generator) -> nn.Module:
        return self._networks.discriminator_class(
            n_classes=len(self.classes_),
            image_shape=self.encoder_.image_shape_,
            rng=rng,
        )

    def _make_augmentation(self) -> AdaptiveShift | None:
        return self._networks.make_augmentation()

    def _condition(self, classes: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        return self._networks.condition(classes, rng)

    def _make_recipe(self, classes: np.ndarray) -> Recipe:
        _, *size = self.encoder_.image_shape_
        networks = self._networks
        varies = networks.kind == "variation"
        steps = steps_for_images(
            len(classes), n_stages(size), self.quality, varies=varies
        )
        n_rarest = int(np.bincount(classes).min())
        return Recipe(
            hidden_dims=(),
            batch_size=batch_for_images(n_rarest, torch.device(self.device).type),
            max_steps=steps,
            learning_rate=self.learning_rate,
            gradient_penalty_weight=self.gradient_penalty_weight,
            penalty_interval=networks.penalty_interval,
            mismatch_weight=mismatch_for_images(n_rarest, varies=varies),
        )

    def _carry_over(
        self,
        origin: Self,
        generator: nn.Module,
        discriminators: nn.ModuleList,
        batches: ConditionalBatches,
    ) -> None:
        if (wanted := origin._networks.kind) != self._networks.kind:
            raise ValueError(
                f'`generator` must be that of `init_from`, "{wanted}". Got '
                f'"{self.generator}".'
            )
        super()._carry_over(origin, generator, discriminators, batches)

    def _training_dtype(self) -> torch.dtype:
        if self.precision != "auto":
            return getattr(torch, self.precision)
        if torch.device(self.device).type != "cuda":
            return torch.float32
        capability = torch.cuda.get_device_capability(self.device)
        return torch.bfloat16 if capability >= BFLOAT16_CAPABILITY else torch.float32

    def _make_judge(
        self, codes: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> Judge | None:
        chosen = balanced(classes, rng)
        real = self.encoder_.dequantize(codes[chosen])
        condition = self._condition(classes[chosen], rng)
        seed = draw_seed(rng)

        def judge(generator: nn.Module) -> tuple[dict[str, float], np.ndarray]:
            noise = make_torch_generator(make_rng(seed), self.device)
            like = next(generator.parameters())
            with torch.no_grad():
                drawn = generator(condition.to(like), noise).float().cpu().numpy()
            return coverage(real, drawn), grid_of(drawn, classes[chosen])

        return judge

    def _calibrate(
        self, codes: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> None:
        n_images = self._n_matched()
        real = [
            self.encoder_.dequantize(codes[rng.permutation(rows)[:n_images]])
            for rows in (
                np.flatnonzero(classes == index) for index in range(len(self.classes_))
            )
        ]
        self._match(real, rng)

    def _n_matched(self) -> int:
        """How many images of each class their distribution is taken from."""
        _, height, width = self.encoder_.image_shape_
        n_images = PIXELS_MATCHED // (height * width)
        return min(max(n_images, FEWEST_MATCHED), MOST_MATCHED)

    def _match(self, wanted: list[np.ndarray], rng: np.random.Generator) -> None:
        """Give the pixels of each class the distribution of these encoded images."""
        drawn, _ = self._draw_unmatched(rng)
        self.marginals_ = Marginals.of(np.split(drawn, len(self.classes_)), wanted)

    def _draw_encoded(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Encoded images of each class, their pixels distributed as real ones."""
        matched = self.marginals_.match(*self._draw_unmatched(rng))
        return np.split(matched, len(self.classes_))

    def _draw_unmatched(
        self, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Encoded images as the networks draw them, by class, and their classes."""
        classes = np.repeat(np.arange(len(self.classes_)), self._n_matched())
        # What it draws where nothing ever changes is not kept, so it must not count.
        return self.encoder_.freeze(self._generate(classes, rng)), classes

    def _check_state(self) -> None:
        n_channels, *_ = self.encoder_.image_shape_
        found = self.marginals_.real.shape[:2]
        n_maps = n_channels + (n_channels > 1)
        if found != (len(self.classes_), n_maps):
            raise ValueError(f"Marginals of {found} classes and maps.")
        if self.sources_ is not None:
            self.sources_.check(self.encoder_.image_shape_, len(self.classes_))
        super()._check_state()

    def _decode(self, encoded: np.ndarray, classes: np.ndarray) -> Any:
        matched = self.marginals_.match(encoded, classes)
        return self.encoder_.inverse_transform(matched)
