"""The fidelity benchmark: real rows are its ceiling, noise its floor."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification

from gan_augment import TVAE
from gan_augment.tables.rules import Rules
from pipelines import fidelity, peers
from pipelines.fidelity_tables import Split, Table, load_split


@pytest.fixture(scope="module")
def split():
    X, y = make_classification(1200, 5, weights=[0.8], class_sep=1.5, random_state=0)
    frame = pd.DataFrame(X).rename(columns="x{}".format)
    frame["level"] = np.where(frame["x0"] > 0, "a", "b")
    label = np.where(y, "yes", "no")
    train, test = frame[:800].reset_index(drop=True), frame[800:].reset_index(drop=True)
    return Split(Table(train, label[:800]), Table(test, label[800:]))


def test_shuffled_columns_are_worse_than_real_rows_by_every_measure(split):
    auc = fidelity.auc_on_real(split.train, split.test)
    rng = np.random.default_rng(0)
    columns = {n: rng.permutation(split.train.X[n]) for n in split.train.X}
    shuffled = Table(pd.DataFrame(columns), rng.permutation(split.train.y))
    rules = Rules().fit(split.train.X)
    real = fidelity.judge(split, split.train, auc, rules)
    worse = fidelity.judge(split, shuffled, auc, rules)
    assert real["share"] == 1
    assert worse["share"] < 0.4
    assert real["C2ST"] < 0.6 < 0.7 < worse["C2ST"]
    assert worse["trend"] < real["trend"]
    assert real["broken"] == 0 < 0.3 < worse["broken"]
    # Copies are as faithful as can be, and give everybody away.
    assert real["membership"] > 0.6 > worse["membership"]


@pytest.mark.parametrize("title", ["Gaussian mixture", "SMOTE"])
def test_baselines_draw_the_classes_as_common_as_they_are(split, title):
    generator = fidelity.GENERATORS[title](0).fit(*split.train)
    rows = fidelity.draw(generator, split.train)
    assert sorted(rows.y) == sorted(split.train.y)
    assert rows.X.dtypes.equals(split.train.X.dtypes)
    assert set(rows.X["level"]) == {"a", "b"}


def test_a_split_by_person_has_no_household_in_both_parts():
    train, test = load_split("DoctorContacts", 0, by_person=True)
    assert not set(train.X["linc"]) & set(test.X["linc"])
    assert len(test.y) / (len(train.y) + len(test.y)) == pytest.approx(0.25, abs=0.02)


def test_a_model_of_each_class_sees_its_rows_as_often_as_one_of_all(monkeypatch):
    monkeypatch.setattr(peers, "EPOCHS", 2)
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=600)})
    y = np.arange(600) % 6
    fitted = peers.Epochs(TVAE, 0).fit(X, y)
    # One batch of 500 holds the 100 rows of a class.
    assert fitted.history_["step"][-1] == 2 * 6
