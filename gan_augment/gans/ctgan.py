"""CTGAN and TVAE of the ``ctgan`` package behind our contract.

The package is an optional extra under the Business Source License; this is the only
module that imports it. It trains the networks. What it refuses is absorbed here:
missing values, dates, any column names, constant columns, classes of one row, odd
batch sizes, numbers of any unit. Rows are drawn here too, so that they are of the class
asked for, inside the columns' domains, as common as they were, reproducible, and need
no pickle to be saved. The package trains to the end before it tells its losses, so a
callback sees them late and cannot stop it.
"""

from __future__ import annotations

import math
import time
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from types import ModuleType
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from joblib import parallel_config
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from gan_augment.encoding.table import STATE_CLASSES, TableEncoder
from gan_augment.gans.base import SAMPLE_CHUNK, BaseSynthesizer, weights_of
from gan_augment.gans.layout import CLASS_COLUMN, Cells, TrainedNetwork, layout_of
from gan_augment.seeding import RandomState, draw_seed, make_torch_generator
from gan_augment.training.callbacks import History, ambient_callbacks
from gan_augment.training.trainer import MOST_EPOCHS

# Rows drawn for each row asked for, before a model is said not to know its class.
MOST_DRAWS = 200
# Column of the package's losses -> measure in the history.
LOSS_NAMES = {
    "Generator Loss": "generator_loss",
    "Discriminator Loss": "discriminator_loss",
    "Loss": "loss",
}


