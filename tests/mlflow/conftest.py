"""A tracking server, and autolog that is off again after the test."""

import shutil

import pytest
from mlflow_server import Server

import gan_augment.mlflow


@pytest.fixture(scope="module")
def server(database, tmp_path_factory):
    """A server that is not running yet."""
    directory = tmp_path_factory.mktemp("server")
    shutil.copy(database, directory / "mlflow.db")
    server = Server(directory)
    yield server
    server.kill()


@pytest.fixture
def autolog(store):
    yield gan_augment.mlflow.autolog
    gan_augment.mlflow.autolog(disable=True)
