"""CTGAN and TVAE of the ``ctgan`` package, with the interface of ``TabularGAN``.

The package is an optional extra under the Business Source License; this is the only
module that imports it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from numbers import Integral, Real
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import Interval
from torch import nn

from gan_augment.gans.ctgan.layout import TrainedNetwork
from gan_augment.gans.ctgan.package import PackageSynthesizer
from gan_augment.seeding import RandomState, make_rng, make_torch_generator

# Rows of each class that a model must draw to be loaded.
N_TRIED = 16


class CTGAN(PackageSynthesizer):
    """Conditional GAN for tables, CTGAN, from the ``ctgan`` package.

    The model is CTGAN [1]_, with the interface of :class:`~gan_augment.TabularGAN`, for
    comparison: ``pipelines/speed.py`` measures how much faster TabularGAN reaches the
    same quality. Install the package with ``pip install 'gan-augment[ctgan]'``. It is
    under the Business Source License.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        Categorical columns: positions, a mask of shape (n_features,), or names.
        ``"auto"`` selects every column that holds neither numbers nor dates nor
        durations, as in :class:`~gan_augment.TabularGAN`. Every level takes one cell.
    identifiers : {"fresh", "keep", "drop"}, default="fresh"
        How to treat columns that identify rows, such as customer numbers.
        ``"fresh"`` gives synthetic rows new values of the same pattern, ``"drop"``
        leaves the columns out, and ``"keep"`` treats the values like those of any other
        column, as in :class:`~gan_augment.TabularGAN`.
    rules : "auto", list, Rules or None, default="auto"
        Rules, such as ``"net <= gross"``, that every synthetic row is made to keep, as
        in :class:`~gan_augment.TabularGAN`. The model is trained without the columns
        and bounds that they decide. If None, no rules are used.
    per_class : bool, default=False
        Whether to train a model for every class, on the rows of that class alone. If
        False, one model learns all rows, with the class as a condition, and drawn rows
        of another class are refused.
    latent_dim : int, default=128
        Number of dimensions of the generator's noise.
    hidden_dims : sequence of int, default=(256, 256)
        Widths of the hidden layers of both networks.
    learning_rate : float, default=2e-4
        Learning rate of Adam for both networks.
    batch_size : int, default=500
        Number of rows in a batch, rounded up to an even multiple of `pac`.
    pac : int, default=10
        Number of rows that the discriminator is given together as one input.
    max_steps : int, default=1000
        Number of training steps of every model, rounded up to whole epochs. An epoch of
        a small class is one step.
    verbose : bool, default=False
        Whether to show the progress of the package.
    random_state : int, RandomState instance or None, default=None
        Seed of every random choice. The global random states are restored after use.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training rows.
    encoder_ : RuleEncoder
        The fitted encoder of the columns' domains.
    rules_ : Rules
        The rules that synthetic rows keep.
    networks_ : list of TrainedNetwork
        The models that the package trained: one for all classes, or one for each class.
    history_ : dict of str to list of float
        Steps, seconds and losses, in at most 100 records for each model.
    sample_seed_ : int
        Seed of :meth:`sample` if none is passed to it.

    See Also
    --------
    GANOverSampler : Over-sample the rare classes of a table with this model.
    TabularGAN : Class-conditional GAN for tables of this package.

    References
    ----------
    .. [1] Xu et al., "Modeling tabular data using conditional GAN", NeurIPS 2019,
       arXiv:1907.00503.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment import CTGAN
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> gan = CTGAN(max_steps=2, batch_size=20, random_state=0).fit(X, y)
    >>> X_new, y_new = gan.sample(3, label=2)
    >>> X_new.shape, y_new.tolist()
    ((3, 4), [2, 2, 2])
    """

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        **PackageSynthesizer._parameter_constraints,
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "pac": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Hashable] = "auto",
        identifiers: Literal["fresh", "keep", "drop"] = "fresh",
        rules: Any = "auto",
        per_class: bool = False,
        latent_dim: int = 128,
        hidden_dims: Sequence[int] = (256, 256),
        learning_rate: float = 2e-4,
        batch_size: int = 500,
        pac: int = 10,
        max_steps: int = 1000,
        verbose: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.categorical_features = categorical_features
        self.identifiers = identifiers
        self.rules = rules
        self.per_class = per_class
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.pac = pac
        self.max_steps = max_steps
        self.verbose = verbose
        self.random_state = random_state

    @property
    def _package_batch_size(self) -> int:
        multiple = math.lcm(2, self.pac)
        return multiple * math.ceil(self.batch_size / multiple)

    def _steps_per_epoch(self, n_rows: int) -> int:
        return max(n_rows // self._package_batch_size, 1)

    def _make_model(self, n_epochs: int) -> Any:
        return _package().CTGAN(
            embedding_dim=self.latent_dim,
            generator_dim=tuple(self.hidden_dims),
            discriminator_dim=tuple(self.hidden_dims),
            generator_lr=self.learning_rate,
            discriminator_lr=self.learning_rate,
            batch_size=self._package_batch_size,
            pac=self.pac,
            epochs=n_epochs,
            verbose=self.verbose,
            enable_gpu=False,
        )

    def _trained(self, model: Any) -> tuple[nn.Module, Any, np.ndarray]:
        # The package itself draws levels by the logarithm of how common they are, as
        # it trains, and so a rare level many times too often.
        rows_by_level = model._data_sampler._rid_by_cat_cols
        n_rows = [len(rows) for column in rows_by_level for rows in column]
        return model._generator, model._transformer, np.array(n_rows, dtype=float)

    def _make_network(self, network: TrainedNetwork) -> nn.Module:
        return _package("ctgan.synthesizers.ctgan").Generator(
            self.latent_dim + len(network.condition),
            tuple(self.hidden_dims),
            network.width,
        )

    def _forward(
        self,
        module: nn.Module,
        network: TrainedNetwork,
        class_index: int,
        n_rows: int,
        rng: torch.Generator,
    ) -> torch.Tensor:
        latent = torch.randn(n_rows, self.latent_dim, generator=rng)
        condition = torch.zeros(n_rows, len(network.condition))
        if not self.per_class:
            # The class has the first cells; the package orders them as it met them.
            condition[:, np.flatnonzero(network.cells[0].levels == class_index)] = 1.0
        elif len(network.condition):
            # One level of one discrete column, as common as in the training rows.
            weights = torch.from_numpy(network.condition)
            chosen = torch.multinomial(weights, n_rows, True, generator=rng)
            condition[torch.arange(n_rows), chosen] = 1.0
        output = module(torch.cat([latent, condition], dim=1))
        gumbel = -torch.empty_like(output).exponential_(generator=rng).log()
        for cells, where in network.slices():
            if not cells.discrete:
                output[:, where.start] = output[:, where.start].tanh()
                gumbel[:, where.start] = 0.0
        return output + gumbel

    def _check_state(self) -> None:
        super()._check_state()
        if not self.per_class:  # the weights decide whether a class can be drawn
            noise = make_torch_generator(make_rng(0))
            for index in range(len(self.classes_)):
                self._draw_class(index, N_TRIED, noise)


class TVAE(PackageSynthesizer):
    """Variational auto-encoder for tables, TVAE, from the ``ctgan`` package.

    The model is TVAE [1]_, with the interface of :class:`~gan_augment.TabularGAN`. It
    is not conditional, and a model of all rows tends to drop a rare class. By default,
    every class therefore has a model of its own. Install the package with ``pip install
    'gan-augment[ctgan]'``. It is under the Business Source License.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        Categorical columns: positions, a mask of shape (n_features,), or names.
        ``"auto"`` selects every column that holds neither numbers nor dates nor
        durations, as in :class:`~gan_augment.TabularGAN`. Every level takes one cell.
    identifiers : {"fresh", "keep", "drop"}, default="fresh"
        How to treat columns that identify rows, such as customer numbers.
        ``"fresh"`` gives synthetic rows new values of the same pattern, ``"drop"``
        leaves the columns out, and ``"keep"`` treats the values like those of any other
        column, as in :class:`~gan_augment.TabularGAN`.
    rules : "auto", list, Rules or None, default="auto"
        Rules, such as ``"net <= gross"``, that every synthetic row is made to keep, as
        in :class:`~gan_augment.TabularGAN`. The model is trained without the columns
        and bounds that they decide. If None, no rules are used.
    per_class : bool, default=True
        Whether to train a model for every class, on the rows of that class alone. If
        False, one model learns all rows, and drawn rows of another class are refused.
    latent_dim : int, default=128
        Width of the latent variable.
    hidden_dims : sequence of int, default=(128, 128)
        Widths of the hidden layers of encoder and decoder.
    batch_size : int, default=500
        Number of rows in a batch.
    max_steps : int, default=1000
        Number of training steps of every model, rounded up to whole epochs.
    verbose : bool, default=False
        Whether to show the progress of the package.
    random_state : int, RandomState instance or None, default=None
        Seed of every random choice. The global random states are restored after use.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training rows.
    encoder_ : RuleEncoder
        The fitted encoder of the columns' domains.
    rules_ : Rules
        The rules that synthetic rows keep.
    networks_ : list of TrainedNetwork
        The models that the package trained: one for each class, or one for all classes.
    history_ : dict of str to list of float
        Steps, seconds and losses, in at most 100 records for each model.
    sample_seed_ : int
        Seed of :meth:`sample` if none is passed to it.

    See Also
    --------
    GANOverSampler : Over-sample the rare classes of a table with this model.
    TabularGAN : Class-conditional GAN for tables of this package.

    References
    ----------
    .. [1] Xu et al., "Modeling tabular data using conditional GAN", NeurIPS 2019,
       arXiv:1907.00503.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment import TVAE
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = TVAE(max_steps=2, batch_size=20, random_state=0).fit(X, y)
    >>> X_new, y_new = model.sample(3, label=2)
    >>> X_new.shape, y_new.tolist()
    ((3, 4), [2, 2, 2])
    """

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Hashable] = "auto",
        identifiers: Literal["fresh", "keep", "drop"] = "fresh",
        rules: Any = "auto",
        per_class: bool = True,
        latent_dim: int = 128,
        hidden_dims: Sequence[int] = (128, 128),
        batch_size: int = 500,
        max_steps: int = 1000,
        verbose: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.categorical_features = categorical_features
        self.identifiers = identifiers
        self.rules = rules
        self.per_class = per_class
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.verbose = verbose
        self.random_state = random_state

    def _steps_per_epoch(self, n_rows: int) -> int:
        return math.ceil(n_rows / self.batch_size)

    def _make_model(self, n_epochs: int) -> Any:
        return _package().TVAE(
            embedding_dim=self.latent_dim,
            compress_dims=tuple(self.hidden_dims),
            decompress_dims=tuple(self.hidden_dims),
            batch_size=self.batch_size,
            epochs=n_epochs,
            verbose=self.verbose,
            enable_gpu=False,
        )

    def _trained(self, model: Any) -> tuple[nn.Module, Any, np.ndarray]:
        return model.decoder, model.transformer, np.zeros(0)

    def _make_network(self, network: TrainedNetwork) -> nn.Module:
        return _package("ctgan.synthesizers.tvae").Decoder(
            self.latent_dim, tuple(self.hidden_dims), network.width
        )

    def _forward(
        self,
        module: nn.Module,
        network: TrainedNetwork,
        class_index: int,
        n_rows: int,
        rng: torch.Generator,
    ) -> torch.Tensor:
        latent = torch.randn(n_rows, self.latent_dim, generator=rng)
        output, spread = module(latent)
        noise = torch.randn(output.shape, generator=rng)
        for cells, where in network.slices():
            if not cells.discrete:
                first = where.start
                output[:, first] = output[:, first].tanh()
                output[:, first] += spread[first] * noise[:, first]
        return output


def _package(name: str = "ctgan") -> ModuleType:
    """A module of the package, or an ImportError that says how to get it."""
    try:
        import ctgan.synthesizers.ctgan
        import ctgan.synthesizers.tvae
    except ImportError as error:
        raise ImportError(
            "CTGAN and TVAE must have the ctgan package. Got none. Install it with "
            "pip install 'gan-augment[ctgan]'; it is under the Business Source License."
        ) from error
    return {
        "ctgan": ctgan,
        "ctgan.synthesizers.ctgan": ctgan.synthesizers.ctgan,
        "ctgan.synthesizers.tvae": ctgan.synthesizers.tvae,
    }[name]
