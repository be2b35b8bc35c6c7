"""A program that a test interrupts: it says when, and what it does then.

    python interrupted.py fit|fit_resample|compare|sync

``begun`` is written when the task has told of its first progress, and ``ending`` when
it has failed, before the tracker hears of it. ``sync`` has begun when a run is there,
and is ending when it gives back what it was sending.
"""

import sys

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN, compare
from gan_augment.events import Listener, add_listener
from gan_augment.mlflow import spool
from gan_augment.mlflow.__main__ import main

X = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 3)), columns=list("abc"))
Y = np.arange(300) % 6 == 0
GAN = TabularGAN(max_steps=20_000, random_state=0)


def say(word):
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class Says(Listener):
    def __init__(self):
        self.has_begun = False

    def on_progress(self, task, kind, value):
        if kind == "epoch" and not self.has_begun:
            self.has_begun = True
            say("begun")

    def on_end(self, task):
        if task.error is not None:
            say("ending")


def fit():
    with gan_augment.mlflow.RunTracker("fit") as run:
        GAN.set_params(callbacks=[run]).fit(X, Y)


def fit_resample():
    GANOverSampler(GAN, random_state=0).fit_resample(X, Y)


def compare_samplers():
    compare(X, Y, LogisticRegression(), {"GAN": GANOverSampler(GAN)}, cv=2)


def sync():
    log_batch, close = MlflowClient.log_batch, spool.Journal.close

    def said_log_batch(self, *arguments, **options):
        say("begun")
        return log_batch(self, *arguments, **options)

    def said_close(self):
        say("ending")
        close(self)

    MlflowClient.log_batch, spool.Journal.close = said_log_batch, said_close
    sys.exit(main(["sync"]))


if __name__ == "__main__":
    tasks = {
        "fit": fit,
        "fit_resample": fit_resample,
        "compare": compare_samplers,
        "sync": sync,
    }
    if sys.argv[1] in ("fit_resample", "compare"):
        gan_augment.mlflow.autolog(log_figures=False)
    add_listener(Says())  # told of an end before the tracker
    tasks[sys.argv[1]]()
