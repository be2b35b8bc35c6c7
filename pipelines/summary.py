"""Tables and a figure of the measurements, with intervals over data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from gan_augment.comparison.result import NOTHING
from gan_augment.metrics import oracle_gap_closed
from gan_augment.metrics.scores import LESS_IS_BETTER
from gan_augment.plotting import ComparisonDisplay
from pipelines.measures import CLASSIFIERS, ROW_MEASURES

POOLED = ["LR", "RF", "HGB"]  # KNN's scores have six levels; it is shown beside
HARM = 0.01  # a loss beyond the noise of a mean over folds


def interval_over_sets(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over data sets."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, size=(2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return low, high


def gains_over(results: pd.DataFrame, metric: str, against: str) -> pd.DataFrame:
    """Gain over one arm on the same split; a row a (set, split, classifier)."""
    wide = results.pivot_table(
        index=["set", "split", "classifier"], columns="arm", values=metric
    )
    gains = wide.sub(wide[against], axis=0).drop(columns=against)
    return -gains if metric in LESS_IS_BETTER else gains


def harmed(gains: pd.DataFrame | pd.Series) -> str:
    """How many of these pairs of set and classifier lost more than :data:`HARM`."""
    known = gains.to_numpy()[gains.notna()]
    return f"{(known < -HARM).sum()}/{len(known)}"


def cv_table(
    results: pd.DataFrame, metric: str, against: str = NOTHING
) -> pd.DataFrame:
    """Mean gain over one arm, with an interval over data sets; a row an arm."""
    gains = gains_over(results, metric, against)
    by_set = gains.groupby(["set", "classifier"]).mean()
    rows = {}
    for arm in gains:
        of_arm = by_set[arm].unstack("classifier").reindex(columns=list(CLASSIFIERS))
        pooled = of_arm[POOLED].mean(axis=1).dropna().to_numpy()
        rows[arm] = {
            **of_arm.mean(),
            "mean": pooled.mean(),
            "95 %": interval_over_sets(pooled),
            "worst": pooled.min(),
            "won": f"{(pooled > 0).sum()}/{len(pooled)}",
            "harmed": harmed(of_arm[POOLED]),
        }
    return pd.DataFrame(rows).T.sort_values("mean", ascending=False)


def oracle_table(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Share of the oracle's gain that an arm brings, pooled over sets; a row an arm."""
    gains = gains_over(results, metric, NOTHING).groupby(["set", "classifier"]).mean()
    rows = {}
    for arm in gains.columns.drop("oracle"):
        pair = gains[["oracle", arm]].dropna()
        by_classifier = pair.groupby("classifier").sum().reindex(list(CLASSIFIERS))
        chosen = pair[pair.index.get_level_values("classifier").isin(POOLED)]
        by_set = chosen.groupby("set").sum()
        rng = np.random.default_rng(0)
        draws = by_set.to_numpy()[rng.integers(len(by_set), size=(2000, len(by_set)))]
        sums = draws.sum(axis=1)
        rows[arm] = {
            **(by_classifier[arm] / by_classifier["oracle"]),
            "mean": oracle_gap_closed(0, by_set[arm], by_set["oracle"]),
            "95 %": tuple(np.quantile(sums[:, 1] / sums[:, 0], [0.025, 0.975])),
            "harmed": harmed(chosen[arm]),
        }
    return pd.DataFrame(rows).T.sort_values("mean", ascending=False)


def row_table(results: pd.DataFrame) -> pd.DataFrame:
    """Fidelity, privacy (means over sets) and cost (medians) of every arm."""
    one_each = results.drop_duplicates(["set", "split", "arm"])
    made = one_each[one_each["copies"].notna()]
    means = made.groupby(["arm", "set"])[ROW_MEASURES].mean().groupby("arm").mean()
    costs = made.groupby("arm")[["cpu_seconds", "peak_mb"]].median()
    return means.join(costs)


def draw(table: pd.DataFrame, title: str, label: str, path: Path) -> None:
    """A dot and an interval an arm, best first, as a PNG file."""
    from matplotlib.figure import Figure

    differences = pd.DataFrame(table["95 %"].tolist(), table.index, ["low", "high"])
    differences["difference"] = table["mean"].astype(float)
    figure = Figure(figsize=(7, 1.1 + 0.32 * len(table)), layout="constrained")
    ComparisonDisplay(differences, label).plot(figure.subplots())
    figure.axes[0].set(xlabel=label, title=title)
    figure.savefig(path, dpi=120)


def show(table: pd.DataFrame, title: str, console: Console, first: str = "arm") -> None:
    """Print a table of figures; `first` is the heading of its index."""

    def text(value: Any) -> str:
        if isinstance(value, tuple):
            return " ".join(map(text, value))
        if isinstance(value, str):
            return value
        return "" if np.isnan(value) else f"{value:+.3f}"

    printed = Table(title=title, padding=0)
    for heading in [first, *table.columns]:
        align: Any = "left" if heading == first else "right"
        printed.add_column(heading, justify=align, no_wrap=True)
    for arm, row in table.iterrows():
        printed.add_row(str(arm), *map(text, row))
    console.print(printed)
