"""What a page is made of: tables and figures, ready for the template."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from sim.report.words import Text


@dataclass(frozen=True)
class Cited:
    """Keys of sources, as links to the list at the end of the page."""

    keys: tuple[str, ...]


Cell = str | Text | Cited


@dataclass(frozen=True)
class PageTable:
    """A table: the first cell of each row names it. `right` holds the indices of columns of numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    right: frozenset[int] = frozenset()
    title: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure with what says the same in words."""

    title: str
    caption: str
    alt: str
    source: str  # a data: address


@dataclass(frozen=True)
class Section:
    """Paragraphs under a heading; `bulleted` ones as a list."""

    heading: str
    paragraphs: Sequence[Text]
    bulleted: bool = False


@dataclass(frozen=True)
class PageContent:
    """What a study found: the heart of a page, before what was assumed."""

    title: str
    question: Text
    answer: Sequence[str]
    caution: str
    tables: Sequence[PageTable]  # shown before the figures
    details: Sequence[PageTable]  # shown after them
    pictures: Sequence[Picture]
    facts: Sequence[tuple[str, str]]
    commands: Sequence[str]
    scenario: dict[str, Any]
    dated: PageTable | None  # what happens during the run
    study: Mapping[str, Any] = field(default_factory=dict)  # its own sources and references, as files have them
    warnings: Sequence[str] = field(default=())
    headings: Mapping[str, str] = field(default_factory=dict)  # of sections, by the keys of the page's words, where they are others
    paragraphs: Sequence[tuple[str, Sequence[str]]] = field(default=())  # of the answer, each with a heading
    leading: Sequence[PageTable] = field(default=())  # tables that belong to the answer
    sections: Sequence[Section] = field(default=())  # after the details
    checks_first: str = ""  # a heading, if the patterns that fail belong to the answer
    varying: frozenset[str] = frozenset()  # parameters and levers that differ between the runs
    checked_by: str = "confianza validate scenario.yaml --out ."  # the command that makes pattern checks


def embedded(figure: Any) -> str:
    """A figure as an SVG image inside the page; the same bytes whenever it is drawn."""
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "confianza"}), BytesIO() as file:
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
