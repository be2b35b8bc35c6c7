"""Create something in MLflow once, although calls whose answer is lost are repeated.

MLflow's client repeats every call that is answered with an error of the server or not
at all. What the server had made by then, it makes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mlflow.entities import LoggedModel, Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from gan_augment.mlflow.names import quoted
from gan_augment.mlflow.servers import is_final

T = TypeVar("T")
# MLflow's name for what is there already.
EXISTS = "RESOURCE_ALREADY_EXISTS"


class Made:
    """The run and the model of one key in an experiment, each made if it is not there.

    Parameters
    ----------
    client : MlflowClient
        The store.
    experiment_id : str
        The experiment.
    tag, key : str
        The tag that the run and the model have, and its value, which nothing else has.
    """

    def __init__(
        self, client: MlflowClient, experiment_id: str, tag: str, key: str
    ) -> None:
        self.experiment_id, self._client = experiment_id, client
        self._filter = f"tags.`{tag}` = {quoted(key)}"

    def run(self, make: Callable[[], Run]) -> str:
        """Id of the run."""
        return once(self._runs, make, _run_id).info.run_id

    def model(self, make: Callable[[], LoggedModel]) -> LoggedModel:
        """The logged model."""
        return once(self._models, make, _model_id)

    def delete_doubles(self, run_id: str, model_id: str) -> list[str]:
        """Delete other runs and models of the key, and other versions of the model.

        Parameters
        ----------
        run_id, model_id : str
            What is kept. The model may be empty: then there is none.

        Returns
        -------
        notes : list of str
            What could not be deleted.
        """
        notes = _delete_others(self._runs, _run_id, run_id, self._client.delete_run)
        if model_id:
            notes += _delete_others(
                self._models, _model_id, model_id, self._client.delete_logged_model
            )
        return notes

    def _runs(self) -> Sequence[Run]:
        return self._client.search_runs([self.experiment_id], self._filter)

    def _models(self) -> Sequence[LoggedModel]:
        return self._client.search_logged_models([self.experiment_id], self._filter)


def once(
    search: Callable[[], Sequence[T]], make: Callable[[], T], key: Callable[[T], Any]
) -> T:
    """Find something, or make it; of several the first, whoever looks for it.

    Parameters
    ----------
    search : callable
        Gives all that are there.
    make : callable
        Makes one, and perhaps several.
    key : callable
        What they are ordered by.

    Returns
    -------
    found : object
        The first one.
    """
    return min(search() or [make(), *search()], key=key)


def experiment_of_name(client: MlflowClient, name: str) -> str:
    """Id of an experiment, which is made if there is none of its name."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    try:
        return client.create_experiment(name)
    except MlflowException as error:
        # Another process made it at the same time, or the answer got lost.
        found = client.get_experiment_by_name(name)
        if error.error_code != EXISTS or found is None:
            raise
        return found.experiment_id


def version_once(
    client: MlflowClient,
    search: Callable[[], Sequence[ModelVersion]],
    make: Callable[[], ModelVersion],
) -> ModelVersion:
    """The registered version of a model, made if there is none; others are deleted."""
    version = once(search, make, _version_number)

    def delete(number: int) -> None:
        client.delete_model_version(version.name, str(number))

    _delete_others(search, _version_number, _version_number(version), delete)
    return version


def _delete_others(
    search: Callable[[], Sequence[T]],
    key: Callable[[T], Any],
    kept: Any,
    delete: Callable[[Any], None],
) -> list[str]:
    """Delete all but one; a note of each that is still there."""

    def others() -> list[Any]:
        return [key(each) for each in search() if key(each) != kept]

    found = others()
    for each in found:
        try:
            delete(each)
        except MlflowException as error:
            if not is_final(error):
                raise
    # The right to delete may be somebody else's.
    left = others() if found else []
    return [f"MLflow made {kept} twice. Delete the other one, {each}." for each in left]


def _run_id(run: Run) -> str:
    return run.info.run_id


def _model_id(model: LoggedModel) -> str:
    return model.model_id


def _version_number(version: ModelVersion) -> int:
    return int(version.version)
