"""What one classifier gains from a teacher, and how much of that the GAN's rows are.

    python -m pipelines.distillation --n-tables 12               # of the catalogue
    python -m pipelines.distillation --student tree --arm GAN --arm "shuffled columns"

A student is trained on the real rows and on three times as many others, which the vote
of `pipelines.ensembles` labels. The others are the GAN's, or those of controls without
a GAN: every column shuffled on its own, points between neighbours, and the real rows
once more, with out-of-fold labels. ``DistilledClassifier`` itself leaves the GAN's rows
out where they do harm on folds of the training rows. For each student, the command
prints the difference in average precision from the same classifier on the real rows
alone, and the share of its distance to the vote that this is.

Results go to a CSV file; what is there is not run again.
"""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from gan_augment import DistilledClassifier, TabularGAN
from gan_augment.classification.vote import make_table_classifier
from gan_augment.encoding import TableEncoder
from gan_augment.metrics.scores import SCORES
from gan_augment.seeding import make_rng, seeded
from pipelines.benchmark import append, measured_keys, shuffled_part, splits
from pipelines.catalogue import find_tables
from pipelines.datasets import Dataset
from pipelines.measures import make_classifier, scores_of
from pipelines.summary import harmed, interval_over_sets, show

N_DRAWS = 3
ALONE, VOTE, OUT_OF_FOLD = "alone", "vote", "out-of-fold labels"
CHECKED = "GAN, if it does no harm"
STUDENTS = {
    "tree": DecisionTreeClassifier(max_depth=4, random_state=0),
    "tree, leaves of 10": DecisionTreeClassifier(
        max_depth=4, min_samples_leaf=10, random_state=0
    ),
    "HGB": HistGradientBoostingClassifier(random_state=0),
    "LR": LogisticRegression(max_iter=2000),
    "naive Bayes": GaussianNB(),
    "KNN": KNeighborsClassifier(),
    "MLP": MLPClassifier((32,), max_iter=60, random_state=0),
}


