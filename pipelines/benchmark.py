"""Measure over-samplers on real tables, by what their rows do for a classifier.

    python -m pipelines.benchmark                     # quick: under 10 minutes
    python -m pipelines.benchmark --preset held-out   # tables that chose no default
    python -m pipelines.benchmark --preset full       # every table, hours
    python -m pipelines.benchmark --arm mine=my_module.MySampler --data my.csv:target

Two modes. **cv**: repeated stratified folds, only the training fold is resampled, and
every arm is compared with doing nothing on the same folds. **oracle**: all but 15 % of
the rare training rows are hidden, and an arm adds as many rows as were hidden; the
score is the share of the gap that it closes between nothing and the hidden real rows.

Results go to a CSV file, a line a measurement; a run that was stopped goes on where it
was. The table is made from the file.
"""

from __future__ import annotations

import importlib
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import typer
from imblearn.over_sampling import SMOTE, SMOTENC, RandomOverSampler
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.base import BaseEstimator, clone
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
    roc_auc_score,
)
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from gan_augment import GANOverSampler
from gan_augment.filtering import ClassFilter, CopyFilter
from pipelines.datasets import DATASETS, Dataset, load

KEPT = 0.15  # share of the rare training rows that the oracle mode leaves
CLASSIFIERS = {
    "LR": LogisticRegression(max_iter=2000),
    "KNN": KNeighborsClassifier(),
    "RF": RandomForestClassifier(100, random_state=0),
    "HGB": HistGradientBoostingClassifier(random_state=0),
}
POOLED = ["LR", "RF", "HGB"]  # KNN's scores have six levels; it is shown beside
METRICS: dict[str, Callable] = {
    "average_precision": average_precision_score,
    "roc_auc": roc_auc_score,
    "log_loss": log_loss,
    "brier": brier_score_loss,
    "balanced_accuracy": lambda y, p: balanced_accuracy_score(y, p > 0.5),
    "f1": lambda y, p: f1_score(y, p > 0.5, zero_division=0),
}
QUICK = ["credit_data", "mlc_churn", "nassCDS", "yeast4", "abalone9-18", "vehicle0"]
# Defaults were chosen on these, so they prove nothing about the defaults.
DEVELOPMENT = ["credit_data", "mlc_churn", "wa_churn", "attrition", "nassCDS"]
# name -> (tables, repeats)
PRESETS: dict[str, tuple[list[str], int]] = {
    "quick": (QUICK, 1),
    "development": (DEVELOPMENT, 2),
    "held-out": ([name for name in DATASETS if name not in DEVELOPMENT], 2),
    "full": (list(DATASETS), 5),
}
console = Console()


class Split(NamedTuple):
    """Training rows that an arm may see, rows to score, and rows that are hidden."""

    name: str
    train: np.ndarray
    test: np.ndarray
    hidden: np.ndarray


