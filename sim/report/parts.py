"""What a page is made of: tables and figures, ready for the template."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sim.report.words import Text
from sim.web.embedded import LiveCity

if TYPE_CHECKING:
    from sim.report.card import AnswerCard


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
    """A part of the page that is folded until it is asked for: its finding in a sentence, then all else.

    bulleted  paragraphs are a list;  more: tables that are folded once more
    """

    heading: str
    finding: str = ""
    paragraphs: Sequence[Text | str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[PageTable] = ()
    more: Sequence[PageTable] = ()
    bulleted: bool = False


@dataclass(frozen=True)
class PageContent:
    """What a study found: the heart of a page, before what was assumed."""

    title: str
    question: Text
    card: "AnswerCard"
    caution: str  # what ranges hold and leave out
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]]
    commands: Sequence[str]
    scenario: dict[str, Any]
    dated: PageTable | None  # what happens during the run
    study: Mapping[str, Any] = field(default_factory=dict)  # its own sources and references, as files have them
    warnings: Sequence[str] = field(default=())
    varying: frozenset[str] = frozenset()  # parameters and levers that differ between the runs
    live: LiveCity | None = None  # to be lived again in the page
    checked_by: str = "confianza validate scenario.yaml --out ."  # the command that makes pattern checks


def embedded(figure: Any) -> str:
    """A figure as an SVG image inside the page; the same bytes whenever it is drawn."""
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "confianza"}), BytesIO() as file:
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        return f"data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
