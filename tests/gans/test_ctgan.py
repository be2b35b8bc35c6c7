"""The models of the ctgan package behind our contract."""

import json
import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file, save_file
from tables import make_mixed_frame, printed_by_a_new_process
from tables_rules_planted import planted

from gan_augment import CTGAN, TVAE, GANOverSampler
from gan_augment.events import Listener, listening
from gan_augment.persistence import ModelFileError, seal

pytest.importorskip("ctgan")

QUICK = {"max_steps": 3, "batch_size": 20, "hidden_dims": (16,), "latent_dim": 8}
MODELS = {
    "CTGAN": lambda **k: CTGAN(**QUICK, **k),
    "CTGAN-per-class": lambda **k: CTGAN(**QUICK, per_class=True, **k),
    "TVAE": lambda **k: TVAE(**QUICK, **k),
    "TVAE-all-rows": lambda **k: TVAE(**QUICK, per_class=False, **k),
}


@pytest.fixture(scope="module", params=MODELS)
def make_model(request):
    return MODELS[request.param]


@pytest.fixture(scope="module")
def table():
    """Missing values, dates, constants, integer names: what the package refuses."""
    X = make_mixed_frame(90)
    return X.set_axis(range(X.shape[1]), axis=1), np.repeat([0, 0, 1], 30)


@pytest.fixture(scope="module")
def model(make_model, table):
    return make_model(random_state=0).fit(*table)


def test_every_dtype_comes_back_in_its_domain(model, table):
    X, _ = table
    rows, labels = model.sample(25, label=1)
    assert labels.tolist() == [1] * 25
    pd.testing.assert_series_equal(rows.dtypes, X.dtypes)
    assert list(rows.columns) == list(X.columns)
    for name in X:
        kind = model.encoder_.dtypes_[name]
        follows = kind == "rule" and X[name].dtype.kind in "iufM"
        if (kind == "numeric" or follows) and X[name].notna().any():
            drawn = rows[name].dropna()
            assert drawn.between(X[name].min(), X[name].max()).all()
        elif kind == "identifier":
            assert not set(rows[name].dropna()) & set(X[name].dropna())
        else:
            assert set(rows[name].dropna()) <= set(X[name].dropna())
        assert rows[name].notna().all() or X[name].isna().any()


@pytest.mark.parametrize(
    ("make_model", "kind"),
    zip(MODELS, ["order", "sum", "levels", "pairs_of_levels"], strict=True),
    indirect=["make_model"],
)
def test_rows_keep_the_rules_that_the_model_does_not_see(make_model, kind):
    X, words = planted(kind, 600, 0)
    model = make_model(random_state=0).fit(X, np.arange(600) % 2)
    assert words & {str(rule) for rule in model.rules_}
    assert "rule" in model.encoder_.dtypes_.values() or kind in ("order", "levels")
    rows, _ = model.sample(200)
    assert not model.rules_.violations(rows).any()
    assert rows.dtypes.equals(X.dtypes)


def test_without_rules_none_are_kept(make_model):
    X, _ = planted("order", 600, 0)
    model = make_model(rules=None, random_state=0).fit(X, np.arange(600) % 2)
    rows, _ = model.sample(200)
    assert len(model.rules_) == 0
    assert (rows["low"] > rows["high"]).any()


def test_saved_without_pickle_and_drawn_again(model, tmp_path):
    model.save(tmp_path)
    loaded = type(model).load(tmp_path)
    rows = model.sample(9, label=0)[0]
    pd.testing.assert_frame_equal(loaded.sample(9, label=0)[0], rows)
    pd.testing.assert_frame_equal(
        pickle.loads(pickle.dumps(model)).sample(9, label=0)[0], rows
    )
    other = TVAE if isinstance(model, CTGAN) else CTGAN
    with pytest.raises(ModelFileError, match="must hold"):
        other.load(tmp_path)


def test_the_seed_decides_and_the_global_states_stay(make_model, imbalanced):
    X, y = imbalanced[0], np.arange(200) % 2
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    before = np.random.get_state()[1].copy(), torch.get_rng_state().clone()  # noqa: NPY002
    first, second = (
        make_model(random_state=3).fit(X, y).sample(8, label=1)[0] for _ in range(2)
    )
    other = make_model(random_state=4).fit(X, y).sample(8, label=1)[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)


