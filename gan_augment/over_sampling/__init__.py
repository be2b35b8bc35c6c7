"""The over-sampler, and the refinements of the rows that a GAN draws."""

from gan_augment.over_sampling.class_filter import ClassFilter
from gan_augment.over_sampling.copy_filter import CopyFilter
from gan_augment.over_sampling.image_changes import RandomAffine, find_changes
from gan_augment.over_sampling.image_mixture import ImageMixture
from gan_augment.over_sampling.kept_rules import KeptRules
from gan_augment.over_sampling.leakage import LeakageWarning, leak_guard
from gan_augment.over_sampling.over_sampler import GANOverSampler
from gan_augment.over_sampling.refinement import Refinement

__all__ = [
    "ClassFilter",
    "CopyFilter",
    "GANOverSampler",
    "ImageMixture",
    "KeptRules",
    "LeakageWarning",
    "RandomAffine",
    "Refinement",
    "find_changes",
    "leak_guard",
]
