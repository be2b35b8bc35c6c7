"""From the disk into MLflow, exactly once.

In a SQL store, and on a server in front of one, everything that is sent can be sent
again without doubling it; a store of plain files keeps a metric twice. The run, the
model and its version carry the journal's key as a tag, and are looked for before they
are made; a metric has the time at which it was measured; files have fixed names.
Anything that MLflow creates twice, because it repeats a call whose answer was lost, is
deleted at the end. So neither a lost answer nor a process that died between two calls
needs to be remembered: the next delivery starts from the first record.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import groupby
from pathlib import Path, PurePosixPath

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModel,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
)
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from gan_augment.mlflow.cards import CARD_FILE, CARD_URI
from gan_augment.mlflow.making import Made, experiment_of_name
from gan_augment.mlflow.names import NAME_TAG, NOTE_TAG
from gan_augment.mlflow.registration import register
from gan_augment.mlflow.registry import is_missing
from gan_augment.mlflow.schemas import SchemaError
from gan_augment.mlflow.servers import BAD_REQUEST, is_final, problem_with
from gan_augment.mlflow.spool import Journal, Record
from gan_augment.mlflow.sqlite import making_tables

KEY_TAG = "gan_augment.journal"
DEFAULT_EXPERIMENT_ID = "0"
# Most that MLflow takes in one call.
MAX_METRICS, MAX_PARAMS = 1000, 100


class DeliveryError(RuntimeError):
    """Trying again soon would not help."""


class Delivery:
    """Bring one journal into MLflow.

    Parameters
    ----------
    journal : Journal
        What is sent. Its first record creates the run.
    tracking_uri : str, default=None
        Where to; None takes the address that the journal names.
    experiment_name : str, default=None
        Experiment that the run goes to; None takes the one that it was meant for.

    Attributes
    ----------
    run_id : str
        The run, once it is there.
    model_id : str
        The logged generator, once it is there.
    notes : list of str
        What has arrived otherwise than it was meant.
    cancelled : bool
        Set it, and nothing follows the record that is being sent.
    """

    def __init__(
        self,
        journal: Journal,
        tracking_uri: str | None = None,
        experiment_name: str | None = None,
    ) -> None:
        self._journal = journal
        first = journal.records[0]
        self.tracking_uri = tracking_uri or first["tracking_uri"]
        registry_uri = tracking_uri or first["registry_uri"]
        self._experiment_name = experiment_name
        with making_tables(self.tracking_uri):
            self._client = MlflowClient(self.tracking_uri, registry_uri)
        self._n_sent = 0
        self.run_id = self.model_id = ""
        self._refused: list[str] = []
        self._began_again = False
        self.notes: list[str] = []
        self.cancelled = False

    def send(self) -> None:
        """Send the records that were not sent yet.

        Raises
        ------
        DeliveryError
            If the server does not answer, or refuses a record for good.
        Exception
            Whatever the store raises. The next call goes on where this one stopped.
        """
        if problem := problem_with(self.tracking_uri):
            raise DeliveryError(problem)
        senders: dict[str, Callable[[list[Record]], None]] = {
            "create": self._create,
            "metrics": self._log_metrics,
            "params": self._log_params,
            "tags": self._log_tags,
            "dataset": self._log_dataset,
            "file": self._log_file,
            "model": self._log_model,
            "end": self._end,
        }
        waiting = self._journal.records[self._n_sent :]
        for kind, group in groupby(waiting, key=lambda record: record["kind"]):
            if self.cancelled:
                return
            records = list(group)
            try:
                senders[kind](records)
            except MlflowException as error:
                if not is_final(error):
                    raise
                if kind == "create":
                    raise DeliveryError(
                        f"{error.message} To send it to another experiment: sync "
                        "--experiment NAME"
                    ) from error
                if self._is_gone():
                    self._begin_again()
                    self.send()
                    return
                if error.get_http_status_code() != BAD_REQUEST:
                    raise DeliveryError(error.message) from error
                # What is refused now is refused always; the rest may arrive.
                self._refused.append(f"{kind}: {error.message}")
            self._n_sent += len(records)
        if self._refused:
            raise DeliveryError(f"refused {'; '.join(self._refused)}")

    def _is_gone(self) -> bool:
        """Whether somebody has deleted the run."""
        try:
            return self._client.get_run(self.run_id).info.lifecycle_stage == "deleted"
        except MlflowException as error:
            if not is_missing(error):
                raise
            return True

    def _begin_again(self) -> None:
        """Send everything as another run: a model needs one that is there."""
        if self._began_again:
            raise DeliveryError("the run was deleted, and so was the one made for it")
        self._began_again = True
        self.notes.append(
            "The run was deleted while it was written: there is a new one."
        )
        self.run_id, self._n_sent = "", 0
        self._refused.clear()

    @property
    def complete(self) -> bool:
        """Whether the whole run is in MLflow, to its end."""
        n_records = len(self._journal.records)
        ended = self._journal.records[-1]["kind"] == "end"
        return ended and self._n_sent == n_records and not self._refused

    def _create(self, records: list[Record]) -> None:
        (record,) = records
        experiment_id = self._experiment(record)
        # With a name in a tag, too, both would have to be the same.
        tags = {NAME_TAG: record["name"]} | record["tags"]
        tags[KEY_TAG] = self._journal.key
        self._made = Made(self._client, experiment_id, KEY_TAG, self._journal.key)
        self.run_id = self._made.run(
            lambda: self._client.create_run(
                experiment_id, start_time=record["time"], tags=tags
            )
        )

    def _experiment(self, record: Record) -> str:
        """Id of the run's experiment, which is made if there is none of its name."""
        given, name = record["experiment_id"], record["experiment_name"]
        if self._experiment_name is not None:
            given, name = None, self._experiment_name
        if given is not None and self.tracking_uri == record["tracking_uri"]:
            return given
        if given is not None:
            name = _experiment_name(given, record["tracking_uri"])
        if name is None:
            return DEFAULT_EXPERIMENT_ID
        return experiment_of_name(self._client, name)

    def _log_metrics(self, records: list[Record], model_id: str | None = None) -> None:
        metrics = [
            Metric(name, value, record["time"], record["step"], model_id=model_id)
            for record in records
            for name, value in record["values"].items()
        ]
        for start in range(0, len(metrics), MAX_METRICS):
            batch = metrics[start : start + MAX_METRICS]
            self._client.log_batch(self.run_id, metrics=batch)

    def _log_params(self, records: list[Record]) -> None:
        params = [Param(*item) for item in _values(records).items()]
        for start in range(0, len(params), MAX_PARAMS):
            batch = params[start : start + MAX_PARAMS]
            self._client.log_batch(self.run_id, params=batch)

    def _log_tags(self, records: list[Record]) -> None:
        tags = [RunTag(*item) for item in _values(records).items()]
        self._client.log_batch(self.run_id, tags=tags)

    def _log_dataset(self, records: list[Record]) -> None:
        inputs = [
            DatasetInput(
                Dataset(**record["description"]),
                [InputTag("mlflow.data.context", record["context"])],
            )
            for record in records
        ]
        self._client.log_inputs(self.run_id, inputs)

    def _log_file(self, records: list[Record]) -> None:
        for record in records:
            local = str(self._local(record["path"]))
            folder = str(PurePosixPath(record["path"]).parent)
            self._client.log_artifact(
                self.run_id, local, None if folder == "." else folder
            )

    def _log_model(self, records: list[Record]) -> None:
        """Upload the generator, with the metrics of its last step, and register it."""
        (record,) = records
        model = self._logged_model(record)
        self.model_id, local = model.model_id, self._local(record["path"])
        description = Model.load(str(local))
        description.model_id = description.model_uuid = model.model_id
        description.artifact_path = model.artifact_location
        description.run_id = self.run_id
        # In one step: who dies here leaves the old description or the new one.
        beside = local.with_name("MLmodel.new")
        description.save(str(beside))
        os.replace(beside, local / "MLmodel")
        self._client.log_model_artifacts(model.model_id, str(local))
        if model.status != LoggedModelStatus.READY:
            self._client.finalize_logged_model(model.model_id, "READY")
        outputs = self._client.get_run(self.run_id).outputs
        known = outputs.model_outputs if outputs else []
        if model.model_id not in [output.model_id for output in known]:
            output = LoggedModelOutput(model.model_id, record["step"])
            self._client.log_outputs(self.run_id, [output])
        last = [m for m in self._records("metrics") if m["step"] == record["step"]]
        self._log_metrics(last, model.model_id)
        self._describe(local)
        if record["registered_model_name"]:
            self._register(record, model.model_id, local)

    def _describe(self, local: Path) -> None:
        """Make the card of the generator the description of its run, if it has none."""
        card, given = local / CARD_FILE, _values(self._records("tags"))
        if not card.is_file() or NOTE_TAG in self._records("create")[0]["tags"] | given:
            return
        text = card.read_text(encoding="utf-8")
        note = text.replace(CARD_URI, f"models:/{self.model_id}")
        self._client.set_tag(self.run_id, NOTE_TAG, note)

    def _logged_model(self, record: Record) -> LoggedModel:
        return self._made.model(
            lambda: self._client.create_logged_model(
                self._made.experiment_id,
                name=record["name"],
                source_run_id=self.run_id,
                tags=record["tags"] | {KEY_TAG: self._journal.key},
                params=_values(self._records("params")),
            )
        )

    def _register(self, record: Record, model_id: str, local: Path) -> None:
        """Register the generator; a registry that refuses it leaves it a model."""
        name = record["registered_model_name"]
        try:
            register(
                self._client,
                name,
                model_id,
                local,
                run_id=self.run_id,
                tags=record["tags"],
                start_time=self._journal.records[0]["time"],
            )
        except (MlflowException, SchemaError) as error:
            if isinstance(error, MlflowException) and not is_final(error):
                raise
            self.notes.append(
                f"The generator is models:/{model_id}, and not registered as {name!r}: "
                f"{error}"
            )

    def _end(self, records: list[Record]) -> None:
        (record,) = records
        self._client.set_terminated(self.run_id, record["status"], record["time"])
        self.notes += self._made.delete_doubles(self.run_id, self.model_id)

    def _records(self, kind: str) -> list[Record]:
        return [record for record in self._journal.records if record["kind"] == kind]

    def _local(self, path: str) -> Path:
        try:
            return self._journal.local(path)
        except ValueError as error:  # in a journal that somebody else wrote
            raise DeliveryError(str(error)) from error


def _experiment_name(experiment_id: str, tracking_uri: str) -> str:
    """Name of an experiment: an id is known to the server alone that gave it."""
    try:
        answer = problem_with(tracking_uri)
        if not answer:
            return MlflowClient(tracking_uri).get_experiment(experiment_id).name
    except MlflowException as error:
        answer = str(error)
    if name := os.environ.get("MLFLOW_EXPERIMENT_NAME"):
        return name
    raise DeliveryError(
        f"{tracking_uri} must say what experiment {experiment_id} is called. Got "
        f"{answer}. Name the experiment that the run is for: sync --experiment NAME."
    )


def _values(records: list[Record]) -> dict[str, str]:
    return {name: value for r in records for name, value in r["values"].items()}
