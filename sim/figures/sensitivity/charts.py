"""Figures of what each factor does to an output: its swing, share and elementary effects, and whether more points would change that."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sim.figures.sensitivity.parts import MOST, WORDS, axis_label, called, heading, label_factors, numbered, unit_of
from sim.figures.series import sheet, styled
from sim.studies.answers.findings import Analysis, Finding
from sim.style.looks import BLACK, BLUE, GRAY, MINUS, ORANGE, SMALL, VERMILION, fitted, look_at, written

FEW = 8  # lines in a figure
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # behind small print, so that no line runs through it
VISIBLE = 0.005  # of the widest swing; narrower ones are left out of a tornado
# The columns that bars show, by method; each has its _low and _high
BARS = {
    "emulator": ("first", "total"), "sobol": ("first", "total"), "efast": ("first", "total"), "delta": ("delta",), "pawn": ("median",),
    "morris": ("mu_star",),
}  # fmt: skip
AXES = {"total": "share_axis", "delta": "distance_axis", "median": "distance_axis", "mu_star": "morris_x"}


def compact(value: object) -> str:
    """The value of a factor in little room."""
    return value if isinstance(value, str) else f"{value:.3g}".replace("-", MINUS)


@styled
def tornado(analysis: Analysis, finding: Finding, words: Mapping[str, str] = WORDS) -> Figure:
    """The swing of the output, in its own unit, between the ends of each factor."""
    table = finding.swings()
    width = (table.high - table.low).abs()
    shown, middle = table[width >= VISIBLE * width.max()].head(MOST), finding.sensitivity.mean
    title, what = heading("tornado", finding, words, len(table) - len(shown), first=called(analysis, shown.factor.iloc[0], words))
    figure = sheet(9.6, 1.3 + 0.43 * len(shown), title, what if "low_value" in table else words["tornado_oat"])
    axes = figure.add_subplot()
    for end, color, hatch in (("low", BLUE, ""), ("high", ORANGE, "////")):
        look: Any = {"color": color, "hatch": hatch, "edgecolor": "white", "linewidth": 0, "label": words[f"tornado_{end}"]}
        axes.barh(range(len(shown)), shown[end].to_numpy(float) - middle, left=middle, height=0.62, **look)
        if "low_value" in shown:
            axes.hlines(range(len(shown)), shown[f"{end}_low"], shown[f"{end}_high"], color=BLACK, linewidth=0.9)
            end_values(axes, shown, end, middle)
    axes.axvline(middle, color=BLACK, linewidth=0.9, label=words["tornado_mean"])
    axes.margins(x=0.12)
    low, high = axes.get_xlim()
    if not finding.output.level and low < 0 < high:
        axes.axvline(0, color=VERMILION, linewidth=1.2, linestyle="--", label=words["zero"])
    axes.set_xlabel(axis_label(finding, words), fontsize=SMALL)
    numbered(axes.xaxis, finding, words)
    label_factors(axes, analysis, shown.factor.tolist(), words)
    figure.legend(loc="outside lower center", ncols=4, fontsize=SMALL)
    return figure


def end_values(axes: Any, shown: pd.DataFrame, end: str, middle: float) -> None:
    """The factor's value beside the end of each bar; on the far side of its interval."""
    for place, row in enumerate(shown.to_dict("records")):
        right = (row["high"] >= row["low"]) == (end == "high")
        far = max(row[f"{end}_high"], middle) if right else min(row[f"{end}_low"], middle)
        side: Any = {"ha": "left" if right else "right", "va": "center", "fontsize": SMALL, "color": GRAY, "bbox": PAPER}
        axes.annotate(compact(row[f"{end}_value"]), (far, place), (4 if right else -4, 0), textcoords="offset points", **side)


