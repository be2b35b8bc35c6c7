"""
A table larger than memory
==========================

Train on a folder of Parquet files that is read in chunks, write synthetic rows of the
rare class as files beside it, and read both together.
"""

# %%
# A folder of files
# -----------------
#
# The table has 60,000 payments in three files; one in two hundred is a fraud. The code
# below is the same for three thousand files, and for an address such as
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
# ``fit_dataset`` trains on every row of the rare class and a uniform sample of the
# other one, at most ``max_rows`` in total, so its memory does not depend on the size of
# the table.

from gan_augment import TabularGAN

gan = TabularGAN(random_state=0)
gan.fit_dataset(payments, target="fraud", max_rows=5_000)
dict(zip(gan.classes_.tolist(), gan.class_prior_.round(4).tolist(), strict=True))

# %%
# Write the synthetic rows
# ------------------------
#
# ``over_sample`` counts the classes, and draws each file from its number and the seed
# alone. Therefore any number of processes, or a cluster of Spark, Dask or Ray, writes
# the same files, and a call that was interrupted can be resumed.

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
# The same call writes nothing the second time, because every file exists:

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
# The files have the columns and types of the table, so one data set can contain both.
# pyarrow, polars and Spark read it in pieces.

import pyarrow.dataset as ds

both = ds.dataset([ds.dataset(payments), ds.dataset(more)])
both.count_rows(), both.count_rows(filter=ds.field("fraud"))

# %%
frauds = both.to_table(filter=ds.field("fraud")).to_pandas()
frauds.describe().round(2)

# %%
# The GAN is trained on only a part of the table, but the rules found in this part, here
# that of the fee, are checked against every row:

print(gan.rules_)
