"""``sample``: synthetic rows of a generator that was trained before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from gan_augment.cli.console import Console, mlflow_package
from gan_augment.cli.errors import UserError, suggestion
from gan_augment.cli.files import PIPE, kind_of_output, write_table
from gan_augment.cli.options import Quiet

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="DIR|models:/...",
        help="Directory that `train` wrote, or a generator in the registry.",
        show_default=False,
    ),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(help="Address of the MLflow server with the registry."),
]


def sample(
    source: SourceArgument,
    n_rows: Annotated[int, typer.Option("--rows", "-n", min=1, help="Rows.")] = 100,
    label: Annotated[
        str | None,
        typer.Option(help="Class of all rows. If not given, all classes are drawn."),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write; - is standard output, as CSV."
        ),
    ] = PIPE,
    target: Annotated[
        str, typer.Option("--target", "-t", help="Name of the column of classes.")
    ] = "target",
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of the draw. If not given, the generator's."),
    ] = None,
    tracking_uri: TrackingUri = None,
    quiet: Quiet = False,
) -> None:
    """Draw synthetic rows from a trained generator.

    Examples: `gan-augment sample generator -n 500 --label yes -o rows.csv`,
    `gan-augment sample models:/churn-generator@candidate -n 10`
    """
    kind_of_output(output)
    console = Console(quiet)
    gan = _load(source, tracking_uri)
    rows, labels = gan.sample(
        n_rows, label=_class_named(label, gan.classes_), random_state=seed
    )
    if not hasattr(rows, "columns"):
        raise UserError(
            f"{source} must draw tables. Got a generator of arrays. Call its `sample`."
        )
    if target in rows:
        raise UserError(
            f"`--target` must not be the name of another column. Got {target!r}. Pass "
            "another."
        )
    write_table(rows.assign(**{target: labels}), output)
    if output != PIPE:
        console.say(f"{n_rows:,} synthetic rows written to {output}.")


def _load(source: str, tracking_uri: str | None) -> Any:
    """The generator of a directory, or of the registry."""
    if ":/" in source:
        package = mlflow_package(tracking_uri)
        try:
            return package.load_model(source)
        # No other package than gan_augment.mlflow imports mlflow.
        except package.registration.MlflowException as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise UserError(
                f"{source} must be a generator in the registry. Got: {reason}. Check "
                "its name and alias, and `--tracking-uri`."
            ) from error
    if not any((Path(source) / name).is_file() for name in ("MLmodel", "model.json")):
        refuse_source(source)
    from gan_augment import load

    return load(source)


def refuse_source(source: str) -> NoReturn:
    """Raise a UserError that says what a source is."""
    raise UserError(
        "DIR must be a generator that `gan-augment train` wrote, or a name such as "
        f"models:/churn-generator@candidate. Got {source!r}. Check the path."
    )


def _class_named(label: str | None, classes: Any) -> Any:
    if label is None:
        return None
    by_text = {str(each): each for each in classes.tolist()}
    if label not in by_text:
        raise UserError(
            f"`--label` must be a class of the generator. Got {label!r}. "
            f"{suggestion(label, by_text)}"
        )
    return by_text[label]
