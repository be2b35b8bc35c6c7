"""Aliases, figures on versions, and the gate between candidate and champion."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import gan_augment.mlflow
from gan_augment.comparison import Comparison
from gan_augment.metrics import attack_risks
from gan_augment.mlflow import PromotionError, SchemaError, registry

NAME = "generator"
LINKABILITY = "privacy/linkability_low"
GOOD = {
    "utility/gain": 0.01,
    "utility/gain_low": 0.002,
    "utility/gain_high": 0.018,
    LINKABILITY: 0.0,
}
RATIO = "privacy/closest_record_ratio"


@pytest.fixture
def register(autolog, fast_sampler, imbalanced):
    """Fit, track and register; the id of the logged generator."""
    autolog(registered_model_name=NAME, log_figures=False)

    def fit():
        fast_sampler.fit_resample(*imbalanced)
        return fast_sampler.gan_.mlflow_model_id_

    return fit


def log(model_id, figures):
    gan_augment.mlflow.log_evidence(model_id, figures=figures)


def aliases():
    return MlflowClient().get_registered_model(NAME).aliases


def test_a_candidate_becomes_the_champion_and_then_the_previous_one(register):
    log(register(), GOOD)
    champion = gan_augment.mlflow.promote(NAME)
    assert champion.version == 1
    assert aliases() == {"candidate": 1, "champion": 1}
    assert gan_augment.mlflow.promote(NAME).version == 1
    assert aliases() == {"candidate": 1, "champion": 1}
    log(register(), GOOD)
    assert gan_augment.mlflow.promote(NAME).version == 2
    assert aliases() == {"candidate": 2, "champion": 2, "previous": 1}
    gan_augment.mlflow.load_model(f"models:/{NAME}@previous")


def without(figures, name):
    return {key: value for key, value in figures.items() if key != name}


@pytest.mark.parametrize(
    ("figures", "missing"),
    [
        ({}, "no comparison says whether it helps; nothing says whether it gives"),
        (GOOD | {"utility/gain_low": -0.01}, "is not above 0 in its whole interval"),
        (GOOD | {"utility/gain_low": 0.0}, "is not above 0 in its whole interval"),
        (GOOD | {RATIO: 0.3}, "is 0.30 and must be at least"),
        (
            without(GOOD, LINKABILITY) | {RATIO: 1.0},
            "alone is no evidence",
        ),
        (
            GOOD | {"privacy/inference_low": 0.2},
            "inferring a column .* is 20.0% or more",
        ),
        (GOOD | {"privacy/reused_identifiers": 0.01}, "1.0% .* have an identifier"),
        (GOOD | {"rules/broken": 0.2}, "20.0% of the rows break a rule"),
        ({"utility/gain": 1.0}, "no comparison says whether it helps"),
    ],
)
def test_the_gate_looks_at_utility_and_privacy(register, figures, missing):
    log(register(), figures)
    with pytest.raises(PromotionError, match=missing):
        gan_augment.mlflow.promote(NAME)
    assert aliases() == {"candidate": 1}


def test_requirements_of_ones_own_are_asked_besides(register):
    model_id = register()
    log(model_id, {"fidelity/coverage": 0.8})
    with pytest.raises(PromotionError, match="no comparison"):
        gan_augment.mlflow.promote(NAME, {"fidelity/coverage": 0.8})
    log(model_id, GOOD)
    with pytest.raises(
        PromotionError, match=r"coverage is 0\.8 and must be at least 0"
    ):
        gan_augment.mlflow.promote(NAME, {"fidelity/coverage": 0.9})
    with pytest.raises(PromotionError, match="fidelity/none was not logged"):
        gan_augment.mlflow.promote(NAME, {"fidelity/none": 0.9})
    assert gan_augment.mlflow.promote(NAME, {"fidelity/coverage": 0.8}).version == 1


def test_force_says_what_speaks_against_it(register):
    register()
    assert gan_augment.mlflow.promote(NAME, force=True).version == 1
    version = MlflowClient().get_model_version(NAME, "1")
    assert "no comparison says whether it helps" in version.tags["gan_augment.forced"]
    assert "**Champion by force**, although no comparison" in version.description


def test_only_what_does_not_exist_is_none(store, monkeypatch):
    def broken(*_):
        raise mlflow.MlflowException("no answer", error_code=INTERNAL_ERROR)

    client = MlflowClient()
    client.create_registered_model(NAME)
    assert registry.by_alias(client, NAME, "champion") is None
    assert registry.by_alias(client, "nothing", "champion") is None
    monkeypatch.setattr(client, "get_model_version_by_alias", broken)
    with pytest.raises(mlflow.MlflowException, match="no answer"):
        registry.by_alias(client, NAME, "champion")


def test_a_name_with_a_quote_is_registered_once(store, fast_gan, imbalanced):
    gan = fast_gan.fit(*imbalanced)
    with gan_augment.mlflow.RunTracker("quote") as run:
        run.log_model(gan, registered_model_name="churn's")
    (version,) = MlflowClient().search_model_versions('name = "churn\'s"')
    assert version.run_id == run.run_id


def test_figures_are_on_the_model_the_data_and_the_version(register):
    model_id = register()
    log(model_id, GOOD)
    model = mlflow.get_logged_model(model_id)
    (metric,) = [metric for metric in model.metrics if metric.key == "utility/gain"]
    run = mlflow.get_run(model.source_run_id)
    digests = {
        data.dataset.name: data.dataset.digest for data in run.inputs.dataset_inputs
    }
    assert (metric.value, metric.dataset_name) == (0.01, "training")
    assert metric.dataset_digest == digests["training"]
    assert run.data.metrics["utility/gain"] == 0.01
    version = MlflowClient().get_model_version(NAME, "1")
    assert version.tags["utility.gain"] == "0.01"
    assert version.tags["gan_augment.data_digest"] == digests["training"]
    assert str(version.current_stage) in ("None", "")
    # The model shows the last epoch beside them.
    assert "train/generator_loss" in {metric.key for metric in model.metrics}


def test_the_newest_figure_counts(register):
    model_id = register()
    log(model_id, GOOD)
    log(model_id, {"utility/gain_low": -1.0})
    with pytest.raises(PromotionError, match=r"\(-1\.000 to "):
        gan_augment.mlflow.promote(NAME)


def test_a_figure_must_be_finite(store):
    with pytest.raises(ValueError, match="must be finite"):
        log("m-0", {"utility/gain": float("nan")})


def compared(outcome, n_samplers=1):
    """A comparison whose sampler gains, loses or does neither."""
    gains = {
        "gain": [0.10, 0.12, 0.11],
        "loss": [-0.10, -0.12, -0.11],
        "no evidence": [0.1, -0.1, 0.02],
    }[outcome]
    frame = pd.DataFrame(
        {
            "arm": ["nothing"] * 3 + ["GAN"] * 3,
            "fold": [0, 1, 2] * 2,
            "average_precision": [0.5] * 3 + [0.5 + gain for gain in gains],
        }
    )
    for score in ("uncorrected_brier", "brier", "balanced_accuracy", "seconds"):
        frame[score] = 0.1
    return Comparison(frame, pd.DataFrame(), {}, {0: 90, 1: 10}, None, 0.25, ("GAN",))


@pytest.mark.parametrize("outcome", ["gain", "loss", "no evidence"])
def test_a_comparison_is_evidence(register, outcome):
    model_id, comparison = register(), compared(outcome)
    assert comparison.outcome == outcome
    privacy = {LINKABILITY: 0.0}
    gan_augment.mlflow.log_evidence(model_id, comparison, figures=privacy)
    version = MlflowClient().get_model_version(NAME, "1")
    assert version.tags["gan_augment.outcome"] == outcome
    assert version.tags["gan_augment.verdict"] == comparison.verdict
    metrics = {m.key: m.value for m in mlflow.get_logged_model(model_id).metrics}
    gain = comparison.gains().loc["GAN"]
    assert metrics["utility/gain"] == pytest.approx(gain["difference"])
    assert metrics["utility/gain_low"] == pytest.approx(gain["low"])
    assert f"{gain['difference']:+.3f} ({gain['low']:+.3f} to" in version.description
    if outcome == "gain":
        assert gan_augment.mlflow.promote(NAME).version == 1
    else:
        with pytest.raises(
            PromotionError, match="is not above 0 in its whole interval"
        ):
            gan_augment.mlflow.promote(NAME)
        assert aliases() == {"candidate": 1}


def test_a_comparison_that_says_nothing_of_the_arm_is_no_evidence(store):
    with pytest.raises(ValueError, match=r"`arm` must be one of \['GAN'\]"):
        gan_augment.mlflow.log_evidence("m-0", compared("gain"), arm="SMOTE")
    leaked = replace(compared("gain"), leak="rows are copies")
    with pytest.raises(ValueError, match="before any resampling"):
        gan_augment.mlflow.log_evidence("m-0", leaked)


@pytest.mark.parametrize(("copies", "is_bad"), [(0.0, False), (0.3, True)])
def test_a_report_tells_of_privacy(register, copies, is_bad):
    measures = {
        "c2st": 0.7,
        "exact_copies": copies,
        "near_copies": 0.01,
        "membership_inference_auc": 0.5,
        "membership_inference_low": 0.5,
    }
    quality = pd.DataFrame(
        {"synthetic": measures, "real": measures | {"exact_copies": 0.0}}
    )
    report = SimpleNamespace(
        quality={"rare": quality}, reused=None, risks=None, rules=None
    )
    gan_augment.mlflow.log_evidence(register(), compared("gain"), report=report)
    version = MlflowClient().get_model_version(NAME, "1")
    assert version.tags["fidelity.c2st"] == "0.7"
    assert "with an AUC of 0.70" in version.description
    note = mlflow.get_run(version.run_id).data.tags["mlflow.note.content"]
    assert "with an AUC of 0.70" in note
    if is_bad:
        assert "the rows give training rows away" in version.description
        with pytest.raises(PromotionError, match="gives training rows away"):
            gan_augment.mlflow.promote(NAME)
    else:
        assert gan_augment.mlflow.promote(NAME).version == 1


def test_a_card_names_the_risk_of_each_attack(register):
    log(register(), {"privacy/linkability_risk": 0.031, "privacy/linkability_low": 0.0})
    card = MlflowClient().get_model_version(NAME, "1").description
    assert "Risk of attacks: linking two parts of a row 3.1%. There is no" in card


def test_a_note_of_the_user_is_left_alone(register):
    model_id = register()
    run_id = mlflow.get_logged_model(model_id).source_run_id
    MlflowClient().set_tag(run_id, "mlflow.note.content", "Mine.")
    log(model_id, GOOD)
    assert mlflow.get_run(run_id).data.tags["mlflow.note.content"] == "Mine."


def test_evidence_of_a_run_that_was_deleted_is_logged(register):
    model_id = register()
    MlflowClient().delete_run(mlflow.get_logged_model(model_id).source_run_id)
    log(model_id, GOOD)
    assert gan_augment.mlflow.promote(NAME).version == 1


def test_a_version_has_a_card(register):
    register()
    version = MlflowClient().get_model_version(NAME, "1")
    card = version.description
    for expected in (
        "## Evidence",
        "Utility: not measured",
        "- class **rare**: 25 rows, 12.5%",
        "3 columns: age, income, job.",
        "`max_steps=10`",
        "Fewer than 50 rows to learn from: rare.",
        f'load_model("models:/{NAME}/1")',
        '"target_class": "rare"',
    ):
        assert expected in card
    assert len(card) < 5000
    model = mlflow.artifacts.download_artifacts(version.source)
    assert "## Limits" in Path(model, "README.md").read_text()
    assert MlflowClient().get_registered_model(NAME).description
    note = mlflow.get_run(version.run_id).data.tags["mlflow.note.content"]
    assert f'load_model("{version.source}")' in note


def test_the_code_of_a_card_runs(register):
    register()
    card = MlflowClient().get_model_version(NAME, "1").description
    (code,) = re.findall(r"```python\n(.*?)```", card, re.S)
    names = {}
    exec(code, names)
    assert names["y"].tolist() == ["rare"] * 100


def test_a_card_by_hand(store, fast_gan, imbalanced):
    gan = fast_gan.fit(*imbalanced)
    with mlflow.start_run():
        gan_augment.mlflow.log_model(gan, registered_model_name=NAME)
    version = MlflowClient().get_model_version(NAME, "1")
    assert "- class **rare**: 12.5%" in version.description
    assert f"models:/{NAME}/1" in version.description
    assert version.tags["gan_augment.schema"].startswith("3 columns, ")


def test_a_name_keeps_to_its_columns(autolog, fast_sampler, imbalanced, caplog):
    X, y = imbalanced
    autolog(registered_model_name=NAME, log_figures=False)
    fast_sampler.fit_resample(X, y)
    caplog.clear()
    fast_sampler.fit_resample(X[["age"]], y)
    model_id = fast_sampler.gan_.mlflow_model_id_
    assert f"The generator is models:/{model_id}, and not registered" in caplog.text
    assert "whose version 1 is 3 columns" in caplog.text
    assert gan_augment.mlflow.load_model(f"models:/{model_id}")
    assert aliases() == {"candidate": 1}
    assert gan_augment.mlflow.sync() == []  # the run itself has arrived
    # A column that has its first missing value, or lost it, is the same column.
    fast_sampler.fit_resample(X.assign(age=X["age"].where(X["age"] > 30)), y)
    assert aliases() == {"candidate": 2}


def test_a_model_of_other_columns_is_refused_before_it_is_logged(
    store, fast_gan, imbalanced
):
    X, y = imbalanced
    first = fast_gan.fit(X, y)
    with mlflow.start_run():
        gan_augment.mlflow.log_model(first, registered_model_name=NAME)
        second = clone(fast_gan).fit(X.rename(columns={"age": "years"}), y)
        with pytest.raises(SchemaError, match="Register it under another name"):
            gan_augment.mlflow.log_model(second, registered_model_name=NAME)
        classifier = LogisticRegression().fit(X[["age"]], y)
        with pytest.raises(SchemaError, match="this model is a classifier"):
            gan_augment.mlflow.log_pipeline(classifier, registered_model_name=NAME)
    assert len(mlflow.search_logged_models(output_format="list")) == 1
    assert aliases() == {"candidate": 1}


def test_a_champion_gives_way_to_its_own_columns_alone(register, store):
    register()
    gan_augment.mlflow.promote(NAME, force=True)
    register()
    client = MlflowClient()
    client.set_model_version_tag(NAME, "2", "gan_augment.schema", "9 columns, 0")
    with pytest.raises(PromotionError, match="must give the columns of its champion"):
        gan_augment.mlflow.promote(NAME, force=True)
    assert aliases() == {"candidate": 2, "champion": 1}


def test_risks_and_a_report_are_evidence(register):
    rng = np.random.default_rng(0)
    train, holdout, fresh = map(pd.DataFrame, rng.normal(size=(3, 200, 4)))
    model_id = register()
    log(model_id, without(GOOD, LINKABILITY))
    risks = attack_risks(train, holdout, train, random_state=0)
    gan_augment.mlflow.log_evidence(model_id, risks=risks)
    with pytest.raises(PromotionError, match="risk of linking two parts of a row is"):
        gan_augment.mlflow.promote(NAME)
    fine = attack_risks(train, holdout, fresh, random_state=0)
    gan_augment.mlflow.log_evidence(model_id, risks=fine)
    assert gan_augment.mlflow.promote(NAME).version == 1
