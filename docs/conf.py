"""Sphinx configuration. ``make docs`` builds the pages; it needs no network."""

from __future__ import annotations

import os
import re
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes

import gan_augment

# Examples run while the pages are built: no progress bars, nothing sent anywhere.
os.environ["TQDM_DISABLE"] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_LOGGING_LEVEL"] = "WARNING"
warnings.filterwarnings("ignore", category=DeprecationWarning)

project = "gan_augment"
author = "the gan_augment developers"
copyright = author
version = release = gan_augment.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]
default_role = "literal"

# Packages whose names are public, as the reference lists them, and the names by which
# pages call them.
REFERENCE = Path(__file__).parent / "api" / "index.md"
PACKAGES = re.findall(r"^   (gan_augment\S*)$", REFERENCE.read_text(), re.MULTILINE)
PUBLIC: dict[str, str] = {}
for _package in PACKAGES:
    for _name in getattr(import_module(_package), "__all__", ()):
        if callable(getattr(import_module(_package), _name)) and _name[0] != "_":
            PUBLIC.setdefault(_name, f"{_package}.{_name}")
PUBLIC |= {full: full for full in PUBLIC.values()}

# The reference: every package lists the names of its `__all__`.
autosummary_ignore_module_all = False
autosummary_context = {"top_level": gan_augment.__all__}
autodoc_typehints = "none"
numpydoc_show_class_members = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "api/backreferences",
    "doc_module": ("gan_augment",),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "plot_gallery": True,
    # As many examples at once as sphinx has jobs.
    "parallel": True,
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "gan_augment"
html_sidebars = {"benchmarks": [], "install": []}
html_static_path = ["_static"]
html_css_files = ["gan_augment.css"]
html_extra_path = ["llms.txt"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
}


def escape_shapes(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Keep "of shape (n_features_in_,)" from being read as a reference."""
    for i, line in enumerate(lines):
        if " of shape (" in line:
            lines[i] = re.sub(r"(?<=\w)_(?=[,)])", r"\_", line)


def link_names(app: Any, doctree: nodes.document) -> None:
    """Link every public name that a page has in code to its page in the reference.

    So pages are plain Markdown that a code host can show.
    """
    if app.env.docname.startswith("api/generated"):
        return
    for literal in list(doctree.findall(nodes.literal)):
        target = PUBLIC.get(literal.astext().partition("(")[0])
        linked = isinstance(literal.parent, nodes.reference | addnodes.pending_xref)
        if target and not linked:
            link = addnodes.pending_xref(
                "",
                refdomain="py",
                reftype="obj",
                reftarget=target,
                refdoc=app.env.docname,
                refwarn=True,
            )
            literal.replace_self(link)
            link += literal


def setup(app: Any) -> None:
    """Escape before numpydoc reads, which has the priority 500."""
    app.connect("autodoc-process-docstring", escape_shapes, priority=400)
    app.connect("doctree-read", link_names)
