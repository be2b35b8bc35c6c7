"""Parts of dates: what decides, in which time, and what is unknown."""

import numpy as np
import pandas as pd
import pytest

from gan_augment import TabularGAN
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
    frame = pd.DataFrame({"when": when, "weekday": names})[when.dt.day_of_week != 6]
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


def independent(frame):
    """Every column in an order of its own."""
    rng = np.random.default_rng(1)
    order = {name: rng.permutation(len(frame)) for name in frame}
    columns = {name: frame[name].take(order[name]).array for name in frame}
    return pd.DataFrame(columns)


@pytest.mark.parametrize("tz", [None, "Europe/Paris"])
@pytest.mark.parametrize("is_text", [False, True])
def test_dates_follow_the_parts_that_were_drawn(tz, is_text):
    when = moments(tz=tz)
    if is_text and tz is None:
        when = when.dt.normalize()
    parts = ["month", "day of the week"] if is_text else ["month", "hour", "minute"]
    frame = pd.DataFrame({"when": when} | {part: part_of(when, part) for part in parts})
    if is_text:
        frame["when"] = when.dt.strftime("%d.%m.%Y")
    rules = Rules().fit(frame)
    pd.testing.assert_frame_equal(rules.expand(rules.reduce(frame)), frame)
    drawn = independent(rules.reduce(frame))
    rows = rules.expand(drawn)
    pd.testing.assert_frame_equal(rows[parts], drawn[parts])
    assert rules.violations(rows).mean() < 0.01
    assert rows["when"].nunique() > frame["when"].nunique() / 3


def test_a_date_moves_to_the_nearest_day_within_the_range():
    day = pd.Series(pd.date_range("2021-01-01", periods=900))
    frame = pd.DataFrame({"day": day, "weekday": day.dt.day_name()})
    rules = Rules().fit(frame)
    rows = pd.DataFrame(
        {
            "day": pd.to_datetime(["2021-06-02", "2021-06-02", "2021-01-01", None]),
            "weekday": ["Friday", "Monday", "Thursday", "Monday"],
        }
    )
    found = [str(day)[:10] for day in rules.expand(rows)["day"]]
    # A Wednesday; the first day is a Friday, so that the Thursday before is too early.
    assert found == ["2021-06-04", "2021-05-31", "2021-01-07", "NaT"]


def test_what_depends_on_the_hour_is_learned():
    rng = np.random.default_rng(0)
    when = moments()
    frame = pd.DataFrame({"when": when, "hour": when.dt.hour})
    y = rng.random(N_ROWS) < np.where(frame["hour"] < 5, 0.8, 0.05)
    gan = TabularGAN(max_steps=200, random_state=0).fit(frame, y)
    rows, _ = gan.sample(400, label=True)
    assert (rows["when"].dt.hour == rows["hour"]).all()
    is_night = (frame["hour"] < 5)[y].mean()
    assert (rows["hour"] < 5).mean() > is_night - 0.15
