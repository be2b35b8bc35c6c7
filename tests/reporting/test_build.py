"""report() on real fits: planted copies and noise are called what they are."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from gan_augment import GANOverSampler, TabularGAN, compare, report
from gan_augment.tables.rules import Predicate


def classifier():
    return make_pipeline(
        make_column_transformer(
            (SimpleImputer(), make_column_selector(dtype_include="number")),
            (
                OneHotEncoder(handle_unknown="ignore"),
                make_column_selector(dtype_exclude="number"),
            ),
        ),
        LogisticRegression(max_iter=1000),
    )


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(0)
    rare = np.arange(400) % 8 == 0
    X = pd.DataFrame(
        {
            "age": rng.normal(50, 9, 400) - 15 * rare,
            "income": np.where(rng.random(400) < 0.1, np.nan, rng.gamma(2, 900, 400)),
            "job": rng.choice(["a", "b", "c"], 400),
        }
    )
    y = pd.Series(np.where(rare, "rare", "common"))
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


@pytest.fixture(scope="module")
def resampled(split):
    """A fitted sampler, what it returned, and the held-out rows."""
    X, X_test, y, y_test = split
    sampler = GANOverSampler(TabularGAN(max_steps=10), random_state=0)
    return sampler, *sampler.fit_resample(X, y), X_test, y_test


@pytest.fixture(scope="module")
def found(resampled):
    return report(*resampled, classifier=classifier(), random_state=0)


def test_the_page_says_what_was_made_and_judged(resampled, found, tmp_path):
    page = found.save(tmp_path / "report.html").read_text(encoding="utf-8")
    n_made = resampled[0].n_synthetic_["rare"]
    assert f"TabularGAN made {n_made} rows of class rare from 200 real rows" in page
    assert "tested on 200 other real rows" in page
    for heading in [
        *("Does it help?", "Do the rows look real?", "Do they give real rows away?"),
        "Do the rows keep the table&#39;s rules?",
        *("What the data is", "What was trained", "What this does not say"),
    ]:
        assert f"<h2>{heading}</h2>" in page
    assert page.count("data:image/png") == 5
    assert found.verdict in found.to_markdown()
    assert found.quality["rare"].loc["exact_copies", "synthetic"] == 0
    assert found.utility.index.tolist() == ["nothing", "augmented", "synthetic"]


def test_the_same_seed_gives_the_same_page(resampled):
    sampler, X, y, X_test, y_test = resampled
    pages = [
        report(
            *(sampler, X, y, X_test[:99], y_test[:99]),
            classifier=classifier(),
            random_state=seed,
        ).to_html()
        for seed in (7, 7)
    ]
    assert pages[0] == pages[1]


def test_a_copier_is_called_one(split):
    X, X_test, y, y_test = split
    copied = RandomOverSampler(random_state=0).fit_resample(X, y)
    sampler = SimpleNamespace(
        synthetic_mask_=np.arange(len(copied[1])) >= len(y),
        get_params=lambda deep: {},
    )
    found = report(sampler, *copied, X_test, y_test, random_state=0)
    assert found.findings[2].answer == "Yes"
    assert "do not pass them on" in found.verdict
    assert "not measured" in found.verdict


def test_a_comparison_decides_instead_of_one_split(split, resampled):
    real, _, labels, _ = split
    compared = compare(
        real, labels, classifier(), {"GAN": RandomOverSampler()}, cv=2, verbose=False
    )
    sampler, X, y, X_test, y_test = resampled
    found = report(sampler, X, y, X_test[:99], y_test[:99], comparison=compared)
    assert found.findings[0].evidence == compared.verdict
    arms = compared.frame["arm"].unique().tolist()
    assert found.sections[0].table.iloc[:, 0].tolist() == arms
    assert len(found.sections[0].figures) == 2


def test_few_held_out_rows_are_said_and_not_measured(resampled):
    sampler, X, y, X_test, y_test = resampled
    found = report(sampler, X, y, X_test[:9], y_test[:9])
    assert found.quality == {}
    answers = [finding.answer for finding in found.findings[1:3]]
    assert answers == ["Too few rows to say"] * 2
    found.to_html()


def test_sparse_rows_are_looked_at_as_dense_ones(resampled):
    sampler, X, y, X_test, y_test = resampled
    numbers = [sparse.csr_array(part[["age"]].to_numpy()) for part in (X, X_test[:99])]
    found = report(sampler, numbers[0], y, numbers[1], y_test[:99])
    assert "1 column: 1 of numbers" in found.to_markdown()


def test_names_of_the_data_cannot_run(resampled):
    sampler, X, y, X_test, y_test = resampled
    X, X_test = (
        rows[:220].rename(columns={"age": "<script>x</script> $\\frac"})
        for rows in (X, X_test)
    )
    y, y_test = (labels.replace("rare", "<b>rare</b>") for labels in (y, y_test))
    sampler = SimpleNamespace(
        synthetic_mask_=sampler.synthetic_mask_[:220], get_params=lambda deep: {}
    )
    page = report(sampler, X, y[:220], X_test[:60], y_test[:60]).to_html()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;rare" in page


def test_rows_that_the_sampler_did_not_return_are_a_clear_error(split, resampled):
    X, X_test, y, y_test = split
    sampler = resampled[0]
    with pytest.raises(ValueError, match=r"`X` must be the rows.*returned nothing yet"):
        report(clone(sampler), X, y, X_test, y_test)
    with pytest.raises(ValueError, match=r"Got 200 rows, where the sampler returned 3"):
        report(sampler, X, y, X_test, y_test)
    idle = SimpleNamespace(synthetic_mask_=np.zeros(len(y), dtype=bool))
    with pytest.raises(ValueError, match=r"`sampler` must have made rows"):
        report(idle, X, y, X_test, y_test)


@pytest.mark.parametrize("rules", ["auto", None])
def test_broken_rules_are_red_and_kept_ones_are_not(split, rules):
    X, X_test, y, y_test = (part.copy() for part in split)
    for seed, rows in enumerate((X, X_test)):
        net = np.random.default_rng(seed).integers(10, 500, len(rows))
        rows["net"], rows["<b>gross"] = net, net + np.arange(len(rows)) % 30
    sampler = GANOverSampler(
        TabularGAN(max_steps=10, rules=rules), rules=rules, random_state=0
    )
    found = report(sampler, *sampler.fit_resample(X, y), X_test, y_test, random_state=0)
    kept = found.findings[3]
    assert (kept.answer, kept.tone) == (
        ("Yes", "good") if rules == "auto" else ("No", "bad")
    )
    assert (found.rules.share == 0) == (rules == "auto")
    assert found.rules.floor == 0
    assert "net &lt;= &lt;b&gt;gross" in found.to_html()
    assert "net &lt;= &lt;b&gt;gross" in found.to_markdown()


def test_numbers_that_are_declared_as_levels_have_no_order(split):
    X, X_test, y, y_test = (part.copy() for part in split)
    for seed, rows in enumerate((X, X_test)):
        low = np.random.default_rng(seed).integers(10, 40, len(rows))
        rows["low"], rows["high"] = low, low + np.arange(len(rows)) % 5
    gan = TabularGAN(max_steps=10, categorical_features=["low", "high"])
    sampler = GANOverSampler(gan, random_state=0)
    found = report(sampler, *sampler.fit_resample(X, y), X_test, y_test, random_state=0)
    assert "low <= high" not in found.rules.by_rule["rule"].tolist()


def test_a_function_of_the_user_is_among_the_rules(split):
    X, X_test, y, y_test = split
    young = Predicate(lambda frame: frame["age"] < 90, "nobody is 90")
    sampler = GANOverSampler(
        TabularGAN(max_steps=10), rules=["auto", young], random_state=0
    )
    found = report(sampler, *sampler.fit_resample(X, y), X_test, y_test, random_state=0)
    assert "nobody is 90" in found.rules.by_rule["rule"].tolist()


@pytest.mark.parametrize("identifiers", ["fresh", "keep"])
def test_identifiers_of_real_rows_are_red_and_fresh_ones_are_not(split, identifiers):
    X, X_test, y, y_test = (part.copy() for part in split)
    for rows, first in ((X, 10_000), (X_test, 70_000)):
        rows["customer"] = [f"C{first + 37 * i}" for i in range(len(rows))]
        rows["row"] = np.arange(len(rows)) + first
    gan = TabularGAN(max_steps=10, identifiers=identifiers)
    sampler = GANOverSampler(gan, sample_filter=None, random_state=1)
    found = report(sampler, *sampler.fit_resample(X, y), X_test, y_test, random_state=0)
    away = found.findings[2]
    if identifiers == "keep":
        assert (away.answer, away.tone) == ("Yes", "bad")
        assert "'customer' (100.0%)" in away.evidence
        assert "identifiers" in found.verdict
    else:
        assert away.tone != "bad"
    # A row number that no real row has would tell every synthetic row.
    assert found.quality["rare"].loc["c2st", "synthetic"] < 0.95
    page = found.to_html()
    assert not any(value in page for value in X["customer"])
    assert "identifies rows" in page


def test_no_verdict_where_a_column_gives_the_class_away(split):
    X, X_test, y, y_test = (part.copy() for part in split)
    for rows, labels in ((X, y), (X_test, y_test)):
        rows["closed on"] = np.where(labels == "rare", "2024-05-01", None)
    sampler = GANOverSampler(
        TabularGAN(max_steps=10), sample_filter=None, random_state=0
    )
    resampled = sampler.fit_resample(X, y)
    found = report(
        sampler, *resampled, X_test, y_test, classifier=classifier(), random_state=0
    )
    assert found.findings[0].answer == "Cannot be decided"
    assert "closed on" in found.findings[0].evidence
    assert found.verdict.startswith("Not decided")
