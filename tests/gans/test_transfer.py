"""A fit that goes on from a GAN: what is kept, what is new, what is refused."""

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

import gan_augment.mlflow
from gan_augment import GANOverSampler, ImageGAN, TabularGAN
from gan_augment.persistence import ModelFileError

# A training that moves nothing.
STILL = {"max_steps": 1, "learning_rate": 1e-12, "random_state": 1}


@pytest.fixture
def origin(imbalanced):
    return TabularGAN(max_steps=10, random_state=0).fit(*imbalanced)


def draws_alike(one, other):
    pd.testing.assert_frame_equal(
        one.sample(50, random_state=0)[0], other.sample(50, random_state=0)[0]
    )


def assert_close(one, other):
    """All weights but the mixture and those that move a class to the mean of its rows.

    The mixture is fitted to the new rows.
    """
    for weights in ("generator_weights_", "discriminator_weights_"):
        for name, array in getattr(one, weights).items():
            wanted = getattr(other, weights)[name]
            if name.startswith("mixture."):
                continue
            if name == "shortcut.weight":
                array, wanted = array[:, :32], wanted[:, :32]
            np.testing.assert_allclose(array, wanted, atol=1e-6)


def test_the_same_rows_keep_every_weight(origin, imbalanced):
    gan = TabularGAN(init_from=origin, **STILL).fit(*imbalanced)
    assert_close(gan, origin)
    assert gan.recipe_.hidden_dims == origin.recipe_.hidden_dims


def test_columns_and_classes_are_found_by_name(origin, imbalanced):
    """Another order of the columns, another first row, another name of a class."""
    X, y = imbalanced
    moved = X[["job", "income", "age"]].iloc[::-1]
    gan = TabularGAN(init_from=origin, **STILL).fit(moved, y.iloc[::-1])
    logits = gan.score_samples(moved, y.iloc[::-1])[::-1]
    # Ties are spread by their order.
    assert np.corrcoef(logits, origin.score_samples(X, y))[0, 1] > 0.98
    renamed = y.replace("common", "usual")
    gan = TabularGAN(init_from=origin, **STILL).fit(X, renamed)
    logits = [g.score_samples(X, of) for g, of in ((gan, renamed), (origin, y))]
    is_rare = (y == "rare").to_numpy()
    assert np.corrcoef(*np.array(logits)[:, is_rare])[0, 1] > 0.98


def test_levels_and_ranges_are_those_of_the_new_rows(origin, imbalanced):
    X, y = imbalanced
    moved = X.assign(age=X["age"] + 1000, job=X["job"].astype(str))
    moved.loc[::3, "job"] = "new"
    gan = TabularGAN(init_from=origin, **STILL).fit(moved, y)
    drawn, _ = gan.sample(3000)
    assert drawn["age"].between(moved["age"].min(), moved["age"].max()).all()
    assert (drawn["job"] == "new").mean() == pytest.approx(1 / 3, abs=0.1)
    assert set(drawn["job"]) <= set(moved["job"])


def test_a_new_class_begins_where_its_rows_are(imbalanced):
    X, y = imbalanced
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.normal(size=600), "size": rng.normal(size=600)})
    y = np.where(np.arange(600) % 2 == 0, "a", "b")
    X.loc[y == "b", "age"] += 3
    origin = TabularGAN(max_steps=10, random_state=0).fit(X, y)
    y_new = y.copy()
    y_new[:100] = "c"
    X.loc[:99, "size"] += 5
    gan = TabularGAN(init_from=origin, **STILL).fit(X, y_new)
    drawn, _ = gan.sample(500, label="c")
    assert drawn["size"].mean() == pytest.approx(5, abs=0.7)
    drawn, _ = gan.sample(500, label="b")
    assert drawn["size"].mean() == pytest.approx(0, abs=0.7)


def test_a_tenth_of_the_steps_unless_the_user_says(origin, imbalanced):
    gan = TabularGAN(init_from=origin, random_state=0).fit(*imbalanced)
    assert gan.history_["step"][-1] == gan.recipe_.max_steps == 20
    gan.set_params(max_steps=7).fit(*imbalanced)
    assert gan.history_["step"][-1] == 7


def test_a_warm_start_goes_on_from_the_fit_before(origin, imbalanced, tmp_path):
    gan = clone(origin).set_params(warm_start=True).fit(*imbalanced)
    draws_alike(gan, origin)  # the first fit begins anew
    gan.set_params(**STILL).fit(*imbalanced)
    assert_close(gan, origin)
    gan.set_params(warm_start=False).fit(*imbalanced)
    with pytest.raises(AssertionError):
        assert_close(gan, origin)
    assert not [name for name in vars(gan) if name.startswith("_")]


