"""The loop: budget, epochs, callbacks, failure; and that it learns."""

import numpy as np
import pytest
import torch
from scipy import stats

from gan_augment import TabularGAN
from gan_augment.encoding.schema import Span
from gan_augment.networks.image import Discriminator as ImageDiscriminator
from gan_augment.networks.image import Generator as ImageGenerator
from gan_augment.networks.layers import Network
from gan_augment.networks.tabular import Discriminator, Generator
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import Callback, ambient_callbacks, watching
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


@pytest.mark.parametrize(
    ("n_rarest", "n_steps"), [(2, 200), (50, 200), (100, 400), (400, 800)]
)
def test_steps_follow_the_rarest_class(n_rarest, n_steps):
    spy = Spy(stop_at=0)
    X = np.random.default_rng(0).normal(size=(500 + n_rarest, 2))
    y = np.repeat([0, 1], [500, n_rarest])
    TabularGAN(callbacks=[spy], random_state=0).fit(X, y)
    assert spy.events[0] == ("begin", n_steps)


def make_game(loss="relativistic"):
    """A trainer, and the real rows and condition of a batch."""
    rng = torch.Generator().manual_seed(0)
    generator = Generator(
        latent_dim=3,
        n_classes=2,
        hidden_dims=(8,),
        spans=(Span(0, "scalar", 0, 1), Span(1, "one_hot", 1, 2)),
        rng=rng,
    )
    discriminator = Discriminator(n_inputs=3, n_classes=2, hidden_dims=(8,), rng=rng)
    trainer = Trainer(
        generator,
        discriminator,
        loss=loss,
        gradient_penalty_weight=0.7,
        learning_rate=0.1,
        max_steps=4,
        max_time=None,
        rng=torch.Generator().manual_seed(1),
    )
    real = torch.randn(20, 3, generator=rng)
    return trainer, real, torch.eye(2)[torch.arange(20) % 2]


def flat(gradients):
    return torch.cat([gradient.flatten() for gradient in gradients])


@pytest.mark.parametrize("loss", LOSSES)
def test_both_networks_get_the_gradients_of_what_they_minimise(loss):
    """The generator's comes from the slopes, without passing the discriminator."""
    trainer, real, condition = make_game(loss)
    fake, pull = trainer.generator.vjp(condition, torch.Generator().manual_seed(1))
    real.requires_grad_()
    fake.requires_grad_()
    x = torch.cat([torch.cat([real, fake]), torch.cat([condition, condition])], dim=1)
    *hidden, last = trainer.discriminator.layers
    for layer in hidden:
        x = torch.nn.functional.leaky_relu(layer(x), 0.2)
    logits = last(x).squeeze(1)
    slopes = torch.autograd.grad(logits.sum(), [real, fake], create_graph=True)
    r1, r2 = (0.5 * slope.square().sum(dim=1).mean() for slope in slopes)
    value, *_ = LOSSES[loss].discriminator(*logits.chunk(2))
    judged = torch.autograd.grad(
        value + 0.7 * (r1 + r2),
        list(trainer.discriminator.parameters()),
        retain_graph=True,
        materialize_grads=True,
    )
    value, _ = LOSSES[loss].generator(*logits.chunk(2))
    made = pull(*torch.autograd.grad(value, fake))
    trainer._step(1, real.detach(), condition)
    torch.testing.assert_close(trainer._gradients[0], flat(made))
    torch.testing.assert_close(trainer._gradients[1], flat(judged))


@pytest.mark.parametrize(("step", "rate"), [(1, 0.1), (3, 0.1), (4, 0.05)])
def test_the_discriminator_moves_twice_as_far_and_both_slow_down(step, rate):
    """Without momentum the first step moves each weight by the learning rate."""
    trainer, real, condition = make_game()
    before = [vector.clone() for vector in trainer._vectors]
    trainer._step(step, real, condition)
    for vector, old, expected in zip(
        trainer._vectors, before, [rate, 2 * rate], strict=True
    ):
        assert (vector - old).abs().max().item() == pytest.approx(expected, rel=1e-3)


def test_weights_of_a_bfloat16_training_move_by_less_than_bfloat16_resolves():
    rng = torch.Generator().manual_seed(0)
    generator = ImageGenerator(
        latent_dim=3, n_classes=2, image_shape=(1, 8, 8), rng=rng
    )
    discriminator = ImageDiscriminator(n_classes=2, image_shape=(1, 8, 8), rng=rng)
    before = torch.cat([p.detach().flatten() for p in generator.parameters()])
    trainer = Trainer(
        generator,
        discriminator,
        loss="relativistic",
        gradient_penalty_weight=1.0,
        learning_rate=1e-6,
        max_steps=4,
        max_time=None,
        rng=rng,
        dtype=torch.bfloat16,
    )
    assert next(generator.parameters()).dtype is torch.bfloat16
    trainer._step(1, torch.rand(8, 1, 8, 8), torch.eye(2)[torch.arange(8) % 2])
    moved = (trainer._vectors[0] - before).abs()
    assert moved.max() < 1e-5
    assert (moved > 0).float().mean() > 0.9


