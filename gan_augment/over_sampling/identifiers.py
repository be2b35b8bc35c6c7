"""Give synthetic rows identifiers that no other row has."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse

from gan_augment.encoding import TableEncoder
from gan_augment.encoding.rows import RealRows
from gan_augment.gans.base import Synthesizer
from gan_augment.over_sampling.refinement import Refinement

# Draws of a value before one that is taken is accepted: the pattern has no more.
MAX_DRAWS = 8


class FreshIdentifiers(Refinement):
    """Give columns that name rows values that neither real nor other rows have.

    A GAN whose encoder knows identifiers draws fresh values, which differ among the
    rows of one draw. Here those of all draws do.

    Attributes
    ----------
    names : list
        The columns that name rows. Empty if the GAN keeps them, or has no encoder.
    """

    names: list[Any]
    _encoder: Any

    def fit(
        self, real: RealRows, y: np.ndarray, gan: Synthesizer, labels: list[Any]
    ) -> Self:
        """Remember which values are taken.

        Parameters
        ----------
        real : RealRows
            The real rows.
        y : ndarray of shape (n_samples,)
            Not used, for the protocol of refinements.
        gan : estimator
            The fitted GAN.
        labels : list
            Not used, for the protocol of refinements.

        Returns
        -------
        self : FreshIdentifiers
            The fitted refinement.
        """
        encoder = getattr(gan, "encoder_", None)
        self.names = []
        if isinstance(encoder, TableEncoder):
            if encoder.left_out_:
                raise ValueError(
                    "`gan__identifiers` must be 'fresh' or 'keep' in an over-sampler, "
                    "whose rows have the columns of X. Got 'drop', which leaves out "
                    f"{encoder.left_out_}. Drop these columns from X."
                )
            self.names = encoder.identifiers_
        self._encoder = encoder
        self._taken = {name: set(real.frame[name].dropna()) for name in self.names}
        return self

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Replace the values of identifiers."""
        if not self.names:
            return X
        if sparse.issparse(X):
            return type(X)(self.refine(X.toarray(), label, n_rows, rng))
        X = X.copy()
        for name in self.names:
            column = X[name] if isinstance(X, pd.DataFrame) else pd.Series(X[:, name])
            fresh = self._draw(name, column, rng)
            if isinstance(X, pd.DataFrame):
                X[name] = fresh.array
            else:
                X[:, name] = fresh.to_numpy()
        return X

    def _draw(
        self, name: Any, column: pd.Series, rng: np.random.Generator
    ) -> pd.Series:
        """Fresh values where the column has some."""
        taken = self._taken[name]
        fresh = self._encoder.draw_identifiers(name, column, rng)
        for _ in range(MAX_DRAWS):
            clash = fresh.notna() & (fresh.isin(taken) | fresh.duplicated())
            again = np.flatnonzero(clash)
            if not len(again):
                break
            redrawn = self._encoder.draw_identifiers(name, column.iloc[again], rng)
            fresh.iloc[again] = redrawn.array
        taken.update(fresh.dropna())
        return fresh
