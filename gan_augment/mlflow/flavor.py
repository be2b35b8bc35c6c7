"""A fitted GAN as an MLflow model: files without code or pickle."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import Model, ModelSignature, infer_signature
from mlflow.models.model import ModelInfo
from mlflow.types.schema import ParamSchema, ParamSpec, Schema, TensorSpec

import gan_augment
from gan_augment.gans import CTGAN, GANS, TVAE, BaseSynthesizer
from gan_augment.gans.loading import MLFLOW_DATA
from gan_augment.mlflow.cards import CARD_FILE, generator_card
from gan_augment.mlflow.frames import MAX_COLUMNS, without_schema_hints
from gan_augment.mlflow.names import check_registered_name
from gan_augment.mlflow.registration import describe, make_registered_model
from gan_augment.mlflow.registry import CANDIDATE
from gan_augment.mlflow.rules import RULES_FILE, RULES_KEY, rules_as_json, rules_of
from gan_augment.mlflow.schemas import SCHEMA_TAG, check_schema, schema_text
from gan_augment.mlflow.serving import PARAMETERS, GeneratorModel
from gan_augment.persistence import ModelFileError

FLAVOR_NAME = "gan_augment"
REGISTER = "Register a class of your own with `gan_augment.gans.register_gan`."
EXAMPLE_PARAMS = {"n_rows": 5, "target_class": "", "seed": 0}
# A column may be empty in five rows, and would have no type.
SIGNATURE_ROWS = 100


def get_default_pip_requirements(gan: BaseSynthesizer | None = None) -> list[str]:
    """Return the requirements of a saved generator: the installed versions, pinned.

    Examples
    --------
    >>> from gan_augment.mlflow import get_default_pip_requirements
    >>> get_default_pip_requirements()[0].partition("==")[0]
    'gan-augment'
    """
    packages = ["torch", "numpy", "pandas", "scikit-learn", "imbalanced-learn"]
    packages.append("safetensors")
    if isinstance(gan, CTGAN | TVAE):
        packages.append("ctgan")
    return [
        f"gan-augment=={gan_augment.__version__}",
        # A local build tag such as +cpu is not known to a package index.
        *(f"{package}=={version(package).split('+')[0]}" for package in packages),
    ]


def make_signature(gan: BaseSynthesizer) -> ModelSignature:
    """Signature of a generator: parameters in, a table with a target column out."""
    return ModelSignature(
        outputs=_output_schema(GeneratorModel(gan)),
        params=ParamSchema(
            [
                ParamSpec(
                    name, "string" if isinstance(default, str) else "long", default
                )
                for name, default in PARAMETERS.items()
            ]
        ),
    )


def _output_schema(model: GeneratorModel) -> Schema:
    """The columns of the answer; pixels, of which there are too many, as a tensor."""
    is_wide = model.n_columns > MAX_COLUMNS
    n_rows = 1 if is_wide else SIGNATURE_ROWS
    rows = model.predict(None, EXAMPLE_PARAMS | {"n_rows": n_rows})
    if is_wide:
        features, target = rows.iloc[:, :-1].to_numpy(), rows.iloc[:, -1].to_numpy()
        return Schema(
            [
                TensorSpec(features.dtype, (-1, model.n_columns), "features"),
                TensorSpec(target.dtype, (-1,), rows.columns[-1]),
            ]
        )
    with without_schema_hints():
        return infer_signature(model_output=rows).outputs


def save_model(
    gan: BaseSynthesizer,
    path: str | Path,
    *,
    mlflow_model: Model | None = None,
    signature: ModelSignature | None = None,
    pip_requirements: list[str] | None = None,
    class_counts: Mapping[Any, int] | None = None,
) -> None:
    """Save a fitted GAN as an MLflow model directory, with its card as ``README.md``.

    The rules that its rows keep are in ``rules.json``, and in words in the metadata of
    the model: ``mlflow.pyfunc.load_model(path).metadata.metadata["rules"]``.

    Parameters
    ----------
    gan : BaseSynthesizer
        The fitted GAN.
    path : path-like
        Directory; must not exist.
    mlflow_model : Model, default=None
        Description of the model, which is completed and written. If None, a new one.
    signature : ModelSignature, default=None
        If None, use :func:`make_signature`.
    pip_requirements : list of str, default=None
        If None, use :func:`get_default_pip_requirements`.
    class_counts : mapping, default=None
        Class -> number of training rows, for the card.

    Raises
    ------
    TypeError
        If the GAN cannot be saved, because one of its rules is a function, or a column
        holds values other than numbers, strings, dates or intervals.
    ValueError
        If the class of `gan` is not registered, see
        :func:`gan_augment.gans.register_gan`.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.mlflow import save_model
    >>> gan = TabularGAN(max_steps=5).fit(*load_iris(return_X_y=True))
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     save_model(gan, f"{directory}/model")
    ...     {"MLmodel", "README.md", "data"} <= set(os.listdir(f"{directory}/model"))
    True
    """
    if _registered_class(type(gan).__name__) is not type(gan):
        raise ValueError(
            f"`gan` must be of a registered class. Got {type(gan).__name__}, which "
            f"could not be loaded. {REGISTER}"
        )
    signature = signature or make_signature(gan)
    model = Model() if mlflow_model is None else mlflow_model
    model.add_flavor(
        FLAVOR_NAME,
        gan_augment_version=gan_augment.__version__,
        gan_class=type(gan).__name__,
        data=MLFLOW_DATA.as_posix(),
    )
    rules = rules_of(gan)
    if rules is not None:
        in_words = [str(rule) for rule in rules]
        model.metadata = (model.metadata or {}) | {RULES_KEY: in_words}
    with tempfile.TemporaryDirectory() as directory:
        files = Path(directory) / MLFLOW_DATA.name
        gan.save(files)
        mlflow.pyfunc.save_model(
            path,
            loader_module="gan_augment.mlflow",
            data_path=str(files),
            mlflow_model=model,
            signature=signature,
            input_example=(pd.DataFrame(), EXAMPLE_PARAMS),
            pip_requirements=pip_requirements or get_default_pip_requirements(gan),
        )
    card = generator_card(gan, signature.outputs, class_counts)
    (Path(path) / CARD_FILE).write_text(
        card, encoding="utf-8", errors="backslashreplace"
    )
    if rules is not None:
        (Path(path) / RULES_FILE).write_text(rules_as_json(rules), encoding="utf-8")


def log_model(
    gan: BaseSynthesizer,
    name: str = "generator",
    *,
    registered_model_name: str | None = None,
    alias: str | None = CANDIDATE,
    tags: dict[str, Any] | None = None,
    step: int | None = None,
    signature: ModelSignature | None = None,
    pip_requirements: list[str] | None = None,
    class_counts: Mapping[Any, int] | None = None,
) -> ModelInfo:
    """Log a fitted GAN to the active run, and register it if a name is given.

    The description of its version is a model card: data, training, limits, use.

    Parameters
    ----------
    gan : BaseSynthesizer
        The fitted GAN.
    name : str, default="generator"
        Name of the logged model.
    registered_model_name : str, default=None
        Name in the registry. If None, the model is not registered.
    alias : str, default="candidate"
        Alias of the new version. If None, no alias is set.
    tags : dict, default=None
        Tags of the logged model.
    step : int, default=None
        Step whose metrics of the run become those of the model. If None, use the last
        step.
    signature : ModelSignature, default=None
        If None, use :func:`make_signature`.
    pip_requirements : list of str, default=None
        If None, use :func:`get_default_pip_requirements`.
    class_counts : mapping, default=None
        Class -> number of training rows, for the card.

    Returns
    -------
    model_info : ModelInfo
        With ``model_id``, ``model_uri`` and ``registered_model_version``.

    Raises
    ------
    SchemaError
        If the versions of `registered_model_name` have other columns; nothing is
        logged.

    Examples
    --------
    >>> import mlflow
    >>> from gan_augment.mlflow import log_model
    >>> with mlflow.start_run():  # doctest: +SKIP
    ...     info = log_model(gan, registered_model_name="churn-generator")
    """
    signature = signature or make_signature(gan)
    if registered_model_name is not None:
        check_registered_name(registered_model_name)
        schema = schema_text(signature.outputs)
        client = mlflow.MlflowClient()
        check_schema(client, registered_model_name, schema)
        make_registered_model(client, registered_model_name)
        tags = dict(tags or {}) | {SCHEMA_TAG: schema}
    if step is None:
        step = last_step(gan)
    info = Model.log(
        artifact_path=None,
        name=name,
        flavor=sys.modules[__name__],
        gan=gan,
        registered_model_name=registered_model_name,
        tags=tags,
        step=step,
        signature=signature,
        pip_requirements=pip_requirements,
        class_counts=class_counts,
    )
    if registered_model_name is not None:
        number = str(info.registered_model_version)
        version = client.get_model_version(registered_model_name, number)
        describe(client, version, generator_card(gan, signature.outputs, class_counts))
    give_alias(info, registered_model_name, alias)
    return info


def last_step(gan: BaseSynthesizer) -> int:
    """The last step of its training; 0 of what is not trained in steps."""
    return int(gan.history_["step"][-1]) if gan.history_ else 0


def give_alias(info: ModelInfo, registered_name: str | None, alias: str | None) -> None:
    """Give an alias to the version that was just registered, if one was."""
    if registered_name and alias:
        mlflow.MlflowClient().set_registered_model_alias(
            registered_name, alias, str(info.registered_model_version)
        )


def load_model(model_uri: str, dst_path: str | None = None) -> BaseSynthesizer:
    """Load a generator, without running code of the model.

    Parameters
    ----------
    model_uri : str
        URI of the model, such as ``models:/churn-generator@candidate`` or
        ``models:/m-<id>``, or a path.
    dst_path : str, default=None
        Directory to download to. If None, use a temporary directory.

    Returns
    -------
    gan : BaseSynthesizer
        The fitted GAN.

    Raises
    ------
    ModelFileError
        If the model is not of this flavour, is damaged, or points outside its
        directory.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.mlflow import load_model, save_model
    >>> gan = TabularGAN(max_steps=5).fit(*load_iris(return_X_y=True))
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     save_model(gan, f"{directory}/model")
    ...     loaded = load_model(f"{directory}/model")
    >>> loaded.sample(3)[0].shape
    (3, 4)
    """
    path = mlflow.artifacts.download_artifacts(model_uri, dst_path=dst_path)
    return _load(Path(path))


def _registered_class(name: str) -> type[BaseSynthesizer] | None:
    """The class of this name; nothing is imported by a name that a file gives."""
    return next((c for c in GANS.values() if c.__name__ == name), None)


def _load(root: Path) -> BaseSynthesizer:
    """Load from a model directory, staying inside it."""
    try:
        flavor = dict(Model.load(str(root)).flavors[FLAVOR_NAME])
    except Exception as error:  # a damaged description fails in ways nobody can list
        raise ModelFileError(
            f"{root} must hold a {FLAVOR_NAME} model. Got another, or a damaged one."
        ) from error
    gan_class = _registered_class(str(flavor.get("gan_class")))
    if gan_class is None:
        raise ModelFileError(
            f"`gan_class` must be one of {sorted(c.__name__ for c in GANS.values())}. "
            f"Got {flavor.get('gan_class')!r}. {REGISTER}"
        )
    data = (root / str(flavor.get("data"))).resolve()
    if not data.is_relative_to(root.resolve()):
        raise ModelFileError(
            f"`data` must lie inside the model. Got {flavor.get('data')!r}."
        )
    return gan_class.load(data)


def _load_pyfunc(path: str) -> GeneratorModel:
    """Load for ``mlflow.pyfunc``, which gives the path of the data."""
    data = Path(path)
    root = next(p for p in (data, *data.parents) if (p / "MLmodel").exists())
    return GeneratorModel(_load(root))
