"""Tables with a rule of each kind, beside columns of noise."""

import numpy as np
import pandas as pd


def _order(rng, n):
    low = rng.integers(0, 40, n)
    return {"low": low, "high": low + rng.poisson(2, n)}, "low <= high"


def _strict_order(rng, n):
    low = rng.integers(0, 40, n)
    return {"low": low, "high": low + 1 + rng.poisson(2, n)}, "low < high"


def _order_of_decimals(rng, n):
    net = rng.integers(100, 9999, n) / 100
    gross = np.round(net + rng.exponential(20, n), 2)
    return {"net": net, "gross": gross}, "net <= gross"


def _order_of_dates(rng, n):
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    end = start + pd.to_timedelta(rng.poisson(2, n), "D")
    return {"start": start, "end": end}, "start <= end"


def _order_of_local_times(rng, n):
    start = pd.Timestamp("2021-03-01", tz="Europe/Paris")
    start = start + pd.to_timedelta(rng.integers(0, 900, n), "h")
    minutes = rng.exponential(90, n).round() * (rng.random(n) < 0.9)
    end = start + pd.to_timedelta(minutes, "min")
    return {"start": start, "end": end}, "start <= end"


def _order_of_durations(rng, n):
    part = pd.to_timedelta(rng.integers(0, 300, n), "min")
    whole = part + pd.to_timedelta(rng.poisson(2, n), "min")
    return {"part": part, "whole": whole}, "part <= whole"


def _gap(rng, n):
    low = rng.integers(0, 40, n)
    return {"low": low, "high": low + rng.integers(5, 15, n)}, "low + 5 <= high"


def _gap_of_dates(rng, n):
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    end = start + pd.to_timedelta(rng.integers(14, 24, n), "D")
    return {"start": start, "end": end}, "start + 14 days <= end"


def _order_of_written_dates(rng, n):
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    end = start + pd.to_timedelta(rng.poisson(2, n), "D")
    columns = {"start": start.strftime("%d.%m.%Y"), "end": end.strftime("%d.%m.%Y")}
    return columns, "start <= end"


def _sum(rng, n):
    parts = rng.integers(0, 900, (3, n))
    columns = dict(zip("abc", parts, strict=True))
    return {"total": parts.sum(axis=0), **columns}, "total = a + b + c"


def _difference_of_dates(rng, n):
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    days = rng.integers(0, 400, n)
    end = start + pd.to_timedelta(days, "D")
    return {"start": start, "days": days, "end": end}, "end = start + days"


def _other_units(rng, n):
    celsius = rng.integers(-200, 400, n) / 10
    fahrenheit = np.round(1.8 * celsius + 32, 2)
    columns = {"celsius": celsius, "fahrenheit": fahrenheit}
    return columns, "fahrenheit = 32 + 1.8 * celsius"


def _rounded_units(rng, n):
    grams = rng.integers(500, 90_000, n)
    return {"grams": grams, "kilos": np.round(grams / 1000, 1)}, "kilos = 0.001 * grams"


def _shares(rng, n):
    cuts = np.sort(rng.integers(0, 101, (n, 2)), axis=1)
    a, b = cuts[:, 0], cuts[:, 1] - cuts[:, 0]
    return {"a": a, "b": b, "c": 100 - a - b}, "c = 100 - a - b"


def _product(rng, n):
    price, count = rng.integers(100, 9999, n) / 100, rng.integers(1, 20, n)
    columns = {"price": price, "count": count, "total": np.round(price * count, 2)}
    return columns, "total = price * count"


def _ratio(rng, n):
    part, whole = rng.integers(1, 500, n), rng.integers(500, 900, n)
    columns = {"part": part, "whole": whole, "rate": np.round(100 * part / whole, 1)}
    return columns, "rate = 100 * part / whole"


def _quotient(rng, n):
    saved = rng.uniform(9, 900, n).round(2)
    cost = (saved * rng.uniform(4, 6, n)).round(2)
    # Years of any number of decimals do not give a cost of two.
    return {"cost": cost, "saved": saved, "years": cost / saved}, "years = cost / saved"


def _per_head(rng, n):
    people = rng.uniform(500, 3000, n).round(3)
    columns = {"people": people}
    for name, rate in {"beds": 0.004, "nurses": 0.01}.items():
        columns[name] = rng.poisson(1e3 * rate * people) + 1
        # Of seven digits, as statistics programs write them.
        columns[f"{name} each"] = [float(f"{v:.7g}") for v in columns[name] / people]
    return columns, {
        "people = beds / beds each",
        "beds each = beds / people",
        "beds = people * beds each",
    }


