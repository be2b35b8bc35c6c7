"""Where the generator of encoded table rows starts: near the rows, not at random.

Shapes are those of :mod:`gan_augment.networks.tabular`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from gan_augment.networks.tabular import Generator

# A class has the levels of this many rows of all classes beside its own.
PRIOR_ROWS = 5.0
SMALLEST_SHARE = 1e-4
# Keeps the slope of a rare level small, and the width of a number that is seldom there.
SMALL_SHARE = 0.05
# Of the search for principal components.
ITERATIONS = 10
SHIFT = 1e-6


@torch.no_grad()
def start_from(
    generator: Generator,
    rows: torch.Tensor,
    components: torch.Tensor,
    *,
    counts: torch.Tensor,
    spread: float = 1.0,
) -> None:
    """Let a generator begin with a Gaussian mixture of each class of these rows.

    Some hundred steps move a weight by some tenths. They would be spent on what is
    known without training: the means of the parts of a class, and their principal
    components (probabilistic PCA: Tipping and Bishop 1999,
    doi:10.1111/1467-9868.00196). They lead from the latent to the scalars and, by a
    linear approximation of the softmax, to the logits of levels. The residual network
    and the shortcut add nothing at first.

    Parameters
    ----------
    generator : Generator
        Its mixture, its shortcut and its output layer are set, in place.
    rows : Tensor of shape (B, D)
        Encoded rows.
    components : Tensor of shape (B, C * K)
        One-hot: the class and the Gaussian of each row. A Gaussian without rows is
        never drawn. With one Gaussian a class, all have the principal components of
        all rows in common, and the classes should have as many rows each.
    counts : Tensor of shape (C * K,)
        How many rows the training set has of each class and Gaussian. The fewer, the
        less can be said of a level that none has.
    spread : float, default=1.0
        Standard deviation of the Gaussians, as a share of that of the rows.
    """
    activation, mixture = generator.activation, generator.mixture
    first, cells = activation.n_scalars, activation.cells
    # A missing number is 0 in `rows`, and the activation makes it 0 once more.
    present = torch.ones_like(rows)
    present[:, activation.masked] = rows[:, activation.present_at]
    rows, present = rows.index_select(1, cells), present.index_select(1, cells)
    means = components.T @ rows / (components.T @ present).clamp(min=1)
    residuals = (rows - components @ means) * present
    shares, weights = means[:, first:], counts[:, None]
    overall = (weights * shares).sum(dim=0) / weights.sum()
    shares = (weights * shares + PRIOR_ROWS * overall) / (weights + PRIOR_ROWS)
    means[:, first:] = shares.clamp(min=SMALLEST_SHARE).log()

    def loadings_of(chosen: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        n_factors = mixture.loadings.shape[-1]
        found = _principal_components(
            residuals[chosen], activation.groups, n_components=n_factors
        )
        found /= present[chosen].mean(dim=0).clamp(min=SMALL_SHARE).sqrt()[:, None]
        found[first:] /= shares[:, None] + SMALL_SHARE
        return spread * F.pad(found, (0, n_factors - found.shape[1]))

    n_classes, n_components = mixture.up_to.shape
    if n_components == 1:
        everything = torch.ones(len(rows), dtype=torch.bool)
        loadings = loadings_of(everything, overall).expand(n_classes, -1, -1)
    else:
        belongs = components.T > 0
        loadings = torch.stack(
            [
                loadings_of(chosen, share) if chosen.any() else mixture.loadings[0, 0]
                for chosen, share in zip(belongs, shares, strict=True)
            ]
        )
    of_class = counts.view(n_classes, n_components)
    mixture.up_to.copy_((of_class / of_class.sum(dim=1, keepdim=True)).cumsum(dim=1))
    mixture.means.copy_(means.view_as(mixture.means))
    mixture.loadings.copy_(loadings.reshape(mixture.loadings.shape))
    for parameter in (*generator.output.parameters(), *generator.shortcut.parameters()):
        parameter.zero_()


def _principal_components(
    residuals: torch.Tensor, groups: Sequence[tuple[int, int]], *, n_components: int
) -> torch.Tensor:
    """(B, D) residuals -> (D, n_components), directions of standard deviation's length.

    The last cells are one-hot spans, `groups` of some number and width. How the levels
    of one span exclude each other is left out: it is drawn by the activation. By
    subspace iteration (Halko et al. 2011, arXiv:0909.4061): to take all of a wide
    table's covariance apart would be minutes.
    """
    sizes = [n_spans * width for n_spans, width in groups]
    first = residuals.shape[1] - sum(sizes)
    within = [
        torch.einsum("bsv,bsw->svw", cells, cells)
        for cells in _by_span(residuals[:, first:], groups, dim=1)
    ]

    def covary(directions: torch.Tensor) -> torch.Tensor:
        found = residuals.T @ (residuals @ directions)
        spans = _by_span(directions[first:], groups, dim=0)
        found[first:] -= torch.cat(
            [directions[:0]]
            + [(c @ d).flatten(0, 1) for c, d in zip(within, spans, strict=True)]
        )
        return found / len(residuals)

    # Without the spans' own part some variances are negative. The iteration finds the
    # largest of either sign, so it looks for more than are wanted.
    basis = residuals[: min(2 * n_components, residuals.shape[1])].T
    for _ in range(ITERATIONS):
        # The shift changes no direction, and leaves none without a length.
        basis = torch.linalg.qr(covary(basis) + SHIFT * basis).Q
    variances, rotation = torch.linalg.eigh(basis.T @ covary(basis))
    directions = (basis @ rotation)[:, -n_components:]
    return directions * variances[-n_components:].clamp(min=0).sqrt()


def _by_span(
    cells: torch.Tensor, groups: Sequence[tuple[int, int]], *, dim: int
) -> list[torch.Tensor]:
    """Split cells of spans along `dim` into (spans, width), a tensor a group."""
    parts = cells.split([n_spans * width for n_spans, width in groups], dim=dim)
    return [
        part.unflatten(dim, group) for part, group in zip(parts, groups, strict=True)
    ]
