"""Weights of resampled rows, and by which name fit takes them."""

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline as make_resampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn import config_context
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN
from gan_augment.classification.replicates import Draw
from gan_augment.classification.weights import (
    as_fit_parameter,
    draw_weights,
    takes_weights,
)

LINEAR, NEIGHBOURS = LogisticRegression(), KNeighborsClassifier()
NESTED = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), LINEAR))
VOTE = VotingClassifier([("a", LINEAR)], voting="soft")
STACK = StackingClassifier([("a", LINEAR)], cv=2)
SEARCH = GridSearchCV(NESTED, {}, cv=2)


@pytest.mark.parametrize(
    ("classifier", "takes"),
    [
        (LINEAR, True),
        (make_pipeline(StandardScaler(), LINEAR), True),
        (NESTED, True),
        (make_resampling_pipeline(StandardScaler(), LINEAR), True),
        (CalibratedClassifierCV(LINEAR), True),
        (NEIGHBOURS, False),
        (make_pipeline(StandardScaler(), NEIGHBOURS), False),
        # It has the parameter, and would train its neighbours without weights.
        (CalibratedClassifierCV(NEIGHBOURS), False),
        # These take **fit_params, and hand the weights on.
        (GridSearchCV(LINEAR, {"C": [1]}), True),
        (GridSearchCV(make_pipeline(StandardScaler(), LINEAR), {}), True),
        (GridSearchCV(NEIGHBOURS, {}), False),
        (
            GridSearchCV(make_resampling_pipeline(RandomUnderSampler(), LINEAR), {}),
            False,
        ),
        (VotingClassifier([("a", LINEAR), ("b", "drop")]), True),
        (VotingClassifier([("a", LINEAR), ("b", NEIGHBOURS)]), False),
        (VotingClassifier([("a", VotingClassifier([("b", LINEAR)]))]), True),
        (StackingClassifier([("a", LINEAR)]), True),
        (StackingClassifier([("a", LINEAR)], NEIGHBOURS), False),
        # To every member by one name, which a pipeline does not know.
        (VotingClassifier([("a", make_pipeline(StandardScaler(), LINEAR))]), False),
        # Behind a sampler there are other rows.
        (make_resampling_pipeline(RandomUnderSampler(), LINEAR), False),
    ],
)
def test_who_takes_weights(classifier, takes):
    assert takes_weights(classifier) == takes


def test_where_weights_are_routed_a_pipeline_is_not_asked():
    with config_context(enable_metadata_routing=True):
        assert takes_weights(LINEAR)
        inside = CalibratedClassifierCV(LINEAR)
        for asked in (NESTED, VOTE, SEARCH, inside):
            assert not takes_weights(asked)
        X, y = np.arange(40.0).reshape(-1, 1) % 7, np.arange(40) % 4 == 0
        model = ResampledClassifier(inside, GANOverSampler(TabularGAN(max_steps=2)))
        assert not model.fit(X, y).soft_labels_
        assert list(as_fit_parameter(NESTED, np.ones(3))) == ["sample_weight"]


@pytest.mark.parametrize("classifier", [LINEAR, NESTED, VOTE, STACK, SEARCH])
def test_weights_arrive(classifier):
    X = np.array([[0.0], [1.0], [0.0], [1.0]] * 5)
    y = np.array([0, 0, 1, 1] * 5)
    parameter = as_fit_parameter(classifier, np.array([1.0, 0.001, 0.001, 1.0] * 5))
    assert classifier.fit(X, y, **parameter).predict(X[:4]).tolist() == [0, 1, 0, 1]
    assert as_fit_parameter(classifier, None) == {}


def test_a_synthetic_row_has_the_mean_of_its_class_times_its_own():
    y, weight = np.array([0, 0, 1]), np.array([1.0, 3.0, 5.0])
    draw = Draw(None, None, np.array([*y, 1, 0]), np.array([0.5, 0.25]))
    np.testing.assert_array_equal(draw_weights(draw, y, weight, 2.0), [1, 3, 5, 5, 1])
    np.testing.assert_array_equal(
        draw_weights(draw, y, None, 1.0), [1, 1, 1, 0.5, 0.25]
    )
    assert draw_weights(draw._replace(weight=None), y, None, 1.0) is None