class ImputedSMOTE(BaseEstimator):
    """SMOTE, or SMOTENC where there are categories, on imputed values.

    Parameters
    ----------
    sampling_strategy, random_state : object
        As in imbalanced-learn.
    sample_filter : ClassFilter, default=None
        Draws more rows and keeps those that look most like their class, as
        GANOverSampler does.
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: int | None = None,
        sample_filter: ClassFilter | None = None,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.sample_filter = sample_filter

    def fit_resample(self, X: pd.DataFrame, y: np.ndarray) -> tuple:
        """Real rows, imputed, then synthetic ones."""
        numeric = X.select_dtypes("number").columns
        other = X.columns.difference(numeric, sort=False)
        filled = X.copy()
        filled[numeric] = X[numeric].fillna(X[numeric].median()).astype(float)
        for name in other:
            filled[name] = X[name].astype(object).where(X[name].notna(), "missing")
        n_wanted = self.sampling_strategy[True] - int(y.sum())
        if n_wanted == 0:
            return filled, y
        draws = self.sample_filter.draws_per_row if self.sample_filter else 1
        params = {
            "sampling_strategy": {True: int(y.sum() + np.ceil(n_wanted * draws))},
            "random_state": self.random_state,
            "k_neighbors": min(5, int(y.sum()) - 1),
        }
        smote = SMOTE(**params)
        if len(other):
            smote = SMOTENC(list(other), **params)
        X_resampled, y_resampled = smote.fit_resample(filled, y)
        if self.sample_filter:
            fitted = clone(self.sample_filter).set_params(random_state=0)
            drawn = X_resampled[len(X) :].reset_index(drop=True)
            kept = fitted.fit(filled, y).select(drawn, True, n_wanted)
            X_resampled = pd.concat([filled, drawn.iloc[kept]], ignore_index=True)
            y_resampled = y_resampled[: len(X_resampled)]
        return X_resampled, y_resampled


def default_arms() -> dict[str, Any]:
    """The over-samplers that are compared when none is named."""
    return {
        "GAN": GANOverSampler(),
        "GAN, no filter": GANOverSampler(sample_filter=None),
        "SMOTE": ImputedSMOTE(),
        "SMOTE, our filter": ImputedSMOTE(sample_filter=ClassFilter()),
        "random": RandomOverSampler(),
    }


def splits(mode: str, is_rare: np.ndarray, repeats: int, folds: int) -> Iterator[Split]:
    """Folds of the cv mode, or random halves with hidden rows of the oracle mode."""
    rows = np.arange(len(is_rare))
    if mode == "cv":
        folding = RepeatedStratifiedKFold(
            n_splits=folds, n_repeats=repeats, random_state=0
        )
        for i, (train, test) in enumerate(folding.split(rows, is_rare)):
            yield Split(f"{i // folds}.{i % folds}", train, test, train[:0])
        return
    halving = StratifiedShuffleSplit(repeats, test_size=0.4, random_state=0)
    for i, (train, test) in enumerate(halving.split(rows, is_rare)):
        rare = np.random.default_rng(i).permutation(train[is_rare[train]])
        kept = rare[: max(round(KEPT * len(rare)), 5)]
        seen = np.concatenate([train[~is_rare[train]], kept])
        yield Split(str(i), seen, test, np.setdiff1d(rare, kept))


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


def measure(
    data: Dataset, split: Split, arm: str, sampler: Any, ratio: float
) -> Iterator[dict[str, Any]]:
    """Scores of every classifier after one arm has resampled one training set."""
    X, y = data.X.iloc[split.train], data.is_rare[split.train]
    begin, extra = time.process_time(), {}
    if arm == "oracle":
        rows = np.concatenate([split.train, split.hidden])
        X, y = data.X.iloc[rows], data.is_rare[rows]
    elif sampler is not None:
        wanted = {True: int(y.sum()) + len(split.hidden)}
        if not len(split.hidden):
            wanted = {True: max(int(ratio * (~y).sum()), int(y.sum()))}
        sampler = clone(sampler).set_params(sampling_strategy=wanted, random_state=0)
        n_real, copies = len(X), CopyFilter(X)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # reported as a column
            X, y = sampler.fit_resample(X.reset_index(drop=True), y)
        made = X.iloc[n_real:]
        if len(made) and not made.isna().all(axis=None):
            extra["copies"] = copies.is_copy(made).mean()
    seconds = time.process_time() - begin
    for name, classifier in CLASSIFIERS.items():
        if arm == "class weights":
            if "class_weight" not in classifier.get_params():
                continue
            classifier = clone(classifier).set_params(class_weight="balanced")
        fitted = make_classifier(classifier).fit(X, y)
        probability = fitted.predict_proba(data.X.iloc[split.test])[:, 1]
        is_rare = data.is_rare[split.test]
        yield {
            "classifier": name,
            **{
                metric: score(is_rare, probability) for metric, score in METRICS.items()
            },
            "cpu_seconds": seconds,
            **extra,
        }


def interval_over_sets(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over data sets."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, size=(2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return low, high


def against_nothing(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Difference from nothing on the same split; a row a (set, split, classifier)."""
    wide = results.pivot_table(
        index=["set", "split", "classifier"], columns="arm", values=metric
    )
    return wide.sub(wide["nothing"], axis=0).drop(columns="nothing")


