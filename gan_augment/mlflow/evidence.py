"""Figures of the evidence for a generator, and reasons against using it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gan_augment.comparison import Comparison
from gan_augment.reporting.document import Report
from gan_augment.reporting.findings import (
    ATTACKS,
    BROKEN_PLAINLY,
    RISKY,
    gives_away,
)

# The gain in average precision, and the interval that its verdict goes by.
GAIN, GAIN_LOW, GAIN_HIGH = "utility/gain", "utility/gain_low", "utility/gain_high"
# Distance of synthetic rows to training rows over that to unseen real rows. Below this
# they crowd around the rows that they were made from.
RECORD_RATIO, LEAST_RECORD_RATIO = "privacy/closest_record_ratio", 0.8
# Shares of rows with an identifier of a real row, and with a broken rule, above that of
# unseen real rows.
REUSED, BROKEN = "privacy/reused_identifiers", "rules/broken"
# The low end of the interval of each attack's risk: privacy/linkability_low.
RISK, LOW = "privacy/{}_risk", "privacy/{}_low"
# On a version: how a report on its rows takes their privacy.
PRIVACY_TAG = "gan_augment.privacy"
# Measure of a report -> metric.
REPORTED = {
    "c2st": "fidelity/c2st",
    "exact_copies": "privacy/exact_copies",
    "near_copies": "privacy/near_copies",
    "membership_inference_auc": "privacy/membership_inference_auc",
}


def comparison_figures(comparison: Comparison, arm: str | None) -> dict[str, float]:
    """The gain of an arm and its interval, widened for the number of samplers.

    Raises
    ------
    ValueError
        If the comparison says nothing about such an arm.
    """
    if comparison.leak:
        raise ValueError(
            "`comparison` must be of rows as they were before any resampling. Got "
            f"others: {comparison.leak}. Compare on the original table."
        )
    arm = comparison.best if arm is None else arm
    if arm not in comparison.samplers or arm in comparison.errors:
        fitted = [name for name in comparison.samplers if name not in comparison.errors]
        raise ValueError(f"`arm` must be one of {fitted}. Got {arm!r}.")
    level = 1 - 0.05 / len(comparison.samplers)
    gain = comparison.gains(level=level).loc[arm]
    names = {"difference": GAIN, "low": GAIN_LOW, "high": GAIN_HIGH}
    found = {names[key]: float(gain[key]) for key in names}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def report_figures(report: Report) -> tuple[dict[str, float], str]:
    """Fidelity, rules and privacy in a report, and the tone of its privacy.

    Of fidelity and copies that of the worst class.
    """
    figures: dict[str, float] = {}
    for quality in report.quality.values():
        for measure, name in REPORTED.items():
            value = float(quality["synthetic"].get(measure, np.nan))
            if np.isfinite(value):
                figures[name] = max(value, figures.get(name, value))
    if report.reused is not None:
        figures[REUSED] = float(report.reused.max()) if len(report.reused) else 0.0
    if report.rules is not None:
        figures[BROKEN] = max(0.0, report.rules.share - max(report.rules.floor, 0.0))
    if report.risks is not None:
        figures |= risk_figures(report.risks)
    return figures, gives_away(report.quality, report.reused, report.risks).tone


def risk_figures(risks: pd.DataFrame) -> dict[str, float]:
    """The risk of each attack, and the low end of its interval."""
    figures: dict[str, float] = {}
    for attack, risk in risks.dropna().iterrows():
        figures[RISK.format(attack)] = float(risk["risk"])
        figures[LOW.format(attack)] = float(risk["low"])
    return figures


def reasons_against(
    figures: Mapping[str, float],
    privacy: str | None,
    requirements: Mapping[str, float],
) -> list[str]:
    """List the reasons against using a generator.

    Parameters
    ----------
    figures : mapping of str to float
        Metrics of the generator.
    privacy : {"good", "open", "bad"} or None
        How a report takes its privacy, if there is one.
    requirements : mapping of str to float
        What else is asked: figure -> the least that it must be.

    Returns
    -------
    reasons : list of str
        Parts of a sentence; empty if nothing speaks against it.
    """
    reasons = []
    if GAIN_LOW not in figures or GAIN_HIGH not in figures:
        reasons.append("no comparison says whether it helps")
    elif not figures[GAIN_LOW] > 0:
        reasons.append(
            f"the gain in average precision, {gain_text(figures)}, is not above 0 in "
            "its whole interval"
        )
    ratio = figures.get(RECORD_RATIO)
    lows = {attack: figures.get(LOW.format(attack)) for attack in ATTACKS}
    if privacy is None and set(lows.values()) == {None}:
        reasons.append(
            "nothing says whether it gives training rows away"
            if ratio is None
            else f"{RECORD_RATIO} alone is no evidence of privacy: log a report"
        )
    if ratio is not None and not ratio >= LEAST_RECORD_RATIO:
        reasons.append(
            f"{RECORD_RATIO} is {ratio:.2f} and must be at least {LEAST_RECORD_RATIO}"
        )
    if privacy == "bad":
        reasons.append("a report says that it gives training rows away")
    if figures.get(REUSED, 0.0) > 0:
        reasons.append(
            f"{figures[REUSED]:.1%} of the rows have an identifier of a real row"
        )
    if figures.get(BROKEN, 0.0) > BROKEN_PLAINLY:
        reasons.append(
            f"{figures[BROKEN]:.1%} of the rows break a rule of the table, beside what "
            "unseen real rows break"
        )
    for attack, low in lows.items():
        if low is not None and low > RISKY:
            reasons.append(f"the risk of {ATTACKS[attack]} is {low:.1%} or more")
    for name, least in requirements.items():
        if name not in figures:
            reasons.append(f"{name} was not logged and must be at least {least}")
        elif not figures[name] >= least:
            reasons.append(
                f"{name} is {figures[name]:.4g} and must be at least {least}"
            )
    return reasons


def gain_text(figures: Mapping[str, float]) -> str:
    """The gain and its interval in words."""
    gain = f"{figures[GAIN]:+.3f} " if GAIN in figures else ""
    return f"{gain}({figures[GAIN_LOW]:+.3f} to {figures[GAIN_HIGH]:+.3f})"
