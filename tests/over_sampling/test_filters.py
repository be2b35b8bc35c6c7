import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from gan_augment import GANOverSampler, TabularGAN
from gan_augment.encoding import TableEncoder
from gan_augment.over_sampling import ClassFilter, CopyFilter
from gan_augment.over_sampling import class_filter as filtering


def test_the_most_likely_rows_are_kept_in_their_order():
    X = np.arange(100.0)[:, None]
    y = np.arange(100) >= 50
    fitted = ClassFilter(random_state=0).fit(X, y)
    kept = fitted.select(X[::-1], True, 40)
    assert kept.tolist() == sorted(kept.tolist())
    assert (X[::-1][kept] >= 50).all()
    assert (X[::-1][fitted.select(X[::-1], False, 40)] < 50).all()


def test_boosted_trees_see_bins_of_equal_mass_and_levels_apart():
    X = np.random.default_rng(0).lognormal(size=(2000, 1))
    rows = TableEncoder().fit(X).transform(X, spread=False)
    _, counts = np.unique(filtering._bins(rows), return_counts=True)
    assert len(counts) == filtering.BINS
    assert counts.max() < 1.2 * len(X) / filtering.BINS
    first, second = filtering._bins(np.array([0.0, 1.0]))
    assert first != second


def test_a_large_table_is_thinned_and_its_rare_rows_are_not(monkeypatch):
    monkeypatch.setattr(filtering, "MAX_TRAINING_ROWS", 100)
    y = np.repeat(["a", "b", "c"], [5000, 30, 8])
    used = filtering._balanced_rows(y, 100, np.random.default_rng(0))
    assert dict(zip(*np.unique(y[used], return_counts=True), strict=True)) == {
        "a": 62,
        "b": 30,
        "c": 8,
    }
    seen = []

    class Spy(DecisionTreeClassifier):
        def fit(self, X, y):
            seen.append(len(X))
            return super().fit(X, y)

    X = np.random.default_rng(0).normal(size=(len(y), 2))
    ClassFilter(Spy(), random_state=0).fit(X, y)
    assert seen == [100]


def test_the_default_knows_a_linear_a_curved_and_a_local_boundary():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 2))
    for is_rare in (
        X[:, 0] + X[:, 1] > 1.5,
        (X**2).sum(axis=1) > 4,
        (np.abs(X - 1) < 0.4).all(axis=1),
    ):
        fitted = ClassFilter(random_state=0).fit(X[:600], is_rare[:600])
        n_rare = int(is_rare[600:].sum() * 0.8)
        kept = fitted.select(X[600:], True, n_rare)
        assert is_rare[600:][kept].mean() > 0.8


def test_mixed_tables_with_missing_values_are_no_obstacle(mixed_frame):
    y = np.arange(len(mixed_frame)) % 3
    fitted = ClassFilter(DecisionTreeClassifier(), random_state=0).fit(mixed_frame, y)
    assert len(fitted.select(mixed_frame, 2, 10)) == 10


def test_copies_are_found_cell_by_cell(mixed_frame):
    copies = CopyFilter().fit(mixed_frame)
    assert copies.is_copy(mixed_frame).all()
    other_half = np.arange(len(mixed_frame)) % 2 == 0
    changed = mixed_frame.assign(int=mixed_frame["int"] + other_half)
    assert (copies.is_copy(changed) == ~other_half).all()
    assert not copies.copies_are_natural
    assert copies.refused(mixed_frame).all()


def test_integer_objects_with_missing_values_come_back_as_they_are():
    column = np.array([1, 3, None, 7] * 20, dtype=object)
    frame = pd.DataFrame({"a": column, "b": np.random.default_rng(0).random(80)})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame, random_state=0))
    assert {type(value) for value in back["a"]} == {int, type(None)}
    copies = CopyFilter().fit(frame)
    assert copies.is_copy(back.assign(b=frame["b"])).all()


rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("frame", "natural"),
    [
        (pd.DataFrame({"a": list("xyz") * 10}), True),
        (pd.DataFrame({"a": np.arange(30) % 5, "b": list("xyz") * 10}), True),
        (pd.DataFrame({"a": [0, 10**6, 3] * 10, "b": [1, 0.5, np.pi] * 10}), True),
        (pd.DataFrame({"a": rng.normal(size=30)}), False),
        (pd.DataFrame({"a": np.arange(30) * 1.37e-5, "b": list("xyz") * 10}), False),
        (pd.DataFrame(rng.integers(0, 130, (200, 2))), False),
        # Five and twenty times as many different rows as there are.
        (pd.DataFrame(rng.integers(0, 10, (200, 3))), True),
        (pd.DataFrame(rng.integers(0, 64, (200, 2))), False),
        # As many columns as an image has pixels: their product is no float.
        (pd.DataFrame(rng.integers(0, 50, (200, 784))), False),
    ],
)
@pytest.mark.filterwarnings("error")
def test_copies_are_natural_where_the_data_shows_few_values(frame, natural):
    copies = CopyFilter().fit(frame)
    assert copies.copies_are_natural == natural
    assert copies.refused(frame).any() != natural


def test_a_real_row_that_repeats_is_not_refused():
    frame = pd.DataFrame({"a": rng.normal(size=30), "b": rng.normal(size=30)})
    frame = pd.concat([frame, frame[:10]], ignore_index=True)
    assert (
        CopyFilter().fit(frame).refused(frame).tolist()
        == [False] * 10 + [True] * 20 + [False] * 10
    )


def test_refusing_copies_does_not_leave_only_what_never_occurs():
    """Of nine combinations one never occurs; it must not become the rare class."""
    a, b = rng.choice([0, 1, 10**6], 600), rng.choice([0, 3, 10**6], 600)
    b[(a == 1) & (b == 3)] = 0
    y = np.arange(600) % 10 == 0
    sampler = GANOverSampler(TabularGAN(max_steps=100), random_state=0)
    with pytest.warns(UserWarning, match="equal a real row"):
        X_resampled, _ = sampler.fit_resample(pd.DataFrame({"a": a, "b": b}), y)
    made = X_resampled[sampler.synthetic_mask_]
    assert ((made["a"] == 1) & (made["b"] == 3)).mean() < 0.5


def test_a_classifier_inside_a_pipeline_is_seeded_too(imbalanced):
    X, y = imbalanced
    nested = make_pipeline(StandardScaler(), RandomForestClassifier(5))
    sampler = GANOverSampler(
        TabularGAN(max_steps=5), sample_filter=ClassFilter(nested), random_state=0
    )
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, _ = sampler.fit_resample(X, y)
    second, _ = sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(first, second)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_copies_of_a_table_of_nothing_but_identifiers_are_found():
    X = pd.DataFrame({"id": [f"C{i:06d}" for i in range(60)]})
    copies = CopyFilter().fit(X)
    others = pd.DataFrame({"id": ["C000007", "C999999"]})
    assert copies.is_copy(others).tolist() == [True, False]
