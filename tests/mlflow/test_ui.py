"""What a person sees in the MLflow UI, by a real headless browser.

Needs the programs chromium and chromedriver, and runs with ``make test-slow``.
With ``GAN_AUGMENT_SCREENSHOTS`` set to a directory, the pages are kept there.
"""

import os
import shutil
from pathlib import Path

import mlflow
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline as scaled_pipeline
from sklearn.preprocessing import StandardScaler

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN, compare

webdriver = pytest.importorskip("selenium.webdriver")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="needs chromium and its driver"
    ),
]
# Seconds until a page must show what it has to.
PATIENCE = 90


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    arguments = ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage")
    for argument in (*arguments, "window-size=1500,2600"):
        options.add_argument(f"--{argument}")
    browser = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    browser.set_script_timeout(PATIENCE)
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def tracked(server):
    """A classifier behind an over-sampler, registered and promoted, on a server."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    server.start()
    # Not set_tracking_uri, which every later test of this process would go by.
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_TRACKING_URI", server.uri)
    try:
        experiment = mlflow.set_experiment("cancer").experiment_id
        sampler = GANOverSampler(TabularGAN(max_steps=100), random_state=0)
        plain = scaled_pipeline(StandardScaler(), LogisticRegression())
        pipeline = make_pipeline(sampler, StandardScaler(), LogisticRegression())
        with gan_augment.mlflow.autolog(registered_model_name="cancer-generator"):
            comparison = compare(
                X, y, plain, {"GAN": sampler}, cv=3, random_state=0, verbose=False
            )
            with mlflow.start_run(run_name="classifier") as run:
                pipeline.fit(X, y)
                mlflow.log_metric("accuracy", pipeline.score(X, y))
                gan_augment.mlflow.log_pipeline(
                    pipeline, registered_model_name="cancer-classifier", X=X
                )
            with mlflow.start_run(run_name="plain") as without:
                gan_augment.mlflow.log_pipeline(plain.fit(X, y), X=X, y=y)
        model_id = pipeline[0].gan_.mlflow_model_id_
        figures = {"privacy/closest_record_ratio": 0.97}
        gan_augment.mlflow.log_evidence(model_id, comparison, figures=figures)
        gan_augment.mlflow.promote("cancer-generator", force=True)
        found = mlflow.search_runs(output_format="list")
        by_name = {each.info.run_name: each.info.run_id for each in found}
        yield {
            "experiment": f"{server.uri}/#/experiments/{experiment}",
            "registry": f"{server.uri}/#/models/cancer-generator",
            "classifier": run.info.run_id,
            "plain": without.info.run_id,
            "comparison": by_name["compare"],
            "arm": by_name["GAN"],
            "verdict": comparison.verdict,
            "generator": mlflow.get_logged_model(model_id).source_run_id,
            "model": model_id,
        }
    finally:
        gan_augment.mlflow.autolog(disable=True)
        patch.undo()
        os.environ.pop("MLFLOW_EXPERIMENT_ID", None)


def show(browser, url, name, *expected, images=0):
    """Open a page, and wait until it shows all that is expected; keep a picture."""
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get("about:blank")
    browser.get(url)
    text = ""

    def is_there(browser):
        nonlocal text
        text = browser.execute_script("return document.body.innerText")
        drawn = browser.execute_script(
            "return document.querySelectorAll('.js-plotly-plot .main-svg').length"
        )
        return all(part in text for part in expected) and drawn >= images

    try:
        WebDriverWait(browser, PATIENCE, ignored_exceptions=()).until(is_there)
    except TimeoutException:
        missing = [part for part in expected if part not in text]
        pytest.fail(f"{url} does not show {missing} and {images} charts, but: {text}")
    if "GAN_AUGMENT_SCREENSHOTS" in os.environ:
        folder = Path(os.environ["GAN_AUGMENT_SCREENSHOTS"])
        browser.save_screenshot(str(folder / f"{name}.png"))
    return text


def test_the_experiment_lists_its_runs(browser, tracked):
    url = f"{tracked['experiment']}/runs?workflowType=machine_learning"
    shown = ("classifier", "compare", "plain", "training (", "compared (")
    show(browser, url, "experiment", "matching runs", *shown)


def test_the_comparison_is_a_run_with_its_verdict_and_its_data(browser, tracked):
    run = f"{tracked['experiment']}/runs/{tracked['comparison']}"
    url = f"{run}?workflowType=machine_learning"
    words = " ".join(tracked["verdict"].split()[:5])
    expected = ("compared (", words, "gain in average precision", "LogisticRegression")
    show(browser, url, "comparison-run", *expected)
    figure = f"{run}/artifacts/figures/comparison.png?workflowType=machine_learning"
    show(browser, figure, "comparison-figure", "comparison.png")
    arm = f"{tracked['experiment']}/runs/{tracked['arm']}"
    url = f"{arm}/model-metrics?workflowType=machine_learning"
    show(browser, url, "arm-metrics", "cv_gain", "average_precision_low", images=4)


def test_the_classifier_alone_has_its_data(browser, tracked):
    url = (
        f"{tracked['experiment']}/runs/{tracked['plain']}?workflowType=machine_learning"
    )
    show(browser, url, "plain-run", "training (", "Logged models (1)")


def test_the_run_of_the_generator_has_its_curves(browser, tracked):
    run = f"{tracked['experiment']}/runs/{tracked['generator']}"
    curves = ("generator_loss", "discriminator_loss", "diversity", "gradient_norm")
    show(
        browser,
        f"{run}/model-metrics?workflowType=machine_learning",
        "training-curves",
        *curves,
        images=4,
    )
    overview = ("cancer-generator", "generator-fit", "training (", "utility/gain_low")
    url = f"{run}?workflowType=machine_learning"
    show(browser, url, "generator-run", *overview)


def test_the_run_keeps_its_figures(browser, tracked):
    run = f"{tracked['experiment']}/runs/{tracked['generator']}/artifacts"
    url = f"{run}/figures/marginals.png?workflowType=machine_learning"
    names = [f"{name}.png" for name in ("marginals", "projection", "training_curves")]
    show(browser, url, "figures", *names)
    loaded = browser.execute_async_script(
        """
        const done = arguments[0];
        const look = () => {
            const image = [...document.images].find(i => i.naturalWidth > 500);
            image ? done(image.naturalWidth) : setTimeout(look, 200);
        };
        look();
        """
    )
    assert loaded > 500


def test_the_registered_generator_has_its_aliases_and_figures(browser, tracked):
    aliases = ("candidate", "champion")
    show(browser, tracked["registry"], "registry", "Version 1", *aliases)
    show(browser, tracked["registry"], "registry", "Generators of synthetic rows")
    figures = ("utility.gain_low", "0.97", "privacy.closest_record_ratio")
    url = f"{tracked['registry']}/versions/1"
    show(browser, url, "version-tags", "gan_augment.data_digest", *figures)
    card = ("Evidence", "Champion by force", "30 columns: mean radius", "load_model(")
    show(browser, url, "version", *card)


def test_the_classifier_points_at_its_generator(browser, tracked):
    run = f"{tracked['experiment']}/runs/{tracked['classifier']}"
    url = f"{run}?workflowType=machine_learning"
    expected = ("Logged models (2)", "Input", "Output", "cancer-generator", "accuracy")
    show(browser, url, "classifier-run", *expected)


def test_the_generator_points_at_its_classifier(browser, tracked):
    used_by = f"gan_augment.used_by.{tracked['classifier']}"
    show(browser, f"{tracked['registry']}/versions/1", "version", used_by[:30])


def test_the_generator_as_a_model_has_its_figures_and_last_losses(browser, tracked):
    url = f"{tracked['experiment']}/models/{tracked['model']}"
    figures = ("utility/gain", "privacy/closest_record_ratio", "train/generator_loss")
    show(browser, url, "generator-model", "Ready", "training", *figures)
