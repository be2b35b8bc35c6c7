"""`random_state` -> private generators. No global generator is read or moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    import torch

RandomState: TypeAlias = int | np.random.RandomState | np.random.Generator | None


def make_rng(random_state: RandomState) -> np.random.Generator:
    """Turn scikit-learn's `random_state` into a generator of our own.

    Parameters
    ----------
    random_state : int, RandomState instance, Generator or None
        An int gives the same generator every time. A RandomState instance is drawn
        from, so that it gives another generator each time. If None, use fresh entropy
        of the operating system, never NumPy's global state.

    Returns
    -------
    rng : numpy.random.Generator
        An independent generator; a Generator is returned as it is.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if random_state is None:
        return np.random.default_rng()
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(draw_seed(random_state))
    check_random_state(random_state)  # raises its usual error for a wrong type
    return np.random.default_rng(random_state)


def draw_seed(rng: np.random.Generator | np.random.RandomState) -> int:
    """Draw a seed for another library's `random_state`."""
    if isinstance(rng, np.random.RandomState):
        return int(rng.randint(2**31 - 1))
    return int(rng.integers(2**31 - 1))


def make_torch_generator(
    rng: np.random.Generator, device: str = "cpu"
) -> torch.Generator:
    """Make a torch generator that is seeded from a NumPy one."""
    import torch

    return torch.Generator(device=device).manual_seed(draw_seed(rng))


def seeded(estimator: Any, rng: np.random.Generator, *, anew: bool = False) -> Any:
    """Give an estimator, and what it is made of, a seed wherever it has none.

    With `anew`, also where it has one.
    """
    unseeded = [
        name
        for name, value in sorted(estimator.get_params(deep=True).items())
        if name.split("__")[-1] == "random_state" and (anew or value is None)
    ]
    if unseeded:
        estimator.set_params(**{name: draw_seed(rng) for name in unseeded})
    return estimator
