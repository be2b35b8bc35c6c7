"""Model cards and notes in Markdown, which MLflow's pages show as descriptions."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from mlflow.types.schema import Schema, TensorSpec

import gan_augment
from gan_augment.comparison import Comparison
from gan_augment.gans import BaseSynthesizer, ImageGAN
from gan_augment.mlflow.evidence import (
    GAIN_HIGH,
    GAIN_LOW,
    PRIVACY_TAG,
    RECORD_RATIO,
    REPORTED,
    RISK,
    gain_text,
)
from gan_augment.mlflow.names import OUTCOME_TAG, VERDICT_TAG
from gan_augment.mlflow.parameters import as_text
from gan_augment.mlflow.rules import RULES_FILE, rules_of
from gan_augment.reporting.findings import ATTACKS

# A card beside a saved model, and the address in it that the registry fills in.
CARD_FILE, CARD_URI = "README.md", "models:/NAME"
# Heading of the section that is written anew when something is measured.
EVIDENCE = "Evidence"
# The most characters that every registry takes in a description.
MAX_DESCRIPTION = 5000
# The most columns and classes that a card names.
MOST_NAMES = 20
# The most rules that a card names, and the most characters of one.
MOST_RULES, MOST_CHARACTERS = 10, 100
# A class with fewer rows is named among the limits.
FEW_ROWS = 50
# What a note shows of the scores of an arm, and how it is called.
SHOWN = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "balanced_accuracy": "balanced accuracy",
    "brier": "Brier score",
    "seconds": "seconds to fit",
}
# Measure of the last epoch -> what it is.
MEASURES = {
    "generator_loss": "loss of the generator",
    "discriminator_loss": "loss of the discriminator",
    "diversity": "diversity (spread of its rows over that of real ones)",
    "coverage": "coverage of real images",
}
PRIVACY_IN_WORDS = {
    "good": "A report found no sign that the rows give training rows away.",
    "open": "A report cannot exclude that the rows give training rows away.",
    "bad": "**A report found that the rows give training rows away: do not share "
    "them.**",
}


def generator_card(
    gan: BaseSynthesizer,
    outputs: Schema | None,
    class_counts: Mapping[Any, int] | None = None,
) -> str:
    """A model card of a fitted GAN: evidence, data, rules, training, limits, use.

    Parameters
    ----------
    gan : BaseSynthesizer
        The fitted GAN.
    outputs : mlflow.types.Schema or None
        Outputs of its signature.
    class_counts : mapping, default=None
        Class -> number of training rows. None takes the shares that the GAN knows.

    Returns
    -------
    card : str
        Markdown, of at most 5,000 characters.
    """
    sections = {
        EVIDENCE: evidence_section({}, {}),
        "Data": f"{_classes(gan, class_counts)}\n\n{_columns(gan, outputs)}",
        **_rules(gan),
        "Training": _training(gan),
        "Limits": _limits(class_counts),
        "Use": _use(gan),
    }
    text = (
        f"Draws synthetic rows of a class: a {type(gan).__name__} of gan_augment "
        f"{gan_augment.__version__}, trained on real rows of all classes.\n\n"
    )
    for heading, content in sections.items():
        text += f"## {heading}\n\n{content}\n\n"
    return text[:MAX_DESCRIPTION]


def evidence_section(
    figures: Mapping[str, float], tags: Mapping[str, str], forced: str | None = None
) -> str:
    """Say in Markdown what is known of a generator: utility, fidelity, privacy.

    Parameters
    ----------
    figures : mapping of str to float
        Metrics of the generator, as of :func:`~gan_augment.mlflow.log_evidence`.
    tags : mapping of str to str
        Tags of its version.
    forced : str, default=None
        What spoke against making it the champion, if it was made so nevertheless.

    Returns
    -------
    section : str
        Markdown, without the heading.
    """
    lines = []
    if VERDICT_TAG in tags:
        lines.append(f"**{escaped(tags[VERDICT_TAG])}**")
    if GAIN_LOW in figures and GAIN_HIGH in figures:
        found = {"gain": "helps", "loss": "hurts"}.get(tags.get(OUTCOME_TAG, ""), "")
        words = f" The comparison says that over-sampling {found}." if found else ""
        lines.append(
            f"- Utility: gain in average precision {gain_text(figures)} over the "
            f"classifier alone, on unseen real rows.{words}"
        )
    else:
        lines.append(
            "- Utility: not measured. To measure and log the gain of a classifier, "
            "call `compare` and `gan_augment.mlflow.log_evidence`."
        )
    if REPORTED["c2st"] in figures:
        lines.append(
            "- Fidelity: a classifier distinguishes synthetic from real rows with an "
            f"AUC of {figures[REPORTED['c2st']]:.2f} (0.50: by chance; 1: always)."
        )
    privacy = PRIVACY_IN_WORDS.get(tags.get(PRIVACY_TAG, ""), "")
    if RECORD_RATIO in figures:
        privacy = (
            f"{privacy} The distance of synthetic rows to training rows is "
            f"{figures[RECORD_RATIO]:.2f} times that to unseen rows (1: as far; 0: "
            "copies)."
        ).strip()
    risks = [
        f"{what} {figures[RISK.format(attack)]:.1%}"
        for attack, what in ATTACKS.items()
        if RISK.format(attack) in figures
    ]
    if risks:
        privacy = f"{privacy} Risk of attacks: {', '.join(risks)}.".strip()
    lines.append(f"- Privacy: {privacy or 'not measured.'} There is no guarantee.")
    if forced:
        lines.append(f"- **Champion by force**, although {escaped(forced)}.")
    return "\n".join(lines)


def with_section(card: str, heading: str, content: str) -> str:
    """A card with the content of a section replaced, or added where there is none.

    Parameters
    ----------
    card : str
        Markdown.
    heading : str
        Heading of the section, of the second level.
    content : str
        Markdown, without the heading.

    Returns
    -------
    card : str
        Markdown, of at most 5,000 characters.
    """
    section = f"## {heading}\n\n{content}\n\n"
    pattern = re.compile(rf"^## {re.escape(heading)}$.*?(?=^## |\Z)", re.M | re.S)
    if pattern.search(card):
        card = pattern.sub(lambda _: section, card, count=1)
    else:
        card = f"{card.rstrip()}\n\n{section}".lstrip()
    return card[:MAX_DESCRIPTION]


def _classes(gan: BaseSynthesizer, counts: Mapping[Any, int] | None) -> str:
    """Shares of the classes, the most common ones first."""
    lines = []
    for index in np.argsort(-gan.class_prior_, kind="stable")[:MOST_NAMES]:
        label, share = gan.classes_.tolist()[index], f"{gan.class_prior_[index]:.1%}"
        n_rows = f"{counts[label]:,} rows, " if counts and label in counts else ""
        lines.append(f"- class **{escaped(str(label))}**: {n_rows}{share}")
    n_left = len(gan.classes_) - MOST_NAMES
    return "\n".join([*lines, *[f"- and {n_left} more classes"] * (n_left > 0)])


def _columns(gan: BaseSynthesizer, outputs: Schema | None) -> str:
    if outputs is None:
        return ""
    first = outputs.inputs[0]
    if isinstance(first, TensorSpec):
        n_columns, names = int(first.shape[-1]), ""
    else:
        columns = outputs.input_names()[:-1]
        n_columns = len(columns)
        names = ": " + ", ".join(escaped(str(name)) for name in columns[:MOST_NAMES])
        names += f" and {n_columns - MOST_NAMES} more" * (n_columns > MOST_NAMES)
    if isinstance(gan, ImageGAN):
        text = f"Images of {n_columns:,} values, which `predict` gives as columns."
        if gan.sources_ is not None:
            text += f" The model contains {len(gan.sources_.codes):,} real images."
        return text
    return f"{n_columns:,} columns{names}."


def _rules(gan: BaseSynthesizer) -> dict[str, str]:
    """A section with the rules that the rows keep, if there are any."""
    rules = list(rules_of(gan) or ())
    if not rules:
        return {}
    lines = ["Every synthetic row keeps these rules of the training rows:", ""]
    for text in map(str, rules[:MOST_RULES]):
        cut = f"{text[:MOST_CHARACTERS]}…" if len(text) > MOST_CHARACTERS else text
        lines.append(f"- {escaped(cut)}")
    n_left = len(rules) - MOST_RULES
    if n_left > 0:
        lines.append(f"- and {n_left} more in `{RULES_FILE}`")
    return {"Rules": "\n".join(lines)}


def _training(gan: BaseSynthesizer) -> str:
    history = gan.history_
    lines = []
    if history:
        seconds = history["seconds"][-1]
        lines.append(f"- {int(history['step'][-1]):,} steps in {seconds:.1f} seconds.")
    lines += [
        f"- At the end, {words}: {history[name][-1]:.3f}."
        for name, words in MEASURES.items()
        if history.get(name)
    ]
    defaults = type(gan)().get_params(deep=False)
    params = {key: as_text(each) for key, each in gan.get_params(deep=False).items()}
    given = {
        name: text for name, text in params.items() if text != as_text(defaults[name])
    }
    told = ", ".join(f"`{name}={text}`" for name, text in given.items())
    lines.append(f"- Parameters other than the defaults: {told or 'none'}.")
    return "\n".join(lines)


def _limits(counts: Mapping[Any, int] | None) -> str:
    lines = [
        "- The synthetic rows lack or misrepresent whatever the training rows do.",
        "- Add them to training rows only, and evaluate a classifier on real rows.",
        "- A classifier that is trained with them overestimates the rare classes: "
        "`ResampledClassifier` corrects its probabilities.",
        "- They are not anonymous: the generator was trained on every row.",
    ]
    few = [str(label) for label, n in (counts or {}).items() if n < FEW_ROWS]
    if few:
        names = ", ".join(map(escaped, few[:MOST_NAMES]))
        lines.append(f"- Fewer than {FEW_ROWS} rows to learn from: {names}.")
    return "\n".join(lines)


def _use(gan: BaseSynthesizer) -> str:
    rarest = gan.classes_.tolist()[int(np.argmin(gan.class_prior_))]
    params = {"n_rows": 100, "target_class": str(rarest), "seed": 0}
    body = json.dumps({"dataframe_records": [], "params": params})
    return f"""Load it, and draw rows of a class:

