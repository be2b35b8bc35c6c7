"""The rules of dependency, and what importing costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gan_augment

PACKAGE = Path(gan_augment.__file__).parent
TORCH_FREE = {"datasets", "encoding", "metrics", "persistence", "plotting", "tables"}
TORCH_ONLY = {"networks", "training"}

# part -> parts of ours that it may import, which lie below it; anything absent is
# forbidden.
ALLOWED: dict[str, set[str]] = {
    "__init__": {
        "classification",
        "comparison",
        "forecasting",
        "gans",
        "memory",
        "over_sampling",
        "reporting",
        "scaling",
        "tables",
    },
    "__main__": {"cli"},
    "cli": {
        "classification",
        "comparison",
        "encoding",
        "events",
        "forecasting",
        "gans",
        "images",
        "mlflow",
        "over_sampling",
        "reporting",
        "tables",
        "training",
    },
    "mlflow": {
        "comparison",
        "encoding",
        "gans",
        "over_sampling",
        "events",
        "persistence",
        "plotting",
        "reporting",
        "tables",
        "training",
    },
    "scaling": {
        "encoding",
        "gans",
        "mlflow",
        "over_sampling",
        "parallel",
        "persistence",
        "tables",
    },
    "reporting": {
        "comparison",
        "encoding",
        "metrics",
        "plotting",
        "seeding",
        "tables",
    },
    "comparison": {
        "classification",
        "encoding",
        "events",
        "metrics",
        "over_sampling",
        "parallel",
        "plotting",
        "progress",
        "seeding",
        "tables",
    },
    "classification": {
        "encoding",
        "events",
        "gans",
        "over_sampling",
        "progress",
        "seeding",
        "threads",
    },
    "forecasting": {
        "encoding",
        "events",
        "gans",
        "memory",
        "over_sampling",
        "training",
    },
    "over_sampling": {
        "encoding",
        "events",
        "gans",
        "images",
        "memory",
        "metrics",
        "progress",
        "seeding",
        "tables",
        "threads",
        "training",
    },
    "gans": {
        "datasets",
        "encoding",
        "events",
        "memory",
        "metrics",
        "networks",
        "persistence",
        "progress",
        "seeding",
        "tables",
        "threads",
        "training",
    },
    "datasets": {"encoding", "seeding"},
    "images": {
        "encoding",
        "metrics",
        "networks",
        "seeding",
        "threads",
        "training",
    },
    "tables": {"encoding", "seeding"},
    "plotting": {"metrics", "seeding"},
    "metrics": {"encoding", "seeding", "tables"},
    "networks": {"encoding.schema"},
    "training": {"events"},
    "events": set(),
    "memory": set(),
    "progress": {"events"},
    "encoding": {"seeding"},
    "persistence": set(),
    "seeding": set(),
    "parallel": set(),
    "threads": set(),
}


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "gan_augment":
                yield from (f"gan_augment.{alias.name}" for alias in node.names)


MODULES = [
    pytest.param(path, id=str(path.relative_to(PACKAGE)))
    for path in sorted(PACKAGE.rglob("*.py"))
]


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES)
def test_no_import_goes_against_the_arrows(path):
    part = part_of(path)
    for module in imported_modules(path):
        target = module.removeprefix("gan_augment.")
        # A public name stands for the module that it lives in.
        target = gan_augment._HOME.get(target, module).removeprefix("gan_augment.")
        root = target.split(".")[0]
        if target == module or root not in ALLOWED or root == part:
            continue  # not ours, or of the same part
        assert {target, root} & ALLOWED[part], f"{path.name} must not import {module}"


@pytest.mark.parametrize("path", MODULES)
def test_heavy_libraries_stay_where_they_belong(path):
    part = part_of(path)
    roots = {module.split(".")[0] for module in imported_modules(path)}
    assert "ctgan" not in roots or path == PACKAGE / "gans/ctgan/models.py"
    assert "mlflow" not in roots or part == "mlflow"
    assert "torch" not in roots or part not in TORCH_FREE
    if part in TORCH_ONLY:
        assert not roots & {"sklearn", "pandas", "imblearn"}


def test_mlflow_is_reached_by_name_where_an_address_of_it_is_given():
    """The one way up: ``init_from="models:/..."``, which a fit looks up when asked."""
    reaching = {
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        if 'import_module("gan_augment.mlflow")' in path.read_text()
    }
    assert reaching == {"__init__.py", "gans/transfer.py"}


def test_importing_the_package_is_cheap():
    heavy = ("torch", "mlflow", "ctgan", "matplotlib", "sklearn", "pandas")
    code = (
        "import sys, gan_augment; gan_augment.__all__; dir(gan_augment);"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_a_fit_does_not_load_torchs_compiler():
    """Two seconds of the first fit of a process; ``torch.optim`` brings it in."""
    code = (
        "import sys; from gan_augment import TabularGAN;"
        "TabularGAN(max_steps=2).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]);"
        "print('torch._dynamo' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


def test_public_names_resolve():
    for name in gan_augment.__all__:
        assert getattr(gan_augment, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'GANSampler'"):
        _ = gan_augment.GANSampler
