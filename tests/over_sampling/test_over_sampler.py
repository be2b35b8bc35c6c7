"""The promises of GANOverSampler: rows, counts, randomness, small classes, errors."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from tables import make_mixed_frame, printed_by_a_new_process

from gan_augment import GANOverSampler, TabularGAN
from gan_augment.over_sampling import ClassFilter


def counts(labels):
    return pd.Series(np.asarray(labels).ravel()).value_counts().to_dict()


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {"common": 175, "rare": 175}),
        ("minority", {"common": 175, "rare": 175}),
        ("not minority", {"common": 175, "rare": 25}),
        ("all", {"common": 175, "rare": 175}),
        (0.5, {"common": 175, "rare": 87}),
        ({"rare": 60, "common": 180}, {"common": 180, "rare": 60}),
        (lambda y: {"rare": 40}, {"common": 175, "rare": 40}),
    ],
)
def test_every_form_of_sampling_strategy_gives_exact_counts(
    fast_sampler, imbalanced, strategy, expected
):
    X, y = imbalanced
    fast_sampler.set_params(sampling_strategy=strategy)
    X_resampled, y_resampled = fast_sampler.fit_resample(X, y)
    assert counts(y_resampled) == expected
    assert len(X_resampled) == len(y_resampled)
    added = {k: n - counts(y)[k] for k, n in expected.items() if n > counts(y)[k]}
    assert fast_sampler.n_synthetic_ == added


def test_real_rows_come_first_unchanged_and_the_mask_says_so(fast_sampler, imbalanced):
    X, y = imbalanced
    X_resampled, y_resampled = fast_sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_resampled.iloc[: len(X)], X)
    pd.testing.assert_series_equal(y_resampled.iloc[: len(y)], y)
    assert not fast_sampler.synthetic_mask_[: len(X)].any()
    assert fast_sampler.synthetic_mask_[len(X) :].all()
    assert len(fast_sampler.synthetic_mask_) == len(X_resampled)
    assert (y_resampled[fast_sampler.synthetic_mask_] == "rare").all()


def test_input_is_not_modified(fast_sampler, imbalanced):
    X, y = imbalanced
    before = X.copy(deep=True), y.copy(deep=True)
    fast_sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_series_equal(y, before[1])


def test_every_dtype_comes_back_in_its_own_domain(fast_sampler, mixed_frame):
    rare = np.arange(len(mixed_frame)) % 6 == 0
    X_resampled, _ = fast_sampler.fit_resample(mixed_frame, rare)
    pd.testing.assert_series_equal(X_resampled.dtypes, mixed_frame.dtypes)
    synthetic = X_resampled[fast_sampler.synthetic_mask_]
    for name in ("float", "money", "int", "large_int", "uint", "day", "timedelta"):
        assert synthetic[name].min() >= mixed_frame[name].min(), name
        assert synthetic[name].max() <= mixed_frame[name].max(), name
    for name in ("bool", "category", "string", "object", "interval"):
        assert set(synthetic[name].dropna()) <= set(mixed_frame[name].dropna()), name
    assert not synthetic["identifier"].isin(mixed_frame["identifier"]).any()
    assert (synthetic["constant"] == 3.5).all()
    assert synthetic["all_nan"].isna().all()
    assert synthetic["all_none"].isna().all()
    assert ((synthetic["money"].dropna() * 100).round(6) % 1 == 0).all()
    assert (synthetic["hundreds"] % 100 == 0).all()


def test_exact_copies_are_refused(imbalanced):
    X, y = imbalanced
    sampler = GANOverSampler(_CopyingGAN(), sample_filter=None, random_state=0)
    X_resampled, _ = sampler.fit_resample(X, y)
    synthetic = X_resampled[sampler.synthetic_mask_]
    assert len(synthetic) == 150
    assert synthetic.merge(X, how="inner").empty
    assert sampler.n_copies_ == {"rare": 0}


class _CopyingGAN(TabularGAN):
    """Half of what it draws are real rows."""

    def fit(self, X, y):
        self._rows = X
        return super(_CopyingGAN, self.set_params(max_steps=2)).fit(X, y)

    def sample(self, n_samples=1, *, label=None, random_state=None):
        X, y = super().sample(n_samples, label=label, random_state=random_state)
        n_copies = min(n_samples // 2, len(self._rows))
        return pd.concat([self._rows[:n_copies], X[n_copies:]], ignore_index=True), y


def test_copies_that_cannot_be_avoided_are_reported(fast_sampler):
    X = pd.DataFrame({"a": list("xxyy") * 15, "b": list("uvuv") * 15})
    y = np.arange(60) % 5 == 0
    with pytest.warns(UserWarning, match="equal a real row") as found:
        X_resampled, _ = fast_sampler.fit_resample(X, y)
    assert len(X_resampled) == 96
    assert fast_sampler.n_copies_ == {True: 36}
    assert {warned.filename for warned in found} == {__file__}


@pytest.mark.parametrize("position", [1, 2])
def test_only_rows_of_the_class_that_was_asked_for(position):
    """Conditioning on the second and on the last class gives just these."""
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b", "c"], [100, 20, 20])
    centre = pd.Series(y).map({"a": 0.0, "b": 10.0, "c": 20.0}).to_numpy()
    X = rng.normal(size=(140, 2)) + centre[:, None]
    label = "abc"[position]
    sampler = GANOverSampler(
        TabularGAN(),
        sampling_strategy={label: 220},
        sample_filter=None,
        random_state=0,
    )
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    synthetic = X_resampled[sampler.synthetic_mask_]
    assert (y_resampled[sampler.synthetic_mask_] == label).all()
    nearest = np.abs(synthetic.mean(axis=1)[:, None] - [0.0, 10.0, 20.0]).argmin(axis=1)
    assert (nearest == position).mean() > 0.8


def test_filter_keeps_rows_that_look_more_like_their_class():
    rng = np.random.default_rng(0)
    y = np.arange(600) % 6 == 0
    X = rng.normal(size=(600, 2)) + 2.0 * y[:, None]
    mean = {}
    for draws in (1, 2, 8):
        sampler = GANOverSampler(
            TabularGAN(max_steps=100),
            sample_filter=ClassFilter(draws_per_row=draws),
            random_state=0,
        )
        X_resampled, _ = sampler.fit_resample(X, y)
        mean[draws] = X_resampled[sampler.synthetic_mask_].mean()
    assert mean[1] < mean[2] < mean[8]


@pytest.mark.parametrize("n_rare", [1, 2, 3, 5, 10])
def test_small_classes_give_the_full_count(fast_sampler, n_rare):
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.arange(60) < n_rare
    X_resampled, y_resampled = fast_sampler.fit_resample(X, y)
    assert counts(y_resampled) == {False: 60 - n_rare, True: 60 - n_rare}
    assert np.isfinite(X_resampled).all()


def test_ten_thousand_levels_are_one_encoded_cell(fast_sampler):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"x": rng.normal(size=12_000), "id": np.arange(12_000) % 10_000}
    ).astype({"id": str})
    y = np.arange(12_000) % 20 == 0
    fast_sampler.set_params(sampling_strategy={True: 700})
    X_resampled, _ = fast_sampler.fit_resample(X, y)
    assert fast_sampler.gan_.encoder_.width_ == 2
    assert set(X_resampled["id"]) <= set(X["id"])


@pytest.mark.parametrize(
    "columns", [[0, 1, 2], [("a", 1), ("a", 2), ("b", 1)], [2.5, 3.5, 4.5]]
)
def test_names_that_are_not_strings_come_back(fast_sampler, columns):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=columns)
    X_resampled, _ = fast_sampler.fit_resample(X, np.arange(40) % 4 == 0)
    assert X_resampled.columns.tolist() == X.columns.tolist()


@pytest.mark.parametrize(
    "labels", [["no", "yes"], [False, True], [-1, -3], [2.0, 1.0], [7, 2**40]]
)
def test_any_kind_of_label(fast_sampler, labels):
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = np.where(np.arange(40) % 4 == 0, labels[1], labels[0])
    _, y_resampled = fast_sampler.fit_resample(X, y)
    assert y_resampled.dtype == y.dtype
    assert counts(y_resampled) == {labels[0]: 30, labels[1]: 30}


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "string", "category"])
def test_labels_of_a_pandas_dtype(fast_sampler, dtype):
    X = np.random.default_rng(0).normal(size=(40, 2))
    rare = np.arange(40) % 4 == 0
    values = {"Int64": 2**60 + rare.astype(int), "boolean": rare}
    y = pd.Series(values.get(dtype, np.where(rare, "yes", "no"))).astype(dtype)
    _, y_resampled = fast_sampler.fit_resample(X, y)
    assert y_resampled.dtype == y.dtype
    assert sorted(counts(y_resampled).values()) == [30, 30]


@pytest.mark.parametrize("kind", ["list", "array", "frame", "csr", "csc", "csr_matrix"])
def test_the_container_comes_back(fast_sampler, kind):
    X = np.random.default_rng(0).poisson(0.7, size=(60, 4)).astype(np.float32)
    y = np.arange(60) % 5 == 0
    given = {
        "list": X.tolist,
        "array": lambda: X,
        "frame": lambda: pd.DataFrame(X),
        "csr": lambda: sparse.csr_array(X),
        "csc": lambda: sparse.csc_array(X),
        "csr_matrix": lambda: sparse.csr_matrix(X),
    }[kind]()
    with pytest.warns(UserWarning, match="equal a real row"):
        X_resampled, _ = fast_sampler.fit_resample(given, y)
    assert type(X_resampled) is type(given)
    if kind != "list":
        assert X_resampled.shape == (96, 4)
    if kind not in ("list", "frame"):
        assert X_resampled.dtype == np.float32


def _fails(X, y, **params):
    params = {"gan": TabularGAN(max_steps=2), "random_state": 0} | params
    sampler = GANOverSampler(**params)
    return lambda: sampler.fit_resample(X, y)


NUMBERS = np.random.default_rng(0).normal(size=(40, 2))
LABELS = np.arange(40) % 4 == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (_fails(pd.DataFrame(NUMBERS, columns=["a", "a"]), LABELS), r"unique.*\['a'\]"),
        (_fails(pd.DataFrame(NUMBERS, columns=["a", 1]), LABELS), "string names"),
        (_fails(pd.DataFrame({"a": [{}] * 40}), LABELS), "'a'.*hashable.*dict"),
        (_fails(pd.DataFrame({"a": [np.inf] * 40}), LABELS), "'a'.*finite.*inf"),
        (_fails(np.where(NUMBERS > 1, np.inf, 1.0), LABELS), "infinity"),
        (_fails(np.ones((40, 1)), LABELS), "two different values.*constant"),
        (_fails(np.ones((40, 1)), np.arange(40) % 2), "two different values.*constant"),
        (_fails(pd.DataFrame(index=range(40)), LABELS), r"one column.*\(40, 0\)"),
        (_fails([[1, "a"]] * 39 + [[1]], LABELS), "same length.*1 and 2 cells"),
        (_fails(NUMBERS, LABELS[:30]), r"\[40, 30\]"),
        (_fails(NUMBERS, np.zeros(40)), "more than 1 class"),
        (_fails(NUMBERS, NUMBERS[:, 0]), "continuous"),
        (_fails(NUMBERS[:, 0], LABELS), "2D array"),
        (_fails(NUMBERS, LABELS, sampling_strategy={True: 3}), "10 samples.*3 samples"),
        (_fails(NUMBERS, LABELS, gan=TabularGAN(max_steps=0)), "max_steps.*0"),
        (_fails(NUMBERS, LABELS, gan=TabularGAN(loss="l1")), "loss.*'l1'"),
        (_fails(NUMBERS, LABELS, gan=TabularGAN(hidden_dims=[0])), r"whole.*\[0\]"),
        (_fails(NUMBERS, LABELS, gan="tabula"), "'tabular'.*'tabula'"),
        (_fails(NUMBERS, LABELS, refinements=[3]), "`refinements`.*fit.*Got 3"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        call()


def test_repeated_calls_give_the_same_rows(fast_sampler, imbalanced):
    first, _ = fast_sampler.fit_resample(*imbalanced)
    second, _ = fast_sampler.fit_resample(*imbalanced)
    other, _ = fast_sampler.set_params(random_state=1).fit_resample(*imbalanced)
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)


def test_rows_do_not_depend_on_the_number_of_threads(fast_sampler, imbalanced):
    rows, n_threads = [], torch.get_num_threads()
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            rows.append(fast_sampler.fit_resample(*imbalanced)[0])
            assert torch.get_num_threads() == n
    finally:
        torch.set_num_threads(n_threads)
    pd.testing.assert_frame_equal(*rows)


def digest_of_a_resampled_table():
    X = make_mixed_frame(80)
    sampler = GANOverSampler(TabularGAN(max_steps=10), random_state=5)
    X_resampled, _ = sampler.fit_resample(X, np.arange(80) % 5 == 0)
    return hashlib.sha256(X_resampled.to_csv().encode()).hexdigest()


def test_another_process_gives_the_same_rows():
    code = (
        "import sys; sys.path.append('over_sampling'); import test_over_sampler as t;"
        "print(t.digest_of_a_resampled_table())"
    )
    assert printed_by_a_new_process(code) == digest_of_a_resampled_table()


@pytest.mark.parametrize("random_state", [0, None])
def test_global_random_states_are_neither_read_nor_moved(imbalanced, random_state):
    sampler = GANOverSampler(TabularGAN(max_steps=5), random_state=random_state)
    rows = []
    for seed in (0, 0):
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        numpy_before = np.random.get_state()[1].copy()  # noqa: NPY002
        torch_before = torch.get_rng_state()
        rows.append(sampler.fit_resample(*imbalanced)[0])
        assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
        assert torch.equal(torch.get_rng_state(), torch_before)
    # Without a seed the rows are fresh, whatever the global state.
    assert rows[0].equals(rows[1]) == (random_state == 0)


def test_works_in_a_pipeline_and_a_grid_search(imbalanced):
    X, y = imbalanced
    pipeline = make_pipeline(
        GANOverSampler(TabularGAN(max_steps=5), random_state=0), LogisticRegression()
    )
    search = GridSearchCV(
        pipeline,
        {"ganoversampler__gan__max_steps": [2, 4]},
        cv=2,
        error_score="raise",
    )
    search.fit(X[["age"]], y)
    assert search.best_estimator_[0].gan_.history_["step"][-1] in (2, 4)
    assert len(search.predict(X[["age"]])) == len(y)


def test_any_generator_with_fit_and_sample_will_do(imbalanced):
    class Mean:
        def get_params(self, deep=True):
            return {}

        def fit(self, X, y):
            self.means = X.groupby(y).mean()
            return self

        def sample(self, n_samples, label, random_state):
            noise = random_state.random((n_samples, 1))
            return self.means.loc[[label] * n_samples] + noise, [label] * n_samples

    X, y = imbalanced
    sampler = GANOverSampler(Mean(), random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(X[["age"]].astype(float), y)
    assert len(X_resampled) == len(y_resampled) == 350
    assert sampler.history_ == {}


@pytest.mark.parametrize("n_rows", [50.5, np.nan, np.inf])
@pytest.mark.parametrize("form", [dict, lambda counts: lambda y: counts])
def test_half_a_row_is_refused_before_any_training(n_rows, form, imbalanced):
    X, y = imbalanced
    sampler = GANOverSampler(sampling_strategy=form({"rare": n_rows}))
    with pytest.raises(ValueError, match=r"whole number.*for class 'rare'"):
        sampler.fit_resample(X, y)
    assert not hasattr(sampler, "gan_")


@pytest.mark.parametrize("ratio", [0.1, 0.28, 0.29, np.float32(0.2)])
def test_a_ratio_that_adds_no_row_is_refused_before_any_training(ratio):
    """A ratio of .29 is 28 rows of 100: floating-point numbers fall short of 29."""
    X, y = np.random.default_rng(0).normal(size=(128, 2)), ["no"] * 100 + ["yes"] * 28
    sampler = GANOverSampler(sampling_strategy=ratio)
    with pytest.raises(ValueError, match=r"adds rows.*'yes' has 28 rows.*100"):
        sampler.fit_resample(X, y)
    assert not hasattr(sampler, "gan_")


def test_whole_numbers_may_be_floats(fast_sampler, imbalanced):
    _, y = fast_sampler.set_params(sampling_strategy={"rare": 50.0}).fit_resample(
        *imbalanced
    )
    assert (y == "rare").sum() == 50


@pytest.mark.parametrize(
    "kind", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array]
)
def test_identifiers_of_a_sparse_matrix_are_fresh(kind, fast_sampler):
    rng = np.random.default_rng(0)
    X = np.column_stack([1000 + np.arange(100), rng.integers(0, 5, (100, 3))])
    resampled, _ = fast_sampler.fit_resample(kind(X), np.arange(100) < 20)
    assert type(resampled) is kind
    assert resampled.dtype == X.dtype
    np.testing.assert_array_equal(resampled[:100].toarray(), X)
    names = resampled[:, [0]].toarray().ravel()
    assert len(set(names)) == len(names) == 160


def test_memory_keeps_the_gan_and_the_filter(imbalanced, tmp_path, monkeypatch):
    X, y = imbalanced
    fitted = []
    for kind in (TabularGAN, ClassFilter):
        monkeypatch.setattr(kind, "fit", _recorded(kind.fit, fitted))
    first, second = (
        GANOverSampler(TabularGAN(max_steps=5), memory=str(tmp_path), random_state=0)
        for _ in range(2)
    )
    X_first, _ = first.fit_resample(X, y)
    assert fitted == ["TabularGAN", "ClassFilter"]
    X_second, _ = second.fit_resample(X, y)
    assert fitted == ["TabularGAN", "ClassFilter"]
    pd.testing.assert_frame_equal(X_first, X_second)


def _recorded(fit, fitted):
    def recorded(self, *args):
        fitted.append(type(self).__name__)
        return fit(self, *args)

    return recorded