class ShuffledColumns(BaseEstimator):
    """Rows whose columns are drawn on their own; they know nothing of a class.

    Parameters
    ----------
    random_state : int or None, default=None
        Not used: rows are drawn with the random state of `sample`.
    """

    def __init__(self, *, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        """Keep the rows."""
        self.rows_ = X
        return self

    def sample(
        self, n_samples: int, label: Any = None, random_state: Any = None
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw rows; the label is that of nobody."""
        rng = make_rng(random_state)
        columns = {
            name: self.rows_[name].iloc[rng.integers(len(self.rows_), size=n_samples)]
            for name in self.rows_
        }
        rows = {name: column.to_numpy() for name, column in columns.items()}
        frame = pd.DataFrame(rows).astype(self.rows_.dtypes)
        return frame, np.full(n_samples, label)


class BetweenNeighbours(ShuffledColumns):
    """Rows between a row and one of its five neighbours, of whichever class."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        """Find the neighbours."""
        super().fit(X, y)
        self.encoder_ = TableEncoder().fit(X)
        self.encoded_ = self.encoder_.transform(X, random_state=0)
        nearest = NearestNeighbors(n_neighbors=6).fit(self.encoded_)
        self.neighbours_ = nearest.kneighbors(return_distance=False)[:, :5]
        return self

    def sample(
        self, n_samples: int, label: Any = None, random_state: Any = None
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw rows; the label is that of nobody."""
        rng = make_rng(random_state)
        first = rng.integers(len(self.encoded_), size=n_samples)
        second = self.neighbours_[first, rng.integers(5, size=n_samples)]
        step = rng.random((n_samples, 1))
        rows = self.encoded_[first] + step * (
            self.encoded_[second] - self.encoded_[first]
        )
        return self.encoder_.inverse_transform(rows), np.full(n_samples, label)


class RealRows(ShuffledColumns):
    """The real rows of a class once more, in turn."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        """Keep the rows, and their classes."""
        super().fit(X, y)
        self.labels_ = y
        return self

    def sample(
        self, n_samples: int, label: Any = None, random_state: Any = None
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Give rows of a class."""
        of_class = np.flatnonzero(self.labels_ == label)
        chosen = np.resize(of_class, n_samples)
        return self.rows_.iloc[chosen].reset_index(drop=True), np.full(n_samples, label)


class OutOfFold(ClassifierMixin, BaseEstimator):
    """Says of the rows that it was trained on what it says of them out of fold.

    Parameters
    ----------
    classifier : classifier
        What is trained on the folds.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        """Predict every row out of five folds."""
        self.classes_ = np.unique(y)
        self.probability_ = cross_val_predict(
            self.classifier, X, y, method="predict_proba"
        )
        self.row_ = {key: i for i, key in enumerate(_keys(X))}
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of rows seen in fit; of equal rows those of the last one."""
        return self.probability_[[self.row_[key] for key in _keys(X)]]

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The more probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _keys(X: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(X, index=False).to_numpy()


# name -> what draws the rows
ROWS: dict[str, Any] = {
    "GAN": TabularGAN(random_state=0),
    "shuffled columns": ShuffledColumns(),
    "between neighbours": BetweenNeighbours(),
    OUT_OF_FOLD: RealRows(),
}
# The last one is DistilledClassifier with its defaults.
ARMS = (*ROWS, CHECKED)
KEYS = ["set", "split", "student", "arm"]
COLUMNS = [*KEYS, *SCORES]
console = Console(width=110)


def measure(
    table: Dataset, train: np.ndarray, test: np.ndarray, tasks: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Scores of students and arms on one split, whose teacher and rows are shared."""
    X, y = table.X.iloc[train].reset_index(drop=True), table.is_rare[train].astype(int)
    held_out = table.X.iloc[test], table.is_rare[test]
    vote = seeded(make_table_classifier(), np.random.default_rng(0))
    teacher, sources, lines = clone(vote).fit(X, y), {}, []
    for student, arm in tasks:
        if arm == VOTE:
            model = FrozenEstimator(teacher)
        elif arm == ALONE:
            model = make_classifier(STUDENTS[student])
        elif arm == CHECKED:
            model = DistilledClassifier(
                make_classifier(STUDENTS[student]),
                vote,
                n_draws=N_DRAWS,
                random_state=0,
            )
        else:
            if arm not in sources:
                of_rows = OutOfFold(vote).fit(X, y) if arm == OUT_OF_FOLD else teacher
                sources[arm] = (of_rows, clone(ROWS[arm]).fit(X, y))
            labels, rows = sources[arm]
            model = DistilledClassifier(
                make_classifier(STUDENTS[student]),
                FrozenEstimator(labels),
                FrozenEstimator(rows),
                n_draws=1 if arm == OUT_OF_FOLD else N_DRAWS,
                n_folds=None,
                random_state=0,
            )
        scores = scores_of(model, X, y, *held_out)
        lines.append({"student": student, "arm": arm, **scores})
    return lines


def by_student(results: pd.DataFrame, metric: str) -> dict[str, pd.DataFrame]:
    """Difference from the student alone, a table a student, a row an arm."""
    wide = results.pivot_table(
        index=["student", "set"], columns="arm", values=metric, observed=True
    )
    gains = wide.sub(wide[ALONE], axis=0).drop(columns=ALONE)
    tables = {}
    for student, of_one in gains.groupby(level="student"):
        distance = of_one[VOTE].mean()
        tables[str(student)] = pd.DataFrame(
            {
                arm: {
                    "difference": of_one[arm].mean(),
                    "95 %": interval_over_sets(of_one[arm].dropna().to_numpy()),
                    "of the distance": of_one[arm].mean() / distance,
                    "worst": of_one[arm].min(),
                    "harmed": harmed(of_one[arm]),
                }
                for arm in of_one
            }
        ).T
    return tables


def main(
    student: Annotated[list[str] | None, typer.Option(help="Default: all.")] = None,
    arm: Annotated[list[str] | None, typer.Option(help="Default: all.")] = None,
    first_table: Annotated[int, typer.Option(min=0, help="Tables to leave out.")] = 0,
    n_tables: Annotated[
        int | None, typer.Option(min=1, help="Of the catalogue, shuffled.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2)] = 2,
    metric: Annotated[str, typer.Option(help="What is shown.")] = "average_precision",
    out: Annotated[Path, typer.Option(help="CSV file.")] = Path("distillation.csv"),
) -> None:
    """Teach single classifiers on real tables, with controls."""
    for option, given, known in (
        ("--student", student, STUDENTS),
        ("--arm", arm, ARMS),
        ("--metric", [metric], SCORES),
    ):
        unknown = set(given or []) - set(known)
        if unknown:
            raise typer.BadParameter(
                f"{option} must be of {list(known)}. Got {sorted(unknown)}."
            )
    students, arms = student or list(STUDENTS), [ALONE, VOTE, *(arm or ARMS)]
    done = measured_keys(out, KEYS, COLUMNS)
    tables = shuffled_part(find_tables(), first_table, n_tables)
    parts = [
        (name, split)
        for name, table in tables.items()
        for split in splits("cv", table.is_rare, 1, folds)
    ]
    for name, split in track(parts, "Measuring", console=console):
        tasks = [
            task
            for task in itertools.product(students, arms)
            if (name, split.name, *task) not in done
        ]
        if not tasks:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of networks that have not converged
            measured = measure(tables[name], split.train, split.test, tasks)
        lines = pd.DataFrame(measured).assign(set=name, split=split.name)
        append(lines.reindex(columns=COLUMNS), out)
    results = pd.read_csv(out, dtype=dict.fromkeys(KEYS, str))
    results = results[
        results["set"].isin(tables)
        & results["student"].isin(students)
        & results["arm"].isin(arms)
    ]
    for name, table in by_student(results, metric).items():
        title = (
            f"{name}: {metric} minus that of the student alone; {len(tables)} tables"
        )
        show(table, title, console, "rows, labelled by the vote")


if __name__ == "__main__":
    typer.run(main)