def test_from_a_directory_a_registry_or_a_frozen_one(
    origin, imbalanced, tmp_path, store
):
    origin.save(tmp_path / "saved")
    gan_augment.mlflow.save_model(origin, tmp_path / "model")
    with mlflow.start_run():
        gan_augment.mlflow.log_model(origin, registered_model_name="last-month")
    wanted = TabularGAN(init_from=origin, max_steps=3, random_state=1).fit(*imbalanced)
    for place in (
        tmp_path / "saved",
        str(tmp_path / "model"),
        "models:/last-month@candidate",
        FrozenEstimator(origin),
    ):
        gan = TabularGAN(init_from=place, max_steps=3, random_state=1)
        draws_alike(clone(gan).fit(*imbalanced), wanted)
    with pytest.raises(ModelFileError, match="must hold model"):
        gan.set_params(init_from=tmp_path / "nowhere").fit(*imbalanced)


def test_an_over_sampler_takes_a_frozen_one_and_names_a_lost_one(origin, imbalanced):
    frozen = TabularGAN(init_from=FrozenEstimator(origin), max_steps=3)
    sampler = GANOverSampler(frozen, random_state=0)
    assert len(sampler.fit_resample(*imbalanced)[0]) == 350
    lost = GANOverSampler(TabularGAN(init_from=origin, max_steps=3), random_state=0)
    with pytest.raises(NotFittedError, match="FrozenEstimator"):
        lost.fit_resample(*imbalanced)


def test_what_is_saved_does_not_hold_it(origin, imbalanced, tmp_path):
    gan = TabularGAN(init_from=origin, max_steps=3, random_state=1).fit(*imbalanced)
    gan.save(tmp_path / "gan")
    loaded = TabularGAN.load(tmp_path / "gan")
    assert loaded.init_from is None
    draws_alike(loaded, gan)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            lambda X: X.assign(height=1.5 * X["age"]),
            r"the columns \['height'\], which it",
        ),
        (lambda X: X.drop(columns="income"), r"none of the columns \['income'\]"),
        (
            lambda X: X.assign(job=X["job"].cat.codes),
            r"'job' \(categorical, now numeric\)",
        ),
    ],
)
def test_changed_columns_are_refused_by_name(origin, imbalanced, change, named):
    X, y = imbalanced
    with pytest.raises(ValueError, match=named):
        TabularGAN(init_from=origin, **STILL).fit(change(X), y)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"latent_dim": 8}, "`latent_dim` must be that of `init_from`, 32. Got 8"),
        ({"hidden_dims": (8,)}, r"`hidden_dims` must be .*64\). Got \(8,\)"),
        ({"n_discriminators": 2}, "`n_discriminators` must .*1. Got 2"),
    ],
)
def test_other_networks_are_refused_by_name(origin, imbalanced, change, named):
    with pytest.raises(ValueError, match=named):
        TabularGAN(init_from=origin, **STILL | change).fit(*imbalanced)


def test_what_is_no_gan_and_no_class_in_common_are_refused(origin, imbalanced):
    X, y = imbalanced
    with pytest.raises(TypeError, match="`init_from` must be a fitted TabularGAN"):
        TabularGAN(init_from=ImageGAN()).fit(X, y)
    with pytest.raises(NotFittedError, match="Got one that is not"):
        TabularGAN(init_from=TabularGAN()).fit(X, y)
    with pytest.raises(ValueError, match=r"class in common.*Got \[0, 1\]"):
        TabularGAN(init_from=origin, **STILL).fit(X, (y == "rare").astype(int))


def test_images_go_on_too_but_not_with_other_classes():
    rng = np.random.default_rng(0)
    images, y = rng.integers(0, 255, (60, 8, 8), dtype=np.uint8), np.arange(60) % 3
    origin = ImageGAN(max_steps=2, random_state=0).fit(images, y)
    gan = ImageGAN(init_from=origin, **STILL).fit(images, y)
    assert_close(gan, origin)
    with pytest.raises(ValueError, match=r"classes of `init_from`, \[0, 1, 2\]"):
        gan.fit(images, np.arange(60) % 4)
    with pytest.raises(ValueError, match="must be of rows like those of `X`"):
        gan.fit(images.repeat(2, axis=1).repeat(2, axis=2), y)


def test_a_killed_one_goes_on_from_the_same_origin_only(origin, imbalanced, tmp_path):
    params = {"max_steps": 20, "checkpoint_dir": tmp_path, "random_state": 1}
    whole = TabularGAN(init_from=origin, max_steps=20, random_state=1).fit(*imbalanced)

    class Stop(gan_augment.training.callbacks.Callback):
        def on_epoch_end(self, epoch):
            if epoch["step"] == 12:
                raise KeyboardInterrupt

    stopped = TabularGAN(
        init_from=origin, checkpoint_interval=0, callbacks=[Stop()], **params
    )
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(*imbalanced)
    with pytest.raises(ValueError, match=r"differs in `init_from` \("):
        TabularGAN(**params).fit(*imbalanced)
    draws_alike(TabularGAN(init_from=origin, **params).fit(*imbalanced), whole)


def test_columns_that_are_refused_leave_a_warm_start_usable(origin, imbalanced):
    X, y = imbalanced
    gan = origin.set_params(warm_start=True, max_steps=2)
    with pytest.raises(ValueError, match="income"):
        gan.fit(X[["age", "job"]], y)
    assert gan.fit(X, y).sample(3)[0].dtypes.equals(X.dtypes)
