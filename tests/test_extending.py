"""What CONTRIBUTING.md says can be added is added here from outside the package.

A refinement is in ``over_sampling/test_refinement.py``, a tracker in ``test_events.py``
and a kind of column in ``encoding/test_kinds.py``.
"""

from dataclasses import dataclass, replace

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator
from torch import nn

import gan_augment.mlflow
from gan_augment import GANOverSampler, ImageGAN, TabularGAN, check_table
from gan_augment.cli import app, main
from gan_augment.cli.options import FileArgument, ReadingOptions, verb
from gan_augment.encoding import TableEncoder
from gan_augment.encoding.table import STATE_CLASSES
from gan_augment.gans import GANS, BaseSynthesizer, register_gan
from gan_augment.metrics import row_quality
from gan_augment.networks.tabular import SpanActivation
from gan_augment.persistence import ModelFileError
from gan_augment.tables import check, rules
from gan_augment.training.losses import LOSSES, AdversarialLoss


def draws_like_before(gan, loaded):
    drawn, _ = gan.sample(9, random_state=0)
    pd.testing.assert_frame_equal(loaded.sample(9, random_state=0)[0], drawn)


def test_a_loss(imbalanced):
    """A loss that is passed as an object is the one that is minimised."""
    bounded = AdversarialLoss(
        discriminator=lambda real, fake: (torch.tanh(fake) - torch.tanh(real)).mean(),
        generator=lambda real, fake: -torch.tanh(fake).mean(),
    )
    drawn = {}
    for name, loss in (
        ("own", bounded),
        ("known", LOSSES["relativistic"]),
        ("by name", "relativistic"),
    ):
        sampler = GANOverSampler(
            TabularGAN(max_steps=5, loss=loss), sample_filter=None, random_state=0
        )
        drawn[name], _ = sampler.fit_resample(*imbalanced)
    pd.testing.assert_frame_equal(drawn["known"], drawn["by name"])
    assert not drawn["own"].equals(drawn["known"])


class Shallow(nn.Module):
    """A generator of one hidden layer."""

    def __init__(self, spans, n_classes):
        super().__init__()
        width = sum(span.width for span in spans)
        self.layers = nn.Sequential(
            nn.Linear(4 + n_classes, 16), nn.Tanh(), nn.Linear(16, width)
        )
        self.activation = SpanActivation(spans)

    def forward(self, condition, rng):
        noise = torch.randn(len(condition), 4, generator=rng)
        return self.activation(self.layers(torch.cat([noise, condition], dim=1)), rng)


class Bilinear(nn.Module):
    """A discriminator that compares rows with classes."""

    def __init__(self, width, n_classes):
        super().__init__()
        self.layer = nn.Bilinear(width, n_classes, 1)

    def forward(self, rows, condition):
        return self.layer(rows, condition).squeeze(1)


class GANOfOwnNetworks(TabularGAN):
    def _make_generator(self, rng):
        return Shallow(self.encoder_.schema_, len(self.classes_))

    def _make_discriminator(self, rng):
        return Bilinear(self.encoder_.width_, len(self.classes_))


def test_a_network(imbalanced, tmp_path):
    X, y = imbalanced
    gan = GANOfOwnNetworks(max_steps=200, random_state=0).fit(X, y)
    assert set(gan.discriminator_weights_) == {"0.layer.weight", "0.layer.bias"}
    assert gan.generator_weights_["layers.0.weight"].shape == (16, 6)
    assert np.isfinite(gan.score_samples(X, y)).all()
    gan.save(tmp_path / "gan")
    draws_like_before(gan, GANOfOwnNetworks.load(tmp_path / "gan"))
    resampled, _ = GANOverSampler(gan, random_state=0).fit_resample(X, y)
    assert len(resampled) == 350


class Jitter(BaseEstimator):
    """A generator with no class of the package: real rows, moved."""

    def fit(self, X, y):
        self.rows_ = {label: X[y == label] for label in np.unique(y)}
        return self

    def sample(self, n_samples=1, *, label=None, random_state=None):
        rng = np.random.default_rng(random_state)
        rows = self.rows_[label]
        chosen = rows[rng.integers(len(rows), size=n_samples)]
        return chosen + rng.normal(0, 0.1, chosen.shape), np.full(n_samples, label)


