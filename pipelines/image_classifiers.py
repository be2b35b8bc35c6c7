"""What is trained downstream on images, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torch.nn import functional as F

from gan_augment.encoding import ImageEncoder
from gan_augment.metrics import c2st, diversity_ratio

# Images in [-1, 1] and a source of randomness -> images that are moved.
Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class SmallCNN(ClassifierMixin, BaseEstimator):
    """Three convolutions, trained for a fixed number of steps.

    Parameters
    ----------
    augment : callable, default=None
        ``augment(images, rng)`` moves every batch: online augmentation.
    n_steps, batch_size : int
        Equal for every way of handling the imbalance, however many images there are.
    random_state : int, default=0
        Seed of weights and batches.
    """

    def __init__(
        self,
        augment: Augment | None = None,
        n_steps: int = 300,
        batch_size: int = 64,
        random_state: int = 0,
    ) -> None:
        self.augment = augment
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> SmallCNN:
        """Train on images."""
        torch.manual_seed(self.random_state)
        rng = np.random.default_rng(self.random_state)
        self.encoder_ = ImageEncoder().fit(X)
        codes = self.encoder_.quantize(X)
        self.classes_, classes = np.unique(y, return_inverse=True)
        n_channels, *size = self.encoder_.image_shape_
        layers: list[nn.Module] = []
        for width in (8, 16, 32):
            layers += [nn.Conv2d(n_channels, width, 3, padding=1), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] * (width < 32)
            n_channels = width
        grid = 3 if min(size) >= 16 else 2
        self.network_ = nn.Sequential(
            *layers,
            nn.AdaptiveAvgPool2d(grid),
            nn.Flatten(),
            nn.Linear(n_channels * grid**2, len(self.classes_)),
        )
        optimizer = torch.optim.AdamW(self.network_.parameters(), lr=6e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 6e-3, total_steps=self.n_steps
        )
        for _ in range(self.n_steps):
            chosen = rng.integers(len(codes), size=self.batch_size)
            images = self.encoder_.dequantize(codes[chosen])
            if self.augment is not None:
                images = self.augment(images, rng)
            logits = self.network_(torch.from_numpy(images))
            loss = F.cross_entropy(logits, torch.from_numpy(classes[chosen]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Most probable classes."""
        images = torch.from_numpy(self.encoder_.transform(X))
        with torch.no_grad():
            return self.classes_[self.network_(images).argmax(dim=1).numpy()]


class OnPixels(ClassifierMixin, BaseEstimator):
    """A classifier of rows, on images as rows of pixels from 0 to 1."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, X: np.ndarray, y: np.ndarray) -> OnPixels:
        """Train on images."""
        self.scale_ = max(float(X.max()), 1.0)
        self.classes_ = np.unique(y)
        self.classifier.fit(X.reshape(len(X), -1) / self.scale_, y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Most probable classes."""
        return self.classifier.predict(X.reshape(len(X), -1) / self.scale_)


def make_classifiers(augment: Augment, seed: int) -> dict[str, Any]:
    """Every classifier by its name; `augment` is what one of them sees online."""
    return {
        "CNN": SmallCNN(random_state=seed),
        "CNN online": SmallCNN(augment, random_state=seed),
        "LR": OnPixels(LogisticRegression(C=0.1, max_iter=100)),
        "RF": OnPixels(RandomForestClassifier(100, random_state=seed)),
    }


def scores(
    y_test: np.ndarray, predicted: np.ndarray, rare: np.ndarray
) -> dict[str, float]:
    """Mean and worst recall of the rare classes, and the F1 of all."""
    recalls = recall_score(y_test, predicted, labels=rare, average=None)
    return {
        "recall": float(recalls.mean()),
        "worst_recall": float(recalls.min()),
        "macro_f1": float(f1_score(y_test, predicted, average="macro")),
    }


def image_measures(
    train: np.ndarray, test: np.ndarray, drawn: np.ndarray
) -> dict[str, float]:
    """Of one class: can it be told, is it diverse, is it new.

    The nearest-neighbour ratio is that of the distances to the closest training image
    and to the closest unseen one, of as many images.
    """
    train, test, drawn = (
        images.reshape(len(images), -1).astype(np.float64)
        for images in (train, test, drawn)
    )
    n = min(len(train), len(test))
    to_train, to_test = (
        np.median(NearestNeighbors(n_neighbors=1).fit(kind[:n]).kneighbors(drawn)[0])
        for kind in (train, test)
    )
    return {
        "c2st": c2st(test, drawn, random_state=0),
        "diversity": diversity_ratio(test[:200], drawn[:200]),
        "neighbour_ratio": float(to_train / to_test),
    }
