"""The soak: its proxy does what it is told, and its counts see what is lost."""

import http.server
import threading

import numpy as np
import pytest
import requests
from mlflow import MlflowClient

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN
from pipelines import stored, tracked_fits
from pipelines.servers import Proxy


@pytest.fixture
def echo():
    """A server that answers with what it was sent, and counts its requests."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_the_proxy_passes_on_refuses_and_loses(echo):
    uri, asked = echo
    with Proxy(uri) as proxy:
        assert requests.post(proxy.uri, data=b"abc").content == b"abc"
        parts = iter([b"a" * 1000, b"", b"b"])
        assert requests.post(proxy.uri, data=parts).content == b"a" * 1000 + b"b"
        proxy.status = 401
        assert requests.post(proxy.uri, data=b"x").status_code == 401
        assert len(asked) == 2
        proxy.status, proxy.lost = 0, 1.0
        with pytest.raises(requests.ConnectionError):
            requests.post(proxy.uri, data=b"y")
        assert asked[-1] == b"y"  # it was done all the same


@pytest.fixture
def tracked(store, monkeypatch, tmp_path):
    """Two fits that were tracked, and the ledger of both."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", stored.EXPERIMENT)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    (tmp_path / "ledger").mkdir()
    ledger = tracked_fits.Ledger(tmp_path / "ledger")
    X = np.random.default_rng(0).normal(size=(60, 2))
    for fit in range(2):
        gan = TabularGAN(max_steps=3, callbacks=[tracked_fits.Note(ledger, fit)])
        tags = {tracked_fits.FIT_TAG: str(fit)}
        with gan_augment.mlflow.autolog(
            registered_model_name=tracked_fits.MODEL, extra_tags=tags, log_figures=False
        ):
            sampler = GANOverSampler(gan, sample_filter=None, random_state=fit)
            sampler.fit_resample(X, np.arange(60) % 6 == 0)
        steps, rows = sampler.history_["step"], tracked_fits.digest(sampler.gan_)
        ledger.note(fit, ended=steps, rows=rows)
    return ledger.read()


def test_what_is_lost_or_double_is_counted(tracked, monkeypatch):
    monkeypatch.setattr(tracked_fits, "PAUSES", (0.0,))
    client = MlflowClient()
    counts, wrong = stored.compare_with_store(tracked, client)
    assert wrong == []
    assert all(count.lost == count.doubled == 0 for count in counts.values())
    assert [counts[name].found for name in ("runs", "models", "versions")] == [2, 2, 2]
    assert counts["epochs"].found == sum(len(fit["ended"]) for fit in tracked.values())

    (experiment,) = [client.get_experiment_by_name(stored.EXPERIMENT).experiment_id]
    client.create_run(experiment, tags={tracked_fits.FIT_TAG: "0"})
    client.create_logged_model(experiment, name="double")
    tracked[2] = dict(tracked[1])  # nobody sent it
    tracked[1]["epochs"] = [*tracked[1]["epochs"], 99]
    counts, wrong = stored.compare_with_store(tracked, client)
    assert (counts["runs"].lost, counts["runs"].doubled) == (1, 1)
    assert counts["models"].doubled >= 1
    assert counts["epochs"].lost > 1
    assert any("fit 2 has no run" in line for line in wrong)
