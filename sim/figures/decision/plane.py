"""Figures of what reforms gain and cost: the cost-effectiveness plane, and all measures at once without weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from sim.figures.decision.parts import PAPER, best_of, looks, name_of, outdoing, unit_of_benefit
from sim.figures.decision.words import WORDS
from sim.figures.series import sheet, styled
from sim.measures import MEASURES
from sim.studies.answers.decision import Decision
from sim.studies.design.limits import unit_of
from sim.style.looks import BLACK, GRAY, SMALL, amounts, brief, fitted, headline, inches, legible, measure_label

ALONG = (0.9, 0.84, 0.78)  # of the height, where it stands what a line means
DOTS = 150  # draws of an arm that are shown
WHOLE = 0.995  # share of the draws that are shown from which on nothing is said of the others
RADIUS = 2.4477  # of an ellipse that holds 95 % of a normal distribution of two numbers, in standard deviations
FEW = 4  # options with outlines; more of them would hide each other, and lines say as much
# Where a name may stand, in points from its mark, the best place first
NEAR = ((9, 10), (-9, 10), (9, -10), (-9, -10), (0, 14), (0, -14), (9, 0), (-9, 0))
AROUND = (*NEAR, *((across, far) for far in (26, -26, 39, -39, 52, -52) for across in (-14, 14, 0)))
WIDEST = 2.2  # inches of a name
BEYOND = 0.007  # share of the draws beyond each end of an outline
NAMES = 0.35  # of the width of what is shown, kept at its right for names
FLOOR = 0.13  # of the height, kept for the two quadrants in which money is saved
LEAST_ROOM = 0.01
MOST_NAMED = 4  # options that a title has room for


def outline(benefit: np.ndarray, cost: np.ndarray) -> np.ndarray | None:
    """A curve (2 x 200) that holds about 95 % of the draws. None if they do not spread.

    An ellipse of their normal scores, drawn at the quantiles that these stand for: an ellipse of gains and costs themselves would reach
    where no draw is, for few of either are much larger than the others (harm, of a reform that never harms).
    """
    if not (np.ptp(benefit) > 0 or np.ptp(cost) > 0):
        return None
    from scipy.special import ndtr, ndtri  # here, because it takes long to import
    from scipy.stats import rankdata

    scores = [ndtri((rankdata(values) - 0.5) / len(values)) for values in (benefit, cost)]
    together = float(np.corrcoef(scores)[0, 1]) if np.ptp(benefit) > 0 and np.ptp(cost) > 0 else 0.0
    turn = np.linspace(0, 2 * np.pi, 200)
    across = RADIUS * np.cos(turn)
    up = together * across + RADIUS * np.sqrt(1 - together**2) * np.sin(turn)
    return np.vstack([np.quantile(benefit, ndtr(across)), np.quantile(cost, ndtr(up))])


@styled
def plane(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """Benefit and cost of each arm in every draw, with middles, ranges, ellipses, lines of worth and quadrants named in words."""
    unit = unit_of_benefit(decision, words)
    (left, right), (low, high) = window = limits(decision)
    seen = decision.draws.benefit.between(left, right) & decision.draws.cost.between(low, high)
    beyond = words["plane_beyond"].format(share=f"{100 * (1 - seen.mean()):.0f}") if seen.mean() < WHOLE else ""
    what = [words["plane_what"], words["plane_outlines"] if outlined(decision) else "", words["plane_lines"].format(unit=unit), beyond]
    middle = decision.table.set_index("arm").reindex([decision.recommended])[["benefit", "cost"]]  # nan of the one compared with
    figure = sheet(9.6, 6.4, headline("plane", words, **best_of(decision, words), **middle.iloc[0]), " ".join(filter(None, what)))
    axes, look = figure.add_subplot(), looks(decision.arms)
    for arm, rows in decision.draws.groupby("arm", sort=False):
        benefit, cost, style = rows.benefit.to_numpy(float), rows.cost.to_numpy(float), look[arm]
        some = slice(None, None, max(1, len(rows) // DOTS))
        dots: Any = {"color": style["color"], "markersize": 2.4, "alpha": 0.35, "markeredgewidth": 0, "rasterized": True}
        axes.plot(benefit[some], cost[some], style["marker"], **dots)
        if outlined(decision) and (curve := outline(benefit, cost)) is not None:
            axes.plot(*curve, color=style["color"], linestyle=style["linestyle"], linewidth=1.4)
    axes.set(xlim=window[0], ylim=window[1])
    middles_of_arms(axes, decision, words)
    worth_lines(axes, decision, words)
    quadrants(axes, words)
    axes.set_xlabel(words["plane_x"].format(unit=unit, vs=name_of(decision.arms[0], words)))
    axes.set_ylabel(words["plane_y"])
    axes.yaxis.set_major_formatter(amounts(words))
    return figure


def outlined(decision: Decision) -> bool:
    """Are there so few options that outlines can be told apart?"""
    return len(decision.table) <= FEW


def limits(decision: Decision) -> tuple[tuple[float, float], tuple[float, float]]:
    """From where to where gain and cost are shown: room for nearly all draws, and for the quadrants in which money is saved."""
    by = decision.draws.groupby("arm")
    left, right = min(0.0, by.benefit.quantile(BEYOND).min()), max(0.0, by.benefit.quantile(1 - BEYOND).max())
    most = by.cost.quantile(1 - BEYOND if outlined(decision) else 0.9).max()
    low, high = min(0.0, by.cost.quantile(BEYOND).min()), max(most, 1.2 * decision.table.cost.max(), decision.table.cost_q95.max())
    room, high = 0.06 * (right - left) or LEAST_ROOM, high or LEAST_ROOM  # where no draw differs there is nothing to see, but a plane
    return (left - room, right + room), (min(low, -FLOOR * high), 1.05 * high)


def middles_of_arms(axes: Any, decision: Decision, words: Mapping[str, str]) -> None:
    """A large mark and a name for each arm, with lines over nine of ten cities, and for doing nothing."""
    look, rows = looks(decision.arms), [(decision.arms[0], 0.0, 0.0, True)]
    for row in decision.table.to_dict("records"):
        x, y, line = row["benefit"], row["cost"], {"color": look[row["arm"]]["color"], "linewidth": 1.8, "zorder": 5}
        axes.hlines(y, row["benefit_q05"], row["benefit_q95"], **line)
        axes.vlines(x, row["cost_q05"], row["cost_q95"], **line)
        rows.append((row["arm"], x, y, True))
    marked(axes, rows, look, words)


def marked(axes: Any, rows: list[tuple[str, float, float, bool]], look: Mapping[str, Any], words: Mapping[str, str]) -> None:
    """Marks (filled or hollow), each with its name where it hides neither a mark nor another name."""
    axes.figure.draw_without_rendering()  # so that the panel has the size that it will have
    pixel, inside = axes.figure.dpi / 72, axes.get_window_extent()
    spots = {arm: axes.transData.transform((x, y)) for arm, x, y, _ in rows}
    taken = [Bbox.from_bounds(spot[0] - 6 * pixel, spot[1] - 6 * pixel, 12 * pixel, 12 * pixel) for spot in spots.values()]
    for arm, x, y, filled in rows:
        style, name = look[arm], fitted(name_of(arm, words), WIDEST, SMALL, lines=2)
        face, edge = (style["color"], BLACK) if filled else ("white", style["color"])
        mark: Any = {"markerfacecolor": face, "markeredgecolor": edge, "markeredgewidth": 1 if filled else 1.8}
        axes.plot(x, y, style["marker"], **mark, markersize=9, zorder=7)
        size = (1.1 * 72 * max(inches(line, SMALL) for line in name.splitlines()) * pixel, 1.35 * SMALL * (name.count("\n") + 1) * pixel)
        across, up = min(AROUND, key=lambda place: trouble(beside(spots[arm], place, size, pixel), inside, taken))
        taken.append(beside(spots[arm], (across, up), size, pixel))
        aside = ("center", "left", "right")[int(np.sign(across))]
        side: Any = {"ha": aside, "va": "center", "fontsize": SMALL, "bbox": PAPER, "zorder": 6}
        arrow = {"arrowstyle": "-", "color": GRAY, "linewidth": 0.7} if max(abs(across), abs(up)) > 13 else None
        named = axes.annotate(name, (x, y), (across, up), textcoords="offset points", arrowprops=arrow, **side)
        named.set_in_layout(False)  # so that the panel keeps its size


def beside(spot: np.ndarray, place: tuple[float, float], size: tuple[float, float], pixel: float) -> Bbox:
    """The room of a name of a size (pixels) at a place (points) from a spot."""
    across, up = place[0] * pixel, place[1] * pixel
    left = spot[0] + across - (size[0] if across < 0 else size[0] / 2 if across == 0 else 0)
    return Bbox.from_bounds(left, spot[1] + up - size[1] / 2, *size)


def trouble(room: Bbox, inside: Bbox, taken: list[Bbox]) -> tuple[bool, int]:
    """What is wrong with a room: does it leave the panel, and how many others does it overlap?"""
    leaves = not (inside.contains(room.x0, room.y0) and inside.contains(room.x1, room.y1))
    return leaves, room.count_overlaps(taken)


def worth_lines(axes: Any, decision: Decision, words: Mapping[str, str]) -> None:
    """Lines below which a reform is worth its cost, for the shown pays above 0."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for pay, along in zip((pay for pay in decision.shown if pay > 0), ALONG, strict=False):
        axes.plot([low / pay, high / pay], [low, high], color=GRAY, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        x = min(along * high / pay, right - 0.1 * (right - left))
        side: Any = {"fontsize": SMALL, "color": GRAY, "ha": "center", "va": "center", "bbox": PAPER, "zorder": 2}
        axes.annotate(words["plane_line"].format(pay=brief(pay, words)), (x, pay * x), **side)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)


