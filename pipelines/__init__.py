"""Runnable pipelines on real data. Not part of the installed package."""
