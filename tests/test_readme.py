"""The README's Python runs, and what it names exists."""

import ast
import re
import warnings
from importlib import import_module
from pathlib import Path

import pytest
import typer

from gan_augment import GANOverSampler, ImageGAN, TabularGAN
from gan_augment.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = ["README.md", *(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md"))]
INSTALL = (ROOT / "docs" / "install.md").read_text()


def test_the_code_runs(store, monkeypatch):
    # What is learned is measured elsewhere: short trainings.
    for gan in (TabularGAN, ImageGAN):
        monkeypatch.setitem(gan.__init__.__kwdefaults__, "max_steps", 10)
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert len(names["rows"]) == 100
    assert set(names["labels"]) == {0}
    assert names["comparison"].outcome in {"gain", "no evidence", "loss"}
    assert (names["more_labels"] == 8).sum() == 200


@pytest.mark.slow
def test_the_gan_of_the_images_does_no_harm():
    code = README.split("## Images")[1].split("```python")[1].split("```")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        exec(compile(code, "README.md", "exec"), {"GANOverSampler": GANOverSampler})


def test_it_is_at_most_two_screens_and_a_half():
    assert len(README.splitlines()) <= 180


def test_the_lines_behind_the_commands_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)", README + INSTALL, flags=re.M):
        assert f"\n{target}:" in makefile, target
    lines = re.findall(r"^    \.venv/bin/(python -m .*)$", INSTALL, flags=re.M)
    assert len(lines) == 5
    for line in lines:
        recipe = re.sub(r"\[(pipelines|test)\]", "[$*]", line)
        assert f"$(BIN)/{recipe}" in makefile, line


def test_the_verbs_of_the_command_line_exist():
    verbs = set(typer.main.get_command(app).commands)
    page = (ROOT / "docs" / "guide" / "command_line.md").read_text()
    assert set(re.findall(r"^    gan-augment (\w+)", README, flags=re.M)) <= verbs
    assert set(re.findall(r"^\| `(\w+)`", page, flags=re.M)) == verbs


def test_every_extra_is_in_the_table():
    project = (ROOT / "pyproject.toml").read_text()
    extras = re.search(
        r"\[project.optional-dependencies\]\n(.*?)\n\[", project, re.DOTALL
    )
    names = re.findall(r"^(\w+) = ", extras[1], flags=re.M)
    explained = set(re.findall(r"^\| `(\w+)`", INSTALL, flags=re.M))
    assert explained == set(names)


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_and_page_exists(page):
    folder = (ROOT / page).parent
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path = target.partition("#")[0]
        if path and not target.startswith("http"):
            assert (folder / path).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_what_the_code_imports_exists(page):
    code = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    for node in (node for block in code for node in ast.walk(ast.parse(block))):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("gan_augment"):
            if node.module == "gan_augment.scaling.spark_ml":
                pytest.importorskip("pyspark")
            for name in node.names:
                assert hasattr(import_module(node.module), name.name), name.name
