"""What the benchmark compares: our sampler, its peers, and controls.

The peers are granted what ours has to do for itself: imputed values, whole numbers
where a column has them, and, for those that know only numbers, our encoding.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import BaseEstimator
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from gan_augment import CTGAN, TVAE, GANOverSampler
from gan_augment.comparison.baselines import ImputedSMOTE, fill_missing
from gan_augment.encoding import TableEncoder
from gan_augment.over_sampling import ClassFilter
from pipelines.ensembles import ENSEMBLES, PRETRAINED, installed


class FilteredSMOTE(BaseEstimator):
    """SMOTE with our filter: more rows are drawn, and the likest of them are kept.

    Parameters
    ----------
    sampling_strategy, random_state : object
        As in imbalanced-learn.
    """

    def __init__(
        self, *, sampling_strategy: Any = "auto", random_state: int | None = None
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def fit_resample(
        self, X: pd.DataFrame, y: np.ndarray
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Real rows, imputed, then synthetic ones."""
        n_wanted = self.sampling_strategy[True] - int(y.sum())
        sample_filter = ClassFilter(random_state=self.random_state)
        n_drawn = int(np.ceil(n_wanted * sample_filter.draws_per_row))
        rows, _ = ImputedSMOTE(
            sampling_strategy={True: int(y.sum()) + n_drawn},
            random_state=self.random_state,
        ).fit_resample(X, y)
        real, drawn = rows.iloc[: len(X)], rows.iloc[len(X) :]
        kept = sample_filter.fit(real, y).select(drawn, True, n_wanted)
        labels = np.concatenate([y, np.ones(n_wanted, dtype=bool)])
        return pd.concat([real, drawn.iloc[kept]], ignore_index=True), labels


