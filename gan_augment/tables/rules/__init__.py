"""Rules that every row of a table keeps: found, measured, kept.

Each kind of rule is a file with one class, see :class:`Rule`; :data:`KINDS` lists those
that are discovered. :class:`Rules` holds the rules of a table.
"""

from __future__ import annotations

from gan_augment.tables.rules.discovery import KINDS, discover
from gan_augment.tables.rules.keeping import keep_rules
from gan_augment.tables.rules.predicate import Predicate
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.rules import Rules
from gan_augment.tables.rules.state import STATE_CLASSES
from gan_augment.tables.rules.unique import Unique

__all__ = [
    "KINDS",
    "STATE_CLASSES",
    "ComputedRule",
    "Predicate",
    "Rule",
    "Rules",
    "Unique",
    "discover",
    "keep_rules",
    "register_rule",
]


def register_rule(kind: type[Rule]) -> None:
    """Register a kind of rule, so that it is discovered, saved and loaded.

    Parameters
    ----------
    kind : subclass of Rule
        A dataclass of plain values, whose method ``find`` discovers the rules. It is
        tried after all other kinds.

    See Also
    --------
    Rule : Base class of the kinds of rules.

    Examples
    --------
    >>> from gan_augment.tables.rules import KINDS, STATE_CLASSES, Rule, register_rule
    >>> class Even(Rule):  # with the methods of Rule
    ...     kind = "even"
    >>> register_rule(Even)
    >>> KINDS.pop() is STATE_CLASSES.pop("Even")  # and take it away again
    True
    """
    if kind not in KINDS:
        KINDS.append(kind)
    STATE_CLASSES.update({c.__name__: c for c in (kind, *kind.state_classes)})
