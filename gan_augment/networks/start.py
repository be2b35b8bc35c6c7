"""Where the generator of encoded table rows starts: near the rows, not at random.

Shapes are those of :mod:`gan_augment.networks.tabular`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gan_augment.networks.tabular import Generator

# A class has the levels of this many rows of all classes beside its own.
PRIOR_ROWS = 5.0
SMALLEST_SHARE = 1e-4
# Keeps the slope of a rare level small, and the width of a number that is seldom there.
SMALL_SHARE = 0.05
# Of the search for principal components.
ITERATIONS = 10


@torch.no_grad()
def start_from(
    generator: Generator,
    rows: torch.Tensor,
    condition: torch.Tensor,
    *,
    counts: torch.Tensor,
    spread: float = 1.0,
) -> None:
    """Let a generator begin with the means of these rows and a Gaussian around them.

    Some hundred steps move a weight by some tenths, and would be spent on what is
    known in closed form: the means of the classes, and principal components of what
    the classes have in common (probabilistic PCA: Tipping and Bishop 1999,
    doi:10.1111/1467-9868.00196), from the latent to the scalars and, by a linear
    approximation of the softmax, to the logits of levels. Hidden units have no say
    at first.

    Parameters
    ----------
    generator : Generator
        Its shortcut and its output layer are set, in place.
    rows : Tensor of shape (B, D)
        Encoded rows, every class equally often.
    condition : Tensor of shape (B, C)
        Their classes.
    counts : Tensor of shape (C,)
        How many rows the training set has of each class. The fewer, the less can be
        said of a level that none has.
    spread : float, default=1.0
        Standard deviation of the Gaussian, as a share of that of the rows.
    """
    activation, latent_dim = generator.activation, generator.latent_dim
    first, cells = activation.n_scalars, activation.cells
    # A missing number is 0 in `rows`, and the activation makes it 0 once more.
    present = torch.ones_like(rows)
    present[:, activation.masked] = rows[:, activation.present_at]
    rows, present = rows.index_select(1, cells), present.index_select(1, cells)
    means = condition.T @ rows / (condition.T @ present).clamp(min=1)
    loadings = _principal_components(
        (rows - condition @ means) * present,
        activation.groups,
        n_components=min(latent_dim, rows.shape[1]),
    )
    loadings /= present.mean(dim=0).clamp(min=SMALL_SHARE).sqrt()[:, None]
    shares, counts = means[:, first:], counts[:, None]
    overall = (counts * shares).sum(dim=0) / counts.sum()
    loadings[first:] /= overall[:, None] + SMALL_SHARE
    shares = (counts * shares + PRIOR_ROWS * overall) / (counts + PRIOR_ROWS)
    means[:, first:] = shares.clamp(min=SMALLEST_SHARE).log()
    for parameter in (*generator.output.parameters(), *generator.shortcut.parameters()):
        parameter.zero_()
    weight, bias = generator.shortcut.weight, generator.shortcut.bias
    weight[:, : loadings.shape[1]] = spread * loadings
    weight[:, latent_dim:] = (means - means.mean(dim=0)).T
    bias.copy_(means.mean(dim=0))


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
        basis = torch.linalg.qr(covary(basis)).Q
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
