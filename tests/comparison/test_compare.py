"""compare(): fair folds, right intervals, and a verdict that says what was planted."""

import numpy as np
import pandas as pd
import pytest
from comparison.planted import (
    SAMPLERS,
    known_customers,
    logistic,
    resampled_before,
    starved_tree,
)
from imblearn.over_sampling import RandomOverSampler
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from gan_augment import GANOverSampler, TabularGAN, compare
from gan_augment.comparison import arms
from gan_augment.comparison.classifiers import alternatives
from gan_augment.comparison.result import Comparison, paired_interval
from gan_augment.over_sampling import LeakageWarning

TREE = DecisionTreeClassifier(min_samples_leaf=100, random_state=0)
RANDOM = {"random": RandomOverSampler()}


@pytest.fixture(scope="module")
def helped():
    return compare(*starved_tree(0), TREE, SAMPLERS, random_state=0, verbose=False)


@pytest.fixture(scope="module")
def not_helped():
    X, y = logistic(0)
    return compare(X, y, LogisticRegression(), SAMPLERS, random_state=0, verbose=False)


def test_a_planted_gain_is_found(helped):
    assert helped.outcome == "gain"
    assert helped.verdict.startswith(f"Over-sampling helps: {helped.best} ranks")
    assert "ResampledClassifier" in helped.verdict


def test_where_nothing_is_to_be_gained_that_is_said(not_helped):
    assert not_helped.outcome in ("no evidence", "loss")
    assert "No evidence of gain" in not_helped.verdict
    # What a sampler does to decisions, class weights and thresholds do for nothing.
    assert "use class weights" in not_helped.verdict or "tune" in not_helped.verdict


def test_a_planted_leak_is_found():
    X, y = resampled_before(0)
    with pytest.warns(LeakageWarning, match="as it was before"):
        comparison = compare(X, y, LogisticRegression(), RANDOM, cv=2, verbose=False)
    assert comparison.outcome == "leak"
    assert "no verdict" in comparison.verdict
    assert "SMOTE" in comparison.verdict


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_the_three_verdicts_are_right_whatever_the_seed(seed):
    for plant, classifier, right in (
        (starved_tree, TREE, {"gain"}),
        (logistic, LogisticRegression(), {"no evidence", "loss"}),
    ):
        comparison = compare(
            *plant(seed), classifier, SAMPLERS, random_state=seed, verbose=False
        )
        assert comparison.outcome in right
    with pytest.warns(LeakageWarning):
        comparison = compare(
            *resampled_before(seed), LogisticRegression(), RANDOM, verbose=False
        )
    assert comparison.outcome == "leak"


def test_all_arms_have_the_same_folds(helped):
    by_arm = helped.frame.groupby("arm")["fold"].apply(list)
    assert set(by_arm.index) == {
        "nothing",
        "tuned threshold",
        "class weights",
        "SMOTE",
        "GAN",
    }
    assert (by_arm.map(len) == 10).all()
    assert by_arm.map(tuple).nunique() == 1
    assert helped.differences().loc["nothing", "difference"] == 0


def test_probabilities_are_worse_before_the_correction_and_not_after(not_helped):
    brier = not_helped.differences("brier")["difference"]
    raw = not_helped.differences("uncorrected_brier")["difference"]
    for arm in ("SMOTE", "GAN", "class weights"):
        assert raw[arm] > 0.02
        assert abs(brier[arm]) < 0.004
    bins = not_helped.calibration
    total = bins.assign(predicted=bins["predicted"] * bins["n"])
    total = total.groupby(["arm", "correction"])[["predicted", "n"]].sum()
    predicted = total["predicted"] / total["n"]
    observed = not_helped.counts[True] / sum(not_helped.counts.values())
    assert predicted["SMOTE", "after"] == pytest.approx(observed, abs=0.02)
    assert predicted["SMOTE", "before"] > 1.5 * observed


def test_a_tuned_threshold_is_nothing_with_other_decisions(not_helped):
    means = not_helped.table()
    same = ["average_precision", "roc_auc", "brier"]
    assert (means.loc["tuned threshold", same] == means.loc["nothing", same]).all()
    by_threshold = means["balanced_accuracy"]
    assert by_threshold["tuned threshold"] > by_threshold["nothing"] + 0.1


