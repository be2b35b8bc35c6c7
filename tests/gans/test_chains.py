"""Trees that draw rows: what they learn, when they are chosen, what a file may hold."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from gan_augment import TabularGAN
from gan_augment.encoding.schema import Span
from gan_augment.gans import tree_steps
from gan_augment.gans.chains import learn_chains
from gan_augment.gans.recipe import recipe_for_trees
from gan_augment.metrics import c2st
from gan_augment.tables.encoder import RuleEncoder
from gan_augment.training.callbacks import Callback, EarlyStopping

N_ROWS = 1200


def make_table(n_rows=N_ROWS, seed=0):
    """A level that moves a number, a number with missing values, and two classes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_rows) % 2
    level = rng.choice(["a", "b", "c"], n_rows, p=[0.6, 0.3, 0.1])
    shift = pd.Series(level).map({"a": 0.0, "b": 4.0, "c": -3.0}).to_numpy()
    number = shift + rng.normal(size=n_rows) + 2 * y
    beside = number + 0.3 * rng.normal(size=n_rows)
    seldom = np.where(rng.random(n_rows) < 0.3 + 0.4 * y, np.nan, beside)
    return pd.DataFrame({"level": level, "number": number, "seldom": seldom}), y


@pytest.fixture(scope="module")
def fitted():
    return TabularGAN(random_state=0).fit(*make_table())


def test_columns_depend_on_each_other_and_on_the_class(fitted):
    X, y = make_table()
    made, labels = fitted.sample(4000)
    for label in (0, 1):
        real, drawn = X[y == label], made[labels == label]
        assert drawn["seldom"].isna().mean() == pytest.approx(
            real["seldom"].isna().mean(), abs=0.06
        )
        for level in "abc":
            means = [t.loc[t["level"] == level, "number"].mean() for t in (real, drawn)]
            assert means[1] == pytest.approx(means[0], abs=0.5)
        here = drawn.dropna()
        assert np.corrcoef(here["number"], here["seldom"])[0, 1] > 0.9


def test_rows_are_hard_to_distinguish_from_real_ones(fitted):
    X, y = make_table(seed=1)
    made, labels = fitted.sample(len(X))
    encoder = RuleEncoder().fit(X, y)
    real, drawn = (
        np.column_stack([encoder.transform(table, 0), of])
        for table, of in ((X, y), (made, labels))
    )
    independent = np.random.default_rng(0).permuted(real, axis=0)
    found = c2st(real, drawn, random_state=0)
    assert found < 0.66
    assert found < c2st(real, independent, random_state=0) - 0.2


def learn(n_rows=N_ROWS, n_chains=3):
    X, y = make_table(n_rows)
    encoder = RuleEncoder().fit(X, y)
    codes = encoder.quantize(X)
    chains = learn_chains(
        lambda rows, rng: encoder.dequantize(codes[rows], rng),
        y,
        encoder.schema_,
        n_chains=n_chains,
        rows_of_leaf=10,
        rng=np.random.default_rng(0),
    )
    return chains, encoder.schema_


