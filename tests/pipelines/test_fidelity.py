"""The fidelity benchmark: real rows are its ceiling, noise its floor."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification

from gan_augment.tables.rules import Rules
from pipelines import fidelity
from pipelines.fidelity_tables import Split, Table


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
