"""The README's Python runs, and its commands are the Makefile's."""

import re
from pathlib import Path

from sklearn.ensemble import RandomForestClassifier

from gan_augment import ImageGAN, TabularGAN

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_code_runs(store, monkeypatch):
    # What is learned is measured elsewhere: small forests, short trainings.
    monkeypatch.setattr(RandomForestClassifier.__init__, "__defaults__", (10,))
    for gan in (TabularGAN, ImageGAN):
        monkeypatch.setitem(gan.__init__.__kwdefaults__, "max_steps", 10)
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    names = {}
    try:
        exec(compile(code, "README.md", "exec"), names)
    finally:
        names["gan_augment"].mlflow.autolog(disable=True)
    assert len(names["rows"]) == 100
    assert set(names["labels"]) == {0}


def test_the_lines_behind_the_commands_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    lines = re.findall(r"^    \.venv/bin/(python -m .*)$", README, flags=re.M)
    assert len(lines) == 5
    for line in lines:
        recipe = line.replace('".[pipelines]"', '".[$*]"').replace(
            '".[test]"', '".[$*]"'
        )
        if "customers.csv" not in line:
            assert f"$(BIN)/{recipe}" in makefile, line


def test_every_picture_and_page_exists():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
