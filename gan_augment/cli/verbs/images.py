"""``images``: a folder of images with synthetic ones of the classes that are rare."""

from __future__ import annotations

import re
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from gan_augment.cli.console import Console, tracked
from gan_augment.cli.errors import UserError
from gan_augment.cli.options import Json, MaxSteps, Quiet, RegistryOptions, Seed

SMALLEST, LARGEST = 8, 256


class Quality(StrEnum):
    """How long the GAN is trained."""

    DEFAULT = "default"
    HIGH = "high"


def images(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Has a subfolder of images per class: PNG, JPEG, TIFF, WebP, BMP.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write; must not exist.",
            show_default=False,
        ),
    ],
    tracking: RegistryOptions,
    size: Annotated[
        str | None,
        typer.Option(
            help="Resize every image to this size, such as 32 or 32x48 (height first)."
        ),
    ] = None,
    ratio: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Images of a rare class for each of the most common one."
        ),
    ] = 1.0,
    only_synthetic: Annotated[
        bool, typer.Option("--only-synthetic", help="Leave the real images out.")
    ] = False,
    quality: Annotated[
        Quality, typer.Option(help="`high` trains four times as long.")
    ] = Quality.DEFAULT,
    max_time: Annotated[
        float | None,
        typer.Option(min=0, help="Time limit of the training, in seconds."),
    ] = None,
    max_steps: MaxSteps = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a folder of images with synthetic ones of the rare classes.

    Half of the new images are drawn by a GAN, half are copies of real ones, shifted a
    little. `torchvision.datasets.ImageFolder` reads the folder; `manifest.csv` says of
    each file whether it is synthetic.

    Example: `gan-augment images photos -o more-photos --size 32`
    """
    if output.exists():
        raise UserError(
            f"`--output` must not exist. Got {str(output)!r}, which does. Take another "
            "name, or delete it."
        )
    console = Console(quiet, as_json)
    from gan_augment.cli.verbs.resample import rows_wanted
    from gan_augment.images import load_images
    from gan_augment.images.files import write_files, write_manifest

    found = _read(load_images, folder, _height_and_width(size))
    sides = found.images.shape[1:3]
    if not all(SMALLEST <= side <= LARGEST for side in sides):
        raise UserError(
            f"Images must have {SMALLEST} to {LARGEST} pixels a side. Got "
            f"{sides[0]}x{sides[1]}. Pass --size, such as --size 64."
        )
    counts = pd.Series(found.labels, name="class").value_counts()
    shown = ", ".join(f"{label} {n:,}" for label, n in counts.items())
    console.say(
        f"{len(found.images):,} images of {sides[0]}x{sides[1]} pixels, "
        f"{found.images.dtype}: {shown}."
    )
    wanted = rows_wanted(pd.Series(found.labels), ratio, None)
    if not wanted:
        raise UserError(
            f"`--ratio` must ask for images. Got {ratio}, which every class has. "
            "Raise it."
        )
    from gan_augment import GANOverSampler, ImageGAN

    gan = ImageGAN(quality=quality.value, max_time=max_time)
    if max_steps is not None:
        gan.set_params(max_steps=max_steps)
    sampler = GANOverSampler(
        gan,
        sampling_strategy=wanted,
        verbose=console.shows_bars,
        random_state=seed,
    )
    console.begin("Making images")
    with tracked(tracking, console):
        X, y = sampler.fit_resample(found.images, found.labels)
    n_real = len(found.labels)
    numbered = [
        output / str(label) / f"synthetic_{number:05d}.png"
        for number, label in enumerate(np.asarray(y)[n_real:])
    ]
    write_files(X[n_real:], numbered)
    real = [output / path.relative_to(folder) for path in found.paths]
    if only_synthetic:
        real = []
    elif size is None:
        for path, copy in zip(found.paths, real, strict=True):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    else:
        real = [path.with_name(f"{path.name}.png") for path in real]
        write_files(found.images, real)
    names = [path.relative_to(output).as_posix() for path in (*real, *numbered)]
    write_manifest(output, names, np.arange(len(names)) >= len(real))
    console.say(f"{len(numbered):,} synthetic images written to {output}.")
    console.show_json(
        {"real": len(real), "synthetic": sampler.n_synthetic_, "output": output}
    )


def _read(load: Any, folder: Path, size: tuple[int, int] | None) -> Any:
    """Read the folder; errors name the argument and the option."""
    try:
        return load(folder, size=size)
    except ValueError as error:
        message = str(error).replace("`source`", "FOLDER")
        message = re.sub(
            r"Resize them, such as by size=\((\d+), (\d+)\)",
            r"Pass --size, such as --size \1x\2",
            message,
        )
        raise UserError(message) from error


def _height_and_width(size: str | None) -> tuple[int, int] | None:
    if size is None:
        return None
    parts = re.fullmatch(r"(\d+)(?:x(\d+))?", size)
    if parts is None:
        raise UserError(
            f"`--size` must be a size such as 32 or 32x48. Got {size!r}. Give pixels."
        )
    return int(parts[1]), int(parts[2] or parts[1])
