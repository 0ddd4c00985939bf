"""Figures of a comparison: effects over time, why trust moved, who gains and loses, where, and what became of officers' conduct."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.harvest import CAUSES
from sim.measures import MEASURES, YEAR
from sim.plots import BLACK, BLUE, CAUSE_COLORS, DPI, GREEN, ORANGE, PURPLE, SKY, STYLE, VERMILION, band, styled, years
from sim.plots import WORDS as PLAIN_WORDS
from sim.results import write
from sim.studies.comparison import Comparison
from sim.studies.effects import differences

COLORS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)
DASHES = ("-", "--", "-.", ":")
GRAY = "#666666"
HALF, NINETY_FIVE = 0.34, 0.18  # opacity of the fan's inner and outer band
WORDS: Mapping[str, str] = {  # what the figures say; sim.report has the same keys in other languages
    **{cause: PLAIN_WORDS[cause].replace("\n", " ") for cause in CAUSES},
    "years": PLAIN_WORDS["years"],
    "effects_title": "What each arm changes, compared with {vs}",
    "effects_what": "{name}: paired differences, mean of {many} replicates; dark band: 50 % interval of the mean, light band: 95 %",
    "ledger_title": "Why trust moved, compared with {vs}",
    "ledger_what": "{name}: trust booked to each cause, paired differences, mean of {many} replicates",
    "ledger_axis": "difference in mean trust at the end (points on the 0-1 scale)",
    "ledger_net": "net difference, with 95 % interval",
    "gainers_title": "Who gains and who loses trust, compared with {vs}",
    "gainers_what": "{name}: each citizen against the same citizen with the same luck; mean of {many} replicates",
    "gainers_axis": "difference in a citizen's trust at the end (points on the 0-1 scale)",
    "gainers_shares": "{gain:.0f} % gain,\n{lose:.0f} % lose",
    "gainers_note": "line: 5 to 95 % of citizens; bar: 25 to 75 %; mark: median; gain or lose: by more than 0.01",
    "map_title": "Where trust changes, compared with {vs}",
    "map_what": "{name}: mean trust of each cell's residents at the end, paired difference in the first replicate",
    "map_bar": "difference in mean trust (0-1)",
    "west_east": "cells from west to east",
    "north_south": "cells from north to south",
    "conduct_title": "What officers know, think and do",
    "conduct_what": "{name}: mean of officers in service, {many} replicates; lines: 95 % intervals",
    "before": "last year before week 0",
    "first_year": "first year",
    "last_year": "last year",
    "knowledge": "knowledge (0-1)",
    "attitude": "attitude (0-1)",
    "training": "what courses add to conduct\n(log-odds of fair conduct)",
    "conduct": "conduct\n(log-odds of fair conduct)",
}


def looks(comparison: Comparison) -> dict[str, dict[str, str]]:
    """Color and line of each arm, the same in every figure."""
    return {
        arm: {"color": COLORS[place % len(COLORS)], "linestyle": DASHES[(place + place // len(COLORS)) % len(DASHES)]}
        for place, arm in enumerate(comparison.compared)
    }


def headed(figure: Figure, comparison: Comparison, kind: str, words: Mapping[str, str]) -> None:
    """A bold title over all panels and a plain line under it."""
    name, many, vs = comparison.name, comparison.replicates, comparison.study.vs
    figure.suptitle(words[f"{kind}_title"].format(vs=vs), x=0.01, ha="left", fontweight="bold", fontsize=STYLE["axes.titlesize"])
    what = words[f"{kind}_what"].format(name=name, many=many)
    figure.text(0.01, 1 - 0.34 / figure.get_figheight(), what, fontsize=9, color="#444444", va="top", wrap=True)


def make(width: float, height: float) -> Figure:
    """An empty figure with room for its heading."""
    figure = Figure((width, height), layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.58 / height))  # type: ignore[union-attr, call-arg]
    return figure


def courses(comparison: Comparison) -> dict[str, xr.DataArray]:
    """The paired effect of every arm over time, of each measure that has a course."""
    found = {}
    for name in comparison.study.measures:
        try:
            series = MEASURES[name].weekly(comparison.dataset)
        except LookupError:
            continue
        time = "survey_week" if "survey_week" in series.dims else "week"
        if series.sizes[time]:
            found[name] = differences(series.sel({time: slice(0, None)}), comparison.study.vs)
    return found


@styled
def effects(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Effects over time, a panel for each measure; a fan of two intervals of the mean for each arm."""
    panels = courses(comparison)
    rows = -(-len(panels) // 2)
    figure = make(9.6, 1.3 + 2.1 * rows)
    grid: Any = figure.subplots(rows, 2, squeeze=False, sharex=True)
    for axes, (name, series) in zip(grid.flat, panels.items(), strict=False):
        for arm, look in looks(comparison).items():
            fan(axes, series.sel(arm=arm), arm, look)
        axes.axhline(0, color=BLACK, linewidth=0.6)
        axes.set_title(words.get(name, name.replace("_", " ")), fontsize=10)
        axes.set_ylabel(fill(words.get(f"unit:{MEASURES[name].unit}", MEASURES[name].unit), 26), fontsize=8)
        axes.set_xlim(0, (int(comparison.dataset.week[-1]) + 1) / YEAR)
        axes.yaxis.set_major_locator(MaxNLocator(5))
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel(words["years"])
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), fontsize=9)
    headed(figure, comparison, "effects", words)
    return figure


