"""What the figures of a decision share: how arms look, labels at the ends of lines, numbers, what factors mean."""

from collections.abc import Mapping, Sequence
from textwrap import fill, shorten
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.parameters import CODEBOOK
from sim.plots import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION
from sim.plots_sensitivity.parts import GRAY
from sim.studies.study import Study

Look = dict[str, Any]
# Color, line and mark; told apart in gray too
LOOKS: tuple[tuple[str, Any, str], ...] = (
    (BLUE, "-", "o"), (VERMILION, (0, (6, 2)), "s"), (GREEN, (0, (6, 2, 1.5, 2)), "^"), (BLACK, (0, (1.5, 1.5)), "D"),
    (PURPLE, (0, (10, 2)), "v"), (ORANGE, (0, (3, 1.5, 1, 1.5, 1, 1.5)), "P"), (SKY, (0, (4, 4)), "X"),
)  # fmt: skip
AGAINST: Look = {"color": "#777777", "linestyle": ":", "marker": "*"}  # the arm compared with
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # behind small print, so that no line runs through it
MINUS = "\u2212"
WIDTH = 46  # letters of small print beside a row
LINE = 0.052  # height of a label, as a share of a panel of usual height


def looks(arms: Sequence[str]) -> dict[str, Look]:
    """Color, line and mark of each arm, the same in every figure; the first is the one compared with."""
    made = {arms[0]: AGAINST}
    for place, arm in enumerate(arms[1:]):
        color, line, mark = LOOKS[place % len(LOOKS)]
        made[arm] = {"color": color, "linestyle": line, "marker": mark}
    return made


def name_of(arm: str, words: Mapping[str, str]) -> str:
    """What an arm is called."""
    return words.get(f"arm:{arm}", arm)


def names_of(arms: str, words: Mapping[str, str]) -> str:
    """What several arms are called that a table joins by commas."""
    return ", ".join(name_of(arm, words) for arm in arms.split(", "))


def money(value: float, words: Mapping[str, str]) -> str:
    """A number in three digits, or without decimals, with the language's mark for thousands.

    >>> [money(value, {"thousands": ","}) for value in (12345.6, -3.14159, 0.06, 0.0)]
    ['12,346', '\u22123.14', '0.06', '0']
    """
    shown = f"{value:z,.0f}" if abs(value) >= 100 else f"{value:z.3g}"
    return shown.replace(",", words["thousands"]).replace("-", MINUS)


def thousands(words: Mapping[str, str]) -> FuncFormatter:
    """Ticks of an axis of amounts."""
    return FuncFormatter(lambda value, _: f"{value:,.10g}".replace(",", words["thousands"]).replace("-", MINUS))


def pick(frame: Any, pay: float) -> Any:
    """The rows of a frame for one willingness to pay."""
    return frame[np.isclose(frame.pay, pay)]


def labeled(axes: Any, ends: Mapping[str, float], looks_of: Mapping[str, Look], words: Mapping[str, str]) -> None:
    """Names at the right end of lines instead of a legend, pushed apart where they would lie on each other.

    ends  of each arm: where its line ends, in the axis' own unit
    """
    axes.figure.draw_without_rendering()  # so that panels have the sizes that they will have
    to_share = axes.transData + axes.transAxes.inverted()
    right = axes.get_xlim()[1]
    wanted = {arm: float(np.clip(to_share.transform((right, value))[1], 0, 1)) for arm, value in ends.items()}
    order = sorted(wanted, key=lambda arm: wanted[arm])
    free: Any = {"transform": axes.transAxes, "clip_on": False}
    for arm, place in zip(order, apart([wanted[arm] for arm in order], LINE), strict=True):
        color = looks_of[arm]["color"]
        axes.plot([1.0, 1.022], [wanted[arm], place], color=color, linewidth=0.8, **free)
        axes.plot([1.028], [place], marker=looks_of[arm]["marker"], color=color, markersize=5, **free)
        axes.text(1.042, place, name_of(arm, words), va="center", fontsize=8.5, transform=axes.transAxes)


def apart(places: Sequence[float], gap: float) -> list[float]:
    """Ascending places moved as little as may be so that neighbors are a gap apart, within 0 and 1 if there is room.

    >>> apart([0.0, 0.0, 0.5], 0.1)
    [0.0, 0.1, 0.5]
    >>> apart([0.95, 1.0, 1.0], 0.1)
    [0.8, 0.9, 1.0]
    """
    made: list[float] = []
    for place in places:
        made.append(max(place, made[-1] + gap) if made else place)
    top = 1.0
    for number in range(len(made) - 1, -1, -1):
        made[number] = min(made[number], top)
        top = made[number] - gap
    return [round(place, 6) for place in made]


def meanings(study: Study) -> dict[str, str]:
    """What each factor of a study is, in a sentence without its full stop."""
    texts = {factor.name: factor.description for factor in study.factors()}
    texts |= {name: known.description for name, known in CODEBOOK.items()}
    return {name: text.partition(". ")[0].rstrip(".") for name, text in texts.items()}


def row_names(axes: Any, names: Sequence[str], small: Sequence[str], width: int = WIDTH) -> None:
    """Names of rows from the top down at the left of a panel, each with small print under it."""
    axes.set_yticks(range(len(names)), [""] * len(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    at: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right", "annotation_clip": False}
    for place, (name, text) in enumerate(zip(names, small, strict=True)):
        told = fill(shorten(text, 2 * width, placeholder=" ..."), width) if text else ""
        lift = 4 * (told.count("\n") + 1) if told else 0
        axes.annotate(name, (0, place), (-6, lift), fontsize=9, va="center", **at)
        axes.annotate(told, (0, place), (-6, lift - 6), fontsize=7, color=GRAY, va="top", linespacing=1.1, **at)


def empty(figure: Figure) -> Any:
    """A panel without axes, for tables in a figure."""
    axes = figure.add_subplot()
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes
