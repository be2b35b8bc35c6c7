"""A fit that was killed goes on where it was, and ends as one in one piece."""

import logging
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gan_augment
from gan_augment import GANOverSampler, ImageGAN, TabularGAN
from gan_augment.persistence import ModelFileError, save
from gan_augment.training.callbacks import Callback, EarlyStopping

STEPS = 24


class StopAt(Callback):
    """An interrupt at the end of the first epoch that reaches a step."""

    def __init__(self, step):
        self.step = step

    def on_epoch_end(self, epoch):
        if epoch["step"] >= self.step:
            raise KeyboardInterrupt


class Falling(Callback):
    """A measure of its own, for the callbacks after it."""

    def on_epoch_end(self, epoch):
        epoch["falling"] = -epoch["step"]


def make_gan(**params):
    return TabularGAN(max_steps=STEPS, random_state=0, **params)


def interrupt(gan, X, y, step=12):
    """Begin a fit that stops in the middle; its checkpoint is of the step before."""
    params = {
        "checkpoint_interval": 0,
        "callbacks": [*gan.callbacks, StopAt(step)],
    }
    with pytest.raises(KeyboardInterrupt):
        type(gan)(**gan.get_params() | params).fit(X, y)
    assert len(kept(gan)) == 1


def kept(gan):
    return [*Path(gan.checkpoint_dir).iterdir()]


def assert_same(one, other):
    for weights in ("generator_weights_", "discriminator_weights_"):
        for name, array in getattr(one, weights).items():
            np.testing.assert_array_equal(array, getattr(other, weights)[name])
    assert one.sample_seed_ == other.sample_seed_
    assert one.history_.keys() == other.history_.keys()
    for name in one.history_.keys() - {"seconds"}:
        assert one.history_[name] == other.history_[name]


KILLED = """
import os, signal, sys
import pandas as pd
from gan_augment import TabularGAN
from gan_augment.training.callbacks import Callback

class Kill(Callback):
    def on_epoch_end(self, epoch):
        if epoch["step"] >= 12:
            os.kill(os.getpid(), signal.SIGKILL)

frame = pd.read_pickle(sys.argv[1])
TabularGAN(
    max_steps=24, random_state=0, checkpoint_dir=sys.argv[2], checkpoint_interval=0,
    callbacks=[Kill()],
).fit(frame.drop(columns="target"), frame["target"])
"""


def test_a_process_that_is_killed_costs_nothing(imbalanced, tmp_path, caplog):
    X, y = imbalanced
    X.assign(target=y).to_pickle(tmp_path / "rows.pickle")
    arguments = [tmp_path / "rows.pickle", tmp_path / "kept"]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    gan = make_gan(checkpoint_dir=tmp_path / "kept")
    (found,) = kept(gan)
    with caplog.at_level(logging.INFO, logger="gan_augment"):
        resumed = gan.fit(X, y)
    assert f"resumes from step {found.name.rpartition('-')[2]}" in caplog.text
    whole = make_gan().fit(X, y)
    assert_same(whole, resumed)
    pd.testing.assert_frame_equal(whole.sample(200)[0], resumed.sample(200)[0])
    assert kept(gan) == []


def test_callbacks_know_the_epochs_before(imbalanced, tmp_path):
    """What stops by the epochs it has seen stops where it would have stopped."""
    params = {"callbacks": [Falling(), EarlyStopping("falling", patience=6)]}
    whole = make_gan(**params).fit(*imbalanced)
    assert whole.history_["step"][-1] == 14
    gan = make_gan(checkpoint_dir=tmp_path, **params)
    interrupt(gan, *imbalanced)
    assert_same(whole, gan.fit(*imbalanced))


def test_it_may_be_stopped_again_and_again(imbalanced, tmp_path):
    gan = make_gan(checkpoint_dir=tmp_path, optimizer="sgd", n_discriminators=2)
    for step in (5, 9, 20):
        interrupt(gan, *imbalanced, step=step)
    seconds = gan.fit(*imbalanced).history_["seconds"]
    assert seconds == sorted(seconds)
    whole = make_gan(optimizer="sgd", n_discriminators=2).fit(*imbalanced)
    assert_same(whole, gan)


def test_noise_and_the_encoder_of_a_reconstruction_go_on(imbalanced, tmp_path):
    params = {"input_noise": 0.3, "reconstruction_weight": 1.0}
    gan = make_gan(**params, checkpoint_dir=tmp_path)
    interrupt(gan, *imbalanced)
    assert_same(make_gan(**params).fit(*imbalanced), gan.fit(*imbalanced))


def test_without_a_seed_the_rest_follows_from_the_beginning(imbalanced, tmp_path):
    """Two fits that go on from one checkpoint end alike, whatever their entropy."""
    gan = make_gan(checkpoint_dir=tmp_path).set_params(random_state=None)
    interrupt(gan, *imbalanced)
    ended = []
    for _ in range(2):
        other = make_gan(checkpoint_dir=tmp_path / "copy").set_params(random_state=None)
        (found,) = [path for path in kept(gan) if path.name != "copy"]
        (tmp_path / "copy").mkdir(exist_ok=True)
        for file in found.iterdir():
            target = tmp_path / "copy" / found.name / file.name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(file.read_bytes())
        ended.append(other.fit(*imbalanced))
    assert_same(*ended)


def test_images_go_on_too(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (60, 8, 8), dtype=np.uint8)
    y = np.arange(60) % 3
    gan = ImageGAN(max_steps=20, random_state=0)
    whole = gan.fit(images, y)
    gan = ImageGAN(max_steps=20, random_state=0, checkpoint_dir=tmp_path)
    interrupt(gan, images, y, step=9)
    assert_same(whole, gan.fit(images, y))
    np.testing.assert_array_equal(whole.sample(9)[0], gan.sample(9)[0])


