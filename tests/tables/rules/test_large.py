"""Rules of a table with more rows than they are found in."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.tables.rules import discover
from gan_augment.tables.rules import rules as module


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 500)
    rng = np.random.default_rng(0)
    net = rng.integers(10, 500, 4000)
    gross = net + rng.integers(0, 99, 4000)
    return pd.DataFrame({"net": net, "gross": gross, "other": rng.normal(size=4000)})


def test_what_all_rows_keep_is_found(table):
    assert "net <= gross" in map(str, discover(table))


def test_what_one_row_of_thousands_breaks_is_no_rule(table):
    # The rule is suggested whether the row is among those that are looked at or not.
    for row in (0, 1234, 3999):
        broken = table.copy()
        broken.loc[row, "gross"] = broken.loc[row, "net"] - 1
        assert "net <= gross" not in map(str, discover(broken))
