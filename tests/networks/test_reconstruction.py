"""The loss of real rows that a generator draws again."""

import torch
from table_networks import SPANS, make_generator

from gan_augment.networks.reconstruction import Reconstruction

CONDITION = torch.eye(2)[torch.arange(64) % 2]


def make_rows():
    return make_generator()(CONDITION, torch.Generator().manual_seed(1))


def make_reconstruction(weight=1.0):
    return Reconstruction(
        latent_dim=4,
        n_classes=2,
        hidden_dims=(16,),
        spans=SPANS,
        weight=weight,
        rng=torch.Generator().manual_seed(2),
    )


def loss_of(reconstruction, generator, rows, seed=3):
    rng = torch.Generator().manual_seed(seed)
    return reconstruction(generator, rows, CONDITION, rng)


def test_training_finds_noise_that_gives_the_rows_again():
    generator, reconstruction = make_generator(), make_reconstruction()
    rows = make_rows().detach()
    before = loss_of(reconstruction, generator, rows).item()
    optimizer = torch.optim.Adam(reconstruction.parameters(), lr=0.01)
    for step in range(200):
        optimizer.zero_grad()
        loss_of(reconstruction, generator, rows, seed=step).backward()
        optimizer.step()
    assert loss_of(reconstruction, generator, rows).item() < 0.8 * before


def test_the_gradient_reaches_both_networks_and_the_weight_scales_it():
    rows = make_rows().detach()
    gradients = []
    for weight in (1.0, 2.0):
        generator, reconstruction = make_generator(), make_reconstruction(weight)
        loss_of(reconstruction, generator, rows).backward()
        gradients.append(generator.output.weight.grad)
        assert all(p.grad.abs().sum() > 0 for p in reconstruction.parameters())
    torch.testing.assert_close(gradients[1], 2 * gradients[0])


def test_the_encoder_sees_about_half_of_the_columns_of_a_row():
    seen = []

    class Spy(torch.nn.Module):
        def forward(self, inputs):
            seen.append(inputs[:, : sum(span.width for span in SPANS)])
            return torch.zeros(len(inputs), 16)

    reconstruction = make_reconstruction()
    reconstruction.trunk = Spy()
    rows = torch.ones(64, sum(span.width for span in SPANS))
    loss_of(reconstruction, make_generator(), rows)
    (inputs,) = seen
    for span in SPANS:  # whole or not at all
        cells = inputs[:, span.start : span.stop]
        assert torch.equal(cells.amax(dim=1), cells.amin(dim=1))
        assert 0.25 < cells.mean() < 0.75


def test_expected_rows_hold_probabilities_of_levels_in_the_order_of_the_row():
    generator = make_generator()
    latent = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    rows = generator.expected(CONDITION, torch.Generator().manual_seed(1), latent)
    for span in SPANS:
        if span.kind == "one_hot":
            cells = rows[:, span.start : span.stop]
            torch.testing.assert_close(cells.sum(dim=1), torch.ones(64))
            assert torch.all(cells > 0)
