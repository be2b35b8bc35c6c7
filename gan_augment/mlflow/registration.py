"""Register a logged generator, once, with its card, and make it the candidate."""

from __future__ import annotations

from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.tracking import MlflowClient

from gan_augment.mlflow.cards import CARD_FILE, CARD_URI, MAX_DESCRIPTION
from gan_augment.mlflow.making import version_once
from gan_augment.mlflow.registry import CANDIDATE, by_alias, is_missing, versions_of
from gan_augment.mlflow.schemas import SCHEMA_TAG, check_schema, schema_text


def register(
    client: MlflowClient,
    name: str,
    model_id: str,
    local: Path,
    *,
    run_id: str,
    tags: dict[str, str],
    start_time: int,
) -> ModelVersion:
    """Register a logged generator, and give it the alias if it is the newest.

    What was registered before is found, so that this can be repeated.

    Parameters
    ----------
    client : MlflowClient
        The registry.
    name : str
        Registered model; made if it does not exist.
    model_id : str
        Id of the logged generator.
    local : Path
        Its directory.
    run_id : str
        Run that made it.
    tags : dict of str to str
        Tags of the version.
    start_time : int
        When that run began, in milliseconds.

    Returns
    -------
    version : ModelVersion
        The version.

    Raises
    ------
    SchemaError
        If the versions of the name give other columns.
    """
    schema = schema_text(Model.load(str(local)).get_output_schema())
    check_schema(client, name, schema)
    make_registered_model(client, name)
    version = version_once(
        client,
        lambda: [v for v in versions_of(client, model_id) if v.name == name],
        lambda: client.create_model_version(
            name,
            f"models:/{model_id}",
            run_id,
            tags=tags | {SCHEMA_TAG: schema},
            model_id=model_id,
        ),
    )
    card = local / CARD_FILE  # which an earlier release did not write
    if not version.description and card.is_file():  # or it has evidence by now
        describe(client, version, card.read_text(encoding="utf-8"))
    if _is_newest(client, name, start_time):
        client.set_registered_model_alias(name, CANDIDATE, version.version)
    return version


def make_registered_model(client: MlflowClient, name: str) -> None:
    """Make a registered model of a name, unless there is one."""
    try:
        client.create_registered_model(
            name,
            description="Generators of synthetic rows, made by gan_augment. The alias "
            "`candidate` is the newest, `champion` the newest for which there is "
            "evidence that it helps, `previous` the champion before it. The versions "
            "say what they were trained on and how to use them.",
        )
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def describe(client: MlflowClient, version: ModelVersion, card: str) -> None:
    """Make the card of a generator the description of its version."""
    uri = f"models:/{version.name}/{version.version}"
    text = card.replace(CARD_URI, uri)[:MAX_DESCRIPTION]
    client.update_model_version(version.name, version.version, text)


def _is_newest(client: MlflowClient, name: str, start_time: int) -> bool:
    """Whether the candidate so far, if any, was trained before this generator."""
    candidate = by_alias(client, name, CANDIDATE)
    if candidate is None or not candidate.run_id:
        return True
    try:
        run = client.get_run(candidate.run_id)
    except MlflowException as error:
        if not is_missing(error):
            raise
        return True
    return run.info.start_time <= start_time
