"""
Images from a folder
====================

Read images from a folder that has one subfolder per class, add images of a rare class,
and write them to a new folder.
"""

# %%
# The folder
# ----------
#
# We write 420 small images of four digits, only 30 of which show the digit 8.

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits

folder = Path(tempfile.mkdtemp())
digits = load_digits()
for digit, n_images in {"1": 130, "3": 130, "6": 130, "8": 30}.items():
    (folder / digit).mkdir()
    for i, image in enumerate(digits.images[digits.target == int(digit)][:n_images]):
        pixels = (image * 15).astype("uint8")
        Image.fromarray(pixels).save(folder / digit / f"{i:03d}.png")

# %%
# Read it
# -------

from gan_augment.images import load_images

found = load_images(folder)
images, labels = found.images, found.labels
print(images.shape, images.dtype)
pd.Series(labels).value_counts()

# %%
# More eights
# -----------
#
# The images are returned in the same layout, dtype and range. The GAN draws half of the
# new ones; the other half are copies of real ones, shifted a little. To be quick, the
# GAN is trained for only 200 steps here.

from gan_augment import GANOverSampler, ImageGAN

sampler = GANOverSampler(
    ImageGAN(max_steps=200), sampling_strategy={"8": 130}, random_state=0
)
more_images, more_labels = sampler.fit_resample(images, labels)
print(more_images.shape, more_images.dtype, "up to", more_images.max())

# %%
# The GAN is evaluated before it is used. These are the measures:

pd.DataFrame(sampler.mixture_.report_).round(3)

# %%
# Real eights are above, new ones below.

from gan_augment.plotting import ImageGridDisplay

new = more_images[sampler.synthetic_mask_]
_ = ImageGridDisplay.from_images(images[labels == "8"][:16], new[:16])

# %%
# Write the images
# ----------------
#
# Every class has a folder, as torchvision's ``ImageFolder`` reads them, and
# ``manifest.csv`` says which files are synthetic.

from gan_augment.images import write_images

manifest = write_images(
    more_images,
    more_labels,
    folder.with_name("more"),
    synthetic=sampler.synthetic_mask_,
)
manifest.groupby("class")["synthetic"].agg(["size", "sum"])

# %%
# The same with one command
# -------------------------
#
# ``gan-augment images FOLDER -o OUT`` does all of this. Here it is called from Python,
# with fewer steps than by default.

from gan_augment.cli import main

output = folder.with_name(folder.name + "-by-command")
main(["images", str(folder), "-o", str(output), "--max-steps", "100", "--quiet"])
sorted(path.name for path in (output / "8").iterdir())[::25]

# %%
# ``torchvision.datasets.ImageFolder(output)`` reads the new folder, and
# ``manifest.csv`` says which files are synthetic. The new eights are below the real
# ones:

manifest = pd.read_csv(output / "manifest.csv")
is_new = manifest["synthetic"] & (manifest["class"].astype(str) == "8")
files = [output / name for name in manifest.loc[is_new, "file"][:16]]
new = np.stack([np.asarray(Image.open(file)) for file in files])
_ = ImageGridDisplay.from_images(images[labels == "8"][:16], new)
