"""The start of a generator: the moments of the rows that it is given."""

import pytest
import torch
from table_networks import make_generator

from gan_augment.networks import start
from gan_augment.networks.start import start_from


def make_real_rows(n_rows=4000):
    """Two classes that differ in means and levels and share a covariance."""
    rng = torch.Generator().manual_seed(5)
    condition = torch.eye(2)[torch.arange(n_rows) % 2]
    factor = torch.randn(n_rows, generator=rng)
    noise = torch.randn(n_rows, 3, generator=rng)
    rows = torch.zeros(n_rows, 8)
    rows[:, 7] = factor + 0.3 * noise[:, 0] + 2 * condition[:, 1]
    # Missing where the factor is large; the third level is the second class's alone.
    present = factor + noise[:, 1] < 0.3
    rows[:, 0] = torch.where(present, 1.5 + 0.8 * factor + 0.5 * noise[:, 2], 0.0)
    rows[:, 1], rows[:, 2] = present, ~present
    shares = torch.tensor([[0.6, 0.4, 0.0, 0.0], [0.2, 0.2, 0.6, 0.0]])
    level = torch.multinomial(condition @ shares, 1, generator=rng).squeeze(1)
    rows[torch.arange(n_rows), 3 + level] = 1.0
    return rows, condition


def correlation(rows, first, second):
    return torch.corrcoef(rows[:, [first, second]].T)[0, 1].item()


def test_a_generator_that_starts_from_rows_begins_with_their_moments():
    real, condition = make_real_rows()
    generator = make_generator()
    start_from(generator, real, condition, counts=condition.sum(dim=0))
    rows = generator(condition, torch.Generator().manual_seed(1))
    for index in range(2):
        of_class = condition[:, index] == 1
        means, wanted = rows[of_class].mean(dim=0), real[of_class].mean(dim=0)
        torch.testing.assert_close(means, wanted, atol=0.1, rtol=0)
        # Numbers where they are there; a number hangs together with a level, if less.
        made, truly = (kind[of_class & (kind[:, 1] == 1)] for kind in (rows, real))
        assert 0.5 < correlation(made, 7, 0) / correlation(truly, 7, 0) < 1.2
        torch.testing.assert_close(
            made[:, 0].mean(), truly[:, 0].mean(), atol=0.15, rtol=0
        )
        torch.testing.assert_close(
            made[:, 0].std(), truly[:, 0].std(), atol=0.1, rtol=0
        )
        made, truly = rows[of_class], real[of_class]
        assert 0.5 < correlation(made, 7, 1) / correlation(truly, 7, 1) < 1.2


def test_a_start_is_as_wide_as_asked():
    real, condition = make_real_rows()
    spreads = []
    for spread in (1.0, 0.5):
        generator = make_generator()
        counts = condition.sum(dim=0)
        start_from(generator, real, condition, counts=counts, spread=spread)
        rows = generator(condition, torch.Generator().manual_seed(1))
        spreads.append(rows[::2, 7].std().item())
    assert spreads[1] == pytest.approx(spreads[0] / 2, rel=0.01)


def test_components_are_found_though_spans_have_negative_ones():
    """Twenty columns of five levels, all driven by four factors."""
    rng = torch.Generator().manual_seed(0)
    factors = torch.randn(2000, 4, generator=rng)
    slopes = torch.randn(4, 100, generator=rng)
    levels = (factors @ slopes).unflatten(1, (20, 5)).argmax(dim=2)
    rows = torch.nn.functional.one_hot(levels, 5).flatten(1).float()
    residuals = rows - rows.mean(dim=0)
    loadings = start._principal_components(residuals, [(20, 5)], n_components=8)
    covariance = residuals.T @ residuals / len(rows)
    span = torch.arange(100) // 5
    covariance[span[:, None] == span] = 0.0
    best = torch.linalg.eigvalsh(covariance)[-8:]
    torch.testing.assert_close(loadings.square().sum(), best.sum(), rtol=0.05, atol=0)


def test_at_the_start_few_rows_rule_out_no_level_that_others_have():
    real, condition = make_real_rows()
    first = torch.tensor([1.0, 0.0]).expand(4000, 2)
    drawn = {}
    for n_rows in (5, 2000):
        generator = make_generator()
        counts = torch.tensor([n_rows, 2000.0])
        start_from(generator, real, condition, counts=counts)
        rows = generator(first, torch.Generator().manual_seed(1))
        drawn[n_rows] = rows[:, 3:7].mean(dim=0).tolist()
    # The first class has none of the third level, and nobody has the fourth.
    assert 0.2 < drawn[5][2] < 0.4
    assert 0 < drawn[2000][2] < 0.02
    assert drawn[5][3] < 0.01
    assert torch.isfinite(generator.mixture.means).all()
    assert generator.mixture.means.abs().max() < 10  # nor is it nearly ruled out


def test_each_gaussian_has_the_share_the_mean_and_the_covariance_of_its_rows():
    real, condition = make_real_rows()
    # The second class has a part that is far from the rest and narrower.
    is_part = (condition[:, 1] == 1) & (torch.arange(4000) % 8 == 1)
    real[is_part, 7] = 6 + 0.1 * real[is_part, 7]
    components = torch.zeros(4000, 4)
    components[:, 0] = condition[:, 0]
    components[:, 2] = condition[:, 1] * ~is_part
    components[:, 3] = is_part
    generator = make_generator(n_components=2)
    start_from(generator, real, components, counts=components.sum(dim=0))
    rows = generator(condition, torch.Generator().manual_seed(1))
    drawn, wanted = (kind[condition[:, 1] == 1, 7] for kind in (rows, real))
    far, wanted_far = drawn[drawn > 5], wanted[wanted > 5]
    assert len(far) == pytest.approx(len(wanted_far), rel=0.15)
    assert far.mean().item() == pytest.approx(wanted_far.mean().item(), abs=0.05)
    assert far.std().item() == pytest.approx(wanted_far.std().item(), abs=0.1)
    # A Gaussian without rows is not drawn.
    first = rows[condition[:, 0] == 1, 7]
    assert first.max() < 5
