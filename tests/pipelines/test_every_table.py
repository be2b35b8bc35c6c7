"""Whether something is wrong with a table is said, whatever it is."""

import numpy as np
import pandas as pd
import typer
from tables_rules_planted import planted
from typer.testing import CliRunner

from pipelines import every_table


def test_nothing_is_wrong_with_a_plain_table():
    frame, _ = planted("order", 600, 0)
    found = every_table.measure(frame, "noise level")
    assert found["wrong"] == ""
    assert found["rules"] == 1
    assert (found["rows"], found["columns"]) == (600, 4)


def test_an_error_is_what_is_wrong():
    frame = pd.DataFrame({"a": [np.inf] * 40, "b": range(40), "class": [0, 1] * 20})
    assert "ValueError" in every_table.measure(frame, "class")["wrong"]


def test_values_that_the_real_ones_do_not_allow_are_named():
    real = pd.DataFrame({"a": [1, 2], "b": [1.0, 2.0], "c": ["x", "y"]})
    made = pd.DataFrame({"a": [1.0, 3.0], "b": [1.5, np.nan], "c": ["x", "x"]})
    assert every_table.problems(real, made, list(real)) == [
        "a is float64",
        "a leaves its range",
        "b has missing values",
    ]


def test_the_command_counts_the_tables(tmp_path):
    command = typer.Typer()
    command.command()(every_table.main)
    out = tmp_path / "tables.csv"
    done = CliRunner().invoke(command, ["--n-tables", "1", "--out", str(out)])
    assert done.exit_code == 0
    assert "1 tables" in done.output
    assert len(pd.read_csv(out)) == 1
