"""How the command line shows numbers and tables."""

import json
import os
import re
import sys
from collections.abc import Iterable
from itertools import zip_longest
from math import isfinite, log10
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from sim.cli.manner import MANNER
from sim.errors import InputError
from sim.style import Note, language, sentences
from sim.style.translation import NAME, translated

LOOKING = ("check", "explain", "new", "plan", "status")  # verbs that say nothing else than what was asked for
BLANKS = re.compile(r"[^\S\u202f\u00a0]+")  # where lines may break: not within a number
PIPED = 130  # columns when the output goes to a file or a pipe and COLUMNS does not say
NARROWEST = 40  # columns; a narrower screen is written to as if it had so many
GAP = "  "  # between columns, and before what stands below something
ROOMS = (36, 20)  # columns that prose has at least, if it is so long: rather many, if need be fewer


class Screen(Console):
    """Standard output. Text breaks between words only, and nothing is cut: a word that is longer than the line stays whole."""

    def print(self, *objects: Any, finding: bool = False, **options: Any) -> None:
        """What a verb says: in its language; kept for --json; with --quiet only what is a `finding`, unless nothing but looking was asked.

        soft_wrap  lines are left as they are
        """
        said = [spoken(each) if isinstance(each, str) else each for each in objects]
        if MANNER.json:
            for each in said:
                keep(each, finding)
        elif finding or not MANNER.quiet or MANNER.verb in LOOKING:
            self.say(*said, **options)

    def say(self, *objects: Any, **options: Any) -> None:
        """As any console prints, whatever the manner."""
        if not options.get("soft_wrap"):
            objects = tuple(unbroken(each, self.width) if isinstance(each, str) else each for each in objects)
        super().print(*objects, crop=False, no_wrap=True, overflow="ignore", **options)


def spoken(text: str) -> str:
    """Lines in the language asked for; code as it is."""
    return text if isinstance(text, Code) else "\n".join(translated(line, MANNER.lang) for line in text.split("\n"))


def told(*notes: Note | str) -> list[str]:
    """Notes in the language asked for."""
    return sentences(notes, MANNER.lang)


def quoted(section: str, key: str, english: str) -> str:
    """What the words of the language asked for say of something that is described in English elsewhere."""
    return str(language(MANNER.lang).data.get(section, {}).get(key, english))


def in_words(error: InputError) -> str:
    """An error in the language asked for."""
    return str(InputError(*map(spoken, told(*error.args)), path=error.path, file=error.file, line=error.line, column=error.column))


def keep_tables(holder: Any, names: Iterable[str]) -> None:
    """Keep tables with every digit, for the document of --json: attributes of what holds them, or methods that give them."""
    for name in names if MANNER.json else ():
        table = getattr(holder, name)
        MANNER.data[name] = json.loads((table() if callable(table) else table).to_json(orient="records", double_precision=15))


def keep(said: Any, finding: bool) -> None:
    """Keep what is said, for the document of --json."""
    if isinstance(said, ConsoleTable | NamedRows):
        said.keep()
    elif str(said).strip():
        (MANNER.findings if finding else MANNER.text).append(str(said).strip())


def console() -> Screen:
    """Standard output; what people wrote is shown as it is, never read as markup. COLUMNS counts, in a pipe as well."""
    plain: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False}
    made = Screen(**plain)
    known = made.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    return Screen(**plain, width=max(NARROWEST, made.width if known else PIPED))


