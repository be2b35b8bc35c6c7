"""Whether a strategy asks for rows that can be added, checked before any training."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from gan_augment.encoding.labels import plain_label


def check_ratio(ratio: Any, y: np.ndarray) -> None:
    """Raise a ValueError if a ratio of rare to common rows adds no row.

    Parameters
    ----------
    ratio : object
        The strategy. Nothing is checked unless it is a number.
    y : ndarray of shape (n_samples,)
        Class of each row. Nothing is checked unless there are two classes.
    """
    classes, counts = np.unique(y, return_counts=True)
    if not isinstance(ratio, Real) or len(classes) != 2:
        return
    rare, common = counts.min(), counts.max()
    if int(common * float(ratio) - rare) <= 0:  # as imbalanced-learn rounds
        raise ValueError(
            "`sampling_strategy` must be a ratio that adds rows to the rare class. Got "
            f"{ratio}; class {plain_label(classes[counts.argmin()])!r} has {rare} "
            f"rows, and the other class {common}. Pass a larger ratio, or the number "
            "of rows that each class shall have, as a dict."
        )


def check_counts(wanted: Mapping[Any, float]) -> None:
    """Raise a ValueError if a class shall get a part of a row."""
    for label, n_rows in wanted.items():
        if not float(n_rows).is_integer():
            raise ValueError(
                "`sampling_strategy` must give a whole number of rows for every "
                f"class. Got {n_rows} more for class {plain_label(label)!r}. Round "
                "it."
            )
