"""All versions of a registered name give the same columns."""

from __future__ import annotations

from hashlib import sha256

from mlflow.tracking import MlflowClient
from mlflow.types.schema import Schema, TensorSpec

from gan_augment.mlflow.names import quoted

# On a version: what it gives.
SCHEMA_TAG = "gan_augment.schema"
# The value of a version that is no generator.
CLASSIFIER = "a classifier"
# A column may have a missing value in one training table and none in the next.
NUMBERS = {"integer", "long", "float", "double", "boolean"}


class SchemaError(ValueError):
    """The versions of a registered model have other columns.

    Examples
    --------
    >>> from gan_augment.mlflow import SchemaError
    >>> issubclass(SchemaError, ValueError)
    True
    """


def schema_text(outputs: Schema | None) -> str:
    """Say in short what a generator gives: columns, their names and kinds.

    Parameters
    ----------
    outputs : mlflow.types.Schema or None
        Outputs of the signature of a generator.

    Returns
    -------
    text : str
        The same for the same names and kinds in the same order.
    """
    if outputs is None:
        return "unknown columns"
    columns = []
    for column in outputs.inputs:
        if isinstance(column, TensorSpec):
            columns.append(f"{column.name} {column.shape}")
        else:
            kind = getattr(column.type, "name", str(column.type))
            columns.append(f"{column.name} {'number' if kind in NUMBERS else kind}")
    first = outputs.inputs[0]
    n_columns = len(columns) - 1  # without the class
    if isinstance(first, TensorSpec):
        n_columns = first.shape[-1]
    digest = sha256("\n".join(columns).encode("utf-8", "backslashreplace")).hexdigest()
    return f"{n_columns} columns, {digest[:8]}"


def check_schema(client: MlflowClient, name: str, schema: str) -> None:
    """Raise if the versions of a name are something else.

    Parameters
    ----------
    client : MlflowClient
        The registry.
    name : str
        Registered model; it need not exist.
    schema : str
        What the new version gives, as of :func:`schema_text`.

    Raises
    ------
    SchemaError
        If a version has another schema. Versions that nobody noted it for do not count.
    """
    versions = client.search_model_versions(f"name = {quoted(name)}")
    for version in versions:
        known = (version.tags or {}).get(SCHEMA_TAG, schema)
        if known != schema:
            raise SchemaError(
                "`registered_model_name` must be a name whose versions give the same "
                f"columns. Got {name!r}, whose version {version.version} is {known}; "
                f"this model is {schema}. Register it under another name."
            )