@pytest.mark.parametrize("n_rows", [2, 10, 30, 1000])
def test_each_cell_is_drawn_from_some_rows_or_from_all_of_the_class(n_rows):
    chains, _ = learn(n_rows)
    counts = np.diff(chains.first)[chains.columns < 0]
    # Of the seldom number only rows count in which it is not missing.
    assert counts.min() >= (1 if n_rows <= 30 else 10)
    assert counts.max() <= max(n_rows // 2, 1)


def test_a_number_is_drawn_after_what_says_that_it_is_missing():
    chains, schema = learn(n_chains=9)
    assert len({tuple(order) for order in chains.order}) > 1
    for order in chains.order:
        cells = []
        for at in order:
            span = schema[at]
            assert span.present_at is None or span.present_at in cells
            cells += range(span.start, span.stop)


def test_missing_numbers_are_zero_as_encoded():
    chains, schema = learn()
    rows = chains.draw(np.zeros(500, dtype=int), schema, np.random.default_rng(0))
    (span,) = [s for s in schema if s.present_at is not None]
    missing = rows[:, span.present_at] == 0
    assert 0 < missing.mean() < 1
    assert (rows[missing, span.start] == 0).all()


def test_trees_are_chosen_where_each_class_has_many_rows():
    X, y = make_table()
    few = np.flatnonzero(y == 0)[:90]
    rows = np.concatenate([few, np.flatnonzero(y == 1)])
    assert TabularGAN(random_state=0).fit(X, y).chains_ is not None
    short = TabularGAN(random_state=0, max_time=1.0).fit(X.iloc[rows], y[rows])
    assert short.chains_ is None
    assert short.generator_weights_


@pytest.mark.parametrize(
    "params", [{"max_steps": 3}, {"hidden_dims": (8,), "max_steps": 3}]
)
def test_who_sets_a_parameter_of_networks_has_networks(params):
    gan = TabularGAN(random_state=0, **params).fit(*make_table())
    assert gan.chains_ is None
    assert gan.history_["step"][-1] == 3


def test_which_can_be_said():
    X, y = make_table(60)
    gan = TabularGAN(generator="trees", random_state=0).fit(X, y)
    assert gan.chains_ is not None
    assert gan.sample(9)[0].dtypes.equals(X.dtypes)


def test_a_subclass_with_networks_of_its_own_has_them():
    class Own(TabularGAN):
        def _make_generator(self, rng):
            return super()._make_generator(rng)

    assert not Own()._draws_by_trees(np.array([900, 900]))


def test_trees_are_learned_anew_where_they_were_before(fitted):
    X, y = make_table(300, seed=5)
    gan = TabularGAN(init_from=fitted, random_state=0).fit(X, y)
    assert gan.chains_ is not None
    with pytest.raises(ValueError, match="seldom"):
        clone(gan).set_params(init_from=fitted).fit(X.drop(columns="seldom"), y)
    with pytest.raises(ValueError, match="`init_from` must be a GAN whose rows a net"):
        TabularGAN(generator="network", init_from=fitted).fit(X, y)


def test_no_chain_is_begun_after_the_time_is_over():
    gan = TabularGAN(max_time=0, random_state=0).fit(*make_table())
    assert len(gan.chains_.order) == 1
    assert len(gan.sample(7)[0]) == 7


def test_callbacks_are_told_of_every_step_and_may_end_it():
    class Watch(Callback):
        def __init__(self):
            self.steps, self.ended = [], False

        def on_train_begin(self, max_steps):
            self.max_steps = max_steps

        def on_epoch_end(self, epoch):
            self.steps.append(epoch["step"])
            return self.stops

        def on_train_end(self):
            self.ended = True

    for stops, n_chains in ((False, 4), (True, 1)):
        watch = Watch()
        watch.stops = stops
        gan = TabularGAN(callbacks=[watch], random_state=0).fit(*make_table())
        assert watch.ended
        assert len(gan.chains_.order) == n_chains
        assert gan.history_["step"] == watch.steps
        assert stops or watch.steps == list(range(1, len(watch.steps) + 1))
        assert len(watch.steps) <= watch.max_steps


def test_the_loss_falls_of_a_discriminator_that_finds_something():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 6 * np.pi, N_ROWS)
    X = np.column_stack([angle * np.cos(angle), angle * np.sin(angle)])
    X += rng.normal(scale=0.1, size=X.shape)
    gan = TabularGAN(random_state=0).fit(X, rng.integers(2, size=N_ROWS))
    losses = gan.history_["discriminator_loss"]
    assert min(losses) < losses[0]


def test_real_rows_score_higher_than_drawn_ones(fitted):
    X, y = make_table()
    drawn = fitted._candidates(y, np.random.default_rng(0))
    real = fitted.score_samples(X, y)
    assert real.mean() > fitted.acceptance_.logits(drawn, y).mean()


