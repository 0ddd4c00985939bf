"""Figures as people publish them: SVG and PDF whose letters are letters, PNG of 300 dots an inch, each with a stamp below it."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from sim.figures.series import STYLE, sheet, styled
from sim.style.looks import BLACK, GRAY, LEAST, PRINTED, SMALL, fitted, inches, legible

DPI = 300
LETTERS: Any = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "confianza"}
UNDATED: Mapping[str, dict[str, Any]] = {
    "svg": {"Date": None}, "pdf": {"CreationDate": None, "Creator": None, "Producer": None}, "png": {"Software": None},
}  # fmt: skip
ABOUT = {  # what each format calls the title of a figure, what else is said of it, and who made it
    "svg": ("Title", "Description", "Creator"), "pdf": ("Title", "Subject", "Author"), "png": ("Title", "Description", "Author"),
}  # fmt: skip
WIDE, MOST, HEAD, GAP = 9.4, 3.4, 0.8, 0.15  # inches of a table, of a column at most and at least, and between columns
LINE = 1.3  # height of a line, in sizes of its letters


def title_of(figure: Figure) -> str:
    """What stands above a figure."""
    above = [text.get_text() for text in figure.texts if text.get_position()[1] > 0.9]
    heads = above or [axes.get_title(loc="left") for axes in figure.axes]
    return " ".join(next(filter(None, heads), "").split())


def printed(figure: Figure, stamp: Sequence[str], author: str) -> dict[str, bytes]:
    """A figure in each format, by its ending; the same bytes whenever it is drawn.

    stamp   lines below the figure, of which the first is bold: what it is, of what, who made it
    author  as the files name it
    """
    with rc_context(STYLE | LETTERS):
        said = (title_of(figure), " ".join(stamp), author)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # all stays where it is, whatever is saved below
        for legend in figure.legends:
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        room = _stamped(figure, stamp)
        return {kind: _saved(figure, room, kind, said) for kind in ABOUT}


def _stamped(figure: Figure, stamp: Sequence[str]) -> Bbox:
    """Write the stamp below the figure, where no part of it reaches; what is to be saved, in inches."""
    width, height = figure.get_size_inches()
    size = LEAST * max(1.0, width / PRINTED)
    top = 0.12
    figure.add_artist(Line2D([0.01, 0.99], [-0.06 / height] * 2, color=GRAY, linewidth=0.6, in_layout=False))
    for number, text in enumerate(stamp):
        lines = fitted(legible(text, 400), 0.97 * width, size, bold=number == 0)
        look: Any = {"fontsize": size, "va": "top", "color": BLACK if number == 0 else GRAY, "fontweight": "normal" if number else "bold"}
        figure.text(0.01, -top / height, lines, **look).set_in_layout(False)
        top += LINE * size / 72 * (lines.count("\n") + 1)
    return Bbox([[0.0, -top - 0.06], [width, height]])


def _saved(figure: Figure, room: Bbox, kind: str, said: Sequence[str]) -> bytes:
    with BytesIO() as file:
        metadata = UNDATED[kind] | dict(zip(ABOUT[kind], said, strict=True))
        figure.savefig(file, format=kind, dpi=DPI, bbox_inches=room, metadata=metadata)
        return file.getvalue()


@styled
def tabled(title: str, what: str, heads: Sequence[str], cells: Sequence[Sequence[str]], texts: int = 1) -> Figure:
    """A table as a figure.

    heads  of the columns;  cells: rows of texts, as many as heads
    texts  how many columns are words, which begin at the left; the others are numbers, which end at the right
    """
    widths = [
        min(
            MOST, 0.02 + max(inches(legible(cell), SMALL, bold=not number) for number, cell in enumerate(column) if number or place < texts)
        )
        for place, column in enumerate(zip(heads, *cells, strict=True))
    ]
    widths = [max(width, HEAD) for width in widths]
    words = min(1.0, (WIDE - GAP * len(widths) - sum(widths[texts:])) / sum(widths[:texts]))  # numbers keep their room
    widths = [width * (words if place < texts else 1.0) for place, width in enumerate(widths)]
    rows = [
        [fitted(legible(cell), width, SMALL, bold=not number) for cell, width in zip(row, widths, strict=True)]
        for number, row in enumerate([heads, *cells])
    ]
    heights = [(0.35 + LINE * max(cell.count("\n") + 1 for cell in row)) * SMALL / 72 for row in rows]
    figure = sheet(WIDE + 0.2, sum(heights) + 0.1, title, what)
    axes = figure.add_subplot()
    axes.set(xlim=(0.0, WIDE), ylim=(sum(heights), 0.0))
    axes.axis("off")
    gap, top = (WIDE - sum(widths)) / max(1, len(widths) - 1), 0.0
    starts = [sum(widths[:place]) + gap * place for place in range(len(widths))]
    for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
        for place, (cell, start, width) in enumerate(zip(row, starts, widths, strict=True)):
            side: Any = {"ha": "left" if place < texts else "right", "va": "center", "fontsize": SMALL, "linespacing": 1.15}
            side |= {"fontweight": "normal" if number else "bold"}
            axes.text(start if place < texts else start + width, top + height / 2, cell, **side)
        top += height
        axes.axhline(top, color=GRAY if number else BLACK, linewidth=0.3 if number else 0.9)
    return figure
