"""The options that several verbs share, each declared once."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

import joblib
import typer

FILE = "The file"
COLUMNS = "Columns"
TRACKING = "MLflow"
MOST_JOBS = 4

FileArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="CSV, Parquet, Feather, Excel or JSON lines; - reads standard input.",
        show_default=False,
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print the result and errors alone.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Seed = Annotated[
    int,
    typer.Option(
        min=0, help="Seed of every random choice; the same seed gives the same rows."
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Only print the time and memory that it would take."
    ),
]
MaxSteps = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Training steps of the GAN. If not given, chosen by the rarest class.",
    ),
]
Folds = Annotated[
    int, typer.Option(min=2, help="Number of folds of each of two repeats.")
]


@dataclass(frozen=True)
class ReadingOptions:
    """How the file is read. What is not given is found out, and said."""

    sep: Annotated[
        str | None,
        typer.Option(help="Separator of a CSV; tab for tabs.", rich_help_panel=FILE),
    ] = None
    decimal: Annotated[
        str | None,
        typer.Option(help="Decimal sign of a CSV, . or ,", rich_help_panel=FILE),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(help="Encoding of a text file.", rich_help_panel=FILE),
    ] = None
    na: Annotated[
        list[str] | None,
        typer.Option(
            help="Text that means a missing value, in place of pandas' own list.",
            rich_help_panel=FILE,
        ),
    ] = None
    dates: Annotated[
        str | None,
        typer.Option(
            help="day-first, month-first, a format such as %d.%m.%Y, or text to leave "
            "dates as they are.",
            rich_help_panel=FILE,
        ),
    ] = None
    sheet: Annotated[
        str | None,
        typer.Option(
            help="Sheet of an Excel file; the first one if not given.",
            rich_help_panel=FILE,
        ),
    ] = None


@dataclass(frozen=True)
class ColumnOptions:
    """What the columns are."""

    target: Annotated[
        str,
        typer.Option(
            "--target",
            "-t",
            help="Column of the classes.",
            show_default=False,
            rich_help_panel=COLUMNS,
        ),
    ]
    positive: Annotated[
        str | None,
        typer.Option(
            help="Class of interest; the others are merged into one.",
            rich_help_panel=COLUMNS,
        ),
    ] = None
    drop: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to leave out, of the output too; may be repeated.",
            rich_help_panel=COLUMNS,
        ),
    ] = None
    identifiers: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            help="Column that identifies rows or persons: it is not used for training, "
            "and is missing in synthetic rows. May be repeated.",
            rich_help_panel=COLUMNS,
        ),
    ] = None
    clean: Annotated[
        bool,
        typer.Option(
            "--clean",
            help="Apply the remedies that `check` calls safe, and print them.",
            rich_help_panel=COLUMNS,
        ),
    ] = False


@dataclass(frozen=True)
class FoldOptions:
    """How rows are held out, and what is trained on the others."""

    classifier: Annotated[
        str,
        typer.Option(
            help="hgb: gradient boosting, rf: random forest, lr: logistic regression, "
            "vote: a vote of three."
        ),
    ] = "hgb"
    folds: Folds = 5
    groups: Annotated[
        str | None,
        typer.Option(
            help="Column that says which rows belong together, such as a customer's: "
            "they are held out together.",
            rich_help_panel=COLUMNS,
        ),
    ] = None
    date: Annotated[
        str | None,
        typer.Option(
            help="Column of dates: earlier rows are trained on, later ones held out.",
            rich_help_panel=COLUMNS,
        ),
    ] = None
    max_rows: Annotated[
        int,
        typer.Option(
            min=0,
            help="Largest number of rows to use, drawn class by class; 0 for all.",
        ),
    ] = 20_000
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=0,
            help="Number of folds at the same time, each in a process of half a "
            "gigabyte; 0 for one per core, at most 4.",
        ),
    ] = 0

    @property
    def n_jobs(self) -> int:
        """Number of folds at the same time."""
        return self.jobs or min(joblib.cpu_count(), MOST_JOBS)


@dataclass(frozen=True)
class FewFoldsOptions(FoldOptions):
    """The same with fewer folds, for a first look."""

    folds: Folds = 3


@dataclass(frozen=True)
class TrackingOptions:
    """Where a run is kept. Without these nothing is tracked."""

    tracking_uri: Annotated[
        str | None,
        typer.Option(
            help="Address of MLflow, such as http://localhost:5000 or "
            "sqlite:///mlflow.db.",
            rich_help_panel=TRACKING,
        ),
    ] = None
    experiment: Annotated[
        str,
        typer.Option(help="Experiment of the run.", rich_help_panel=TRACKING),
    ] = "gan_augment"

    @property
    def wanted(self) -> bool:
        """Whether a run is to be kept."""
        return self.tracking_uri is not None


@dataclass(frozen=True)
class RegistryOptions(TrackingOptions):
    """Where a run and its generator are kept."""

    registered_model: Annotated[
        str | None,
        typer.Option(
            help="Register the generator under this name.", rich_help_panel=TRACKING
        ),
    ] = None

    @property
    def wanted(self) -> bool:
        """Whether a run is to be kept."""
        return self.tracking_uri is not None or self.registered_model is not None


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function whose parameters may be groups of options.

    A parameter that is annotated with a dataclass is replaced by the dataclass's
    fields, each an option of its own.

    Parameters
    ----------
    function : callable
        What the command does.

    Returns
    -------
    command : callable
        Takes every option by its name.
    """
    options: list[inspect.Parameter] = []
    groups: dict[str, tuple[Any, list[str]]] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        kind: Any = parameter.annotation
        if dataclasses.is_dataclass(kind):
            group = inspect.signature(cast(Any, kind), eval_str=True).parameters
            groups[parameter.name] = kind, list(group)
            options += group.values()
        else:
            options.append(parameter)

    def command(**given: Any) -> None:
        for name, (kind, fields) in groups.items():
            given[name] = kind(**{field: given.pop(field) for field in fields})
        function(**given)

    by_name = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in options]
    command.__signature__ = inspect.Signature(by_name)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in options}
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    return command
