"""A class-conditional GAN for tables of mixed types."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
import torch
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from gan_augment.gans.acceptance import (
    GENERATED_PER_REAL,
    Acceptance,
    Monitor,
    draw_accepted,
    learn_acceptance,
)
from gan_augment.gans.adversarial import BaseGAN
from gan_augment.gans.chains import Chains, learn_chains, most_rows_of_trees
from gan_augment.gans.collapse import warn_of_collapse
from gan_augment.gans.distillation import distill
from gan_augment.gans.recipe import (
    FEWEST_ROWS_OF_TREES,
    Quality,
    Recipe,
    recipe_for_table,
    recipe_for_trees,
)
from gan_augment.gans.size import TableSize
from gan_augment.gans.start import balanced_rows, start_generator
from gan_augment.gans.transfer import (
    carry_over_by_name,
    check_columns,
    check_sizes,
)
from gan_augment.gans.tree_steps import TreeSteps
from gan_augment.networks.reconstruction import Reconstruction
from gan_augment.networks.tabular import Discriminator, Generator
from gan_augment.networks.transfer import match_means
from gan_augment.progress import Verbose
from gan_augment.seeding import RandomState, make_rng
from gan_augment.tables.encoder import STATE_CLASSES, RuleEncoder
from gan_augment.tables.rules import Rules
from gan_augment.training.augmentation import Augmentation, DecayingNoise
from gan_augment.training.batches import ConditionalBatches, sample_rows
from gan_augment.training.callbacks import Callback
from gan_augment.training.losses import LOSSES, Loss
from gan_augment.training.optimizers import OPTIMIZERS

AUTO = StrOptions({"auto"})
# Parameters that shape networks and their training.
OF_NETWORKS = (
    "latent_dim",
    "hidden_dims",
    "n_components",
    "loss",
    "n_discriminators",
    "gradient_penalty_weight",
    "reconstruction_weight",
    "input_noise",
    "optimizer",
    "learning_rate",
    "batch_size",
    "max_steps",
)


class TabularGAN(BaseGAN):
    """Class-conditional GAN for tables: numbers, categories, dates, missing values.

    Columns are encoded by :class:`~gan_augment.encoding.TableEncoder`. The generator
    and the discriminator are networks if a class has few rows, and otherwise trees,
    which represent large tables more faithfully.

    One generator network and one discriminator network learn all classes together.
    Every batch holds each class equally often, so a rare class shares the structure of
    the common ones. Both networks are residual. The loss is relativistic, with a
    gradient penalty on real and on generated rows [1]_. Rows are drawn with weights
    averaged over the last steps.

    As trees, the generator draws one column after the other, each from real rows of the
    class that resemble the cells drawn so far [4]_. Boosted trees are the
    discriminator. They learn to distinguish drawn rows from real ones, and rows are
    accepted by their odds of being real [2]_.

    By default, the sizes depend on the number of rows. On one CPU core, a fit takes
    some seconds for 1,000 rows, and up to half a minute for 20,000 rows or more.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        Categorical columns: positions, a mask of shape (n_features,), or names.
        ``"auto"`` selects every column that holds neither numbers nor dates nor
        durations. Such columns are always categorical, whatever is passed.
    max_categories : int, default=64
        Largest number of levels of a categorical column that is one-hot encoded. A
        column with more levels is encoded as one number, its levels ordered by class.
    identifiers : {"fresh", "keep", "drop"}, default="fresh"
        How to treat columns that identify rows, such as customer and phone numbers.
        ``"fresh"`` gives synthetic rows values of the same pattern that no training row
        has. ``"drop"`` leaves the columns out. ``"keep"`` treats the values as levels
        or numbers, like those of any other column, so that synthetic rows repeat them.
    rules : "auto", list, Rules or None, default="auto"
        Rules, such as ``"net <= gross"``, that every training row keeps and every
        synthetic row is made to keep. ``"auto"`` finds them in the training rows. A
        list may hold rules, functions that take a frame and return one boolean per row,
        and ``"auto"`` to add those that are found. If None, no rules are used. See
        :class:`~gan_augment.tables.rules.Rules`.
    generator : {"auto", "network", "trees"}, default="auto"
        What draws the rows. ``"auto"`` chooses trees if each class has more than 100
        rows and every parameter that shapes networks has its default: those from
        `latent_dim` to `max_steps` except `n_candidates`. With `init_from` or
        `warm_start` it chooses the generator of the earlier GAN.
    quality : {"default", "high"}, default="default"
        Whether the training may take longer for rows that are harder to distinguish
        from real ones. With ``"high"`` there are twice as many trees, which draw each
        cell from half as many real rows: at least five instead of ten, or ten instead
        of 20 if the table has fewer than 5,000 rows. A training of networks takes up to
        four times as long, if `max_steps` is ``"auto"`` and the rarest class has more
        than some hundred rows.
    latent_dim : int, default=32
        Number of dimensions of the generator's noise.
    hidden_dims : sequence of int or "auto", default="auto"
        Width of the hidden layer of each residual block of both networks. The first is
        also the width of the layers between the blocks. ``"auto"`` chooses the widths
        by the number of training steps that ``"auto"`` gives for `max_steps`.
    n_components : int or "auto", default="auto"
        Number of Gaussians of each class in the mixture that the generator starts from.
        A class with few rows has fewer. ``"auto"`` uses one for every 100 rows of the
        largest class, or for ten times as many rows as an encoded row has columns if
        these are more, and at most 40. It uses one if the training is short.
    n_candidates : int or "auto", default="auto"
        Mean number of rows that are drawn for each synthetic row. Boosted trees learn
        after the training to distinguish the generator's rows from the training rows.
        Rows are accepted in proportion to the odds of being real that the trees give
        them [2]_, as far as this number allows [3]_. If 1, every drawn row is accepted.
        ``"auto"`` uses 1 if the training is short, otherwise 2, or 4 with
        ``quality="high"``.
    loss : str or object, default="relativistic"
        ``"relativistic"``, ``"non_saturating"``, ``"least_squares"``,
        ``"wasserstein"``, ``"hinge"`` or ``"kl"``; see
        :mod:`gan_augment.training.losses` for the papers. An object must have the
        functions ``discriminator(real, fake)`` and ``generator(real, fake)`` of logits,
        like :class:`~gan_augment.training.losses.AdversarialLoss`.
    n_discriminators : int, default=1
        Number of discriminators, over which both losses are averaged.
    gradient_penalty_weight : float or "auto", default="auto"
        Weight of the gradient penalties, R1 + R2, in the loss of the discriminators.
        ``"auto"`` chooses it by the same rule as `hidden_dims`.
    reconstruction_weight : float, default=0.0
        Weight of a second loss of the generator: the mean squared error of real rows
        that it draws again from noise that an encoder made of half of their cells [5]_.
        If 0, there is no encoder.
    input_noise : float, default=0.0
        Standard deviation of the Gaussian noise that is added to real and to generated
        rows before the discriminators see them [6]_. It falls linearly to zero in the
        course of the training. Encoded numbers have about unit variance, and a cell of
        a level is 0 or 1.
    optimizer : {"adam", "sgd"}, default="adam"
        Optimizer of both networks. ``"sgd"`` has a momentum of 0.9.
    learning_rate : float or "auto", default="auto"
        Learning rate of the generator. That of the discriminator is twice as large.
        Both fall linearly to zero in the second half of the training. ``"auto"``
        chooses it by the same rule as `hidden_dims`.
    batch_size : int or "auto", default="auto"
        Number of rows in a batch. ``"auto"`` chooses it by the same rule as
        `hidden_dims`.
    max_steps : int or "auto", default="auto"
        Number of training steps. ``"auto"`` uses four for each row of the rarest
        class, at least 200 and at most a number that grows with the number of rows,
        to 2,000 for 7,500 rows.
    max_time : float, default=None
        Time limit of the training, in seconds. Networks stop at the first step after
        it, and their learning rate has fallen to zero by then. At least one chain of
        trees is learned, and no other chain is begun after half of the time. If the
        limit ends the training, the synthetic rows depend on the speed of the machine.
        If None, there is no limit.
    checkpoint_dir : path-like, default=None
        Directory where the state of the training of networks is kept. A fit that was
        killed resumes from there if it is called again with the same rows, parameters
        and versions, and gives the same rows as an uninterrupted fit. At the end the
        state is removed. `max_time` is the total over all parts. Fits that run at the
        same time need a directory each. The state of trees, which take seconds, is not
        kept. If None, no state is kept.
    checkpoint_interval : float, default=30
        Seconds of training between two states that are written to `checkpoint_dir`.
    warm_start : bool, default=False
        Whether each fit starts from the weights of the previous one, as with
        `init_from`.
    init_from : TabularGAN, path-like, str or None, default=None
        GAN to start from: a fitted TabularGAN of rows with the same columns, the
        directory that it was saved to, or its address in MLflow, such as
        ``"models:/churn-generator@champion"``. The encoding is learned again. Trees are
        learned again, too, which takes seconds. Networks are trained for a tenth of the
        steps if `max_steps` is ``"auto"``. Their weights are carried over for columns,
        levels and classes of the same names; new levels and classes start at their
        frequencies and means. Wrap a fitted GAN in
        :class:`sklearn.frozen.FrozenEstimator` if the estimator is cloned, as by
        :class:`~gan_augment.GANOverSampler`. If None, the training starts from scratch.
    device : str, default="cpu"
        Torch device to train networks on. Networks of this size train as fast on a CPU
        core as on a GPU. Trees are always learned on the CPU.
    callbacks : sequence of Callback, default=()
        Objects that observe the training and may stop it, such as
        :class:`~gan_augment.training.callbacks.History`.
    verbose : bool or "auto", default="auto"
        Whether to show a progress bar on standard error. ``"auto"`` shows one after
        three seconds in a terminal or a notebook, but not for every fit of a search or
        a cross-validation. There is one bar, whatever runs inside.
    random_state : int, RandomState instance or None, default=None
        Seed of every random choice. Pass an int to get the same rows in every call and
        in every process.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training rows.
    rules_ : Rules
        The rules that synthetic rows keep.
    encoder_ : RuleEncoder
        The fitted encoder. ``encoder_.dtypes_`` holds how each column is modelled.
    recipe_ : Recipe
        Sizes of the networks and of the training, with the values that were chosen for
        the parameters that are ``"auto"``.
    acceptance_ : Acceptance or None
        The boosted trees that accept drawn rows; None if every row of the networks is
        accepted.
    chains_ : Chains or None
        The trees that draw rows; None if networks do.
    generator_weights_, discriminator_weights_ : dict of str to ndarray
        Weights of the networks. Those of the generator are averaged over the last
        steps. Empty if trees draw rows.
    history_ : dict of str to list of float
        Steps, seconds and mean losses of every epoch.
    sample_seed_ : int
        Seed of :meth:`sample` if none is passed to it.

    See Also
    --------
    GANOverSampler : Over-sample the rare classes of a table with this GAN.
    ImageGAN : Class-conditional GAN for images.
    CTGAN : Conditional GAN of the ctgan package.

    References
    ----------
    .. [1] Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline",
       NeurIPS 2024, arXiv:2501.05441.
    .. [2] Azadi et al., "Discriminator rejection sampling", ICLR 2019,
       arXiv:1810.06758.
    .. [3] Verine et al., "Optimal budgeted rejection sampling for generative models",
       AISTATS 2024, arXiv:2311.00460.
    .. [4] Reiter, "Using CART to generate partially synthetic public use microdata",
       Journal of Official Statistics 21, 2005.
    .. [5] Li et al., "TAEGAN: generating synthetic tabular data for data
       augmentation", 2024, arXiv:2410.01933.
    .. [6] Sonderby et al., "Amortised MAP inference for image super-resolution", ICLR
       2017, arXiv:1610.04490.

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
        "generator": [StrOptions({"auto", "network", "trees"})],
        "quality": [StrOptions({"default", "high"})],
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_dims": ["array-like", AUTO],
        "loss": [StrOptions(set(LOSSES)), HasMethods(["discriminator", "generator"])],
        "n_discriminators": [Interval(Integral, 1, None, closed="left")],
        "gradient_penalty_weight": [Interval(Real, 0, None, closed="left"), AUTO],
        "reconstruction_weight": [Interval(Real, 0, None, closed="left")],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), AUTO],
        "batch_size": [Interval(Integral, 1, None, closed="left"), AUTO],
        "max_steps": [Interval(Integral, 1, None, closed="left"), AUTO],
        "n_components": [Interval(Integral, 1, None, closed="left"), AUTO],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), AUTO],
        "max_time": [Interval(Real, 0, None, closed="left"), None],
        "checkpoint_dir": [str, PathLike, None],
        "checkpoint_interval": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "init_from": [str, PathLike, HasMethods(["fit", "sample"]), None],
        "device": [str],
        "callbacks": [list, tuple],
        "verbose": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Hashable] = "auto",
        max_categories: int = 64,
        identifiers: Literal["fresh", "keep", "drop"] = "fresh",
        rules: Any = "auto",
        generator: Literal["auto", "network", "trees"] = "auto",
        quality: Quality = "default",
        latent_dim: int = 32,
        hidden_dims: Sequence[int] | Literal["auto"] = "auto",
        n_components: int | Literal["auto"] = "auto",
        n_candidates: int | Literal["auto"] = "auto",
        loss: str | Loss = "relativistic",
        n_discriminators: int = 1,
        gradient_penalty_weight: float | Literal["auto"] = "auto",
        reconstruction_weight: float = 0.0,
        input_noise: float = 0.0,
        optimizer: Literal["adam", "sgd"] = "adam",
        learning_rate: float | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        max_steps: int | Literal["auto"] = "auto",
        max_time: float | None = None,
        checkpoint_dir: str | PathLike[str] | None = None,
        checkpoint_interval: float = 30.0,
        warm_start: bool = False,
        init_from: Any = None,
        device: str = "cpu",
        callbacks: Sequence[Callback] = (),
        verbose: Verbose = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.categorical_features = categorical_features
        self.max_categories = max_categories
        self.identifiers = identifiers
        self.rules = rules
        self.generator = generator
        self.quality = quality
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.n_components = n_components
        self.n_candidates = n_candidates
        self.loss = loss
        self.n_discriminators = n_discriminators
        self.gradient_penalty_weight = gradient_penalty_weight
        self.reconstruction_weight = reconstruction_weight
        self.input_noise = input_noise
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
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    encoder_: RuleEncoder
    acceptance_: Acceptance | None
    chains_: Chains | None
    _saved_attributes = (*BaseGAN._saved_attributes, "acceptance_", "chains_")
    _saved_classes = STATE_CLASSES.new_child(
        {**BaseGAN._saved_classes, "Acceptance": Acceptance, "Chains": Chains}
    )

    @property
    def rules_(self) -> Rules:
        """The rules that synthetic rows keep."""
        return self.encoder_.rules_

    def _size_of(self, X: Any) -> TableSize:
        return TableSize.of(X, self.max_categories)

    def _memory_of_fit(self, X: Any, classes: np.ndarray) -> float:
        size = self._size_of(X)
        recipe = self._recipe_for(np.bincount(classes), size.width)
        return size.fit_bytes(recipe.chosen_by(self))

    def _recipe_for(self, counts: np.ndarray, width: int) -> Recipe:
        """The recipe for classes of these sizes and rows of about this width."""
        by_trees = self._draws_by_trees(counts)
        recipe_for = recipe_for_trees if by_trees else recipe_for_table
        return recipe_for(counts, width, self.quality)

    def _draws_by_trees(self, counts: np.ndarray) -> bool:
        """Whether trees draw the rows of classes of these sizes."""
        if self.generator != "auto":
            return self.generator == "trees"
        origin = getattr(self, "_origin", None)
        if origin is not None:
            return origin.chains_ is not None
        defaults = TabularGAN().get_params(deep=False)
        return (
            counts.min() > FEWEST_ROWS_OF_TREES
            # A subclass with networks of its own is there for them.
            and not self._has_own_generator()
            and all(_equals(getattr(self, n), defaults[n]) for n in OF_NETWORKS)
        )

    def _has_own_generator(self) -> bool:
        """Whether a subclass makes another generator."""
        return type(self)._make_generator is not TabularGAN._make_generator

    def distill(
        self,
        hidden_dims: Sequence[int] = (32,),
        *,
        max_steps: int = 2000,
        random_state: RandomState = None,
    ) -> Self:
        """Train a small generator that draws what this one draws, several times faster.

        If networks draw the rows, the small generator learns to give the same outputs
        for the same noise [1]_, and the discriminators are those of this GAN. If trees
        draw the rows, both networks are trained on rows that the trees draw. No real
        rows are needed.

        Parameters
        ----------
        hidden_dims : sequence of int, default=(32,)
            Width of the hidden layer of each residual block of the small generator. The
            first is also the width of the layers between the blocks.
        max_steps : int, default=2000
            Number of training steps.
        random_state : int, RandomState instance or None, default=None
            Source of the training.

        Returns
        -------
        small : TabularGAN
            A fitted GAN with the same columns, classes and rules. If it learned from a
            network, ``history_`` holds the distance between their outputs.

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
        >>> from sklearn.datasets import load_iris
        >>> from gan_augment import TabularGAN
        >>> gan = TabularGAN(max_steps=50, random_state=0)
        >>> gan = gan.fit(*load_iris(return_X_y=True))
        >>> small = gan.distill((8,), max_steps=50, random_state=0)
        >>> small.sample(3, label=2)[0].shape
        (3, 4)
        """
        check_is_fitted(self, "sample_seed_")
        return distill(self, hidden_dims, max_steps, random_state)

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
            n_components=self.recipe_.n_components,
            hidden_dims=self.recipe_.hidden_dims,
            spans=self.encoder_.schema_,
            rng=rng,
        )

    def _make_reconstruction(self, rng: torch.Generator) -> nn.Module | None:
        if not self.reconstruction_weight:
            return None
        if self._has_own_generator():
            raise ValueError(
                "`reconstruction_weight` must be 0 for a generator of a subclass. Got "
                f"{self.reconstruction_weight} and {type(self).__name__}. Leave it out."
            )
        return Reconstruction(
            latent_dim=self.latent_dim,
            n_classes=len(self.classes_),
            hidden_dims=self.recipe_.hidden_dims,
            spans=self.encoder_.schema_,
            weight=self.reconstruction_weight,
            rng=rng,
        )

    def _make_augmentation(self) -> Augmentation | None:
        return DecayingNoise(self.input_noise) if self.input_noise else None

    def _make_recipe(self, classes: np.ndarray) -> Recipe:
        return self._recipe_for(np.bincount(classes), self.encoder_.width_)

    def _train(self, X: Any, classes: np.ndarray, rng: np.random.Generator) -> None:
        if self._draws_by_trees(np.bincount(classes)):
            self._train_trees(X, classes, rng)
        else:
            self.chains_ = None
            super()._train(X, classes, rng)

    def _train_trees(
        self, X: Any, classes: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Learn the trees that draw rows, then those that accept them."""
        self.encoder_.check_variety()
        recipe = self.recipe_ = self._make_recipe(classes).chosen_by(self)
        origin = self.__dict__.pop("_origin")
        if origin is not None:  # has no weights to go on from
            check_columns(self, origin)
        self.generator_weights_, self.discriminator_weights_ = {}, {}
        codes = self.encoder_.quantize(X)
        with TreeSteps(recipe.n_chains, self.max_time, self.callbacks) as steps:
            self.chains_ = learn_chains(
                lambda rows, rng: self.encoder_.dequantize(codes[rows], rng),
                classes,
                self.encoder_.schema_,
                n_chains=recipe.n_chains,
                rows_of_leaf=recipe.rows_of_leaf,
                rng=rng,
                on_chain=steps.on_chain,
            )
            self.acceptance_ = self._learn_acceptance(
                codes, classes, rng, steps.on_tree
            )
        self.history_ = steps.history

    def _start(
        self,
        generator: nn.Module,
        batches: ConditionalBatches,
        rng: np.random.Generator,
    ) -> None:
        if not isinstance(generator, Generator):
            return  # the network of a subclass begins as it was made
        start_generator(generator, batches, self.recipe_, rng)

    def _carry_over(
        self,
        origin: Self,
        generator: nn.Module,
        discriminators: nn.ModuleList,
        batches: ConditionalBatches,
    ) -> None:
        check_columns(self, origin)
        check_sizes(self, origin)
        if isinstance(generator, Generator) and all(
            isinstance(network, Discriminator) for network in discriminators
        ):
            carry_over_by_name(self, origin, generator, discriminators)
            match_means(
                generator,
                *balanced_rows(batches),
                counts=torch.from_numpy(batches.counts).float(),
            )
        else:
            super()._carry_over(origin, generator, discriminators, batches)

    def _calibrate(
        self, codes: np.ndarray, classes: np.ndarray, rng: np.random.Generator
    ) -> None:
        self.acceptance_ = None
        # With seeds of its own, it changes no row that is drawn later.
        warn_of_collapse(
            lambda rows: self.encoder_.dequantize(codes[rows], make_rng(0)),
            classes,
            self.classes_.tolist(),
            lambda chosen: self._candidates(chosen, make_rng(0)),
        )
        if self.recipe_.n_candidates > 1:
            self.acceptance_ = self._learn_acceptance(codes, classes, rng)

    def _learn_acceptance(
        self,
        codes: np.ndarray,
        classes: np.ndarray,
        rng: np.random.Generator,
        on_tree: Monitor | None = None,
    ) -> Acceptance:
        most_rows = most_rows_of_trees(self.encoder_.width_)
        chosen = sample_rows(classes, most_rows, rng)
        classes = classes[chosen]
        drawn_classes = np.tile(classes, GENERATED_PER_REAL)
        return learn_acceptance(
            self.encoder_.dequantize(codes[chosen], rng),
            classes,
            self._candidates(drawn_classes, rng),
            drawn_classes,
            n_candidates=self.recipe_.n_candidates,
            rng=rng,
            on_tree=on_tree,
        )

    def _candidates(self, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Encoded rows of these class indices, none of which is refused."""
        if self.chains_ is None:
            return super()._generate(classes, rng)
        return self.chains_.draw(classes, self.encoder_.schema_, rng)

    def _generate(self, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw rows until all are accepted."""
        if self.acceptance_ is None or self.recipe_.n_candidates == 1:
            return self._candidates(classes, rng)
        return draw_accepted(self._candidates, self.acceptance_, classes, rng)

    def _score(self, encoded: np.ndarray, classes: np.ndarray) -> np.ndarray:
        if self.chains_ is None or self.acceptance_ is None:
            return super()._score(encoded, classes)
        return self.acceptance_.logits(encoded, classes)

    def _check_state(self) -> None:
        n_classes = len(self.classes_)
        if self.acceptance_ is not None:
            self.acceptance_.check(self.encoder_.width_, n_classes)
        if self.chains_ is not None:
            self.chains_.check(self.encoder_.schema_, n_classes)
        super()._check_state()

    def _check_networks(self) -> None:
        if self.chains_ is None:
            super()._check_networks()
        elif self.generator_weights_ or self.discriminator_weights_:
            raise ValueError("Weights of networks must be none where trees draw rows.")

    def _make_discriminator(self, rng: torch.Generator) -> nn.Module:
        return Discriminator(
            n_inputs=self.encoder_.width_,
            n_classes=len(self.classes_),
            hidden_dims=self.recipe_.discriminator_dims or self.recipe_.hidden_dims,
            rng=rng,
        )


def _equals(value: Any, default: Any) -> bool:
    """Whether a parameter, which may be an array, has its default."""
    return np.ndim(value) == 0 and bool(value == default)
