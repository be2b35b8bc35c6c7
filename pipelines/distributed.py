"""Train one GAN on several processes, each with a part of the batch: what it gains.

    torchrun --nproc-per-node 1 -m pipelines.distributed
    torchrun --nproc-per-node 2 -m pipelines.distributed

Every process draws its part of the batch, and the gradients are averaged. The weights
of a network are one vector here (``training/optimizers.py``), so that takes one
``all_reduce`` a step and network, done by an optimizer of this file. The seconds of a
step and the losses are printed for several widths and batch sizes; the batch is that of
all processes together, so that the runs with one and with two train alike.
"""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import torch.distributed as dist
import typer
from rich.console import Console
from torch import Tensor, nn

from gan_augment.encoding import TableEncoder
from gan_augment.networks.tabular import Discriminator, Generator
from gan_augment.training.batches import ConditionalBatches
from gan_augment.training.callbacks import History
from gan_augment.training.losses import LOSSES
from gan_augment.training.optimizers import OPTIMIZERS, Adam
from gan_augment.training.trainer import Trainer
from pipelines.summary import show

N_CLASSES = 2


class SharedAdam(Adam):
    """Adam on the mean of the gradients of all processes."""

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Average the gradient, then move the weights alike in every process."""
        dist.all_reduce(gradient)
        gradient /= dist.get_world_size()
        super().step(gradient, learning_rate)


OPTIMIZERS["shared adam"] = SharedAdam


def make_data(n_rows: int = 4000) -> tuple[pd.DataFrame, np.ndarray]:
    """Thirty numbers that depend on each other, and two classes."""
    rng = np.random.default_rng(0)
    y = np.arange(n_rows) % 10 == 0
    X = rng.normal(size=(n_rows, 6)) @ rng.normal(size=(6, 30)) + y[:, None]
    return pd.DataFrame(X).add_prefix("x"), y.astype(int)


def train(
    width: int, batch_size: int, n_steps: int, seed: int = 0
) -> tuple[pd.DataFrame, float, Tensor]:
    """Train on the processes of the group.

    Parameters
    ----------
    width : int
        Width of both layers of each network.
    batch_size : int
        Rows of a batch, of all processes together.
    n_steps : int
        Number of steps.
    seed : int, default=0
        Seed of the weights; the batches of each process have one of their own.

    Returns
    -------
    history : DataFrame
        Mean losses of each epoch.
    seconds : float
        Seconds of a step.
    weights : Tensor
        Weights of the generator.
    """
    X, y = make_data()
    encoder = TableEncoder().fit(X, y)
    codes = encoder.quantize(X)
    rank, size = dist.get_rank(), dist.get_world_size()
    rng = np.random.default_rng([seed, rank])
    init = torch.Generator().manual_seed(seed)  # the same weights in every process
    generator = Generator(
        latent_dim=32,
        n_classes=N_CLASSES,
        n_components=1,
        hidden_dims=(width, width),
        spans=encoder.schema_,
        rng=init,
    )
    discriminator = Discriminator(
        n_inputs=encoder.width_,
        n_classes=N_CLASSES,
        hidden_dims=(width, width),
        rng=init,
    )
    history = History()
    trainer = Trainer(
        generator,
        nn.ModuleList([discriminator]),
        loss=LOSSES["relativistic"],
        gradient_penalty_weight=1.0,
        penalty_interval=4,
        optimizer="shared adam",
        learning_rate=1e-3,
        max_steps=n_steps,
        max_time=None,
        rng=torch.Generator().manual_seed(int(rng.integers(2**31))),
        callbacks=[history],
    )
    batches = ConditionalBatches(
        y,
        n_classes=N_CLASSES,
        encode=lambda rows, rng: encoder.dequantize(codes[rows], rng),
        batch_size=batch_size // size,
        rng=rng,
    )
    batches.draw()
    begin = time.perf_counter()
    trainer.run(batches, len(codes))
    seconds = (time.perf_counter() - begin) / n_steps
    weights = torch.cat([p.detach().flatten() for p in generator.parameters()])
    return pd.DataFrame(history.records), seconds, weights


def main(
    width: Annotated[list[int], typer.Option(help="Widths of the layers.")] = [  # noqa: B006
        128,
        512,
        1024,
    ],
    batch_size: Annotated[list[int], typer.Option(help="Rows of a batch.")] = [  # noqa: B006
        256,
        1024,
        4096,
    ],
    n_steps: Annotated[int, typer.Option(help="Steps of each training.")] = 40,
) -> None:
    """Train on all processes, and print the seconds of a step and the losses."""
    dist.init_process_group("gloo")
    torch.set_num_threads(1)
    rows = {}
    for each in width:
        for rows_of_batch in batch_size:
            history, seconds, weights = train(each, rows_of_batch, n_steps)
            first = weights.clone()
            dist.broadcast(first, 0)
            if not torch.equal(first, weights):
                raise RuntimeError("The weights of all processes must be equal.")
            last = history.iloc[len(history) // 2 :].mean()
            rows[f"{each} wide, batch of {rows_of_batch}"] = {
                "processes": str(dist.get_world_size()),
                "ms a step": f"{1000 * seconds:.1f}",
                "weights": f"{len(weights):,}",
                "discriminator loss": f"{last['discriminator_loss']:.3f}",
                "generator loss": f"{last['generator_loss']:.3f}",
            }
    if dist.get_rank() == 0:
        table = pd.DataFrame(rows).T
        show(table, "Training on several processes", Console(width=110), "networks")
    dist.destroy_process_group()


if __name__ == "__main__":
    typer.run(main)
