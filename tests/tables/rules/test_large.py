"""Rules of a table with more rows than they are found in."""

import numpy as np
import pandas as pd
import pytest

from gan_augment import Rules, TabularGAN
from gan_augment.tables.rules import discover
from gan_augment.tables.rules import discovery as module


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


@pytest.fixture
def cities(monkeypatch):
    """Fifty cities, of which one in two has a row or two of thousands."""
    monkeypatch.setattr(module, "MOST_ROWS", 500)
    rng = np.random.default_rng(0)
    common = rng.integers(0, 25, 4000)
    city = np.concatenate([common, np.arange(25, 50), np.arange(25, 50)])
    return pd.DataFrame(
        {
            "city": pd.Series(city).map("city {}".format),
            "region": pd.Series(city % 5).map("region {}".format),
            "sales": rng.normal(size=len(city)),
        }
    ).sample(frac=1, random_state=0, ignore_index=True)


def test_rare_levels_decide_as_they_do_in_all_rows(cities):
    (rule,) = (r for r in discover(cities) if str(r) == "city decides region")
    assert not rule.unknown(cities).any()
    pd.testing.assert_series_equal(rule.compute(cities), cities["region"])


def test_rare_combinations_decide_as_they_do_in_all_rows(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 500)
    rng = np.random.default_rng(0)
    first = np.append(rng.integers(0, 6, 4000), np.arange(6, 9))
    second = np.append(rng.integers(0, 4, 4000), [0, 1, 2])
    table = pd.DataFrame(
        {
            "first": pd.Series(first).map("f{}".format),
            "second": pd.Series(second).map("s{}".format),
            "third": pd.Series(first * (second + 1) % 7).map("t{}".format),
            "sales": rng.normal(size=len(first)),
        }
    )
    found = [r for r in discover(table) if str(r) == "first and second decide third"]
    assert len(found) == 1
    assert not found[0].unknown(table).any()
    pd.testing.assert_series_equal(found[0].compute(table), table["third"])


def test_rows_of_rare_levels_keep_what_they_decide(cities):
    y = np.arange(len(cities)) % 20 == 0
    gan = TabularGAN(random_state=0).fit(cities, y)
    rows, _ = gan.sample(3000, label=True)
    region_of = cities.groupby("city")["region"].first()
    assert (rows["city"].map(region_of) == rows["region"]).all()


def test_a_given_rule_need_not_know_all_levels(cities):
    common = cities[cities["city"].map(cities["city"].value_counts()) > 2]
    rules = [r for r in discover(common) if str(r) == "city decides region"]
    fitted = Rules(rules).fit(cities)
    assert not fitted.violations(cities).any()