@styled
def bars(analysis: Analysis, finding: Finding, words: Mapping[str, str] = WORDS) -> Figure:
    """Indices of each factor with their intervals."""
    table, columns = finding.ranked(), BARS[finding.sensitivity.method]
    shown = table.head(MOST)
    shares = "total" in columns
    scale = 100.0 if shares else 1.0
    title, what = heading(
        "bars",
        finding,
        words,
        len(table) - len(shown),
        influence=words["shares" if shares else "strength"],
        first=called(analysis, shown.factor.iloc[0], words),
    )
    figure = sheet(9.6, 1.2 + 0.43 * len(shown), title, what)
    axes = figure.add_subplot()
    height = 0.72 / len(columns)
    for number, (column, color, hatch) in enumerate(zip(columns, (BLUE, ORANGE), ("", "////"), strict=False)):
        places = np.arange(len(shown)) + (number - (len(columns) - 1) / 2) * height
        look: Any = {"color": color, "hatch": hatch, "edgecolor": "white", "linewidth": 0, "label": words[column]}
        axes.barh(places, scale * shown[column].to_numpy(float), height=0.92 * height, **look)
        axes.hlines(places, scale * shown[f"{column}_low"], scale * shown[f"{column}_high"], color=BLACK, linewidth=0.9)
    axes.axvline(0, color=BLACK, linewidth=0.6)
    if columns[-1] == "mu_star":
        numbered(axes.xaxis, finding, words)
    axes.set_xlabel(words[AXES[columns[-1]]].format(unit=unit_of(finding, words)))
    label_factors(axes, analysis, shown.factor.tolist(), words)
    figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL)
    return figure


@styled
def morris(analysis: Analysis, finding: Finding, words: Mapping[str, str] = WORDS) -> Figure:
    """Mean size and spread of elementary effects; the first fifteen factors are numbered and listed."""
    table, unit = finding.ranked(), unit_of(finding, words)
    figure = sheet(9.6, 5.0, *heading("morris", finding, words, first=called(analysis, table.factor.iloc[0], words)))
    axes = figure.add_subplot()
    axes.plot(table.mu_star[MOST:], table.sigma[MOST:], "o", color="#BBBBBB", markersize=4)
    listed = []
    for number, row in enumerate(table.head(MOST).to_dict("records"), 1):
        axes.hlines(row["sigma"], row["mu_star_low"], row["mu_star_high"], color=BLUE, linewidth=0.9, alpha=0.6)
        axes.plot(row["mu_star"], row["sigma"], "o", color=BLUE, markersize=5)
        side: Any = {"ha": "left" if number % 2 else "right", "fontsize": SMALL}  # neighbors are labeled on either side
        axes.annotate(str(number), (row["mu_star"], row["sigma"]), (4 if number % 2 else -4, 3), textcoords="offset points", **side)
        listed.append(f"{number:2}  {fitted(called(analysis, row['factor'], words), 2.9, SMALL, lines=1)}")
    reach = float(max(table.mu_star_high.max(), 1e-12))
    axes.plot([0, reach], [0, 0.1 * reach], color=GRAY, linewidth=0.9, linestyle=":")
    axes.set(xlim=(0, 1.05 * reach), ylim=(0, None))
    axes.set_xlabel(words["morris_x"].format(unit=unit))
    axes.set_ylabel(words["morris_y"].format(unit=unit))
    numbered(axes.xaxis, finding, words)
    numbered(axes.yaxis, finding, words)
    axes.annotate("\n".join(listed), (1.02, 1), xycoords="axes fraction", va="top", fontsize=SMALL, linespacing=1.5)
    return figure


@styled
def convergence(analysis: Analysis, finding: Finding, words: Mapping[str, str] = WORDS) -> Figure:
    """The indices of the most important factors, from more and more points."""
    table = finding.sensitivity.convergence
    assert table is not None  # see `drawable`
    names = [name for name in finding.ranked().factor if name in set(table.factor)][:FEW]
    figure = sheet(9.6, 4.4, *heading("convergence", finding, words, many=len(names), first=called(analysis, names[0], words)))
    axes = figure.add_subplot()
    for number, name in enumerate(names):
        rows = table[table.factor == name].sort_values("points")
        look = look_at(number + 1)
        axes.fill_between(rows.points, 100 * rows.low, 100 * rows.high, color=look.color, alpha=0.12, linewidth=0)
        label = fitted(called(analysis, name, words), 2.4, SMALL, lines=2)
        axes.plot(rows.points, 100 * rows.total, **look.line, marker=look.mark, markersize=4, label=label)
    axes.set_xscale("log", base=2)
    points = sorted(table.points.unique())
    axes.set_xticks(points, [written(point, words, ".0f") for point in points])
    axes.minorticks_off()
    axes.set(xlabel=words["convergence_x"], ylabel=words["total_axis"])
    axes.set_ylim(bottom=min(0.0, 100 * float(table.total.min())))
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=SMALL)
    return figure
