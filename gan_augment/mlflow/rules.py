"""The rules of a table in MLflow: a file of runs and models, and models' metadata."""

from __future__ import annotations

import json
from typing import Any

from gan_augment.tables.rules import Rules

# The rules of a generator, beside a saved model and among the artifacts of a run.
RULES_FILE = "rules.json"
# Where the metadata of a model has them, in words.
RULES_KEY = "rules"


def rules_of(fitted: Any) -> Rules | None:
    """The rules that the rows of a fitted sampler or GAN keep; None if it knows none.

    Parameters
    ----------
    fitted : object
        A GAN, or a GANOverSampler.
    """
    rules = getattr(fitted, "rules_", None)
    return rules if isinstance(rules, Rules) else None


def rules_as_json(rules: Rules) -> str:
    """A list of objects with the description, kind, columns and support of a rule.

    Parameters
    ----------
    rules : Rules
        The fitted rules.

    Returns
    -------
    text : str
        JSON.
    """
    described = [
        {
            "description": str(rule),
            "kind": rule.kind,
            "columns": [str(name) for name in rule.columns],
            "support": int(rule.support),
        }
        for rule in rules
    ]
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"
