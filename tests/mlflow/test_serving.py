"""predict: what is asked for, or a clear refusal; over HTTP, by many at once."""

import datetime
import decimal
import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
from mlflow.pyfunc import scoring_server
from mlflow_server import free_port, wait_for

import gan_augment.mlflow
from gan_augment import TabularGAN
from gan_augment.mlflow import GeneratorModel, serving
from gan_augment.mlflow.frames import make_dataset
from gan_augment.mlflow.serving import MAX_ROWS, RequestError


@pytest.fixture(scope="module")
def gan():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 80),
            "job": rng.choice(["a", "b"], 80),
            "pay": np.where(rng.random(80) < 0.5, np.nan, rng.gamma(2, 9, 80).round(2)),
        }
    )
    return TabularGAN(max_steps=10, random_state=0).fit(X, np.arange(80) % 4 == 0)


@pytest.fixture(scope="module")
def saved(gan, tmp_path_factory):
    path = tmp_path_factory.mktemp("served") / "model"
    gan_augment.mlflow.save_model(gan, path)
    return path


@pytest.fixture(scope="module")
def url(saved):
    """A scoring server of MLflow."""
    port = free_port()
    server = gan_augment.mlflow.serve(str(saved), port=port, quiet=True)
    (saved.parent / "stderr.txt").touch()
    try:
        process = SimpleNamespace(process=server, cwd=saved.parent)
        wait_for(f"http://127.0.0.1:{port}/ping", process)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        server.terminate()
        server.wait()


def ask(url, records=(), **params):
    body = {"dataframe_records": list(records), "params": params}
    return requests.post(url, json=body, timeout=120)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "`n_rows` must be from 1"),
        ({"n_rows": 0}, "`n_rows` must be from 1"),
        ({"n_rows": -3}, "`n_rows` must be from 1"),
        ({"n_rows": MAX_ROWS + 1}, "at most 1000000"),
        ({"n_rows": "12"}, "`n_rows` must be a whole number"),
        ({"n_rows": 2.5}, "`n_rows` must be a whole number"),
        ({"n_rows": True}, "`n_rows` must be a whole number"),
        ({"n_rows": [1]}, "`n_rows` must be a whole number"),
        ({"n_rows": 1, "seed": -2}, "`seed` must be at least 0"),
        ({"n_rows": 1, "seed": "x"}, "`seed` must be a whole number"),
        ({"n_rows": 1, "target_class": "maybe"}, r"one of \['False', 'True'\]"),
        ({"nrows": 1}, r"Got \['nrows'\]"),
    ],
)
def test_a_wrong_request_is_refused_in_either_form(gan, params, message):
    model = GeneratorModel(gan)
    with pytest.raises(ValueError, match=message):
        model.predict(None, params)
    with pytest.raises(ValueError, match=message):
        model.predict(pd.DataFrame([{"x": 0} | params]).drop(columns="x"), {})


def test_the_cause_is_told_by_a_server_and_is_a_value_error(gan):
    with pytest.raises(mlflow.MlflowException) as caught:
        GeneratorModel(gan).predict(None, {"n_rows": 0})
    assert "`n_rows` must be from 1" in caught.value.message
    assert caught.value.get_http_status_code() == 400
    assert isinstance(caught.value, ValueError)


def test_very_many_requests_and_names_are_refused_before_any_work(gan, monkeypatch):
    monkeypatch.setattr(TabularGAN, "sample", pytest.fail)
    model = GeneratorModel(gan)
    with pytest.raises(RequestError, match=r"at most 100 requests\. Got 60000"):
        model.predict(pd.DataFrame({"n_rows": [1] * 60_000}))
    many = pd.DataFrame(
        [[1] * 50_000], columns=[f"{'c' * 99}{i}" for i in range(50_000)]
    )
    monkeypatch.setattr(pd.DataFrame, "to_dict", pytest.fail)
    for request in ({"model_input": many}, {"params": dict.fromkeys(many, 1)}):
        with pytest.raises(RequestError, match="and 49997 more") as caught:
            model.predict(**request)
        assert len(str(caught.value)) < 500
    twice = pd.DataFrame([[1, 2]], columns=["n_rows"] * 2)
    with pytest.raises(RequestError, match="twice"):
        model.predict(twice)


