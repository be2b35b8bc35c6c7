"""The findings of a report, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gan_augment.comparison.result import Comparison
from gan_augment.metrics.rules import RuleViolations
from gan_augment.metrics.utility import Gain
from gan_augment.reporting.document import Finding, Tone

# AUC above the floor from which synthetic rows are distinguished at times, and easily.
DISTINGUISHED, EASILY_DISTINGUISHED = 0.1, 0.25
# Share of exact copies above that of unseen real rows that is no coincidence.
COPIES = 0.005
# AUC of an attacker from which membership is given away a little, and plainly.
KNOWN_A_LITTLE, KNOWN_PLAINLY = 0.55, 0.6
# Risk of an attack, at the low end of its interval, that is plain.
RISKY = 0.05
# Attack -> what it does, of those whose interval is as wide as it should be.
ATTACKS = {
    "singling_out": "singling out people",
    "linkability": "linking two parts of a row",
    "inference": "inferring a column from the others",
}
# Times as many near copies as among unseen real rows.
NEAR_COPIES = 2.0
# Share of rows that break a rule, above that of unseen real rows, that is plain to see.
BROKEN_PLAINLY = 0.01


def helps_by_comparison(comparison: Comparison, arm: str) -> Finding:
    """Summarise what :func:`~gan_augment.compare` found about a sampler."""
    answer, tone = _found_of(comparison, arm)
    return Finding("Does it help?", answer, comparison.verdict, tone)


def _found_of(comparison: Comparison, arm: str) -> tuple[str, Tone]:
    if arm not in comparison.samplers:
        raise ValueError(
            f"`arm` must be one of {list(comparison.samplers)}. Got {arm!r}."
        )
    if comparison.outcome == "leak" or arm in comparison.errors:
        return "Cannot be decided", "bad"
    # As wide as the comparison's own verdict has them, for as many samplers.
    level = 1 - 0.05 / len(comparison.samplers)
    answer, tone = _gain_in_words(comparison.differences(level=level).loc[arm])
    if answer != "Yes" and comparison.outcome == "gain":
        return "Another does", "open"
    return answer, tone


def helps_by_one_split(scores: pd.DataFrame, gain: Gain, n_rows: int) -> Finding:
    """Summarise the gain on one set of held-out rows."""
    nothing, augmented = scores["average_precision"][["nothing", "augmented"]]
    answer, tone = _gain_in_words(gain)
    if answer == "Yes":
        # The interval does not know that other training rows give other classifiers.
        answer, tone = "Yes, on this split", "open"
    evidence = (
        f"How well the classifier ranks the rare rows among {n_rows} unseen real rows "
        f"(average precision, 1 is perfect): {nothing:.3f} without synthetic rows, "
        f"{augmented:.3f} with them; {gain.difference:+.3f}, 95 % interval "
        f"{gain.low:+.3f} to {gain.high:+.3f}. This is one split: compare() gives "
        "more evidence."
    )
    return Finding("Does it help?", answer, evidence, tone)


def helps_undecided(leak: str, score: float) -> Finding:
    """Refuse to say whether rows help where a column gives the class away."""
    evidence = (
        f"{leak} The classifier has an average precision of {score:.3f} without "
        "synthetic rows. Leave out columns that are known only after the class is."
    )
    return Finding("Does it help?", "Cannot be decided", evidence, "bad")


def helps_unknown() -> Finding:
    """Say that the gain was not measured."""
    evidence = "Pass a classifier to train with the rows, or the result of compare()."
    return Finding("Does it help?", "Not measured", evidence, "open")


def looks_real(qualities: dict[Any, pd.DataFrame]) -> Finding:
    """Say whether synthetic rows can be distinguished, for the worst class."""
    question = "Do the rows look real?"
    if not qualities:
        return _too_few(question)
    worst = max(qualities.values(), key=_c2st_above_floor)
    c2st, floor = worst.loc["c2st", ["synthetic", "real"]]
    above = _c2st_above_floor(worst)
    answer, tone = _level(
        above, (DISTINGUISHED, EASILY_DISTINGUISHED), ("Yes", "Not quite", "No")
    )
    evidence = (
        "A classifier distinguishes synthetic from unseen real rows with an AUC of "
        f"{c2st:.2f} (0.50: by chance; 1: always). For two sets of real rows it is "
        f"{floor:.2f}."
    )
    return Finding(question, answer, evidence, tone)


def gives_away(
    qualities: dict[Any, pd.DataFrame],
    reused: pd.Series | None = None,
    risks: pd.DataFrame | None = None,
) -> Finding:
    """Say whether synthetic rows repeat training rows, for the worst class.

    Parameters
    ----------
    qualities : dict of object to DataFrame
        Class -> :func:`~gan_augment.metrics.row_quality`.
    reused : Series, default=None
        What :func:`~gan_augment.metrics.reused_identifiers` finds. If None, nothing is
        said of identifiers.
    risks : DataFrame, default=None
        What :func:`~gan_augment.metrics.attack_risks` finds. If None, no attack was
        tried.
    """
    reused = pd.Series(dtype=float) if reused is None else reused
    question = "Do they give real rows away?"
    named = reused[reused > 0]
    if len(named):
        listed = ", ".join(f"{name!r} ({share:.1%})" for name, share in named.items())
        evidence = (
            f"Synthetic rows hold identifiers of real rows, in {listed}, "
            'which may identify real persons. Fit with identifiers="fresh".'
        )
        return Finding(question, "Yes", evidence, "bad")
    if not qualities:
        return _too_few(question)
    worst = max(qualities.values(), key=_leak)
    synthetic, real = worst["synthetic"], worst["real"]
    risky = _risky(risks)
    leak = 3.0 if risky is not None and risky["low"] > RISKY else _leak(worst)
    answer, tone = _level(leak, (1, 2), ("No sign of it", "A little", "Yes"))
    evidence = (
        f"{synthetic['exact_copies']:.1%} of them equal a training row (unseen real "
        f"rows: {real['exact_copies']:.1%}); {synthetic['near_copies']:.1%} are very "
        f"near to one (unseen: {real['near_copies']:.1%}). Who was in the training "
        f"data can be guessed with an AUC of "
        f"{synthetic['membership_inference_auc']:.2f} (0.50: by chance; 95 % interval "
        f"from {synthetic['membership_inference_low']:.2f}). "
    )
    if risky is not None:
        evidence += (
            f"The most successful attack is {ATTACKS[str(risky.name)]}: its risk, "
            f"beyond that of unseen rows, is {risky['risk']:.1%} (95 % interval "
            f"{risky['low']:.1%} to {risky['high']:.1%}). "
        )
    evidence += "This is no proof of privacy."
    if len(reused):
        evidence += " No identifier of a real row is among them."
    return Finding(question, answer, evidence, tone)


def keeps_rules(broken: RuleViolations) -> Finding:
    """Say whether synthetic rows break rules that real rows keep."""
    question = "Do the rows keep the table's rules?"
    by_rule, floor = broken.by_rule, max(broken.floor, 0.0)
    if not len(by_rule):
        evidence = (
            "No rule was found that every real training row keeps, so none is broken."
        )
        return Finding(question, "No rules found", evidence, "good")
    answer, tone = _level(
        broken.share - floor, (0.0, BROKEN_PLAINLY), ("Yes", "Not all of them", "No")
    )
    n_rules = "One rule was" if len(by_rule) == 1 else f"{len(by_rule)} rules were"
    evidence = (
        f"{n_rules} found that every real training row keeps. {broken.share:.1%} of "
        f"the synthetic rows break at least one (unseen real rows: {floor:.1%})."
    )
    if broken.share:
        worst = by_rule.iloc[0]
        evidence += f" Most often broken, by {worst['share']:.1%}: {worst['rule']}."
    return Finding(question, answer, evidence, tone)


def verdict(
    helps: Finding, real: Finding, away: Finding, kept: Finding | None = None
) -> tuple[str, Tone]:
    """Say what to do, and with which tone."""
    advice = {
        "Yes": "Use the synthetic rows: the classifier ranks better with them.",
        "Yes, on this split": (
            "Promising: the classifier ranks better with the synthetic rows. This is "
            "one split: let compare() confirm it before you use them."
        ),
        "No evidence": (
            "Leave the synthetic rows out: there is no evidence that they help."
        ),
        "No, it hurts": "Leave the synthetic rows out: the classifier is worse.",
        "Another does": "Leave these rows out: another way of over-sampling helps.",
        "Cannot be decided": "Not decided: these figures do not show whether they "
        "help.",
        "Not measured": "Not decided: whether the synthetic rows help is not measured.",
    }
    text = advice[helps.answer]
    if away.tone == "bad":
        text += " They give training rows or identifiers away: do not pass them on."
    faults = {"do not look real": real, "break rules of the table": kept}
    named = [fault for fault, found in faults.items() if found and found.tone == "bad"]
    if helps.answer.startswith("Yes") and named:
        text += f" They {' and '.join(named)}: use them for this classifier alone."
    # A leak spoils good news, and does not make bad news worse.
    worse = away.tone == "bad" and helps.tone == "good"
    return text, "open" if worse else helps.tone


def _gain_in_words(gain: Any) -> tuple[str, Tone]:
    if gain.low > 0:
        return "Yes", "good"
    if gain.high < 0:
        return "No, it hurts", "bad"
    return "No evidence", "open"


def _level(
    value: float, limits: tuple[float, float], answers: tuple[str, str, str]
) -> tuple[str, Tone]:
    tones: tuple[Tone, Tone, Tone] = ("good", "open", "bad")
    level = sum(value > limit for limit in limits)
    return answers[level], tones[level]


def _c2st_above_floor(quality: pd.DataFrame) -> float:
    """In small samples two real sets have an AUC below .5; that is no better floor."""
    c2st, floor = quality.loc["c2st", ["synthetic", "real"]]
    return float(c2st - max(floor, 0.5))


def _leak(quality: pd.DataFrame) -> float:
    """0 for no sign of a leak; above 1 for a slight one, above 2 for a plain one."""
    synthetic, real = quality["synthetic"], quality["real"]
    known = synthetic["membership_inference_auc"]
    if synthetic["membership_inference_low"] <= 0.5:
        known = 0.5  # of few rows, it may be chance
    if (
        synthetic["exact_copies"] > real["exact_copies"] + COPIES
        or known > KNOWN_PLAINLY
    ):
        return 3.0
    near = synthetic["near_copies"] > NEAR_COPIES * real["near_copies"]
    return 1.5 if near or known > KNOWN_A_LITTLE else 0.0


def _risky(risks: pd.DataFrame | None) -> pd.Series | None:
    """The attack with the highest low end of its interval; None if none was tried."""
    known = None if risks is None else risks.loc[list(ATTACKS)].dropna()
    if known is None or not len(known):
        return None
    return known.sort_values(["low", "risk"]).iloc[-1]


def _too_few(question: str) -> Finding:
    evidence = (
        "There are too few rows of a class that has synthetic ones: at least 20 of "
        "each kind, training, held-out and synthetic, are needed."
    )
    return Finding(question, "Too few rows to say", evidence, "open")