def fan(axes: Any, series: xr.DataArray, label: str, look: Mapping[str, str]) -> None:
    """Mean over replicates with its 50 % and 95 % t intervals."""
    from scipy.special import stdtrit  # here, because it takes long to import

    mean, wide = band(series)
    freedom = max(1, series.sizes["replicate"] - 1)
    narrow = wide * stdtrit(freedom, 0.75) / stdtrit(freedom, 0.975)
    when = years(series)
    for width, alpha in ((wide, NINETY_FIVE), (narrow, HALF)):
        axes.fill_between(when, mean - width, mean + width, color=look["color"], alpha=alpha, linewidth=0)
    axes.plot(when, mean, label=label, linewidth=1.6, **look)


@styled
def ledger(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Why trust moved: for each arm the paired differences booked to each cause, stacked; their sum with its interval."""
    table = comparison.ledger()
    arms = comparison.compared
    figure = make(8.6, 2.2 + 0.55 * len(arms))
    axes = figure.add_subplot()
    above, below = np.zeros(len(arms)), np.zeros(len(arms))
    for cause in CAUSES:
        change = table[table.cause == cause].set_index("arm").effect.loc[arms].to_numpy()
        if change.any():
            axes.barh(arms, change, left=np.where(change > 0, above, below), height=0.6, color=CAUSE_COLORS[cause], label=words[cause])
            above, below = above + np.maximum(change, 0), below + np.minimum(change, 0)
    net, half = band(net_effect(comparison))
    axes.errorbar(net, arms, xerr=half, fmt="D", color=BLACK, markersize=5, capsize=3, label=words["ledger_net"])
    axes.axvline(0, color=BLACK, linewidth=0.6)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(words["ledger_axis"])
    figure.legend(loc="outside lower center", ncols=3, fontsize=8.5)
    headed(figure, comparison, "ledger", words)
    return figure


def net_effect(comparison: Comparison) -> xr.DataArray:
    """Paired effect on mean trust in the last week; replicate x arm."""
    last = differences(comparison.dataset.trust.isel(week=-1), comparison.study.vs)
    return last.sel(arm=comparison.compared).transpose("replicate", "arm")


@styled
def gainers(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Who gains and who loses: the distribution over citizens of what an arm does to each of them."""
    table = comparison.gainers().set_index("arm")
    arms = comparison.compared
    figure = make(8.2, 1.7 + 0.62 * len(arms))
    axes = figure.add_subplot()
    for place, arm in enumerate(arms):
        row, color = table.loc[arm], looks(comparison)[arm]["color"]
        axes.plot([row.q05, row.q95], [place, place], color=color, linewidth=2, solid_capstyle="butt")
        axes.plot([row.q25, row.q75], [place, place], color=color, linewidth=11, alpha=0.6, solid_capstyle="butt")
        axes.plot(row.q50, place, marker="|", markersize=15, markeredgewidth=2.5, color=BLACK)
        shares = words["gainers_shares"].format(gain=100 * row.share_gaining, lose=100 * row.share_losing)
        axes.annotate(shares, (1.01, place), xycoords=("axes fraction", "data"), fontsize=9, va="center")
    axes.axvline(0, color=BLACK, linewidth=0.6)
    axes.set_yticks(range(len(arms)), arms)
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"{words['gainers_axis']}\n{words['gainers_note']}")
    headed(figure, comparison, "gainers", words)
    return figure


