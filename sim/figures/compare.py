"""Figures of a comparison: effects over time, why trust moved, who gains and loses, where, and what became of officers' conduct."""

from collections.abc import Callable, Mapping
from math import floor, log10
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.figures.series import band, line, png, sheet, styled
from sim.files.writing import write
from sim.measures import MEASURES, YEAR
from sim.measures.harvest import CAUSES
from sim.studies.answers.comparison import Comparison
from sim.studies.running.effects import LEVELS, courses
from sim.studies.running.lives import lived_twice
from sim.style import language
from sim.style import looks as house
from sim.style.looks import BLUE, SMALL, amounts, cause_look, fitted, headline, legible, measure_label, named, scale, written

LEAST_TRUST = 0.002  # of a scale of trust, so that rounding does not look like news
NAMED = 4  # arms whose effects a title has room for
BESIDE, KEY = 2.2, 2.0  # inches that names of arms take beside a panel and in a legend
WORDS = language("en").figure("plots_compare")


def looks(comparison: Comparison) -> dict[str, dict[str, Any]]:
    """Color and line of each arm, the same in every figure and on pages."""
    return {arm: house.look_at(place).line for place, arm in enumerate(comparison.compared, 1)}


def make(
    comparison: Comparison, kind: str, size: tuple[float, float], words: Mapping[str, str], told: Mapping[str, str], **known: str
) -> Figure:
    """An empty figure of a size (inches, without its heading) that says what was found of each arm, or what it shows if that is long."""
    parts = "; ".join(f"{legible(arm)} {own}" for arm, own in told.items()) if len(told) <= NAMED else ""
    title = headline(kind, words, vs=legible(comparison.study.vs), parts=parts, **known)
    many = words[_kind(comparison)].format(many=comparison.lived[0], twice=comparison.lived[1])
    filled = {"name": legible(comparison.name), "many": many, "spread": said(comparison, kind, words)}
    filled |= {"places": language(words["language"]).said(comparison.of_places).text}
    filled |= {"cities": str(lived_twice(comparison.replicates).shape[1])}
    return sheet(*size, title, words[f"{kind}_what"].format(**filled))


def _kind(comparison: Comparison) -> str:
    """What middles are of: replicates, or possible cities, some of them lived twice."""
    return "replicates" if comparison.varies == "luck" else "cities_twice" if comparison.lived[1] else "cities"


def said(comparison: Comparison, kind: str, words: Mapping[str, str]) -> str:
    """What the bands or lines of a figure are; nothing if it has none."""
    key = "one" if comparison.replicates == 1 else f"{kind}_{'range' if comparison.ranged else 'few'}"
    luck = words["luck_off" if comparison.luck_known else "luck_in"]
    return words.get(key, "").format(range=words[comparison.varies].format(luck=luck))


