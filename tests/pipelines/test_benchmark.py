"""The benchmark: leak-free splits, a table that says what the figures say, resuming."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines import benchmark
from pipelines.datasets import DATASETS, load


@pytest.fixture
def is_rare():
    return np.arange(300) % 5 == 0


@pytest.mark.parametrize("mode", ["cv", "oracle"])
def test_no_row_is_both_seen_and_scored(is_rare, mode):
    for split in benchmark.splits(mode, is_rare, repeats=2, folds=3):
        seen = set(split.train) | set(split.hidden)
        assert not seen & set(split.test)
        assert not set(split.train) & set(split.hidden)
        assert is_rare[split.test].any()


def test_the_oracle_mode_hides_most_of_the_rare_rows(is_rare):
    for split in benchmark.splits("oracle", is_rare, repeats=2, folds=3):
        assert is_rare[split.hidden].all()
        assert is_rare[split.train].sum() == 5
        assert len(split.hidden) == 31


def results_where(gains, mode):
    """Scores on three sets in which an arm is ahead of nothing by what is given."""
    rows = []
    for arm, gain in gains.items():
        for name in "abc":
            for classifier in benchmark.CLASSIFIERS:
                rows.append((mode, name, "0", arm, classifier, 0.5 + gain))
    columns = ["mode", "set", "split", "arm", "classifier", "average_precision"]
    return pd.DataFrame(rows, columns=columns)


def test_the_cv_table_shows_differences_from_nothing():
    results = results_where({"nothing": 0, "good": 0.02, "bad": -0.03}, "cv")
    table = benchmark.cv_table(results, "average_precision")
    assert table.loc["good", "mean"] == pytest.approx(0.02)
    assert table.loc["good", "won"] == "3/3"
    assert table.loc["bad", "95 %"] == pytest.approx((-0.03, -0.03))
    assert "nothing" not in table.index


def test_the_oracle_table_shows_the_share_of_the_gap():
    results = results_where(
        {"nothing": 0, "oracle": 0.2, "half": 0.1, "harm": -0.1}, "oracle"
    )
    table = benchmark.oracle_table(results, "average_precision")
    assert table.loc["half", "RF"] == pytest.approx(0.5)
    assert table.loc["half", "mean"] == pytest.approx(0.5)
    assert table.loc["harm", "mean"] == pytest.approx(-0.5)
    assert table.loc["harm", "harmed"] == "9/9"


def test_a_run_is_resumed_and_takes_any_sampler_and_any_file(
    imbalanced, tmp_path, monkeypatch
):
    X, y = imbalanced
    X.assign(churned=y).to_csv(tmp_path / "own.csv", index=False)
    monkeypatch.chdir(tmp_path)
    app = benchmark.typer.Typer()
    app.command()(benchmark.main)
    arguments = ["--data", "own.csv:churned", "--folds", "2", "--repeats", "1"]
    arguments += ["--arm", "random=imblearn.over_sampling.RandomOverSampler"]
    first = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert first.exit_code == 0
    assert "random" in first.output
    results = pd.read_csv("benchmark.csv")
    assert set(results["arm"]) == {"nothing", "class weights", "random", "oracle"}
    assert (results.loc[results["arm"] == "random", "copies"] == 1).all()
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    pd.testing.assert_frame_equal(pd.read_csv("benchmark.csv"), results)


@pytest.mark.parametrize("name", DATASETS)
def test_every_table_loads(name):
    dataset = load(name, max_rows=2000)
    assert len(dataset.X) == len(dataset.is_rare) <= 2000
    assert 5 < dataset.is_rare.sum() < 0.4 * len(dataset.X)


def test_smote_with_our_filter_gives_as_many_rows(imbalanced):
    X, y = imbalanced
    is_rare = (y == "rare").to_numpy()
    for sampler in (
        benchmark.ImputedSMOTE(random_state=0),
        benchmark.ImputedSMOTE(
            random_state=0, sample_filter=benchmark.ClassFilter(draws_per_row=2)
        ),
    ):
        sampler.set_params(sampling_strategy={True: 60})
        frame, labels = sampler.fit_resample(X, is_rare)
        assert len(frame) == len(labels) == 235
        assert labels.sum() == 60