def cv_table(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean difference from nothing, with an interval over data sets; a row an arm."""
    gains = against_nothing(results, metric)
    by_set = gains.groupby(["set", "classifier"]).mean()
    rows = {}
    for arm in gains:
        of_arm = by_set[arm].unstack("classifier").reindex(columns=list(CLASSIFIERS))
        pooled = of_arm[POOLED].mean(axis=1).dropna().to_numpy()
        rows[arm] = {
            **of_arm.mean(),
            "mean": pooled.mean(),
            "95 %": interval_over_sets(pooled),
            "worst": pooled.min(),
            "won": f"{(pooled > 0).sum()}/{len(pooled)}",
        }
    return pd.DataFrame(rows).T


def oracle_table(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Share of the oracle's gain that an arm brings, pooled over sets; a row an arm."""
    gains = against_nothing(results, metric).groupby(["set", "classifier"]).mean()
    rows = {}
    for arm in gains.columns.drop("oracle"):
        pair = gains[["oracle", arm]].dropna()
        by_classifier = pair.groupby("classifier").sum().reindex(list(CLASSIFIERS))
        chosen = pair[pair.index.get_level_values("classifier").isin(POOLED)]
        by_set = chosen.groupby("set").sum()
        rng = np.random.default_rng(0)
        draws = by_set.to_numpy()[rng.integers(len(by_set), size=(2000, len(by_set)))]
        sums = draws.sum(axis=1)
        rows[arm] = {
            **(by_classifier[arm] / by_classifier["oracle"]),
            "mean": by_set[arm].sum() / by_set["oracle"].sum(),
            "95 %": tuple(np.quantile(sums[:, 1] / sums[:, 0], [0.025, 0.975])),
            "harmed": f"{(chosen[arm] < -0.01).sum()}/{len(chosen)}",
        }
    return pd.DataFrame(rows).T


def show(table: pd.DataFrame, title: str) -> None:
    """Print a table of figures."""

    def text(value: Any) -> str:
        if isinstance(value, tuple):
            return " ".join(map(text, value))
        return value if isinstance(value, str) else f"{value:+.3f}"

    printed = Table(title=title, padding=0)
    for heading in ["arm", *table.columns]:
        align: Any = "left" if heading == "arm" else "right"
        printed.add_column(heading, justify=align, no_wrap=True)
    for arm, row in table.iterrows():
        printed.add_row(str(arm), *map(text, row))
    console.print(printed)


def parse_arms(specifications: list[str]) -> dict[str, Any]:
    """``name=module.Class`` -> instances; none named gives the default arms."""
    arms = {}
    for specification in specifications:
        name, _, path = specification.rpartition("=")
        module, _, attribute = path.rpartition(".")
        if not module:
            raise typer.BadParameter(
                f"--arm must be NAME=MODULE.CLASS. Got {specification!r}."
            )
        arms[name or attribute] = getattr(importlib.import_module(module), attribute)()
    return arms or default_arms()


def load_any(name: str) -> Dataset:
    """A data set by its name, or ``file.csv:target``, its rarest class being rare."""
    if name in DATASETS:
        return load(name)
    path, _, target = name.rpartition(":")
    if not path:
        raise typer.BadParameter(
            f"--data must be one of {list(DATASETS)} or FILE:TARGET. Got {name!r}."
        )
    read = pd.read_parquet if path.endswith(".parquet") else pd.read_csv
    frame = read(path)
    if target not in frame:
        raise typer.BadParameter(
            f"--data must be FILE:TARGET with a column of the file. Got {target!r}; "
            f"the columns are {list(frame.columns)}."
        )
    rare = frame[target].value_counts().index[-1]
    is_rare = (frame[target] == rare).to_numpy()
    return Dataset(frame.drop(columns=target), is_rare)


def main(
    mode: Annotated[str, typer.Option(help="cv, oracle or both.")] = "both",
    preset: Annotated[
        str, typer.Option(help=f"One of {', '.join(PRESETS)}.")
    ] = "quick",
    data: Annotated[list[str] | None, typer.Option(help="Name or FILE:TARGET.")] = None,
    arm: Annotated[list[str] | None, typer.Option(help="NAME=MODULE.CLASS.")] = None,
    repeats: Annotated[int | None, typer.Option(min=1)] = None,
    folds: Annotated[int, typer.Option(min=2)] = 3,
    ratio: Annotated[float, typer.Option(help="Rare to common rows in cv.")] = 0.3,
    out: Annotated[Path, typer.Option(help="CSV file.")] = Path("benchmark.csv"),
    metric: Annotated[str, typer.Option(help="What the table shows.")] = (
        "average_precision"
    ),
) -> None:
    """Compare over-samplers on real tables with doing nothing."""
    for option, value, choices in (
        ("--preset", preset, list(PRESETS)),
        ("--mode", mode, ["cv", "oracle", "both"]),
        ("--metric", metric, list(METRICS)),
    ):
        if value not in choices:
            raise typer.BadParameter(
                f"{option} must be one of {choices}. Got {value!r}."
            )
    names = data or PRESETS[preset][0]
    repeats = repeats or PRESETS[preset][1]
    modes = ["cv", "oracle"] if mode == "both" else [mode]
    samplers = {"nothing": None, "class weights": None, **parse_arms(arm or [])}
    keys = ["mode", "set", "split", "arm", "folds", "ratio"]
    done = set()
    if out.exists():
        done = set(pd.read_csv(out, dtype=str)[keys].itertuples(index=False, name=None))
    tables = {name: load_any(name) for name in names}
    tasks = [
        (each, name, split, label)
        for each, name in itertools.product(modes, names)
        for split in splits(each, tables[name].is_rare, repeats, folds)
        for label in [*samplers, *(["oracle"] if each == "oracle" else [])]
    ]
    for each, name, split, label in track(tasks, "Measuring", console=console):
        key = (each, name, split.name, label, str(folds), str(ratio))
        if key in done:
            continue
        measured = measure(tables[name], split, label, samplers.get(label), ratio)
        lines = [
            dict(zip(keys, key, strict=True)) | {"copies": 0.0} | m for m in measured
        ]
        pd.DataFrame(lines).to_csv(out, mode="a", header=not out.exists(), index=False)
    results = pd.read_csv(out, dtype={"split": str})
    results = results[(results["folds"] == folds) & (results["ratio"] == ratio)]
    for each in modes:
        of_mode = results[(results["mode"] == each) & results["set"].isin(names)]
        title, make_table = {
            "cv": (f"{metric} minus nothing, ratio {ratio}", cv_table),
            "oracle": (f"share of the oracle gap closed, {metric}", oracle_table),
        }[each]
        show(make_table(of_mode, metric), f"{title}; {len(names)} tables")


if __name__ == "__main__":
    typer.run(main)
