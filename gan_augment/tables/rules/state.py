"""What fitted rules are made of, for saving."""

from gan_augment.encoding.values import CategoricalDomain, NumericDomain
from gan_augment.tables.rules.excludes import Choice
from gan_augment.tables.rules.reduction import Amount, Fill, LeaveOut, Reduction
from gan_augment.tables.rules.rules import KINDS
from gan_augment.tables.rules.target import Levels, NumericTarget

STATE_CLASSES: dict[str, type] = {
    state_class.__name__: state_class
    for state_class in (
        *KINDS,
        Amount,
        CategoricalDomain,
        Choice,
        Fill,
        LeaveOut,
        Levels,
        NumericDomain,
        NumericTarget,
        Reduction,
    )
}
