"""The loop: budget, epochs, callbacks, failure; and that it learns."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from gan_augment import TabularGAN
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import Callback
from gan_augment.training.losses import LOSSES
from gan_augment.training.trainer import Trainer, _diversity


class Spy(Callback):
    def __init__(self, stop_at=None):
        self.events = []
        self.stop_at = stop_at

    def on_train_begin(self, max_steps):
        self.events.append(("begin", max_steps))

    def on_epoch_end(self, epoch):
        self.events.append(("epoch", epoch["step"]))
        return self.stop_at is not None and epoch["step"] >= self.stop_at

    def on_train_end(self):
        self.events.append(("end", None))


def fit(n_rows=100, **params):
    X = np.random.default_rng(0).normal(size=(n_rows, 2))
    return TabularGAN(random_state=0, **params).fit(X, np.arange(n_rows) % 2)


def test_callbacks_are_told_of_beginning_epochs_and_end():
    spy = Spy()
    gan = fit(max_steps=37, callbacks=[spy])
    assert spy.events[0] == ("begin", 37)
    assert spy.events[-2:] == [("epoch", 37), ("end", None)]
    steps = [step for kind, step in spy.events if kind == "epoch"]
    assert steps == gan.history_["step"] == sorted(set(steps))
    assert all(len(column) == len(steps) for column in gan.history_.values())


@pytest.mark.parametrize("max_steps", [1, 20, 300])
def test_epochs_are_neither_many_nor_few(max_steps):
    n_epochs = len(fit(max_steps=max_steps, batch_size=4).history_["step"])
    assert min(max_steps, 20) <= n_epochs <= 100


def test_a_callback_can_stop_the_training():
    assert fit(max_steps=500, callbacks=[Spy(stop_at=40)]).history_["step"][-1] < 60


def test_max_time_ends_the_training_and_leaves_a_usable_gan():
    gan = fit(max_steps=10**6, max_time=0.0)
    assert gan.history_["step"] == [1]
    assert len(gan.sample(5)[0]) == 5


def test_the_end_is_told_when_training_fails():
    class Fails(Spy):
        def on_epoch_end(self, epoch):
            raise KeyboardInterrupt

    spy = Fails()
    with pytest.raises(KeyboardInterrupt):
        fit(max_steps=5, callbacks=[spy])
    assert spy.events[-1] == ("end", None)


def test_a_callback_that_is_none_is_named_before_the_training():
    with pytest.raises(ValueError, match=r"`callbacks` must.*Got 3"):
        fit(max_steps=5, callbacks=[3])


def test_divergence_is_an_error_that_says_what_to_do():
    with pytest.raises(FloatingPointError, match="Lower `learning_rate`"):
        fit(max_steps=200, learning_rate=1e30, loss="wasserstein")


def test_progress_is_shown_before_the_first_step(capsys):
    fit(max_steps=2, verbose=True)
    shown = capsys.readouterr().err
    assert "0/2" in shown
    assert "2/2" in shown
    assert "discriminator_loss" in shown


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_learns_where_a_class_is(loss):
    rng = np.random.default_rng(0)
    y = np.arange(600) % 2
    X = rng.normal(size=(600, 2)) + 6.0 * y[:, None]
    gan = TabularGAN(loss=loss, max_steps=300, random_state=0).fit(X, y)
    for label in (0, 1):
        centre = gan.sample(300, label=label)[0].mean(axis=0)
        np.testing.assert_allclose(centre, [6.0 * label] * 2, atol=1.5)


def test_training_learns_what_is_not_gaussian():
    """A ring; an untrained generator is a Gaussian."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 2000)
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    X += rng.normal(0, 0.05, X.shape)
    y = np.arange(2000) % 2
    made, _ = TabularGAN(max_steps=800, random_state=0).fit(X, y).sample(2000)
    untrained, _ = TabularGAN(max_steps=1, random_state=0).fit(X, y).sample(2000)

    def distance(rows):
        return stats.wasserstein_distance(np.hypot(*rows.T), np.hypot(*X.T))

    assert distance(made) < 0.5 * distance(untrained)
    quadrants = np.unique(np.sign(made), axis=0)
    assert len(quadrants) == 4


