"""Figures of many numbers at once: pairs of factors, the points themselves, and all outputs beside each other."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from sim.figures.sensitivity.parts import MOST, WORDS, axis_label, called, heading, label_factors, named, numbered
from sim.figures.series import sheet, styled
from sim.studies.answers.findings import RANKS, Analysis, Finding, as_written
from sim.style.looks import BLACK, BLUE, GRAY, SMALL, VERMILION, fitted, legible

PANELS = 6  # of scatter
WORTH_WRITING = 0.05  # percent; smaller interactions are left blank


def pair_grid(pairs: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Factors by their strongest pair, the share of each pair in percent (below the diagonal), and whether its interval is above 0."""
    strongest = pd.concat([pairs.set_index("one").share, pairs.set_index("other").share]).groupby(level=0).max()
    names = strongest.sort_values(ascending=False, kind="stable").index.tolist()[:MOST]
    place = {name: number for number, name in enumerate(names)}
    grid = np.full((len(names), len(names)), np.nan)
    sure: Any = np.zeros((len(names), len(names)), bool)
    for row in pairs.to_dict("records"):
        if row["one"] in place and row["other"] in place:
            across, down = sorted((place[row["one"]], place[row["other"]]))
            grid[down, across], sure[down, across] = max(0.0, 100 * row["share"]), row["low"] > 0
    return names, grid, sure


@styled
def interactions(analysis: Analysis, finding: Finding, words: Mapping[str, str] = WORDS) -> Figure:
    """A map of pairs: what two factors do together beyond what each does alone."""
    pairs = finding.sensitivity.interactions
    assert pairs is not None  # see `drawable`
    names, grid, sure = pair_grid(pairs)
    first = " + ".join(called(analysis, name, words) for name in pairs.loc[pairs.share.idxmax(), ["one", "other"]])
    left_out = pd.unique(pairs[["one", "other"]].to_numpy().ravel()).size - len(names)
    figure = sheet(9.6, 2.4 + 0.34 * len(names), *heading("interactions", finding, words, left_out, first=first))
    axes = figure.add_subplot()
    top = max(1.0, float(np.nanmax(grid)))
    mesh = axes.imshow(grid[1:, :-1], cmap="Blues", vmin=0, vmax=top, aspect="auto", interpolation="nearest")
    for down, across in np.argwhere(np.nan_to_num(grid) >= WORTH_WRITING):
        share, known = grid[down, across], sure[down, across]
        look: Any = {"fontweight": "bold" if known else "normal", "color": "white" if share > 0.6 * top else BLACK if known else GRAY}
        axes.text(across, down - 1, f"{share:.1f}", ha="center", va="center", fontsize=SMALL, **look)
    shown = [fitted(called(analysis, name, words), 2.4, SMALL, lines=2) for name in names]
    axes.set_xticks(range(len(names) - 1), shown[:-1], rotation=40, ha="right", rotation_mode="anchor", fontsize=SMALL)
    axes.set_yticks(range(len(names) - 1), shown[1:], fontsize=SMALL)
    axes.grid(False)
    figure.colorbar(mesh, ax=axes, label=words["interactions_bar"], shrink=0.8)
    return figure


@styled
def scatter(analysis: Analysis, finding: Finding, words: Mapping[str, str] = WORDS) -> Figure:
    """The output against the factors that matter most, in their own units."""
    found = finding.sensitivity
    names = [name for name in finding.ranked().factor if name in analysis.points][:PANELS]
    rows = -(-len(names) // 3)
    many = words["replicates" if found.replicates > 1 else "replicate"].format(many=found.replicates)
    band = words["scatter_band"] if found.effects is not None else ""
    figure = sheet(
        9.6, 0.4 + 2.5 * rows, *heading("scatter", finding, words, many=many, band=band, first=called(analysis, names[0], words))
    )
    grid: Any = figure.subplots(rows, min(3, len(names)), squeeze=False, sharey=True)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(grid.flat, names, strict=False):
        panel(axes, analysis.points[name], analysis.outputs[finding.output.of], trend(analysis, finding, name))
        axes.set_title(fitted(called(analysis, name, words), 2.6, SMALL, lines=2, bold=True), fontsize=SMALL)
        unit = analysis.units[name]
        axes.set_xlabel(fitted(words.get(f"unit:{unit}", unit), 2.6, SMALL), fontsize=SMALL)
    for axes in grid[:, 0]:
        axes.set_ylabel(axis_label(finding, words, 2.4), fontsize=SMALL)
        numbered(axes.yaxis, finding, words)
    return figure


def trend(analysis: Analysis, finding: Finding, name: str) -> pd.DataFrame:
    """How the output goes with one factor: value, effect, and from an emulator low and high; else means of tenths of the points."""
    found = finding.sensitivity
    if found.effects is not None and (found.effects.factor == name).any():
        curve = found.effects[found.effects.factor == name]
        return (curve[["effect", "low", "high"]] + found.mean).assign(value=[as_written(value) for value in curve.value])
    values, output = analysis.points[name], analysis.outputs[finding.output.of]
    few = values.dtype == object or values.nunique() <= 10
    parts = values if few else pd.qcut(values, 10, labels=False, duplicates="drop")
    middles = values.groupby(parts).first() if few else values.groupby(parts).mean()
    return pd.DataFrame({"value": middles, "effect": output.groupby(parts).mean()})


def panel(axes: Any, values: pd.Series, output: pd.Series, curve: pd.DataFrame) -> None:
    """Points and trend for one factor; a logarithmic axis if its values are far from even and their logarithms are not."""
    if values.dtype == object:
        kinds = sorted(set(values))
        axes.set_xticks(range(len(kinds)), kinds)
        values, curve = values.map(kinds.index), curve.assign(value=curve.value.map(kinds.index))
    elif values.min() > 0 and abs(np.log(values).skew()) < abs(values.skew()) - 1:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if values.max() < 100 * values.min() else (1,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.plot(values, output, "o", color=BLUE, markersize=2.4, alpha=0.3, markeredgewidth=0, rasterized=True)
    if "low" in curve:
        axes.fill_between(curve.value, curve.low, curve.high, color=VERMILION, alpha=0.25, linewidth=0)
    axes.plot(curve.value, curve.effect, color=VERMILION, linewidth=1.8)
    if output.min() < 0 < output.max():
        axes.axhline(0, color=BLACK, linewidth=0.6)


@styled
def overview(analysis: Analysis, words: Mapping[str, str] = WORDS) -> Figure:
    """The factors that matter for any output, and how much for each: a column an output; bars if the analysis speaks of one only."""
    rank = RANKS[analysis.method]
    spoke = [finding for finding in analysis.findings if finding.spoke]
    table = pd.DataFrame({finding.output.of: finding.sensitivity.table.set_index("factor")[rank] for finding in spoke})
    table = 100 * (table if rank == "total" else table / table.max())
    table = table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index]
    shown = table.head(MOST)
    kind = words["overview_share" if rank == "total" else "overview_relative"]
    what = words["overview_what"].format(name=legible(analysis.study.name), what=kind)
    if silent := "; ".join(named(finding, words) for finding in analysis.findings if not finding.spoke):
        what += " " + words["overview_silent"].format(outputs=silent)
    what += f" {words['rest'].format(many=len(table) - len(shown))}" if len(table) > len(shown) else ""
    output = named(spoke[0], words) if len(spoke) == 1 else words["overview_all"]
    title = words["overview_found"].format(output=output, first=called(analysis, str(shown.index[0]), words))
    figure = sheet(9.6, 1.0 + 0.46 * len(shown) + (1.0 if len(spoke) > 1 else 0.0), title, what)
    axes = figure.add_subplot()
    label_factors(axes, analysis, shown.index.tolist(), words)
    (_bars if len(spoke) == 1 else _columns)(axes, shown.to_numpy(), [named(finding, words).rpartition(",")[0] for finding in spoke])
    return figure


def _bars(axes: Any, shares: np.ndarray, names: list[str]) -> None:
    """The shares of one output."""
    for place, share in enumerate(shares[:, 0]):
        axes.barh(place, share, height=0.62, color=BLUE)
        axes.annotate(f"{max(0.0, share):.0f}", (max(0.0, share), place), (4, 0), textcoords="offset points", va="center", fontsize=SMALL)
    axes.set_xlim(left=0)
    axes.set_xlabel("%")


def _columns(axes: Any, shares: np.ndarray, names: list[str]) -> None:
    """The shares of several outputs, whose names stand above them, aslant where there is little room."""
    bottom, top = axes.get_ylim()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    axes.set_ylim(bottom, top)
    for (down, across), share in np.ndenumerate(shares):
        look: Any = {"ha": "center", "va": "center", "fontsize": SMALL, "color": "white" if share > 60 else BLACK}
        axes.text(across, down, f"{max(0.0, share):.0f}", **look)
    aslant: Any = {"rotation": 40, "ha": "left", "rotation_mode": "anchor"} if len(names) > 4 else {}
    room = 2.2 if aslant else 5.4 / len(names)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(names)), [fitted(name, room, SMALL, lines=3) for name in names], fontsize=SMALL, **aslant)
    axes.grid(False)
