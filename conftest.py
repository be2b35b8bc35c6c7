"""Modules whose examples need a package that is not installed are not collected."""

from importlib.util import find_spec

collect_ignore = []
if find_spec("pyspark") is None:
    collect_ignore.append("gan_augment/scaling/spark_ml.py")
