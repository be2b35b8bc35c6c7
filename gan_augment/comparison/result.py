"""The result of a comparison: scores, intervals, and a verdict in words."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gan_augment.plotting import ComparisonDisplay

NOTHING, TUNED, WEIGHTS = "nothing", "tuned threshold", "class weights"
VOTE = "vote"
# Average precision of a classifier that is told the class.
ALMOST_PERFECT = 0.98
# What a verdict calls other classifiers.
NAMES = {VOTE: "A vote of three classifiers"}
# What a summary shows of the measures, besides the gain.
SUMMARY = {
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "uncorrected_brier": "Brier score",
    "brier": "Brier, corrected",
    "seconds": "seconds to fit",
}


@dataclass(eq=False)
class Comparison:
    """Result of :func:`compare`.

    An arm is one way to train the classifier: unchanged (the baseline), with a tuned
    threshold, with class weights, or with a sampler; or another classifier.

    Attributes
    ----------
    frame : DataFrame
        One row for every arm and fold. The columns are the scores of
        :func:`~gan_augment.metrics.classifier_scores`, and ``seconds``, the time to
        fit. The scores of probabilities are those after the correction to the class
        prior of the real rows; ``uncorrected_log_loss`` and ``uncorrected_brier`` are
        those before it. Scores of decisions (``balanced_accuracy``, ``f1``) are those
        before the correction too, because resampling is often used to move the
        threshold.
    calibration : DataFrame
        Mean predicted probability and share of the rare class in ten bins, for every
        arm, before and after the correction. Empty with more than two classes.
    errors : dict of str to str
        Arm that could not be fitted -> reason.
    counts : dict
        Class -> number of rows.
    leak : str or None
        Evidence that the table was resampled before it was split. None if there is
        none.
    giveaway : str or None
        Columns that alone predict the class almost perfectly, or are missing where the
        class is, as :func:`~gan_augment.check_table` finds them. None if there are
        none.
    test_to_train : float
        Number of rows of a test fold divided by that of a training fold.
    samplers : tuple of str
        Names of the arms that resample.
    classifiers : tuple of str
        Names of the arms that are other classifiers, without any sampler.
    own_weights : dict of str to object
        Class weights of the classifier itself, which are in every arm: parameter ->
        value.

    See Also
    --------
    compare : Measure whether over-sampling helps.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment import compare
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> samplers = {"random": RandomOverSampler()}
    >>> comparison = compare(X, y, LogisticRegression(), samplers, cv=2, random_state=0)
    >>> comparison.samplers, comparison.classifiers, comparison.errors
    (('random',), (), {})
    """

    frame: pd.DataFrame
    calibration: pd.DataFrame
    errors: dict[str, str]
    counts: dict[Any, int]
    leak: str | None
    test_to_train: float
    samplers: tuple[str, ...]
    classifiers: tuple[str, ...] = ()
    own_weights: dict[str, Any] = field(default_factory=dict)
    giveaway: str | None = None

    @property
    def baseline(self) -> str:
        """Name of the arm that all others are compared with: the classifier alone."""
        return NOTHING

    def differences(
        self, metric: str = "average_precision", *, level: float = 0.95
    ) -> pd.DataFrame:
        """Compute paired differences from doing nothing on the same folds.

        Parameters
        ----------
        metric : str, default="average_precision"
            A column of `frame`.
        level : float, default=0.95
            Coverage of the intervals.

        Returns
        -------
        differences : DataFrame
            One row for each arm: the ``mean`` of the metric, and the ``difference``
            with its interval from ``low`` to ``high``. The variance is corrected for
            the training rows that folds share [1]_.

        Raises
        ------
        ValueError
            If `metric` is not a column of `frame`.

        References
        ----------
        .. [1] Nadeau and Bengio, "Inference for the generalization error", Machine
           Learning 52 (2003), doi:10.1023/A:1024068626366.
        """
        if metric not in self.frame or metric in ("arm", "fold"):
            raise ValueError(
                f"`metric` must be one of {list(self.frame.columns[2:])}. "
                f"Got {metric!r}."
            )
        by_arm = self.frame.pivot(index="fold", columns="arm", values=metric)
        rows = {}
        for arm in self.frame["arm"].unique():
            gains = (by_arm[arm] - by_arm[NOTHING]).dropna().to_numpy()
            low, high = paired_interval(gains, self.test_to_train, level)
            rows[arm] = {
                "mean": by_arm[arm].mean(),
                "difference": gains.mean() if len(gains) else np.nan,
                "low": low,
                "high": high,
            }
        return pd.DataFrame.from_dict(rows, orient="index")

    def gains(self, *, level: float = 0.95) -> pd.DataFrame:
        """Compute the gains in average precision of the samplers that could be fitted.

        Parameters
        ----------
        level : float, default=0.95
            Coverage of the intervals.

        Returns
        -------
        gains : DataFrame
            As :meth:`differences`.
        """
        arms = [arm for arm in self.samplers if arm not in self.errors]
        return self.differences(level=level).loc[arms]

    @property
    def outcome(self) -> Literal["leak", "gain", "no evidence", "loss"]:
        """Verdict in a word.

        ``"gain"`` if a sampler ranks the rare class better than doing nothing does,
        ``"loss"`` if every sampler ranks it worse, and otherwise ``"no evidence"``, by
        intervals of average precision that are widened for the number of samplers
        (Bonferroni). ``"leak"`` if scores on the table mean nothing, because it was
        resampled before it was split, or because a column gives the class away to the
        classifier.
        """
        if self.leak or self._is_given_away:
            return "leak"
        gains = self._simultaneous()
        if (gains["low"] > 0).any():
            return "gain"
        return "loss" if len(gains) and (gains["high"] < 0).all() else "no evidence"

    @property
    def _baseline_score(self) -> float:
        alone = self.frame["arm"] == NOTHING
        return float(self.frame.loc[alone, "average_precision"].mean())

    @property
    def _is_given_away(self) -> bool:
        """Whether the classifier uses what gives the class away."""
        return self.giveaway is not None and self._baseline_score >= ALMOST_PERFECT

    @property
    def best(self) -> str:
        """Name of the best sampler: largest mean gain, with evidence of it if possible.

        Raises
        ------
        ValueError
            If no sampler could be fitted.
        """
        gains = self._simultaneous()
        if not len(gains):
            raise ValueError(
                "`samplers` must hold one that can be fitted. Got none. `errors` says "
                "why each failed."
            )
        proven = gains[gains["low"] > 0]
        return str((proven if len(proven) else gains)["difference"].idxmax())

    @property
    def verdict(self) -> str:
        """Recommendation in words, with the evidence behind it."""
        if self.leak:
            return (
                f"There is no verdict on these rows: {self.leak}. Test folds then "
                f"hold rows that were "
                "made from training rows. Compare on the table as it was before it was "
                "resampled."
            )
        if self._is_given_away:
            return (
                f"There is no verdict on these rows: {self.giveaway} The classifier "
                f"alone has an "
                f"average precision of {self._baseline_score:.3f}, which over-sampling "
                "cannot raise. Leave out columns that are known only after the class "
                "is, and compare again."
            )
        sentences = [self._on_ranking(), self._on_classifiers()]
        if TUNED in self.frame["arm"].to_numpy():
            sentences.append(self._on_threshold())
        sentences += [self._on_probabilities(), self._on_own_weights()]
        sentences += [
            f"{arm} could not be fitted: {why}" for arm, why in self.errors.items()
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def plot(
        self, metric: str = "average_precision", *, ax: Axes | None = None
    ) -> ComparisonDisplay:
        """Draw the differences from the baseline, with their intervals.

        Parameters
        ----------
        metric : str, default="average_precision"
            A column of `frame`.
        ax : matplotlib Axes, default=None
            Where to draw.

        Returns
        -------
        display : ComparisonDisplay
            The drawing, with its ``ax_`` and ``figure_``.
        """
        from gan_augment.plotting import ComparisonDisplay

        return ComparisonDisplay.from_comparison(self, metric=metric, ax=ax)

    def table(self) -> pd.DataFrame:
        """Compute the mean scores and the gain in average precision of each arm."""
        gains = self.differences()
        columns = [name for name in self.frame if name not in ("arm", "fold")]
        means = self.frame.groupby("arm", sort=False)[columns].mean()
        interval = [
            f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"
            for row in gains.itertuples()
        ]
        means.insert(1, "against nothing", interval)
        return means

    def summary(self) -> pd.DataFrame:
        """Format the measures that decide as text, one row for each arm.

        Returns
        -------
        summary : DataFrame
            A table that fits into a terminal or a notebook; :meth:`table` has all
            measures.
        """
        table = self.table()
        text = table[list(SUMMARY)].rename(columns=SUMMARY).map("{:.3f}".format)
        gains = table["against nothing"].where(table.index != NOTHING, "")
        text.insert(1, "against nothing", gains)
        return text.rename_axis(None)

    def to_html(self) -> str:
        """Return the verdict and its table as escaped HTML."""
        cells = self.summary().map(_unbroken).rename(index=_unbroken)
        table = cells.to_html(border=0, escape=False, justify="right").replace(
            "<td>", '<td style="text-align:right">'
        )
        return (
            '<div style="max-width:800px;overflow-x:auto">'
            f"<p><b>{html.escape(self.verdict)}</b></p>{table}</div>"
        )

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"<Comparison: {self.verdict}>"

    def _simultaneous(self) -> pd.DataFrame:
        """Gains in average precision of the samplers, their intervals widened."""
        return self.gains(level=1 - 0.05 / max(len(self.samplers), 1))

    def _on_ranking(self) -> str:
        gains, nothing = self._simultaneous(), self.differences().loc[NOTHING, "mean"]
        if not len(gains):
            return "No evidence: no sampler could be fitted."
        best = gains.loc[self.best]
        evidence = (
            f"average precision {nothing:.3f} -> {best['mean']:.3f}, "
            f"{best['difference']:+.3f} [{best['low']:+.3f}, {best['high']:+.3f}]"
        )
        if self.outcome == "gain":
            return f"Over-sampling helps: {self.best} ranks better ({evidence})."
        if self.outcome == "loss":
            return f"Over-sampling hurts, {self.best} the least ({evidence})."
        return (
            "No evidence of gain: no sampler ranks the rare class better. "
            f"The nearest is {self.best} ({evidence})."
        )

    def _on_classifiers(self) -> str:
        """Whether another classifier ranks better than this one with any sampler."""
        level = 1 - 0.05 / max(len(self.classifiers), 1)
        gains = self.differences(level=level)
        others = gains.loc[[arm for arm in self.classifiers if arm in gains.index]]
        others = others[others["low"] > 0]
        of_samplers = self.gains()["difference"].max()
        # No sampler may have been fitted.
        others = others[others["difference"] > np.nan_to_num(of_samplers)]
        if not len(others):
            return ""
        arm = others["difference"].idxmax()
        best, which = others.loc[arm], NAMES.get(arm, f"{arm}, another classifier,")
        return (
            f"{which} gains more than any sampler with your classifier (average "
            f"precision "
            f"{gains.loc[NOTHING, 'mean']:.3f} -> {best['mean']:.3f}, "
            f"{best['difference']:+.3f} [{best['low']:+.3f}, {best['high']:+.3f}])."
        )

    def _on_threshold(self) -> str:
        """Whether a threshold or class weights do what a sampler does to decisions."""
        at_half = self.differences("balanced_accuracy")
        cheap = [arm for arm in (TUNED, WEIGHTS) if arm in at_half.index]
        if self.outcome == "gain" or not (at_half.loc[cheap, "low"] > 0).any():
            return ""
        arm = at_half.loc[cheap, "difference"].idxmax()
        use = {
            TUNED: "tune the threshold (TunedThresholdClassifierCV)",
            WEIGHTS: "use class weights",
        }
        return (
            f"To find more of the rare class, {use[arm]}: balanced accuracy "
            f"{at_half.loc[NOTHING, 'mean']:.3f} -> {at_half.loc[arm, 'mean']:.3f}."
        )

    def _on_probabilities(self) -> str:
        if self.outcome != "gain":
            return "" if self.outcome == "no evidence" else "Leave it out."
        raw = self.differences("uncorrected_brier").loc[self.best]
        corrected = self.differences("brier").loc[self.best]
        worse = f"Brier score {raw['difference']:+.3f}, {corrected['difference']:+.3f}"
        return (
            f"Ship it as a ResampledClassifier ({worse} with corrected probabilities)."
        )

    def _on_own_weights(self) -> str:
        if not self.own_weights:
            return ""
        given = ", ".join(f"{name}={own!r}" for name, own in self.own_weights.items())
        return (
            f"The classifier has class weights of its own in every arm ({given}), so "
            "the baseline has them, too. Set them to None to compare without."
        )


def _unbroken(text: str) -> str:
    """A cell of a page, escaped, in one line."""
    return html.escape(text).replace(" ", "&nbsp;")


def paired_interval(
    differences: np.ndarray, test_to_train: float, level: float = 0.95
) -> tuple[float, float]:
    """Interval of a mean difference over folds that share their training rows.

    Parameters
    ----------
    differences : ndarray of shape (n_folds,)
        Differences on the same folds.
    test_to_train : float
        Rows of a test fold for each row of a training fold.
    level : float, default=0.95
        Coverage.

    Returns
    -------
    low, high : float
        Student's interval with the variance of Nadeau and Bengio (2003),
        doi:10.1023/A:1024068626366; NaN for fewer than two folds.
    """
    n_folds = len(differences)
    if n_folds < 2:
        return np.nan, np.nan
    spread = standard_error(differences, test_to_train)
    margin = stats.t.ppf((1 + level) / 2, n_folds - 1) * spread
    return float(differences.mean() - margin), float(differences.mean() + margin)


def standard_error(differences: np.ndarray, test_to_train: float) -> float:
    """Of a mean difference over folds, corrected for the rows that they share."""
    overlap = 1 / len(differences) + test_to_train
    return float(differences.std(ddof=1) * np.sqrt(overlap))
