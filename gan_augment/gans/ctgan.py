"""CTGAN and TVAE of the ``ctgan`` package behind our contract.

The package is an optional extra under the Business Source License; this is the only
module that imports it. It trains the networks. What it refuses is absorbed here:
missing values, dates, any column names, constant columns, one row, odd batch sizes;
and rows are drawn here too, so that they are of the class asked for, inside the
columns' domains, reproducible, and need no pickle to be saved.
"""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
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
from gan_augment.gans.base import BaseSynthesizer
from gan_augment.seeding import RandomState, draw_seed, make_torch_generator
from gan_augment.training.callbacks import History, ambient_callbacks

# Column of the class in the frame that the package sees.
CLASS_COLUMN = "class"
# The history has at most this many records.
MOST_EPOCHS = 100
# Rows drawn for each row asked for, before a model is said not to know its class.
MOST_DRAWS = 200
SAMPLE_CHUNK = 8192
# Column of the package's losses -> measure in the history.
LOSS_NAMES = {
    "Generator Loss": "generator_loss",
    "Discriminator Loss": "discriminator_loss",
    "Loss": "loss",
}


@dataclass(eq=False)
class Cells:
    """Some cells of the networks' output: one column of the package's frame.

    Parameters
    ----------
    column : str
        Name in the frame.
    levels : ndarray of shape (n_levels,)
        Of a discrete column: the numbers that its cells stand for.
    means, scales : ndarray of shape (n_modes,)
        Of a continuous column: centre and half width of every mode. The first cell is
        the position within the mode, from -1 to 1; the others choose the mode.
    """

    column: str
    levels: np.ndarray
    means: np.ndarray
    scales: np.ndarray

    @property
    def discrete(self) -> bool:
        """Whether the cells are one-hot."""
        return not len(self.means)

    @property
    def width(self) -> int:
        """Number of cells."""
        return len(self.levels) if self.discrete else 1 + len(self.means)

    def restore(self, cells: np.ndarray) -> np.ndarray:
        """Numbers of shape (n,) for cells of shape (n, width)."""
        if self.discrete:
            return self.levels[cells.argmax(axis=1)]
        mode = cells[:, 1:].argmax(axis=1)
        return self.means[mode] + self.scales[mode] * np.clip(cells[:, 0], -1, 1)


