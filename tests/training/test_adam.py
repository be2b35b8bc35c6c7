"""The optimiser: torch's, without what it spends on groups of parameters."""

import torch

from gan_augment.training.adam import Adam


def test_every_step_is_that_of_torchs_adam_without_momentum():
    rng = torch.Generator().manual_seed(0)
    start = torch.randn(50, generator=rng)
    ours, theirs = start.clone(), start.clone()
    optimizer = Adam(ours, 0.01)
    true = torch.optim.Adam([theirs], lr=0.01, betas=(0.0, 0.9))
    for factor in (1.0, 1.0, 0.5, 0.1):
        gradient = torch.randn(50, generator=rng) * torch.logspace(-12, 3, 50)
        optimizer.step(gradient, factor)
        true.param_groups[0]["lr"] = 0.01 * factor
        theirs.grad = gradient
        true.step()
        torch.testing.assert_close(ours, theirs)
    assert not torch.equal(ours, start)