def test_every_arm_trains_one_classifier_a_fold():
    """An average of several is better without any sampler."""
    fits = []

    class Counted(DecisionTreeClassifier):
        def fit(self, X, y):
            fits.append(len(X))
            return super().fit(X, y)

    X, y = np.random.default_rng(0).normal(size=(90, 2)), np.arange(90) % 3 == 0
    samplers = {"random": RandomOverSampler(random_state=0)}
    compare(X, y, Counted(class_weight={0: 1, 1: 1}), samplers, cv=3, verbose=False)
    # Two repeats of three folds, nothing and the sampler.
    assert len(fits) == 2 * 3 * 2


def test_nobody_is_scored_on_rows_that_were_resampled():
    X = np.arange(200.0)[:, None]
    y = np.arange(200) % 5 == 0
    trained, scored = [], []

    class Watched(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            trained.append(set(X[:, 0]))
            return self

        def predict_proba(self, X):
            scored.append(X[:, 0].tolist())
            return np.full((len(X), 2), 0.5)

        def predict(self, X):
            return np.zeros(len(X), dtype=bool)

    compare(X, y, Watched(), RANDOM, cv=4, random_state=0, verbose=False)
    assert len(trained) == 2 * 4 * 2  # repeats, folds, arms
    # The sampler's arm is asked twice, without and with the correction.
    folds = [rows for i, rows in enumerate(scored) if i % 3 != 2]
    for seen, rows in zip(trained, folds, strict=True):
        assert not seen & set(rows)
        assert len(set(rows)) == len(rows) == 50


def test_the_interval_is_that_of_nadeau_and_bengio():
    differences = np.array([0.1, 0.2, 0.3, 0.4])
    low, high = paired_interval(differences, test_to_train=0.25)
    half = stats.t.ppf(0.975, 3) * differences.std(ddof=1) * np.sqrt(1 / 4 + 0.25)
    assert (low, high) == pytest.approx((0.25 - half, 0.25 + half))
    narrow = paired_interval(differences, test_to_train=0.0, level=0.5)
    assert low < narrow[0] < narrow[1] < high
    assert np.isnan(paired_interval(differences[:1], 0.25)).all()


def test_intervals_over_folds_that_share_rows_exclude_nothing_too_seldom():
    """The naive interval takes repeated folds of noise for evidence; this does not."""
    rng = np.random.default_rng(0)
    corrected = naive = 0
    for _ in range(200):
        # Ten folds of one training set: what it happens to hold is common to all.
        gains = rng.normal() + rng.normal(size=10)
        low, high = paired_interval(gains, test_to_train=1.0)
        corrected += not low <= 0 <= high
        low, high = paired_interval(gains, test_to_train=0.0)
        naive += not low <= 0 <= high
    assert corrected <= 0.1 * 200
    assert naive > 0.3 * 200


def made_up(gains, of_classifiers=()):
    """A comparison of arms with these gains over nothing, fold by fold."""
    others = dict(of_classifiers)
    records = [
        {"arm": arm, "fold": fold, "average_precision": 0.5 + gain}
        for arm, of_arm in {"nothing": [0.0] * 4, **gains, **others}.items()
        for fold, gain in enumerate(of_arm)
    ]
    frame = pd.DataFrame(records)
    for name in ("brier", "uncorrected_brier"):
        frame[name] = 0.1
    return Comparison(
        frame,
        pd.DataFrame(),
        {},
        {0: 90, 1: 9},
        None,
        0.25,
        samplers=tuple(gains),
        classifiers=tuple(others),
    )


def test_what_is_recommended_is_what_has_the_evidence():
    comparison = made_up({"A": [0.3, -0.1, 0.2, -0.1], "B": [0.03, 0.02, 0.04, 0.03]})
    assert comparison.outcome == "gain"
    assert comparison.best == "B"
    assert comparison.verdict.startswith("Over-sampling helps: B ranks")


def test_a_classifier_that_does_more_than_any_sampler_is_named():
    gains = {"A": [0.03, 0.02, 0.04, 0.03], "B": [-0.1, 0.1, 0.0, 0.0]}
    vote = {"vote": [0.05, 0.06, 0.05, 0.04]}
    verdict = made_up(gains, vote).verdict
    assert verdict.startswith("Over-sampling helps: A")
    assert "A vote of three classifiers gains more than any sampler" in verdict
    assert "0.500 -> 0.550, +0.050 [" in verdict
    # One that does less, and one without evidence, are no advice.
    for others in ({"vote": [0.01, 0.02, 0.01, 0.01]}, {"vote": [0.4, -0.2, 0.4, 0.1]}):
        assert made_up(gains, others).outcome == "gain"
        assert "three classifiers" not in made_up(gains, others).verdict


def test_other_classifiers_are_beside_the_default_samplers(imbalanced, monkeypatch):
    X, y = imbalanced
    monkeypatch.setattr(arms, "_default_samplers", lambda: RANDOM)
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["job"]))
    classifier = make_pipeline(encode, LogisticRegression())
    comparison = compare(X, y, classifier, cv=2, random_state=0, verbose=False)
    assert not comparison.errors
    assert comparison.classifiers == ("vote",)
    assert comparison.samplers == tuple(RANDOM)
    assert comparison.frame.groupby("arm")["fold"].apply(tuple).nunique() == 1


