"""GANOverSampler: validate, plan, fit the GAN, sample, filter, stack."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_array, check_consistent_length
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_memory, validate_data

from gan_augment.encoding.container import check_column_names, stack_rows
from gan_augment.encoding.labels import exact_labels, plain_label
from gan_augment.gans import GANS, ImageGAN
from gan_augment.gans.base import BaseSynthesizer
from gan_augment.over_sampling.class_filter import ClassFilter
from gan_augment.over_sampling.copy_filter import CopyFilter
from gan_augment.over_sampling.image_mixture import ImageMixture
from gan_augment.over_sampling.leakage import remember, warn_of_synthetic_rows
from gan_augment.seeding import RandomState, make_rng, seeded

# Draws for one class before copies of real rows are taken for unavoidable.
MAX_DRAWS = 8


class GANOverSampler(BaseOverSampler):
    """Over-sample with a GAN: synthetic rows for the classes that are rare.

    A native imbalanced-learn sampler: put it into ``imblearn.pipeline``, before the
    classifier. Each call of :meth:`fit_resample` trains a class-conditional GAN on all
    rows, draws the rows that `sampling_strategy` asks for, keeps those that look most
    like their class, and appends them. Frames, arrays, lists and sparse matrices come
    back as they came, with numbers on their own grid, known categories only and
    missing values where the data has them.

    Images, arrays of shape (n, h, w), (n, h, w, c) or (n, c, h, w), come back as they
    came too: half of the new ones are the GAN's, half are copies of real ones that are
    shifted a little. Images as rows of numbers need ``ImageGAN(image_shape=(h, w))``.

    Over-sampling helps less often than is thought, and it moves the classifier's
    probabilities. Compare with the plain classifier on held-out real rows first.

    Parameters
    ----------
    gan : {"tabular", "image", "ctgan", "tvae"} or estimator, default=None
        What draws the rows. None takes :class:`~gan_augment.ImageGAN` for images and
        :class:`~gan_augment.TabularGAN` for tables, with their defaults, as ``"image"``
        and ``"tabular"`` do; ``"ctgan"`` and ``"tvae"`` the models of the ctgan
        package, :class:`~gan_augment.CTGAN` and :class:`~gan_augment.TVAE`. An
        estimator has ``fit(X, y)`` and ``sample(n_samples, label=...,
        random_state=...)``; its parameters are reached as ``gan__max_steps``.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn: the ratio of minority to majority rows (binary only);
        ``"minority"``, ``"not minority"``, ``"not majority"``, ``"all"``, or ``"auto"``
        for ``"not majority"``; the number of rows wanted of each class; or a callable
        that gives this from `y`.
    sample_filter : {"class"}, ClassFilter or None, default="class"
        Which rows are kept. ``"class"`` takes
        :class:`~gan_augment.over_sampling.ClassFilter` with its defaults, None keeps
        every row. Copies of real rows are refused in any case. Images are not filtered:
        of them it keeps the most ordinary.
    mixture : {"auto"}, ImageMixture or None, default="auto"
        Of images, which share is the GAN's, and what copies of the others may change.
        ``"auto"`` takes :class:`~gan_augment.ImageMixture` with its defaults, None
        takes images of the GAN alone. Of tables every row is the GAN's.
    memory : str or object with the joblib.Memory interface, default=None
        Where fitted GANs and filters are cached, such as a directory, as in
        scikit-learn's ``Pipeline``. A fit of the same estimator with the same seed on
        the same rows is then read rather than repeated, whatever `sampling_strategy`
        is, so that a search over it trains one GAN a fold. It needs seeds that repeat:
        an int as `random_state`. joblib caches by pickle: take a directory that only
        you can write to.
    random_state : int, RandomState instance or None, default=None
        Source of every random choice. An int gives the same rows in every call and
        in every process; the global random state is never touched.

    Attributes
    ----------
    gan_ : estimator
        The fitted GAN; draws more rows with ``gan_.sample``.
    history_ : dict of str to list of float
        Steps, seconds and mean losses of every epoch of the training.
    sampling_strategy_ : dict
        Class -> number of rows to generate.
    sample_filter_ : ClassFilter or None
        The fitted filter, if rows are filtered.
    mixture_ : ImageMixture or None
        Of images: the fitted mixture; ``mixture_.report_`` says how the GAN was judged.
        None where every row is the GAN's.
    n_synthetic_ : dict
        Class -> number of rows generated.
    n_copies_ : dict
        Class -> how many of these equal a real row. Above 0 only where real rows
        repeat each other, or their columns hold so few values that they might.
    synthetic_mask_ : ndarray of shape (n_samples_new,), dtype=bool
        Which of the returned rows are synthetic. They come after the real rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they are strings.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from gan_augment import GANOverSampler
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> sampler = GANOverSampler(random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> sorted(Counter(y_resampled.tolist()).items())
    [(0, 269), (1, 269)]
    >>> sampler.n_synthetic_
    {1: 238}
    """

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "gan": [StrOptions(set(GANS)), HasMethods(["fit", "sample"]), None],
        "sample_filter": [
            StrOptions({"class"}),
            ClassFilter,
            None,
        ],
        "mixture": [StrOptions({"auto"}), ImageMixture, None],
        "memory": [str, HasMethods(["cache"]), None],
    }

    def __init__(
        self,
        gan: Any = None,
        *,
        sampling_strategy: float | str | Mapping[Any, int] | Callable = "auto",
        sample_filter: str | ClassFilter | None = "class",
        mixture: str | ImageMixture | None = "auto",
        memory: Any = None,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.gan = gan
        self.sample_filter = sample_filter
        self.mixture = mixture
        self.memory = memory
        self.random_state = random_state

    def _check_X_y(self, X: Any, y: Any) -> tuple[Any, np.ndarray, bool]:
        y, binarize_y = check_target_type(exact_labels(y), indicate_one_vs_all=True)
        if isinstance(X, pd.DataFrame):
            check_column_names(X)
        else:
            takes_images = self._takes_images(X)
            X = check_array(
                X,
                dtype="numeric" if takes_images else None,
                accept_sparse=["csr", "csc"],
                ensure_all_finite=True if takes_images else "allow-nan",
                allow_nd=takes_images,
            )
        check_consistent_length(X, y)
        validate_data(self, X=X, y=y, reset=True, skip_check_array=True)
        return X, y, binarize_y

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        warn_of_synthetic_rows(X, "The rows of fit_resample")
        rng = make_rng(self.random_state)
        fit = check_memory(self.memory).cache(_fit)
        self.gan_ = fit(seeded(self._make_gan(X), rng), X, y)
        self.history_ = getattr(self.gan_, "history_", {})
        self.mixture_ = self._fit_mixture(X, y, rng)
        source = self.gan_ if self.mixture_ is None else self.mixture_
        self.sample_filter_ = self._make_filter(X)
        if self.sample_filter_ is not None:
            self.sample_filter_ = fit(seeded(self.sample_filter_, rng), X, y)
        copies = CopyFilter(X)
        drawn, labels = [X], [y]
        self.n_synthetic_, self.n_copies_ = {}, {}
        for label, n_rows in self.sampling_strategy_.items():
            if n_rows == 0:
                continue
            rows = self._draw(source, label, n_rows, copies, rng)
            drawn.append(rows)
            labels.append(np.full(n_rows, label, dtype=y.dtype))
            key = plain_label(label)
            self.n_synthetic_[key] = int(n_rows)
            copied = copies.is_copy(rows)
            self.n_copies_[key] = int(copied.sum())
            if not copied.any():
                # Where rows repeat, unseen real rows may equal synthetic ones too.
                remember(rows)
        self._report_copies()
        y_resampled = np.concatenate(labels)
        self.synthetic_mask_ = np.arange(len(y_resampled)) >= len(y)
        return stack_rows(drawn), y_resampled

    def _make_gan(self, X: Any) -> Any:
        if self.gan is None:
            return GANS["image" if np.ndim(X) > 2 else "tabular"]()
        return GANS[self.gan]() if isinstance(self.gan, str) else clone(self.gan)

    def _fit_mixture(
        self, X: Any, y: np.ndarray, rng: np.random.Generator
    ) -> ImageMixture | None:
        """What images are drawn from, if copies of real ones are to be among them."""
        if self.mixture is None or not self._takes_images(X):
            return None
        mixture = clone(self.mixture) if self.mixture != "auto" else ImageMixture()
        wanted = [label for label, n in self.sampling_strategy_.items() if n]
        return seeded(mixture, rng).fit(X, y, self.gan_, wanted)

    def _takes_images(self, X: Any) -> bool:
        """Whether X is images: to us if no GAN is named, else to the GAN."""
        if isinstance(self.gan, str | BaseSynthesizer):
            return self.gan == "image" or isinstance(self.gan, ImageGAN)
        return np.ndim(X) > 2

    def _make_filter(self, X: Any) -> Any:
        if self.sample_filter is None or self._takes_images(X):
            return None
        if self.sample_filter == "class":
            return ClassFilter()
        return clone(self.sample_filter)

    def _draw(
        self,
        source: Any,
        label: Any,
        n_rows: int,
        copies: CopyFilter,
        rng: np.random.Generator,
    ) -> Any:
        """Draw exactly `n_rows` rows of a class, copies only as the last resort."""
        n_wanted, sample_filter = n_rows, self.sample_filter_
        if sample_filter is not None:
            n_wanted = math.ceil(n_rows * sample_filter.draws_per_row)
        fresh, n_fresh, copied = [], 0, []
        for _ in range(MAX_DRAWS):
            rows, _ = source.sample(n_wanted - n_fresh, label=label, random_state=rng)
            refused = copies.refused(rows)
            fresh.append(_safe_indexing(rows, np.flatnonzero(~refused)))
            copied.append(_safe_indexing(rows, np.flatnonzero(refused)))
            n_fresh += int((~refused).sum())
            if n_fresh == n_wanted:
                break
        # With too few fresh rows, the copies belong to what the GAN has learned.
        pool = stack_rows(fresh if n_fresh >= n_rows else [*fresh, *copied])
        if sample_filter is None:
            return _safe_indexing(pool, np.arange(n_rows))
        return _safe_indexing(pool, sample_filter.select(pool, label, n_rows))

    def _report_copies(self) -> None:
        copied = {label: n for label, n in self.n_copies_.items() if n}
        if copied:
            warnings.warn(
                "Some synthetic rows equal a real row in every column, because real "
                "rows repeat each other or their columns hold few different values. "
                f"Copies by class: {copied}; see `n_copies_`.",
                UserWarning,
                stacklevel=3,
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        takes_tables = not self._takes_images(None)
        tags.input_tags.allow_nan = takes_tables
        tags.input_tags.string = takes_tables
        return tags


def _fit(estimator: Any, X: Any, y: np.ndarray) -> Any:
    """What `memory` caches; the classes wanted are no part of it."""
    return estimator.fit(X, y)
