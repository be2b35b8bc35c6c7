"""Tables where the truth about over-sampling is known, and a quick GAN."""

import numpy as np
from imblearn.over_sampling import SMOTE

from gan_augment import GANOverSampler, TabularGAN

SAMPLERS = {
    "SMOTE": SMOTE(sampling_strategy=1.0),
    "GAN": GANOverSampler(
        TabularGAN(max_steps=150, hidden_dims=(32, 32)),
        sampling_strategy=1.0,
        sample_filter=None,
    ),
}


def starved_tree(seed):
    """Leaves must hold 100 rows, as many as are rare: a tree cannot show them."""
    rng = np.random.default_rng(seed)
    y = rng.random(2000) < 0.05
    X = rng.normal(size=(2000, 6))
    X[y, :4] += 1.5
    return X, y


def logistic(seed):
    """A logistic model, which logistic regression needs no help to find."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2000, 6))
    chance = 1 / (1 + np.exp(3.5 - 1.5 * X[:, 0] - X[:, 1]))
    return X, rng.random(2000) < chance


def resampled_before(seed):
    """What people do by mistake: SMOTE first, folds afterwards."""
    return SMOTE(random_state=seed).fit_resample(*logistic(seed))


def known_customers(n_customers=60, n_rows=5):
    """Rows of customers who have one class each, and nothing else that tells it."""
    rng = np.random.default_rng(0)
    customer = np.repeat(np.arange(n_customers), n_rows)
    X = np.column_stack([customer, rng.normal(size=len(customer))]).astype(float)
    return X, (rng.random(n_customers) < 0.3)[customer], customer