def test_classifiers_of_ones_own_are_compared_without_a_sampler(imbalanced):
    X, y = imbalanced
    comparison = compare(
        X[["age"]].fillna(0),
        y,
        TREE,
        RANDOM,
        classifiers={"prior": DummyClassifier()},
        cv=2,
        random_state=0,
        verbose=False,
    )
    assert comparison.classifiers == ("prior",)
    scores = comparison.frame[comparison.frame["arm"] == "prior"]
    np.testing.assert_allclose(scores["roc_auc"], 0.5)


def test_other_classifiers_see_the_rows_as_the_classifier_does(imbalanced):
    X, y = imbalanced
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["job"]))
    found = alternatives(make_pipeline(encode, LogisticRegression()), everything=True)
    assert {"vote", "stack", "balanced forest", "ResampledClassifier"} <= set(found)
    for name in ("vote", "stack", "balanced forest"):
        fitted = found[name].fit(X, y)
        assert fitted[0].transformers_[0][2] == ["job"]
        assert fitted.predict_proba(X).shape == (len(X), 2)


@pytest.mark.parametrize("name", ["GAN", "SMOTE"])
def test_mixed_tables_with_missing_values(imbalanced, name):
    X, y = imbalanced
    quick = GANOverSampler(TabularGAN(max_steps=5), sample_filter=None)
    samplers = {name: arms._default_samplers()[name] if name == "SMOTE" else quick}
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["job"]),
        remainder="passthrough",
    )
    classifier = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=5))
    comparison = compare(
        X, y, classifier, samplers, cv=2, random_state=0, verbose=False
    )
    assert not comparison.errors
    assert comparison.leak is None
    assert comparison.counts == {"common": 175, "rare": 25}
    assert "class weights" in comparison.frame["arm"].to_numpy()


def test_class_weights_of_ones_own_are_not_taken_for_nothing():
    X, y = logistic(0)
    weighted = make_pipeline(StandardScaler(), LogisticRegression(class_weight={1: 9}))
    comparison = compare(X, y, weighted, RANDOM, cv=2, random_state=0, verbose=False)
    assert "class weights" not in comparison.frame["arm"].to_numpy()
    assert "(logisticregression__class_weight={1: 9})" in comparison.verdict
    plain = weighted.set_params(logisticregression__class_weight=None)
    comparison = compare(X, y, plain, RANDOM, cv=2, random_state=0, verbose=False)
    assert "class weights" in comparison.frame["arm"].to_numpy()
    assert "of its own" not in comparison.verdict


def test_an_arm_that_cannot_take_the_table_costs_no_other(imbalanced):
    X, y = imbalanced

    class Broken(BaseEstimator):
        def fit_resample(self, X, y):
            raise RuntimeError("no <rows> today")

    comparison = compare(
        X[["age"]],
        y,
        LogisticRegression(),
        RANDOM | {"mine": Broken()},
        cv=2,
        verbose=False,
    )
    assert comparison.errors == {"mine": "RuntimeError: no <rows> today"}
    assert "mine" not in comparison.frame["arm"].to_numpy()
    assert comparison.verdict.endswith(
        "mine could not be fitted: RuntimeError: no <rows> today"
    )
    assert "no &lt;rows&gt; today" in comparison.to_html()


