"""The command that counts rules and the rows that break them."""

import numpy as np
import typer
from tables_rules_planted import planted
from typer.testing import CliRunner

from pipelines import rules
from pipelines.datasets import Dataset


def test_the_command_prints_a_line_a_table(monkeypatch):
    X, _ = planted("order", 600, 0)
    data = Dataset(X, np.arange(600) % 8 == 0)
    monkeypatch.setattr(rules, "load", lambda name, max_rows: data)
    app = typer.Typer()
    app.command()(rules.main)
    found = CliRunner().invoke(app, ["--part", "false", "--table", "attrition"])
    assert found.exit_code == 0, found.output
    assert "attrition" in found.output
    assert "+0.000" in found.output


def test_an_unknown_table_is_refused():
    app = typer.Typer()
    app.command()(rules.main)
    found = CliRunner().invoke(app, ["--table", "nowhere"])
    assert found.exit_code != 0