@styled
def effect_map(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Where trust changes: cells of the first replicate (places differ between replicates, so a mean would blur them)."""
    arms = comparison.compared
    columns = min(4, len(arms))
    rows = -(-len(arms) // columns)
    figure = make(max(6.4, 1.2 + 2.7 * columns), 1.1 + 2.9 * rows)
    grid: Any = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    maps = {arm: comparison.map_of_effect(arm).isel(replicate=0).values for arm in arms}
    largest = max(1e-6, *(float(np.nanquantile(np.abs(values), 0.995)) for values in maps.values()))
    for axes, arm in zip(grid.flat, arms, strict=False):
        norm = TwoSlopeNorm(0, -largest, largest)
        mesh = axes.imshow(maps[arm], cmap="PuOr", norm=norm, interpolation="nearest")  # both ends differ in lightness and hue for all
        axes.set_title(arm, fontsize=10)
        axes.grid(False)
        axes.set(xlabel=words["west_east"], ylabel=words["north_south"])
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.label_outer()
    for axes in grid.flat[len(arms) :]:
        axes.set_visible(False)
    figure.colorbar(mesh, ax=grid, label=words["map_bar"], extend="both", shrink=0.9)
    headed(figure, comparison, "map", words)
    return figure


@styled
def conduct(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Officers before and after, at the three levels of an evaluation (knowledge, attitude, behavior) and in conduct as a whole."""
    table = comparison.conduct()
    arms = [comparison.study.vs, *comparison.compared]
    figure = make(10.4, 1.9 + 0.42 * len(arms))
    panels: Any = figure.subplots(1, 4, sharey=True)
    marks = {"before": ("o", "white", GRAY, 10), "first_year": ("s", SKY, SKY, 7), "last_year": ("D", BLUE, BLUE, 4)}  # none hides another
    for axes, level in zip(panels, ("knowledge", "attitude", "training", "conduct"), strict=True):
        rows = table[table.level == level].set_index("arm").loc[arms]
        for place, arm in enumerate(arms):
            ends = rows.loc[arm, list(marks)].astype(float)
            axes.plot([ends.min(), ends.max()], [place, place], color="#BBBBBB", linewidth=1.2, zorder=1)
        for span, (marker, face, edge, size) in marks.items():
            half = np.nan_to_num(rows[f"{span}_half_width"].to_numpy(float))
            axes.errorbar(rows[span], range(len(arms)), xerr=half, fmt=marker, mfc=face, color=edge, markersize=size, label=words[span])
        axes.set_xlabel(words[level], fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.grid(axis="y", visible=False)
    panels[0].set_yticks(range(len(arms)), arms)
    panels[0].set_ylim(len(arms) - 0.5, -0.5)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9)
    headed(figure, comparison, "conduct", words)
    return figure


FIGURES: dict[str, Callable[..., Figure]] = {
    "effects.png": effects, "ledger.png": ledger, "gainers.png": gainers, "map.png": effect_map, "conduct.png": conduct,
}  # fmt: skip


def save_figures(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Draw every figure into a folder as PNG, each file whole or not at all. InputError if it cannot be written to."""
    return [write(Path(folder) / name, partial(draw(comparison).savefig, dpi=DPI, format="png")) for name, draw in FIGURES.items()]