def lines(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, each indented as its paragraph; words are never broken.

    >>> lines("  one and two\\nincomprehensibilities", 9)
    ['  one and', '  two', 'incomprehensibilities']
    """
    made = []
    for paragraph in text.splitlines() or [""]:
        indent = line = " " * (len(paragraph) - len(paragraph.lstrip()))
        for word in filter(None, BLANKS.split(paragraph)):
            if line.strip() and cell_len(line) + 1 + cell_len(word) > width:
                made.append(line)
                line = indent
            line += f" {word}" if line.strip() else word
        made.append(line)
    return made


def unbroken(text: str, width: int, style: str = "") -> Text:
    """The text in such lines, to be printed as they are."""
    return Text("\n".join(lines(text, width)), style=style, no_wrap=True, overflow="ignore")


def longest(parts: Iterable[str]) -> int:
    """Columns that the longest of some texts takes."""
    return max(map(cell_len, parts), default=0)


class Code(str):
    """What is the same in every language: the name of a measure, an arm, a lever; a citation."""


class NamedRows:
    """Names and what they hold, one below the other; empty ones are left out. Contents stand beside names, or below if they are wide."""

    def __init__(self, rows: Iterable[tuple[str, str]], *, codes: bool = False) -> None:
        """codes: names are what one types, the same in every language"""
        self.rows = [(name if codes else spoken(name), spoken(content)) for name, content in rows if content.strip()]

    def keep(self) -> None:
        """For --json."""
        MANNER.facts.update((name.strip(), content) for name, content in self.rows)

    def __rich_console__(self, screen: Console, options: ConsoleOptions) -> RenderResult:
        names = longest(name for name, _ in self.rows) + len(GAP)
        beside = names + longest(line for _, content in self.rows for line in lines(content, 1)) <= options.max_width
        left = names if beside else len(GAP)
        for name, content in self.rows:
            below = f"\n{' ' * left}".join(lines(content, options.max_width - left))
            head = name + " " * (left - cell_len(name)) if beside else f"{name}\n{GAP}"
            yield Text.assemble((head, "bold"), below, no_wrap=True, overflow="ignore")


class ConsoleTable:
    """A table that shows every digit at every width.

    Where there is little room prose is broken between words; where that does not do, columns go below others as `under` says; and where
    that does not do either, each row becomes a block: a line for each column, its name before its content. An empty first cell means
    that of the row above.
    """

    def __init__(self, headers: tuple[str, ...], right: tuple[str, ...], whole: tuple[str, ...], under: dict[str, str], title: str) -> None:
        self.headers, self.right, self.whole, self.under, self.title, self.caption = headers, right, whole, under, title, ""
        self.rows: list[tuple[str, ...]] = []
        self.ends: set[int] = set()  # of sections, as numbers of rows

    def add_row(self, *cells: str) -> None:
        """A row, with a cell for each header."""
        if len(cells) != len(self.headers):
            raise ValueError(f"{len(self.headers)} cells are wanted, but {len(cells)} given")
        first = Code(cells[0]) if NAME.fullmatch(cells[0]) else cells[0]
        self.rows.append(tuple(map(spoken, (first, *cells[1:]))))

    def add_section(self) -> None:
        """An empty line before the next row."""
        self.ends.add(len(self.rows))

    def keep(self) -> None:
        """For --json: an empty first cell is that of the row above."""
        rows: list[dict[str, str]] = []
        for row in self.rows:
            first = row[0] or (rows[-1][self.headers[0]] if rows else "")
            rows.append(dict(zip(self.headers, (first, *row[1:]), strict=True)))
        MANNER.tables.append({"title": self.title, "rows": rows})

    def __rich_console__(self, screen: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        yield unbroken(f"\n{self.title}" if self.title else "", width, "bold")
        tries = ((table, room) for room in ROOMS for table in (self, self.lowered()))
        found = (grid(table, width, room, options.ascii_only) for table, room in tries)
        yield from next(filter(None, found), None) or self.blocks()
        yield unbroken(f"{self.caption}\n" if self.caption else "", width)

    def lowered(self) -> "ConsoleTable":
        """The same with the columns in `under` below those that they belong to."""

        def joined(row: tuple[str, ...]) -> tuple[str, ...]:
            cells = dict(zip(self.headers, row, strict=True))
            for low, high in self.under.items():
                cells[high] = "\n".join([cells[high], *(GAP + line for line in cells[low].splitlines() if line.strip())])
            return tuple(cells[header] for header in self.headers if header not in self.under)

        named = dict(zip(joined(self.headers), (header for header in self.headers if header not in self.under), strict=True))
        right = tuple(shown for shown, header in named.items() if header in self.right)
        whole = tuple(shown for shown, header in named.items() if header in self.whole and header not in self.under.values())
        made = ConsoleTable(tuple(named), right, whole, {}, "")
        made.rows, made.ends = [joined(row) for row in self.rows], self.ends
        return made

    def blocks(self) -> RenderResult:
        """A block for each row."""
        first = ""
        for number, row in enumerate(self.rows):
            if number:
                yield Text()
            first = row[0] or first
            yield NamedRows(zip(self.headers, (first, *row[1:]), strict=True))


def grid(table: ConsoleTable, width: int, room: int, plain: bool) -> list[Text]:
    """A table as lines of at most `width` columns; none if it takes more.

    room   columns that prose has at least, if it is so long
    plain  only ASCII can be printed
    """
    columns = [[row[place] for row in table.rows] for place in range(len(table.headers))]
    widths, most = [], []
    for header, cells in zip(table.headers, columns, strict=True):
        wanted, word = (longest(line for cell in cells for line in lines(cell, limit)) for limit in (10**9, 1))
        prose = header not in (*table.right, *table.whole)
        widths.append(max(longest(lines(header, 1)), max(word, min(wanted, room)) if prose else wanted))
        most.append(max(longest(header.splitlines()), wanted))
    spare = width - sum(widths) - len(GAP) * (len(widths) - 1)
    if spare < 0:
        return []
    for rank, place in enumerate(sorted(range(len(widths)), key=lambda place: most[place] - widths[place])):
        given = min(most[place] - widths[place], spare // (len(widths) - rank))  # columns that want little get all of it
        widths[place] += max(0, given)
        spare -= max(0, given)
    shape = [(each, header in table.right) for header, each in zip(table.headers, widths, strict=True)]
    made = [*across(table.headers, shape, "bold"), Text(("-" if plain else "─") * (sum(widths) + len(GAP) * (len(widths) - 1)))]
    for number, row in enumerate(table.rows):
        made += [Text()] if number in table.ends else []
        made += across(row, shape)
    return made


def across(cells: tuple[str, ...], shape: list[tuple[int, bool]], style: str = "") -> list[Text]:
    """The lines of a row, whose cells have a width and are aligned to the right or not."""
    broken = [lines(cell, width) for cell, (width, _) in zip(cells, shape, strict=True)]
    made = []
    for parts in zip_longest(*broken, fillvalue=""):
        gaps = [" " * (width - cell_len(part)) for part, (width, _) in zip(parts, shape, strict=True)]
        padded = [gap + part if right else part + gap for part, gap, (_, right) in zip(parts, gaps, shape, strict=True)]
        made.append(Text(GAP.join(padded).rstrip(), style=style, no_wrap=True, overflow="ignore"))
    return made


def table(
    *headers: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = (), under: dict[str, str] | None = None, title: str | None = None
) -> ConsoleTable:
    """A plain table, whose digits are never cut.

    right   columns aligned to the right: numbers; like those in `whole`, they are never broken into lines
    under   columns that go below another one where there is no room for them beside it
    """
    named = {spoken(low): spoken(high) for low, high in (under or {}).items()}
    return ConsoleTable(tuple(map(spoken, headers)), tuple(map(spoken, right)), tuple(map(spoken, whole)), named, spoken(title or ""))


def decimals(value: float, uncertainty: float) -> int:
    """How many decimals to show: two digits of the uncertainty, or four of the value if it has none.

    >>> decimals(0.5336, 0.0073), decimals(23482.5, 507.6), decimals(0.5336, float("nan")), decimals(0.0, 0.0)
    (4, 0, 4, 3)
    """
    known = isfinite(uncertainty) and uncertainty > 0
    size, digits = (uncertainty, 2) if known else (abs(value), 4)
    if not size > 0:
        return 3
    return min(4, max(0, digits - 1 - int(log10(size) // 1)))


def amount(value: float, uncertainty: float = float("nan"), *, sign: bool = False) -> str:
    """A number with its precision, or half of its interval: "0.5336 ± 0.0073"; "-" if there is none.

    >>> amount(23482.5, 507.6), amount(0.25), amount(-0.001, 0.002, sign=True), amount(float("nan"))
    ('23,482 ± 508', '0.2500', '-0.0010 ± 0.0020', '-')
    """
    if not isfinite(value):
        return "-"
    places = decimals(value, uncertainty)
    shown = f"{value:{'+' if sign else ''}z,.{places}f}"
    return f"{shown} ± {uncertainty:,.{places}f}" if isfinite(uncertainty) else shown


class Rate(ProgressColumn):
    """Weeks simulated a second, times the city's adults."""

    def __init__(self, adults: int):
        super().__init__()
        self.adults = adults

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed * self.adults / 1e6:,.0f} M adult-weeks/s", style="cyan", no_wrap=True)


def progress(adults: int) -> Progress:
    """A progress bar on standard error, with rate and time left; nothing if that is no terminal."""
    return bars("{task.description}", BarColumn(), TaskProgressColumn(), Rate(adults), "left", TimeRemainingColumn())


def bars(*columns: ProgressColumn | str) -> Progress:
    """A progress bar of such columns and words on standard error; nothing if that is no terminal, or with --quiet."""
    screen = Console(stderr=True, markup=False)
    told = (TextColumn(spoken(column)) if isinstance(column, str) else column for column in columns)
    return Progress(*told, console=screen, disable=MANNER.quiet or not screen.is_terminal)


def remark(text: str) -> None:
    """A remark on standard error."""
    if not MANNER.quiet:
        print(spoken(text), file=sys.stderr, flush=True)


def size(count: float) -> str:
    """Bytes as people read them.

    >>> size(900), size(25_300_000), size(1.2e12)
    ('1 kB', '25 MB', '1,200 GB')
    """
    unit, scale = next((pair for pair in (("GB", 1e9), ("MB", 1e6)) if count >= pair[1]), ("kB", 1e3))
    return f"{max(1, count / scale):,.0f} {unit}"