def test_any_object_that_fits_and_samples():
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.arange(60) % 6 == 0
    sampler = GANOverSampler(Jitter(), sample_filter=None, random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert y_resampled.sum() == 50
    distances = np.abs(X_resampled[60:, None] - X[y]).max(axis=2).min(axis=1)
    assert (distances < 1).all()


class Gaussian(BaseSynthesizer):
    """Independent normal cells in each class."""

    _saved_attributes = (*BaseSynthesizer._saved_attributes, "means_", "deviations_")
    _saved_classes = STATE_CLASSES
    _parameter_constraints = {"random_state": ["random_state"]}
    device = "cpu"

    def __init__(self, random_state=None):
        self.random_state = random_state

    def _make_encoder(self):
        return TableEncoder()

    def _train(self, X, classes, rng):
        encoded = self.encoder_.transform(X, random_state=0)
        groups = [encoded[classes == i] for i in range(len(self.classes_))]
        self.means_ = np.stack([rows.mean(axis=0) for rows in groups])
        self.deviations_ = np.stack([rows.std(axis=0) for rows in groups])

    def _draw(self, classes, rng):
        noise = rng.normal(size=self.means_[classes].shape)
        encoded = self.means_[classes] + noise * self.deviations_[classes]
        return self.encoder_.inverse_transform(encoded.astype(np.float32))


@pytest.fixture
def registered():
    register_gan("gaussian", Gaussian)
    yield
    GANS.pop("gaussian", None)


def test_a_gan_by_name_saved_logged_and_loaded(registered, store, imbalanced, tmp_path):
    X, y = imbalanced
    sampler = GANOverSampler("gaussian", random_state=0)
    assert len(sampler.fit_resample(X, y)[0]) == 350
    assert isinstance(sampler.gan_, Gaussian)

    gan_augment.mlflow.save_model(sampler.gan_, tmp_path / "saved")
    loaded = gan_augment.mlflow.load_model(str(tmp_path / "saved"))
    assert type(loaded) is Gaussian
    draws_like_before(sampler.gan_, loaded)

    with mlflow.start_run():
        info = gan_augment.mlflow.log_model(sampler.gan_, registered_model_name="own")
    draws_like_before(
        sampler.gan_, gan_augment.mlflow.load_model("models:/own@candidate")
    )
    served = mlflow.pyfunc.load_model(info.model_uri)
    rows = served.predict(None, params={"n_rows": 4, "target_class": "rare"})
    assert rows.iloc[:, -1].tolist() == ["rare"] * 4


def test_a_class_that_is_not_registered_is_neither_saved_nor_loaded(
    registered, imbalanced, tmp_path
):
    gan = Gaussian(random_state=0).fit(*imbalanced)
    gan_augment.mlflow.save_model(gan, tmp_path / "saved")
    del GANS["gaussian"]
    with pytest.raises(ModelFileError, match=r"Got 'Gaussian'.*register_gan"):
        gan_augment.mlflow.load_model(str(tmp_path / "saved"))
    with pytest.raises(ValueError, match=r"Got Gaussian.*register_gan"):
        gan_augment.mlflow.save_model(gan, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_gan_of_images_by_name():
    class Named(ImageGAN):
        def _make_recipe(self, classes):
            return replace(super()._make_recipe(classes), max_steps=1)

    images = np.random.default_rng(0).integers(0, 255, (60, 8, 8), dtype=np.uint8)
    register_gan("named", Named)
    try:
        sampler = GANOverSampler("named", mixture=None, random_state=0)
        X, y = sampler.fit_resample(images, np.arange(60) % 4 == 0)
    finally:
        del GANS["named"]
    assert X.shape == (90, 8, 8)
    assert y.sum() == 45


def test_a_name_is_registered_once(registered):
    register_gan("gaussian", Gaussian)  # again, as a module that is reloaded does
    with pytest.raises(ValueError, match="no other GAN"):
        register_gan("tabular", Gaussian)
    with pytest.raises(ValueError, match="no other GAN"):
        register_gan("another", Gaussian)
    assert GANS["tabular"] is TabularGAN


def test_a_measure():
    real, holdout, synthetic = np.random.default_rng(0).normal(size=(3, 60, 2))

    def shift(real, synthetic):
        return np.abs(real.mean(axis=0) - synthetic.mean(axis=0)).max()

    quality = row_quality(
        real, holdout, synthetic + 5, measures={"shift": shift}, random_state=0
    )
    assert quality.loc["shift", "synthetic"] == pytest.approx(5, abs=0.5)
    assert quality.loc["shift", "real"] < 0.5


@dataclass(eq=False)
class Even(rules.Rule):
    """Whole numbers of which every one is even."""

    name: str

    kind = "even"

    @property
    def columns(self):
        return (self.name,)

    def __str__(self):
        return f"{self.name} is even"

    def violations(self, frame):
        return (frame[self.name] % 2 == 1).to_numpy()

    def repair(self, frame, broken, rng):
        column = frame[self.name].copy()
        column[broken] -= 1
        return {self.name: column}

    @classmethod
    def find(cls, table, known):
        return [cls(c.name) for c in table.ordered if not (c.values % 2).any()]


@pytest.fixture
def even():
    rules.register_rule(Even)
    yield
    rules.KINDS.remove(Even)
    del rules.STATE_CLASSES["Even"]


def test_a_kind_of_rule(even, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"shoes": 2 * rng.integers(0, 400, 200), "size": rng.normal(40, 3, 200)}
    )
    broken = frame.assign(shoes=frame["shoes"] + 1)
    found = rules.Rules().fit(frame)
    assert "shoes is even" in [str(rule) for rule in found]
    assert found.violations(broken).all()
    assert not found.violations(found.repair(broken, 0)).any()

    gan = TabularGAN(max_steps=5, random_state=0).fit(frame, np.arange(200) % 2)
    assert (gan.sample(50)[0]["shoes"] % 2 == 0).all()
    gan.save(tmp_path / "gan")
    loaded = TabularGAN.load(tmp_path / "gan")
    assert "shoes is even" in [str(rule) for rule in loaded.rules_]
    draws_like_before(gan, loaded)


def test_a_check_of_a_table():
    def find_shouting(table):
        for column in table.columns:
            if str(column.name).isupper():
                yield check.Finding("shouting", column.name, "Shouts.")

    X = pd.DataFrame({"AGE": [1, 2, 3], "job": [*"aba"]})
    found = check_table(X, checks=[*check.CHECKS, find_shouting])
    assert [f.column for f in found if f.kind == "shouting"] == ["AGE"]
    assert "shouting" not in [f.kind for f in check_table(X)]


@pytest.fixture
def count_verb():
    def count(file: FileArgument, reading: ReadingOptions) -> None:
        """Count the rows of a file."""
        print(len(pd.read_csv(file, sep=reading.sep or ",")))  # noqa: T201

    app.app.command()(verb(count))
    yield
    app.app.registered_commands.pop()


def test_a_verb_of_the_command_line(count_verb, tmp_path, capsys):
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}).to_csv(tmp_path / "rows.csv", sep=";")
    assert main(["count", str(tmp_path / "rows.csv"), "--sep", ";"]) == 0
    assert capsys.readouterr().out.split() == ["2"]
