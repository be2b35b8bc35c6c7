import mlflow
import pandas as pd
import pytest

from gan_augment.metrics import RuleViolations
from gan_augment.mlflow import log_report
from gan_augment.reporting import Report


@pytest.fixture
def found():
    quality = pd.DataFrame({"synthetic": {"c2st": 0.6}, "real": {"c2st": 0.5}})
    return Report(
        title="Loans",
        summary="",
        verdict="Leave them out.",
        tone="open",
        findings=[],
        sections=[],
        quality={"a class/b": quality, "<2>": quality},
        utility=None,
        rules=RuleViolations(0.2, 0.0, pd.DataFrame()),
    )


def test_the_run_holds_the_pages_the_measures_and_the_verdict(store, found):
    with pytest.raises(RuntimeError, match=r"A run must be active\. Got none"):
        log_report(found)
    assert mlflow.active_run() is None
    with mlflow.start_run() as run:
        log_report(found)
    logged = mlflow.get_run(run.info.run_id)
    assert logged.data.tags["gan_augment.verdict"] == found.verdict
    assert logged.data.metrics == {
        "report/c2st": 0.6,
        "report/rule_violations": 0.2,
    }
    measures = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/report.json")
    assert measures["<2>"]["real"]["c2st"] == 0.5
    page = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/report.html")
    assert page == found.to_html()
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/report.md")
