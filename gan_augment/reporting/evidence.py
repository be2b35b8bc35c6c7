"""The evidence of a report: rows, and a classifier trained without and with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import _safe_indexing, check_consistent_length, column_or_1d

from gan_augment.encoding.container import to_frame
from gan_augment.encoding.frames import to_pandas
from gan_augment.metrics.attacks import attack_risks
from gan_augment.metrics.privacy import reused_identifiers
from gan_augment.metrics.quality import FEWEST_ROWS, MAX_ROWS
from gan_augment.metrics.rules import RuleViolations, rule_violations
from gan_augment.metrics.utility import (
    Gain,
    bootstrap_gain,
    class_indices,
    scores_of,
    train_with_and_without,
)
from gan_augment.tables.rules import Predicate, Rules


class ReportedRows:
    """What was resampled: real, synthetic and held-out rows of every class.

    Parameters
    ----------
    sampler : GANOverSampler
        After ``fit_resample``.
    X, y : array-like
        What it returned.
    X_test, y_test : array-like
        Held-out real rows and their classes.

    Attributes
    ----------
    rare : list
        Classes that have synthetic rows, those with the most first.
    reused : Series
        What :func:`~gan_augment.metrics.reused_identifiers` finds.
    broken : RuleViolations or None
        What :func:`~gan_augment.metrics.rule_violations` finds, by the rules of the
        real training rows and the functions that the sampler was given. None of images.
    """

    def __init__(self, sampler: Any, X: Any, y: Any, X_test: Any, y_test: Any) -> None:
        mask = getattr(sampler, "synthetic_mask_", None)
        if mask is None or len(mask) != np.shape(X)[0]:
            made = "nothing yet" if mask is None else f"{len(mask)}"
            raise ValueError(
                "`X` must be the rows that `sampler.fit_resample` returned. Got "
                f"{np.shape(X)[0]} rows, where the sampler returned {made}. Pass what "
                "it returned last."
            )
        if not mask.any():
            raise ValueError(
                "`sampler` must have made rows. Got none: all classes have as many "
                "rows as `sampling_strategy` asks for. Raise it."
            )
        check_consistent_length(X, y)
        check_consistent_length(X_test, y_test)
        self.X, self.X_test = _dense(X), _dense(X_test)
        self.y, self.y_test = column_or_1d(y), column_or_1d(y_test)
        self.mask = np.asarray(mask)
        self.reused = pd.Series(dtype=np.float64)
        self.broken: RuleViolations | None = None
        if self.is_table:
            real, synthetic = (
                to_frame(_safe_indexing(self.X, np.flatnonzero(rows)))
                for rows in (~self.mask, self.mask)
            )
            self.reused = reused_identifiers(real, synthetic)
            own = getattr(sampler, "rules_", None)
            functions = [rule for rule in own or () if isinstance(rule, Predicate)]
            declared = () if own is None else own.categorical
            rules = Rules(["auto", *functions], categorical=declared)
            self.broken = rule_violations(real, synthetic, rules, holdout=self.X_test)
        classes, counts = np.unique(self.y[self.mask], return_counts=True)
        self.rare = classes[np.argsort(-counts, kind="stable")].tolist()

    def of(self, label: Any) -> tuple[Any, Any, Any]:
        """Return training, held-out and synthetic rows of a class, less identifiers."""
        in_class, in_test = self.y == label, self.y_test == label
        return (
            self._measured(self.X, in_class & ~self.mask),
            self._measured(self.X_test, in_test),
            self._measured(self.X, in_class & self.mask),
        )

    def attacks(self, rng: np.random.Generator) -> pd.DataFrame | None:
        """Attack the rows of the class that has most; None of images or few rows."""
        parts = self.of(self.rare[0])
        if not self.is_table or min(map(len, parts)) < FEWEST_ROWS:
            return None
        some = [
            to_frame(_safe_indexing(part, rng.permutation(len(part))[:MAX_ROWS]))
            for part in parts
        ]
        return attack_risks(*some, random_state=rng)

    def _measured(self, X: Any, rows: np.ndarray) -> Any:
        """Rows without the columns that name them, of which no two are alike."""
        X = _safe_indexing(X, np.flatnonzero(rows))
        if not len(self.reused):
            return X
        if isinstance(X, pd.DataFrame):
            return X.drop(columns=self.reused.index, errors="ignore")
        return np.delete(X, self.reused.index.to_numpy(), axis=1)

    @property
    def is_table(self) -> bool:
        """Whether the rows have columns, as images do not."""
        return len(np.shape(self.X)) == 2


def _dense(X: Any) -> Any:
    return X.toarray() if sparse.issparse(X) else to_pandas(X)


@dataclass
class Trials:
    """A classifier trained without and with the synthetic rows.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The classes.
    probability : dict of str to ndarray of shape (n_test, n_classes)
        What each of :func:`train_with_and_without` predicts of the test rows.
    scores : DataFrame
        Its scores.
    gain : Gain
        In average precision.
    is_rare : ndarray of shape (n_test,), dtype=bool
        Which test rows are of the class with the most synthetic rows.
    rare : int
        Position of that class.
    """

    classes: np.ndarray
    probability: dict[str, np.ndarray]
    scores: pd.DataFrame
    gain: Gain
    is_rare: np.ndarray
    rare: int

    @classmethod
    def of(
        cls, rows: ReportedRows, classifier: Any, rng: np.random.Generator
    ) -> Self | None:
        """Train and score; None without a classifier."""
        if classifier is None:
            return None
        trained = train_with_and_without(classifier, rows.X, rows.y, rows.mask)
        classes = trained["nothing"].classes_
        y_test = class_indices(classes, rows.y_test)
        rare = class_indices(classes, rows.rare).tolist()
        probability = {
            name: fitted.predict_proba(rows.X_test) for name, fitted in trained.items()
        }
        return cls(
            classes=classes,
            probability=probability,
            scores=scores_of(y_test, probability, rare),
            gain=bootstrap_gain(
                y_test,
                probability["nothing"],
                probability["augmented"],
                rare,
                random_state=rng,
            ),
            is_rare=y_test == rare[0],
            rare=rare[0],
        )