def test_the_time_limit_is_of_all_parts(imbalanced, tmp_path):
    gan = make_gan(checkpoint_dir=tmp_path)
    interrupt(gan, *imbalanced)
    gan.set_params(max_time=0).fit(*imbalanced)
    assert gan.history_["step"][-1] == 12


def test_an_over_sampler_goes_on(imbalanced, tmp_path):
    whole, _ = GANOverSampler(make_gan(), random_state=0).fit_resample(*imbalanced)
    gan = make_gan(checkpoint_dir=tmp_path)
    stopped = make_gan(
        checkpoint_dir=tmp_path, checkpoint_interval=0, callbacks=[StopAt(12)]
    )
    with pytest.raises(KeyboardInterrupt):
        GANOverSampler(stopped, random_state=0).fit_resample(*imbalanced)
    assert len(kept(gan)) == 1
    resumed, _ = GANOverSampler(gan, random_state=0).fit_resample(*imbalanced)
    pd.testing.assert_frame_equal(whole, resumed)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"latent_dim": 8}, r"`latent_dim` \(32, now 8\)"),
        ({"random_state": 1}, r"`random_state` \(0, now 1\)"),
    ],
)
def test_other_parameters_are_refused_by_name(imbalanced, tmp_path, change, named):
    gan = make_gan(checkpoint_dir=tmp_path)
    interrupt(gan, *imbalanced)
    with pytest.raises(ValueError, match=rf"differs in {named}\. Remove it"):
        gan.set_params(**change).fit(*imbalanced)
    assert len(kept(gan)) == 1


def test_other_rows_classes_and_versions_are_refused_by_name(
    imbalanced, tmp_path, monkeypatch
):
    X, y = imbalanced
    gan = make_gan(checkpoint_dir=tmp_path)
    interrupt(gan, X, y)
    moved = X.assign(age=X["age"] + 1)
    for rows, classes in ((moved, y), (X.iloc[::-1], y.iloc[::-1])):
        with pytest.raises(ValueError, match=r"differs in rows \("):
            gan.fit(rows, classes)
    with pytest.raises(ValueError, match=r"number of rows \(200, now 199\)"):
        gan.fit(X.iloc[:-1], y.iloc[:-1])
    with pytest.raises(ValueError, match=r"labels \(\['common', 'rare'\], now \['a'"):
        gan.fit(X, y.replace("common", "a"))
    monkeypatch.setattr(gan_augment, "__version__", "0.9")
    with pytest.raises(ValueError, match=r"differs in gan_augment \(.*, now 0\.9\)"):
        gan.fit(X, y)


def test_a_damaged_checkpoint_is_named(imbalanced, tmp_path):
    gan = make_gan(checkpoint_dir=tmp_path)
    interrupt(gan, *imbalanced)
    (found,) = kept(gan)
    for file in found.iterdir():
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        with pytest.raises(ModelFileError, match=rf"{found.name} must be undamaged"):
            gan.fit(*imbalanced)
        file.write_bytes(content)
    gan.fit(*imbalanced)


def test_a_full_disk_does_not_end_the_training(imbalanced, tmp_path):
    gan = make_gan(checkpoint_dir=tmp_path, checkpoint_interval=0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.warns(UserWarning, match="No checkpoint could be written"):
            gan.fit(*imbalanced)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert_same(make_gan().fit(*imbalanced), gan)
    assert kept(gan) == []


def test_other_files_in_the_directory_are_left_alone(imbalanced, tmp_path):
    for name in ("gan-checkpoint-notes", "gan-checkpoint", "step-3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    gan = make_gan(checkpoint_dir=tmp_path, checkpoint_interval=0)
    gan.set_params(max_steps=3).fit(*imbalanced)
    assert sorted(tmp_path.rglob("*")) == before
    gan.save(tmp_path / "model")
    assert TabularGAN.load(tmp_path / "model").checkpoint_dir is None


def test_where_a_state_is_kept_does_not_choose_the_generator(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(260, 3)), np.arange(260) % 2
    kept_there = TabularGAN(checkpoint_dir=tmp_path, random_state=0).fit(X, y)
    plain = TabularGAN(random_state=0).fit(X, y)
    assert kept_there.chains_ is not None
    np.testing.assert_array_equal(kept_there.sample(9)[0], plain.sample(9)[0])
    assert not kept(kept_there)


def test_rules_that_no_file_can_hold_do_not_stop_a_checkpoint(imbalanced, tmp_path):
    X, y = imbalanced
    params = {"rules": [_is_young], "max_steps": STEPS, "random_state": 0}
    gan = TabularGAN(checkpoint_dir=tmp_path, checkpoint_interval=0, **params)
    with pytest.raises(KeyboardInterrupt):
        gan.set_params(callbacks=[StopAt(STEPS // 2)]).fit(X, y)
    resumed = gan.set_params(callbacks=[]).fit(X, y)
    in_one_piece = TabularGAN(**params).fit(X, y)
    pd.testing.assert_frame_equal(resumed.sample(9)[0], in_one_piece.sample(9)[0])


def _is_young(frame):
    return frame["age"] < 99


def test_a_checkpoint_without_all_parts_is_damaged(imbalanced, tmp_path):
    save({"identity": {}}, tmp_path / "gan-checkpoint-3")
    with pytest.raises(ModelFileError, match="must be undamaged"):
        TabularGAN(max_steps=5, checkpoint_dir=tmp_path).fit(*imbalanced)
