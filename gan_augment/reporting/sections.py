"""The sections of a report: tables and figures, each with what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibrationDisplay

from gan_augment import plotting as displays
from gan_augment.comparison.result import ALMOST_PERFECT, Comparison
from gan_augment.metrics.quality import MAX_ROWS
from gan_augment.plotting.canvas import detached_figure
from gan_augment.reporting import findings
from gan_augment.reporting.document import Figure, Finding, Section
from gan_augment.reporting.evidence import ReportedRows, Trials
from gan_augment.tables.check import TableCheck

# Measure -> its name for people, and what it says.
FIDELITY = {
    "c2st": ("Distinguished (AUC)", "0.5: by chance; 1: always"),
    "marginal_distance": ("Distance of a column", "mean over columns; 0: the same"),
    "association_distance": ("Difference of associations", "of two columns; 0: none"),
    "precision": ("Precision", "share of rows that lie where real rows lie"),
    "recall": ("Recall", "share of real rows that lie where these rows lie"),
    "density": ("Density", "1: as dense as real rows; below: off the data"),
    "coverage": ("Coverage", "share of real rows that have one of these near"),
}
PRIVACY = {
    "exact_copies": ("Exact copies", "share that equals a training row"),
    "near_copies": ("Near copies", "share as near as the nearest 5 % of unseen rows"),
    "closest_record_ratio": (
        "Closest-record ratio",
        "distance to training rows by that to unseen ones; 1: no memory, 0: copies",
    ),
    "membership_inference_auc": (
        "Membership inference (AUC)",
        "who was in the training data; 0.5: by chance, 1: known",
    ),
    "membership_inference_low": (
        "Membership inference, at least",
        "low end of the 95 % interval of the AUC; below 0.5: it may be chance",
    ),
}
SCORES = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss (less is better)",
    "brier": "Brier score (less is better)",
    "balanced_accuracy": "balanced accuracy",
    "tuned_balanced_accuracy": "balanced accuracy, threshold tuned",
}
TRAINED_ON = {
    "nothing": "real rows alone",
    "augmented": "real and synthetic rows",
    "synthetic": "synthetic in place of real ones",
}
# Classes that have columns of their own in a table.
MOST_CLASSES = 3
MOST_PARAMETERS = 25
MAX_VALUE_LENGTH = 80


def helps(
    rows: ReportedRows,
    trials: Trials | None,
    comparison: Comparison | None,
    arm: str,
    check: TableCheck | None,
) -> Finding:
    """Say whether the rows help, by a comparison or else by the test rows."""
    if comparison is not None:
        return findings.helps_by_comparison(comparison, arm)
    if trials is None:
        return findings.helps_unknown()
    alone = float(trials.scores.loc["nothing", "average_precision"])
    if check is not None and check.leak and alone >= ALMOST_PERFECT:
        return findings.helps_undecided(check.leak, alone)
    return findings.helps_by_one_split(trials.scores, trials.gain, len(rows.y_test))


def on_utility(
    helps: Finding, trials: Trials | None, comparison: Comparison | None, arm: str
) -> Section:
    """Show what the rows do for a classifier."""
    text, table, figures = [], None, []
    if comparison is not None:
        text.append(
            f"{comparison.frame['fold'].nunique()} folds, the same for every way of "
            "handling the imbalance; resampled inside the training folds, scored on "
            "real rows. Intervals account for the training rows that folds share."
        )
        table = _comparison_table(comparison)
        figure = detached_figure(4.9, 3.8)
        comparison.plot(ax=figure.subplots())
        figures.append(Figure.of(figure, "Right of the line is better than nothing."))
        if len(comparison.calibration) and arm not in comparison.errors:
            figure = detached_figure(3.8, 3.8)
            displays.CalibrationCurvesDisplay.from_comparison(
                comparison, arm=arm, ax=figure.subplots()
            )
            figures.append(
                Figure.of(
                    figure,
                    "Calibration without resampling, with it, and corrected, as by "
                    "ResampledClassifier. Below the diagonal, probabilities are "
                    "overestimated.",
                )
            )
    elif trials is not None:
        text.append("Scores on the held-out real rows, by what was trained on.")
        table = _scores_table(trials.scores)
        figures.append(_calibration(trials))
    else:
        text.append(helps.evidence)
    return Section("Does it help?", text, table, figures)


def on_fidelity(
    rows: ReportedRows, qualities: dict[Any, pd.DataFrame], rng: np.random.Generator
) -> Section:
    """Show whether the rows look real."""
    _, holdout, synthetic = rows.of(rows.rare[0])
    figures = []
    if len(holdout):
        figures.append(_compared(holdout, synthetic, rows, rng))
    if len(holdout) > 1:
        figure = detached_figure(5, 3.8)
        displays.ProjectionDisplay.from_tables(
            holdout, synthetic, random_state=rng, ax=figure.subplots()
        )
        figures.append(
            Figure.of(
                figure,
                f"Class {rows.rare[0]}: rows in the plane where real rows vary most.",
            )
        )
    return Section(
        "Do the rows look real?",
        ["Each measure is shown beside that of as many real rows."],
        _quality_table(qualities, FIDELITY),
        figures,
    )


def _compared(
    holdout: Any, synthetic: Any, rows: ReportedRows, rng: np.random.Generator
) -> Figure:
    """Columns, or images, side by side."""
    if not rows.is_table:
        figure = detached_figure(8, 4.6)
        displays.ImageGridDisplay.from_images(
            holdout, synthetic, random_state=rng, figure=figure
        )
        caption = (
            "images drawn at random, unseen real ones above, synthetic ones below."
        )
    else:
        n_down = -(-min(np.shape(holdout)[1], 12) // 4)
        figure = detached_figure(8.9, 0.6 + 2.3 * n_down)
        displays.MarginalsDisplay.from_tables(holdout, synthetic, figure=figure)
        caption = "the columns that differ most, unseen real rows and synthetic ones."
    return Figure.of(figure, f"Class {rows.rare[0]}: {caption}")


def on_privacy(
    rows: ReportedRows,
    qualities: dict[Any, pd.DataFrame],
    risks: pd.DataFrame | None,
) -> Section:
    """Show whether the rows reveal real ones."""
    train, holdout, synthetic = rows.of(rows.rare[0])
    figures = []
    if min(map(len, (train, holdout, synthetic))):
        figure = detached_figure(5, 3.8)
        displays.ClosestRecordDisplay.from_tables(
            *(part[:MAX_ROWS] for part in (train, holdout, synthetic)),
            ax=figure.subplots(),
        )
        figures.append(
            Figure.of(
                figure,
                "A curve far to the left of that of unseen real rows would mean that "
                "synthetic rows repeat training rows.",
            )
        )
    text = [
        "What unseen real rows would have is beside it: real rows repeat too. A "
        "closest-record ratio near 1 alone is no evidence of privacy: rows that give "
        "somebody away may have it (The DCR Delusion, arXiv:2505.01524)."
    ]
    if risks is not None:
        text.append(
            "Attacks by somebody who has the synthetic rows and knows something of "
            "people, on training rows and, as a control, on unseen ones (Giomi et al., "
            "arXiv:2211.10459). The risk is what is found out beyond the control. An "
            "attack that is no better than guesses proves nothing either way."
        )
        text += [_attack_in_words(str(name), row) for name, row in risks.iterrows()]
    return Section(
        "Do they give real rows away?",
        text,
        _quality_table(qualities, PRIVACY),
        figures,
    )


def _attack_in_words(name: str, risk: pd.Series) -> str:
    title = name.replace("_", " ").capitalize()
    if not risk["n_attacks"]:
        return f"{title}: there is nothing to attack."
    return (
        f"{title}: risk {risk['risk']:.1%} ({risk['low']:.1%} to {risk['high']:.1%}). "
        f"It succeeds on {risk['success']:.1%} of training rows, on "
        f"{risk['control']:.1%} of unseen rows, by guessing on {risk['baseline']:.1%}."
    )


def summary(rows: ReportedRows, sampler: Any) -> str:
    """Introduce the rows to readers who have not made them."""
    n_real, n_made = int((~rows.mask).sum()), int(rows.mask.sum())
    classes = ", ".join(str(label) for label in rows.rare)
    plural = "es" * (len(rows.rare) > 1)
    return (
        f"Synthetic rows imitate a rare class, so that a classifier has more of it to "
        f"learn from. Here {type(getattr(sampler, 'gan_', sampler)).__name__} made "
        f"{n_made:,} rows of class{plural} {classes} from {n_real:,} real rows. They "
        f"are tested on {len(rows.y_test):,} other real rows."
    )


def on_training(sampler: Any) -> Section:
    """Describe the training."""
    generator = getattr(sampler, "gan_", sampler)
    history = getattr(sampler, "history_", {})
    text = [f"{type(sampler).__name__} with {type(generator).__name__}."]
    figures = []
    if history:
        seconds = history.get("seconds", [0])[-1]
        text.append(f"{history['step'][-1]:.0f} steps in {seconds:.1f} seconds.")
        figure = detached_figure(7, 3.2)
        displays.TrainingCurvesDisplay(history).plot(figure.subplots())
        caption = (
            "Losses that settle: neither network has won."
            if "generator_loss" in history
            else "The less the discriminator's loss falls, the harder it is to "
            "distinguish the rows from real ones."
        )
        figures.append(Figure.of(figure, caption))
    parameters = {
        name: _short(value)
        for name, value in generator.get_params(deep=False).items()
        if value is not None
    }
    table = pd.DataFrame(
        list(parameters.items())[:MOST_PARAMETERS], columns=["parameter", "value"]
    )
    return Section("What was trained", text, table, figures)


def on_limits(rows: ReportedRows, comparison: Comparison | None) -> Section:
    """List the limits of the report."""
    limits = [
        "Measures of rows are of one set of held-out rows and one draw of synthetic "
        f"ones, of at most {MAX_ROWS:,} rows of a class; with few rows they vary, "
        "as those of the real rows beside them do.",
        "Rows are assumed to be independent. If several are of one person or machine, "
        "the split must keep them together, or all figures are too optimistic.",
        "No measure proves privacy, and this is no differential privacy: a generator "
        "holds values of the columns it was trained on.",
        "A classifier that is trained with added rare rows overestimates their "
        "probability; ResampledClassifier corrects it.",
    ]
    if comparison is None:
        limits.insert(
            0,
            "Whether the rows help was not asked of other ways of handling imbalance: "
            "class weights or another threshold often do as much. compare() asks.",
        )
    few = [str(c) for c in rows.rare if (rows.y_test == c).sum() < 100]
    if few:
        limits.insert(
            0,
            f"Fewer than 100 held-out rows of class {', '.join(few)}: little is "
            "certain.",
        )
    return Section("What this does not say", limits)


def _quality_table(
    qualities: dict[Any, pd.DataFrame], names: dict[str, tuple[str, str]]
) -> pd.DataFrame | None:
    if not qualities:
        return None
    shown = dict(list(qualities.items())[:MOST_CLASSES])
    of_class = {label: f", class {label}" * (len(shown) > 1) for label in shown}
    records = []
    for name in names:
        if name not in next(iter(shown.values())).index:
            continue
        title, meaning = names[name]
        record = {"measure": title}
        for label, quality in shown.items():
            record[f"synthetic{of_class[label]}"] = f"{quality['synthetic'][name]:.3f}"
            record[f"real rows{of_class[label]}"] = f"{quality['real'][name]:.3f}"
        records.append(record | {"what it says": meaning})
    return pd.DataFrame(records)


def _scores_table(scores: pd.DataFrame) -> pd.DataFrame:
    shown = [name for name in SCORES if scores[name].notna().all()]
    table = scores[shown].rename(columns=SCORES, index=TRAINED_ON)
    return _as_text(table, "trained on")


def _comparison_table(comparison: Comparison) -> pd.DataFrame:
    shown = [name for name in SCORES if name in comparison.frame]
    means = comparison.frame.groupby("arm", sort=False)[[*shown, "seconds"]].mean()
    text = _as_text(means.rename(columns=SCORES), "way of handling the imbalance")
    return text.assign(seconds=means["seconds"].map("{:.1f}".format).to_numpy())


def _as_text(table: pd.DataFrame, heading: str) -> pd.DataFrame:
    text = table.map(lambda value: "" if np.isnan(value) else f"{value:.3f}")
    return text.rename_axis(heading).reset_index().astype(str)


def _calibration(trials: Trials) -> Figure:
    figure = detached_figure(3.8, 3.8)
    ax = figure.subplots()
    for name in ("nothing", "augmented"):
        CalibrationDisplay.from_predictions(
            trials.is_rare,
            trials.probability[name][:, trials.rare],
            n_bins=8,
            strategy="quantile",
            name=TRAINED_ON[name],
            ax=ax,
        )
    label = trials.classes[trials.rare]
    ax.legend(loc="upper left")  # overstated probabilities are below the diagonal
    ax.set(xlabel="predicted probability", ylabel="observed share")
    return Figure.of(
        figure,
        f"Calibration for class {label}: below the diagonal its probability is "
        "overestimated. ResampledClassifier corrects this.",
    )


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[:MAX_VALUE_LENGTH]}…"
