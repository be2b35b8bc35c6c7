"""The nested measurement of the selector: what it prints, resuming, its arithmetic."""

import pandas as pd
import pytest
import typer
from imblearn.over_sampling import RandomOverSampler
from typer.testing import CliRunner

from gan_augment import ResampledClassifier, ResampledClassifierCV
from pipelines import selector
from pipelines.datasets import Dataset

RANDOM = {"random": RandomOverSampler(random_state=0)}
QUICK_ARMS = {
    "nothing": lambda classifier: classifier,
    "soft labels": lambda classifier: ResampledClassifier(classifier, RANDOM["random"]),
    "selected": lambda classifier: ResampledClassifierCV(classifier, RANDOM, cv=2),
}


@pytest.mark.slow
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
    monkeypatch.setattr(selector, "measure", None)
    once_more = CliRunner().invoke(app, command, catch_exceptions=False)
    alone = CliRunner().invoke(app, [*command, "--arm", "soft labels"])
    assert alone.exit_code == 0
    assert "soft labels" in alone.stdout
    assert "selected" not in alone.stdout
    for wrong in (["--arm", "best"], ["--metric", "luck"]):
        assert CliRunner().invoke(app, [*command, *wrong]).exit_code == 2
    brier = CliRunner().invoke(app, [*command, "--metric", "brier"])
    assert "brier: gain over nothing" in brier.stdout
    # All but the progress bar, which is the first line.
    assert once_more.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]


def test_repeats_are_other_folds_after_the_same_first_ones(imbalanced):
    X, y = imbalanced
    table = Dataset(X, (y == "rare").to_numpy())
    once, thrice = (
        [tuple(test) for _, test in selector.outer_splits(table, 2, repeats)]
        for repeats in (1, 3)
    )
    assert thrice[:2] == once
    assert len(set(thrice)) == 6
    for first, second in zip(thrice[::2], thrice[1::2], strict=True):
        assert sorted(first + second) == list(range(len(X)))


def test_regret_is_against_the_better_of_both():
    rows = [
        ("a", 2, "0", "LR", "nothing", 0.5, 1.0),
        ("a", 2, "0", "LR", "soft labels", 0.6, 3.0),
        ("a", 2, "0", "LR", "selected", 0.58, 9.0),
        ("b", 2, "0", "LR", "nothing", 0.5, 1.0),
        ("b", 2, "0", "LR", "soft labels", 0.4, 3.0),
        ("b", 2, "0", "LR", "selected", 0.49, 9.0),
    ]
    table = selector.by_table(
        pd.DataFrame(
            rows, columns=[*selector.KEYS, "average_precision", "cpu_seconds"]
        ),
        "average_precision",
    )
    assert table.loc["a", "regret"] == pytest.approx(0.02)
    assert table.loc["b", "regret"] == pytest.approx(0.01)
    assert table.loc["mean", "selected"] == pytest.approx(0.035)
    assert table.loc["b", "selected s"] == 9
