"""
Fraud, one row in five hundred
==============================

Rank card payments by the probability of fraud, if one in 500 is a fraud.

Real tables of fraud are not public, so this one is simulated: 20,000 payments, of which
40 are frauds. Frauds are made abroad, at night and for round amounts more often than
other payments.
"""

# %%
# The table
# ---------

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n_rows, n_frauds = 20_000, 40
is_fraud = np.zeros(n_rows, dtype=bool)
is_fraud[:n_frauds] = True


def choose(levels, common, fraud):
    """Draw a level for each row, with shares for common rows and for frauds."""
    return np.where(
        is_fraud,
        rng.choice(levels, n_rows, p=fraud),
        rng.choice(levels, n_rows, p=common),
    )


amount = rng.gamma(2, 30, n_rows) * np.where(is_fraud, 2.5, 1)
X = pd.DataFrame(
    {
        "amount": np.where(
            choose([0, 1], [0.8, 0.2], [0.4, 0.6]), amount.round(-1), amount
        )
        .round(2)
        .clip(1),
        "hour": np.where(
            is_fraud, rng.normal(26, 4, n_rows), rng.normal(15, 4, n_rows)
        ).astype(int)
        % 24,
        "country": choose(["home", "near", "far"], [0.9, 0.08, 0.02], [0.4, 0.3, 0.3]),
        "channel": choose(["chip", "web", "phone"], [0.6, 0.38, 0.02], [0.2, 0.7, 0.1]),
        "days_since_last": rng.exponential(np.where(is_fraud, 1, 4)).round(),
    }
)
y = np.where(is_fraud, "fraud", "honest")
X.assign(y=y).sample(5, random_state=0)

# %%
# Three ways to train on it
# -------------------------
#
# ``sampling_strategy=1`` would make frauds as common as honest payments: 500 synthetic
# rows for each real one. :class:`~gan_augment.ResampledClassifier` raises them to 0.3
# times the honest ones, and corrects the probabilities to the real share of frauds.

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from gan_augment import ResampledClassifier


def boosting(class_weight=None):
    """Make a pipeline of an encoder and gradient boosting."""
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["country", "channel"]),
        remainder="passthrough",
    )
    return make_pipeline(
        encode,
        HistGradientBoostingClassifier(
            max_iter=30, class_weight=class_weight, random_state=0
        ),
    )


X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, test_size=0.5, random_state=0
)
ways = {
    "nothing": boosting(),
    "class weights": boosting("balanced"),
    "ResampledClassifier": ResampledClassifier(boosting(), random_state=0),
}
scores = {}
for name, classifier in ways.items():
    fraud = classifier.fit(X_train, y_train).predict_proba(X_test)[:, 0]
    scores[name] = {
        "average precision": average_precision_score(y_test == "fraud", fraud),
        "log loss": log_loss(y_test == "fraud", fraud),
        "mean probability": fraud.mean(),
    }
pd.DataFrame(scores).T.round(4)

# %%
from sklearn.metrics import PrecisionRecallDisplay

display = None
for name, classifier in ways.items():
    display = PrecisionRecallDisplay.from_estimator(
        classifier,
        X_test,
        y_test,
        pos_label="fraud",
        name=name,
        ax=display.ax_ if display else None,
    )

# %%
# One payment in 500 is a fraud, a share of 0.002. With class weights, the classifier
# predicts much larger probabilities. This does not harm the ranking, but it is wrong
# for a decision that weighs the cost of a false alarm against that of a fraud.
#
# The test rows contain only twenty frauds: with other rows, the order of the three
# classifiers may differ. Use :func:`~gan_augment.compare` before you decide.