def test_sampling_does_not_depend_on_torchs_grad_mode():
    gan = fit(max_steps=3)
    with torch.no_grad():
        inside = gan.sample(4, random_state=0)[0]
    np.testing.assert_array_equal(inside, gan.sample(4, random_state=0)[0])


def test_diversity_is_the_spread_within_classes():
    centres = torch.tensor([[0.0, 0.0], [9.0, 9.0]]).repeat(50, 1)
    noise = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    real = centres + noise
    assert _diversity(real, centres + noise / 2, 2) == pytest.approx(0.5)
    assert _diversity(real, centres, 2) == pytest.approx(0, abs=1e-6)


class Parabola(nn.Module):
    """A discriminator of two numbers, of which real ones are spread more widely."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.judged = 0

    def forward(self, rows, condition):
        self.judged += 1
        return (rows * self.weight).square().sum(dim=1)


class Scale(nn.Module):
    """A generator of two numbers."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, condition, rng):
        return torch.randn(len(condition), 2, generator=rng) * self.weight


def make_batches():
    return ConditionalBatches(
        np.arange(40) % 2,
        n_classes=2,
        encode=lambda rows, rng: 3 * rng.normal(size=(len(rows), 2)).astype(np.float32),
        batch_size=8,
        rng=np.random.default_rng(0),
    )


def make_trainer(max_steps=9, n_discriminators=1, **params):
    params = {"learning_rate": 0.01, "max_time": None} | params
    return Trainer(
        Scale(),
        nn.ModuleList(Parabola() for _ in range(n_discriminators)),
        loss=LOSSES["relativistic"],
        gradient_penalty_weight=0.1,
        max_steps=max_steps,
        rng=torch.Generator().manual_seed(1),
        **params,
    )


def play(**params):
    trainer = make_trainer(**params)
    trainer.run(make_batches(), 40)
    return trainer


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("n_discriminators", [1, 3])
def test_the_generator_comes_nearer_to_the_real_rows(optimizer, n_discriminators):
    trainer = play(max_steps=40, optimizer=optimizer, n_discriminators=n_discriminators)
    assert (trainer.generator.weight > 1.05).all()
    for judge in trainer.discriminators:
        assert judge.weight.detach().tolist() != [1, 1]


def test_the_generator_is_taught_by_the_discriminator_of_the_same_step():
    trainer = make_trainer()
    (judge,) = trainer.discriminators
    objective = trainer.objective

    class Spying:
        with_penalty = objective.with_penalty

        def of_discriminators(self, step, real, fake, condition):
            assert not fake.requires_grad
            self.judged = objective.of_discriminators(step, real, fake, condition)
            return self.judged

        def of_generator(self, real_logits, fake, condition):
            assert fake.requires_grad
            assert judge.weight.detach().tolist() != [1, 1]
            assert torch.equal(real_logits, self.judged[2][0])
            return objective.of_generator(real_logits, fake, condition)

    trainer.objective = Spying()
    trainer._step(1, make_batches(), 0.0)
    assert trainer.generator.weight.detach().tolist() != [1, 1]


def test_the_discriminator_moves_twice_as_far():
    """Without momentum the first step moves each weight by the learning rate."""
    trainer = make_trainer()
    trainer._step(1, make_batches(), 0.75)  # where the rate is half of the first
    for name, expected in (("generator", 0.005), ("discriminator", 0.01)):
        moved = (trainer._players[name].weights - 1).abs()
        torch.testing.assert_close(moved, torch.full((2,), expected))


