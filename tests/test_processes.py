"""Real processes and threads: fits side by side, after a fork, in an event loop."""

import asyncio
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from gan_augment import GANOverSampler, TabularGAN

X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
Y = np.arange(60) % 6 == 0
posix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")


def make_sampler(seed):
    return GANOverSampler(TabularGAN(max_steps=3), random_state=seed)


def resample(seed):
    """The rows of a fit of some milliseconds; at the top, so that a child finds it."""
    return make_sampler(seed).fit_resample(X, Y)[0]


@pytest.fixture(scope="module")
def rows():
    """Of each seed, what a fit gives by itself."""
    return [resample(seed) for seed in range(4)]


def assert_same(found, rows):
    for one, other in zip(found, rows, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_threads_side_by_side(rows):
    with ThreadPoolExecutor(4) as pool:
        assert_same(pool.map(resample, range(4)), rows)


@posix
def test_a_fork_after_fits_of_this_process(rows):
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert_same(pool.map(resample, range(4), timeout=120), rows)


def test_a_process_that_is_spawned(rows):
    """It begins with nothing of this one, as every process does on Windows."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        # A child need not know this module.
        fits = [pool.submit(make_sampler(seed).fit_resample, X, Y) for seed in (0, 1)]
        assert_same([fit.result(120)[0] for fit in fits], rows[:2])


def test_a_running_event_loop_as_in_a_notebook(rows):
    async def cell():
        beside = asyncio.to_thread(resample, 1)
        return [resample(0), await beside]

    assert_same(asyncio.run(cell()), rows[:2])
