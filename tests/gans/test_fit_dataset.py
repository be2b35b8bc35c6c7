"""A GAN that is trained on a table that is read in chunks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from gan_augment import TabularGAN
from gan_augment.datasets import sample_dataset
from gan_augment.gans import BaseSynthesizer
from gan_augment.tables.rules import Predicate


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    net = rng.integers(10, 400, 6000)
    return pd.DataFrame(
        {
            "net": net,
            "gross": net + rng.integers(0, 60, 6000),
            "score": rng.normal(size=6000),
            "kind": rng.choice([*"abc"], 6000),
            "rare": rng.random(6000) < 0.02,
        }
    )


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for number in range(3):
        part = table[2000 * number : 2000 * (number + 1)]
        part.to_parquet(folder / f"{number}.parquet", index=False)
    return folder


def fitted(source, **options):
    gan = TabularGAN(max_steps=5, random_state=0)
    return gan.fit_dataset(source, "rare", **options)


def test_one_model_from_files_and_frames(table, folder):
    chunks = (table[i : i + 500] for i in range(0, 6000, 500))
    drawn = [
        fitted(source, max_rows=800).sample(50)[0]
        for source in (folder, table, [table[:99], table[99:]], chunks)
    ]
    for rows in drawn[1:]:
        pd.testing.assert_frame_equal(drawn[0], rows)


def test_a_table_that_fits_gives_the_model_of_fit(table, folder):
    whole = TabularGAN(max_steps=5, random_state=0)
    whole.fit(table.drop(columns="rare"), table["rare"])
    read = fitted(folder)
    pd.testing.assert_frame_equal(read.sample(50)[0], whole.sample(50)[0])
    np.testing.assert_array_equal(read.class_prior_, whole.class_prior_)


def test_the_prior_is_that_of_all_rows(table, folder):
    gan = fitted(folder, max_rows=300)
    assert gan.class_prior_[1] == table["rare"].mean()
    assert 0 < gan.sample(2000, random_state=0)[1].mean() < 0.05


def broken_once(table, row):
    """The table with a rule that one row breaks, which is not drawn."""
    changed = table.copy()
    changed.loc[row, "gross"] = 0
    return changed


def test_a_rule_that_holds_in_the_sample_alone_is_dropped(table):
    drawn = sample_dataset(
        table.assign(row=table.index),
        "rare",
        max_rows=800,
        # The seed that fit_dataset draws.
        random_state=np.random.default_rng(0).spawn(1)[0],
    ).X["row"]
    row = next(r for r in table.index if r not in set(drawn))
    assert "net <= gross" in map(str, fitted(table, max_rows=800).rules_)
    changed = broken_once(table, row)
    assert not len(fitted(changed, max_rows=800).rules_)
    # An iterator is read once: its rules are those of the sample.
    assert "net <= gross" in map(str, fitted(iter([changed]), max_rows=800).rules_)


def test_a_rule_that_is_given_stays(table):
    rule = Predicate(lambda rows: rows["net"] < 200, "small")
    gan = TabularGAN(max_steps=5, rules=[rule, "auto"], random_state=0)
    gan.fit_dataset(broken_once(table, 5999), "rare", max_rows=5000)
    assert "small" in map(str, gan.rules_)
    assert (gan.sample(50)[0]["net"] < 200).all()


def test_a_fitted_model_is_saved_and_loaded(folder, tmp_path):
    gan = fitted(folder, max_rows=800)
    gan.save(tmp_path / "gan")
    loaded = TabularGAN.load(tmp_path / "gan")
    pd.testing.assert_frame_equal(loaded.sample(9)[0], gan.sample(9)[0])


def test_the_parameters_are_not_changed(folder):
    gan = TabularGAN(max_steps=5, random_state=0)
    before = gan.get_params()
    assert gan.fit_dataset(folder, target="rare", max_rows=800) is gan
    assert gan.get_params() == before


def test_what_is_refused_leaves_no_model(table):
    gan = TabularGAN(max_steps=5)
    with pytest.raises(ValueError, match="`target` must be a column"):
        gan.fit_dataset(table, "other")
    with pytest.raises(ValueError, match="max_steps"):
        TabularGAN(max_steps=-1).fit_dataset(table, "rare")
    with pytest.raises(NotFittedError):
        gan.sample()


def test_every_gan_has_it():
    assert TabularGAN.fit_dataset is BaseSynthesizer.fit_dataset


def test_classes_may_be_dates(table):
    days = pd.to_datetime(np.where(table["rare"], "2024-02-29", "2023-01-01"))
    gan = TabularGAN(max_steps=5).fit_dataset(table.assign(rare=days), "rare")
    share = table["rare"].mean()
    np.testing.assert_allclose(gan.class_prior_, [1 - share, share])
