"""What a distilled classifier gains: controls without a GAN, the table, resuming."""

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

from gan_augment import TabularGAN
from pipelines import distillation
from pipelines.datasets import Dataset


@pytest.fixture
def rows(imbalanced):
    X, y = imbalanced
    return X.reset_index(drop=True), (y == "rare").to_numpy().astype(int)


def test_shuffled_columns_hold_the_same_values_and_know_no_other_column():
    X = pd.DataFrame(
        {"a": range(500), "b": range(500), "c": pd.Categorical(["x"] * 500)}
    )
    drawn, _ = distillation.ShuffledColumns().fit(X, None).sample(400, random_state=0)
    assert drawn.dtypes.equals(X.dtypes)
    assert drawn["a"].isin(X["a"]).all()
    assert abs(np.corrcoef(drawn["a"], drawn["b"])[0, 1]) < 0.2


def test_neighbours_are_rows_of_the_table_and_what_is_between_is_in_range(rows):
    X, y = rows
    drawn, _ = distillation.BetweenNeighbours().fit(X, y).sample(50, random_state=0)
    assert drawn.dtypes.equals(X.dtypes)
    assert drawn["age"].between(X["age"].min(), X["age"].max()).all()
    assert len(drawn) == 50


def test_a_real_row_has_its_own_out_of_fold_label():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"noise": rng.normal(size=300)}), np.arange(300) % 4 == 0
    taught = distillation.OutOfFold(LogisticRegression()).fit(X, y)
    kept = distillation.RealRows().fit(X, y)
    again, _ = kept.sample(int(y.sum()), label=True, random_state=0)
    pd.testing.assert_frame_equal(again, X[y].reset_index(drop=True))
    np.testing.assert_array_equal(
        taught.predict_proba(again), taught.probability_[np.flatnonzero(y)]
    )


def test_the_command_says_how_much_of_the_distance_is_closed(
    rows, tmp_path, monkeypatch
):
    X, y = rows
    table = Dataset(X, y == 1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(distillation, "find_tables", lambda: {"own": table})
    monkeypatch.setitem(distillation.ROWS, "GAN", TabularGAN(max_steps=2))
    app = typer.Typer()
    app.command()(distillation.main)
    command = ["--student", "tree", "--arm", "GAN", "--arm", "out-of-fold labels"]
    first = CliRunner().invoke(app, command, catch_exceptions=False)
    assert first.exit_code == 0
    for text in ("tree: average_precision", "of the distance", "GAN", "vote"):
        assert text in first.stdout
    results = pd.read_csv("distillation.csv")
    assert set(results["arm"]) == {"alone", "vote", "GAN", "out-of-fold labels"}
    assert len(results) == 2 * 4
    monkeypatch.setattr(distillation, "measure", None)
    again = CliRunner().invoke(app, command, catch_exceptions=False)
    assert again.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]
    assert CliRunner().invoke(app, ["--student", "nobody"]).exit_code == 2


def test_the_share_of_the_distance_is_pooled_over_tables():
    rows = [
        (name, "0.0", "tree", arm, 0.5 + gain)
        for name, scale in (("a", 1), ("b", 3))
        for arm, gain in (("alone", 0), ("vote", 0.1 * scale), ("GAN", 0.04 * scale))
    ]
    columns = [*distillation.KEYS, "average_precision"]
    results = pd.DataFrame(rows, columns=columns)
    table = distillation.by_student(results, "average_precision")["tree"]
    assert table.loc["GAN", "of the distance"] == pytest.approx(0.4)
    assert table.loc["GAN", "difference"] == pytest.approx(0.08)
