"""Mass generation on a local Spark: the rows of the requests, whoever draws them."""

from types import SimpleNamespace

import mlflow
import pandas as pd
import pytest

import gan_augment.mlflow
from gan_augment.mlflow import GeneratorModel

pytestmark = pytest.mark.filterwarnings("ignore:generate_on_spark:FutureWarning")
REQUESTS = [
    {"n_rows": 20 + seed, "target_class": label, "seed": seed}
    for seed, label in enumerate(["rare", "common", "", "rare", "", "common"])
]


@pytest.mark.slow
def test_the_same_requests_give_the_same_rows_however_they_are_cut(
    spark, store, fast_gan, imbalanced
):
    X, y = imbalanced
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(range(len(X)), unit="D")
    gan = fast_gan.fit(X.assign(day=days), y)
    with mlflow.start_run():
        gan_augment.mlflow.log_model(gan, registered_model_name="generator")
    requests = spark.createDataFrame(REQUESTS)

    def draw(cut):
        found = gan_augment.mlflow.generate_on_spark("models:/generator@candidate", cut)
        return found.toPandas()

    fresh = spark.createDataFrame([{"n_rows": 2, "target_class": "", "seed": -1}])
    with pytest.raises(Exception, match="`seed` must be at least 0"):
        draw(fresh)
    expected = GeneratorModel(gan).predict(pd.DataFrame(REQUESTS))
    assert expected["income"].isna().any()
    for n_partitions in (1, 3):
        rows = draw(requests.repartition(n_partitions, "seed"))
        pd.testing.assert_frame_equal(
            rows.sort_values(list(rows), ignore_index=True),
            expected.sort_values(list(rows), ignore_index=True),
            check_dtype=False,
        )


def test_it_says_what_to_call_instead():
    requests = SimpleNamespace(columns=[])
    with (
        pytest.warns(FutureWarning, match=r"Call gan_augment\.scaling\.draw_rows"),
        pytest.raises(ValueError, match="n_rows"),
    ):
        gan_augment.mlflow.generate_on_spark("models:/generator@candidate", requests)


def test_a_request_without_a_seed_is_refused():
    requests = SimpleNamespace(columns=["n_rows", "target_class"])
    with pytest.raises(ValueError, match=r"Got no \['seed'\]"):
        gan_augment.mlflow.generate_on_spark("models:/generator@candidate", requests)