def test_the_training_is_done_by_steps_or_by_time_whichever_comes_first():
    by_steps = make_trainer(max_steps=100)
    shares = [by_steps._done(step, 5.0) for step in (1, 51, 76, 100)]
    assert shares == pytest.approx([0, 0.5, 0.75, 0.99])
    by_time = make_trainer(max_steps=100, max_time=10.0)
    shares = [by_time._done(2, s) for s in (0.0, 5.0, 7.5, 11.0)]
    assert shares == pytest.approx([0.01, 0.5, 0.75, 1.0])


@pytest.mark.parametrize(
    ("done", "factor"), [(0.0, 1.0), (0.5, 1.0), (0.75, 0.5), (0.98, 0.04), (1.0, 0.0)]
)
def test_the_learning_rate_is_held_and_then_falls_to_zero(done, factor):
    trainer = make_trainer()
    before = trainer._players["generator"].weights.clone()
    trainer._step(1, make_batches(), done)
    moved = (trainer._players["generator"].weights - before).abs()
    torch.testing.assert_close(moved, torch.full((2,), 0.01 * factor))


def test_the_average_forgets_the_start_and_keeps_what_is_recent():
    trainer = make_trainer(learning_rate=0.0)
    weights = trainer._players["generator"].weights
    batches = make_batches()
    for step in range(1, 101):
        weights.fill_(step)
        trainer._step(step, batches, 0.0)
    # Of a training of a hundred steps the start is forgotten, not its last tenth.
    assert 75 < trainer._average[0] < 98
    weights.fill_(1000.0)
    before = trainer._average.clone()
    trainer._step(10**6, batches, 0.0)
    torch.testing.assert_close(
        trainer._average - before, (1000 - before) * 0.001, rtol=1e-2, atol=0
    )


def test_every_epoch_judges_the_averaged_generator_and_training_goes_on():
    judged, pictures = [], []

    class Gallery(Callback):
        def on_picture(self, step, picture):
            pictures.append((step, picture))

    def judge(generator):
        assert not generator.training
        judged.append(generator.weight.detach().clone())
        return {"quality": float(len(judged))}, np.zeros((1, 1, 3), np.uint8)

    gallery = Gallery()
    trainer = play(judge=judge, callbacks=[gallery])
    assert trainer.generator.training
    assert [step for step, _ in pictures] == list(range(1, 10))
    assert torch.equal(judged[-1], trainer.generator.weight)
    alone = play()
    torch.testing.assert_close(trainer.generator.weight, alone.generator.weight)


def test_what_the_discriminator_sees_is_augmented_real_and_generated():
    class Mirror:
        strength = 1.0
        seen = 0

        def __call__(self, rows, rng):
            self.seen += len(rows)
            return -rows

        def adapt(self, real_logits, fake_logits, done):
            assert real_logits.numel() == fake_logits.numel() == 8

    mirror = Mirror()
    mirrored, plain = play(max_steps=1, augmentation=mirror), play(max_steps=1)
    assert mirror.seen == 16
    # The logits are even, and so mirrored rows teach the same.
    for name, player in mirrored._players.items():
        torch.testing.assert_close(player.gradient, plain._players[name].gradient)


def test_a_reconstruction_adds_its_loss_and_learns_with_the_generator():
    class Scaled(torch.nn.Module):
        """Wants the generator to draw three times the real rows."""

        def __init__(self):
            super().__init__()
            self.factor = torch.nn.Parameter(torch.ones(()))

        def forward(self, generator, rows, condition, rng):
            drawn = generator(condition, rng)
            return 100 * (drawn - 3 * self.factor * rows).square().mean()

    scaled = Scaled()
    with_it = play(max_steps=1, reconstruction=scaled)
    without = play(max_steps=1)
    assert float(scaled.factor.detach()) != 1
    n_weights = without._players["generator"].weights.numel()
    assert with_it._players["generator"].weights.numel() == n_weights + 1
    gradients = [
        t._players["generator"].gradient[:n_weights] for t in (with_it, without)
    ]
    assert not torch.allclose(*gradients)
