"""What the benchmark measures of one arm on one training set."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from gan_augment import ResampledClassifier
from gan_augment.comparison.baselines import fill_missing
from gan_augment.encoding import TableEncoder
from gan_augment.metrics import c2st, classifier_scores, closest_record_ratio, prdc
from gan_augment.over_sampling import CopyFilter

CLASSIFIERS = {
    "LR": LogisticRegression(max_iter=2000),
    "KNN": KNeighborsClassifier(),
    "RF": RandomForestClassifier(100, random_state=0),
    "HGB": HistGradientBoostingClassifier(random_state=0),
}
# Fewer rows say nothing about a distribution.
FEWEST_ROWS = 20


# Of the synthetic rows themselves, the same for every classifier.
ROW_MEASURES = ["c2st", "coverage", "density", "closest_record_ratio", "copies"]


def make_classifier(classifier: Any) -> Any:
    """Impute, scale and encode before the classifier."""
    numeric = make_column_selector(dtype_include="number")
    other = make_column_selector(dtype_exclude="number")
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
        (
            OneHotEncoder(
                handle_unknown="ignore", min_frequency=3, sparse_output=False
            ),
            other,
        ),
    )
    return make_pipeline(encode, clone(classifier))


def _with_class_weights(classifier: Any) -> Any:
    """None for a classifier that has none."""
    if "class_weight" not in classifier.get_params():
        return None
    return make_classifier(clone(classifier).set_params(class_weight="balanced"))


def _resampled(classifier: Any) -> ResampledClassifier:
    return ResampledClassifier(make_classifier(classifier), random_state=0)


# Arms that leave the rows as they are -> what they make of a classifier.
CHANGED: dict[str, Callable[[Any], Any]] = {
    "class weights": _with_class_weights,
    "ResampledClassifier": _resampled,
}


def utility(
    X: pd.DataFrame,
    y: np.ndarray,
    X_test: pd.DataFrame,
    y_test: np.ndarray,
    make: Callable[[Any], Any] = make_classifier,
) -> Iterator[dict[str, Any]]:
    """Scores on real rows of every classifier trained on these rows."""
    for name, classifier in CLASSIFIERS.items():
        model = make(classifier)
        if model is not None:
            yield {"classifier": name} | scores_of(model, X, y, X_test, y_test)


def scores_of(
    model: Any, X: pd.DataFrame, y: np.ndarray, X_test: pd.DataFrame, y_test: np.ndarray
) -> dict[str, float]:
    """Scores on real rows of one classifier trained on these rows."""
    with warnings.catch_warnings():
        # Of copies, where real rows repeat each other; of names, by LightGBM.
        warnings.filterwarnings("ignore", "Some synthetic rows equal a real row")
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        probability = model.fit(X, y).predict_proba(X_test)
    return classifier_scores(y_test.astype(int), probability, rare=[1])


def row_measures(
    train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    """Fidelity and privacy of synthetic rows of the rare class.

    Every kind of rows is encoded by an encoder of them all, so that an arm that has
    imputed its rows is not found out by that: missing values are filled alike.
    """
    kinds = [fill_missing(rows, train) for rows in (train, holdout, synthetic)]
    measures = {"copies": float(CopyFilter().fit(kinds[0]).is_copy(kinds[2]).mean())}
    if min(len(holdout), len(synthetic)) < FEWEST_ROWS:
        return measures
    encoder = TableEncoder().fit(pd.concat(kinds, ignore_index=True))
    train_rows, real, made = (encoder.transform(rows, spread=False) for rows in kinds)
    # Coverage depends on how many rows cover.
    n_rows = min(len(real), len(made))
    found = prdc(real[:n_rows], made[:n_rows])
    return measures | {
        "c2st": c2st(real, made, random_state=0),
        "density": found.density,
        "coverage": found.coverage,
        "closest_record_ratio": closest_record_ratio(
            train_rows, real, made, random_state=0
        ),
    }


@contextlib.contextmanager
def cost() -> Iterator[dict[str, float]]:
    """CPU seconds, and how far the memory of the process rose, of a ``with`` block."""
    spent: dict[str, float] = {}
    status, done = Path("/proc/self/statm"), threading.Event()
    begin, peak = time.process_time(), [0]

    def resident() -> int:
        return int(status.read_text().split()[1]) if status.exists() else 0

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], resident())

    give_back_freed_memory()
    before = resident()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield spent
    finally:
        spent["cpu_seconds"] = time.process_time() - begin
        done.set()
        watcher.join()
        pages = max(peak[0], resident()) - before
        spent["peak_mb"] = pages * 4096 / 1e6 if status.exists() else np.nan


def give_back_freed_memory() -> None:
    """Otherwise what earlier work has freed would hide what this work takes."""
    library = ctypes.util.find_library("c")
    trim = getattr(ctypes.CDLL(library), "malloc_trim", None) if library else None
    if trim is not None:
        trim(0)
