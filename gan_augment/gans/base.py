"""What every generative estimator does, whatever it learns and however."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from gan_augment import events, persistence
from gan_augment.datasets import Source, open_source, sample_dataset
from gan_augment.datasets.sample import MAX_ROWS
from gan_augment.encoding.arrays import check_array_of
from gan_augment.encoding.frames import to_pandas
from gan_augment.encoding.labels import exact_labels
from gan_augment.memory import warn_if_short
from gan_augment.seeding import RandomState, draw_seed, make_rng
from gan_augment.tables.rules import Rules, keep_rules
from gan_augment.threads import one_thread

# Rows that pass through a network at once when sampling.
SAMPLE_CHUNK = 8192
# Parts of a saved estimator: class, parameters, fitted attributes and encoder.
N_PARTS = 4


class Synthesizer(Protocol):
    """What an over-sampler needs of a generative estimator."""

    def fit(self, X: Any, y: Any) -> Self:
        """Learn rows and their classes."""

    def sample(
        self, n_samples: int = 1, *, label: Any = None, random_state: RandomState = None
    ) -> tuple[Any, np.ndarray]:
        """Draw rows of a class; the rows and their classes."""


@runtime_checkable
class StatefulEncoder(Protocol):
    """What saving a generative estimator needs of its encoder."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the encoding."""

    def get_state(self) -> dict[str, Any]:
        """What fit learned, as a tree that can be saved."""

    def set_state(self, state: dict[str, Any]) -> Self:
        """Take over what another encoder learned."""


