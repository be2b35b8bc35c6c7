"""Draw rows to train on from data that does not fit into memory."""

from gan_augment.datasets.sample import DatasetSample, sample_dataset
from gan_augment.datasets.sources import Source, open_source

__all__ = ["DatasetSample", "Source", "open_source", "sample_dataset"]