def quadrants(axes: Any, words: Mapping[str, str]) -> None:
    """The axes through the arm compared with, and a name in each corner that is seen."""
    axes.axhline(0, color=BLACK, linewidth=0.9)
    axes.axvline(0, color=BLACK, linewidth=0.9)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    corners = {
        "worse_dearer": (0.01, 0.985, left < 0 < high), "better_dearer": (0.99, 0.985, right > 0 and high > 0),
        "worse_cheaper": (0.01, 0.015, left < 0 and low < 0), "better_cheaper": (0.99, 0.015, right > 0 and low < 0),
    }  # fmt: skip
    for name, (x, y, seen) in corners.items():
        if seen:
            side: Any = {"ha": "left" if x < 0.5 else "right", "va": "top" if y > 0.5 else "bottom", "fontsize": SMALL, "bbox": PAPER}
            axes.text(x, y, words[name], transform=axes.transAxes, color=GRAY, fontweight="bold", zorder=3, **side)


@styled
def pareto(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """Expected effects on trust against those on crime, complaints and cost: a panel each; filled marks are not outdone by any other."""
    table = decision.pareto
    others = [name for name in ("incidence", "complaint_rate", "cost") if name in table]
    first = next(name for name in ("mean_trust", *table.columns[1:]) if name in table)
    out = table[~table.on_front.astype(bool) & table.dominated_by.fillna("").astype(bool)]
    notes = [words["pareto_note"].format(arm=name_of(row.arm, words), other=outdoing(row.dominated_by, words)) for row in out.itertuples()]
    best = [name_of(arm, words) for arm in table.arm[table.on_front.astype(bool)]]
    title = headline("pareto", words, arms="; ".join(best) if len(best) <= MOST_NAMED else "", many=len(best), of=len(table))
    figure = sheet(9.6, 0.6 + 2.5 * len(others), title, " ".join([words["pareto_what"], ". ".join(notes)]).strip())
    panels: Any = figure.subplots(len(others), 1, sharex=True, squeeze=False)[:, 0]
    look, front = looks(decision.arms), table.on_front.astype(bool)
    left, right = table[first].min(), table[first].max()
    panels[0].set_xlim(left - 0.06 * (right - left), right + NAMES * (right - left))  # of all: they share it
    for axes, name in zip(panels, others, strict=True):
        axes.plot(table[first], table[name], linestyle="none")
        axes.margins(y=0.16)
        axes.axhline(0, color=BLACK, linewidth=0.6)
        axes.axvline(0, color=BLACK, linewidth=0.6)
        axes.set_ylim(axes.get_ylim())
        marked(axes, list(zip(table.arm, table[first], table[name], front, strict=True)), look, words)
        unit = words.get(f"unit:{unit_of(name)}", legible(unit_of(name)))
        label = words["plane_y"] if name == "cost" else f"{measure_label(name, words)} ({unit})"
        down = MEASURES[name].unit != "0-1"
        better = f"← {words['better']}   " if down else f"{words['better']} →   "  # read from the bottom up
        axes.set_ylabel(better + fitted(label, 2.0, SMALL), fontsize=SMALL)
        axes.yaxis.set_major_formatter(amounts(words))
        axes.yaxis.set_major_locator(MaxNLocator(5))
    panels[-1].set_xlabel(f"{words['pareto_x']}   {words['better']} →")
    return figure
