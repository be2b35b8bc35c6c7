import mlflow
import pytest
from typer.testing import CliRunner

from pipelines import report


@pytest.mark.slow
def test_the_program_on_a_file_of_ones_own(imbalanced, store):
    X, y = imbalanced
    X.assign(churned=y).to_csv(store / "customers.csv", index=False)
    arguments = ["customers.csv", "--target", "churned", "--output", "page.html"]
    options = ["--n-splits", "2", "--max-steps", "10", "--classifier"]
    app = report.typer.Typer()
    app.command()(report.main)
    done = CliRunner().invoke(app, [*arguments, *options, "lr"])
    assert done.exit_code == 0, done.output
    assert "Synthetic rows for customers" in (store / "page.html").read_text()
    (run,) = mlflow.search_runs(
        experiment_names=[report.EXPERIMENT], output_format="list"
    )
    assert run.data.tags["gan_augment.verdict"] in " ".join(done.output.split())
    logged = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/report.html")
    assert logged == (store / "page.html").read_text()
