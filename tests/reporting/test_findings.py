"""Planted figures, and the words that they must give."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gan_augment.metrics import membership_inference
from gan_augment.metrics.rules import RuleViolations
from gan_augment.metrics.utility import Gain
from gan_augment.reporting.findings import (
    gives_away,
    helps_by_comparison,
    helps_by_one_split,
    helps_unknown,
    keeps_rules,
    looks_real,
    verdict,
)

MEASURES = {
    "c2st": (0.55, 0.48),
    "exact_copies": (0.0, 0.0),
    "near_copies": (0.05, 0.05),
    "membership_inference_auc": (0.5, 0.5),
    "membership_inference_low": (0.5, 0.5),
}


def quality(**changed):
    measures = MEASURES | {
        name: (value, MEASURES[name][1]) for name, value in changed.items()
    }
    return {"rare": pd.DataFrame(measures, index=["synthetic", "real"]).T}


def known(auc, low):
    return {"membership_inference_auc": auc, "membership_inference_low": low}


@pytest.mark.parametrize(
    ("c2st", "answer"), [(0.5, "Yes"), (0.59, "Yes"), (0.7, "Not quite"), (0.9, "No")]
)
def test_rows_look_real_if_a_classifier_cannot_tell(c2st, answer):
    finding = looks_real(quality(c2st=c2st))
    assert finding.answer == answer
    assert f"{c2st:.2f}" in finding.evidence


def test_a_high_floor_is_granted_and_a_low_one_is_not_held_against_the_rows():
    high = {"rare": quality(c2st=0.68)["rare"]}
    high["rare"].loc["c2st", "real"] = 0.62
    assert looks_real(high).answer == "Yes"
    low = {"rare": quality(c2st=0.55)["rare"]}
    low["rare"].loc["c2st", "real"] = 0.2
    assert looks_real(low).answer == "Yes"


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({}, "No sign of it"),
        ({"near_copies": 0.08}, "No sign of it"),
        ({"near_copies": 0.2}, "A little"),
        (known(0.57, 0.52), "A little"),
        (known(0.57, 0.49), "No sign of it"),
        (known(0.7, 0.6), "Yes"),
        (known(0.7, 0.48), "No sign of it"),
        ({"exact_copies": 0.02}, "Yes"),
    ],
)
def test_rows_give_real_ones_away(changed, answer):
    finding = gives_away(quality(**changed))
    assert finding.answer == answer
    assert "no proof of privacy" in finding.evidence


def test_what_few_rows_give_away_by_chance_is_no_leak():
    found, tones = [], []
    for seed in range(60):
        tables = np.random.default_rng(seed).normal(size=(3, 25, 6))
        found.append(membership_inference(*tables))
        tones.append(gives_away(quality(**known(*found[-1][:2]))).tone)
    assert max(membership.auc for membership in found) > 0.62
    assert tones.count("good") >= 54  # intervals of 95 %


def test_copies_that_real_rows_have_too_are_no_leak():
    both = quality(exact_copies=0.3)
    both["rare"].loc["exact_copies", "real"] = 0.3
    assert gives_away(both).answer == "No sign of it"


def test_the_worst_class_decides():
    two = {"fine": quality()["rare"], "bad": quality(c2st=0.9, exact_copies=1)["rare"]}
    assert looks_real(two).answer == "No"
    assert gives_away(two).answer == "Yes"


def test_too_few_rows_are_no_good_news():
    for finding in (looks_real({}), gives_away({})):
        assert finding.answer == "Too few rows to say"
        assert finding.tone == "open"


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (0.01, 0.03, "Yes, on this split"),
        (-0.03, -0.01, "No, it hurts"),
        (-0.01, 0.03, "No evidence"),
    ],
)
def test_one_split_helps_if_its_interval_does(low, high, answer):
    scores = pd.DataFrame({"average_precision": {"nothing": 0.5, "augmented": 0.51}})
    finding = helps_by_one_split(scores, Gain(0.01, low, high), 99)
    assert finding.answer == answer
    assert "0.500" in finding.evidence
    assert "0.510" in finding.evidence


def comparison(intervals, outcome, leak=None, errors=()):
    frame = pd.DataFrame(intervals, index=["low", "high"]).T
    return SimpleNamespace(
        samplers=tuple(intervals),
        errors=dict.fromkeys(errors, "why"),
        leak=leak,
        outcome=outcome,
        verdict="the evidence",
        differences=lambda level: frame,
    )


@pytest.mark.parametrize(
    ("intervals", "outcome", "answer"),
    [
        ({"GAN": (0.01, 0.02), "SMOTE": (-1, 1)}, "gain", "Yes"),
        ({"GAN": (-0.01, 0.02), "SMOTE": (0.1, 0.2)}, "gain", "Another does"),
        ({"GAN": (-0.01, 0.02), "SMOTE": (-1, 1)}, "no evidence", "No evidence"),
        ({"GAN": (-0.02, -0.01), "SMOTE": (-1, 1)}, "no evidence", "No, it hurts"),
    ],
)
def test_a_comparison_speaks_of_this_sampler(intervals, outcome, answer):
    finding = helps_by_comparison(comparison(intervals, outcome), "GAN")
    assert finding.answer == answer
    assert finding.evidence == "the evidence"


def test_a_leak_an_error_and_another_name_are_no_answer():
    intervals = {"GAN": (0.1, 0.2), "SMOTE": (0.1, 0.2)}
    leaked = comparison(intervals, "leak", leak="copies")
    failed = comparison(intervals, "gain", errors=["GAN"])
    for compared in (leaked, failed):
        assert helps_by_comparison(compared, "GAN").answer == "Cannot be decided"
    with pytest.raises(ValueError, match=r"`arm` must be one of .*Got 'ours'"):
        helps_by_comparison(comparison(intervals, "gain"), "ours")


def test_the_verdict_follows_the_help_and_warns_of_the_rest():
    helps = helps_by_comparison(comparison({"GAN": (0.1, 0.2)}, "gain"), "GAN")
    fine = looks_real(quality()), gives_away(quality())
    assert verdict(helps, *fine) == (
        "Use the synthetic rows: the classifier ranks better with them.",
        "good",
    )
    text, tone = verdict(helps, fine[0], gives_away(quality(exact_copies=1)))
    assert tone == "open"
    assert text.endswith("do not pass them on.")
    assert verdict(helps_unknown(), *fine)[1] == "open"


@pytest.mark.parametrize(
    ("share", "floor", "answer", "tone"),
    [
        (0.0, 0.0, "Yes", "good"),
        (0.0, 0.02, "Yes", "good"),
        (0.02, 0.02, "Yes", "good"),
        (0.004, 0.0, "Not all of them", "open"),
        (0.3, 0.02, "No", "bad"),
    ],
)
def test_rules_count_that_real_rows_keep(share, floor, answer, tone):
    by_rule = pd.DataFrame({"rule": ["net <= gross"], "share": [share]})
    kept = keeps_rules(RuleViolations(share, floor, by_rule))
    assert (kept.answer, kept.tone) == (answer, tone)
    assert ("net <= gross" in kept.evidence) == (share > 0)


def test_a_table_without_rules_breaks_none():
    none = RuleViolations(0.0, 0.0, pd.DataFrame({"rule": [], "share": []}))
    assert keeps_rules(none).answer == "No rules found"


def test_the_verdict_warns_of_rows_that_break_rules():
    helps = helps_by_comparison(comparison({"GAN": (0.1, 0.2)}, "gain"), "GAN")
    by_rule = pd.DataFrame({"rule": ["net <= gross"], "share": [0.3]})
    kept = keeps_rules(RuleViolations(0.3, 0.0, by_rule))
    fine = looks_real(quality()), gives_away(quality())
    text, tone = verdict(helps, *fine, kept)
    assert "They break rules of the table: use them for this classifier alone." in text
    assert tone == "good"


def test_one_split_is_not_enough_to_say_use_them():
    scores = pd.DataFrame({"average_precision": {"nothing": 0.5, "augmented": 0.6}})
    helps = helps_by_one_split(scores, Gain(0.1, 0.05, 0.15), 99)
    text, tone = verdict(helps, looks_real(quality()), gives_away(quality()))
    assert tone == "open"
    assert "let compare() confirm it" in text


def test_an_identifier_of_a_real_row_is_bad_news_whatever_the_rows_are():
    reused = pd.Series({"phone": 0.25, "account": 0.0})
    finding = gives_away(quality(), reused)
    assert (finding.answer, finding.tone) == ("Yes", "bad")
    assert "'phone' (25.0%)" in finding.evidence
    assert "account" not in finding.evidence
    fresh = gives_away(quality(), reused * 0)
    assert fresh.answer == "No sign of it"
    assert "No identifier of a real row" in fresh.evidence
