"""Draw how_it_works.svg: ``python docs/draw_how_it_works.py``."""

from __future__ import annotations

from pathlib import Path

WIDTH, HEIGHT = 920, 330
GREY, ORANGE, PALE, INK, BLUE = "#c4cad1", "#e07b00", "#f7c98b", "#22272e", "#2f6fb0"
ROW, GAP = 11, 3


def text(x: float, y: float, words: str, size: int = 14, weight: str = "normal") -> str:
    """One line of text, centred at `x`."""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" '
        f'fill="{INK}" text-anchor="middle">{words}</text>'
    )


def rows(x: float, y: float, colours: list[str], width: int = 92) -> str:
    """A table as a stack of rows."""
    return "".join(
        f'<rect x="{x}" y="{y + i * (ROW + GAP)}" width="{width}" height="{ROW}" '
        f'rx="2" fill="{colour}"/>'
        for i, colour in enumerate(colours)
    )


def box(x: float, y: float, width: int, height: int, colour: str = INK) -> str:
    """A rounded outline."""
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" '
        f'fill="#ffffff" stroke="{colour}" stroke-width="1.5"/>'
    )


def arrow(x: float, y: float, x_end: float, y_end: float) -> str:
    """A line with a head."""
    return (
        f'<path d="M{x} {y} L{x_end} {y_end}" stroke="{INK}" stroke-width="1.5" '
        'fill="none" marker-end="url(#head)"/>'
    )


def caption(x: float, lines: list[str], y: float = 258) -> str:
    """A heading with lines below it."""
    heading, *others = lines
    return text(x, y, heading, 15, "bold") + "".join(
        text(x, y + 20 * (i + 1), line, 13) for i, line in enumerate(others)
    )


def draw() -> str:
    """The whole picture."""
    real = [GREY] * 6 + [ORANGE] * 2
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#ffffff"/>',
        rows(34, 80, real),
        caption(80, ["Your rows", "two classes,", "one is rare"]),
        arrow(136, 134, 172, 134),
        box(180, 94, 120, 80),
        text(240, 130, "Encoder"),
        text(240, 150, "column by column", 12),
        caption(240, ["Encode", "numbers as normal scores,", "levels, missing values"]),
        arrow(306, 134, 342, 134),
        box(350, 62, 150, 54, BLUE),
        text(425, 94, "Generator"),
        box(350, 154, 150, 54, BLUE),
        text(425, 186, "Discriminator"),
        arrow(395, 118, 395, 150),
        arrow(455, 152, 455, 120),
        caption(425, ["Train", "all classes at once, in", "equally common shares"]),
        arrow(506, 134, 552, 134),
        rows(560, 80, [PALE] * 8),
        caption(606, ["Draw", "twice as many rows", "of the rare class"]),
        arrow(660, 134, 700, 134),
        rows(710, 80, [PALE] * 4, 60),
        f'<path d="M704 146 L776 146" stroke="{INK}" stroke-dasharray="4 3"/>',
        "".join(
            f'<rect x="710" y="{152 + i * (ROW + GAP)}" width="60" height="{ROW}" '
            f'rx="2" fill="none" stroke="{PALE}"/>'
            for i in range(4)
        ),
        caption(740, ["Choose", "no copies; most", "like their class"]),
        arrow(784, 134, 812, 134),
        rows(820, 62, real + [PALE] * 4, 76),
        caption(858, ["Append", "real rows first,", "unchanged"]),
        text(
            WIDTH / 2,
            36,
            "What fit_resample does: grey is the common class, orange the rare one, "
            "pale orange synthetic rows",
            13,
        ),
    ]
    head = (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        f'markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{INK}"/>'
        "</marker></defs>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" font-family="sans-serif" role="img">'
        "<title>From a table to more rows</title>" + head + "".join(parts) + "</svg>\n"
    )


if __name__ == "__main__":
    Path(__file__).with_name("how_it_works.svg").write_text(draw())
