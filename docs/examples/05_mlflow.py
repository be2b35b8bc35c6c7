"""
MLflow, from training to serving
================================

Track a training, register its generator, load it in another place, and ask it for rows
as a server would be asked.
"""

# %%
# A store
# -------
#
# A database in a temporary directory; on your machine it would be the address of your
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
# Inside ``autolog`` every ``fit_resample`` is a run, and its generator a version of the
# registered model.

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
# What the run holds
# ------------------

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
# ``mlflow models serve -m models:/tumour-generator@candidate`` serves this model, and
# its answers are those of ``predict``. One seed gives the same rows every time.

served = mlflow.pyfunc.load_model("models:/tumour-generator@candidate")
request = pd.DataFrame([{"n_rows": 3, "target_class": "0", "seed": 7}])
served.predict(request)

# %%
# If there is evidence that it helps
# ----------------------------------
#
# ``promote`` makes the candidate the champion if ``log_evidence`` was told of a gain
# whose whole interval lies above 0, and of privacy; here it was told nothing, so it
# refuses, and says why.

try:
    gan_augment.mlflow.promote("tumour-generator")
except gan_augment.mlflow.PromotionError as error:
    print(error)

# %%
mlflow.set_tracking_uri(None)
