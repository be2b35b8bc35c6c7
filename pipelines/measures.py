"""What the benchmark measures of one arm on one training set."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import threading
import time
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
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from gan_augment.encoding import TableEncoder
from gan_augment.evaluation import c2st, closest_record_ratio, density_coverage
from gan_augment.filtering import CopyFilter

CLASSIFIERS = {
    "LR": LogisticRegression(max_iter=2000),
    "KNN": KNeighborsClassifier(),
    "RF": RandomForestClassifier(100, random_state=0),
    "HGB": HistGradientBoostingClassifier(random_state=0),
}
# Fewer rows say nothing about a distribution.
FEWEST_ROWS = 20


def best_f1_threshold(is_rare: np.ndarray, probability: np.ndarray) -> float:
    """Threshold with the best F1."""
    precision, recall, thresholds = precision_recall_curve(is_rare, probability)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return thresholds[min(f1[:-1].argmax(), len(thresholds) - 1)]


def best_balanced_threshold(is_rare: np.ndarray, probability: np.ndarray) -> float:
    """Threshold with the best balanced accuracy."""
    false_rate, true_rate, thresholds = roc_curve(is_rare, probability)
    return thresholds[(true_rate - false_rate).argmax()]


def at_tuned_threshold(
    score: Callable, best_threshold: Callable
) -> Callable[[np.ndarray, np.ndarray], float]:
    """A score at the threshold that is best on the other half of the held-out rows.

    So the threshold is tuned on real rows, and never on those that are scored.
    """

    def tuned(is_rare: np.ndarray, probability: np.ndarray) -> float:
        halves = StratifiedKFold(2, shuffle=True, random_state=0)
        scores = []
        for one, other in halves.split(probability, is_rare):
            threshold = best_threshold(is_rare[one], probability[one])
            scores.append(score(is_rare[other], probability[other] >= threshold))
        return float(np.mean(scores))

    return tuned


METRICS: dict[str, Callable] = {
    "average_precision": average_precision_score,
    "roc_auc": roc_auc_score,
    "log_loss": log_loss,
    "brier": brier_score_loss,
    "balanced_accuracy": lambda y, p: balanced_accuracy_score(y, p > 0.5),
    "f1": lambda y, p: f1_score(y, p > 0.5, zero_division=0),
    "tuned_balanced_accuracy": at_tuned_threshold(
        balanced_accuracy_score, best_balanced_threshold
    ),
    "tuned_f1": at_tuned_threshold(f1_score, best_f1_threshold),
}
LESS_IS_BETTER = ("log_loss", "brier")
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


def utility(
    X: pd.DataFrame,
    y: np.ndarray,
    X_test: pd.DataFrame,
    y_test: np.ndarray,
    *,
    class_weight: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Scores on real rows of every classifier trained on these rows."""
    for name, classifier in CLASSIFIERS.items():
        if class_weight is not None:
            if "class_weight" not in classifier.get_params():
                continue
            classifier = clone(classifier).set_params(class_weight=class_weight)
        fitted = make_classifier(classifier).fit(X, y)
        probability = fitted.predict_proba(X_test)[:, 1]
        scores = {name: score(y_test, probability) for name, score in METRICS.items()}
        yield {"classifier": name} | scores


def row_measures(
    train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    """Fidelity and privacy of synthetic rows of the rare class.

    Every kind of rows is encoded by an encoder of them all, so that an arm that has
    imputed its rows is not found out by that: missing values are filled alike.
    """
    kinds = [_filled(rows, train) for rows in (train, holdout, synthetic)]
    measures = {"copies": float(CopyFilter(kinds[0]).is_copy(kinds[2]).mean())}
    if min(len(holdout), len(synthetic)) < FEWEST_ROWS:
        return measures
    encoder = TableEncoder().fit(pd.concat(kinds, ignore_index=True))
    train_rows, real, made = (encoder.transform(rows, spread=False) for rows in kinds)
    # Coverage depends on how many rows cover.
    n_rows = min(len(real), len(made))
    density, coverage = density_coverage(real[:n_rows], made[:n_rows])
    return measures | {
        "c2st": c2st(real, made, random_state=0),
        "density": density,
        "coverage": coverage,
        "closest_record_ratio": closest_record_ratio(
            train_rows, real, made, random_state=0
        ),
    }


def _filled(rows: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    filled = rows.copy()
    for name in rows:
        if pd.api.types.is_numeric_dtype(train[name]):
            filled[name] = rows[name].astype(float).fillna(train[name].median())
        else:
            filled[name] = (
                rows[name].astype(object).where(rows[name].notna(), "missing")
            )
    return filled


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

    _give_back_freed_memory()
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


def _give_back_freed_memory() -> None:
    """Otherwise what earlier work has freed would hide what this work takes."""
    library = ctypes.util.find_library("c")
    trim = getattr(ctypes.CDLL(library), "malloc_trim", None) if library else None
    if trim is not None:
        trim(0)
