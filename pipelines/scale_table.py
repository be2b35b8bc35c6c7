"""A table of any number of rows: 30 mixed columns, rules, and one class in 500 rare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

RARE = 0.002
TARGET = "fraud"
# Rows of a file, and of what is generated at once.
FILE_ROWS = 500_000
N_CITIES, N_REGIONS = 500, 12
# Rows of which one breaks a rule that all others keep.
ROWS_A_BREACH = 500_000


def make_rows(n_rows: int, seed: int) -> pd.DataFrame:
    """Rows of the table, with the class as a column.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    seed : int
        Seed of the rows; another one gives other rows of the same distribution.

    Returns
    -------
    frame : DataFrame of shape (n_rows, 31)
        15 real-valued, 7 whole-numbered, 2 dates and 6 categorical columns, and the
        class.
    """
    rng = np.random.default_rng([seed, 0])
    fixed = np.random.default_rng(0)
    rare = rng.random(n_rows) < RARE
    factors = rng.normal(size=(n_rows, 4)) + 0.8 * rare[:, None]
    mixing = fixed.normal(size=(4, 12))
    noisy = factors @ mixing + rng.normal(size=(n_rows, 12))
    columns: dict[str, np.ndarray] = {f"score {i}": noisy[:, i] for i in range(6)}
    columns |= {f"amount {i}": np.exp(noisy[:, i] / 2).round(2) for i in range(6, 10)}
    columns["rate"] = np.where(rng.random(n_rows) < 0.1, np.nan, noisy[:, 10]).round(3)
    net = np.exp(4 + noisy[:, 11] / 3).round(2)
    columns |= {"net": net, "tax": (0.2 * net * rng.random(n_rows)).round(2)}
    columns["gross"] = (columns["net"] + columns["tax"]).round(2)
    columns["paid"] = (columns["gross"] * rng.beta(5, 1, n_rows)).round(2)
    means = np.exp(1 + 0.4 * factors @ fixed.normal(size=(4, 7)) / 2)
    columns |= {f"count {i}": rng.poisson(means[:, i]) for i in range(7)}
    opened = rng.integers(0, 3000, n_rows)
    closed = opened + rng.geometric(0.02, n_rows) - 1
    closed[rng.random(n_rows) < 1 / ROWS_A_BREACH] = -1
    start = np.datetime64("2015-01-01", "s")
    for name, days in (("opened", opened), ("closed", closed)):
        columns[name] = start + days.astype("m8[D]")
    frame = pd.DataFrame(columns)
    city = (N_CITIES * rng.beta(1, 3, n_rows)).astype(int)
    names = np.array([f"city {i}" for i in range(N_CITIES)], dtype=object)
    frame["city"] = names[city]
    frame["region"] = np.array([f"region {i}" for i in range(N_REGIONS)], dtype=object)[
        fixed.integers(0, N_REGIONS, N_CITIES)[city]
    ]
    for name, levels, column in (
        ("channel", ["web", "app", "shop", "phone"], 0),
        ("card", ["debit", "credit", "none"], 3),
        ("status", ["new", "known", "key", "left", "back"], 5),
    ):
        edges = np.linspace(-2, 2, len(levels) - 1)
        place = np.digitize(noisy[:, column] + rng.normal(size=n_rows), edges)
        frame[name] = np.array(levels, dtype=object)[place]
    frame["member"] = noisy[:, 1] + rng.normal(size=n_rows) > 0
    frame[TARGET] = np.where(rare, "yes", "no")
    return frame


def write(folder: Path, n_rows: int) -> None:
    """Write rows as a folder of Parquet files, unless they are there.

    Parameters
    ----------
    folder : Path
        The folder; made if it does not exist.
    n_rows : int
        Number of rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, begin in enumerate(range(0, n_rows, FILE_ROWS)):
        path = folder / f"part-{number:05}.parquet"
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            rows = make_rows(min(FILE_ROWS, n_rows - begin), seed=number)
            rows.to_parquet(unfinished, index=False)
            unfinished.rename(path)
