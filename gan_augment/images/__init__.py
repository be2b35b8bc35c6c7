"""Read and write images, and measure the quality of synthetic ones.

Folders, PIL images and data sets of torch as arrays, and back; measures as the field
reports them, on features of a network that is trained on the images themselves.
"""

from gan_augment.images.classifier import ImageClassifier
from gan_augment.images.dataset import MixedImages
from gan_augment.images.files import LabelledImages, load_images, write_images
from gan_augment.images.quality import image_quality

__all__ = [
    "ImageClassifier",
    "LabelledImages",
    "MixedImages",
    "image_quality",
    "load_images",
    "write_images",
]