@pytest.mark.parametrize("n_candidates", [1, 2])
def test_a_loaded_one_draws_the_same_rows(n_candidates, tmp_path):
    X, y = make_table(500)
    gan = TabularGAN(n_candidates=n_candidates, random_state=0).fit(X, y)
    gan.save(tmp_path / "model")
    loaded = TabularGAN.load(tmp_path / "model")
    pd.testing.assert_frame_equal(gan.sample(300)[0], loaded.sample(300)[0])
    assert np.array_equal(gan.score_samples(X, y), loaded.score_samples(X, y))


def test_few_rows_and_many_are_drawn_alike_by_a_small_network(fitted):
    small = fitted.distill((8,), max_steps=30, random_state=0)
    assert small.chains_ is None
    X, labels = small.sample(50, label=1)
    assert len(X) == 50
    assert set(labels) == {1}


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("order", lambda a: a * 0),
        ("order", lambda a: a[:, 1:]),
        ("roots", lambda a: a + 1),
        ("roots", lambda a: a[..., ::-1]),
        ("roots", lambda a: a * 1000),
        ("columns", lambda a: a + 50),
        ("columns", lambda a: a - 50),
        ("thresholds", lambda a: a * np.nan),
        ("above", lambda a: a * 0),
        ("above", lambda a: a + 10**6),
        ("first", lambda a: a * 0),
        ("first", lambda a: a[::-1]),
        ("first", lambda a: a + 5),
        ("values", lambda a: a + np.inf),
        ("values", lambda a: a + 1000),
        ("values", lambda a: a - 1000),
        ("values", lambda a: a[1:]),
    ],
)
def test_damaged_trees_are_refused(name, damage):
    chains, schema = learn()
    damaged = dataclasses.replace(chains, **{name: damage(getattr(chains, name))})
    with pytest.raises(
        ValueError, match=r"`?(order|roots|columns|thresholds|above|fi|v)"
    ):
        damaged.check(schema, 2)
    chains.check(schema, 2)


def test_a_cell_of_a_wide_table_depends_on_the_one_that_says_most_of_it():
    """Of two hundred columns, each of the last hundred is one of the first, negated."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(400, 100))
    noise = 0.1 * rng.normal(size=first.shape)
    encoded = np.hstack([first, noise - first]).astype(np.float32)
    schema = [Span(i, "scalar", i, 1) for i in range(200)]
    chains = learn_chains(
        lambda rows, rng: encoded[rows],
        np.zeros(400, dtype=int),
        schema,
        n_chains=1,
        rows_of_leaf=10,
        rng=rng,
    )
    drawn = chains.draw(np.zeros(2000, dtype=int), schema, rng)
    for i in range(0, 100, 10):
        assert np.corrcoef(drawn[:, i], drawn[:, 100 + i])[0, 1] < -0.8


def test_wide_tables_have_fewer_chains():
    counts = np.array([150, 150])
    narrow, wide = (recipe_for_trees(counts, n, "default") for n in (100, 2000))
    assert narrow.n_chains == 4
    assert wide.n_chains == 2


def test_the_time_is_over_for_the_trees_that_accept_rows_too(monkeypatch):
    """A clock of our own: each look at it is a second."""
    seconds = itertools.count()
    monkeypatch.setattr(tree_steps.time, "perf_counter", lambda: next(seconds))
    gan = TabularGAN(max_time=8, random_state=0).fit(*make_table())
    assert 1 < len(gan.chains_.order) < 4
    assert 1 <= len(gan.acceptance_.log_odds) <= 4


def test_a_callback_sees_what_one_before_has_written():
    class Writes(Callback):
        def on_epoch_end(self, epoch):
            epoch["own"] = -epoch["step"]

    stop = EarlyStopping("own", patience=1)
    gan = TabularGAN(callbacks=[Writes(), stop], random_state=0).fit(*make_table())
    assert len(gan.chains_.order) == 2
    assert "own" not in gan.history_
