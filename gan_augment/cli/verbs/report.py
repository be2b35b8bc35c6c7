"""``report``: one page with a verdict on the rows that a GAN makes of this table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan_augment.cli.console import Console, silent_workers, tracked
from gan_augment.cli.errors import UserError
from gan_augment.cli.files import check_directory
from gan_augment.cli.options import (
    ColumnOptions,
    FewFoldsOptions,
    FileArgument,
    Json,
    MaxSteps,
    Quiet,
    ReadingOptions,
    RegistryOptions,
    Seed,
)

if TYPE_CHECKING:
    from gan_augment.reporting import Report

WRITTEN = (".html", ".md")


def report(
    file: FileArgument,
    columns: ColumnOptions,
    folding: FewFoldsOptions,
    reading: ReadingOptions,
    tracking: RegistryOptions,
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="The page to write, .html or .md."),
    ] = "report.html",
    max_steps: MaxSteps = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a report on synthetic rows: whether they help, and look real.

    Three tenths of the rows are held out. The others train a GAN, and compare every way
    of handling the imbalance.

    Example: `gan-augment report customers.csv --target churned -o report.html`
    """
    if Path(output).suffix not in WRITTEN:
        raise UserError(
            f"`--output` must end in .html or .md. Got {output!r}. Take another name."
        )
    check_directory(output)
    console = Console(quiet, as_json)
    from gan_augment.cli.classifiers import make_classifier
    from gan_augment.cli.folds import drawn, fold_arguments, hold_out
    from gan_augment.cli.table import load_table

    classifier = make_classifier(folding.classifier)
    table = load_table(file, reading, columns, console, folding)
    table = drawn(table, folding, console)
    train, test = hold_out(table, folding, seed)
    how = fold_arguments(train, folding, console)

    from gan_augment import GANOverSampler, TabularGAN, compare
    from gan_augment import report as make_report
    from gan_augment.classification import default_strategy

    gan = TabularGAN() if max_steps is None else TabularGAN(max_steps=max_steps)
    sampler = GANOverSampler(
        gan,
        sampling_strategy=default_strategy,
        verbose=console.shows_bars,
        random_state=seed,
    )
    with tracked(tracking, console) as logged:
        with silent_workers():
            comparison = compare(
                train.X,
                train.y,
                classifier,
                **how,
                random_state=seed,
                verbose=console.shows_bars,
            )
        console.begin("Making rows")
        X, y = sampler.fit_resample(train.X, train.y)
        console.begin("Measuring them")
        found = make_report(
            sampler,
            X,
            y,
            test.X,
            test.y,
            comparison=comparison,
            title=f"Synthetic rows for {table.name}",
            random_state=seed,
        )
        path = found.save(output)
        if logged is not None:
            _log(logged, found)
    for finding in found.findings:
        console.show(f"{finding.question} {finding.answer}. {finding.evidence}")
    console.show(found.verdict, style="bold")
    console.say(f"Written to {path}.")
    console.show_json(
        {
            "verdict": found.verdict,
            "findings": [vars(finding) for finding in found.findings],
            "quality": found.quality,
            "outcome": comparison.outcome,
            "page": path,
        }
    )


def _log(tracking: Any, found: Report) -> None:
    """Keep both pages and the verdict in a run."""
    with tracking.RunTracker(
        "report", tags={"gan_augment.verdict": found.verdict}
    ) as run:
        run.log_text(found.to_html(), "report.html")
        run.log_text(found.to_markdown(), "report.md")
        for quality in list(found.quality.values())[:1]:
            run.log_metrics(
                quality["synthetic"].dropna().add_prefix("report/").to_dict()
            )