def test_a_seed_is_exact_or_refused(gan):
    model = GeneratorModel(gan)
    large, larger = 2**53, 2**53 + 1
    one = model.predict(pd.DataFrame([{"n_rows": 20, "seed": larger}]))
    assert not one.equals(model.predict(None, {"n_rows": 20, "seed": large}))
    assert one.equals(model.predict(None, {"n_rows": 20, "seed": larger}))
    beside = pd.DataFrame([{"n_rows": 20, "seed": larger}, {"n_rows": 1}])
    with pytest.raises(RequestError, match=r"`seed` must be below 2\*\*53 beside"):
        model.predict(beside)
    small = pd.DataFrame([{"n_rows": 20, "seed": large - 1}, {"n_rows": 1}])
    expected = model.predict(None, {"n_rows": 20, "seed": large - 1})
    assert model.predict(small)[:20].equals(expected)


@pytest.mark.parametrize("labels", [[0, 1], [0.0, 1.0]])
def test_a_class_that_is_a_number_is_found_beside_an_empty_cell(labels):
    X = np.random.default_rng(0).normal(size=(40, 2))
    gan = TabularGAN(max_steps=2, random_state=0).fit(X, np.resize(labels, 40))
    model = GeneratorModel(gan)
    records = [{"n_rows": 3, "target_class": 1}, {"n_rows": 2, "target_class": None}]
    rows = model.predict(pd.DataFrame(records))
    assert rows["target"].tolist()[:3] == [1] * 3
    with pytest.raises(RequestError, match="`target_class` must be one of"):
        model.predict(pd.DataFrame([{"n_rows": 3, "target_class": 7.0}]))


def test_no_value_of_the_request_is_in_the_error(gan):
    with pytest.raises(ValueError, match="target_class") as caught:
        GeneratorModel(gan).predict(None, {"n_rows": 1, "target_class": "secret"})
    assert "secret" not in str(caught.value)


def test_a_frame_is_one_request_a_row(gan):
    model = GeneratorModel(gan)
    first = model.predict(None, {"n_rows": 3, "target_class": "True", "seed": 1})
    second = model.predict(None, {"n_rows": 2, "target_class": "False", "seed": 5})
    frame = pd.DataFrame(
        {"n_rows": [3, None], "target_class": ["True", "False"], "seed": [1, None]}
    )
    both = model.predict(frame, {"n_rows": 2, "seed": 5})
    expected = pd.concat([first, second], ignore_index=True)
    pd.testing.assert_frame_equal(both, expected)
    with pytest.raises(ValueError, match="at most"):
        model.predict(pd.DataFrame({"n_rows": [MAX_ROWS, 1]}))


def test_the_answer_is_bounded_by_its_cells(gan, monkeypatch):
    monkeypatch.setattr(serving, "MAX_CELLS", 20)
    model = GeneratorModel(gan)
    assert model.predict(None, {"n_rows": 6}).shape == (6, 4)
    with pytest.raises(ValueError, match="at most 6 in one call, for rows of 3 col"):
        model.predict(None, {"n_rows": 7})


