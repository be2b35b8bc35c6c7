"""
A search
========

Choose the ratio of synthetic rows and a parameter of the classifier by
cross-validation, with one GAN per fold.
"""

# %%
# The table
# ---------

import tempfile

import pandas as pd
from imblearn.pipeline import Pipeline
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

X, y = make_classification(
    1000, n_features=8, n_informative=5, weights=[0.95], flip_y=0.02, random_state=1
)

# %%
# Search
# ------
#
# ``memory`` caches the fitted GAN of each fold, so that every ratio and every ``C``
# reuses it: 12 combinations on 3 folds train three GANs, and one for the final fit.

from gan_augment import GANOverSampler

pipeline = Pipeline(
    [
        ("sampler", GANOverSampler(memory=tempfile.mkdtemp(), random_state=0)),
        ("classifier", LogisticRegression(max_iter=1000)),
    ]
)
search = GridSearchCV(
    pipeline,
    {
        "sampler__sampling_strategy": [0.1, 0.3, 0.6, 1.0],
        "classifier__C": [0.01, 0.1, 1.0],
    },
    cv=3,
    scoring="average_precision",
).fit(X, y)
search.best_params_

# %%
results = pd.DataFrame(search.cv_results_).pivot(
    index="param_sampler__sampling_strategy",
    columns="param_classifier__C",
    values="mean_test_score",
)
results.round(3)

# %%
_ = results.plot(
    marker="o", xlabel="rare rows for each common one", ylabel="average precision"
)

# %%
# Differences as small as these are noise on a table with 60 rare rows.
# :class:`~gan_augment.ResampledClassifierCV` does not choose between candidates that
# the folds cannot distinguish, but averages their probabilities.
