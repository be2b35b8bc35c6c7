"""Axes, figures and colours of the displays."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The same in every display.
REAL_COLOR, SYNTHETIC_COLOR = "tab:blue", "tab:orange"
MAX_LABEL_LENGTH = 18


class HasAxes(Protocol):
    """A display that keeps what it was drawn on."""

    ax_: Axes
    figure_: Figure


def axes_for(display: HasAxes, ax: Axes | None) -> Axes:
    """Return the axes given, or new ones."""
    if ax is None:
        ax = new_figure().subplots()
    # The figure itself where the axes are in a part of one.
    display.ax_, display.figure_ = ax, ax.figure.canvas.figure
    return ax


def new_figure(**options: Any) -> Figure:
    """Make a figure of pyplot, which notebooks show."""
    return _matplotlib("pyplot").figure(layout="constrained", **options)


def detached_figure(width: float, height: float) -> Figure:
    """Make a figure that pyplot neither shows nor keeps."""
    return _matplotlib("figure").Figure(figsize=(width, height), layout="constrained")


def label_dates(ax: Axes) -> None:
    """Label the days of the horizontal axis by few dates."""
    dates = _matplotlib("dates")
    locator = dates.AutoDateLocator(minticks=2, maxticks=4)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))


def _matplotlib(module: str) -> Any:
    try:
        return import_module(f"matplotlib.{module}")
    except ImportError as error:
        raise ImportError(
            "Figures need matplotlib. Install it: pip install matplotlib."
        ) from error


def label(value: Any) -> str:
    """Shorten a value of the data to a label that is not read as a formula."""
    # Lone surrogates have no glyph.
    text = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    text = " ".join(text.split())
    if len(text) > MAX_LABEL_LENGTH:
        text = text[: MAX_LABEL_LENGTH - 1] + "…"
    return text.replace("$", r"\$")
