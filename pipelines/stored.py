"""What is in an MLflow store, compared with what was fitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

import gan_augment.mlflow
from pipelines.tracked_fits import FIT_TAG, MODEL, N_STEPS, digest

EXPERIMENT = "soak"


@dataclass
class Count:
    """How often something that was made is in the store.

    Parameters
    ----------
    made, found : int
        Things that should be in the store, and those that are there at least once.
    lost, doubled : int
        Things that are missing, and things that are there once too often.
    """

    made: int = 0
    found: int = 0
    lost: int = 0
    doubled: int = 0

    def add(self, made: int, found: int) -> None:
        """Count things of which each should be there once."""
        self.made += made
        self.found += min(made, found)
        self.lost += max(0, made - found)
        self.doubled += max(0, found - made)


def compare_with_store(
    fits: dict[int, dict[str, Any]], client: MlflowClient
) -> tuple[dict[str, Count], list[str]]:
    """Compare what was fitted with what is in the store.

    Parameters
    ----------
    fits : dict
        Number of a fit -> its entry in the ledger.
    client : MlflowClient
        The store.

    Returns
    -------
    counts : dict of str to Count
        Counts of the runs, epochs, models and versions.
    wrong : list of str
        A line for everything that is not as it should be.
    """
    experiment = client.get_experiment_by_name(EXPERIMENT)
    ids = [experiment.experiment_id] if experiment else []
    runs: dict[int, list[Run]] = {}
    for run in _pages(partial(client.search_runs, ids, run_view_type=ViewType.ALL)):
        runs.setdefault(int(run.data.tags[FIT_TAG]), []).append(run)
    models = Counter(
        model.model_id for model in _pages(partial(client.search_logged_models, ids))
    )
    versions = Counter(
        version.source
        for version in _pages(
            partial(client.search_model_versions, f"name = '{MODEL}'")
        )
    )
    counts = {name: Count() for name in ("runs", "epochs", "models", "versions")}
    wrong = []
    for fit, entry in sorted(fits.items()):
        ended, epochs = "ended" in entry, sorted(entry["epochs"])
        run, n_runs = _the_run(runs.get(fit, []))
        # Of a fit that was killed, the last epoch may not have been told to anybody.
        is_made = ended or len(epochs) > 1
        counts["runs"].add(int(is_made), n_runs if is_made else 0)
        if run is None:
            counts["epochs"].add(len(epochs), 0)
            counts["models"].add(int(ended), 0)
            counts["versions"].add(int(ended), 0)
            if is_made:
                wrong.append(f"fit {fit} has no run: {entry['messages']}")
            continue
        curve = client.get_metric_history(run.info.run_id, "train/generator_loss")
        steps = sorted(metric.step for metric in curve if metric.model_id is None)
        if not ended and steps == epochs[:-1]:
            epochs = steps
        output = run.outputs.model_outputs if run.outputs else []
        uris = [f"models:/{each.model_id}" for each in output]
        n_versions = sum(versions[uri] for uri in uris)
        # One that was killed at its end may have a model, or be over already.
        n_made = 1 if ended else min(len(uris), 1)
        n_registered = 1 if ended else min(n_versions, 1)
        counts["epochs"].add(len(epochs), len(steps))
        counts["models"].add(n_made, len(uris))
        counts["versions"].add(n_registered, n_versions)
        statuses = {"FINISHED"} if ended else {"KILLED"}
        if len(steps) == N_STEPS:
            statuses.add("FINISHED")
        problems = {
            f"{n_runs} runs": n_runs > 1,
            f"status {run.info.status}": run.info.status not in statuses,
            f"epochs {steps}": steps != epochs,
            f"models {uris}": len(uris) != n_made,
            f"{n_versions} versions": n_versions != n_registered,
        }
        if ended:
            problems |= {
                "no data": not run.inputs or len(run.inputs.dataset_inputs) != 2,
                "no parameters": not run.data.params,
                "another generator": entry["rows"] not in map(_digest_of, uris),
            }
        models.subtract(each.model_id for each in output)
        versions.subtract(uris)
        said = [text for text, is_wrong in problems.items() if is_wrong]
        if said:
            wrong.append(f"fit {fit}, run {run.info.run_id}: {'; '.join(said)}")
    counts["models"].doubled += len(+models)
    counts["versions"].doubled += len(+versions)
    wrong += [f"{each} belongs to no run" for each in [*+models, *+versions]]
    return counts, wrong


def _the_run(runs: list[Run]) -> tuple[Run | None, int]:
    """The run of a fit, and how many there are; one that was deleted counts if alone.

    A run that is deleted while it is written is begun again; one that is deleted later
    stays deleted.
    """
    active = [run for run in runs if run.info.lifecycle_stage == "active"]
    left = active or runs[:1]
    return (left[0] if left else None), len(left)


def _digest_of(uri: str) -> str:
    return digest(gan_augment.mlflow.load_model(uri))


def _pages(search: Any) -> Iterator[Any]:
    """All that a search finds, page by page."""
    page = search()
    yield from page
    while page.token:
        page = search(page_token=page.token)
        yield from page
