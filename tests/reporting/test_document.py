"""A page that needs nothing else, and of which nothing is run."""

import base64
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure as MatplotlibFigure

from gan_augment.reporting import Report
from gan_augment.reporting.document import Figure, Finding, Section

HOSTILE = '<script>alert("x")</script><img src=http://evil>|`*_[a](b)\n# x &amp;'


def make_report(text=HOSTILE):
    figure = MatplotlibFigure(figsize=(1, 1))
    figure.subplots()
    return Report(
        title=text,
        summary=text,
        verdict=text,
        tone="open",
        findings=[Finding(text, text, text, "good")],
        sections=[
            Section(
                text,
                [text],
                pd.DataFrame({text: [text], "other": ["1"]}),
                [Figure.of(figure, text)],
            )
        ],
        quality={},
        utility=None,
    )


class Page(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_what_comes_from_the_data_stays_text():
    page = Page(make_report().to_html())
    assert page.open == []
    assert not {"script", "iframe", "link"} & {tag for tag, _ in page.tags}
    text = "".join(page.text)
    for where in range(9):  # title twice, verdict, summary, finding, section, table
        assert HOSTILE in text, where
        text = text.replace(HOSTILE, "", 1)


def test_the_page_loads_nothing():
    page = Page(make_report().to_html())
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 1
    head, data = pictures[0]["src"].split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert not any("href" in attrs for _, attrs in page.tags)
    policy = [attrs.get("content", "") for tag, attrs in page.tags if tag == "meta"]
    assert any("default-src 'none'" in content for content in policy)


def test_markdown_reads_nothing_in_the_data():
    lines = make_report().to_markdown().splitlines()
    assert not any("<" in line or re.search(r"(?<!\\)\]\(", line) for line in lines)
    assert sum(line.startswith("# ") for line in lines) == 1
    header, rule, row = (line for line in lines if line.startswith("|"))
    assert rule == "| --- | --- |"
    for line in (header, row):
        assert line.replace(r"\|", "").count("|") == 3


def test_both_forms_are_saved_and_others_are_not(tmp_path):
    report = make_report("fine")
    for name in ("report.html", "report.md"):
        path = report.save(tmp_path / name)
        assert "fine" in path.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"must end in \.html or \.md\. Got .*pdf"):
        report.save(tmp_path / "report.pdf")


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    page = Page(make_report()._repr_html_())
    assert [tag for tag, _ in page.tags] == ["iframe"]
    assert page.tags[0][1]["srcdoc"] == make_report().to_html()
