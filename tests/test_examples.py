"""Every public name shows how it is used, and what it shows is run as a doctest."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parent.parent / "docs" / "api" / "index.md"
PACKAGES = re.findall(r"^   (gan_augment\S*)$", REFERENCE.read_text(), re.MULTILINE)
NAMES = {
    getattr(import_module(package), name): f"{package}.{name}"
    for package in reversed(PACKAGES)
    for name in import_module(package).__all__
    if callable(getattr(import_module(package), name)) and name[0] != "_"
}


@pytest.mark.parametrize("shown", NAMES, ids=NAMES.values())
def test_every_public_name_has_an_example_that_runs(shown):
    examples = doctest.DocTestParser().get_examples(shown.__doc__ or "")
    # Where a server would be needed, the imports at least are run.
    assert any(doctest.SKIP not in each.options for each in examples)
