"""
MLflow, from training to serving
================================

Track a training, register its generator, load it, and request rows as from a server.
"""

# %%
# A store
# -------
#
# The store is a database in a temporary directory. In practice, set the address of your
# tracking server.

import tempfile
from pathlib import Path

import mlflow
import pandas as pd

store = Path(tempfile.mkdtemp())
mlflow.set_tracking_uri(f"sqlite:///{store}/mlflow.db")
_ = mlflow.create_experiment("tumours", (store / "artifacts").as_uri())
_ = mlflow.set_experiment("tumours")

# %%
# Train
# -----
#
# Inside ``autolog``, every ``fit_resample`` is logged as a run, and its generator is
# registered as a new version of the model.

from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X = X.iloc[:, :8]
sampler = GANOverSampler(TabularGAN(max_steps=100), random_state=0)
pipeline = make_pipeline(sampler, StandardScaler(), LogisticRegression())

with gan_augment.mlflow.autolog(registered_model_name="tumour-generator"):
    pipeline.fit(X, y)

# %%
# Contents of the run
# -------------------

run = mlflow.search_runs(output_format="list")[0]
for name, value in sorted(run.data.params.items())[:8]:
    print(f"{name}: {value}")

# %%
# The losses and other measures of every epoch are in the run, and in the sampler:

from gan_augment.plotting import TrainingCurvesDisplay

_ = TrainingCurvesDisplay.from_estimator(sampler)

# %%
# The classifier is logged with a link to the generator that it was trained with.

_ = gan_augment.mlflow.log_pipeline(pipeline, X=X)

# %%
# Load it
# -------
#
# The newest version has the alias ``candidate``. Loading it runs no code of the model.

generator = gan_augment.mlflow.load_model("models:/tumour-generator@candidate")
rows, labels = generator.sample(3, label=0, random_state=7)
rows

# %%
# Serve it
# --------
#
# ``mlflow models serve -m models:/tumour-generator@candidate`` serves this model; its
# responses are the results of ``predict``. The same seed gives the same rows every
# time.

served = mlflow.pyfunc.load_model("models:/tumour-generator@candidate")
request = pd.DataFrame([{"n_rows": 3, "target_class": "0", "seed": 7}])
served.predict(request)

# %%
# Promote it
# ----------
#
# ``promote`` makes the candidate the champion if evidence of a gain and of privacy was
# logged with ``log_evidence``, and if the whole interval of the gain lies above 0. Here
# no evidence was logged, so it raises an error that says what is missing.

try:
    gan_augment.mlflow.promote("tumour-generator")
except gan_augment.mlflow.PromotionError as error:
    print(error)

# %%
mlflow.set_tracking_uri(None)
