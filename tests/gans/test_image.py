"""ImageGAN as an estimator of its own."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from gan_augment import ImageGAN
from gan_augment.gans.recipe import steps_for_images
from gan_augment.persistence import ModelFileError
from gan_augment.training.callbacks import Callback, EarlyStopping


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return data.images[:600].astype(np.uint8), data.target[:600]


@pytest.fixture(scope="module", params=["noise", "variation"])
def fitted(digits, request):
    gan = ImageGAN(generator=request.param, max_steps=20, random_state=0)
    return gan.fit(*digits)


def test_drawn_images_have_the_layout_dtype_and_values_of_the_data(fitted, digits):
    images, labels = fitted.sample(40)
    assert images.shape == (40, 8, 8)
    assert images.dtype == np.uint8
    assert images.max() <= digits[0].max()
    assert set(labels) <= set(range(10))
    never = (digits[0] == digits[0][0]).all(axis=0)
    assert (images[:, never] == digits[0][0][never]).all()


def test_pixels_are_distributed_as_real_ones_however_short_the_training(fitted, digits):
    for label in (0, 1):
        real = digits[0][digits[1] == label]
        drawn, _ = fitted.sample(200, label=label)
        assert (drawn == 0).mean() == pytest.approx((real == 0).mean(), abs=0.05)
        assert drawn.mean() == pytest.approx(real.mean(), rel=0.15)


def test_a_classifier_of_real_images_knows_what_was_drawn():
    data = load_digits()
    images, labels = data.images.astype(np.uint8), data.target
    classifier = LogisticRegression(max_iter=2000).fit(data.data, labels)
    gan = ImageGAN(max_steps=120, random_state=0).fit(images, labels)
    drawn, asked = gan.sample(300, random_state=1)
    found = classifier.predict(drawn.reshape(300, -1))
    assert (found == asked).mean() > 0.8


def test_sample_repeats_itself_and_images_do_not_depend_on_how_many(fitted):
    first, _ = fitted.sample(9, label=3)
    np.testing.assert_array_equal(first, fitted.sample(9, label=3)[0])
    assert (first != fitted.sample(9, label=3, random_state=1)[0]).any()


def test_clone_pickle_save_and_load(fitted, digits, tmp_path):
    assert clone(fitted).get_params() == fitted.get_params()
    drawn, labels = fitted.sample(5)
    fitted.save(tmp_path / "gan")
    for other in (
        pickle.loads(pickle.dumps(fitted)),
        ImageGAN.load(tmp_path / "gan"),
    ):
        images, again = other.sample(5)
        np.testing.assert_array_equal(images, drawn)
        np.testing.assert_array_equal(again, labels)
        np.testing.assert_array_equal(
            other.score_samples(*digits), fitted.score_samples(*digits)
        )
    (tmp_path / "gan" / "model.safetensors").write_bytes(b"no")
    with pytest.raises(ModelFileError):
        ImageGAN.load(tmp_path / "gan")


def test_every_epoch_is_measured_and_shown(digits):
    class Gallery(Callback):
        def __init__(self):
            self.pictures = {}

        def on_picture(self, step, picture):
            self.pictures[step] = picture

    gallery = Gallery()
    gan = ImageGAN(max_steps=40, callbacks=[gallery], random_state=0).fit(*digits)
    assert list(gallery.pictures) == gan.history_["step"]
    first, *_, last = gallery.pictures.values()
    assert first.shape == (80, 80, 3)
    assert first.dtype == np.uint8
    assert (first != last).any()
    assert set(gan.history_) >= {"diversity", "coverage", "augmentation"}
    assert gan.history_["augmentation"][0] == 0


@pytest.mark.parametrize("generator", ["noise", "variation"])
def test_bfloat16_trains_to_the_same_losses_and_leaves_float32(digits, generator):
    # Later the two games part ways, as two seeds' do.
    gan = ImageGAN(generator=generator, max_steps=2, random_state=0)
    exact, coarse = (
        clone(gan).set_params(precision=precision).fit(*digits)
        for precision in ("float32", "bfloat16")
    )
    for loss in ("discriminator_loss", "generator_loss", "gradient_penalty"):
        np.testing.assert_allclose(
            coarse.history_[loss], exact.history_[loss], rtol=0.1
        )
    weights = coarse.generator_weights_
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}
    assert any(
        (weights[name] != exact.generator_weights_[name]).any() for name in weights
    )
    assert coarse.sample(3, label=3)[0].shape == (3, 8, 8)


def test_bfloat16_is_taken_where_a_gpu_has_it(digits, fitted, monkeypatch):
    same = clone(fitted).set_params(precision="float32").fit(*digits)
    np.testing.assert_array_equal(same.sample(9)[0], fitted.sample(9)[0])
    for capability, dtype in (((7, 5), torch.float32), ((9, 0), torch.bfloat16)):
        monkeypatch.setattr(
            torch.cuda, "get_device_capability", lambda device, c=capability: c
        )
        assert ImageGAN(device="cuda:0")._training_dtype() is dtype


@pytest.mark.parametrize(
    ("params", "batch_size"),
    [({}, 32), ({"device": "cuda"}, 128), ({"device": "cuda", "batch_size": 8}, 8)],
)
def test_a_gpu_takes_larger_batches_of_many_images(params, batch_size, fitted):
    gan = ImageGAN(**params)
    gan.encoder_, gan.sources_, gan.classes_ = fitted.encoder_, None, np.arange(2)
    many, few = np.repeat([0, 1], 150), np.repeat([0, 1], [280, 20])
    assert gan._make_recipe(many).chosen_by(gan).batch_size == batch_size
    assert gan._make_recipe(few).chosen_by(gan).batch_size == min(batch_size, 32)


def test_training_stops_when_coverage_no_longer_improves(digits):
    stop = EarlyStopping("coverage", patience=2)
    gan = ImageGAN(max_steps=900, learning_rate=1e-9, callbacks=[stop], random_state=0)
    few = digits[0][:150], digits[1][:150]
    assert len(gan.fit(*few).history_["step"]) < 6
    with pytest.raises(ValueError, match=r"'coverage'.*'loss'"):
        gan.set_params(callbacks=[EarlyStopping("loss")]).fit(*few)


def test_a_discriminator_learns_the_classes_of_real_images(digits):
    images, labels = digits
    ranks = {}
    for weight in (0.0, 1.0):
        gan = ImageGAN(max_steps=60, mismatch_weight=weight, random_state=0)
        gan.fit(images, labels)
        logits = np.stack(
            [gan.score_samples(images, np.full(len(images), k)) for k in range(10)]
        )
        ranks[weight] = (logits.argmax(axis=0) == labels).mean()
    assert ranks[0.0] + 0.2 < ranks[1.0] > 0.7


@pytest.mark.parametrize(
    ("generator", "n_rare", "weight"),
    [("noise", 20, 0.0), ("noise", 120, 0.2), ("variation", 20, 0.2)],
)
def test_labels_are_mismatched_unless_noise_has_few_images(generator, n_rare, weight):
    images = np.random.default_rng(0).random((130 + n_rare, 8, 8))
    labels = np.repeat(["common", "rare"], [130, n_rare])
    gan = ImageGAN(generator=generator, max_steps=1, random_state=0)
    gan.fit(images, labels)
    assert gan.recipe_.mismatch_weight == weight
    chosen = ImageGAN(max_steps=1, mismatch_weight=0.1, random_state=0)
    assert chosen.fit(images, labels).recipe_.mismatch_weight == 0.1


def test_high_quality_takes_more_steps_but_not_on_few_images():
    default, high = (
        [steps_for_images(n, 2, quality) for n in (100, 4000)]
        for quality in ("default", "high")
    )
    assert high == [default[0], 4 * default[1]]
    assert default[0] == default[1]


def test_larger_images_are_trained_for_longer():
    class Once(Callback):
        def on_train_begin(self, n_steps):
            self.n_steps = n_steps

        def on_epoch_end(self, epoch):
            return True

    steps = []
    for side in (8, 20):
        images = np.random.default_rng(0).random((12, side, side))
        once = Once()
        gan = ImageGAN(batch_size=4, callbacks=[once], random_state=0)
        gan.fit(images, np.arange(12) % 2)
        steps.append(once.n_steps)
        assert gan.history_["step"][-1] < once.n_steps
    assert steps[0] < steps[1]


@pytest.mark.parametrize("n_images", [1, 2, 6])
def test_any_number_of_images_and_classes(n_images):
    images = np.random.default_rng(0).random((n_images, 9, 11, 2))
    gan = ImageGAN(max_steps=2, random_state=0).fit(images, np.arange(n_images) % 2)
    assert gan.sample(3)[0].shape == (3, 9, 11, 2)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image_shape": 8}, "image_shape.*8"),
        ({"max_steps": 0}, "max_steps.*0"),
        ({"quality": "best"}, "quality.*'best'"),
        ({"mismatch_weight": -1}, "mismatch_weight.*-1"),
        ({"loss": "l1"}, "loss.*'l1'"),
        ({"precision": "float16"}, "precision.*'float16'"),
        ({"device": "gpu"}, "`device` must be .* Got 'gpu'"),
        ({"device": "cuda:99"}, "`device` must be .* Got 'cuda:99'"),
    ],
)
def test_bad_parameters_are_named(params, message, digits):
    with pytest.raises(ValueError, match=message):
        ImageGAN(**params).fit(*digits)
