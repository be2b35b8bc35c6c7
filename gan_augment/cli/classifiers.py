"""The classifiers that ``--classifier`` names."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from gan_augment.classification import make_table_classifier

CLASSIFIERS: dict[str, Any] = {
    "hgb": HistGradientBoostingClassifier(random_state=0),
    "lr": LogisticRegression(max_iter=2000),
    "rf": RandomForestClassifier(200, random_state=0),
    "vote": None,  # what is taken where none is named
}


def make_classifier(name: str = "hgb") -> Pipeline:
    """Make a classifier of any frame: impute, encode, scale, classify.

    Parameters
    ----------
    name : {"hgb", "lr", "rf", "vote"}, default="hgb"
        Gradient boosting, logistic regression, a random forest, or a vote of three.

    Returns
    -------
    classifier : Pipeline
        Not yet fitted.

    Raises
    ------
    ValueError
        If there is no such name.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.cli.classifiers import make_classifier
    >>> X = pd.DataFrame({"age": [41, None, 30, 25], "job": ["a", "b", None, "a"]})
    >>> make_classifier("lr").fit(X, [0, 0, 1, 1]).predict(X).shape
    (4,)
    """
    if name not in CLASSIFIERS:
        raise ValueError(
            f"`classifier` must be one of {list(CLASSIFIERS)}. Got {name!r}. Take "
            "one of these."
        )
    return make_table_classifier(clone(CLASSIFIERS[name], safe=False))