def test_a_sampler_that_loses_a_class_is_named():
    X, y = logistic(0)

    class Loser(BaseEstimator):
        def fit_resample(self, X, y):
            return X[~y], y[~y]

    samplers = RANDOM | {"loser": Loser()}
    comparison = compare(X, y, TREE, samplers, cv=2, random_state=0, verbose=False)
    assert "must keep rows of every class" in comparison.errors["loser"]


def test_folds_may_be_counted_by_any_whole_number():
    X, y = logistic(0)
    order = np.argsort(y)
    comparison = compare(
        X[order], y[order], TREE, RANDOM, cv=np.int64(3), verbose=False
    )
    assert comparison.frame["fold"].nunique() == 6


def test_an_error_of_the_classifier_itself_is_raised(imbalanced):
    X, y = imbalanced
    with pytest.raises(ValueError, match="could not convert string to float"):
        compare(X, y, LogisticRegression(), RANDOM, cv=2, verbose=False)


def test_three_classes():
    rng = np.random.default_rng(0)
    y = rng.choice(list("abc"), 600, p=[0.8, 0.12, 0.08])
    X = rng.normal(size=(600, 3)) + (y == "b")[:, None] - (y == "c")[:, None]
    comparison = compare(X, y, LogisticRegression(), RANDOM, cv=3, verbose=False)
    assert comparison.outcome in ("no evidence", "loss")
    assert "tuned threshold" not in comparison.frame["arm"].to_numpy()
    assert comparison.calibration.empty


def test_the_seed_decides_and_workers_do_not():
    X, y = logistic(0)
    gan = {"GAN": clone(SAMPLERS["GAN"]).set_params(gan__max_steps=3)}

    def scores(random_state, n_jobs):
        comparison = compare(
            X[:500],
            y[:500],
            TREE,
            gan,
            cv=2,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=False,
        )
        return comparison.frame.drop(columns="seconds")

    pd.testing.assert_frame_equal(scores(0, 1), scores(0, 2))
    assert not scores(0, 1).equals(scores(1, 1))


def test_arguments_are_left_as_they_were():
    X, y = logistic(0)
    classifier, sampler = DecisionTreeClassifier(max_depth=2), RandomOverSampler()
    compare(X, y, classifier, {"random": sampler}, cv=2, random_state=0, verbose=False)
    assert classifier.random_state is None
    assert sampler.random_state is None
    assert not hasattr(classifier, "tree_")


def test_any_splitter_is_taken():
    X, y = logistic(0)
    cv = StratifiedKFold(3)
    comparison = compare(X, y, TREE, RANDOM, cv=cv, verbose=False)
    assert comparison.frame["fold"].nunique() == 3
    assert comparison.test_to_train == pytest.approx(0.5, abs=0.01)


def test_groups_are_on_one_side_of_every_fold():
    X, y, customer = known_customers()
    tree = DecisionTreeClassifier(random_state=0)
    scores = {}
    for name, groups in {"apart": None, "together": customer}.items():
        comparison = compare(
            *(X, y, tree, RANDOM), groups=groups, random_state=0, verbose=False
        )
        assert comparison.frame["fold"].nunique() == 10
        scores[name] = comparison.frame.groupby("arm")["roc_auc"].mean()["nothing"]
    # Whoever knows the customer knows the class; of new customers nothing is known.
    assert scores["apart"] > 0.9
    assert scores["together"] < 0.7


