"""Tables that several tests use."""

import datetime
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def make_mixed_frame(n_rows=120, seed=0):
    """A frame with a column of every dtype that a user may bring."""
    rng = np.random.default_rng(seed)
    days = pd.to_timedelta(rng.integers(0, 99, n_rows), "D")
    frame = pd.DataFrame(
        {
            "float": rng.normal(size=n_rows),
            "float32": rng.normal(size=n_rows).astype(np.float32),
            "money": rng.integers(0, 9999, n_rows) / 100,
            "int": rng.integers(-5, 6, n_rows),
            "int8": rng.integers(-5, 6, n_rows).astype(np.int8),
            "large_int": rng.integers(-(2**63), 2**63 - 1, n_rows),
            "uint": rng.integers(0, 2**64 - 1, n_rows, dtype=np.uint64),
            "hundreds": rng.integers(1, 9, n_rows) * 100,
            "Int64": pd.array(rng.integers(0, 9, n_rows), dtype="Int64"),
            "Float32": pd.array(rng.normal(size=n_rows), dtype="Float32"),
            "bool": rng.random(n_rows) > 0.5,
            "boolean": pd.array(rng.random(n_rows) > 0.5, dtype="boolean"),
            "category": pd.Categorical(
                rng.choice(list("abc"), n_rows), categories=list("zabc"), ordered=True
            ),
            "interval": pd.cut(rng.normal(size=n_rows), 4),
            "string": pd.array(rng.choice(list("xy"), n_rows), dtype="string"),
            "object": rng.choice(["u", "v", None], n_rows),
            "number_objects": np.resize(np.array([1, 2.5, None, 4], object), n_rows),
            "date_objects": [datetime.date(2020, 1, 1 + i % 9) for i in range(n_rows)],
            "day": pd.Timestamp("2020-01-01") + days,
            "second": pd.Timestamp("2020-01-01", tz="Europe/Paris") + days * 1.7,
            "timedelta": pd.to_timedelta(rng.integers(0, 99, n_rows), "h"),
            "constant": 3.5,
            "all_nan": np.nan,
            "all_none": None,
            "sparse": pd.arrays.SparseArray(rng.choice([0, 0, 1.5, 2.5], n_rows)),
            "arrow_int": pd.array(rng.integers(0, 99, n_rows), dtype="int64[pyarrow]"),
            "arrow_date": pd.array(
                [datetime.date(2020, 1, 1 + i % 9) for i in range(n_rows)],
                dtype="date32[pyarrow]",
            ),
            "identifier": [f"id-{i}" for i in range(n_rows)],
        }
    )
    nullable = ["float", "money", "Int64", "Float32", "boolean", "category", "string"]
    frame.loc[::7, [*nullable, "day", "second", "timedelta"]] = None
    return frame


def printed_by_a_new_process(code):
    """What Python code prints in a process of its own, which can import the tests."""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.strip()
