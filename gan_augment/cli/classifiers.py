"""The classifiers that ``--classifier`` names."""

from __future__ import annotations

from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from gan_augment.classification.vote import make_table_classifier, make_vote

CLASSIFIERS = {
    "hgb": HistGradientBoostingClassifier(random_state=0),
    "lr": LogisticRegression(max_iter=2000),
    "rf": RandomForestClassifier(200, random_state=0),
    "vote": make_vote(),
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
            f"`classifier` must be one of {list(CLASSIFIERS)}. Got {name!r}."
        )
    *preprocessing, _ = make_table_classifier().steps
    return Pipeline([*preprocessing, ("classify", clone(CLASSIFIERS[name]))])