class BaseSynthesizer(BaseEstimator, metaclass=ABCMeta):
    """Template: encode, train, draw rows of a class, save and load.

    A subclass declares the hyper-parameters in its constructor. Fitted attributes are
    NumPy arrays, never torch modules, so that a fitted estimator can be pickled,
    copied and saved without a device.

    Examples
    --------
    >>> from gan_augment import TVAE, TabularGAN
    >>> from gan_augment.gans import BaseSynthesizer
    >>> issubclass(TabularGAN, BaseSynthesizer), issubclass(TVAE, BaseSynthesizer)
    (True, True)
    """

    # Fitted attributes that a file holds, besides the encoder.
    _saved_attributes: tuple[str, ...] = (
        "classes_",
        "class_prior_",
        "history_",
        "sample_seed_",
    )
    # Dataclasses that the fitted state is made of.
    _saved_classes: Mapping[str, type] = {}
    # Whether it draws images, in place of the rows of a table.
    _draws_images: bool = False

    classes_: np.ndarray
    class_prior_: np.ndarray
    sample_seed_: int
    encoder_: StatefulEncoder
    # Of each epoch; nothing of what is not trained in steps.
    history_: dict[str, list[float]]
    # Hyper-parameters that every constructor declares.
    device: str
    random_state: RandomState

    def _validate_params(self) -> None:
        super()._validate_params()
        hidden_dims: Any = getattr(self, "hidden_dims", "auto")
        if isinstance(hidden_dims, str):
            return
        if not len(hidden_dims) or not are_counts(hidden_dims):
            raise ValueError(
                "`hidden_dims` must hold whole numbers of at least 1, one a layer. "
                f"Got {hidden_dims!r}. Pass such as (128, 128)."
            )

    def _memory_of_fit(self, X: Any, classes: np.ndarray) -> float:
        """About how many bytes a training takes besides the rows; 0 if unknown."""
        return 0.0

    @abstractmethod
    def _make_encoder(self) -> StatefulEncoder:
        """An unfitted encoder of the rows."""

    @abstractmethod
    def _train(self, X: Any, classes: np.ndarray, rng: np.random.Generator) -> None:
        """Learn rows and their class indices; the encoder is fitted."""

    @abstractmethod
    def _draw(self, classes: np.ndarray, rng: np.random.Generator) -> Any:
        """Synthetic rows of these class indices, as the training rows came."""

    def _progress_bar(self) -> AbstractContextManager[None]:
        """What shows the progress of fit, if anything does."""
        return nullcontext()

    def _check_state(self) -> None:
        """Raise if what a file held does not fit, before it takes any memory."""
        persistence.check_attributes(self)
        persistence.check_attributes(self.encoder_)
        labels = self.classes_.tolist()
        if self.classes_.ndim != 1 or not 0 < len(labels) == len(set(labels)):
            raise ValueError(f"`classes_` must be different labels. Got {labels[:9]}.")
        check_array_of(self.class_prior_, "class_prior_", self.classes_.shape, "f")

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Train on the rows of all classes.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Class of each row.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        with self._unchanged_if_it_fails():
            self._check_parameters()
            classes = self._index_classes(X, y)
            self._warn_of_memory(X, classes)
            self.encoder_ = self._make_encoder().fit(X, self.classes_[classes])
            self.class_prior_ = np.bincount(classes) / len(classes)
            return self._fit_encoded(X, y, classes, make_rng(self.random_state))

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_dataset(
        self, source: Any, target: Hashable, *, max_rows: int = MAX_ROWS
    ) -> Self:
        """Train on a table that need not fit into memory.

        The training uses every row of the rare classes and a uniform sample of each
        other class; see :func:`~gan_augment.datasets.sample_dataset`. This costs
        little, because trees learn from at most 20,000 rows of each class, every batch
        of networks holds each class equally often, and columns are encoded by their
        distribution within the classes. If the table has at most `max_rows` rows, the
        model is the one that :meth:`fit` trains on all of them.

        The table is read a second time, only the columns of the rules, to drop rules
        that hold in the sample but not in the whole table. An iterator cannot be read
        twice, so its rules are checked in the sample only. Levels and extremes of
        columns that no row of the sample has are not drawn.

        Parameters
        ----------
        source : path, list of paths, data set, frame or iterable of frames
            The table, such as a folder of Parquet files; see
            :func:`~gan_augment.datasets.open_source`.
        target : str
            Name of the column of the classes.
        max_rows : int, default=200_000
            Most rows to train on. The memory that is needed grows with it, and does
            not depend on the number of rows of the table.

        Returns
        -------
        self : object
            The fitted estimator. ``class_prior_`` holds the shares of the classes among
            all rows of the table.

        Raises
        ------
        ValueError
            If the table has no rows, no column `target`, a row without a class, too
            many classes for `max_rows`, or columns that change from one file or frame
            to the next.

        See Also
        --------
        gan_augment.datasets.sample_dataset : Draw the sample alone.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> from gan_augment import TabularGAN
        >>> rng = np.random.default_rng(0)
        >>> frame = pd.DataFrame({"x": rng.normal(size=9000)})
        >>> frame["rare"] = rng.random(9000) < 0.01
        >>> chunks = [frame[i : i + 1000] for i in range(0, 9000, 1000)]
        >>> gan = TabularGAN(max_steps=5, random_state=0)
        >>> gan = gan.fit_dataset(chunks, target="rare", max_rows=500)
        >>> gan.class_prior_.round(3)
        array([0.99, 0.01])
        """
        with self._unchanged_if_it_fails():
            self._check_parameters()
            rng = make_rng(self.random_state)
            source = open_source(source)
            # The sample has a seed of its own, so that the training is as that of fit.
            sample = sample_dataset(
                source, target, max_rows=max_rows, random_state=rng.spawn(1)[0]
            )
            X, y = sample.X, sample.y
            classes = self._index_classes(X, y)
            self._warn_of_memory(X, classes)
            self.encoder_ = self._make_encoder().fit(X, self.classes_[classes])
            # An index gives labels as pandas does, such as dates.
            counts = np.array([sample.class_counts[c] for c in pd.Index(self.classes_)])
            if source.is_repeatable and len(X) < counts.sum():
                self._drop_broken_rules(source, X, y)
            self.class_prior_ = counts / counts.sum()
            return self._fit_encoded(X, y, classes, rng)

    @contextmanager
    def _unchanged_if_it_fails(self) -> Iterator[None]:
        """Keep what an earlier fit has learned if this one ends with an error."""
        before = vars(self).copy()
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _check_parameters(self) -> None:
        # Inside a meta-estimator scikit-learn skips the validation of what is nested.
        self._validate_params()
        check_device(self.device)

    def _warn_of_memory(self, X: Any, classes: np.ndarray) -> None:
        needed = self._memory_of_fit(X, classes)
        what = f"The training on {len(classes):,} rows"
        warn_if_short(needed, what, stacklevel=4)

    def _index_classes(self, X: Any, y: Any) -> np.ndarray:
        """Learn the classes; the index of each row's."""
        y = column_or_1d(exact_labels(y))
        check_consistent_length(X, y)
        try:
            check_classification_targets(y)
            self.classes_, classes = np.unique(y, return_inverse=True)
        except TypeError as error:
            raise TypeError(
                f"`y` must hold labels that can be ordered. Got {error}. Convert them, "
                "for example to strings."
            ) from error
        return classes

    def _drop_broken_rules(self, source: Source, X: Any, y: Any) -> None:
        """Fit the encoder again without the rules that a row of a table breaks."""
        rules = getattr(self.encoder_, "rules_", None)
        if not isinstance(rules, Rules):
            return
        kept = rules.kept_by(lambda names: map(to_pandas, source.chunks(names)))
        if len(kept) < len(rules):
            encoder: Any = self._make_encoder()
            fitted = Rules(kept, categorical=rules.categorical).fit(X)
            self.encoder_ = encoder.set_params(rules=fitted).fit(X, y)

    def _fit_encoded(
        self, X: Any, y: Any, classes: np.ndarray, rng: np.random.Generator
    ) -> Self:
        """Train on rows that the encoder has learned."""
        self.history_ = {}
        with self._progress_bar(), events.task("train", self, X=X, y=y) as task:
            with one_thread(self.device):
                self._train(X, classes, rng)
            # The seed that sample() starts from when it is given none.
            self.sample_seed_ = draw_seed(rng)
            task.result = self
        return self

    def sample(
        self, n_samples: int = 1, *, label: Any = None, random_state: RandomState = None
    ) -> tuple[Any, np.ndarray]:
        """Draw synthetic rows.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        label : object, default=None
            The class of all rows; one of ``classes_``. If None, draw the classes with
            their shares among the training rows.
        random_state : int, RandomState instance or None, default=None
            Seed of the draw. If None, return the same rows in every call, which depend
            on the `random_state` of the estimator.

        Returns
        -------
        X : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features)
            Synthetic rows, in the container and the dtypes of the training rows.
        y : ndarray of shape (n_samples,)
            Their classes.

        Raises
        ------
        ValueError
            If `n_samples` is not a whole number of at least 1, or `label` is not one
            of the classes.
        """
        check_is_fitted(self, "sample_seed_")
        is_count = isinstance(n_samples, Integral) and not isinstance(n_samples, bool)
        if not is_count or n_samples < 1:
            raise ValueError(
                "`n_samples` must be a whole number of at least 1. Got "
                f"{n_samples!r}. Pass the number of rows, such as n_samples=100."
            )
        rng = make_rng(self.sample_seed_ if random_state is None else random_state)
        if label is None:
            classes = rng.choice(len(self.classes_), n_samples, p=self.class_prior_)
        else:
            classes = np.full(n_samples, self._class_index(label))
        with one_thread("cpu"):
            return self._draw_by_rules(classes, rng), self.classes_[classes]

    def _draw_by_rules(self, classes: np.ndarray, rng: np.random.Generator) -> Any:
        """Rows of these class indices; those that break a rule are drawn again."""
        rows = self._draw(classes, rng)
        rules = getattr(self.encoder_, "rules_", None)
        if not rules:
            return rows
        return keep_rules(
            rows, rules, lambda chosen: self._draw(classes[chosen], rng), rng
        )

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator as safetensors and JSON, without pickle.

        Parameters
        ----------
        path : path-like
            Directory; created if it does not exist.

        Raises
        ------
        TypeError
            If a column holds values other than numbers, strings, dates or intervals,
            or a rule is a function.
        """
        check_is_fitted(self, "sample_seed_")
        parameters = self.get_params(deep=False)
        # What only fit needs.
        for name in ("callbacks", "checkpoint_dir", "init_from"):
            parameters.pop(name, None)
        if not isinstance(parameters.get("rules"), str | None):
            del parameters["rules"]  # those that were found are in the encoder
        if not isinstance(parameters.get("loss", ""), str):
            del parameters["loss"]  # an object of the user's, which only fit needs
        if not isinstance(self.random_state, int | None):
            parameters["random_state"] = None  # spent: sample_seed_ was drawn from it
        fitted = {name: getattr(self, name) for name in self._saved_attributes}
        persistence.save(
            {
                "class": type(self).__name__,
                "parameters": parameters,
                "fitted": fitted,
                "encoder": self.encoder_.get_state(),
            },
            path,
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an estimator that :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            The directory.

        Returns
        -------
        model : BaseSynthesizer
            The fitted estimator; ``sample`` returns the same rows as before.

        Raises
        ------
        ModelFileError
            If the directory is damaged or holds another class.
        """
        return cls._from_tree(persistence.load(path, cls._saved_classes), path)

    @classmethod
    def _from_tree(cls, tree: dict[str, Any], path: str | Path) -> Self:
        """An estimator of what a file holds; `path` is for messages."""
        if not isinstance(tree, dict) or str(tree.get("class")) != cls.__name__:
            raise persistence.ModelFileError(
                f"{path} must hold a {cls.__name__}. Got another model."
            )
        try:
            model = cls(**tree["parameters"])
            model._validate_params()
            for name in cls._saved_attributes:
                setattr(model, name, tree["fitted"].pop(name))
            model.encoder_ = model._make_encoder().set_state(tree["encoder"])
            model._check_state()
            if tree["fitted"] or len(tree) != N_PARTS:
                raise ValueError("parts that are none of this class's")
            model.sample()  # raises where something else is damaged
        except Exception as error:  # a damaged file fails in ways nobody can list
            raise persistence.ModelFileError(
                f"{path} must be an undamaged {cls.__name__}. Got "
                f"{type(error).__name__}: {error}"
            ) from error
        return model

    def _class_index(self, label: Any) -> int:
        # pd.NA is neither equal nor unequal to anything, and a list is many labels.
        one = np.ndim(label) == 0 and label is not pd.NA
        equal = self.classes_ == label if one else [False]
        found = np.flatnonzero(equal)
        if len(found) != 1:
            raise ValueError(
                f"`label` must be one of the classes {self.classes_.tolist()}. "
                f"Got {label!r}."
            )
        return int(found[0])


def are_counts(numbers: Iterable[object]) -> bool:
    """Whether all numbers are whole and at least 1."""
    return all(isinstance(n, int | np.integer) and n > 0 for n in numbers)


def check_device(device: str) -> None:
    """Raise a ValueError if nothing can be drawn on a torch device."""
    try:
        torch.rand(1, generator=torch.Generator(device=device), device=device)
    # torch asserts that it has CUDA, and imports what other devices need.
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            "`device` must be a torch device of this machine. Got "
            f"{device!r}: {reason}. Use 'cpu'."
        ) from error
