"""What is known of a generator, in figures, and what speaks against using it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gan_augment.comparison import Comparison
from gan_augment.reporting.document import Report
from gan_augment.reporting.findings import gives_away

# The gain in average precision, and the interval that its verdict goes by.
GAIN, GAIN_LOW, GAIN_HIGH = "utility/gain", "utility/gain_low", "utility/gain_high"
# Distance of synthetic rows to training rows over that to unseen real rows. Below this
# they crowd around the rows that they were made from.
RECORD_RATIO, LEAST_RECORD_RATIO = "privacy/closest_record_ratio", 0.8
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
    """Fidelity and privacy in a report: the worst class of each, and the tone."""
    figures: dict[str, float] = {}
    for quality in report.quality.values():
        for measure, name in REPORTED.items():
            value = float(quality["synthetic"].get(measure, np.nan))
            if np.isfinite(value):
                figures[name] = max(value, figures.get(name, value))
    return figures, gives_away(report.quality).tone


def reasons_against(
    figures: Mapping[str, float],
    privacy: str | None,
    requirements: Mapping[str, float],
) -> list[str]:
    """Say what speaks against using a generator.

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
    if ratio is None and privacy is None:
        reasons.append("nothing says whether it gives training rows away")
    if ratio is not None and not ratio >= LEAST_RECORD_RATIO:
        reasons.append(
            f"{RECORD_RATIO} is {ratio:.2f} and must be at least {LEAST_RECORD_RATIO}"
        )
    if privacy == "bad":
        reasons.append("a report says that it gives training rows away")
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
