"""What a training takes, as a function of the table where the user leaves it open."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

Quality = Literal["default", "high"]

# Few rows of a class are memorised by a long training, so steps follow the rarest one.
STEPS_PER_RARE_ROW = 4
FEWEST_STEPS = 200


@dataclass(frozen=True)
class Recipe:
    """Sizes of the networks and of the training.

    Parameters
    ----------
    hidden_dims : tuple of int
        Widths of the hidden layers.
    batch_size : int
        Rows a batch.
    max_steps : int
        Training steps.
    learning_rate : float
        Step size of the generator.
    gradient_penalty_weight : float
        Weight of R1 + R2.
    """

    hidden_dims: tuple[int, ...]
    batch_size: int
    max_steps: int
    learning_rate: float
    gradient_penalty_weight: float

    def chosen_by(self, estimator: Any) -> Self:
        """Return a recipe in which an estimator's own parameters replace these."""
        given = {f.name: getattr(estimator, f.name, "auto") for f in fields(self)}
        chosen = {name: v for name, v in given.items() if not isinstance(v, str)}
        if "hidden_dims" in chosen:
            chosen["hidden_dims"] = tuple(int(n) for n in chosen["hidden_dims"])
        return replace(self, **chosen)


def recipe_for_table(n_rows: int, n_rarest: int, quality: Quality) -> Recipe:
    """The recipe for a table.

    Parameters
    ----------
    n_rows : int
        Number of training rows.
    n_rarest : int
        Number of training rows of the rarest class.
    quality : {"default", "high"}
        Whether the training may take several times as long for better rows.
    """
    most = min(max(int(28 * n_rows**0.5), FEWEST_STEPS), 4000)
    steps = min(max(STEPS_PER_RARE_ROW * n_rarest, FEWEST_STEPS), most)
    if quality == "high":
        return Recipe((256, 256), 512, 2 * steps, 5e-4, 0.1)
    if steps <= 800:
        return Recipe((64,), 128, steps, 1e-3, 0.5)
    return Recipe((128, 128), 256, steps, 7.5e-4, 0.1)
