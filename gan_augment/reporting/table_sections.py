"""The sections of a report that are about the table: its data, faults and rules."""

from __future__ import annotations

from textwrap import shorten

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing

from gan_augment.metrics.columns import is_numeric, plain_frames
from gan_augment.metrics.rules import RuleViolations
from gan_augment.reporting.document import Section
from gan_augment.reporting.evidence import ReportedRows
from gan_augment.tables.check import TableCheck

# The most rules that are listed, and the most characters of one.
MOST_RULES, MAX_RULE_LENGTH = 25, 200


def on_data(rows: ReportedRows) -> Section:
    """Describe the data."""
    text = [f"Rows are arrays of shape {np.shape(rows.X)[1:]}."]
    if rows.is_table:
        (frame,) = plain_frames(_safe_indexing(rows.X, np.flatnonzero(~rows.mask)))
        numeric = sum(is_numeric(frame.iloc[:, i]) for i in range(frame.shape[1]))
        n_columns = frame.shape[1]
        text = [
            f"{n_columns} column{'s' * (n_columns != 1)}: {numeric} of numbers or "
            f"dates, {n_columns - numeric} of categories. "
            f"{frame.isna().to_numpy().mean():.1%} of the cells are missing."
        ]
    table = pd.DataFrame(
        [
            [str(label), *(f"{len(part):,}" for part in rows.of(label))]
            for label in np.unique(rows.y).tolist()
        ],
        columns=["class", "real, for training", "real, held out", "synthetic"],
    )
    return Section("What the data is", text, table)


def on_check(check: TableCheck) -> Section:
    """List what is wrong with the table."""
    text = [
        f"{len(check)} finding{'s' * (len(check) != 1)} of check_table in the real "
        "training rows. Fix those that would harm a model, and fit again. "
        "check_table(X, y).clean(X, y) applies the safe remedies."
    ]
    table = pd.DataFrame(
        [
            [found.kind, found.message, found.example, found.advice]
            for found in check.findings
        ],
        columns=["what", "evidence", "example", "remedy"],
    )
    return Section("What to look at in the table", text, table)


def on_rules(broken: RuleViolations) -> Section:
    """List the rules of the table, the most broken first."""
    title = "Do the rows keep the table's rules?"
    by_rule = broken.by_rule
    text = [
        "A rule is a condition that every real training row keeps, and that "
        "independent columns would break many times. A rule that unseen real rows "
        "break, too, holds in the training rows alone."
    ]
    if not len(by_rule):
        return Section(title, [*text, "No rule was found."])
    if len(by_rule) > MOST_RULES:
        text.append(
            f"The {MOST_RULES} that are broken most often, of {len(by_rule)}:"
            if by_rule["share"].any()
            else f"{MOST_RULES} of {len(by_rule)}; none of them is broken:"
        )
    shown = by_rule.head(MOST_RULES)
    table = pd.DataFrame(
        {
            "rule": [shorten(rule, MAX_RULE_LENGTH) for rule in shown["rule"]],
            "rows that support it": shown["support"].map("{:,}".format),
            "synthetic rows that break it": shown["share"].map("{:.2%}".format),
            "unseen real rows that do": shown["floor"].map("{:.2%}".format),
        }
    )
    return Section(title, text, table)