def test_groups_are_handed_to_a_splitter():
    X, y, customer = known_customers()
    seen = []

    class Watched(DecisionTreeClassifier):
        def fit(self, X, y):
            seen.append(set(X[:, 0]))
            return super().fit(X, y)

    cv = GroupKFold(3)
    compare(X, y, Watched(), RANDOM, groups=customer, cv=cv, verbose=False)
    assert {len(customers) for customers in seen} == {40}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"groups": np.arange(300) % 4},
            r"5 groups with rows of every class.* Got 4\.",
        ),
        ({"groups": np.arange(299)}, "inconsistent numbers of samples"),
        ({"groups": [None, *"a" * 299]}, "name the group of every row. Got 1 missing"),
        ({"groups": np.full(300, np.nan)}, "name the group of every row. Got 300"),
        ({"cv": KFold(3, shuffle=True)}, "every group on one side of a fold"),
    ],
)
@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_groups_that_are_not_kept_together_are_refused(change, message):
    X, y, customer = known_customers()
    with pytest.raises(ValueError, match=message):
        compare(X, y, TREE, RANDOM, **{"groups": customer} | change, verbose=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(40)}, r"at least two classes\. Got \[0.0\]"),
        ({"y": np.arange(40) < 2}, r"at least 5 rows of every class.* Got 2\. Lower"),
        (
            {"samplers": {"nothing": RandomOverSampler()}},
            r"names of their own.*nothing",
        ),
        ({"classifiers": {"tree": LinearSVC()}}, r"`classifiers` must be a dict of"),
        ({"classifiers": [TREE]}, r"`classifiers` must be a dict of names"),
        (
            {"classifiers": dict.fromkeys(RANDOM, TREE)},
            r"`classifiers` must have names",
        ),
    ],
)
def test_bad_input_is_named(change, message):
    given = {"X": np.random.default_rng(0).normal(size=(40, 2)), "y": np.arange(40) % 2}
    given |= {"classifier": DummyClassifier(), "samplers": RANDOM} | change
    with pytest.raises(ValueError, match=message):
        compare(**given, verbose=False)


def test_an_unknown_metric_is_named(helped):
    with pytest.raises(ValueError, match=r"`metric` must be one of .*Got 'auc'"):
        helped.differences("auc")


def test_the_default_samplers_reach_the_same_ratio():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 2)), np.arange(400) % 10 == 0
    for name, sampler in arms._default_samplers().items():
        if name == "GAN":
            sampler.set_params(gan=TabularGAN(max_steps=2))
        _, resampled = sampler.fit_resample(X, y)
        assert resampled.sum() / (~resampled).sum() == pytest.approx(0.3, abs=0.01)
    # Classes that are that common are raised further.
    y = np.arange(400) % 3 == 0
    for name in ("random over-sampling", "random under-sampling"):
        _, resampled = arms._default_samplers()[name].fit_resample(X, y)
        assert resampled.sum() / (~resampled).sum() == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize("is_used", [True, False])
def test_no_verdict_where_a_column_gives_the_class_to_the_classifier(is_used):
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.1
    X = pd.DataFrame(
        {
            "age": rng.normal(40, 9, 400) - 6 * y,
            "fee": np.where(y, 35.0, 0.0) + rng.random(400),
        }
    )
    seen = ["age", "fee"] if is_used else ["age"]
    classifier = make_pipeline(
        make_column_transformer((StandardScaler(), seen)), LogisticRegression()
    )
    comparison = compare(
        X,
        y,
        classifier,
        {"random": RandomOverSampler()},
        cv=3,
        random_state=0,
        verbose=False,
    )
    assert (comparison.outcome == "leak") is is_used
    assert ("Column 'fee' alone predicts the class" in comparison.verdict) is is_used


def test_the_summary_has_every_arm_and_fits_a_notebook(not_helped):
    summary = not_helped.summary()
    assert summary.index.tolist() == not_helped.table().index.tolist()
    assert summary.loc[not_helped.baseline, "against nothing"] == ""
    # In characters of a terminal; a notebook's column holds about as many.
    widths = [max(map(len, [*summary[name], *name.split()])) for name in summary]
    assert sum(widths) + max(map(len, summary.index)) < 90
    page = not_helped.to_html()
    for arm in summary.index:
        assert arm.replace(" ", "&nbsp;") in page


def test_numbers_of_more_than_64_bits():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(80, 2)).astype(np.longdouble), columns=["a", "b"])
    y = np.arange(80) % 4 == 0
    samplers = {"random": RandomOverSampler(random_state=0)}
    found = compare(X, y, LogisticRegression(), samplers=samplers, cv=2)
    assert set(found.frame["arm"]) >= {"random"}
