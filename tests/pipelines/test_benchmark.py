"""The benchmark: leak-free splits, a table that says what the figures say, resuming."""

import warnings

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.base import clone
from typer.testing import CliRunner

from gan_augment import ResampledClassifier, TabularGAN
from gan_augment.comparison.baselines import ImputedSMOTE
from gan_augment.over_sampling import ClassFilter
from pipelines import arms, benchmark, measures, summary
from pipelines.datasets import DATASETS, load
from pipelines.ensembles import ENSEMBLES, PRETRAINED


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


def test_rare_training_rows_can_be_left_out(is_rare):
    for split in benchmark.splits("cv", is_rare, repeats=2, folds=3, n_rare=7):
        assert is_rare[split.train].sum() == 7
        assert (~is_rare[split.train]).sum() == 160
        assert is_rare[split.test].sum() == 20


def test_a_table_with_nothing_to_hide_has_no_oracle_mode():
    is_rare = np.arange(100) < 9  # five of them in training, and five are left
    assert not list(benchmark.splits("oracle", is_rare, repeats=2, folds=3))
    assert list(benchmark.splits("cv", is_rare, repeats=2, folds=3))


def results_where(gains, mode):
    """Scores on three sets in which an arm is ahead of nothing by what is given."""
    rows = []
    for arm, gain in gains.items():
        for name in "abc":
            for classifier in measures.CLASSIFIERS:
                rows.append((mode, name, "0", arm, classifier, 0.5 + gain))
    columns = ["mode", "set", "split", "arm", "classifier", "average_precision"]
    return pd.DataFrame(rows, columns=columns)


def test_the_cv_table_shows_differences_from_nothing():
    results = results_where({"nothing": 0, "good": 0.02, "bad": -0.03}, "cv")
    table = summary.cv_table(results, "average_precision")
    assert table.loc["good", "mean"] == pytest.approx(0.02)
    assert table.loc["good", "won"] == "3/3"
    assert table.loc["good", "harmed"] == "0/9"
    assert table.loc["bad", "harmed"] == "9/9"
    assert table.loc["bad", "95 %"] == pytest.approx((-0.03, -0.03))
    assert "nothing" not in table.index


def test_any_arm_can_be_what_others_are_compared_with():
    results = results_where({"nothing": 0, "good": 0.02, "bad": -0.03}, "cv")
    table = summary.cv_table(results, "average_precision", against="good")
    assert table.loc["bad", "mean"] == pytest.approx(-0.05)
    assert table.loc["nothing", "mean"] == pytest.approx(-0.02)
    assert "good" not in table.index


def test_a_part_of_the_tables_is_always_the_same_one():
    tables = dict.fromkeys("abcdefgh")
    first = list(benchmark.shuffled_part(tables, 0, 3))
    others = list(benchmark.shuffled_part(tables, 3, None))
    assert sorted(first + others) == list(tables)
    reversed_tables = dict.fromkeys("hgfedcba")
    assert list(benchmark.shuffled_part(reversed_tables, 0, 3)) == first


def test_an_ensemble_takes_the_place_of_every_classifier(
    imbalanced, tmp_path, monkeypatch
):
    X, y = imbalanced
    X.assign(churned=y).to_csv(tmp_path / "own.csv", index=False)
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(benchmark.main)
    arguments = ["--mode", "cv", "--repeats", "1", "--folds", "2"]
    arguments += ["--data", "own.csv:churned", "--arm", "vote", "--against", "vote"]
    alone = CliRunner().invoke(app, arguments)
    assert alone.exit_code == 2
    arguments += ["--arm", "random"]
    run = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert run.exit_code == 0
    assert "gain over vote" in run.stdout
    results = pd.read_csv("benchmark.csv").set_index("arm")
    assert set(results.index) == {"vote", "random"}
    of_vote = results.loc["vote"].groupby("split")["average_precision"]
    assert (of_vote.size() == len(measures.CLASSIFIERS)).all()
    assert (of_vote.nunique() == 1).all()
    wrong = CliRunner().invoke(app, [*arguments, "--against", "GAN"])
    assert wrong.exit_code == 2


