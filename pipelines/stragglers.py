"""How long many partitions take on many workers that are slow at times and die.

    python -m pipelines.stragglers

A simulation with the distribution of partition times that ``pipelines.engines`` wrote
to ``partition_seconds.csv``, or with its own if there is no such file. Each worker that
is free takes the next partition. A worker dies after a time that is exponentially
distributed, loses what it was drawing, and is replaced after a while. In the end, free
workers may draw again what others still draw, and the first is taken.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.console import Console

from pipelines.summary import show

SECONDS_FILE = Path("partition_seconds.csv")


@dataclass(frozen=True)
class Cluster:
    """Machines, and what happens to them.

    Parameters
    ----------
    n_workers : int
        How many draw at the same time.
    hours_to_failure : float, default=inf
        Mean time after which a worker dies.
    restart_seconds : float, default=60.0
        Seconds until a dead worker is replaced.
    slow_share : float, default=0.0
        Share of the workers that are slow throughout.
    slow_factor : float, default=3.0
        How many times as long these take.
    speculates : bool, default=False
        Whether free workers draw again what others still draw.
    """

    n_workers: int
    hours_to_failure: float = np.inf
    restart_seconds: float = 60.0
    slow_share: float = 0.0
    slow_factor: float = 3.0
    speculates: bool = False


def makespan(
    seconds: np.ndarray, cluster: Cluster, rng: np.random.Generator
) -> tuple[float, int]:
    """Simulate partitions of given times.

    Parameters
    ----------
    seconds : ndarray of shape (n_partitions,)
        Time of each partition on an ordinary worker.
    cluster : Cluster
        The machines.
    rng : Generator
        Source of deaths and of slow workers.

    Returns
    -------
    makespan : float
        Seconds until the last partition is drawn.
    n_lost : int
        Partitions that were lost with their worker, and drawn again.
    """
    slow = rng.random(cluster.n_workers) < cluster.slow_share
    mean_life = 3600 * cluster.hours_to_failure
    factor = np.where(slow, cluster.slow_factor, 1.0)
    waiting = list(range(len(seconds)))[::-1]
    copied = np.zeros(len(seconds), dtype=bool)
    end = np.full(len(seconds), np.inf)
    # When a worker is free, and which it is.
    free = [(0.0, worker) for worker in range(cluster.n_workers)]
    lost: list[tuple[float, int]] = []
    running: list[tuple[float, int]] = []  # ends of partitions, latest first
    n_lost = 0
    while waiting or lost or (cluster.speculates and running):
        now, worker = heapq.heappop(free)
        while lost and lost[0][0] <= now:
            waiting.append(heapq.heappop(lost)[1])
        if waiting:
            partition = waiting.pop()
        elif lost:  # somebody is still drawing what will be lost
            heapq.heappush(free, (lost[0][0], worker))
            continue
        else:
            while running and (-running[0][0] <= now or copied[running[0][1]]):
                heapq.heappop(running)
            if not running:
                break
            partition = running[0][1]
            copied[partition] = True
        duration = seconds[partition] * factor[worker]
        life = rng.exponential(mean_life) if mean_life < np.inf else np.inf
        if life < duration:
            n_lost += 1
            died = now + life
            if not np.isfinite(end[partition]):
                heapq.heappush(lost, (died, partition))
            heapq.heappush(free, (died + cluster.restart_seconds, worker))
            continue
        end[partition] = min(end[partition], now + duration)
        if cluster.speculates:
            heapq.heappush(running, (-end[partition], partition))
        heapq.heappush(free, (now + duration, worker))
    return float(end.max()), n_lost


def partition_seconds() -> np.ndarray:
    """Measured times of partitions over their median."""
    if SECONDS_FILE.exists():
        seconds = pd.read_csv(SECONDS_FILE)["seconds"].to_numpy()
        return seconds / np.median(seconds)
    return np.exp(np.random.default_rng(0).normal(0, 0.25, 1000))


CASES = {
    "equal machines": Cluster(1),
    "1 % of the machines take 3 times as long": Cluster(1, slow_share=0.01),
    "the same, drawn twice in the end": Cluster(1, slow_share=0.01, speculates=True),
    "machines die every 1,000 h": Cluster(1, hours_to_failure=1000),
    "machines die every 10 h": Cluster(1, hours_to_failure=10),
}


def simulate(n_partitions: int, n_workers: int, seconds: float) -> pd.DataFrame:
    """Time over the time of the same work without any waiting, of each case."""
    times = partition_seconds()
    rows = {}
    for name, case in CASES.items():
        rng = np.random.default_rng(0)
        drawn = seconds * rng.choice(times, n_partitions)
        cluster = Cluster(**{**vars(case), "n_workers": n_workers})
        took, n_lost = makespan(drawn, cluster, rng)
        rows[name] = {
            "hours": f"{took / 3600:.2f}",
            "over ideal": f"{took / (drawn.sum() / n_workers):.3f}",
            "drawn again": str(n_lost),
        }
    return pd.DataFrame(rows).T


def main(
    rows_per_second: Annotated[
        float, typer.Option(help="Rows that one worker writes in a second.")
    ] = 30_000,
) -> None:
    """Simulate 10^9 and 10^12 rows on 100 and 10,000 workers."""
    console = Console(width=110)
    for n_rows, size, n_workers in (
        (10**9, 10**5, 100),
        (10**9, 10**5, 10_000),
        (10**12, 10**6, 100),
        (10**12, 10**6, 10_000),
        (10**12, 10**7, 10_000),
    ):
        table = simulate(n_rows // size, n_workers, size / rows_per_second)
        title = f"{n_rows:.0e} rows, files of {size:,}, {n_workers:,} workers"
        show(table, title, console, "case")


if __name__ == "__main__":
    typer.run(main)
