"""Measures of synthetic rows: pure functions that take real rows, then synthetic rows.

``fidelity`` and ``marginals`` measure whether rows are distributed as real ones,
``privacy`` and ``attacks`` whether they give real ones away, ``rules`` whether they
keep the rules of the table, and ``utility`` the gain of a classifier. ``quality`` is
all of a table's measures at once, ``report`` a page with a verdict. For images,
:func:`gan_augment.images.image_quality` takes them on features. Frames of any dtypes
are encoded by ``columns``; arrays are taken as they are.
"""

from gan_augment.metrics.attacks import (
    attack_risks,
    inference_risk,
    linkability_risk,
    singling_out_risk,
)
from gan_augment.metrics.columns import encode_rows
from gan_augment.metrics.diversity import diversity_ratio
from gan_augment.metrics.fidelity import c2st, frechet_distance, kernel_distance, prdc
from gan_augment.metrics.marginals import (
    association_distance,
    associations,
    marginal_distances,
)
from gan_augment.metrics.privacy import (
    MembershipInference,
    closest_distances,
    closest_record_ratio,
    copy_rates,
    membership_inference,
    membership_inference_auc,
    reused_identifiers,
)
from gan_augment.metrics.quality import row_quality
from gan_augment.metrics.rare import rare_combinations_risk
from gan_augment.metrics.risk import AttackRisk
from gan_augment.metrics.rules import RuleViolations, rule_violations
from gan_augment.metrics.scores import classifier_scores
from gan_augment.metrics.utility import (
    bootstrap_gain,
    oracle_gap_closed,
    train_with_and_without,
    utility_scores,
)

__all__ = [
    "AttackRisk",
    "MembershipInference",
    "RuleViolations",
    "association_distance",
    "associations",
    "attack_risks",
    "bootstrap_gain",
    "c2st",
    "classifier_scores",
    "closest_distances",
    "closest_record_ratio",
    "copy_rates",
    "diversity_ratio",
    "encode_rows",
    "frechet_distance",
    "inference_risk",
    "kernel_distance",
    "linkability_risk",
    "marginal_distances",
    "membership_inference",
    "membership_inference_auc",
    "oracle_gap_closed",
    "prdc",
    "rare_combinations_risk",
    "reused_identifiers",
    "row_quality",
    "rule_violations",
    "singling_out_risk",
    "train_with_and_without",
    "utility_scores",
]
