from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from gan_augment.plotting import CalibrationCurvesDisplay, ComparisonDisplay

DIFFERENCES = pd.DataFrame(
    {
        "difference": [0.0, -0.03, 0.01, 0.05],
        "low": [0.0, -0.05, -0.01, 0.02],
        "high": [0.0, -0.01, 0.03, 0.08],
    },
    index=["nothing", "SMOTE", "GAN", "weights"],
)


def bins(arm, correction, observed):
    return pd.DataFrame(
        {"arm": arm, "correction": correction, "predicted": [0.2, 0.8]}
        | {"observed": observed, "n": 9}
    )


@pytest.fixture
def comparison():
    calibration = [
        bins("nothing", "before", [0.2, 0.8]),
        bins("GAN", "before", [0.1, 0.6]),
        bins("GAN", "after", [0.2, 0.7]),
    ]
    return SimpleNamespace(
        differences=lambda metric: DIFFERENCES,
        calibration=pd.concat(calibration),
        best="GAN",
        baseline="nothing",
    )


def drawn(display):
    ax = display.ax_
    names = [text.get_text() for text in ax.get_yticklabels()]
    places, colors = ax.collections[1].get_offsets(), ax.collections[1].get_facecolors()
    return {
        name: (place[0], tuple(color))
        for name, place, color in zip(names, places, colors, strict=True)
    }


def test_the_best_is_on_top_and_colours_are_evidence(comparison):
    display = ComparisonDisplay.from_comparison(comparison)
    found = drawn(display)
    assert list(found) == ["weights", "GAN", "SMOTE"]
    assert display.ax_.yaxis_inverted()
    assert found["weights"] == (0.05, to_rgba("tab:green"))
    assert found["GAN"] == (0.01, to_rgba("tab:gray"))
    assert found["SMOTE"] == (-0.03, to_rgba("tab:red"))


def test_of_a_loss_less_is_better(comparison):
    display = ComparisonDisplay.from_comparison(comparison, metric="uncorrected_brier")
    found = drawn(display)
    assert list(found) == ["SMOTE", "GAN", "weights"]
    assert found["SMOTE"][1] == to_rgba("tab:green")
    assert "less is better" in display.ax_.get_xlabel()


def test_an_arm_without_figures_does_not_hide_the_others(comparison):
    frame = DIFFERENCES.copy()
    frame.loc["SMOTE"] = np.nan
    display = ComparisonDisplay(frame.drop(index="nothing"), "f1").plot()
    assert list(drawn(display)) == ["weights", "GAN", "SMOTE"]


def test_calibration_is_drawn_before_and_after(comparison):
    display = CalibrationCurvesDisplay.from_comparison(comparison)
    curves = {line.get_label(): line.get_ydata().tolist() for line in display.ax_.lines}
    assert curves.pop("Perfectly calibrated") == [0, 1]
    assert curves == {
        "nothing": [0.2, 0.8],
        "GAN": [0.1, 0.6],
        "GAN, corrected": [0.2, 0.7],
    }


def test_an_arm_without_calibration_is_a_clear_error(comparison):
    with pytest.raises(ValueError, match=r"`arm` must be one of \['nothing', 'GAN'\]"):
        CalibrationCurvesDisplay.from_comparison(comparison, arm="SMOTE")
    comparison.calibration = pd.DataFrame()
    with pytest.raises(ValueError, match=r"`arm` must be one of \[\]\. Got 'GAN'"):
        CalibrationCurvesDisplay.from_comparison(comparison)
