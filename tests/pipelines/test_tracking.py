"""The measurements of tracking and serving, in little."""

import re

import pytest
from typer.testing import CliRunner

from pipelines import tracking


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        # Two pairs, of which the tracked fit has 15 epochs of two steps.
        (["overhead", "--n-steps", "30", "--n-pairs", "2"], r"longest of 30 .* ms"),
        (["serving", "--n-clients", "2", "--n-requests", "2"], r"4 of 4 right.*True"),
    ],
)
def test_the_figures_are_printed(arguments, says, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    result = CliRunner().invoke(tracking.app, arguments)
    assert result.exit_code == 0, result.output
    assert re.search(says, " ".join(result.output.split()))
