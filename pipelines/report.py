"""One page that says whether synthetic rows help on this table, and what they are.

    python -m pipelines.report                                 # credit_data
    python -m pipelines.report customers.csv --target churned  # your own table

Three tenths of the rows are held out. The rest train a GAN, and the same rest compares
every way of handling the imbalance. The page, ``report.html``, is also an artifact of
an MLflow run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import mlflow
import typer
from rich.console import Console
from sklearn.model_selection import train_test_split

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN, compare, report
from gan_augment.classification import default_strategy
from gan_augment.cli.classifiers import CLASSIFIERS, make_classifier
from gan_augment.comparison.baselines import ImputedSMOTE
from pipelines.tabular import EXPERIMENT, load_table

console = Console()


def main(
    path: Annotated[Path | None, typer.Argument(help="A table.")] = None,
    target: Annotated[str | None, typer.Option(help="Column of the classes.")] = None,
    output: Annotated[Path, typer.Option(help="Page to write.")] = Path("report.html"),
    classifier: Annotated[
        str, typer.Option(help=f"One of {', '.join(CLASSIFIERS)}.")
    ] = "hgb",
    n_splits: Annotated[int, typer.Option(min=2, help="Folds of two repeats.")] = 5,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="Training steps of the GAN.")
    ] = None,
) -> None:
    """Train a GAN on a part of a table, and report on its rows by the other part."""
    if classifier not in CLASSIFIERS:
        raise typer.BadParameter(
            f"--classifier must be one of {list(CLASSIFIERS)}. Got {classifier!r}."
        )
    X, y = load_table(path, target)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.3, stratify=y, random_state=0
    )
    gan = TabularGAN() if max_steps is None else TabularGAN(max_steps=max_steps)
    pipeline = make_classifier(classifier)
    sampler = GANOverSampler(gan, sampling_strategy=default_strategy, random_state=0)
    samplers = {
        "SMOTE": ImputedSMOTE(sampling_strategy=default_strategy),
        "GAN": sampler,
    }
    comparison = compare(X, y, pipeline, samplers, cv=n_splits, random_state=0)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name="report"):
        X_resampled, y_resampled = sampler.fit_resample(X, y)
        found = report(
            sampler,
            X_resampled,
            y_resampled,
            X_test,
            y_test,
            comparison=comparison,
            title=f"Synthetic rows for {path.stem if path else 'credit_data'}",
            random_state=0,
        )
        gan_augment.mlflow.log_report(found)
    console.print(found.verdict, style="bold")
    console.print(f"Written to {found.save(output)}.")


if __name__ == "__main__":
    typer.run(main)
