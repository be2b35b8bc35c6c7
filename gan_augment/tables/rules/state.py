"""What fitted rules are made of, for saving."""

from gan_augment.encoding.kinds.written import DateStyle
from gan_augment.encoding.values import CategoricalDomain, NumericDomain
from gan_augment.tables.rules.choice import Choice
from gan_augment.tables.rules.conditional import Bounded, Distribution
from gan_augment.tables.rules.discovery import KINDS
from gan_augment.tables.rules.formula import Factor
from gan_augment.tables.rules.reduction import Reduction
from gan_augment.tables.rules.steps import (
    Amount,
    Between,
    Fill,
    LeaveOut,
    Moved,
    Nested,
    Rank,
    Remainder,
)
from gan_augment.tables.rules.target import Levels, NumericTarget, WrittenDates

_CLASSES: tuple[type, ...] = (
    *KINDS,
    Amount,
    Between,
    Bounded,
    CategoricalDomain,
    Choice,
    DateStyle,
    Distribution,
    Factor,
    Fill,
    LeaveOut,
    Levels,
    Moved,
    NumericDomain,
    Nested,
    NumericTarget,
    Rank,
    Reduction,
    Remainder,
    WrittenDates,
)
STATE_CLASSES = {state_class.__name__: state_class for state_class in _CLASSES}
