"""
First steps
===========

Add synthetic rows of a rare class to a table, look at them, and train a classifier.

The table has 569 tumours, of which 357 are benign. We hide most of the malignant ones,
so that they are rare: 40 are left.
"""

# %%
# The table
# ---------

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"})
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, test_size=0.4, random_state=0
)
hidden = y_train.index[y_train == "malignant"][40:]
X_train, y_train = X_train.drop(index=hidden), y_train.drop(index=hidden)
y_train.value_counts()

# %%
# More rows of the rare class
# ---------------------------
#
# ``fit_resample`` trains a GAN on these rows and adds rows of the rare class until both
# classes are equally common.

from gan_augment import GANOverSampler

sampler = GANOverSampler(random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X_train, y_train)
y_resampled.value_counts()

# %%
# The real rows come first, unchanged. ``synthetic_mask_`` marks the synthetic rows.

synthetic = X_resampled[sampler.synthetic_mask_]
synthetic.iloc[:4, :6]

# %%
# Do they look like real rows?
# ----------------------------
#
# The GAN was not trained on the test rows. The figure shows the columns whose synthetic
# values differ most from those of the test rows, with the Kolmogorov-Smirnov distance
# (KS). No generator learns a class well from 40 rows, and the class filter keeps rows
# that are typical of the class.

from gan_augment.plotting import MarginalsDisplay

real = X_test[y_test == "malignant"]
_ = MarginalsDisplay.from_tables(real, synthetic)

# %%
# Train on them
# -------------
#
# An imbalanced-learn pipeline adds the synthetic rows in ``fit`` only, so the
# classifier is tested on real rows.

from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler

classifiers = {
    "nothing": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "GAN": make_pipeline(
        GANOverSampler(random_state=0),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    ),
}
scores = {}
for name, classifier in classifiers.items():
    probability = classifier.fit(X_train, y_train).predict_proba(X_test)
    malignant = probability[:, np.flatnonzero(classifier.classes_ == "malignant")[0]]
    scores[name] = average_precision_score(y_test == "malignant", malignant)
pd.Series(scores, name="average precision").round(3)

# %%
# The classifier alone already ranks nearly all tumours right, so there is nothing to
# gain here. Moreover, one split is little evidence. :func:`~gan_augment.compare` uses
# many splits and gives intervals: see
# :ref:`sphx_glr_auto_examples_06_comparing_with_peers.py`.
