"""What a training will take, before it begins."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from gan_augment import CTGAN, GANOverSampler, MemoryWarning, TabularGAN, forecast
from gan_augment.events import Listener, listening
from gan_augment.gans.recipe import recipe_for_table
from gan_augment.gans.size import TableSize

SMALL = TabularGAN(max_steps=9, hidden_dims=[8], batch_size=16)
OF_RECIPE_STEPS = TabularGAN(n_candidates=1, hidden_dims=[8], batch_size=16)


def sampler_with(**options):
    return GANOverSampler(SMALL, sample_filter=None, random_state=0, **options)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "x": rng.normal(size=600),
            "day": np.datetime64("2020-01-01") + rng.integers(0, 99, 600),
            "job": rng.choice([*"abcd"], 600),
        }
    )
    return X, np.where(np.arange(600) % 6 == 0, "rare", "common")


def test_what_is_counted(table):
    said = forecast(TabularGAN(), *table)
    assert (said.n_rows, said.n_columns, said.n_drawn) == (600, 3, 0)
    assert said.n_steps == TabularGAN().fit(*table).recipe_.max_steps
    assert said.seconds > 0
    assert said.fits == (said.memory <= said.available_memory)


@pytest.mark.parametrize(
    ("strategy", "n_drawn"), [("auto", 400), (0.5, 150), ({"rare": 130}, 30)]
)
def test_rows_that_are_drawn(table, strategy, n_drawn):
    said = forecast(sampler_with(sampling_strategy=strategy), *table)
    assert said.n_drawn == n_drawn
    assert f"{n_drawn} synthetic rows" in str(said)


def test_a_part_of_a_table_stands_for_all_of_it(table):
    said, whole = (forecast(sampler_with(), *table, n_rows=n) for n in (600, 6 * 10**9))
    assert (said.n_drawn, whole.n_drawn) == (400, 4 * 10**9)
    assert whole.memory > 100 * said.memory
    assert not whole.fits


def test_a_shape_is_enough():
    said = forecast(OF_RECIPE_STEPS, (1_000_000, 5))
    recipe = recipe_for_table(np.array([900_000, 100_000]), 5, "default")
    assert (said.n_rows, said.n_columns) == (1_000_000, 5)
    assert said.n_steps == recipe.max_steps


def test_more_steps_and_wider_networks_take_longer(table):
    seconds = [
        forecast(TabularGAN(max_steps=10**5, hidden_dims=widths), *table).seconds
        for widths in ([8], [128, 128])
    ]
    assert seconds[1] > seconds[0]
    limited = TabularGAN(max_steps=10**9, hidden_dims=[8], max_time=3)
    assert forecast(limited, *table).seconds < 100


def test_nothing_is_changed_and_nobody_told(table):
    heard = []

    class Diary(Listener):
        def on_begin(self, task):
            heard.append(task.name)

    X, y = table
    sampler = sampler_with()
    before, state = X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    with listening(Diary()):
        forecast(sampler, X, y)
        assert heard == []
        clone(SMALL).fit(X, y)
    assert heard == ["train"]
    pd.testing.assert_frame_equal(X, before)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    assert not hasattr(sampler, "gan_")


def test_what_is_refused(table):
    for arguments, error, message in (
        ((CTGAN(), *table), TypeError, "`estimator` must be a TabularGAN.*CTGAN"),
        ((GANOverSampler("image"), *table), TypeError, "`estimator` must be"),
        ((TabularGAN(), table[0]), ValueError, "`y` must hold the classes"),
        ((TabularGAN(), (1, 5)), ValueError, "`X` must have at least two rows"),
    ):
        with pytest.raises(error, match=message):
            forecast(*arguments)
    with pytest.raises(ValueError, match="`n_rows` must be a whole number"):
        forecast(TabularGAN(), *table, n_rows=0)


class TestMemory:
    """A fit says so before it begins."""

    @pytest.fixture
    def left(self, monkeypatch):
        """Set how many bytes the machine has left."""

        def leave(n_bytes):
            monkeypatch.setattr("gan_augment.memory.available_memory", lambda: n_bytes)

        return leave

    def test_a_fit_that_needs_more_than_there_is(self, table, left):
        left(1e6)
        with pytest.warns(MemoryWarning, match=r"600 rows needs about .* MB .* 1 MB"):
            clone(SMALL).fit(*table)
        with pytest.warns(MemoryWarning, match=r"400 rows of a class needs"):
            sampler_with().fit_resample(*table)

    @pytest.mark.filterwarnings("error::gan_augment.MemoryWarning")
    def test_no_warning_where_it_fits(self, table):
        sampler_with().fit_resample(*table)

    def test_the_warning_comes_before_the_training(self, table, left):
        left(1e6)
        told = []

        class Diary(Listener):
            def on_begin(self, task):
                told.append(task.name)

        with listening(Diary()), pytest.raises(MemoryWarning):
            _strictly(clone(SMALL).fit, *table)
        assert told == []

    def test_what_is_needed_grows_with_rows_and_columns(self, table):
        X, _ = table
        small = TableSize.of(X, 64)
        assert small == TableSize(600, n_numbers=2, n_levels=1, width=6)
        wide = TableSize.of(pd.concat([X, X.add_suffix(" 2")], axis=1), 64)
        large = small.with_rows(10**6)
        recipe = recipe_for_table(np.array([500, 100]), 6, "default")
        for size in (wide, large):
            assert size.fit_bytes(recipe) > small.fit_bytes(recipe)
        with_trees = replace(recipe, n_candidates=2)
        assert small.fit_bytes(with_trees) > small.fit_bytes(recipe)
        assert wide.draw_bytes(99) > small.draw_bytes(99)
        assert small.draw_bytes(10**6) > small.draw_bytes(99)
        assert TableSize.of(X, 3).width == 3


def _strictly(function, *arguments):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", MemoryWarning)
        function(*arguments)
