"""Who listens hears what runs, in order and once, and costs it nothing."""

import threading

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate

from gan_augment import GANOverSampler, ImageGAN, ResampledClassifier, compare, events
from gan_augment.events import Listener, add_listener, listening, remove_listener


class Tracker(Listener):
    """A tracker of one's own: what was resampled, and what a comparison found."""

    def __init__(self):
        self.lines = []

    def on_progress(self, task, kind, value):
        if kind == "arm":
            self.lines.append(("arm", value["arm"]))

    def on_end(self, task):
        if task.name == "fit_resample" and not task.is_trial:
            n_rows = (len(task.inputs["y"]), len(task.result[1]))
            self.lines.append(("resampled", type(task.subject).__name__, *n_rows))
        elif task.name == "compare":
            self.lines.append(("compared", task.result.outcome))


class Spy(Listener):
    def __init__(self):
        self.heard, self.tasks = [], []

    def on_begin(self, task):
        self.heard.append(f"{task.name} begins")
        self.tasks.append(task)

    def on_progress(self, task, kind, value):
        self.heard.append(f"{task.name} {kind}")

    def on_end(self, task):
        self.heard.append(f"{task.name} {'fails' if task.error else 'ends'}")


@pytest.fixture
def added():
    """A spy on the whole process."""
    spy = Spy()
    add_listener(spy)
    yield spy
    remove_listener(spy)


def test_a_tracker_of_ones_own_records_a_resampling_and_a_comparison(
    fast_sampler, imbalanced
):
    X, y = imbalanced[0][["age"]], imbalanced[1]
    tracker = Tracker()
    with listening(tracker):
        fast_sampler.fit_resample(X, y)
        comparison = compare(
            X,
            y,
            LogisticRegression(),
            {"random": RandomOverSampler(), "GAN": fast_sampler},
            cv=2,
            random_state=0,
            verbose=False,
        )
    fold = [("arm", arm) for arm in ("nothing", "class weights", "random", "GAN")]
    assert tracker.lines == [
        ("resampled", "GANOverSampler", 200, 350),
        *(fold * 4),  # two folds, two repeats
        ("compared", comparison.outcome),
    ]


def test_a_training_is_told_inside_the_resampling(fast_sampler, imbalanced):
    spy = Spy()
    with listening(spy):
        fast_sampler.fit_resample(*imbalanced)
    n_epochs = len(fast_sampler.history_["step"])
    assert spy.heard == [
        "fit_resample begins",
        "train begins",
        "train steps",
        *["train epoch"] * n_epochs,
        "train ends",
        "fit_resample ends",
    ]
    resampling, training = spy.tasks
    assert training.parent is resampling
    assert training.subject is training.result is fast_sampler.gan_
    assert resampling.subject is fast_sampler
    assert resampling.inputs["X"] is imbalanced[0]


def test_images_show_pictures(imbalanced):
    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8), dtype=np.uint8)
    spy = Spy()
    with listening(spy):
        ImageGAN(max_steps=2).fit(images, np.arange(40) % 2)
    assert "train picture" in spy.heard


def test_a_classifier_tells_its_fit(fast_sampler, imbalanced):
    X, y = imbalanced[0][["age"]], imbalanced[1]
    classifier = ResampledClassifier(LogisticRegression(), fast_sampler)
    spy = Spy()
    with listening(spy):
        classifier.fit(X, y)
    assert spy.heard[:2] == ["fit begins", "fit_resample begins"]
    assert spy.heard[-1] == "fit ends"
    assert spy.tasks[0].result is classifier


def test_only_the_block_is_heard_and_only_its_thread(fast_gan, imbalanced):
    spy = Spy()
    with listening(spy):
        other = threading.Thread(target=fast_gan.fit, args=imbalanced)
        other.start()
        other.join()
    fast_gan.fit(*imbalanced)
    assert spy.heard == []


def test_an_added_listener_hears_every_thread_until_it_is_removed(added, fast_gan):
    X, y = np.arange(20.0).reshape(-1, 1), np.arange(20) % 2
    add_listener(added)  # once is enough
    other = threading.Thread(target=fast_gan.fit, args=(X, y))
    other.start()
    other.join()
    assert added.heard.count("train begins") == 1
    remove_listener(added)
    remove_listener(added)
    fast_gan.fit(X, y)
    assert added.heard.count("train begins") == 1


