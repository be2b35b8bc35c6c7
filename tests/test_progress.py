"""One bar of what runs outermost, where it is wanted or where somebody looks."""

import sys
from types import SimpleNamespace

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from gan_augment import (
    DistilledClassifier,
    GANOverSampler,
    ResampledClassifier,
    ResampledClassifierCV,
    TabularGAN,
    compare,
    events,
    progress,
)

GAN = TabularGAN(max_steps=4, hidden_dims=(8,))
SAMPLER = GANOverSampler(GAN, sample_filter=None)
LINEAR = LogisticRegression()
SAMPLERS = {"GAN": SAMPLER}


@pytest.fixture
def terminal(monkeypatch, capsys):
    """Standard error as a terminal, where bars appear at once."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "DELAY", 0.0)


@pytest.fixture
def table(imbalanced):
    X, y = imbalanced
    return X[["age"]].fillna(40.0), y


def bars(capsys):
    """Names of the bars that were shown, each once."""
    lines = capsys.readouterr().err.replace("\r", "\n").splitlines()
    names = [line.partition(":")[0] for line in lines if "%|" in line]
    return [name for i, name in enumerate(names) if name not in names[:i]]


CALLS = {
    "GAN": (
        lambda X, y, v: TabularGAN(max_steps=4, verbose=v).fit(X, y),
        "Training GAN",
    ),
    "over-sampler": (
        lambda X, y, v: GANOverSampler(GAN, verbose=v).fit_resample(X, y),
        "Training GAN",
    ),
    "classifier": (
        lambda X, y, v: ResampledClassifier(LINEAR, SAMPLER, verbose=v).fit(X, y),
        "Training GAN",
    ),
    "distilled": (
        lambda X, y, v: DistilledClassifier(
            DecisionTreeClassifier(max_depth=2), LINEAR, GAN, verbose=v
        ).fit(X, y),
        "Training GAN",
    ),
    "compare": (
        lambda X, y, v: compare(X, y, LINEAR, SAMPLERS, cv=2, verbose=v),
        "Comparing",
    ),
    "CV": (
        lambda X, y, v: ResampledClassifierCV(LINEAR, SAMPLERS, cv=2, verbose=v).fit(
            X, y
        ),
        "Comparing",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_shows_a_bar_if_that_is_wanted(name, table, capsys):
    call, shown = CALLS[name]
    call(*table, True)
    assert bars(capsys)[:1] == [shown]


@pytest.mark.parametrize("name", ["over-sampler", "compare"])
def test_a_bar_appears_by_itself_in_a_terminal_only(name, table, capsys, request):
    call, shown = CALLS[name]
    call(*table, "auto")
    assert bars(capsys) == []
    request.getfixturevalue("terminal")
    call(*table, False)
    assert bars(capsys) == []
    call(*table, "auto")
    assert bars(capsys) == [shown]


def test_fits_of_a_cross_validation_show_nothing_unasked(table, terminal, capsys):
    cross_val_score(ResampledClassifier(LINEAR, SAMPLER), *table, cv=2)
    assert bars(capsys) == []


def test_what_is_inside_is_silent_unless_it_is_asked(table, terminal, capsys):
    GANOverSampler(GAN, verbose=False).fit_resample(*table)
    assert bars(capsys) == []
    loud = TabularGAN(max_steps=4, verbose=True)
    GANOverSampler(loud, verbose=False).fit_resample(*table)
    assert bars(capsys) == ["Training GAN"]


def test_a_short_task_shows_nothing_unasked(table, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "DELAY", 1e9)
    GAN.fit(*table)
    assert bars(capsys) == []


def test_the_time_goes_on_while_a_fold_runs(capsys):
    with progress.progress_bar(True), events.task("compare"):
        events.progress("arms", 10)
        with events.task("train"):
            events.progress("steps", 5)
            for step in range(1, 6):
                events.progress("epoch", {"step": step})
        events.progress("arm", {})
    assert bars(capsys) == ["Comparing"]


def test_a_notebook_is_watched(monkeypatch):
    assert not progress.is_watched()
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    notebook = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    assert progress.is_watched()
