"""No identifier of a real row is in any file, figure or record of a run."""

import re
import sqlite3
import zipfile

import matplotlib.figure
import matplotlib.text
import mlflow
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split

from gan_augment import GANOverSampler, TabularGAN, compare, report
from gan_augment.mlflow import log_evidence, log_pipeline, log_report, sync

# How the identifiers of each column are written.
WRITTEN = {
    "Customer ID": rb"C\d{6}",
    "Phone Number": rb"\+44 7\d{3} \d{6}",
    "E-Mail": rb"[a-z]{9}@mail\.example",
    "IBAN": rb"DE\d{20}",
    "token": rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "account": rb"\d{15,19}",
}
GAN = TabularGAN(max_steps=5)


def make_customers(n_rows=400, seed=0):
    """A messy export of a bank: who the customers are, and what they did."""
    rng = np.random.default_rng(seed)
    letters = np.array([*"abcdefghijklmnopqrstuvwxyz"])
    tokens = [rng.bytes(16).hex() for _ in range(n_rows)]
    left = rng.random(n_rows) < 0.15
    charge = rng.gamma(3, 420, n_rows) + 300 * left
    X = pd.DataFrame(
        {
            "Customer ID": [f"C{i}" for i in 100000 + rng.permutation(n_rows * 9)],
            "Phone Number": [
                f"+44 7{a} {b}"
                for a, b in zip(
                    rng.integers(100, 999, n_rows * 9),
                    100000 + rng.permutation(n_rows * 9),
                    strict=True,
                )
            ],
            "E-Mail": [
                "".join(rng.choice(letters, 9)) + "@mail.example"
                for _ in range(n_rows * 9)
            ],
        }
    ).head(n_rows)
    digits = rng.integers(0, 10, (n_rows, 20)).astype(str)
    X["IBAN"] = ["DE" + "".join(row) for row in digits]
    X["token"] = [f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}" for t in tokens]
    X["account"] = rng.integers(10**15, 2**62, n_rows)
    X["Monthly Charges ($)"] = [f"{c:,.2f}" for c in charge]
    X["Support calls"] = rng.poisson(1 + 2 * left)
    X["Plan"] = rng.choice(["Basic", "Gold", "Platinum"], n_rows)
    return X, pd.Series(np.where(left, "yes", "no"), name="churned")


def everything_in(directory, texts):
    """The bytes of all files, of what is in them, and of texts."""
    parts = [text.encode() for text in texts]
    for file in sorted(directory.rglob("*")):
        if not file.is_file():
            continue
        parts += [str(file).encode(), file.read_bytes()]
        if file.suffix == ".db":
            with sqlite3.connect(file) as database:
                parts += [line.encode() for line in database.iterdump()]
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
        if file.suffix in (".parquet", ".arrow"):
            parts.append(pd.read_parquet(file).to_csv().encode())
        assert file.suffix not in (".gz", ".zst", ".pkl"), file  # nothing unread
    return parts


def found_in(parts, X):
    """The real identifiers that are written anywhere."""
    found = set()
    for name, pattern in WRITTEN.items():
        real = {str(value).encode() for value in X[name]}
        for part in parts:
            hits = real.intersection(re.findall(pattern, part))
            found |= {(name, text) for text in hits}
    accounts = X["account"].to_numpy()
    for part in parts:  # and as numbers of eight bytes
        for shift in range(8):
            whole = part[shift : shift + (len(part) - shift) // 8 * 8]
            for dtype in ("<i8", "<f8"):
                numbers = np.frombuffer(whole, dtype)
                hit = np.isin(numbers, accounts.astype(dtype))
                found |= {("account", n) for n in numbers[hit].tolist()}
    return found


@pytest.fixture
def drawn_texts(monkeypatch):
    """The texts of all figures that are written while a test runs."""
    texts = []
    savefig = matplotlib.figure.Figure.savefig

    def spying(figure, *args, **kwargs):
        savefig(figure, *args, **kwargs)
        texts.extend(text.get_text() for text in figure.findobj(matplotlib.text.Text))

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", spying)
    return texts


def test_the_search_finds_what_is_there(tmp_path):
    X, _ = make_customers(50)
    X[["Phone Number"]].to_csv(tmp_path / "rows.csv")
    X[["account"]].to_parquet(tmp_path / "rows.parquet")
    (tmp_path / "numbers.bin").write_bytes(b"ab" + X["account"].to_numpy().tobytes())
    with zipfile.ZipFile(tmp_path / "rows.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows", X["token"].to_csv())
    found = found_in(everything_in(tmp_path, [*X["IBAN"], X["E-Mail"].iloc[0]]), X)
    names = pd.Series([name for name, _ in found]).value_counts()
    assert names.to_dict() == {
        "Phone Number": 50,
        "account": 100,  # as text and as numbers
        "token": 50,
        "IBAN": 50,
        "E-Mail": 1,
    }


def test_no_identifier_of_a_real_row_is_in_any_run(store, autolog, drawn_texts):
    X, y = make_customers()
    assert not X.duplicated([*WRITTEN]).any()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    sampler = GANOverSampler(GAN, random_state=0)
    classifier = make_pipeline(
        sampler,
        make_column_transformer(("passthrough", make_column_selector("Support"))),
        LogisticRegression(),
    )
    with autolog(registered_model_name="churn-generator"):
        with mlflow.start_run():
            classifier.fit(X_train, y_train)
            log_pipeline(classifier, X=X_train, y=y_train)
        cross_val_score(classifier, X, y, cv=2)
        compared = compare(X, y, classifier[1:], {"GAN": sampler}, cv=2, random_state=0)
        rows, labels = sampler.fit_resample(X_train, y_train)
    with mlflow.start_run():
        found = report(sampler, rows, labels, X_test, y_test, comparison=compared)
        log_report(found)
        log_evidence(sampler.gan_.mlflow_model_id_, compared, report=found)
    sync()
    assert len(mlflow.search_runs(search_all_experiments=True)) >= 5
    parts = everything_in(store, drawn_texts)
    assert len(drawn_texts) > 100
    assert sum(map(len, parts)) > 10**6
    assert found_in(parts, X) == set()


def test_no_identifier_is_in_a_spool_that_was_not_sent(
    store, autolog, tmp_path_factory, monkeypatch
):
    X, y = make_customers()
    spool = tmp_path_factory.mktemp("spool")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("GAN_AUGMENT_SPOOL", str(spool))
    with autolog():
        GANOverSampler(GAN, random_state=0).fit_resample(X, y)
    parts = everything_in(spool, [])
    assert len(parts) > 10
    assert found_in(parts, X) == set()