def test_a_callback_can_stop_the_training():
    assert fit(max_steps=500, callbacks=[Spy(stop_at=40)]).history_["step"][-1] < 60


def test_max_time_ends_the_training_and_leaves_a_usable_gan():
    gan = fit(max_steps=10**6, max_time=0.0)
    assert gan.history_["step"] == [1]
    assert len(gan.sample(5)[0]) == 5


def test_watching_reaches_fits_deep_inside_and_only_there():
    spy = Spy()
    with watching(spy):
        fit(max_steps=3)
    assert spy.events[-1] == ("end", None)
    n_events = len(spy.events)
    fit(max_steps=3)
    assert len(spy.events) == n_events
    assert ambient_callbacks() == ()


def test_the_end_is_told_when_training_fails():
    class Fails(Spy):
        def on_epoch_end(self, epoch):
            raise KeyboardInterrupt

    spy = Fails()
    with pytest.raises(KeyboardInterrupt):
        fit(max_steps=5, callbacks=[spy])
    assert spy.events[-1] == ("end", None)


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
    condition = torch.eye(2).repeat(50, 1)
    centres = condition @ torch.tensor([[0.0, 0.0], [9.0, 9.0]])
    noise = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    real = centres + noise
    assert _diversity(real, centres + noise / 2, condition) == pytest.approx(0.5)
    assert _diversity(real, centres, condition) == pytest.approx(0, abs=1e-6)


class Counting(Network):
    """A discriminator that notes when the slopes of its logits are penalised."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.step, self.penalised = 0, []

    def forward(self, rows, condition):
        self.step += 1
        step, rows = self.step, rows.requires_grad_()
        logits = (rows * self.weight).square().sum(dim=1)

        (slopes,) = torch.autograd.grad(logits.sum(), rows, create_graph=True)
        # Only a penalty sends a gradient back through the slopes.
        slopes.register_hook(lambda _: self.penalised.append(step))
        return logits, slopes


class Scale(Network):
    """A generator of two numbers."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))

    def forward(self, condition, rng):
        return torch.randn(len(condition), 2, generator=rng) * self.weight


def play(discriminator, max_steps=9, **params):
    trainer = Trainer(
        Scale(),
        discriminator,
        loss="relativistic",
        gradient_penalty_weight=0.5,
        learning_rate=0.01,
        max_steps=max_steps,
        max_time=None,
        rng=torch.Generator().manual_seed(1),
        **params,
    )
    batches = ConditionalBatches(
        np.arange(40) % 2,
        n_classes=2,
        encode=lambda rows, rng: rng.normal(size=(len(rows), 2)).astype(np.float32),
        batch_size=8,
        rng=np.random.default_rng(0),
    )
    trainer.run(batches, 40)
    return trainer


def test_a_lazy_penalty_is_taken_every_few_steps_with_as_many_times_the_weight():
    lazy = Counting()
    play(lazy, penalty_interval=4)
    assert lazy.penalised == [1, 5, 9]
    # In the first step the only difference is the weight of the penalty.
    gradients = {
        interval: play(Counting(), 1, penalty_interval=interval)._gradients[1]
        for interval in (1, 2, 3)
    }
    torch.testing.assert_close(gradients[3] - gradients[2], gradients[2] - gradients[1])
    assert (gradients[2] != gradients[1]).any()


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
    trainer = play(Counting(), judge=judge, callbacks=[gallery])
    assert trainer.generator.training
    assert [step for step, _ in pictures] == list(range(1, 10))
    assert torch.equal(judged[-1], trainer.generator.weight)
    alone = play(Counting())
    torch.testing.assert_close(trainer.generator.weight, alone.generator.weight)


def test_what_the_discriminator_sees_is_augmented_real_and_generated():
    class Mirror:
        probability = 1.0
        seen = 0

        def __call__(self, rows, rng):
            self.seen += len(rows)
            return -rows

        def vjp(self, rows, rng):
            return self(rows, rng), lambda d_seen: -d_seen

        def adapt(self, real_logits, fake_logits):
            assert len(real_logits) == len(fake_logits) == 8

    mirror = Mirror()
    mirrored = play(Counting(), 1, augmentation=mirror)
    assert mirror.seen == 16
    # The logits are even, so the slopes of mirrored rows are mirrored back.
    plain = play(Counting(), 1)
    for ours, others in zip(mirrored._gradients, plain._gradients, strict=True):
        torch.testing.assert_close(ours, others)
