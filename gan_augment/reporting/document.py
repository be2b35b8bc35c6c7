"""A report as a document: findings first, then sections; HTML and Markdown."""

from __future__ import annotations

import base64
import html
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from gan_augment.metrics.rules import RuleViolations

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

Tone = Literal["good", "open", "bad"]


@dataclass(frozen=True)
class Finding:
    """A question about synthetic rows, its answer, and the evidence.

    Parameters
    ----------
    question, answer, evidence : str
        Plain words.
    tone : {"good", "open", "bad"}
        Whether the answer is good, open or bad.
    """

    question: str
    answer: str
    evidence: str
    tone: Tone


@dataclass(frozen=True)
class Figure:
    """A picture and its caption.

    Parameters
    ----------
    png : bytes
        The picture.
    caption : str
        Text below the picture.
    """

    png: bytes
    caption: str

    @classmethod
    def of(cls, figure: MatplotlibFigure, caption: str) -> Figure:
        """Make a picture of a matplotlib figure."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
        return cls(buffer.getvalue(), caption)

    @property
    def data_uri(self) -> str:
        """Picture as a data URI."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Parameters
    ----------
    title : str
        Its heading.
    text : list of str
        Paragraphs.
    table : DataFrame or None
        Strings, to be shown with the names of the columns and without the index.
    figures : list of Figure
        Pictures, below the text.
    """

    title: str
    text: list[str] = field(default_factory=list)
    table: pd.DataFrame | None = None
    figures: list[Figure] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """Result of :func:`~gan_augment.report`.

    Parameters
    ----------
    title : str
        Heading of the report.
    summary : str
        Which rows were drawn, from which real rows, and on which rows they are tested.
    verdict : str
        Recommendation in one or two sentences.
    tone : {"good", "open", "bad"}
        Whether the verdict is good, open or bad.
    findings : list of Finding
        The answers behind the verdict.
    sections : list of Section
        The evidence behind the answers.
    quality : dict of object to DataFrame
        Class -> result of :func:`~gan_augment.metrics.row_quality`.
    utility : DataFrame or None
        Result of :func:`~gan_augment.metrics.utility_scores`. None without a
        classifier.
    rules : RuleViolations or None
        Result of :func:`~gan_augment.metrics.rule_violations`. None for images.
    reused : Series or None
        Result of :func:`~gan_augment.metrics.reused_identifiers`.
    risks : DataFrame or None
        Result of :func:`~gan_augment.metrics.attack_risks`. None for images, and if
        there are too few rows.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from gan_augment import GANOverSampler, TabularGAN, report
    >>> X, y = make_classification(400, weights=[0.9], random_state=0)
    >>> sampler = GANOverSampler(TabularGAN(max_steps=5), sample_filter=None)
    >>> rows, labels = sampler.fit_resample(X[:300], y[:300])
    >>> found = report(sampler, rows, labels, X[300:], y[300:], title="Made rows")
    >>> found.to_markdown().splitlines()[0]
    '# Made rows'
    """

    title: str
    summary: str
    verdict: str
    tone: Tone
    findings: list[Finding]
    sections: list[Section]
    quality: dict[Any, pd.DataFrame]
    utility: pd.DataFrame | None
    rules: RuleViolations | None = None
    reused: pd.Series | None = None
    risks: pd.DataFrame | None = None

    def to_html(self) -> str:
        """Render the report as one self-contained page; text of the data is escaped.

        Returns
        -------
        page : str
            HTML.
        """
        from jinja2 import Environment, FileSystemLoader

        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return environment.get_template("page.html.jinja").render(report=self)

    def to_markdown(self) -> str:
        """Render the report as Markdown, without its figures.

        Returns
        -------
        text : str
            Markdown.
        """
        blocks = [f"# {_plain(self.title)}", f"**{_plain(self.verdict)}**"]
        blocks.append(_plain(self.summary))
        blocks += [
            f"**{_plain(finding.question)} {_plain(finding.answer)}.** "
            f"{_plain(finding.evidence)}"
            for finding in self.findings
        ]
        for section in self.sections:
            blocks += [f"## {_plain(section.title)}", *map(_plain, section.text)]
            if section.table is not None:
                blocks.append(_markdown_table(section.table))
        return "\n\n".join(blocks) + "\n"

    def save(self, path: str | Path) -> Path:
        """Write the report to a file.

        Parameters
        ----------
        path : path-like
            A file that ends in ``.html`` or ``.md``.

        Returns
        -------
        path : Path
            The file.

        Raises
        ------
        ValueError
            If the name has another ending.
        """
        path = Path(path)
        writers = {".html": self.to_html, ".md": self.to_markdown}
        if path.suffix not in writers:
            raise ValueError(
                f"`path` must end in .html or .md. Got {str(path)!r}. Change its "
                "ending."
            )
        text = writers[path.suffix]()
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        return path

    def _repr_html_(self) -> str:
        # A frame of its own, so that the notebook's style and ours stay apart.
        page = html.escape(self.to_html())
        return f'<iframe srcdoc="{page}" width="100%" height="700"></iframe>'

    def __repr__(self) -> str:
        return f"<Report: {self.verdict}>"


def _plain(text: str) -> str:
    """Text of which Markdown and HTML read nothing as their own."""
    escaped = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_\[\]|#~])", r"\\\1", escaped)


def _markdown_table(table: pd.DataFrame) -> str:
    rows = [table.columns, ["---"] * table.shape[1], *table.to_numpy().tolist()]
    cells = [
        row if i == 1 else [_plain(cell) for cell in row] for i, row in enumerate(rows)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