@dataclass(eq=False)
class TrainedNetwork:
    """What drawing rows needs of one trained model of the package.

    Parameters
    ----------
    weights : dict of str to ndarray
        Of the generator or decoder.
    cells : list of Cells
        The columns of its output.
    condition : ndarray of shape (n_condition,)
        How often each cell of the condition was set in training.
    bounds : ndarray of shape (2, n_features)
        Smallest and largest training number of every column. A column that does not
        vary is no column of the model.
    """

    weights: dict[str, np.ndarray]
    cells: list[Cells]
    condition: np.ndarray
    bounds: np.ndarray

    def decode(self, output: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Rows as numbers, and their class indices if the class was a column."""
        numbers = np.tile(self.bounds[0], (len(output), 1))
        classes, start = None, 0
        for cells in self.cells:
            values = cells.restore(output[:, start : start + cells.width])
            start += cells.width
            if cells.column == CLASS_COLUMN:
                classes = values.astype(np.intp)
                continue
            kind, position = cells.column.split()
            column = numbers[:, int(position)]
            if kind == "missing":  # comes after the values
                column[values > 0] = np.nan
            else:
                column[:] = values
        return np.clip(numbers, *self.bounds), classes


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
        "device": [str],
        "verbose": ["boolean"],
        "random_state": ["random_state"],
    }

    categorical_features: Any
    per_class: bool
    latent_dim: int
    hidden_dims: Sequence[int]
    batch_size: int
    max_steps: int
    verbose: bool
    networks_: list[TrainedNetwork]

    @abstractmethod
    def _make_model(self, n_rows: int) -> Any:
        """An unfitted model of the package that will take `max_steps` steps."""

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
        self.networks_, history = [], History()
        watchers = [history, *ambient_callbacks()]
        n_models = len(self.classes_) if self.per_class else 1
        for callback in watchers:
            callback.on_train_begin(self.max_steps * n_models)
        if self.per_class:
            for index, label in enumerate(self.classes_):
                rows = numbers[classes == index]
                if not _varying(rows).any():
                    raise ValueError(
                        "With `per_class`, every class must have two rows that "
                        f"differ. Got {len(rows)} rows of {label!r} that are all "
                        "alike. Set per_class=False."
                    )
                self._train_one(rows, None, rng, watchers)
        else:
            if not _varying(numbers).any():
                raise ValueError(
                    "X must have a column with at least two different values. Got "
                    "only constant columns. There is nothing to learn: repeat rows "
                    "instead, for example with RandomOverSampler."
                )
            self._train_one(numbers, classes, rng, watchers)
        for callback in watchers:
            callback.on_train_end()
        self.history_ = history.records

    def _train_one(
        self,
        numbers: np.ndarray,
        classes: np.ndarray | None,
        rng: np.random.Generator,
        watchers: list[Any],
    ) -> None:
        frame, discrete = self._package_frame(numbers, classes, rng)
        model = self._make_model(len(frame))
        model.set_random_state(draw_seed(rng))
        with (
            # Its worker processes cost seconds, and would draw from unseeded states.
            parallel_config("sequential"),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(frame, discrete)
        module, transformer, condition = self._trained(model)
        smallest, largest = np.fmin.reduce(numbers), np.fmax.reduce(numbers)
        self.networks_.append(
            TrainedNetwork(
                weights={
                    name: tensor.detach().cpu().numpy().copy()
                    for name, tensor in module.state_dict().items()
                },
                cells=_cells_of(transformer),
                condition=condition,
                bounds=np.stack([smallest, largest]),
            )
        )
        for record in self._records(model.loss_values):
            for callback in watchers:
                callback.on_epoch_end(record)

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

    def _records(self, losses: pd.DataFrame) -> list[dict[str, float]]:
        """The package's losses as records of at most a hundred epochs."""
        names = [name for name in LOSS_NAMES if name in losses]
        n_parts = min(MOST_EPOCHS, len(losses))
        begin = self.max_steps * (len(self.networks_) - 1)  # of the models before
        records = []
        for part in np.array_split(np.arange(len(losses)), n_parts):
            done = (part[-1] + 1) / len(losses)
            record = {"step": float(begin + math.ceil(done * self.max_steps))}
            for name in names:
                record[LOSS_NAMES[name]] = float(losses[name].iloc[part].mean())
            records.append(record)
        return records

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
                raise RuntimeError(
                    f"{type(self).__name__} must be able to draw the class "
                    f"{self.classes_[index]!r}. Got {n_found} such rows in {n_drawn} "
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
        for network in self.networks_:
            self._module(network)


class CTGAN(_PackageSynthesizer):
    """The conditional GAN of the ``ctgan`` package [1]_, with our contract.

    For comparison: our own :class:`~gan_augment.TabularGAN` does more in a hundredth
    of the time. Needs ``pip install 'gan-augment[ctgan]'``; that package is under the
    Business Source License.

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
        Number of training steps of every model, whatever the number of rows. The
        package counts epochs, of which a small class has one step each.
    device : str, default="cpu"
        ``"cpu"`` or ``"cuda"``.
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
        Steps and mean losses of at most a hundred epochs.
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
        device: str = "cpu",
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
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def _make_model(self, n_rows: int) -> Any:
        multiple = math.lcm(2, self.pac)
        batch_size = multiple * math.ceil(self.batch_size / multiple)
        steps_per_epoch = max(n_rows // batch_size, 1)
        return _package().CTGAN(
            embedding_dim=self.latent_dim,
            generator_dim=tuple(self.hidden_dims),
            discriminator_dim=tuple(self.hidden_dims),
            generator_lr=self.learning_rate,
            discriminator_lr=self.learning_rate,
            batch_size=batch_size,
            pac=self.pac,
            epochs=math.ceil(self.max_steps / steps_per_epoch),
            verbose=self.verbose,
            enable_gpu=self.device != "cpu",
        )

    def _trained(self, model: Any) -> tuple[nn.Module, Any, np.ndarray]:
        sampler = model._data_sampler
        used = np.arange(sampler._discrete_column_category_prob.shape[1])
        used = used < sampler._discrete_column_n_category[:, None]
        probability = sampler._discrete_column_category_prob[used]
        return model._generator, model._transformer, probability

    def _make_network(self, network: TrainedNetwork) -> nn.Module:
        width = sum(cells.width for cells in network.cells)
        return _package("ctgan.synthesizers.ctgan").Generator(
            self.latent_dim + len(network.condition), tuple(self.hidden_dims), width
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
            # One level of one discrete column, as often as in training.
            weights = torch.from_numpy(network.condition)
            chosen = torch.multinomial(weights, n_rows, True, generator=rng)
            condition[torch.arange(n_rows), chosen] = 1.0
        output = module(torch.cat([latent, condition], dim=1))
        gumbel = -torch.empty_like(output).exponential_(generator=rng).log()
        start = 0
        for cells in network.cells:
            if not cells.discrete:
                output[:, start] = output[:, start].tanh()
                gumbel[:, start] = 0.0
            start += cells.width
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
        Number of training steps of every model, whatever the number of rows.
    device : str, default="cpu"
        ``"cpu"`` or ``"cuda"``.
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
        Steps and mean losses of at most a hundred epochs.
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
        device: str = "cpu",
        verbose: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.categorical_features = categorical_features
        self.per_class = per_class
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def _make_model(self, n_rows: int) -> Any:
        steps_per_epoch = math.ceil(n_rows / self.batch_size)
        return _package().TVAE(
            embedding_dim=self.latent_dim,
            compress_dims=tuple(self.hidden_dims),
            decompress_dims=tuple(self.hidden_dims),
            batch_size=self.batch_size,
            epochs=math.ceil(self.max_steps / steps_per_epoch),
            verbose=self.verbose,
            enable_gpu=self.device != "cpu",
        )

    def _trained(self, model: Any) -> tuple[nn.Module, Any, np.ndarray]:
        return model.decoder, model.transformer, np.zeros(0)

    def _make_network(self, network: TrainedNetwork) -> nn.Module:
        width = sum(cells.width for cells in network.cells)
        return _package("ctgan.synthesizers.tvae").Decoder(
            self.latent_dim, tuple(self.hidden_dims), width
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
        start = 0
        for cells in network.cells:
            if not cells.discrete:
                position = output[:, start].tanh()
                output[:, start] = position + spread[start] * noise[:, start]
            start += cells.width
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


def _varying(numbers: np.ndarray) -> np.ndarray:
    """Which columns hold at least two values, missing being one of them."""
    different = numbers != numbers[0]
    both_missing = np.isnan(numbers) & np.isnan(numbers[0])
    return (different & ~both_missing).any(axis=0)


def _cells_of(transformer: Any) -> list[Cells]:
    """The output's layout; what a mode means is read off a probe of the transformer."""
    layout, none = [], np.zeros(0)
    for info in transformer._column_transform_info_list:
        width = int(info.output_dimensions)
        if info.column_type == "discrete":
            levels = np.asarray(info.transform.dummies, dtype=np.float64)
            layout.append(Cells(info.column_name, levels, none, none))
            continue
        names = list(info.transform.get_output_sdtypes())
        modes = np.arange(width - 1)
        ends = [
            info.transform.reverse_transform(
                pd.DataFrame({names[0]: np.full(len(modes), x), names[1]: modes})
            )
            .to_numpy()
            .ravel()
            .astype(np.float64)
            for x in (0.0, 1.0)
        ]
        layout.append(Cells(info.column_name, none, ends[0], ends[1] - ends[0]))
    return layout
