"""What drawing rows needs of a trained model of the ctgan package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of

# Column of the class in the frame that the package sees.
CLASS_COLUMN = "class"


@dataclass(eq=False)
class Cells:
    """Some cells of the networks' output: one column of the package's frame.

    Parameters
    ----------
    column : str
        Name in the frame.
    levels : ndarray of shape (n_levels,)
        Of a discrete column: the numbers that its cells stand for.
    means, scales : ndarray of shape (n_modes,)
        Of a continuous column: centre and half width of every mode. The first cell is
        the position within the mode, from -1 to 1; the others choose the mode.
    """

    column: str
    levels: np.ndarray
    means: np.ndarray
    scales: np.ndarray

    def __post_init__(self) -> None:
        for name in ("levels", "means"):
            check_array_of(getattr(self, name), name, (-1,), "f")
        check_array_of(self.scales, "scales", self.means.shape, "f")

    @property
    def discrete(self) -> bool:
        """Whether the cells are one-hot."""
        return not len(self.means)

    @property
    def width(self) -> int:
        """Number of cells."""
        return len(self.levels) if self.discrete else 1 + len(self.means)

    def restore(self, cells: np.ndarray) -> np.ndarray:
        """Numbers of shape (n,) for cells of shape (n, width)."""
        if self.discrete:
            return self.levels[cells.argmax(axis=1)]
        mode = cells[:, 1:].argmax(axis=1)
        return self.means[mode] + self.scales[mode] * np.clip(cells[:, 0], -1, 1)


@dataclass(eq=False)
class TrainedNetwork:
    """What drawing rows needs of one trained model of the package.

    Parameters
    ----------
    weights : dict of str to ndarray
        Of the generator or decoder.
    cells : list of Cells
        The columns of its output.
    condition : ndarray of shape (n_condition,)
        Rows of each level of each discrete column, in the order of the condition.
    bounds : ndarray of shape (2, n_features)
        Smallest and largest training number of every column. A column that does not
        vary is no column of the model.
    """

    weights: dict[str, np.ndarray]
    cells: list[Cells]
    condition: np.ndarray
    bounds: np.ndarray

    def __post_init__(self) -> None:
        check_array_of(self.condition, "condition", (-1,), "f")
        # Of a column without values there are none.
        check_array_of(self.bounds, "bounds", (2, -1), "f", missing=True)
        for cells in self.cells:
            if not cells.width:
                raise ValueError(f"Column {cells.column!r} must have cells. Got none.")
            if cells.column != CLASS_COLUMN:
                kind, position = cells.column.split()
                if kind not in ("value", "missing") or not (
                    0 <= int(position) < self.bounds.shape[1]
                ):
                    raise ValueError(f"Cells must be a column's. Got {cells.column!r}.")

    @property
    def width(self) -> int:
        """Number of cells that the network gives."""
        return sum(cells.width for cells in self.cells)

    def slices(self) -> Iterator[tuple[Cells, slice]]:
        """Every column with its cells in the output."""
        start = 0
        for cells in self.cells:
            yield cells, slice(start, start + cells.width)
            start += cells.width

    def decode(self, output: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Rows as numbers, and their class indices if the class was a column."""
        numbers = np.tile(self.bounds[0], (len(output), 1))
        classes = None
        for cells, where in self.slices():
            values = cells.restore(output[:, where])
            if cells.column == CLASS_COLUMN:
                classes = values.astype(np.intp)
                continue
            kind, position = cells.column.split()
            column = numbers[:, int(position)]
            if kind == "missing":  # comes after the values
                column[values > 0] = np.nan
            else:
                column[:] = values
        return np.clip(numbers, *self.bounds), classes


def layout_of(transformer: Any, centre: pd.Series, unit: pd.Series) -> list[Cells]:
    """The output's layout; what a mode means is read off a probe of the transformer."""
    layout, none = [], np.zeros(0)
    for info in transformer._column_transform_info_list:
        width = int(info.output_dimensions)
        if info.column_type == "discrete":
            levels = np.asarray(info.transform.dummies, dtype=np.float64)
            layout.append(Cells(info.column_name, levels, none, none))
            continue
        names = list(info.transform.get_output_sdtypes())
        modes = np.arange(width - 1)
        ends = [
            info.transform.reverse_transform(
                pd.DataFrame({names[0]: np.full(len(modes), x), names[1]: modes})
            )
            .to_numpy()
            .ravel()
            .astype(np.float64)
            for x in (0.0, 1.0)
        ]
        name = info.column_name
        means = centre[name] + unit[name] * ends[0]
        layout.append(Cells(name, none, means, unit[name] * (ends[1] - ends[0])))
    return layout