def _discounted(rng, n):
    price, count = rng.integers(100, 9999, n) / 100, rng.integers(1, 20, n)
    off = rng.choice([0, 0.1, 0.25], n)
    columns = {"price": price, "count": count, "off": off}
    columns["total"] = np.round(price * count * (1 - off), 2)
    return columns, {
        "total = price * count * (1 - off)",
        "total = count * price * (1 - off)",
    }


def _with_tax(rng, n):
    net, rate = rng.integers(500, 99_999, n) / 100, rng.choice([0.07, 0.19], n)
    columns = {"net": net, "rate": rate, "gross": np.round(net * (1 + rate), 2)}
    return columns, "gross = net * (1 + rate)"


def _body_mass_index(rng, n):
    height = rng.normal(1.75, 0.1, n).round(2)
    weight = (22 * height**2 * rng.lognormal(0, 0.1, n)).round(1)
    columns = {"height": height, "weight": weight}
    columns["bmi"] = np.round(weight / height**2, 1)
    return columns, "bmi = weight / height**2"


def _logarithm(rng, n):
    price = rng.lognormal(4, 1, n).round(2) + 1
    return {"price": price, "log": np.log(price).round(4)}, "log = log(price)"


def _square(rng, n):
    side = rng.integers(-90, 90, n)
    return {"side": side, "area": side**2}, "area = square(side)"


def _levels(rng, n):
    code = rng.choice(30, n)
    code[:10] = 30  # a rare level of ten rows
    town = np.array([f"town {i % 7}" for i in range(31)])[code]
    return {"code": [f"c{i}" for i in code], "town": town}, "code decides town"


def _many_codes(rng, n):
    code = rng.choice(120, n)
    columns = {"code": 1000 + 7 * code, "group": np.array([*"abcdefgh"])[code % 8]}
    columns["score"] = (code * 37) % 50
    return columns, "code decides group"


def _pairs_of_levels(rng, n):
    make, size = rng.choice(6, n), rng.choice(5, n)
    make[:10] = 6  # a rare level of ten rows
    group = np.array([*"abcdefg"])[(make * make + 3 * size + make * size) % 7]
    columns = {"make": [f"m{i}" for i in make], "size": [f"s{i}" for i in size]}
    return columns | {"group": group}, "make and size decide group"


def _rising(rng, n):
    income = rng.lognormal(7, 1, n).round(2)
    tax = (0.1 * income + 0.2 * np.maximum(income - 900, 0) + 1e-5 * income**2).round(2)
    return {"income": income, "tax": tax}, "tax never falls as income rises"


def _falling(rng, n):
    size = rng.integers(1, 90_000, n) / 100
    return {"size": size, "share": np.exp(-size / 90).round(7)}, {
        "share never rises as size rises",
        "size never rises as share rises",
    }


def _ranges(rng, n):
    plan = rng.choice(3, n)
    middle, spread = np.array([[15, 28, 60], [6, 12, 25]])[:, plan]
    price = np.clip(
        rng.normal(middle, spread),
        np.array([10, 18, 30])[plan],
        np.array([20, 40, 99])[plan],
    ).round(2)
    return {"plan": np.array(["basic", "plus", "pro"])[plan], "price": price}, (
        "price is at most 20 where plan is 'basic'; from 18 to 40 where plan is 'plus';"
        " at least 30 where plan is 'pro'"
    )


def _bins(rng, n):
    age = rng.integers(18, 90, n)
    group = pd.cut(age, [0, 30, 50, 99], labels=["young", "middle", "old"])
    return {"age": age, "group": group}, "age decides group, by 3 ranges"


def _month(rng, n):
    day = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 3000, n), "D")
    return {"day": day, "month": day.month}, "the month of day decides month"


def _hour_of_local_times(rng, n):
    when = pd.Timestamp("2021-03-01", tz="Europe/Paris")
    when = when + pd.to_timedelta(rng.integers(0, 900_000, n), "min")
    return {"when": when, "hour": when.hour}, "the hour of when decides hour"