class EncodedSampler(BaseEstimator):
    """Base of peers that know only numbers: they work in our encoding.

    Parameters
    ----------
    sampling_strategy, random_state : object
        As in imbalanced-learn.
    """

    def __init__(
        self, *, sampling_strategy: Any = "auto", random_state: int | None = None
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def fit_resample(
        self, X: pd.DataFrame, y: np.ndarray
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Real rows, then synthetic ones."""
        n_wanted = self.sampling_strategy[True] - int(y.sum())
        if n_wanted == 0:
            return X, y
        rng = np.random.default_rng(self.random_state)
        encoder = TableEncoder().fit(X, y)
        encoded = encoder.transform(X, rng)
        drawn = self._draw(encoded[y], encoded[~y], n_wanted, rng)
        rows = encoder.inverse_transform(drawn.astype(np.float32))
        labels = np.concatenate([y, np.ones(n_wanted, dtype=bool)])
        return pd.concat([X, rows], ignore_index=True), labels

    @abstractmethod
    def _draw(
        self,
        rare: np.ndarray,
        common: np.ndarray,
        n_rows: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Synthetic encoded rows of the rare class."""


class MixtureSampler(EncodedSampler):
    """A Gaussian mixture of the rare rows; its size and shape chosen by the BIC."""

    def _draw(
        self,
        rare: np.ndarray,
        common: np.ndarray,
        n_rows: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        fits = [
            GaussianMixture(size, covariance_type=shape, reg_covar=1e-3, random_state=0)
            for size in range(1, min(10, len(rare) // 5) + 1)
            for shape in ("diag", "full")
        ]
        best = min((fit.fit(rare) for fit in fits), key=lambda fit: fit.bic(rare))
        best.random_state = int(rng.integers(2**31))
        return best.sample(n_rows)[0]


class ProWSynSampler(EncodedSampler):
    """ProWSyn: interpolation that prefers rare rows near the common ones.

    Barua et al., "ProWSyn: Proximity weighted synthetic oversampling technique for
    imbalanced data set learning", PAKDD 2013, doi:10.1007/978-3-642-37456-2_27. With
    its five levels, five neighbours and smoothing factor of 1.
    """

    def _draw(
        self,
        rare: np.ndarray,
        common: np.ndarray,
        n_rows: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        left = np.arange(len(rare))
        levels: list[np.ndarray] = []
        while len(left) and len(levels) < 4:
            nearest = NearestNeighbors(n_neighbors=min(5, len(left))).fit(rare[left])
            found = np.unique(nearest.kneighbors(common, return_distance=False))
            levels.append(left[found])
            left = np.delete(left, found)
        if len(left):
            levels.append(left)
        weights = np.exp(-np.arange(len(levels), dtype=float))
        chosen = rng.choice(len(levels), n_rows, p=weights / weights.sum())
        rows = []
        for level in chosen:
            first, second = rng.choice(levels[level], 2)
            rows.append(rare[first] + rng.random() * (rare[second] - rare[first]))
        return np.array(rows)


class PolynomFitSampler(EncodedSampler):
    """polynom-fit-SMOTE, star topology: rows on the lines to the mean of the class.

    Gazzah and Essoukri Ben Amara, "New oversampling approaches based on polynomial
    fitting for imbalanced data sets", DAS 2008, doi:10.1109/DAS.2008.74. Every rare row
    has as many points at equal distances between it and the mean; those beyond the
    wanted number are left out at random.
    """

    def _draw(
        self,
        rare: np.ndarray,
        common: np.ndarray,
        n_rows: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        n_each = -(-n_rows // len(rare))
        steps = np.arange(1, n_each + 1) / (n_each + 1)
        to_mean = rare.mean(axis=0) - rare
        rows = (rare + steps[:, None, None] * to_mean).reshape(-1, rare.shape[1])
        return rows[rng.choice(len(rows), n_rows, replace=False)]


class MGSGRFSampler(BaseEstimator):
    """MGS-GRF: local Gaussians for numbers, a forest of them for categories.

    Sakho, Malherbe, Gauthier and Scornet, "Harnessing mixed features for imbalance data
    oversampling: application to bank customers scoring", arXiv:2503.22730, in the
    package of its authors, with its defaults, on imputed values. A table without
    numbers is not in its means.

    Parameters
    ----------
    sampling_strategy, random_state : object
        As in imbalanced-learn.
    """

    def __init__(
        self, *, sampling_strategy: Any = "auto", random_state: int | None = None
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def fit_resample(
        self, X: pd.DataFrame, y: np.ndarray
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Real rows, then synthetic ones."""
        filled = fill_missing(X)
        categories = np.flatnonzero([dtype.kind == "O" for dtype in filled.dtypes])
        sampler = installed(
            "mgs_grf",
            "MGSGRFOverSampler",
            package="mgs-grf",
            categorical_features=categories if len(categories) else None,
            sampling_strategy=self.sampling_strategy,
            random_state=self.random_state,
        )
        kept = np.random.get_state()  # noqa: NPY002  the package seeds it
        try:
            rows, labels = sampler.fit_resample(filled.to_numpy(), np.asarray(y))
        finally:
            np.random.set_state(kept)  # noqa: NPY002
        made = pd.DataFrame(rows[len(X) :], columns=X.columns)
        for name in X:
            if pd.api.types.is_bool_dtype(X[name]):
                made[name] = made[name].astype(str) == "True"
            elif filled[name].dtype.kind != "O":
                made[name] = made[name].astype(float)
                if (filled[name] % 1 == 0).all():
                    made[name] = made[name].round()
        return pd.concat([X, made], ignore_index=True), labels.astype(bool)


# name -> unfitted sampler, or None where the classifier is another one
ARMS: dict[str, Any] = {
    "GAN": GANOverSampler(),
    "GAN, no filter": GANOverSampler(sample_filter=None),
    "GAN, no rules": GANOverSampler(rules=None),
    "SMOTE": ImputedSMOTE(),
    "SMOTE, our filter": FilteredSMOTE(),
    "ProWSyn": ProWSynSampler(),
    "polynom-fit-SMOTE": PolynomFitSampler(),
    "MGS-GRF": MGSGRFSampler(),
    "mixture": MixtureSampler(),
    "random": RandomOverSampler(),
    "CTGAN": GANOverSampler(CTGAN(per_class=True), sample_filter=None),
    "CTGAN, all rows": GANOverSampler(CTGAN(), sample_filter=None),
    "TVAE": GANOverSampler(TVAE(), sample_filter=None),
    "TVAE, all rows": GANOverSampler(TVAE(per_class=False), sample_filter=None),
    # Resamples for every classifier anew; see pipelines.measures.
    "ResampledClassifier": None,
    **dict.fromkeys(ENSEMBLES),
}
# These take minutes a training set, the last one half of one.
SLOW = ("CTGAN", "CTGAN, all rows", "TVAE", "TVAE, all rows", "ResampledClassifier")
# These are no over-samplers, answer a question of their own, or need a package that few
# need.
BY_NAME = (*SLOW, *ENSEMBLES, "GAN, no rules", "MGS-GRF")


def parse_arms(specifications: list[str]) -> dict[str, Any]:
    """Names of :data:`ARMS` and ``name=module.Class`` -> unfitted samplers.

    Nothing named gives all but the slow ones and the ensembles, ``all`` gives these
    too, ``ensembles`` these alone.
    """
    if not specifications:
        return {name: arm for name, arm in ARMS.items() if name not in BY_NAME}
    if specifications == ["all"]:
        return {name: arm for name, arm in ARMS.items() if name not in PRETRAINED}
    if specifications == ["ensembles"]:
        return {name: None for name in ENSEMBLES if name not in PRETRAINED}
    arms = {}
    for specification in specifications:
        name, _, path = specification.rpartition("=")
        module, _, attribute = path.rpartition(".")
        if path in ARMS:
            arms[path] = ARMS[path]
        elif module:
            found = getattr(importlib.import_module(module), attribute)
            arms[name or attribute] = found()
        else:
            raise ValueError(
                f"--arm must be one of {list(ARMS)}, all, ensembles, or "
                f"NAME=MODULE.CLASS. Got {specification!r}."
            )
    return arms
