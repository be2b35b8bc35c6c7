"""The files that package the library say what pyproject.toml says."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import gan_augment

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What conda calls by another name.
OF_CONDA = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def bounds(requirements):
    """Name -> what its version must be."""
    pairs = [re.match(r"([\w-]+)\s*(.*)", each).groups() for each in requirements]
    return {OF_CONDA.get(name, name): version for name, version in pairs}


def test_the_conda_recipe_has_the_dependencies():
    recipe = yaml.safe_load((ROOT / "conda/recipe/recipe.yaml").read_text())
    needed = bounds(recipe["requirements"]["run"])
    assert needed.pop("python") == PROJECT["requires-python"]
    assert needed == bounds(PROJECT["dependencies"])
    assert recipe["context"]["version"] == gan_augment.__version__


def test_lowest_constraints_are_the_lower_bounds():
    lines = (ROOT / "constraints-lowest.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if line[0] != "#")
    for name, allowed in bounds(PROJECT["dependencies"]).items():
        lowest = re.match(r">=([\d.]+)", allowed)[1]
        assert pinned[name] == lowest, name


def test_the_release_publishes_without_a_password():
    path = ROOT / ".github/workflows/release.yml"
    jobs = yaml.safe_load(path.read_text())["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"] == "release"
    assert "id-token" not in jobs["build"]["permissions"]
    assert "secrets." not in path.read_text()


@pytest.mark.parametrize("name", ["CITATION.cff", "CHANGELOG.md"])
def test_the_version_is_the_same_everywhere(name):
    assert re.search(
        rf"(^version: |^## ){re.escape(gan_augment.__version__)}\b",
        (ROOT / name).read_text(),
        re.MULTILINE,
    )
