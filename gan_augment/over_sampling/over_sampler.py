"""GANOverSampler: validate, plan, fit the GAN, sample, refine, stack."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_memory, validate_data

from gan_augment import events
from gan_augment.encoding.container import (
    as_array,
    check_columns,
    stack_rows,
    to_frame,
)
from gan_augment.encoding.frames import (
    labels_like,
    labels_to_pandas,
    stack_like,
    to_pandas,
)
from gan_augment.encoding.labels import exact_labels, plain_label
from gan_augment.encoding.pictures import (
    check_no_file_names,
    pictures_to_array,
    stack_pictures,
)
from gan_augment.encoding.rows import RealRows
from gan_augment.gans import GANS, TabularGAN
from gan_augment.gans.base import BaseSynthesizer, Synthesizer
from gan_augment.memory import warn_if_short
from gan_augment.over_sampling.class_filter import ClassFilter
from gan_augment.over_sampling.copy_filter import CopyFilter
from gan_augment.over_sampling.identifiers import FreshIdentifiers
from gan_augment.over_sampling.image_mixture import ImageMixture
from gan_augment.over_sampling.kept_rules import KeptRules, NewCombinations
from gan_augment.over_sampling.leakage import remember, warn_of_synthetic_rows
from gan_augment.over_sampling.refinement import draw_refined
from gan_augment.over_sampling.strategy import check_counts, check_ratio
from gan_augment.progress import Verbose, progress_bar
from gan_augment.seeding import RandomState, make_rng, seeded
from gan_augment.tables.check import warn_of_levels
from gan_augment.tables.rules import Rules
from gan_augment.tables.rules.keeping import dropping_later

REFINES = HasMethods(["fit", "n_draws", "refine"])


class GANOverSampler(BaseOverSampler):
    """Over-sample the rare classes with synthetic rows that a GAN draws.

    This is an imbalanced-learn sampler: put it before the classifier in a pipeline of
    ``imblearn.pipeline``. Each call of :meth:`fit_resample` trains a class-conditional
    GAN on all rows, draws the rows that `sampling_strategy` asks for, keeps those that
    look most like their class, and appends them to the real rows. Frames, arrays, lists
    and sparse matrices are returned in the type of the input. Synthetic numbers have
    the decimals of the training data, synthetic categories occur in it, and values are
    missing only in columns where it has missing values.

    Images are arrays or torch tensors of shape (n, h, w), (n, h, w, c) or (n, c, h, w),
    or lists of PIL images, and are returned in the same form. By default, half of the
    synthetic images are drawn by the GAN, and half are real images that are shifted
    slightly. If images are rows of numbers, pass ``ImageGAN(image_shape=(h, w))`` as
    `gan`.

    Over-sampling often does not help, and it changes the probabilities that a
    classifier predicts. Compare with the classifier alone on held-out real rows first.

    Parameters
    ----------
    gan : {"tabular", "image", "ctgan", "tvae"} or estimator, default=None
        Generator that draws the synthetic rows. A name selects an estimator with its
        default parameters: ``"tabular"`` :class:`~gan_augment.TabularGAN`, ``"image"``
        :class:`~gan_augment.ImageGAN`, and ``"ctgan"`` and ``"tvae"`` the models of the
        ctgan package, :class:`~gan_augment.CTGAN` and :class:`~gan_augment.TVAE`.
        Names registered by :func:`~gan_augment.gans.register_gan` are accepted too. An
        estimator must have ``fit(X, y)`` and ``sample(n_samples, label=...,
        random_state=...)``; set its parameters as ``gan__max_steps``. If None, use
        ``"image"`` for images and ``"tabular"`` for tables.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes to over-sample, and to what size, as in imbalanced-learn:

        - a float is the ratio of minority to majority rows after resampling, for two
          classes only;
        - ``"minority"``, ``"not minority"``, ``"not majority"`` or ``"all"`` names the
          classes that are raised to the size of the majority class, and ``"auto"`` is
          the same as ``"not majority"``;
        - a dict gives the number of rows wanted of each class;
        - a callable takes `y` and returns such a dict.

    sample_filter : {"class"}, Refinement or None, default="class"
        Filter that chooses which of the drawn rows are kept. ``"class"`` uses
        :class:`~gan_augment.over_sampling.ClassFilter` with its defaults. If None, keep
        every row. Images are not filtered, because the filter would keep only the most
        typical ones.
    mixture : {"auto"}, ImageMixture or None, default="auto"
        For images, the share of images that the GAN draws, and how real images are
        changed to make the others. ``"auto"`` uses :class:`~gan_augment.ImageMixture`
        with its defaults. If None, the GAN draws every image. Ignored for tables.
    rules : "auto", list, Rules or None, default="auto"
        Rules of the table, such as ``"net <= gross"``, that every real row keeps and
        every synthetic row is made to keep. ``"auto"`` finds them in the real rows. A
        list may hold rules, functions that take a frame and return one boolean per row,
        and ``"auto"`` to add those that are found. If None, no rules are used. Ignored
        for images. A GAN that is passed as an estimator has its own parameter `rules`:
        its rows keep the rules of both, and ``"auto"`` finds no others than the GAN.
        See :class:`~gan_augment.tables.rules.Rules`.
    refinements : sequence of Refinement, default=()
        Further steps that change or select the rows that the GAN draws. They are
        applied in this order, before copies of real rows are refused and before
        `sample_filter`. Each must have the methods ``fit``, ``n_draws`` and ``refine``
        of :class:`~gan_augment.over_sampling.Refinement`.
    memory : str or object with the joblib.Memory interface, default=None
        Directory or cache for fitted GANs and filters, as in scikit-learn's
        ``Pipeline``. A fit of the same estimator with the same seed on the same rows is
        read from the cache rather than repeated. The cache does not depend on
        `sampling_strategy`, so a search over it trains one GAN per fold. Caching needs
        an int as `random_state`, so that seeds repeat. joblib caches with pickle: use a
        directory that only you can write to. If None, nothing is cached.
    verbose : bool or "auto", default="auto"
        Whether to show a progress bar on standard error. ``"auto"`` shows one after
        three seconds in a terminal or a notebook, but not for every fit of a search or
        a cross-validation. There is one bar, whatever runs inside.
    random_state : int, RandomState instance or None, default=None
        Seed of every random choice. Pass an int to get the same rows in every call and
        in every process. The global random state is neither read nor changed.

    Attributes
    ----------
    gan_ : estimator
        The fitted GAN. ``gan_.sample`` draws more rows.
    history_ : dict of str to list of float
        Steps, seconds and mean losses of every epoch of the training.
    sampling_strategy_ : dict
        Class -> number of rows to generate.
    refinements_ : list of Refinement
        All fitted refinements in the order in which they are applied: the mixture,
        `refinements`, the rules, the filter of copies, `sample_filter`, the filter of
        combinations that must not repeat, and the step that gives identifiers fresh
        values.
    sample_filter_ : Refinement or None
        The fitted filter. None if rows are not filtered.
    mixture_ : ImageMixture or None
        The fitted mixture. ``mixture_.report_`` holds the measures of the images that
        the GAN draws. None if the GAN draws every row.
    rules_ : Rules or None
        The rules that the synthetic rows keep. None for images.
    n_synthetic_ : dict
        Class -> number of rows generated.
    n_copies_ : dict
        Class -> number of synthetic rows that equal a real row. Above 0 only if real
        rows repeat each other, or their columns hold so few values that they might.
    synthetic_mask_ : ndarray of shape (n_samples_new,), dtype=bool
        Which of the returned rows are synthetic. They come after the real rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they are strings.

    See Also
    --------
    ResampledClassifier : Resample inside fit, and correct the probabilities.
    compare : Measure whether over-sampling helps.
    check_table : Find problems of a table before anything is trained on it.

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

    _parameter_constraints: Mapping[str, Sequence[object]] = {
        **BaseOverSampler._parameter_constraints,
        # A view, so that GANs which are registered later are accepted.
        "gan": [StrOptions(GANS.keys()), HasMethods(["fit", "sample"]), None],
        "sample_filter": [StrOptions({"class"}), REFINES, None],
        "mixture": [StrOptions({"auto"}), ImageMixture, None],
        "rules": [StrOptions({"auto"}), list, tuple, Rules, None],
        "refinements": [list, tuple],
        "memory": [str, HasMethods(["cache"]), None],
        "verbose": ["boolean", StrOptions({"auto"})],
    }

    def __init__(
        self,
        gan: str | Synthesizer | None = None,
        *,
        sampling_strategy: float
        | str
        | Mapping[Any, int]
        | Callable[[np.ndarray], Mapping[Any, int]] = "auto",
        sample_filter: Any = "class",
        mixture: str | ImageMixture | None = "auto",
        rules: Any = "auto",
        refinements: Sequence[Any] = (),
        memory: Any = None,
        verbose: Verbose = "auto",
        random_state: RandomState = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.gan = gan
        self.sample_filter = sample_filter
        self.mixture = mixture
        self.rules = rules
        self.refinements = refinements
        self.memory = memory
        self.verbose = verbose
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Append synthetic rows of the rare classes.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows: a pandas, polars or pyarrow frame, an array, lists, or
            images: an array or torch tensor of shape (n_samples, h, w), (n_samples, h,
            w, c) or (n_samples, c, h, w), or a list of PIL images.
        y : array-like of shape (n_samples,)
            Their classes.
        **params : dict
            Parameters of imbalanced-learn's ``fit_resample``.

        Returns
        -------
        X_resampled : {DataFrame, array-like, sparse matrix}
            The rows of `X`, then the synthetic rows, in the type and dtypes of `X`.
        y_resampled : array-like of shape (n_samples_new,)
            Their classes, in the type of `y`.
        """
        rows, labels = to_pandas(pictures_to_array(X)), labels_to_pandas(y)
        with (
            progress_bar(self.verbose),
            events.task("fit_resample", self, X=rows, y=labels) as task,
        ):
            task.result = super().fit_resample(rows, labels, **params)
        resampled, y_resampled = task.result
        if rows is not X:
            stack = stack_like if isinstance(rows, pd.DataFrame) else stack_pictures
            resampled = stack(X, resampled[len(rows) :])
        return resampled, labels_like(y, y_resampled)

    def _check_X_y(self, X: Any, y: Any) -> tuple[Any, np.ndarray, bool]:
        y, binarize_y = check_target_type(exact_labels(y), indicate_one_vs_all=True)
        if isinstance(X, pd.DataFrame):
            check_columns(X)
            check_no_file_names(X)
        else:
            takes_images = self._takes_images(X)
            X = check_array(
                X if sparse.issparse(X) else as_array(X),
                dtype="numeric" if takes_images else None,
                accept_sparse=["csr", "csc"],
                ensure_all_finite=True if takes_images else "allow-nan",
                allow_nd=takes_images,
            )
            check_no_file_names(X)
        check_consistent_length(X, y)
        validate_data(self, X=X, y=y, reset=True, skip_check_array=True)
        check_ratio(self.sampling_strategy, y)
        return X, y, binarize_y

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        warn_of_synthetic_rows(X, "The rows of fit_resample")
        check_counts(self.sampling_strategy_)
        self._check_refinements()
        rng = make_rng(self.random_state)
        real = RealRows(X)
        wanted = {label: int(n) for label, n in self.sampling_strategy_.items() if n}
        self._warn_of_memory(real, y, wanted)
        self._fit_all(real, y, list(wanted), rng)
        self._warn_of_levels(real)
        drawn, labels = [X], [y]
        self.n_synthetic_, self.n_copies_ = {}, {}
        # What gives way where the rows that are wanted cannot be had otherwise.
        optional = self._copies, self._combinations
        for label, n_rows in wanted.items():
            with dropping_later(bool(self.rules_)):
                rows = draw_refined(
                    self.gan_,
                    self.refinements_,
                    label,
                    n_rows,
                    rng,
                    last_resort=[r for r in self.refinements_ if r not in optional],
                )
            drawn.append(rows)
            labels.append(np.full(n_rows, label, dtype=y.dtype))
            key = plain_label(label)
            self.n_synthetic_[key] = n_rows
            self.n_copies_[key] = int(self._copies.is_copy(rows).sum())
            if not self.n_copies_[key]:
                # Where rows repeat, unseen real rows may equal synthetic ones too.
                remember(rows)
        self._report_copies()
        X_resampled, y_resampled = stack_rows(drawn), np.concatenate(labels)
        self.synthetic_mask_ = np.arange(len(y_resampled)) >= len(y)
        self._report_repeats(X_resampled)
        return X_resampled, y_resampled

    def _fit_all(
        self, real: RealRows, y: np.ndarray, labels: list[Any], rng: np.random.Generator
    ) -> None:
        """Fit the GAN, then what refines its rows."""
        memory = check_memory(self.memory)
        unfitted = seeded(self._make_gan(real.X), rng)
        # Images need no conversion; a user's own fit expects the rows as they came.
        shares = getattr(type(unfitted), "fit", None) is BaseSynthesizer.fit
        rows = real if shares and not self._takes_images(real.X) else real.X
        self.gan_ = memory.cache(_fit_gan)(unfitted, rows, y)
        self.history_ = getattr(self.gan_, "history_", {})
        # The GAN follows from what it was before its fit, which is faster to compare.
        fit_cached = memory.cache(_fit_refinement, ignore=["gan"])
        fitted: dict[str, Any] = {}
        for name, refinement in self._make_refinements(real.X).items():
            if isinstance(refinement, BaseEstimator):
                seeded(refinement, rng)
                fitted[name] = fit_cached(
                    refinement, real, y, labels, unfitted, self.gan_
                )
            else:
                fitted[name] = refinement.fit(real, y, self.gan_, labels)
        self.refinements_ = list(fitted.values())
        self.mixture_ = fitted.get("mixture")
        self.sample_filter_ = fitted.get("filter")
        self.rules_ = fitted["rules"].rules_ if "rules" in fitted else None
        self._copies = fitted["copies"]
        self._combinations = fitted.get("combinations")

    def _make_gan(self, X: Any) -> Synthesizer:
        if self.gan is not None and not isinstance(self.gan, str):
            return clone(self.gan)
        made = GANS[self.gan or ("image" if np.ndim(X) > 2 else "tabular")]()
        if "rules" in made.get_params(deep=False):
            made.set_params(rules=self.rules)
        return made

    def _make_refinements(self, X: Any) -> dict[str, Any]:
        """Unfitted refinements, in the order in which they are applied."""
        takes_images = self._takes_images(X)
        made: dict[str, Any] = {}
        if takes_images and self.mixture is not None:
            own = isinstance(self.mixture, str)
            made["mixture"] = ImageMixture() if own else clone(self.mixture)
        for number, refinement in enumerate(self.refinements):
            made[f"refinement {number}"] = clone(refinement, safe=False)
        kept = KeptRules(self.rules)
        if not takes_images:
            made["rules"] = kept
        made["copies"] = CopyFilter()
        if not takes_images and self.sample_filter is not None:
            own = isinstance(self.sample_filter, str)
            made["filter"] = (
                ClassFilter() if own else clone(self.sample_filter, safe=False)
            )
        if not takes_images:
            made["combinations"] = NewCombinations(kept)
            made["identifiers"] = FreshIdentifiers()
        return made

    def _takes_images(self, X: Any) -> bool:
        """Whether X is images: by its shape if no GAN is named, else by the GAN."""
        if isinstance(self.gan, str):
            return GANS[self.gan]._draws_images
        if isinstance(self.gan, BaseSynthesizer):
            return self.gan._draws_images
        return np.ndim(X) > 2

    def _warn_of_memory(
        self, real: RealRows, y: np.ndarray, wanted: Mapping[Any, int]
    ) -> None:
        """Warn if the rows to draw need more memory than there is.

        A training that needs more warns itself.
        """
        gan = self._make_gan(real.X)
        if isinstance(gan, TabularGAN):
            most = max(wanted.values(), default=0)
            needed = gan._size_of(real).draw_bytes(most)
            what = f"Drawing {most:,} rows of a class"
            warn_if_short(needed, what, stacklevel=5)

    def _check_refinements(self) -> None:
        """Raise a ValueError if `refinements` holds something else."""
        for refinement in self.refinements:
            if not REFINES.is_satisfied_by(refinement):
                raise ValueError(
                    "`refinements` must hold objects with fit, n_draws and refine. Got "
                    f"{refinement!r}. Derive its class from Refinement."
                )

    def _warn_of_levels(self, real: RealRows) -> None:
        encoder = getattr(self.gan_, "encoder_", None)
        kinds = getattr(encoder, "dtypes_", {})
        many = [name for name, kind in kinds.items() if kind == "high-cardinality"]
        if many:
            warn_of_levels(real.frame, many, stacklevel=_level_of_caller())

    def _report_copies(self) -> None:
        copied = {label: n for label, n in self.n_copies_.items() if n}
        if copied:
            warnings.warn(
                "Some synthetic rows equal a real row in every column but identifiers, "
                "because real rows repeat each other or their columns hold few "
                "different values. "
                f"Copies by class: {copied}; see `n_copies_`.",
                UserWarning,
                stacklevel=_level_of_caller(),
            )

    def _report_repeats(self, X_resampled: Any) -> None:
        """Warn of synthetic rows that repeat what no two real rows have in common."""
        for rule in self.rules_.between_rows() if self.rules_ is not None else []:
            repeats = rule.violations(to_frame(X_resampled)) & self.synthetic_mask_
            if repeats.any():
                warnings.warn(
                    f"{repeats.sum()} synthetic rows break a rule: {rule}. Few other "
                    "combinations are left. Leave these rows out, or ask for fewer.",
                    UserWarning,
                    stacklevel=_level_of_caller(),
                )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        takes_tables = not self._takes_images(None)
        tags.input_tags.allow_nan = takes_tables
        tags.input_tags.string = takes_tables
        return tags


def _level_of_caller() -> int:
    """How far up the stack the code is that called this library, or one around it."""
    level, frame = 0, inspect.currentframe()
    while frame is not None:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package not in ("gan_augment", "imblearn", "sklearn"):
            break
        level, frame = level + 1, frame.f_back
    return level


def _fit_gan(gan: Synthesizer, X: Any, y: np.ndarray) -> Synthesizer:
    """Fit a GAN. `memory` caches this; the classes wanted are no part of it."""
    # A clone: the GAN as it is before its fit is a part of the filter's cache key.
    return clone(gan).fit(X, y)


def _fit_refinement(
    refinement: Any,
    real: RealRows,
    y: np.ndarray,
    labels: list[Any],
    unfitted_gan: Synthesizer,
    gan: Synthesizer,
) -> Any:
    """Fit a refinement. `memory` caches this, by the GAN as it was before its fit."""
    return refinement.fit(real, y, gan, labels)
