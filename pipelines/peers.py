"""Generators of scikit-learn and imbalanced-learn, on the encoding of our own GAN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from scipy.special import expit
from sklearn.mixture import GaussianMixture
from sklearn.neural_network import BernoulliRBM
from sklearn.preprocessing import OneHotEncoder

from gan_augment import CTGAN, TVAE
from gan_augment.encoding import TableEncoder

# Components of a class, at most, for the Gaussian mixture.
COMPONENTS = 20
# Bins of a number for the Boltzmann machine, each with as many rows, its hidden units,
# passes over the rows, and steps of Gibbs sampling that lead to a row.
BINS, HIDDEN, PASSES, GIBBS_STEPS = 10, 128, 30, 300
# Passes over the rows, and rows in a batch, of CTGAN and TVAE: what their package has.
EPOCHS, BATCH = 300, 500


class EncodedMixture:
    """A Gaussian mixture of each class, on the encoding that our GAN learns from."""

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> EncodedMixture:
        """Fit a mixture of each class."""
        self.encoder = TableEncoder().fit(X, y)
        rows = self.encoder.transform(X, self.random_state)
        self.mixtures = {
            label: GaussianMixture(
                min(COMPONENTS, max(1, (y == label).sum() // 50)),
                reg_covar=1e-3,
                random_state=self.random_state,
            ).fit(rows[y == label])
            for label in np.unique(y)
        }
        return self

    def sample(self, n_samples: int, *, label: Any) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw rows of a class."""
        rows, _ = self.mixtures[label].sample(n_samples)
        decoded = self.encoder.inverse_transform(rows.astype(np.float32))
        return decoded, np.full(n_samples, label)


class EncodedSMOTE:
    """Interpolation between neighbours of a class, on the same encoding."""

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> EncodedSMOTE:
        """Keep the rows."""
        self.encoder, self.y = TableEncoder().fit(X, y), y
        self.rows = self.encoder.transform(X, self.random_state)
        return self

    def sample(self, n_samples: int, *, label: Any) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw rows of a class."""
        of_class = self.rows[self.y == label]
        # A row beside them, because SMOTE wants a second class.
        rows = np.concatenate([of_class, of_class[:1]])
        is_class = np.arange(len(rows)) < len(of_class)
        wanted = {True: len(of_class) + n_samples}
        neighbors = max(1, min(5, len(of_class) - 1))
        smote = SMOTE(
            sampling_strategy=wanted,
            k_neighbors=neighbors,
            random_state=self.random_state,
        )
        made, _ = smote.fit_resample(rows, is_class)
        decoded = self.encoder.inverse_transform(made[len(rows) :].astype(np.float32))
        return decoded, np.full(n_samples, label)


class EncodedBoltzmannMachine:
    """A restricted Boltzmann machine of each class, numbers cut into bins."""

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> EncodedBoltzmannMachine:
        """Learn one-hot rows."""
        self.encoder = TableEncoder().fit(X, y)
        self.rows = self.encoder.transform(X, self.random_state)
        shares = np.linspace(0, 1, BINS + 1)[1:-1]
        self.edges = [
            np.unique(np.quantile(self.rows[:, span.start], shares))
            for span in self.encoder.schema_
        ]
        self.bins = self._bins_of(self.rows)
        self.one_hot = OneHotEncoder(sparse_output=False).fit(self.bins)
        seen = self.one_hot.transform(self.bins)
        self.machines = {
            label: BernoulliRBM(
                HIDDEN,
                learning_rate=0.05,
                batch_size=64,
                n_iter=PASSES,
                random_state=self.random_state,
            ).fit(seen[y == label])
            for label in np.unique(y)
        }
        return self

    def _bins_of(self, rows: np.ndarray) -> np.ndarray:
        """The bin or the level of each span."""
        return np.column_stack(
            [
                np.searchsorted(edges, rows[:, span.start])
                if span.kind == "scalar"
                else rows[:, span.start : span.stop].argmax(axis=1)
                for span, edges in zip(self.encoder.schema_, self.edges, strict=True)
            ]
        )

    def sample(self, n_samples: int, *, label: Any) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw rows of a class; a number is drawn from the real ones of its bin."""
        machine, rng = self.machines[label], np.random.default_rng(self.random_state)
        shape = n_samples, machine.components_.shape[1]
        visible = (rng.random(shape) < expit(machine.intercept_visible_)).astype(float)
        for _ in range(GIBBS_STEPS):
            hidden = machine.transform(visible)
            hidden = (rng.random(hidden.shape) < hidden).astype(float)
            expected = expit(hidden @ machine.components_ + machine.intercept_visible_)
            visible = (rng.random(shape) < expected).astype(float)
        made = np.zeros((n_samples, self.rows.shape[1]), dtype=np.float32)
        first = 0
        for i, span in enumerate(self.encoder.schema_):
            values = self.one_hot.categories_[i]
            odds = expected[:, first : first + len(values)]
            up_to = (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)
            drawn = values[(rng.random((n_samples, 1)) >= up_to[:, :-1]).sum(axis=1)]
            first += len(values)
            if span.kind == "one_hot":
                made[np.arange(n_samples), span.start + drawn] = 1
                continue
            for value in values:
                known = self.rows[self.bins[:, i] == value, span.start]
                wanted = drawn == value
                made[wanted, span.start] = rng.choice(known, wanted.sum())
        return self.encoder.inverse_transform(made), np.full(n_samples, label)


class Epochs:
    """A model of the ctgan package, trained for as long as its package trains it."""

    def __init__(self, model: type[CTGAN] | type[TVAE], random_state: int) -> None:
        self.model = model
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> CTGAN | TVAE:
        """Fit the model, and return it."""
        model = self.model(batch_size=BATCH, random_state=self.random_state)
        n_models = len(np.unique(y)) if model.per_class else 1
        steps = EPOCHS * math.ceil(len(y) / n_models / BATCH)
        return model.set_params(max_steps=steps).fit(X, y)
