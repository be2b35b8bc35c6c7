"""What all displays have in common."""

import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from tables import printed_by_a_new_process

from gan_augment.plotting import (
    ClosestRecordDisplay,
    ProjectionDisplay,
    TrainingCurvesDisplay,
)
from gan_augment.plotting.canvas import detached_figure, label, new_figure

ROWS = np.random.default_rng(0).normal(size=(3, 40, 2))
DISPLAYS = [
    TrainingCurvesDisplay({"step": [1, 2], "generator_loss": [0.9, 0.8]}),
    ProjectionDisplay(*ROWS[:2], np.array([0.6, 0.4])),
    ClosestRecordDisplay(*ROWS[:2, :, 0]),
]


@pytest.mark.parametrize(
    "display", DISPLAYS, ids=lambda display: type(display).__name__
)
def test_a_display_draws_where_it_is_told_and_as_often_as_it_is_told(display):
    ax = Figure().subplots()
    assert display.plot(ax) is display
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.has_data()
    assert display.plot().ax_ is not ax


def test_nothing_loads_matplotlib_before_it_is_drawn():
    code = (
        "import sys, gan_augment.plotting as e; e.MarginalsDisplay;"
        "print('matplotlib' in sys.modules)"
    )
    assert printed_by_a_new_process(code) == "False"


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    for module in ("matplotlib.pyplot", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, module, None)
    for make in (new_figure, lambda: detached_figure(1, 1)):
        with pytest.raises(ImportError, match="pip install matplotlib"):
            make()


def test_a_label_is_short_one_line_and_no_formula():
    assert label("a\nb") == "a b"
    assert len(label("x" * 99)) < 20
    figure = Figure()
    figure.subplots().set_title(label("$\\broken{"))
    figure.canvas.draw()  # a formula that cannot be read would raise


def test_a_lone_surrogate_has_a_label_that_can_be_drawn():
    figure = Figure()
    figure.text(0, 0, label("n\udc80"))
    figure.canvas.draw()
    assert label("n\udc80") == "n\\udc80"
