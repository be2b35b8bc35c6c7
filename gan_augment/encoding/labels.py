"""Class labels as NumPy and as Python have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def exact_labels(y: Any) -> Any:
    """Labels of a nullable dtype as NumPy ones, which floats would blur."""
    if isinstance(y, pd.Series) and hasattr(y.dtype, "numpy_dtype") and y.notna().all():
        return y.to_numpy(dtype=y.dtype.numpy_dtype)
    return y


def plain_label(label: Any) -> Any:
    """A label as a Python value; a NumPy scalar would show its type in a report."""
    return label.item() if isinstance(label, np.generic) else label
