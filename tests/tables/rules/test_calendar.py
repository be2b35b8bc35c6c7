"""Parts of dates: what decides, in which time, and what is unknown."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.tables.rules import Rules
from gan_augment.tables.rules.calendar import PARTS, Calendar, part_of

N_ROWS = 900


def moments(start="2019-01-01", days=2000, tz=None):
    minutes = np.random.default_rng(0).integers(0, days * 24 * 60, N_ROWS)
    return pd.Series(pd.Timestamp(start, tz=tz) + pd.to_timedelta(minutes, "min"))


def words(frame):
    return {str(rule) for rule in Rules().fit(frame) if isinstance(rule, Calendar)}


@pytest.mark.parametrize("part", [part for part in PARTS if part != "second"])
def test_each_part_is_found(part):
    when = moments()
    frame = pd.DataFrame({"when": when, "follows": part_of(when, part)})
    assert words(frame) == {f"the {part} of when decides follows"}


def test_the_part_of_the_fewest_values_is_the_one_that_is_named():
    when = moments()
    frame = pd.DataFrame({"when": when, "is_late": when.dt.month >= 7})
    assert words(frame) == {"the quarter of when decides is_late"}


def test_hours_are_those_of_the_clock_where_the_dates_are():
    when = moments(tz="America/New_York")
    frame = pd.DataFrame({"when": when, "hour": when.dt.hour})
    (rule,) = (rule for rule in Rules().fit(frame) if isinstance(rule, Calendar))
    same = pd.DataFrame({"when": when.dt.tz_convert("UTC"), "hour": frame["hour"]})
    assert not rule.violations(frame).any()
    assert rule.violations(same).any()


def test_the_month_of_a_single_month_or_of_one_date_a_month_is_no_rule():
    short = moments(days=20)
    assert words(pd.DataFrame({"when": short, "month": short.dt.month})) == set()
    firsts = pd.Series(pd.date_range("2020-01-01", periods=12, freq="MS"))
    firsts = firsts.sample(N_ROWS, replace=True, random_state=0, ignore_index=True)
    prices = firsts.dt.month.map(lambda month: month * 17 % 10)
    assert words(pd.DataFrame({"when": firsts, "price": prices})) == set()


def test_what_no_row_has_follows_the_nearest_and_a_missing_date_what_it_has():
    when = moments().mask(np.arange(N_ROWS) % 9 == 0)
    names = when.dt.day_name().fillna("unknown")
    frame = pd.DataFrame({"when": when, "weekday": names})[when.dt.dayofweek != 6]
    (rule,) = (rule for rule in Rules().fit(frame) if isinstance(rule, Calendar))
    sunday = pd.DataFrame({"when": pd.to_datetime(["2024-06-02", "2024-06-03", None])})
    assert rule.compute(sunday).tolist() == ["Saturday", "Monday", "unknown"]
    assert rule.unknown(sunday).tolist() == [True, False, False]
    wrong = sunday.assign(weekday="Tuesday")
    assert rule.violations(wrong).tolist() == [False, True, True]


@pytest.mark.parametrize("part", ["Month", "", "second"])
def test_a_damaged_rule_is_refused(part):
    when = moments()
    frame = pd.DataFrame({"when": when, "month": when.dt.month})
    (rule,) = (rule for rule in Rules().fit(frame) if isinstance(rule, Calendar))
    with pytest.raises(ValueError, match=r"`part`|decided"):
        Calendar(rule.source, part, rule.result, rule.decided, rule.missing, rule.gain)