def test_no_worker_process_is_started(monkeypatch):
    # From 500 rows on the package would start one a core, for every fit.
    started = []
    configure = "joblib._parallel_backends.LokyBackend.configure"
    real = joblib._parallel_backends.LokyBackend.configure

    def record(self, *args, **kwargs):
        started.append(self)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(configure, record)
    joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(i) for i in range(2))
    assert len(started) == 1  # so that is where they would be seen
    started.clear()
    X = np.random.default_rng(0).normal(size=(600, 2))
    CTGAN(**QUICK, random_state=0).fit(X, np.arange(600) % 2)
    assert started == []


def test_rare_levels_are_as_rare_as_they_were():
    """The package draws them by the logarithm of how common they are."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.choice(["p", "q"], 600, p=[0.97, 0.03])})
    X["b"] = rng.normal(size=600)
    sizes = {"latent_dim": 8, "hidden_dims": (32,), "batch_size": 100, "max_steps": 100}
    model = CTGAN(per_class=True, learning_rate=5e-3, random_state=0, **sizes)
    rows, _ = model.fit(X, np.arange(600) % 2).sample(600, label=1)
    assert (rows["a"] == "q").mean() < 0.15


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_a_column_makes_no_difference(make_model, unit):
    X = np.random.default_rng(0).normal(size=(300, 2)) * unit
    model = make_model(random_state=0).set_params(max_steps=60, batch_size=100)
    rows, _ = model.fit(X, np.arange(300) % 2).sample(300, label=1)
    inside = (rows > X.min(axis=0)) & (rows < X.max(axis=0))
    assert inside.mean() > 0.6


def test_the_history_counts_the_steps_that_were_made(imbalanced):
    X, y = imbalanced  # 175 and 25 rows
    batches = QUICK | {"batch_size": 20}
    seen = CTGAN(**batches).fit(X, y).history_["step"]
    assert seen == [10]  # 200 rows are an epoch of ten, more than the three wanted
    seen = TVAE(**batches).fit(X, y).history_["step"]
    # 175 rows are an epoch of nine, 25 are one of two, made twice.
    assert seen[-1] == 9 + 2 * 2
    assert sorted(set(seen)) == seen


def test_callbacks_are_told_of_the_end_of_a_failed_training(imbalanced, monkeypatch):
    events = []

    class Spy(Listener):
        def on_begin(self, task):
            events.append("begin")

        def on_end(self, task):
            events.append("end")

    def fail(*args):
        raise RuntimeError("no memory")

    monkeypatch.setattr("gan_augment.gans.ctgan.package.layout_of", fail)
    with listening(Spy()), pytest.raises(RuntimeError, match="no memory"):
        CTGAN(**QUICK).fit(*imbalanced)
    assert events == ["begin", "end"]


def test_a_file_that_lacks_a_network_is_refused(imbalanced, tmp_path):
    TVAE(**QUICK, random_state=0).fit(*imbalanced).save(tmp_path)
    tree = json.loads((tmp_path / "model.json").read_text())
    del tree["tree"]["fitted"]["networks_"][1]
    (tmp_path / "model.json").write_text(json.dumps(tree))
    seal(tmp_path)
    with pytest.raises(ModelFileError, match="1 networks for 2"):
        TVAE.load(tmp_path)


def _never_of_a_class(arrays, weights, network):
    # Every number is finite, and one class so likely that there is no other.
    arrays[weights["seq.1.bias"]["$array"]][0] = 1e11


def _nearly_infinite(arrays, weights, network):
    arrays[weights["seq.0.fc.bias"]["$array"]][0] = 1e38


def _whole_numbers(arrays, weights, network):
    name = network["bounds"]["$array"]
    arrays[name] = arrays[name].astype(np.int64)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_never_of_a_class, "able to draw the class 1"),
        (_nearly_infinite, r"weights of at most 1e\+12"),
        (_whole_numbers, "`bounds` must be an array"),
    ],
)
def test_a_file_of_numbers_that_cannot_be_drawn_from_is_refused(
    damage, message, tmp_path
):
    X = pd.DataFrame({"a": np.arange(60.0)})
    CTGAN(**QUICK, random_state=0).fit(X, np.arange(60) % 2).save(tmp_path)
    path = tmp_path / "model.safetensors"
    arrays = load_file(path)
    tree = json.loads((tmp_path / "model.json").read_text())["tree"]
    network = tree["fitted"]["networks_"][0]["fields"]
    damage(arrays, network["weights"], network)
    save_file(arrays, path)
    seal(tmp_path)
    with pytest.raises(ModelFileError, match=message):
        CTGAN.load(tmp_path)


@pytest.mark.parametrize("hidden_dims", [(-1,), ("a",), (0, 8)])
def test_widths_are_checked(hidden_dims, imbalanced):
    with pytest.raises(ValueError, match="`hidden_dims` must hold whole numbers"):
        CTGAN(hidden_dims=hidden_dims).fit(*imbalanced)


@pytest.mark.parametrize("batch_size", [1, 51, 52])
def test_any_batch_size(batch_size, imbalanced):
    X, y = imbalanced
    params = QUICK | {"batch_size": batch_size}
    assert len(CTGAN(**params, random_state=0).fit(X, y).sample(3)[0]) == 3


def test_small_classes_get_as_many_steps(imbalanced):
    X, y = imbalanced
    params = QUICK | {"batch_size": len(X)}
    for model in (CTGAN, TVAE):
        fitted = model(**params, per_class=True, random_state=0).fit(X, y)
        assert fitted.history_["step"] == [1, 2, 3, 4, 5, 6]  # two classes


def test_the_class_asked_for_is_in_the_condition():
    # The package conditions on the wrong cells when a discrete column comes before.
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    X = pd.DataFrame({"a": rng.choice(list("pqrs"), 400), "b": y * 8.0})
    X["b"] += rng.normal(size=400)
    model = CTGAN(max_steps=150, batch_size=100, learning_rate=2e-3, random_state=0)
    network = model.fit(X, y).networks_[0]
    module = model._module(network)
    noise = torch.Generator().manual_seed(0)
    for index in (0, 1):
        output = model._forward(module, network, index, 300, noise)
        _, drawn = network.decode(output.detach().double().numpy())
        assert (drawn == index).mean() > 0.8


def test_a_class_that_never_comes_is_an_error(monkeypatch, imbalanced):
    X, y = imbalanced
    model = TVAE(**QUICK, per_class=False, random_state=0).fit(X, y)
    monkeypatch.setattr("gan_augment.gans.ctgan.package.MOST_DRAWS", 1)
    network = model.networks_[0]
    # The class has the first cells; push that of the rare one out of reach.
    cell = np.flatnonzero(network.cells[0].levels == 1)
    network.weights["seq.2.bias"][cell] -= 1e6
    with pytest.raises(RuntimeError, match=r"'rare'.*Got 0.*per_class=True"):
        model.sample(5, label="rare")


def test_a_class_of_equal_rows_needs_the_other_rows():
    X = np.array([[1.0], [2.0], [3.0], [9.0], [9.0]])
    y = np.array([0, 0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"two rows that differ\. Got 2 rows of"):
        TVAE(**QUICK).fit(X, y)
    with pytest.raises(ValueError, match="only constant columns"):
        CTGAN(**QUICK).fit(np.ones((4, 2)), [0, 0, 1, 1])


@pytest.mark.parametrize("name", ["ctgan", "tvae"])
def test_over_sampler_knows_the_names(name, imbalanced, monkeypatch):
    X, y = imbalanced
    for model in (CTGAN, TVAE):
        monkeypatch.setattr(
            model.__init__, "__kwdefaults__", model.__init__.__kwdefaults__ | QUICK
        )
    sampler = GANOverSampler(name, random_state=0)
    _, y_resampled = sampler.fit_resample(X, y)
    assert type(sampler.gan_).__name__ == name.upper()
    assert (y_resampled == "rare").sum() == (y == "common").sum()


def test_what_watches_a_training_sees_its_losses(imbalanced):
    seen = []

    class Watcher(Listener):
        def on_progress(self, task, kind, value):
            if kind == "epoch":
                seen.append(value)

    with listening(Watcher()):
        CTGAN(**QUICK | {"batch_size": 200}, random_state=0).fit(*imbalanced)
    assert [epoch["step"] for epoch in seen] == [1, 2, 3]
    assert all(np.isfinite(epoch["generator_loss"]) for epoch in seen)


def test_without_the_package_the_error_says_what_to_install(monkeypatch, imbalanced):
    monkeypatch.setitem(sys.modules, "ctgan", None)
    with pytest.raises(ImportError, match=r"pip install 'gan-augment\[ctgan\]'"):
        CTGAN(**QUICK).fit(*imbalanced)


def test_the_package_is_loaded_only_when_it_trains():
    code = (
        "import sys; from gan_augment import CTGAN, GANOverSampler;"
        "CTGAN(), GANOverSampler('ctgan'); print('ctgan' in sys.modules)"
    )
    assert printed_by_a_new_process(code) == "False"