@styled
def effects(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Effects over time, a panel for each measure; for each arm the middle and the range over cities."""
    panels = courses(comparison.dataset, comparison.study.outcomes, comparison.study.vs)
    rows = -(-len(panels) // 2)
    name, first = next(iter(panels.items()))
    unit = MEASURES[name].unit
    ends = {arm: scale(unit) * float(band(first.sel(arm=arm))[0][-1]) for arm in comparison.compared}
    places = max(0, 1 - floor(log10(max(map(abs, ends.values())) or 1.0)))  # two digits of the greatest, for all
    told = {arm: written(end, words, f"+.{places}f") for arm, end in ends.items()}
    size = (9.6, 0.7 + 2.1 * rows + 0.3 * ((len(ends) - 1) // NAMED))
    figure = make(comparison, "effects", size, words, told, measure=measure_label(name, words))
    figure.get_layout_engine().set(wspace=0.06)  # type: ignore[union-attr, call-arg]
    grid: Any = figure.subplots(rows, 2, squeeze=False, sharex=True)
    for axes, (name, series) in zip(grid.flat, panels.items(), strict=False):
        for arm, look in looks(comparison).items():
            line(axes, series.sel(arm=arm), label=fitted(legible(arm), KEY, lines=2), linewidth=1.6, **look)
        axes.axhline(0, color=house.BLACK, linewidth=0.6)
        unit = MEASURES[name].unit
        axes.set_title(fitted(measure_label(name, words), 3.6, 10, bold=True), fontsize=10)
        axes.set_ylabel(fitted(house.unit_label(unit, words, difference=True), 1.6, SMALL), fontsize=SMALL)
        axes.set_xlim(0, comparison.weeks / YEAR)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=house.STEPS))
        axes.yaxis.set_major_formatter(amounts(words, scale(unit)))
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid.flat[max(0, len(panels) - 2) : len(panels)]:  # the last of each column
        axes.set_xlabel(words["years"])
        axes.tick_params(labelbottom=True)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), fontsize=SMALL)
    return figure


@styled
def ledger(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Why trust moved: for each arm the paired differences booked to each cause, stacked; their sum with its range over cities."""
    table = comparison.ledger()
    arms = comparison.compared
    moved = table[(table.cause != "drift") & (table["mean"] != 0)]  # drift answers what others did
    most = moved.loc[moved["mean"].abs().groupby(moved.arm, sort=False).idxmax()]
    told = {row.arm: f"{written(row['mean'], words, '+.3f')} ({words[row.cause]})" for _, row in most.iterrows()}
    figure = make(comparison, "ledger", (8.6, 1.6 + 0.55 * len(arms)), words, told)
    axes = figure.add_subplot()
    above, below, places = np.zeros(len(arms)), np.zeros(len(arms)), np.arange(len(arms))
    for cause in CAUSES:
        change = table[table.cause == cause].set_index("arm")["mean"].loc[arms].to_numpy()
        if change.any():
            axes.barh(places, change, left=np.where(change > 0, above, below), height=0.6, label=words[cause], **cause_look(cause))
            above, below = above + np.maximum(change, 0), below + np.minimum(change, 0)
    net = comparison.net_effect()
    middle, ends = band(net)
    each: Any = {"color": house.BLACK, "markeredgecolor": "white", "linestyle": "none"}
    if ends is None:
        axes.plot(net.values.T, places, marker="o", markersize=4, **each)
    else:
        reach = np.abs(ends - middle)
        axes.errorbar(middle, places, xerr=reach, fmt="none", ecolor="white", elinewidth=4.5)  # a rim, so that it is seen on every hatch
        axes.errorbar(middle, places, xerr=reach, fmt="none", ecolor=house.BLACK, capsize=3)
    axes.plot(middle, places, marker="D", markersize=7, label=words["ledger_net"], **each)
    axes.axvline(0, color=house.BLACK, linewidth=0.6)
    named(axes.yaxis, arms, BESIDE)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(words["ledger_axis"])
    axes.xaxis.set_major_formatter(amounts(words))
    figure.legend(loc="outside lower center", ncols=2, fontsize=8.5)
    return figure


@styled
def gainers(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Who gains and who loses: the distribution over citizens of what an arm does to each of them, in the mean of two lives."""
    table, arms = comparison.gainers().set_index("arm"), comparison.compared
    shares, part = table[table.lives > 0], words["gainers_part"]
    told = {str(row.Index): part.format(gain=row.share_gaining, lose=row.share_losing) for row in shares.itertuples()}
    figure = make(comparison, "gainers", (8.6, 1.2 + 0.62 * len(arms)), words, told)
    axes = figure.add_subplot()
    for place, arm in enumerate(arms):
        row, color = table.loc[arm], looks(comparison)[arm]["color"]
        axes.plot([row.q05, row.q95], [place, place], color=color, linewidth=2, solid_capstyle="butt")
        axes.plot([row.q25, row.q75], [place, place], color=color, linewidth=11, alpha=0.6, solid_capstyle="butt")
        axes.plot(row.q50, place, marker="|", markersize=15, markeredgewidth=2.5, color=house.BLACK)
        floor = 0.5 * (row.floor_gaining + row.floor_losing)
        shares = words["gainers_shares"].format(gain=row.share_gaining, lose=row.share_losing, floor=floor)
        axes.annotate(shares if row.lives else "", (1.01, place), xycoords=("axes fraction", "data"), fontsize=9, va="center")
    if not table.lives.any():
        axes.text(0.5, 0.5, fitted(words["gainers_unknown"], 4.6), transform=axes.transAxes, fontsize=9, ha="center", va="center")
    axes.axvline(0, color=house.BLACK, linewidth=0.6)
    named(axes.yaxis, arms, BESIDE)
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"{words['gainers_axis']}\n{fitted(words['gainers_note'], 4.6)}", fontsize=9)
    axes.xaxis.set_major_formatter(amounts(words))
    return figure


@styled
def places(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Where trust changes: in places from the least to the most crime; for each arm the middle and the range over cities."""
    table, arms = comparison.places(), comparison.compared
    columns = min(4, len(arms))
    rows = -(-len(arms) // columns)
    ends = {arm: own.sort_values("tenth").effect.iloc[[0, -1]] for arm, own in table.groupby("arm", sort=False) if arm in arms}
    told = {arm: " / ".join(written(end, words, "+.3f") for end in both) for arm, both in ends.items()}
    figure = make(comparison, "places", (max(6.4, 0.8 + 2.2 * columns), 0.9 + 2.2 * rows), words, told)
    panels: Any = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, arm in zip(panels.flat, arms, strict=False):
        own, look = table[table.arm == arm], looks(comparison)[arm]
        axes.plot(own.tenth, own.effect, linewidth=1.6, **look)
        axes.fill_between(own.tenth, own.q05, own.q95, color=look["color"], alpha=0.16, linewidth=0)
        axes.axhline(0, color=house.BLACK, linewidth=0.6)
        axes.set_title(fitted(legible(arm), 2.0, 10, lines=2, bold=True), fontsize=10)
        axes.set_xticks([1, 4, 7, 10])
        axes.yaxis.set_major_formatter(amounts(words))
    low, high = panels.flat[0].get_ylim()  # of all of them
    if (missing := LEAST_TRUST - (high - low)) > 0:
        panels.flat[0].set_ylim(low - missing / 2, high + missing / 2)
    for axes in panels.flat[len(arms) :]:
        axes.set_visible(False)
    figure.supxlabel(words["places_axis"], fontsize=SMALL)
    figure.supylabel(fitted(words["places_change"], 2.0, SMALL), fontsize=SMALL)
    return figure


@styled
def conduct(comparison: Comparison, words: Mapping[str, str] = WORDS) -> Figure:
    """Officers before and after, at the three levels of an evaluation (knowledge, attitude, behavior) and in conduct as a whole."""
    table = comparison.conduct()
    arms = [comparison.study.vs, *comparison.compared]
    last = table[table.level == "mean_conduct"].set_index("arm").last_year
    told = {arm: written(last[arm], words, ".2f") for arm in arms}
    base = told.pop(comparison.study.vs)
    figure = make(comparison, "conduct", (9.6, 1.6 + 0.46 * len(arms)), words, told, base=base)
    panels: Any = figure.subplots(1, 4, sharey=True)
    marks = {"before": ("o", "white", house.GRAY, 6), "first_year": ("s", house.SKY, house.SKY, 5), "last_year": ("D", BLUE, BLUE, 4.5)}
    for axes, level in zip(panels, LEVELS, strict=True):
        rows = table[table.level == level].set_index("arm").loc[arms]
        for place, arm in enumerate(arms):
            ends = rows.loc[arm, list(marks)].astype(float)
            axes.plot([ends.min(), ends.max()], [place, place], color="#BBBBBB", linewidth=1.2, zorder=1)
        for lift, (span, (marker, face, edge, size)) in zip((-0.16, 0.0, 0.16), marks.items(), strict=True):  # no line on another
            ends = np.abs([rows[f"{span}_q05"] - rows[span], rows[f"{span}_q95"] - rows[span]])
            mark: Any = {"fmt": marker, "mfc": face, "color": edge, "markersize": size, "label": words[span]}
            axes.errorbar(rows[span], np.arange(len(arms)) + lift, xerr=np.nan_to_num(ends), **mark)
        axes.set_xlabel(fitted(words[level], 1.7, SMALL), fontsize=SMALL)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=house.STEPS))
        axes.xaxis.set_major_formatter(amounts(words))
        axes.grid(axis="y", visible=False)
    named(panels[0].yaxis, arms, BESIDE)
    panels[0].set_ylim(len(arms) - 0.5, -0.5)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=SMALL)
    return figure


FIGURES: dict[str, Callable[..., Figure]] = {
    "effects.png": effects, "ledger.png": ledger, "gainers.png": gainers, "places.png": places, "conduct.png": conduct,
}  # fmt: skip


def save_figures(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Draw every figure into a folder as PNG, each file whole or not at all. InputError if it cannot be written to."""
    return write(folder, {name: png(draw(comparison)) for name, draw in FIGURES.items()})
