"""What a user could take instead of a classifier and an over-sampler.

LightGBM, XGBoost and CatBoost come with ``pip install "gan-augment[benchmark]"``.
TabICL and TabPFN are pretrained: install ``tabicl`` or ``tabpfn``, and name the file of
the weights that you have in the environment variable ``TABICL_WEIGHTS`` or
``TABPFN_WEIGHTS``. Nothing is downloaded.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.tree import DecisionTreeClassifier

from gan_augment import ResampledClassifier
from gan_augment.classification.vote import make_table_classifier
from gan_augment.comparison.classifiers import make_ensembles
from gan_augment.seeding import make_rng, seeded
from pipelines.measures import make_classifier


class SelfPacedEnsemble(ClassifierMixin, BaseEstimator):
    """Trees on all rare rows and as many common ones, the harder ones more and more.

    Liu et al., "Self-paced ensemble for highly imbalanced massive data
    classification", ICDE 2020, arXiv:1909.03500, algorithm 1, with the absolute error
    as hardness and its settings: ten trees, twenty bins.

    Parameters
    ----------
    classifier : classifier, default=None
        What is trained; None takes a decision tree.
    n_estimators, n_bins : int
        Classifiers, and bins of hardness.
    random_state : int or None, default=None
        Source of the rows.
    """

    def __init__(
        self,
        classifier: Any = None,
        *,
        n_estimators: int = 10,
        n_bins: int = 20,
        random_state: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.n_estimators = n_estimators
        self.n_bins = n_bins
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Train one classifier after the other; `y` is 0 or 1, which is rare."""
        rng = make_rng(self.random_state)
        self.classes_ = np.unique(y)
        is_rare = np.asarray(y) == self.classes_[1]
        common, n_rare = np.flatnonzero(~is_rare), int(is_rare.sum())
        first = rng.choice(common, min(n_rare, len(common)), replace=False)
        ensemble = [self._train(X, is_rare, first, rng)]
        for i in range(1, self.n_estimators + 1):
            hardness = _rare_probability(ensemble, X[common])
            factor = np.tan(np.pi / 2 * i / (self.n_estimators + 1))
            weights = self._weights(hardness, factor)
            chosen = rng.choice(common, min(n_rare, len(common)), p=weights)
            ensemble.append(self._train(X, is_rare, chosen, rng))
        self.estimators_ = ensemble[1:]
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Mean of the classifiers' probabilities."""
        rare = _rare_probability(self.estimators_, X)
        return np.column_stack([1 - rare, rare])

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The more probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _weights(self, hardness: np.ndarray, factor: float) -> np.ndarray:
        """Probability of each row: alike of every bin, the less the harder it is."""
        width = max(hardness.max() - hardness.min(), 1e-12) / self.n_bins
        bins = np.minimum((hardness - hardness.min()) // width, self.n_bins - 1)
        _, bins, sizes = np.unique(bins, return_inverse=True, return_counts=True)
        mean = np.bincount(bins, hardness) / sizes
        weights = (1 / (mean + factor) / sizes)[bins]
        return weights / weights.sum()

    def _train(
        self,
        X: np.ndarray,
        is_rare: np.ndarray,
        common: np.ndarray,
        rng: np.random.Generator,
    ) -> Any:
        tree = DecisionTreeClassifier() if self.classifier is None else self.classifier
        rows = np.concatenate([common, np.flatnonzero(is_rare)])
        return seeded(clone(tree), rng).fit(X[rows], is_rare[rows])


def _rare_probability(ensemble: list[Any], X: np.ndarray) -> np.ndarray:
    return np.mean([each.predict_proba(X)[:, 1] for each in ensemble], axis=0)


def installed(
    module: str, name: str, *, package: str = "gan-augment[benchmark]", **params: Any
) -> Any:
    """What a function or class of a package gives that is not needed otherwise."""
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f'{name} needs {module}. Install "{package}".') from error
    return getattr(found, name)(**params)


def pretrained(module: str, name: str, **params: Any) -> Any:
    """A classifier of a package with the weights that the user has.

    Raises
    ------
    ValueError
        If the environment variable does not name a file.
    """
    variable = f"{module.upper()}_WEIGHTS"
    weights = os.environ.get(variable, "")
    if not Path(weights).is_file():
        raise ValueError(
            f"{variable} must name a file of weights for {name}. Got {weights!r}. "
            "Download the weights from their authors, or leave this arm out."
        )
    return installed(
        module, name, package=module, model_path=weights, device="cpu", **params
    )


def _prepared(name: str) -> Callable[[], Any]:
    made = make_ensembles()[name]
    return lambda: seeded(make_classifier(made), np.random.default_rng(0))


# name -> what makes it, with its preprocessing; that of the first is our own.
ENSEMBLES: dict[str, Callable[[], Any]] = {
    "vote": lambda: seeded(make_table_classifier(), np.random.default_rng(0)),
    **{name: _prepared(name) for name in make_ensembles() if name != "vote"},
    "self-paced ensemble": lambda: make_classifier(SelfPacedEnsemble(random_state=0)),
    "LightGBM": lambda: make_classifier(
        installed("lightgbm", "LGBMClassifier", n_jobs=1, verbose=-1, random_state=0)
    ),
    "XGBoost": lambda: make_classifier(
        installed("xgboost", "XGBClassifier", n_jobs=1, random_state=0)
    ),
    "CatBoost": lambda: make_classifier(
        installed(
            "catboost",
            "CatBoostClassifier",
            thread_count=1,
            verbose=False,
            allow_writing_files=False,
            random_state=0,
        )
    ),
    "ResampledClassifier()": lambda: ResampledClassifier(random_state=0),
    "TabICL": lambda: make_classifier(
        pretrained("tabicl", "TabICLClassifier", allow_auto_download=False, n_jobs=1)
    ),
    "TabPFN": lambda: make_classifier(
        pretrained("tabpfn", "TabPFNClassifier", random_state=0)
    ),
}
# These need weights that are not in a package, so they are measured only if named.
PRETRAINED = ("TabICL", "TabPFN")