```python
import gan_augment.mlflow

gan = gan_augment.mlflow.load_model("{CARD_URI}")
X, y = gan.sample(100, label={rarest!r}, random_state=0)
```

Serve it, and request rows by `n_rows`, `target_class` (empty for all) and `seed`:

```bash
mlflow models serve -m {CARD_URI} --env-manager local -p 5001
curl 127.0.0.1:5001/invocations -H 'Content-Type: application/json' \\
  -d {shlex.quote(body)}
```"""


def comparison_card(comparison: Comparison) -> str:
    """The verdict of a comparison and its table.

    Parameters
    ----------
    comparison : Comparison
        What :func:`~gan_augment.compare` returned.

    Returns
    -------
    card : str
        Markdown.
    """
    means = comparison.table()
    gains = comparison.differences()
    shown = [name for name in SHOWN if name in means]
    rows = [
        [str(arm), *(f"{means.loc[arm, name]:.3f}" for name in shown), _interval(gain)]
        for arm, gain in gains.iterrows()
    ]
    heading = ["arm", *(SHOWN[name] for name in shown), "gain in average precision"]
    counts = ", ".join(f"{n} of {label!r}" for label, n in comparison.counts.items())
    n_folds = comparison.frame["fold"].nunique()
    return (
        f"**{escaped(comparison.verdict)}**\n\n{table(heading, rows)}\n\n"
        f"Means over {n_folds} folds of real, unseen rows ({escaped(counts)}). Gains "
        "are differences from the classifier alone on the same folds, with their 95 % "
        "intervals.\n"
    )


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; numbers stand right, the first column left."""
    lines = [heading, [":---", *["---:"] * (len(heading) - 1)]]
    cells = [[escaped(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *cells])


def escaped(text: str) -> str:
    """A text in which Markdown and HTML find nothing of theirs."""
    # MLflow's pages show the backslash of an escaped "<".
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "\\`*_[]|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _interval(gain: pd.Series) -> str:
    if gain["low"] != gain["low"] or gain["low"] == gain["high"]:
        return ""
    return f"{gain['difference']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})"
