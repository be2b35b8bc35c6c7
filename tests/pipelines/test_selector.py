"""The nested measurement of the selector: what it prints, resuming, its arithmetic."""

import pandas as pd
import pytest
import typer
from imblearn.over_sampling import RandomOverSampler
from typer.testing import CliRunner

from gan_augment import ResampledClassifier, ResampledClassifierCV
from pipelines import selector

RANDOM = {"random": RandomOverSampler(random_state=0)}
QUICK_ARMS = {
    "nothing": lambda classifier: classifier,
    "GAN": lambda classifier: ResampledClassifier(classifier, RANDOM["random"]),
    "selected": lambda classifier: ResampledClassifierCV(classifier, RANDOM, cv=2),
}


def test_the_command_nests_the_selector_and_goes_on_where_it_was(
    imbalanced, tmp_path, monkeypatch
):
    X, y = imbalanced
    X.assign(churned=y).to_csv(tmp_path / "own.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(selector, "ARMS", QUICK_ARMS)
    app = typer.Typer()
    app.command()(selector.main)
    command = ["--data", "own.csv:churned"]
    first = CliRunner().invoke(app, command, catch_exceptions=False)
    assert first.exit_code == 0
    for text in ("regret", "selected", "own.csv:churned", "mean"):
        assert text in first.stdout
    results = pd.read_csv("selector.csv")
    # Two folds, three classifiers, three arms.
    assert len(results) == 18
    chosen = results.loc[results["arm"] == "selected", "selected"]
    assert set("; ".join(chosen).split("; ")) <= {"nothing", "random"}
    again = CliRunner().invoke(app, [*command, "--repeats", "2"])
    assert again.exit_code == 0
    repeated = pd.read_csv("selector.csv")
    assert len(repeated) == 36
    pd.testing.assert_frame_equal(repeated[:18], results)
    folds = repeated[repeated["arm"] == "nothing"].groupby("split")[selector.METRIC]
    assert folds.mean().nunique() == 4
    monkeypatch.setattr(selector, "measure", None)
    once_more = CliRunner().invoke(app, command, catch_exceptions=False)
    alone = CliRunner().invoke(app, [*command, "--arm", "GAN"])
    assert "selected" not in alone.stdout
    unknown = CliRunner().invoke(app, [*command, "--arm", "best"])
    assert unknown.exit_code == 2
    # All but the progress bar, which is the first line.
    assert once_more.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]


def test_regret_is_against_the_better_of_both():
    rows = [
        ("a", 2, "0", "LR", "nothing", 0.5, 1.0),
        ("a", 2, "0", "LR", "GAN", 0.6, 3.0),
        ("a", 2, "0", "LR", "selected", 0.58, 9.0),
        ("b", 2, "0", "LR", "nothing", 0.5, 1.0),
        ("b", 2, "0", "LR", "GAN", 0.4, 3.0),
        ("b", 2, "0", "LR", "selected", 0.49, 9.0),
    ]
    table = selector.by_table(
        pd.DataFrame(rows, columns=[*selector.KEYS, selector.METRIC, "cpu_seconds"])
    )
    assert table.loc["a", "regret"] == pytest.approx(0.02)
    assert table.loc["b", "regret"] == pytest.approx(0.01)
    assert table.loc["mean", "selected"] == pytest.approx(0.035)
    assert table.loc["b", "selected, CPU s"] == 9