class _PackageSynthesizer(BaseSynthesizer):
    """What the two models of the package share."""

    _saved_attributes = (*BaseSynthesizer._saved_attributes, "networks_")
    _saved_classes = {
        **STATE_CLASSES,
        "Cells": Cells,
        "TrainedNetwork": TrainedNetwork,
    }

    _parameter_constraints: dict = {
        "categorical_features": ["array-like", StrOptions({"auto"})],
        "per_class": ["boolean"],
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_dims": ["array-like"],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_steps": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["boolean"],
        "random_state": ["random_state"],
    }

    device = "cpu"  # on a GPU the package would draw from the global generator
    categorical_features: Any
    per_class: bool
    latent_dim: int
    batch_size: int
    max_steps: int
    verbose: bool
    networks_: list[TrainedNetwork]

    @abstractmethod
    def _steps_per_epoch(self, n_rows: int) -> int:
        """Steps that the package makes of one epoch."""

    @abstractmethod
    def _make_model(self, n_epochs: int) -> Any:
        """An unfitted model of the package."""

    @abstractmethod
    def _trained(self, model: Any) -> tuple[nn.Module, Any, np.ndarray]:
        """Network, data transformer and condition of a fitted model."""

    @abstractmethod
    def _make_network(self, network: TrainedNetwork) -> nn.Module:
        """The network without weights."""

    @abstractmethod
    def _forward(
        self,
        module: nn.Module,
        network: TrainedNetwork,
        class_index: int,
        n_rows: int,
        rng: torch.Generator,
    ) -> torch.Tensor:
        """Draw output cells of shape (n_rows, D)."""

    def _make_encoder(self) -> TableEncoder:
        return TableEncoder(categorical_features=self.categorical_features)

    def _train(self, X: Any, classes: np.ndarray, rng: np.random.Generator) -> None:
        numbers = self.encoder_.to_numbers(X)
        self._check_variety(numbers, classes)
        parts = [(numbers, None if self.per_class else classes)]
        if self.per_class:
            parts = [(numbers[classes == i], None) for i in range(len(self.classes_))]
        n_steps = [self._n_epochs(len(rows))[1] for rows, _ in parts]
        history = History()
        watchers = [history, *ambient_callbacks()]
        self.networks_, steps_before, begin = [], 0, time.perf_counter()
        for callback in watchers:
            callback.on_train_begin(sum(n_steps))
        try:
            for (rows, condition), steps in zip(parts, n_steps, strict=True):
                losses = self._train_one(rows, condition, rng)
                seconds = time.perf_counter() - begin
                for record in _records(losses, steps_before, steps):
                    for callback in watchers:
                        callback.on_epoch_end(record | {"seconds": seconds})
                steps_before += steps
        finally:
            for callback in watchers:
                callback.on_train_end()
        self.history_ = history.records

    def _check_variety(self, numbers: np.ndarray, classes: np.ndarray) -> None:
        self.encoder_.check_variety()
        for index, label in enumerate(self.classes_.tolist()):
            rows = numbers[classes == index]
            n_values = pd.DataFrame(rows).nunique(dropna=False)
            if self.per_class and n_values.max() == 1:
                raise ValueError(
                    "With `per_class`, every class must have two rows that differ. Got "
                    f"{len(rows)} rows of {label!r} that are all alike. Set "
                    "per_class=False."
                )

    def _n_epochs(self, n_rows: int) -> tuple[int, int]:
        """Epochs of `max_steps` steps, rounded up, and their steps."""
        steps_per_epoch = self._steps_per_epoch(n_rows)
        n_epochs = math.ceil(self.max_steps / steps_per_epoch)
        return n_epochs, n_epochs * steps_per_epoch

    def _train_one(
        self, numbers: np.ndarray, classes: np.ndarray | None, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Train a model, keep what drawing needs of it, and return its losses."""
        frame, discrete = self._package_frame(numbers, classes, rng)
        # In its own units the mixture of a column with small numbers is one flat mode.
        centre, unit = frame.mean(), frame.std(ddof=0)
        centre[discrete], unit[discrete] = 0.0, 1.0
        model = self._make_model(self._n_epochs(len(frame))[0])
        model.set_random_state(draw_seed(rng))
        with (
            parallel_config("sequential"),  # its worker processes cost seconds
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit((frame - centre) / unit, discrete)
        module, transformer, condition = self._trained(model)
        bounds = np.stack([np.fmin.reduce(numbers), np.fmax.reduce(numbers)])
        cells = layout_of(transformer, centre, unit)
        network = TrainedNetwork(weights_of(module), cells, condition, bounds)
        self.networks_.append(network)
        return model.loss_values

    def _package_frame(
        self,
        numbers: np.ndarray,
        classes: np.ndarray | None,
        rng: np.random.Generator,
    ) -> tuple[pd.DataFrame, list[str]]:
        """A frame that the package takes, and the names of its discrete columns.

        The class comes first, so that it has the first cells of the condition.
        """
        columns: dict[str, np.ndarray] = {}
        discrete = []
        if classes is not None:
            columns[CLASS_COLUMN] = classes.astype(float)
            discrete.append(CLASS_COLUMN)
        for position, column in enumerate(self.encoder_.columns_):
            values = numbers[:, position].copy()
            missing = np.isnan(values)
            present = values[~missing]
            if len(np.unique(present)) > 1:
                # Of other rows, so that no mode is added where values are missing.
                values[missing] = rng.choice(present, missing.sum())
                columns[f"value {position}"] = values
                if column.kind != "numeric":
                    discrete.append(f"value {position}")
            if missing.any() and len(present):
                columns[f"missing {position}"] = missing.astype(float)
                discrete.append(f"missing {position}")
        return pd.DataFrame(columns), discrete

    def _draw(self, classes: np.ndarray, rng: np.random.Generator) -> Any:
        numbers = np.empty((len(classes), len(self.encoder_.columns_)))
        noise = make_torch_generator(rng)
        for index in np.unique(classes):
            rows = classes == index
            numbers[rows] = self._draw_class(int(index), int(rows.sum()), noise)
        return self.encoder_.from_numbers(numbers)

    def _draw_class(self, index: int, n_rows: int, rng: torch.Generator) -> np.ndarray:
        """Exactly `n_rows` rows of a class: those of other classes are refused."""
        network = self.networks_[index if self.per_class else 0]
        module = self._module(network)
        parts: list[np.ndarray] = []
        n_found = n_drawn = 0
        while n_found < n_rows:
            if n_drawn > MOST_DRAWS * n_rows + SAMPLE_CHUNK:
                label = self.classes_.tolist()[index]
                raise RuntimeError(
                    f"{type(self).__name__} must be able to draw the class "
                    f"{label!r}. Got {n_found} such rows in {n_drawn} "
                    f"draws; {n_rows} are needed. Raise `max_steps`, or set "
                    "per_class=True."
                )
            n_wanted = min(2 * (n_rows - n_found) + 16, SAMPLE_CHUNK)
            with torch.inference_mode():
                output = self._forward(module, network, index, n_wanted, rng)
            rows, drawn = network.decode(output.numpy().astype(np.float64))
            if drawn is not None:
                rows = rows[drawn == index]
            parts.append(rows)
            n_found, n_drawn = n_found + len(rows), n_drawn + n_wanted
        return np.concatenate(parts)[:n_rows]

    def _module(self, network: TrainedNetwork) -> nn.Module:
        with torch.device("meta"):  # where initial weights draw from no generator
            module = self._make_network(network)
        state = {name: torch.from_numpy(a) for name, a in network.weights.items()}
        module.load_state_dict(state, assign=True)
        # In training mode, as the package draws, batch normalisation would subtract
        # the condition that a whole batch shares, and half the rows would miss it.
        return module.requires_grad_(False).eval()

    def _check_state(self) -> None:
        n_networks = len(self.classes_) if self.per_class else 1
        shape = (2, len(self.encoder_.columns_))
        if len(self.networks_) != n_networks:
            raise ValueError(f"{len(self.networks_)} networks for {n_networks}.")
        for network in self.networks_:
            self._module(network)
            if network.bounds.shape != shape:
                raise ValueError(f"bounds of {network.bounds.shape} for {shape}.")


class CTGAN(_PackageSynthesizer):
    """The conditional GAN of the ``ctgan`` package [1]_, with our contract.

    For comparison: ``pipelines/speed.py`` measures how much sooner
    :class:`~gan_augment.TabularGAN` reaches its quality. Needs ``pip install
    'gan-augment[ctgan]'``; that package is under the Business Source License.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        As in :class:`~gan_augment.TabularGAN`; every level is a cell.
    per_class : bool, default=False
        Whether every class has a model of its own, on its rows alone. Otherwise one
        model learns all rows, with the class as a condition, and rows that come out
        as another class are refused.
    latent_dim : int, default=128
        Width of the generator's noise.
    hidden_dims : sequence of int, default=(256, 256)
        Widths of the hidden layers of both networks.
    learning_rate : float, default=2e-4
        Adam's step size for both networks.
    batch_size : int, default=500
        Rows a batch; rounded up to an even multiple of `pac`.
    pac : int, default=10
        Rows that the discriminator judges together.
    max_steps : int, default=1000
        Number of training steps of every model, rounded up to whole epochs. The
        package counts epochs, of which a small class has one step each.
    verbose : bool, default=False
        Whether the package shows its progress.
    random_state : int, RandomState instance or None, default=None
        Source of every random choice; the global states are left as they were.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Their shares of the training rows.
    encoder_ : TableEncoder
        The fitted encoder of the columns' domains.
    networks_ : list of TrainedNetwork
        What the package trained: one for all classes, or one a class.
    history_ : dict of str to list of float
        Steps, seconds and losses in at most a hundred records a model.
    sample_seed_ : int
        Seed of :meth:`sample` when it is given none.

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

    _parameter_constraints: dict = {
        **_PackageSynthesizer._parameter_constraints,
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "pac": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        categorical_features: Literal["auto"] | Sequence[Any] = "auto",
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


class TVAE(_PackageSynthesizer):
    """The variational auto-encoder of the ``ctgan`` package [1]_, with our contract.

    It has no condition and tends to drop a rare class from a model of all rows, so
    every class has a model of its own by default. Needs ``pip install
    'gan-augment[ctgan]'``; that package is under the Business Source License.

    Parameters
    ----------
    categorical_features : "auto" or array-like of {int, bool, str}, default="auto"
        As in :class:`~gan_augment.TabularGAN`; every level is a cell.
    per_class : bool, default=True
        Whether every class has a model of its own, on its rows alone. Otherwise one
        model learns all rows, and rows of another class are refused.
    latent_dim : int, default=128
        Width of the latent variable.
    hidden_dims : sequence of int, default=(128, 128)
        Widths of the hidden layers of encoder and decoder.
    batch_size : int, default=500
        Rows a batch.
    max_steps : int, default=1000
        Number of training steps of every model, rounded up to whole epochs.
    verbose : bool, default=False
        Whether the package shows its progress.
    random_state : int, RandomState instance or None, default=None
        Source of every random choice; the global states are left as they were.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes seen in fit.
    class_prior_ : ndarray of shape (n_classes,)
        Their shares of the training rows.
    encoder_ : TableEncoder
        The fitted encoder of the columns' domains.
    networks_ : list of TrainedNetwork
        What the package trained: one a class, or one for all classes.
    history_ : dict of str to list of float
        Steps, seconds and losses in at most a hundred records a model.
    sample_seed_ : int
        Seed of :meth:`sample` when it is given none.

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
        categorical_features: Literal["auto"] | Sequence[Any] = "auto",
        per_class: bool = True,
        latent_dim: int = 128,
        hidden_dims: Sequence[int] = (128, 128),
        batch_size: int = 500,
        max_steps: int = 1000,
        verbose: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.categorical_features = categorical_features
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


def _records(
    losses: pd.DataFrame, steps_before: int, n_steps: int
) -> Iterator[dict[str, float]]:
    """The package's losses as at most a hundred records, one for several steps."""
    names = [name for name in LOSS_NAMES if name in losses]
    n_parts = min(MOST_EPOCHS, len(losses), n_steps)
    for part in np.array_split(np.arange(len(losses)), n_parts):
        share = (part[-1] + 1) / len(losses)
        record = {"step": float(steps_before + round(share * n_steps))}
        for name in names:
            record[LOSS_NAMES[name]] = float(losses[name].iloc[part].mean())
        yield record
