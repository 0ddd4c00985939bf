"""How things look wherever they are drawn, in figures and on pages: colors, lines and marks, how axes are numbered, and how
names and sentences fit into figures, whatever people write in them.

Nothing is told by color alone: arms differ by line and mark as well, causes by hatching. Colors are Okabe and Ito's for the color-blind.
Nothing heavy is imported here, so that a word or a page can be had without matplotlib.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from math import isfinite
from types import MappingProxyType
from typing import Any, NamedTuple

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GRAY = "#666666"  # of small print
CAUSE_COLORS = {
    "contact": BLUE, "hearsay": SKY, "victimization": VERMILION, "response": ORANGE, "drift": "#C9C9C9", "intervention": GREEN,
    "trend": PURPLE,
}  # fmt: skip
CAUSE_HATCHES = {
    "contact": "", "hearsay": "////", "victimization": "xxxx", "response": "....", "drift": "", "intervention": "----", "trend": "||||",
}  # fmt: skip


def cause_look(cause: str) -> dict[str, Any]:
    """Color and hatching of what is booked to a cause."""
    return {"facecolor": CAUSE_COLORS[cause], "hatch": CAUSE_HATCHES[cause], "edgecolor": "white", "linewidth": 0}


PERCENT = ("share", "difference of shares")  # measures in these units are shown as percentages
STEPS = (1, 2, 2.5, 5, 10)  # between ticks of an axis, times a power of ten
MINUS = "\u2212"
NO_GLYPH = "\u25a1"  # for a letter that the font of figures does not have
MOST = 100  # letters of a name that are shown
BREAKS = re.compile(r"[ \t\r\n]+")  # where lines may be broken: not within 54\u202f000
BRACKETS = re.compile(r" \([^()]*\)")
SENTENCE = re.compile(r"; |\. ")
PRINTED, LEAST = 7.2, 7.0  # inches that a figure is wide on a printed page, and points that its smallest letters have there
SMALL = 9.4  # points, of small print in figures of up to 9.6 inches: LEAST in print
BOLD = 1.13  # how much wider bold letters are
HINTED = 1.06  # how much wider letters are when they are put on pixels


class Look(NamedTuple):
    """How an arm is drawn: color, dashes (on, off, ... in widths of the line; none: solid) and mark."""

    color: str
    dashes: tuple[float, ...]
    mark: str

    @property
    def line(self) -> dict[str, Any]:
        """Color and line, as matplotlib takes them."""
        return {"color": self.color, "linestyle": (0, self.dashes) if self.dashes else "-"}


REFERENCE = Look("#555555", (), "*")  # the arm that others are compared with
LOOKS = (
    Look(BLUE, (11, 2), "o"), Look(VERMILION, (4, 1.6), "s"), Look(GREEN, (7, 2, 1.5, 2), "^"), Look(ORANGE, (1.5, 1.5), "D"),
    Look(PURPLE, (9, 2, 3, 2), "v"), Look(SKY, (3, 1.5, 1, 1.5, 1, 1.5), "P"), Look(BLACK, (4, 4), "X"),
)  # fmt: skip


def look_at(place: int) -> Look:
    """How the arm at a place is drawn: at 0 stands the one that others are compared with. Beyond seven, no color keeps its line.

    >>> look_at(1).color == look_at(8).color, look_at(1)[:2] == look_at(8)[:2]
    (True, False)
    """
    if place == 0:
        return REFERENCE
    turn, at = divmod(place - 1, len(LOOKS))
    other = LOOKS[(at + turn) % len(LOOKS)]
    return Look(LOOKS[at].color, other.dashes, other.mark)


def scale(unit: str) -> float:
    """What to multiply values of a measure with before they are shown: shares become percentages."""
    return 100.0 if unit.startswith(PERCENT) else 1.0


def unit_label(unit: str, words: Mapping[str, str], *, difference: bool = False) -> str:
    """The unit of a measure, or of a difference of two values of it, on an axis that `amounts` numbers with its `scale`.

    >>> unit_label("share of adults", {}), unit_label("officers", {"unit:officers": "policías"})
    ('% of adults', 'policías')
    >>> unit_label("share of adults", {"points": "percentage points"}, difference=True)
    'percentage points'
    """
    if difference and (scale(unit) != 1.0 or unit == "0-1"):
        return words["points" if scale(unit) != 1.0 else "on_scale"]
    return words.get(f"unit:{unit}", legible(unit if scale(unit) == 1.0 else unit.replace("share", "%", 1)))


def measure_label(name: str, words: Mapping[str, str]) -> str:
    """What a measure is called in a figure."""
    return words.get(name, legible(name.replace("_", " ")))


def factor_label(name: str, words: Mapping[str, str], meanings: Mapping[str, str] = MappingProxyType({})) -> str:
    """What a factor is called in a figure: what it means, its first clause without brackets; its name if nothing is said of it.

    >>> factor_label("trust.drift", {}, {"trust.drift": "How fast trust returns (a week)"}), factor_label("mine", {})
    ('how fast trust returns', 'mine')
    """
    meaning = SENTENCE.split(BRACKETS.sub("", words.get(f"factor:{name}") or meanings.get(name, "")))[0].rstrip(".")
    return legible(f"{meaning[:1].lower()}{meaning[1:]}" if meaning else name)


def written(value: float, words: Mapping[str, str], form: str = ".10g") -> str:
    """A number with a true minus sign and the language's mark for thousands.

    >>> [written(value, {"thousands": " "}) for value in (-15000.0, 0.025, 100 * 0.07)]
    ['\u221215 000', '0.025', '7']
    >>> written(0.0213, {"thousands": ","}, "+.3f")
    '+0.021'
    """
    sign, rest = ("+", form[1:]) if form.startswith("+") else ("", form)
    return f"{value:{sign}z,{rest}}".replace(",", words["thousands"]).replace("-", MINUS)


def brief(value: float, words: Mapping[str, str]) -> str:
    r"""A number in three digits, or without decimals.

    >>> [brief(value, {"thousands": ","}) for value in (12345.6, -3.14159, 0.06, 0.0)]
    ['12,346', '\u22123.14', '0.06', '0']
    """
    return written(value, words, ".0f" if abs(value) >= 100 else ".3g")


def headline(kind: str, words: Mapping[str, str], **values: float | str) -> str:
    """The title of a figure: what is found, if all of that is known; otherwise what the figure is about.

    >>> words = {"x_found": "{name}: {rise} more", "x_title": "What rises", "thousands": ","}
    >>> [headline("x", words, name="trust", rise=value) for value in (0.1234, float("nan"))], headline("x", words, name="", rise=0.1)
    (['trust: 0.123 more', 'What rises'], 'What rises')
    """
    shown = {name: value if isinstance(value, str) else brief(value, words) if isfinite(value) else "" for name, value in values.items()}
    return words[f"{kind}_found" if all(shown.values()) else f"{kind}_title"].format(**shown)


def amounts(words: Mapping[str, str], factor: float = 1.0) -> Any:
    """What writes the ticks of an axis, after multiplying them by a factor: 100 for shares shown as percentages."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: written(factor * value, words))


