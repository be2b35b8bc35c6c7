"""The simulation of a cluster against cases that can be counted by hand."""

import numpy as np
import pytest

from pipelines.stragglers import Cluster, makespan


def rng():
    return np.random.default_rng(0)


def test_equal_partitions_take_as_many_rounds_as_they_fill():
    assert makespan(np.full(10, 2.0), Cluster(4), rng()) == (6.0, 0)
    assert makespan(np.full(10, 2.0), Cluster(1), rng()) == (20.0, 0)


def test_a_slow_worker_is_the_last_unless_its_partition_is_drawn_twice():
    slow = Cluster(2, slow_share=0.5, slow_factor=100)
    seed = next(  # where one of two workers is slow
        s for s in range(99) if (np.random.default_rng(s).random(2) < 0.5).sum() == 1
    )
    seconds = np.ones(10)
    alone, _ = makespan(seconds, slow, np.random.default_rng(seed))
    twice, _ = makespan(
        seconds,
        Cluster(**(vars(slow) | {"speculates": True})),
        np.random.default_rng(seed),
    )
    assert alone == 100
    assert twice == 10


@pytest.mark.parametrize("speculates", [False, True])
def test_what_dies_is_drawn_again(speculates):
    seconds = np.full(200, 60.0)
    mortal = Cluster(8, hours_to_failure=0.1, restart_seconds=30, speculates=speculates)
    took, n_lost = makespan(seconds, mortal, rng())
    assert n_lost > 0
    assert np.isfinite(took)
    assert took > makespan(seconds, Cluster(8), rng())[0]