def test_an_error_is_told_and_stays_the_callers(imbalanced):
    class Broken:
        def fit(self, X, y):
            raise KeyboardInterrupt

        def sample(self, n_samples, label=None, random_state=None):
            raise NotImplementedError

        def get_params(self, deep=True):
            return {}

    spy = Spy()
    sampler = GANOverSampler(Broken())
    with listening(spy), pytest.raises(KeyboardInterrupt):
        sampler.fit_resample(*imbalanced)
    assert spy.heard == ["fit_resample begins", "fit_resample fails"]
    assert isinstance(spy.tasks[0].error, KeyboardInterrupt)
    assert spy.tasks[0].result is None
    events.progress("epoch", {})  # no task is left open
    assert len(spy.heard) == 2


@pytest.mark.parametrize("hook", ["on_begin", "on_progress", "on_end"])
def test_a_listener_that_raises_costs_no_fit(hook, fast_sampler, imbalanced):
    expected, _ = fast_sampler.fit_resample(*imbalanced)
    broken, spy = Listener(), Spy()

    def fail(*_):
        raise OSError("no disk")

    setattr(broken, hook, fail)
    warns = pytest.warns(UserWarning, match=rf"Listener\.{hook} failed.*no disk")
    with listening(broken, spy), warns:
        rows, _ = fast_sampler.fit_resample(*imbalanced)
    assert rows.equals(expected)
    assert spy.heard[-1] == "fit_resample ends"


def test_a_fit_that_is_not_kept_is_a_trial(added, fast_sampler, imbalanced):
    X, y = imbalanced[0][["age"]], imbalanced[1]
    pipeline = make_pipeline(fast_sampler, LogisticRegression())

    def trials():
        found = [t.is_trial for t in added.tasks if t.name == "fit_resample"]
        added.tasks.clear()
        return found

    pipeline.fit(X, y)
    assert trials() == [False]
    cross_validate(pipeline, X, y, cv=2)
    assert trials() == [True, True]
    GridSearchCV(pipeline, {"logisticregression__C": [1.0]}, cv=2).fit(X, y)
    assert trials() == [True, True, False]
    samplers = {"GAN": fast_sampler}
    compare(X, y, LogisticRegression(), samplers, cv=2, n_jobs=1, verbose=False)
    assert trials() == [True] * 4


def test_folds_in_threads_are_trials_too(added, fast_sampler, imbalanced):
    import joblib

    X, y = imbalanced[0][["age"]], imbalanced[1]
    with joblib.parallel_config("threading"):
        compare(
            X,
            y,
            LogisticRegression(),
            {"GAN": fast_sampler},
            cv=2,
            n_jobs=2,
            verbose=False,
        )
    fits = [task for task in added.tasks if task.name == "fit_resample"]
    assert [task.is_trial for task in fits] == [True] * 4
    arms = [line for line in added.heard if line == "compare arm"]
    assert len(arms) == 4 * 3


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_arms_that_fail_are_told(imbalanced, n_jobs):
    class Told(Listener):
        def __init__(self):
            self.errors = []

        def on_progress(self, task, kind, value):
            if kind == "arm" and "error" in value:
                self.errors.append(value["arm"])

    X, y = imbalanced[0][["age"]], imbalanced[1]
    told = Told()
    samplers = {"wrong": RandomOverSampler(sampling_strategy={"rare": 1})}
    with listening(told):
        compare(
            X,
            y,
            LogisticRegression(),
            samplers,
            cv=2,
            n_jobs=n_jobs,
            verbose=False,
        )
    assert told.errors == ["wrong"] * 4


class Equal(Spy):
    """Equal to every other of its class."""

    def __eq__(self, other):
        return isinstance(other, Equal)

    __hash__ = None


def test_listeners_that_are_equal_are_two():
    first, second = Equal(), Equal()
    add_listener(first)
    add_listener(second)
    try:
        remove_listener(first)
        with events.task("fit"):
            pass
    finally:
        remove_listener(second)
    assert (first.heard, second.heard) == ([], ["fit begins", "fit ends"])
