"""Figures of a test on cities of known truth: ranks of parameters, and coverage of effects."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from sim.calibration.coverage import BINS, RANKED, Coverage
from sim.calibration.result import LEVEL
from sim.calibration.verdict import shares
from sim.figures.series import sheet, styled
from sim.measures.spread import NORMAL
from sim.style import language
from sim.style.looks import BLACK, BLUE, GRAY, ORANGE

MOST = 24  # parameters in the figure of ranks
WORDS = language("en").figure("plots_coverage")


@styled
def rank_histograms(found: Coverage, words: Mapping[str, str] = WORDS) -> Figure:
    """For the parameters of which the data tell most: how often the truth has which rank among draws."""
    names, cities = found.parameters.parameter.head(MOST).tolist(), len(found.ranks)
    rows = -(-len(names) // 4)
    figure = sheet(10.4, 0.9 + 1.25 * rows, words["ranks_title"], words["ranks_what"].format(cities=cities))
    expected = cities / BINS
    width = NORMAL * np.sqrt(expected * (1.0 - 1.0 / BINS))  # in which 95 of 100 bars are if ranks are uniform
    for axes, name in zip(
        figure.subplots(rows, 4, squeeze=False, sharey=True).ravel(), [*names, *[""] * (4 * rows - len(names))], strict=True
    ):
        if not name:
            axes.set_visible(False)
            continue
        counts = np.bincount(found.ranks[name] * BINS // (RANKED + 1), minlength=BINS)
        axes.axhspan(expected - width, expected + width, color="#DDDDDD", linewidth=0, zorder=0)
        axes.bar((np.arange(BINS) + 0.5) / BINS, counts, width=0.95 / BINS, color=BLUE)
        axes.axhline(expected, color=BLACK, linewidth=0.8, linestyle="--")
        axes.set_xticks([0.0, 0.5, 1.0])
        axes.tick_params(labelsize=7.5)
        axes.set_title(name, fontsize=8.0, loc="left")
    figure.supylabel(words["ranks_axis"], fontsize=9)
    return figure


@styled
def coverage_of_effects(found: Coverage, words: Mapping[str, str] = WORDS) -> Figure:
    """For each reform and measure: in how many cities the range of the effect holds the true one."""
    table = shares(found.effects, "arm", "measure")
    cities = found.effects.city.nunique()
    figure = sheet(9.0, 1.1 + 0.23 * len(table), words["effects_title"], words["effects_what"].format(cities=cities))
    axes = figure.add_subplot()
    axes.axvline(100 * LEVEL, color=BLACK, linewidth=0.9, linestyle="--")
    for place, row in enumerate(table.to_dict("records")):
        color = BLUE if row["low"] <= LEVEL <= row["high"] else ORANGE
        axes.hlines(place, 100 * row["low"], 100 * row["high"], color=color, linewidth=1.8)
        axes.plot(100 * row["share"], place, "o" if color == BLUE else "s", color=color, markersize=5)
    axes.set_yticks(range(len(table)), [f"{row.arm}: {row.measure}" for row in table.itertuples()], fontsize=8, color=GRAY)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(words["effects_axis"])
    return figure
