"""scikit-learn's and imbalanced-learn's own contracts, without an expected failure."""

import imblearn.utils.estimator_checks as imblearn_checks
import pytest
import sklearn.utils.estimator_checks as sklearn_checks
from sklearn.linear_model import LogisticRegression

from gan_augment import (
    CTGAN,
    TVAE,
    GANOverSampler,
    ImageGAN,
    ImageMixture,
    TabularGAN,
)
from gan_augment.over_sampling import ClassFilter

# The checks shrink only what scikit-learn knows; a GAN must be told to be quick.
QUICK = TabularGAN(max_steps=5, hidden_dims=(8,), batch_size=32)

# The vote of the default is part of the slow ones.
FILTER = ClassFilter(LogisticRegression(), draws_per_row=1.5)

# imbalanced-learn compares the rows of repeated calls, so it wants a seed.
SAMPLERS = [
    GANOverSampler(
        TabularGAN(
            max_steps=5,
            hidden_dims=(8, 8),
            batch_size=16,
            loss="hinge",
            categorical_features=[0],
        ),
        sampling_strategy="not majority",
        sample_filter=FILTER,
        random_state=7,
    ),
    GANOverSampler(QUICK, sample_filter=None, random_state=3),
    # Rows as images of one pixel row, whatever the number of columns.
    GANOverSampler(
        ImageGAN(image_shape=(1, -1), max_steps=3),
        mixture=ImageMixture(guard=False),
        random_state=0,
    ),
]
# With its full training, or with the package that fits a mixture to every column, a
# check takes seconds.
SLOW = [
    GANOverSampler(random_state=0),
    GANOverSampler(CTGAN(max_steps=2, hidden_dims=(8,)), random_state=0),
    GANOverSampler(TVAE(max_steps=2, hidden_dims=(8,)), random_state=0),
]


@sklearn_checks.parametrize_with_checks(
    [GANOverSampler(QUICK, sample_filter=FILTER), *SAMPLERS]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@imblearn_checks.parametrize_with_checks(SAMPLERS)
def test_imbalanced_learn_contract(estimator, check):
    check(estimator)


@pytest.mark.slow
@sklearn_checks.parametrize_with_checks(SLOW)
def test_scikit_learn_contract_of_the_slow(estimator, check):
    check(estimator)


@pytest.mark.slow
@imblearn_checks.parametrize_with_checks(SLOW)
def test_imbalanced_learn_contract_of_the_slow(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        imblearn_checks.check_param_validation,
        imblearn_checks.check_dataframe_column_names_consistency,
    ],
)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_further_imbalanced_learn_checks(check, sampler):
    check(type(sampler).__name__, sampler)
