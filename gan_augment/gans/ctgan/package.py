"""What the two models of the ``ctgan`` package share, and what absorbs its defects.

The package trains the networks. What it refuses is absorbed here: missing values,
dates, any column names, constant columns, classes of one row, odd batch sizes, numbers
of any unit. Rows are drawn here too, so that they are of the class asked for, inside
the columns' domains, as common as they were, reproducible, and need no pickle to be
saved. The package trains to the end before it tells its losses, so a callback sees them
late and cannot stop it.
"""

from __future__ import annotations

import math
import time
import warnings
from abc import abstractmethod
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from joblib import parallel_config
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from gan_augment.gans.base import SAMPLE_CHUNK, BaseSynthesizer
from gan_augment.gans.ctgan.layout import (
    CLASS_COLUMN,
    Cells,
    TrainedNetwork,
    layout_of,
)
from gan_augment.gans.weights import check_depth, check_drawn, check_weights
from gan_augment.networks.weights import weights_of
from gan_augment.seeding import draw_seed, make_rng, make_torch_generator
from gan_augment.tables.encoder import STATE_CLASSES, RuleEncoder
from gan_augment.tables.rules import Rules
from gan_augment.training.callbacks import Announcer, History
from gan_augment.training.trainer import MOST_EPOCHS

# Rows drawn for each row asked for, before a model is said not to know its class.
MOST_DRAWS = 200
# Column of the package's losses -> measure in the history.
LOSS_NAMES = {
    "Generator Loss": "generator_loss",
    "Discriminator Loss": "discriminator_loss",
    "Loss": "loss",
}


class PackageSynthesizer(BaseSynthesizer):
    """Template of a model that the package trains and that draws its rows here."""

    _saved_attributes = (*BaseSynthesizer._saved_attributes, "networks_")
    _saved_classes = ChainMap(
        {"Cells": Cells, "TrainedNetwork": TrainedNetwork}, STATE_CLASSES
    )

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        "categorical_features": ["array-like", StrOptions({"auto"})],
        "identifiers": [StrOptions({"fresh", "keep", "drop"})],
        "rules": [StrOptions({"auto"}), list, tuple, Rules, None],
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
    identifiers: Literal["fresh", "keep", "drop"]
    rules: Any
    per_class: bool
    latent_dim: int
    hidden_dims: Sequence[int]
    batch_size: int
    max_steps: int
    verbose: bool
    encoder_: RuleEncoder
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

    @property
    def rules_(self) -> Rules:
        """The rules that synthetic rows keep."""
        return self.encoder_.rules_

    def _make_encoder(self) -> RuleEncoder:
        return RuleEncoder(
            categorical_features=self.categorical_features,
            identifiers=self.identifiers,
            rules=self.rules,
        )

    def _train(self, X: Any, classes: np.ndarray, rng: np.random.Generator) -> None:
        numbers = self.encoder_.to_numbers(X)
        self._check_variety(numbers, classes)
        parts = [(numbers, None if self.per_class else classes)]
        if self.per_class:
            parts = [(numbers[classes == i], None) for i in range(len(self.classes_))]
        n_steps = [self._n_epochs(len(rows))[1] for rows, _ in parts]
        history = History()
        watchers = [history, Announcer()]
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
                if column.kind.is_discrete:
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
            check_drawn(output.numpy())
            rows, drawn = network.decode(output.numpy().astype(np.float64))
            if drawn is not None:
                rows = rows[drawn == index]
            parts.append(rows)
            n_found, n_drawn = n_found + len(rows), n_drawn + n_wanted
        return np.concatenate(parts)[:n_rows]

    def _on_meta_device(self, network: TrainedNetwork) -> nn.Module:
        """The network without weights: to make some would draw random numbers."""
        with torch.device("meta"):
            return self._make_network(network)

    def _module(self, network: TrainedNetwork) -> nn.Module:
        module = self._on_meta_device(network)
        state = {name: torch.from_numpy(a) for name, a in network.weights.items()}
        module.load_state_dict(state, assign=True)
        # In training mode, as the package draws, batch normalisation would subtract
        # the condition that a whole batch shares, and half the rows would miss it.
        return module.requires_grad_(False).eval()

    def _check_state(self) -> None:
        super()._check_state()
        n_networks = len(self.classes_) if self.per_class else 1
        shape = (2, len(self.encoder_.columns_))
        if len(self.networks_) != n_networks:
            raise ValueError(f"{len(self.networks_)} networks for {n_networks}.")
        for network in self.networks_:
            check_depth(self.hidden_dims, network.weights)
            check_weights(self._on_meta_device(network), network.weights)
            if network.bounds.shape != shape:
                raise ValueError(f"bounds of {network.bounds.shape} for {shape}.")
            module, rng = self._module(network), make_torch_generator(make_rng(0))
            check_drawn(self._forward(module, network, 0, 16, rng).numpy())


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