def legible(text: str, most: int = MOST) -> str:
    r"""What somebody wrote, as figures can show it: boxes for letters that the font does not have, and of a long text its beginning.

    >>> legible("a\u0301 $10 _ \U0001f468\u200d\U0001f469"), legible("abcdef", 4)
    ('a\u0301 $10 _ \u25a1\u25a1', 'abc\u2026')
    """
    letters = [letter if _width(letter) is not None else NO_GLYPH for letter in text if not _joins(letter)]
    if len(letters) > most:
        letters = [*_whole(letters[: most - 1]), "\u2026"]
    return "".join(letters)


def inches(text: str, points: float = 9, *, bold: bool = False) -> float:
    """How wide a line of legible text is."""
    return HINTED * sum(_width(letter) or 0.0 for letter in text) * points / 72 * (BOLD if bold else 1.0)


def fitted(text: str, width: float, points: float = 9, *, lines: int | None = None, bold: bool = False) -> str:
    """A text in lines of so many inches; of more lines than there may be the first, with an ellipsis at the end."""
    made = [""]
    for word in filter(None, BREAKS.split(text)):
        for part in _parts(word, width, points, bold):
            joined = f"{made[-1]} {part}" if made[-1] else part
            if inches(joined, points, bold=bold) <= width:
                made[-1] = joined
            else:
                made.append(part)
    if lines is not None and len(made) > lines:
        last = list(made[lines - 1])
        while last and inches("".join(last) + "\u2026", points, bold=bold) > width:
            last = _whole(last[:-1])
        made[lines - 1 :] = ["".join(last).rstrip() + "\u2026"]
    hidden = made[0].startswith("_")  # matplotlib leaves labels out that begin so; this space is a hair wide
    return ("\u200a" if hidden else "") + "\n".join(made)


def named(axis: Any, names: Iterable[str], width: float, points: float = 10, lines: int = 2) -> None:
    """Names of rows or columns on an axis, in a few lines of so many inches."""
    made = [fitted(legible(name), width, points, lines=lines) for name in names]
    axis.set_ticks(range(len(made)), made, fontsize=points)


def _parts(word: str, width: float, points: float, bold: bool) -> Iterator[str]:
    """A word, in pieces if it is too long for a line."""
    letters = list(word)
    while inches("".join(letters), points, bold=bold) > width and len(letters) > 1:
        many = len(letters) - 1
        while many > 1 and inches("".join(letters[:many]), points, bold=bold) > width:
            many -= 1
        many = len(_whole(letters[:many], letters[many])) or many
        yield "".join(letters[:many])
        letters = letters[many:]
    yield "".join(letters)


def _whole(letters: list[str], after: str = "") -> list[str]:
    """Letters without the last one, if it carries marks that stand behind it."""
    while letters and after and unicodedata.combining(after):
        after = letters[-1]
        letters = letters[:-1]
    return letters


def _joins(letter: str) -> bool:
    """Does it only say how others are joined, as in emoji? Letters of scripts that need it are shaped by the font."""
    return letter in "\u200d\ufe0e\ufe0f" or "\U0001f3fb" <= letter <= "\U0001f3ff"


@cache
def _width(letter: str) -> float | None:
    """How wide a letter is, as a share of the size of the font; None if the font does not have it."""
    from matplotlib.font_manager import findfont

    font, letters = _font(findfont("DejaVu Sans"))
    if ord(letter) not in letters:
        return None
    return float(font.load_char(ord(letter)).linearHoriAdvance) / 65536 / 100


@cache
def _font(path: str) -> Any:
    """A font at 100 points, and the letters that it has."""
    from matplotlib.ft2font import FT2Font

    font = FT2Font(path)
    font.set_size(100, 72)
    return font, frozenset(font.get_charmap())
