"""
Identifiers
===========

Columns that name rows or persons tell a generator nothing, and their values must not
leave the table. Synthetic rows get fresh ones.
"""

# %%
# A table with a customer number
# ------------------------------

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n_rows = 600
X = pd.DataFrame(
    {
        "customer": [f"C-{number}" for number in rng.permutation(900_000)[:n_rows]],
        "age": rng.integers(18, 80, n_rows),
        "balance": rng.gamma(2, 900, n_rows).round(2),
        "plan": rng.choice(["basic", "gold"], n_rows, p=[0.8, 0.2]),
    }
)
y = np.where(
    X["balance"] + 20 * X["age"] + rng.normal(0, 500, n_rows) > 4500, "yes", "no"
)
X.head(3)

# %%
# More rows of the rare class
# ---------------------------

from gan_augment import GANOverSampler, TabularGAN, check_table

print(check_table(X, y))

# %%
sampler = GANOverSampler(TabularGAN(max_steps=200), random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X, y)
synthetic = X_resampled[sampler.synthetic_mask_]
synthetic.head(3)

# %%
# The new customer numbers look like the others; none of them is a real customer's, and
# none occurs twice.

(
    synthetic["customer"].isin(X["customer"]).sum(),
    synthetic["customer"].duplicated().sum(),
)

# %%
# A generator that is used alone can leave such a column out instead:

gan = TabularGAN(max_steps=50, identifiers="drop", random_state=0).fit(X, y)
rows, _ = gan.sample(2, label="yes")
rows
