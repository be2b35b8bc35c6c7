"""Rules that every row of a table keeps: found, measured, kept.

Each kind of rule is a file with one class, see :class:`Rule`; :data:`KINDS` lists those
that are discovered. :class:`Rules` holds the rules of a table.
"""

from gan_augment.tables.rules.keeping import keep_rules
from gan_augment.tables.rules.predicate import Predicate
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.rules import KINDS, Rules, discover
from gan_augment.tables.rules.state import STATE_CLASSES

__all__ = [
    "KINDS",
    "STATE_CLASSES",
    "ComputedRule",
    "Predicate",
    "Rule",
    "Rules",
    "discover",
    "keep_rules",
]