def _weekend_of_written_dates(rng, n):
    day = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 3000, n), "D")
    columns = {"day": day.strftime("%d.%m.%Y"), "weekend": day.day_of_week >= 5}
    return columns, "the day of the week of day decides weekend"


def _constant_of_a_level(rng, n):
    has = rng.choice(["yes", "no"], n)
    amount = np.where(has == "yes", rng.integers(1, 900, n), 0)
    return {"has": has, "amount": amount}, {
        "amount is 0 where has is 'no'",
        "amount is 0 if and only if has is 'no'",
        "amount decides has, by 2 ranges",
    }


def _level_of_a_level(rng, n):
    line = rng.random(n) < 0.8
    several = np.where(line, rng.choice(["yes", "no"], n), "no line")
    columns = {"several": several, "plan": np.where(line, rng.choice([*"xyz"], n), "-")}
    return columns, {
        "plan is '-' where several is 'no line'",
        "plan is '-' if and only if several is 'no line'",
    }


def _missing_of_a_level(rng, n):
    has = rng.choice(["yes", "no"], n)
    since = np.where(has == "yes", rng.integers(1990, 2020, n), np.nan)
    return {"has": has, "since": since}, {
        "since is missing where has is 'no'",
        "since is missing if and only if has is 'no'",
        "since decides has",
    }


def _missing_together(rng, n):
    first = rng.normal(size=(2, n)).round(3)
    first[:, rng.random(n) < 0.3] = np.nan
    columns = dict(zip("ab", first, strict=True))
    return columns, "b is missing if and only if a is missing"


def _never_together(rng, n):
    sex = rng.choice(["f", "m"], n)
    state = rng.choice(["well", "ill", "pregnant"], n)
    state[(sex == "m") & (state == "pregnant")] = "well"
    return {"sex": sex, "state": state}, {
        "sex is 'f' where state is 'pregnant'",
        "state is not 'pregnant' where sex is 'm'",
    }


def _missing_below(rng, n):
    year = rng.integers(1990, 2020, n)
    size = np.where(rng.random(n) < 0.8, rng.integers(10, 900, n), np.nan)
    return {"year": year, "size": np.where(year < 2000, np.nan, size)}, (
        "size is missing where year is at most 1999"
    )


def _value_above(rng, n):
    rate = rng.integers(0, 12, n)
    below = rng.choice(["open", "stopped", "held"], n, p=[0.45, 0.1, 0.45])
    state = np.where(rate >= 8, "stopped", below)
    words = "state is 'stopped' where rate is at least 8"
    return {"rate": rate, "state": state}, words


PLANTED = {
    make.__name__.strip("_"): make
    for make in (
        _order,
        _strict_order,
        _order_of_decimals,
        _order_of_dates,
        _order_of_local_times,
        _order_of_durations,
        _gap,
        _gap_of_dates,
        _order_of_written_dates,
        _sum,
        _difference_of_dates,
        _other_units,
        _rounded_units,
        _shares,
        _product,
        _ratio,
        _quotient,
        _per_head,
        _discounted,
        _with_tax,
        _body_mass_index,
        _logarithm,
        _square,
        _levels,
        _many_codes,
        _pairs_of_levels,
        _rising,
        _falling,
        _ranges,
        _bins,
        _month,
        _hour_of_local_times,
        _weekend_of_written_dates,
        _constant_of_a_level,
        _level_of_a_level,
        _missing_of_a_level,
        _missing_together,
        _never_together,
        _missing_below,
        _value_above,
    )
}


def planted(kind, n_rows, seed, missing=0.0):
    """A table with one rule beside noise, and the words that may state the rule."""
    rng = np.random.default_rng(seed)
    columns, words = PLANTED[kind](rng, n_rows)
    frame = pd.DataFrame(columns)
    if missing and not any(frame.isna().any()):
        name = frame.columns[0]
        frame[name] = frame[name].mask(rng.random(n_rows) < missing)
    noise = pd.DataFrame(
        {
            "noise level": rng.choice([*"uvw"], n_rows),
            "noise real": rng.normal(size=n_rows),
            "noise whole": rng.poisson(5, n_rows),
        }
    )
    words = {words} if isinstance(words, str) else words
    return pd.concat([frame, noise], axis=1), words


def shuffled(frame, seed):
    """Every column in an order of its own."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {name: frame[name].to_numpy()[rng.permutation(len(frame))] for name in frame}
    ).astype(frame.dtypes.to_dict())
