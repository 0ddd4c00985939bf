"""How the command line shows numbers and tables."""

import sys
from math import isfinite, log10

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

NARROWEST = 130  # columns when the output goes to a file
WIDE = 110  # columns that a table of the summary needs to show units beside the numbers


def console() -> Console:
    """Standard output; what people wrote is shown as it is, never read as markup."""
    made = Console(markup=False, highlight=False)
    return made if made.is_terminal else Console(markup=False, highlight=False, width=max(made.width, NARROWEST))


def table(*headers: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = (), title: str | None = None) -> Table:
    """A plain table: columns in `right` are aligned to the right, those in `whole` never broken into lines."""
    made = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for header in headers:
        made.add_column(header, justify="right" if header in right else "left", no_wrap=header in (*right, *whole), overflow="fold")
    return made


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
    """A number with the half-width of its interval: "0.5336 ± 0.0073"; "-" if there is none.

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
    screen = Console(stderr=True, markup=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        Rate(adults),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=screen, disable=not screen.is_terminal)


def note(text: str) -> None:
    """A remark on standard error."""
    print(text, file=sys.stderr, flush=True)
