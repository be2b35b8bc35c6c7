"""
Rules and identifiers
=====================

Draw synthetic rows that keep the rules of the table: no delivery is before its order,
and every amount is the price times the quantity. No real customer number is repeated.
"""

# %%
# A table of orders
# -----------------

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n_rows = 800
ordered = pd.Timestamp("2026-01-01") + pd.to_timedelta(
    rng.integers(0, 200, n_rows), unit="D"
)
country = rng.choice(["DE", "FR", "US"], n_rows, p=[0.5, 0.3, 0.2])
price = rng.integers(5, 60, n_rows)
quantity = rng.integers(1, 9, n_rows)
days = rng.poisson(6, n_rows)
X = pd.DataFrame(
    {
        "customer": [f"C-{number}" for number in rng.permutation(900_000)[:n_rows]],
        "ordered": ordered,
        "delivered": ordered + pd.to_timedelta(days, unit="D"),
        "price": price,
        "quantity": quantity,
        "amount": price * quantity,
        "country": country,
        "currency": np.where(country == "US", "USD", "EUR"),
    }
)
late = days + rng.normal(0, 1.5, n_rows) > 9
y = np.where(late & (price * quantity > 60), "returned", "kept")
X.assign(y=y).head(4)

# %%
# Rules that every row keeps
# --------------------------
#
# Rules are found automatically. A rule is accepted only if independent columns would
# have broken it many times.

from gan_augment import Rules

rules = Rules().fit(X)
rules

# %%
# Synthetic rows keep them
# ------------------------

from gan_augment import GANOverSampler, TabularGAN

sampler = GANOverSampler(random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X, y)
synthetic = X_resampled[sampler.synthetic_mask_]
synthetic.head(4)

# %%
# Without rules, many rows break one:

free = GANOverSampler(TabularGAN(rules=None), random_state=0)
without, _ = free.fit_resample(X, y)
pd.Series(
    {
        "real": rules.violations(X).mean(),
        "synthetic": rules.violations(synthetic).mean(),
        "synthetic, rules=None": rules.violations(without[free.synthetic_mask_]).mean(),
    },
    name="share of rows that break a rule",
).round(3)

# %%
# The amount over price times quantity: real rows and rows drawn with rules are on the
# line.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
for axis, (title, rows) in zip(
    axes,
    {
        "real": X,
        "synthetic": synthetic,
        "synthetic, rules=None": without[free.synthetic_mask_],
    }.items(),
    strict=True,
):
    axis.scatter(rows["price"] * rows["quantity"], rows["amount"], s=6)
    axis.set(title=title, xlabel="price x quantity")
_ = axes[0].set_ylabel("amount")

# %%
# Identifiers
# -----------
#
# The new customer numbers follow the pattern of the real ones; none of them is a real
# one, and none occurs twice.

new = synthetic["customer"]
pd.Series(
    {
        "of a real customer": new.isin(X["customer"]).sum(),
        "twice": new.duplicated().sum(),
    }
)

# %%
# ``identifiers="drop"`` leaves the column out instead:

gan = TabularGAN(max_steps=50, identifiers="drop", random_state=0).fit(X, y)
rows, _ = gan.sample(2, label="returned")
rows
