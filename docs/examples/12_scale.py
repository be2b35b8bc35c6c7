"""
A table larger than memory
==========================

Train on a folder of Parquet files that is read in chunks, write the rows of the rare
class that it lacks as files beside it, and read both back together.
"""

# %%
# A folder of files
# -----------------
#
# 60,000 payments in three files, of which one in two hundred is a fraud. Nothing below
# would change if there were three thousand files, here or at an address such as
# ``s3://bucket/payments``.

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

folder = Path(tempfile.mkdtemp())
payments = folder / "payments"
payments.mkdir()
rng = np.random.default_rng(0)
for month in range(3):
    fraud = rng.random(20_000) < 0.005
    amount = rng.gamma(2, 30 + 60 * fraud).round(2)
    hour = np.where(fraud, rng.normal(3, 2, 20_000), rng.normal(14, 4, 20_000)) % 24
    frame = pd.DataFrame(
        {
            "amount": amount,
            "fee": (amount * 0.01).round(2),
            "hour": hour.astype("int8"),
            "country": rng.choice(["DE", "ES", "FR"], 20_000, p=[0.6, 0.3, 0.1]),
            "fraud": fraud,
        }
    )
    frame.to_parquet(payments / f"2026-{month + 1:02d}.parquet", index=False)

# %%
# Train
# -----
#
# ``fit_dataset`` takes every row of the rare class and a uniform sample of the other
# one, at most ``max_rows`` together, so its memory does not depend on the table.

from gan_augment import TabularGAN

gan = TabularGAN(random_state=0)
gan.fit_dataset(payments, target="fraud", max_rows=5_000)
dict(zip(gan.classes_.tolist(), gan.class_prior_.round(4).tolist(), strict=True))

# %%
# Write what is lacking
# ---------------------
#
# ``over_sample`` counts the classes, and draws each file by itself, from its number and
# the seed. So any number of processes, or a cluster of Spark, Dask or Ray, writes the
# same files, and a call that was interrupted goes on where it was.

from gan_augment import over_sample

more = folder / "synthetic"
written = over_sample(
    payments,
    "fraud",
    sampling_strategy=0.05,
    out=more,
    generator=gan,
    rows_per_partition=1_000,
    n_workers=1,
)
written.n_synthetic

# %%
written.report.to_pandas()[["number", "n_rows", "n_bytes", "was_kept"]]

# %%
# The same call again writes nothing: every file is there.

again = over_sample(
    payments,
    "fraud",
    sampling_strategy=0.05,
    out=more,
    generator=gan,
    rows_per_partition=1_000,
    n_workers=1,
)
again.n_kept, len(again.report)

# %%
# Read both
# ---------
#
# The files have the columns and types of the table, so one data set holds both. A
# reader such as pyarrow, polars or Spark takes them piece by piece.

import pyarrow.dataset as ds

both = ds.dataset([ds.dataset(payments), ds.dataset(more)])
both.count_rows(), both.count_rows(filter=ds.field("fraud"))

# %%
frauds = both.to_table(filter=ds.field("fraud")).to_pandas()
frauds.describe().round(2)

# %%
# Only a part of a large table is trained on, but rules that were found there were
# checked against every row before they were kept: here, the fee.

print(gan.rules_)
