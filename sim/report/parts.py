"""What a page is made of: tables and figures, ready for the template."""

import base64
import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from sim.report.words import Text
from sim.style import MINUS
from sim.web.embedded import LiveCity

if TYPE_CHECKING:
    from sim.report.card import AnswerCard


@dataclass(frozen=True)
class Cited:
    """Keys of sources, as links to the list at the end of the page."""

    keys: tuple[str, ...]


Cell = str | Text | Cited
ZERO = re.compile(rf"[+{MINUS}]?0([.,]0+)?( %)?")
THOUSANDS = re.compile(r"(?<=\d)[,\u202f](?=\d{3})")
FORMULA = ("=", "@", "\t")  # what a spreadsheet would compute; + and - begin numbers


def written(cell: Cell) -> str:
    """What a cell holds, as plain text."""
    return "; ".join(cell.keys) if isinstance(cell, Cited) else cell.text if isinstance(cell, Text) else cell


@dataclass(frozen=True)
class PageTable:
    """A table: the first cell of each row names it. `right` holds the indices of columns of numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    right: frozenset[int] = frozenset()
    title: str = ""

    @property
    def shown(self) -> list[Sequence[Cell]]:
        """Its rows without those of which all numbers are 0, of two or more."""
        return [row for row in self.rows if not self._zero(row)]

    @property
    def still(self) -> list[str]:
        """The names of the others."""
        known = {written(row[0]) for row in self.shown}
        rows = [[written(cell) for place, cell in enumerate(row) if place not in self.right] for row in self.rows if self._zero(row)]
        return list(dict.fromkeys(", ".join(row) if row[0] in known else row[0] for row in rows))

    @property
    def file(self) -> str:
        """What its CSV is called: by its title, or the first sentence of its caption."""
        words = re.findall(r"\w+", (self.title or self.caption.split(". ")[0]).lower())
        return f"confianza-{'-'.join(words)[:60]}.csv"

    @property
    def csv(self) -> str:
        """All rows as a data: address of CSV; numbers without marks of thousands, as spreadsheets read them."""
        with StringIO(newline="") as file:
            rows = ([THOUSANDS.sub("", written(cell).replace(MINUS, "-")) for cell in row] for row in self.rows)
            csv.writer(file).writerows([self.columns, *([f"'{cell}" if cell[:1] in FORMULA else cell for cell in row] for row in rows)])
            return f"data:text/csv;base64,{base64.b64encode(file.getvalue().encode('utf-8-sig')).decode('ascii')}"

    def _zero(self, row: Sequence[Cell]) -> bool:
        numbers = [written(row[place]) for place in self.right]
        return len(numbers) > 1 and any(map(ZERO.fullmatch, numbers)) and all(cell == "-" or ZERO.fullmatch(cell) for cell in numbers)


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
