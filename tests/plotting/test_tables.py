import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from gan_augment.plotting import MarginalsDisplay, ProjectionDisplay


def test_every_kind_of_column_is_drawn(mixed_frame):
    kinds = ["money", "int", "Int64", "boolean", "category", "object", "day", "second"]
    kinds += ["timedelta", "all_nan", "all_none", "arrow_date"]
    frame = mixed_frame[kinds]
    display = MarginalsDisplay.from_tables(frame, frame.iloc[:50])
    assert len(display.axes_) == len(kinds)
    display.figure_.canvas.draw()
    distances = display.distances["distance"]
    assert distances.is_monotonic_decreasing


def test_the_columns_asked_for_are_drawn_in_that_order(mixed_frame):
    display = MarginalsDisplay.from_tables(
        mixed_frame, mixed_frame, columns=["day", "int"], figure=Figure()
    )
    assert [axes.get_title() for axes in display.axes_] == [
        "day (KS 0.00)",
        "int (KS 0.00)",
    ]


def test_bars_are_the_shares_of_the_levels():
    real = pd.DataFrame({"a": ["x"] * 6 + ["y"] * 4})
    synthetic = pd.DataFrame({"a": ["x"] * 1 + ["z"] * 2 + [None]})
    (ax,) = MarginalsDisplay.from_tables(real, synthetic).axes_
    names = [text.get_text() for text in ax.get_yticklabels()]
    widths = {
        bars.get_label(): dict(
            zip(names, [round(bar.get_width(), 3) for bar in bars], strict=True)
        )
        for bars in ax.containers
    }
    assert widths["real"] == {"x": 0.6, "y": 0.4, "z": 0, "missing": 0}
    assert widths["synthetic"] == {"x": 0.25, "y": 0, "z": 0.5, "missing": 0.25}


def test_many_levels_share_a_bar():
    frame = pd.DataFrame({"a": [f"level {i}" for i in range(50)]})
    (ax,) = MarginalsDisplay.from_tables(frame, frame).axes_
    assert ax.get_yticklabels()[-1].get_text() == "43 others"
    assert ax.containers[0][-1].get_width() == pytest.approx(43 / 50)


def test_bins_of_whole_numbers_hold_as_many_of_them():
    values = pd.DataFrame({"a": np.arange(1000) % 97})
    (ax,) = MarginalsDisplay.from_tables(values, values).axes_
    heights = [bar.get_height() for bar in ax.containers[0]]
    assert np.ptp(heights[:-2]) < 0.005


def test_a_projection_shows_what_lies_outside():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(300, 5)) * [9, 3, 1, 1, 1]
    display = ProjectionDisplay.from_tables(
        real, real[:100] + np.array([90, 0, 0, 0, 0]), random_state=0
    )
    assert len(display.real) == len(display.synthetic) == 100
    assert display.explained[0] > 0.7
    gap = abs(display.synthetic[:, 0].mean() - display.real[:, 0].mean())
    assert gap == pytest.approx(90, rel=0.1)


def test_one_column_is_a_line():
    display = ProjectionDisplay.from_tables(np.arange(9.0)[:, None], np.ones((3, 1)))
    assert display.explained.tolist() == [1, 0]
