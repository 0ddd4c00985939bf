"""How things look wherever they are drawn, in figures and on the live page: colors, lines and marks, and how axes are numbered.

Nothing is told by color alone: arms differ by line and mark as well, causes by hatching. Colors are Okabe and Ito's for the color-blind.
Nothing heavy is imported here, so that a word or a page can be had without matplotlib.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GRAY = "#666666"  # of small print
CAUSE_COLORS = {
    "contact": BLUE, "hearsay": SKY, "victimization": VERMILION, "response": ORANGE, "drift": "#C9C9C9", "intervention": GREEN,
}  # fmt: skip
CAUSE_HATCHES = {"contact": "", "hearsay": "////", "victimization": "xxxx", "response": "....", "drift": "", "intervention": "----"}
# From less to more than in the arm compared with
DIFFERENCE_COLORS = ("#A6430C", "#D97F3E", "#F3C9A5", "#F7F7F7", "#A9CCE3", "#4A90C2", "#0B4F8A")
LOSING = 0.05  # of the greatest difference that a map shows: cells that lose more are hatched, so that luck about 0 is not
PERCENT = ("share", "difference of shares")  # measures in these units are shown as percentages
STEPS = (1, 2, 2.5, 5, 10)  # between ticks of an axis, times a power of ten
MINUS = "\u2212"


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
    return words.get(f"unit:{unit}", unit if scale(unit) == 1.0 else unit.replace("share", "%", 1))


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


def amounts(words: Mapping[str, str], factor: float = 1.0) -> Any:
    """What writes the ticks of an axis, after multiplying them by a factor: 100 for shares shown as percentages."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: written(factor * value, words))
