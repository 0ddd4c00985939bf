"""Figures of where something happens: the trade-off between a rule's coverage and its density, and the rule itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from sim.figures.decision.parts import PAPER, name_of
from sim.figures.decision.words import WORDS
from sim.figures.series import rows as rows_of
from sim.figures.series import sheet, styled
from sim.studies.answers.discoveries import Discovery, within
from sim.style.looks import BLACK, BLUE, GRAY, SMALL, VERMILION, brief, factor_label, headline, legible, measure_label

LABELED = 0.035  # of 100 %; steps closer together than this are not numbered
LEAST_P = 0.001


def fails(discovery: Discovery, words: Mapping[str, str]) -> str:
    """What happens in the cases, in words: "lowers mean trust"; the condition itself if it is not about the sign of an effect."""
    _, sign, limit = discovery.condition.rsplit(maxsplit=2)  # names of arms hold blanks
    output = discovery.output
    if not output.level and float(limit) == 0.0:
        measure = measure_label(output.measure, words)
        return words["lowers" if sign[0] == "<" else "raises"].format(measure=measure)
    return words["condition"].format(condition=legible(discovery.condition))


def titled(kind: str, discovery: Discovery, words: Mapping[str, str]) -> str:
    """The title of a figure: of how many draws in which the arm fails the rule holds how many, and how often it is right."""
    shares = {name: f"{100 * getattr(discovery, name):.0f}" for name in ("density", "share", "coverage")}
    return headline(kind, words, **shares, arm=name_of(discovery.output.arm, words), fails=fails(discovery, words))


@styled
def tradeoff(discovery: Discovery, words: Mapping[str, str] = WORDS) -> Figure:
    """Coverage and density of every box on the way, the chosen one marked."""
    share, rows = 100 * discovery.share, discovery.trajectory[discovery.trajectory.phase == "peel"]
    figure = sheet(
        9.6, 4.4, titled("tradeoff", discovery, words), words["tradeoff_what"].format(share=f"{share:.0f}", fails=fails(discovery, words))
    )
    axes = figure.add_subplot()
    axes.axhline(share, color=GRAY, linestyle="--", linewidth=1)
    axes.annotate(words["tradeoff_base"], (0.02, share), (0, 3), ("axes fraction", "data"), "offset points", fontsize=SMALL, color=GRAY)
    axes.plot(100 * rows.coverage, 100 * rows.density, "-o", color=BLUE, markersize=4.5, linewidth=1.1)
    window = reach([*rows.coverage, *discovery.trajectory.coverage])
    chosen = discovery.trajectory[discovery.trajectory.chosen.astype(bool)]
    taken = [(float(row.coverage), float(row.density)) for row in chosen.itertuples()]
    for row in rows.itertuples():
        here = (float(row.coverage), float(row.density))
        if all(max(abs(here[0] - other[0]), abs(here[1] - other[1])) > LABELED for other in taken):
            axes.annotate(f"{int(row.restricted)}", (100 * here[0], 100 * here[1]), (5, 4), textcoords="offset points", fontsize=SMALL)
            taken.append(here)
    for row in chosen.itertuples():
        here = (100 * row.coverage, 100 * row.density)
        axes.plot(*here, "D", color=VERMILION, markersize=5)
        axes.plot(*here, "o", markersize=14, markerfacecolor="none", color=VERMILION, markeredgewidth=2)
        left = here[0] < sum(window) / 2
        side: Any = {"textcoords": "offset points", "fontsize": SMALL, "fontweight": "bold", "va": "top", "bbox": PAPER}
        side |= {"ha": "left" if left else "right"}
        axes.annotate(words["tradeoff_chosen"].format(many=int(row.restricted)), here, (9 if left else -9, -7), **side)
    axes.set(xlim=window, ylim=reach([discovery.share, *discovery.trajectory.density]))
    axes.set(xlabel=words["tradeoff_x"], ylabel=words["tradeoff_y"])
    return figure


def reach(shares: Sequence[float]) -> tuple[float, float]:
    """From where to where an axis of percentages goes that holds these shares, without an empty part.

    >>> [[round(end, 3) for end in reach(shares)] for shares in ((0.96, 1.0), (0.1, 0.9))]
    [[95.4, 100.6], [3.6, 96.4]]
    """
    low, high = 100 * min(shares), 100 * max(shares)
    room = 0.08 * max(high - low, 7.5)
    return low - room, high + room


@styled
def restrictions(discovery: Discovery, words: Mapping[str, str] = WORDS) -> Figure:
    """The part of each restricted factor's distribution that lies in the box."""
    box = discovery.box
    shares = {name: f"{100 * getattr(discovery, name):.0f}" for name in ("density", "share", "coverage")}
    note = f" {words['log_odds']}" if any(unit.startswith("log-odds") for unit in box.unit) else ""
    figure = sheet(
        9.6,
        0.85 + 0.75 * len(box),
        titled("box", discovery, words),
        words["box_what"].format(**shares, fails=fails(discovery, words)) + note,
    )
    axes = figure.add_subplot()
    small = []
    for down, row in enumerate(box.to_dict("records")):
        low, high = 100 * row["low_share"], 100 * row["high_share"]
        axes.barh(down, 100, height=0.34, color="#E4E4E4")
        axes.barh(down, high - low, left=low, height=0.34, color=BLUE, edgecolor=BLACK, linewidth=0.8)
        right = low > 50  # a bound is written towards the side on which there is room
        at: Any = {"textcoords": "offset points", "fontsize": SMALL, "va": "top", "ha": "right" if right else "left"}
        axes.annotate(bounds(row, words), (high if right else low, down + 0.17), (-2 if right else 2, -3), **at)
        p = f"= {row['quasi_p']:.3f}" if row["quasi_p"] >= LEAST_P else f"< {LEAST_P}"
        remark = words["box_note"].format(p=p, again=f"{100 * row['bootstrap']:.0f}")
        axes.annotate(remark, (1.01, down), xycoords=("axes fraction", "data"), fontsize=SMALL, va="center", annotation_clip=False)
        small.append(factor_label(row["factor"], words, {row["factor"]: row["meaning"]}))
    rows_of(axes, small)
    axes.set(xlim=(0, 100), xlabel=words["box_x"])
    axes.grid(False)
    axes.axvline(0, color=BLACK, linewidth=0.6)
    return figure


def bounds(row: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The values of a factor inside the box, with its unit: "below 40 %", "above 0.4 log-odds"; choices by their names."""

    def say(key: str, **values: str) -> str:
        return words[key].format(**values)

    return within(row, say, lambda value: brief(value, words), lambda unit: words.get(f"unit:{unit}", unit), ", ".join)
