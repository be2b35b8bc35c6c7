"""``compare``: whether over-sampling helps a classifier on this table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_augment.cli.comparing import comparison_table
from gan_augment.cli.console import Console, silent_workers, tracked
from gan_augment.cli.errors import NOT_JUDGED, UserError
from gan_augment.cli.files import check_directory
from gan_augment.cli.options import (
    ColumnOptions,
    FileArgument,
    FoldOptions,
    Json,
    Quiet,
    ReadingOptions,
    Seed,
    TrackingOptions,
)

if TYPE_CHECKING:
    from gan_augment.comparison import Comparison

WRITTEN = (".html", ".csv", ".png", ".svg", ".pdf")


def compare(
    file: FileArgument,
    columns: ColumnOptions,
    folding: FoldOptions,
    reading: ReadingOptions,
    tracking: TrackingOptions,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Also write the table (.html), every fold (.csv) or a figure (.png, "
            ".svg, .pdf).",
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also compare more ensembles of classifiers."),
    ] = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Say whether over-sampling helps a classifier on this table.

    The same folds for doing nothing, a tuned threshold, class weights, random over- and
    under-sampling, SMOTE, the GAN, and a vote of three classifiers. Every score is of
    real rows that were held out.

    Example: `gan-augment compare customers.csv --target churned`
    """
    if output is not None:
        _check_output(output)
    console = Console(quiet, as_json)
    from gan_augment.cli.classifiers import make_classifier
    from gan_augment.cli.folds import drawn, fold_arguments
    from gan_augment.cli.table import load_table

    classifier = make_classifier(folding.classifier)
    table = load_table(file, reading, columns, console, folding)
    table = drawn(table, folding, console)
    how = fold_arguments(table, folding, console)
    from gan_augment import compare as cross_validate

    with tracked(tracking, console), silent_workers():
        comparison = cross_validate(
            table.X,
            table.y,
            classifier,
            "all" if everything else "default",
            **how,
            random_state=seed,
            verbose=console.shows_bars,
        )
    console.show(comparison_table(comparison))
    console.show(comparison.verdict, style="bold")
    if output is not None:
        _write(comparison, output, table.name)
        console.say(f"Written to {output}.")
    console.show_json(
        {
            "outcome": comparison.outcome,
            "verdict": comparison.verdict,
            "counts": comparison.counts,
            "arms": comparison.differences().join(
                comparison.table().drop(columns="against nothing")
            ),
            "errors": comparison.errors,
        }
    )
    if comparison.outcome == "leak":
        raise typer.Exit(NOT_JUDGED)


def _check_output(output: str) -> None:
    if Path(output).suffix not in WRITTEN:
        raise UserError(
            f"`--output` must end in one of {', '.join(WRITTEN)}. Got {output!r}. Take "
            "another name."
        )
    check_directory(output)


def _write(comparison: Comparison, output: str, name: str) -> None:
    path = Path(output)
    if path.suffix == ".html":
        page = f"<!doctype html><meta charset=utf-8><title>{name}</title>"
        path.write_text(page + comparison.to_html(), encoding="utf-8")
    elif path.suffix == ".csv":
        comparison.frame.to_csv(path, index=False)
    else:
        comparison.plot().figure_.savefig(path, bbox_inches="tight")