def test_the_oracle_table_shows_the_share_of_the_gap():
    results = results_where(
        {"nothing": 0, "oracle": 0.2, "half": 0.1, "harm": -0.1}, "oracle"
    )
    table = summary.oracle_table(results, "average_precision")
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
    random = results[results["arm"] == "random"]
    assert (random["copies"] == 1).all()
    assert (random["cpu_seconds"] >= 0).all()
    assert (tmp_path / "benchmark_cv.png").stat().st_size > 1000
    assert (tmp_path / "benchmark_oracle.png").exists()
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    pd.testing.assert_frame_equal(pd.read_csv("benchmark.csv"), results)


def test_a_file_of_other_columns_is_refused_before_anything_is_measured(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("mode,set,split,arm\ncv,a,0,GAN\n")
    app = typer.Typer()
    app.command()(benchmark.main)
    run = CliRunner().invoke(app, ["--data", "yeast4", "--out", str(other)])
    assert run.exit_code == 2
    assert other.read_text().count("\n") == 2


def test_an_arm_that_fails_is_named_and_stops_no_other(
    imbalanced, tmp_path, monkeypatch
):
    X, y = imbalanced  # with missing values, which SMOTE refuses
    X.assign(churned=y).to_csv(tmp_path / "own.csv", index=False)
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(benchmark.main)
    arguments = ["--mode", "cv", "--repeats", "1", "--folds", "2"]
    arguments += ["--data", "own.csv:churned", "--arm", "random"]
    arguments += ["--arm", "plain=imblearn.over_sampling.SMOTE"]
    run = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert run.exit_code == 0
    assert "plain failed: ValueError" in run.stdout
    assert "plain failed on own.csv:churned" in run.stdout
    results = pd.read_csv("benchmark.csv").set_index("arm")["average_precision"]
    assert results["plain"].isna().all()
    assert results[["random", "nothing"]].notna().all()
    again = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "plain failed: ValueError" not in again.stdout
    assert "plain failed on own.csv:churned" in again.stdout


@pytest.mark.parametrize("name", DATASETS)
def test_every_table_loads(name):
    dataset = load(name, max_rows=2000)
    assert len(dataset.X) == len(dataset.is_rare) <= 2000
    assert 5 < dataset.is_rare.sum() < 0.4 * len(dataset.X)


def test_an_arm_without_a_sampler_changes_the_classifier():
    unsampled = {name for name, arm in arms.ARMS.items() if arm is None}
    assert unsampled == {*measures.CHANGED, *ENSEMBLES} - {"class weights"}
    weigh, resample = (
        measures.CHANGED[name] for name in ("class weights", "ResampledClassifier")
    )
    assert weigh(measures.CLASSIFIERS["KNN"]) is None
    weighted = weigh(measures.CLASSIFIERS["LR"])[-1]
    assert weighted.class_weight == "balanced"
    assert isinstance(resample(measures.CLASSIFIERS["RF"]), ResampledClassifier)


@pytest.mark.parametrize("name", sorted(set(arms.ARMS) - set(arms.BY_NAME)))
def test_every_arm_gives_the_rows_asked_for(name, imbalanced):
    X, y = imbalanced
    is_rare = (y == "rare").to_numpy()
    sampler = clone(arms.ARMS[name])
    sampler.set_params(sampling_strategy={True: 60}, random_state=0)
    if "gan" in sampler.get_params():
        sampler.set_params(gan=TabularGAN(max_steps=5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # copies, of five rows' worth of training
        frame, labels = sampler.fit_resample(X, is_rare)
    assert len(frame) == len(labels) == 235
    assert labels.sum() == 60
    assert list(frame.columns) == list(X.columns)
    made = frame.iloc[len(X) :]
    assert set(made["job"]) <= set(X["job"])
    assert (made["age"] % 1 == 0).all()
    assert made["age"].between(X["age"].min(), X["age"].max()).all()


def test_prowsyn_prefers_rare_rows_near_the_common_ones():
    rng = np.random.default_rng(0)
    rare = np.concatenate([rng.normal(0, 0.1, (20, 2)), rng.normal(9, 0.1, (20, 2))])
    common = rng.normal(0, 0.1, (200, 2))
    rows = arms.ProWSynSampler()._draw(rare, common, 500, rng)
    assert (rows[:, 0] < 4.5).mean() > 0.6


def test_rows_of_polynomial_fitting_lie_between_a_row_and_the_mean():
    rng = np.random.default_rng(0)
    rare = np.array([[0.0, 0.0], [8.0, 0.0], [4.0, 6.0]])
    rows = arms.PolynomFitSampler()._draw(rare, rare, 5, rng)
    assert len(np.unique(rows, axis=0)) == 5
    a, b = (rows - rare.mean(axis=0))[:, None], (rare - rare.mean(axis=0))[None]
    off_the_line = np.abs(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
    assert (off_the_line.min(axis=1) < 1e-9).all()


def test_mgs_grf_takes_a_table_of_any_kinds(imbalanced):
    pytest.importorskip("mgs_grf")
    X, y = imbalanced
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame, labels = arms.MGSGRFSampler(
            sampling_strategy={True: 60}, random_state=0
        ).fit_resample(X, (y == "rare").to_numpy())
    assert len(frame) == len(labels) == 235
    assert set(frame["job"].iloc[len(X) :]) <= {*X["job"], "missing"}
    assert (frame["age"].iloc[len(X) :] % 1 == 0).all()
    after = np.random.get_state()[1]  # noqa: NPY002
    np.testing.assert_array_equal(after, before)


def test_arms_are_named_or_found_by_their_path():
    assert list(arms.parse_arms(["GAN", "SMOTE"])) == ["GAN", "SMOTE"]
    assert set(arms.parse_arms([])) == set(arms.ARMS) - set(arms.BY_NAME)
    assert set(arms.parse_arms(["ensembles"])) == set(ENSEMBLES) - set(PRETRAINED)
    assert set(arms.parse_arms(["all"])) == set(arms.ARMS) - set(PRETRAINED)
    (found,) = arms.parse_arms(["imblearn.over_sampling.ADASYN"])
    assert found == "ADASYN"
    with pytest.raises(ValueError, match=r"or NAME=MODULE.CLASS\. Got 'nonsense'"):
        arms.parse_arms(["nonsense"])


def test_the_filter_is_the_same_for_smote(imbalanced):
    X, y = imbalanced
    is_rare = (y == "rare").to_numpy()
    filtered, plain = (
        sampler.fit_resample(X, is_rare)[0][len(X) :]
        for sampler in (
            arms.FilteredSMOTE(sampling_strategy={True: 60}, random_state=0),
            ImputedSMOTE(sampling_strategy={True: 60}, random_state=0),
        )
    )
    assert len(filtered) == len(plain) == 35
    fitted = ClassFilter(random_state=0).fit(X.dropna(), is_rare[X.notna().all(axis=1)])
    likeness = [
        fitted.classifier_.predict_proba(fitted._encode(rows))[:, 1].mean()
        for rows in (plain, filtered)
    ]
    assert likeness[1] > likeness[0]


def test_imputed_rows_are_not_found_out_by_being_complete():
    rng = np.random.default_rng(0)

    def make(n_rows):
        return pd.DataFrame(
            {"a": rng.normal(size=n_rows), "b": rng.choice(list("xyz"), n_rows)}
        )

    train, holdout, synthetic = make(200), make(200), make(200)
    train.loc[::3, "a"] = holdout.loc[::3, "a"] = np.nan
    synthetic.loc[::3, "a"] = train["a"].median()
    found = measures.row_measures(train, holdout, synthetic)
    assert found["c2st"] == pytest.approx(0.5, abs=0.1)
    assert found["closest_record_ratio"] == pytest.approx(1, abs=0.3)
    few = measures.row_measures(train, holdout[:5], synthetic)
    assert set(few) == {"copies"}


def test_cost_counts_time_and_memory_of_the_block():
    with measures.cost() as spent:
        block = np.ones(30_000_000)
        block += 1
    assert spent["cpu_seconds"] > 0
    assert np.isnan(spent["peak_mb"]) or 150 < spent["peak_mb"] < 600
