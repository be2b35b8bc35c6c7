"""Where displays draw, and in which colours."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# The same in every display.
REAL_COLOR, SYNTHETIC_COLOR = "tab:blue", "tab:orange"
MAX_LABEL_LENGTH = 18


def axes_for(display: Any, ax: Any) -> Any:
    """The axes given, or new ones; the display keeps them, as scikit-learn's do."""
    if ax is None:
        ax = new_figure().subplots()
    display.ax_, display.figure_ = ax, ax.figure
    return ax


def new_figure(**options: Any) -> Any:
    """A figure of pyplot, which notebooks show by themselves."""
    return _matplotlib("pyplot").figure(layout="constrained", **options)


def detached_figure(width: float, height: float) -> Any:
    """A figure that pyplot knows nothing of, so that nothing is shown or kept."""
    return _matplotlib("figure").Figure(figsize=(width, height), layout="constrained")


def _matplotlib(module: str) -> Any:
    try:
        return import_module(f"matplotlib.{module}")
    except ImportError as error:
        raise ImportError(
            "Figures need matplotlib. Install it: pip install 'gan-augment[plots]'."
        ) from error


def label(value: Any) -> str:
    """A value of the data as a short label, of which nothing is read as a formula."""
    text = " ".join(str(value).split())
    if len(text) > MAX_LABEL_LENGTH:
        text = text[: MAX_LABEL_LENGTH - 1] + "…"
    return text.replace("$", r"\$")
