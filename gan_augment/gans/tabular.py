"""A class-conditional GAN for tables of mixed types."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from torch import nn

from gan_augment.gans.adversarial import BaseGAN
from gan_augment.gans.recipe import Quality, Recipe, recipe_for_table
from gan_augment.networks.start import start_from
from gan_augment.networks.tabular import Discriminator, Generator
from gan_augment.seeding import RandomState
from gan_augment.tables.encoder import STATE_CLASSES, RuleEncoder
from gan_augment.tables.rules import Rules
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import Callback
from gan_augment.training.losses import LOSSES, Loss
from gan_augment.training.optimizers import OPTIMIZERS

# Up to so many steps the generator begins as wide as the data.
WIDE_STEPS = 400
# Rows whose moments the generator begins with.
START_ROWS = 4096
AUTO = StrOptions({"auto"})


class TabularGAN(BaseGAN):
    """Class-conditional GAN for tables: numbers, categories, dates, missing values.

    One network pair learns all classes at once, on batches that hold every class
    equally often, so that a rare class borrows the structure of the common ones.
    Columns are encoded by :class:`~gan_augment.encoding.TableEncoder`. Both networks
    are residual; the loss is relativistic, with a gradient penalty on real and on
    generated rows [1]_. The generator begins with the means and principal components
    of the classes, and rows are drawn from its average over the last steps.

    The sizes of the networks, the batches and the number of steps follow from the
    number of rows: a fit takes some seconds for 1,000 rows and half a minute for
    20,000 or more, on one CPU core.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        Which columns are categorical: positions, a mask, or names. ``"auto"`` takes
        every column that is neither a number nor a date nor a duration; such columns
        are always categorical.
    max_categories : int, default=64
        A categorical column with more levels than this is encoded by one number, its
        levels ordered by class, rather than by one number a level.
    identifiers : {"fresh", "keep", "drop"}, default="fresh"
        What becomes of columns that name rows, such as customer and phone numbers.
        ``"fresh"`` gives synthetic rows values of the same pattern that no training
        row has, ``"drop"`` leaves the columns out, ``"keep"`` takes the values for
        levels, or numbers, so that they come back.
    rules : "auto", list, Rules or None, default="auto"
        Rules that every training row keeps, such as ``"net <= gross"``, and every
        synthetic row then keeps, too. ``"auto"`` finds them. A list holds rules,
        functions of a frame that give one boolean a row, and ``"auto"`` for those that
        are found. None keeps no rules. See :class:`~gan_augment.tables.rules.Rules`.
    quality : {"default", "high"}, default="default"
        How long the training may take where `max_steps` is ``"auto"``. ``"high"``
        takes up to four times as many steps for rows that are harder to distinguish
        from real ones. It changes nothing where the rarest class has few rows, which a
        longer training would memorise.
    latent_dim : int, default=32
        Width of the generator's noise.
    hidden_dims : sequence of int or "auto", default="auto"
        Width of the hidden layer of each residual block of both networks. The first is
        also the width of the units between the blocks. With ``"auto"`` it follows from
        the number of training steps.
    loss : str or object, default="relativistic"
        ``"relativistic"``, ``"non_saturating"``, ``"least_squares"``,
        ``"wasserstein"``, ``"hinge"`` or ``"kl"``; papers in
        :mod:`gan_augment.training.losses`. Or an object with the functions
        ``discriminator(real, fake)`` and ``generator(real, fake)`` of logits, such as
        :class:`~gan_augment.training.losses.AdversarialLoss`.
    n_discriminators : int, default=1
        Number of discriminators, over which both losses are averaged.
    gradient_penalty_weight : float or "auto", default="auto"
        Weight of R1 + R2 in the discriminator's loss.
    optimizer : {"adam", "sgd"}, default="adam"
        Optimizer of both networks; ``"sgd"`` has a momentum of 0.9.
    learning_rate : float or "auto", default="auto"
        Step size of the generator; the discriminator's is twice that. It falls
        linearly to zero in the second half of the training.
    batch_size : int or "auto", default="auto"
        Rows a batch.
    max_steps : int or "auto", default="auto"
        Number of training steps. ``"auto"`` takes four for each row of the rarest
        class, at least 200 and at most a number that grows with the number of rows,
        to 4,000 for 20,000 rows.
    max_time : float, default=None
        Seconds that the training may take. It stops at the next step, and the learning
        rate has fallen to zero by then. The rows of a training that it cuts short
        depend on the machine's speed. If None, there is no limit.
    device : str, default="cpu"
        Torch device to train on. At this size a CPU core is as fast as a GPU.
    callbacks : sequence of Callback, default=()
        What watches the training and may stop it.
    verbose : bool, default=False
        Whether to show a progress bar.
    random_state : int, RandomState instance or None, default=None
        Source of every random choice. An int gives the same rows in every call and
        in every process.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Their shares of the training rows.
    rules_ : Rules
        The rules that synthetic rows keep.
    encoder_ : RuleEncoder
        The fitted encoder; ``encoder_.dtypes_`` says how each column is modelled.
    recipe_ : Recipe
        What the parameters that are ``"auto"`` became.
    generator_weights_, discriminator_weights_ : dict of str to ndarray
        Weights of the networks; the generator's are averaged.
    history_ : dict of str to list of float
        Steps, seconds and mean losses of every epoch.
    sample_seed_ : int
        Seed of :meth:`sample` when it is given none.

    See Also
    --------
    GANOverSampler : Draws the rows of the rare classes with it.
    ImageGAN : For images.

    References
    ----------
    .. [1] Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline",
       NeurIPS 2024, arXiv:2501.05441.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment import TabularGAN
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> gan = TabularGAN(max_steps=50, random_state=0).fit(X, y)
    >>> X_new, y_new = gan.sample(3, label=2)
    >>> X_new.shape, y_new.tolist()
    ((3, 4), [2, 2, 2])
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "categorical_features": ["array-like", StrOptions({"auto"})],
        "max_categories": [Interval(Integral, 2, None, closed="left")],
        "identifiers": [StrOptions({"fresh", "keep", "drop"})],
        "rules": [StrOptions({"auto"}), list, tuple, Rules, None],
        "quality": [StrOptions({"default", "high"})],
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_dims": ["array-like", AUTO],
        "loss": [StrOptions(set(LOSSES)), HasMethods(["discriminator", "generator"])],
        "n_discriminators": [Interval(Integral, 1, None, closed="left")],
        "gradient_penalty_weight": [Interval(Real, 0, None, closed="left"), AUTO],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), AUTO],
        "batch_size": [Interval(Integral, 1, None, closed="left"), AUTO],
        "max_steps": [Interval(Integral, 1, None, closed="left"), AUTO],
        "max_time": [Interval(Real, 0, None, closed="left"), None],
        "device": [str],
        "callbacks": [list, tuple],
        "verbose": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Hashable] = "auto",
        max_categories: int = 64,
        identifiers: Literal["fresh", "keep", "drop"] = "fresh",
        rules: Any = "auto",
        quality: Quality = "default",
        latent_dim: int = 32,
        hidden_dims: Sequence[int] | Literal["auto"] = "auto",
        loss: str | Loss = "relativistic",
        n_discriminators: int = 1,
        gradient_penalty_weight: float | Literal["auto"] = "auto",
        optimizer: Literal["adam", "sgd"] = "adam",
        learning_rate: float | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        max_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        device: str = "cpu",
        callbacks: Sequence[Callback] = (),
        verbose: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.categorical_features = categorical_features
        self.max_categories = max_categories
        self.identifiers = identifiers
        self.rules = rules
        self.quality = quality
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.loss = loss
        self.n_discriminators = n_discriminators
        self.gradient_penalty_weight = gradient_penalty_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.max_time = max_time
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    encoder_: RuleEncoder
    _saved_classes = STATE_CLASSES.new_child(dict(BaseGAN._saved_classes))

    @property
    def rules_(self) -> Rules:
        """The rules that synthetic rows keep."""
        return self.encoder_.rules_

    def _make_encoder(self) -> RuleEncoder:
        return RuleEncoder(
            categorical_features=self.categorical_features,
            max_categories=self.max_categories,
            identifiers=self.identifiers,
            rules=self.rules,
        )

    def _make_generator(self, rng: torch.Generator) -> nn.Module:
        self.encoder_.check_variety()
        return Generator(
            latent_dim=self.latent_dim,
            n_classes=len(self.classes_),
            hidden_dims=self.recipe_.hidden_dims,
            spans=self.encoder_.schema_,
            rng=rng,
        )

    def _make_recipe(self, classes: np.ndarray) -> Recipe:
        n_rarest = int(np.bincount(classes).min())
        return recipe_for_table(len(classes), n_rarest, self.quality)

    def _start(self, generator: nn.Module, batches: ConditionalBatches) -> None:
        if not isinstance(generator, Generator):
            return  # the network of a subclass begins as it was made
        n_batches = math.ceil(START_ROWS / batches.batch_size)
        drawn = zip(*(batches.draw() for _ in range(n_batches)), strict=True)
        start_from(
            generator,
            *map(torch.cat, drawn),
            counts=torch.from_numpy(batches.counts).float(),
            # A longer training finds what is not Gaussian, of which a Gaussian as wide
            # as the data is in the way.
            spread=float(
                np.clip(WIDE_STEPS / self.recipe_.max_steps, 0.25, 1.0) ** 0.5
            ),
        )

    def _make_discriminator(self, rng: torch.Generator) -> nn.Module:
        return Discriminator(
            n_inputs=self.encoder_.width_,
            n_classes=len(self.classes_),
            hidden_dims=self.recipe_.hidden_dims,
            rng=rng,
        )