def test_threads_draw_the_rows_that_one_draws(gan):
    model = GeneratorModel(gan)

    def draw(seed):
        return model.predict(None, {"n_rows": 200, "target_class": "", "seed": seed})

    alone = [draw(seed) for seed in range(40)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(draw, range(40)))
    for one, other in zip(alone, together, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_example_is_served(saved):
    model = mlflow.pyfunc.load_model(str(saved))
    request = json.loads(model.metadata.get_serving_input(str(saved)))
    rows = model.predict(pd.DataFrame(), params=request["params"])
    assert len(rows) == 5
    schema = model.metadata.get_params_schema()
    assert {spec.name for spec in schema} == {"n_rows", "target_class", "seed"}
    outputs = model.metadata.get_output_schema().input_names()
    assert outputs == list(rows) == ["age", "job", "pay", "target"]


def test_images_are_rows_of_pixels(gan, monkeypatch):
    images = np.zeros((3, 4, 4, 1), dtype=np.uint8)
    monkeypatch.setattr(
        TabularGAN, "sample", lambda self, n, **_: (images, np.array([True] * n))
    )
    rows = GeneratorModel(gan).predict(None, {"n_rows": 3})
    assert rows.shape == (3, 17)


def test_over_http_every_form_and_every_refusal(url, gan):
    answer = ask(url, n_rows=5, target_class="True", seed=3)
    assert answer.status_code == 200
    rows = pd.DataFrame(answer.json()["predictions"])
    assert rows["target"].tolist() == [True] * 5
    expected = GeneratorModel(gan).predict(
        None, {"n_rows": 5, "target_class": "True", "seed": 3}
    )
    pd.testing.assert_frame_equal(rows, expected, check_dtype=False)
    many = ask(url, n_rows=50, seed=3).text
    assert "NaN" not in many
    pay = [
        row["pay"]
        for row in json.loads(many, parse_constant=pytest.fail)["predictions"]
    ]
    assert None in pay
    assert any(isinstance(value, float) for value in pay)
    records = [{"n_rows": 2, "seed": 1}, {"n_rows": 1, "target_class": "False"}]
    assert len(ask(url, records).json()["predictions"]) == 3
    table = io.StringIO("n_rows,target_class,seed\n2,True,1\n1,False,2\n")
    answer = requests.post(
        url, data=table.read(), headers={"Content-Type": "text/csv"}, timeout=120
    )
    assert len(answer.json()["predictions"]) == 3
    for wrong in (
        {},
        {"nrows": 100},
        {"n_rows": "x"},
        {"n_rows": 0},
        {"n_rows": 2_000_000},
        {"n_rows": 1, "target_class": "maybe"},
    ):
        answer = ask(url, **wrong)
        assert answer.status_code == 400, wrong
        message = answer.json()["message"]
        assert "n_rows" in message or "target_class" in message
        assert "maybe" not in message
    answer = ask(url, [{"n_rows": 1, "colour": "red"}])
    assert answer.status_code == 400
    assert "colour" in answer.text


def test_eight_clients_get_what_they_asked_for(url):
    def client(seed):
        answers = [ask(url, n_rows=100, seed=seed) for _ in range(25)]
        assert [answer.status_code for answer in answers] == [200] * 25
        assert {answer.text for answer in answers} == {answers[0].text}
        assert len(answers[0].json()["predictions"]) == 100
        return answers[0].text

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(client, [0, 1, 2, 3, 0, 1, 2, 3]))
    assert texts[:4] == texts[4:]
    assert len(set(texts)) == 4


@pytest.mark.parametrize(
    "cells",
    [
        [decimal.Decimal("1.50"), decimal.Decimal(2)],
        [uuid.UUID(int=1), uuid.UUID(int=2)],
        [datetime.time(8), datetime.time(9)],
        [pd.Period("2020-01", "M"), pd.Period("2020-02", "M")],
        [pd.Interval(0, 1), pd.Interval(1, 2)],
        [(1, "a"), (2, "b")],
        [1 + 2j, 2j],
    ],
    ids=lambda cells: type(cells[0]).__name__,
)
@pytest.mark.parametrize("dtype", [object, None])
def test_what_json_does_not_know_is_served_as_text(cells, dtype, monkeypatch):
    column = np.empty(60, dtype=object)
    column[:] = [cells[i % 2] for i in range(60)]
    if dtype is None and np.iscomplexobj(np.array(cells)):
        pytest.skip("pandas' own complex numbers are refused")
    X = pd.DataFrame({"a": np.arange(60) / 7, "c": pd.Series(column.tolist())})
    X["c"] = X["c"].astype(dtype or X["c"].dtype)
    monkeypatch.setenv("IS_IN_MLFLOW_SERVING", "true")
    gan = TabularGAN(max_steps=2, hidden_dims=(8,), random_state=0)
    model = GeneratorModel(gan.fit(X, np.arange(60) % 3 == 0))
    answer = io.StringIO()
    scoring_server.predictions_to_json(model.predict(None, {"n_rows": 9}), answer)
    rows = json.loads(answer.getvalue())["predictions"]
    assert {row["c"] for row in rows} <= set(map(str, cells))
    data = make_dataset("training", X, np.arange(60) % 3 == 0, "y")
    assert '"name": "c"' in data.to_dict()["schema"]
