"""What the figures of a decision share: how arms look, labels at the ends of lines, numbers, what factors mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sim.style.lists import separated
from sim.style.looks import SMALL, fitted, legible, look_at

Look = dict[str, Any]
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # behind small print, so that no line runs through it
BESIDE = 2.5  # inches that a name takes at the end of a line
LINE = 0.052  # height of a label, as a share of a panel of usual height


def looks(arms: Sequence[str]) -> dict[str, Look]:
    """Color, line and mark of each arm, the same in every figure; the first is the one compared with."""
    return {arm: look_at(place).line | {"marker": look_at(place).mark} for place, arm in enumerate(arms)}


def name_of(arm: str, words: Mapping[str, str]) -> str:
    """What an arm is called in a figure."""
    return legible(words.get(f"arm:{arm}", arm))


def unit_of_benefit(decision: Any, words: Mapping[str, str]) -> str:
    """What a unit of benefit is called in a figure."""
    return legible(words.get("unit", decision.unit))


def best_of(decision: Any, words: Mapping[str, str], *columns: str) -> dict[str, Any]:
    """The option that is best at the middle pay, for titles: its name, the pay, the unit, and some columns of its curve there."""
    own, pay = decision.curves[decision.curves.arm == decision.recommended].sort_values("pay"), decision.shown[1]
    known = {"arm": name_of(decision.recommended, words), "pay": pay, "unit": unit_of_benefit(decision, words)}
    return known | {column: float(np.interp(pay, own.pay, own[column])) for column in columns}


def outdoing(arms: str, words: Mapping[str, str]) -> str:
    """What those arms are called that outdo one, which a table lists: the first two, and how many more."""
    names = [name_of(arm, words) for arm in separated(arms)]
    first = "; ".join(names[:2])
    return words["pareto_more"].format(other=first, many=len(names) - 2) if len(names) > 2 else first


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
        axes.text(1.042, place, fitted(name_of(arm, words), BESIDE, SMALL, lines=1), va="center", fontsize=SMALL, transform=axes.transAxes)


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


def empty(figure: Figure) -> Any:
    """A panel without axes, for tables in a figure."""
    axes = figure.add_subplot()
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes
