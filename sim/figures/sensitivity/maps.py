"""Figures of many numbers at once: pairs of factors, the points themselves, and all outputs beside each other."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from sim.figures.sensitivity.parts import MOST, WORDS, axis_label, heading, label_factors, named, numbered
from sim.figures.series import sheet, styled
from sim.studies.answers.findings import RANKS, Analysis, Finding, as_written
from sim.style.looks import BLACK, BLUE, GRAY, VERMILION, fitted, legible

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
    left_out = pd.unique(pairs[["one", "other"]].to_numpy().ravel()).size - len(names)
    figure = sheet(9.6, 2.4 + 0.34 * len(names), *heading("interactions", finding, words, left_out))
    axes = figure.add_subplot()
    top = max(1.0, float(np.nanmax(grid)))
    mesh = axes.imshow(grid[1:, :-1], cmap="Blues", vmin=0, vmax=top, aspect="auto", interpolation="nearest")
    for down, across in np.argwhere(np.nan_to_num(grid) >= WORTH_WRITING):
        share, known = grid[down, across], sure[down, across]
        look: Any = {"fontweight": "bold" if known else "normal", "color": "white" if share > 0.6 * top else BLACK if known else GRAY}
        axes.text(across, down - 1, f"{share:.1f}", ha="center", va="center", fontsize=8, **look)
    shown = [fitted(legible(name), 2.4, 8.5, lines=2) for name in names]
    axes.set_xticks(range(len(names) - 1), shown[:-1], rotation=40, ha="right", rotation_mode="anchor", fontsize=8.5)
    axes.set_yticks(range(len(names) - 1), shown[1:], fontsize=8.5)
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
    figure = sheet(9.6, 0.4 + 2.5 * rows, *heading("scatter", finding, words, many=many, band=band))
    grid: Any = figure.subplots(rows, min(3, len(names)), squeeze=False, sharey=True)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(grid.flat, names, strict=False):
        panel(axes, analysis.points[name], analysis.outputs[finding.output.of], trend(analysis, finding, name))
        axes.set_title(fitted(legible(name), 2.6, lines=2, bold=True), fontsize=9)
        unit = analysis.units[name]
        axes.set_xlabel(fill(words.get(f"unit:{unit}", unit), 34), fontsize=8)
    for axes in grid[:, 0]:
        axes.set_ylabel(axis_label(finding, words, 2.4), fontsize=8)
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
    """The factors that matter for any output, and how much for each: a column an output."""
    rank = RANKS[analysis.method]
    columns = {finding.output.of: finding.sensitivity.table.set_index("factor")[rank] for finding in analysis.findings if finding.spoke}
    table = pd.DataFrame(columns, columns=[finding.output.of for finding in analysis.findings], dtype=float)
    table = 100 * (table if rank == "total" else table / table.max())
    table = table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index]
    shown = table.head(MOST)
    what = words["overview_what"].format(
        name=legible(analysis.study.name), what=words["overview_share" if rank == "total" else "overview_relative"]
    )
    rest = f" {words['rest'].format(many=len(table) - len(shown))}" if len(table) > len(shown) else ""
    names = [fitted(named(finding, words).rpartition(",")[0], 2.4, 8, lines=3) for finding in analysis.findings]
    figure = sheet(9.6, 2.0 + 0.46 * len(shown), words["overview_title"], what + rest)
    axes = figure.add_subplot()
    axes.set_facecolor("#CCCCCC")
    axes.imshow(shown, cmap="Blues", vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    for (down, across), share in np.ndenumerate(shown.to_numpy()):
        if np.isfinite(share):
            axes.text(
                across, down, f"{max(0.0, share):.0f}", ha="center", va="center", fontsize=8.5, color="white" if share > 60 else BLACK
            )
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor", fontsize=8)
    axes.grid(False)
    label_factors(axes, analysis, shown.index.tolist(), words)
    return figure
