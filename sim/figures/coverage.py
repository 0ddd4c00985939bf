"""Figures of a test on cities of known truth: ranks of parameters, and coverage of effects."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from sim.calibration.coverage import BINS, RANKED, Coverage
from sim.calibration.result import LEVEL
from sim.calibration.verdict import SURE, pooled, shares
from sim.figures.calibration import parameter_label
from sim.figures.series import rows, sheet, styled
from sim.measures.spread import NORMAL
from sim.style import language
from sim.style.looks import BLACK, BLUE, ORANGE, SMALL, fitted, headline, legible, measure_label, written

MOST = 24  # parameters in the figure of ranks
FEW = 40  # cities; so many or fewer are shown one by one, and not in bars
BAND = 1.358  # of the square root of cities: how far shares of uniform ranks stray in 95 of 100 cases (Kolmogorov)
WORDS = language("en").figure("plots_coverage")


@styled
def rank_histograms(found: Coverage, words: Mapping[str, str] = WORDS) -> Figure:
    """For the parameters of which the data tell most: how often the truth has which rank among draws."""
    names, cities = found.parameters.parameter.head(MOST).tolist(), len(found.ranks)
    down, table = -(-len(names) // 4), found.parameters
    uneven = int((table.uniformity < (1.0 - SURE) / len(table)).sum())  # as `facts` tests it
    title = headline("ranks", words, uneven=uneven, many=len(table))
    few = cities <= FEW
    figure = sheet(9.6, 0.9 + 1.45 * down, title, words["ranks_few" if few else "ranks_what"].format(cities=cities))
    expected = cities / BINS
    width = NORMAL * np.sqrt(expected * (1.0 - 1.0 / BINS))  # in which 95 of 100 bars are if ranks are uniform
    panels, spare = figure.subplots(down, 4, squeeze=False, sharey=True).ravel(), [""] * (4 * down - len(names))
    for axes, name in zip(panels, [*names, *spare], strict=True):
        if not name:
            axes.set_visible(False)
            continue
        if few:
            axes.fill_between([0, 1], np.array([0, 1]) - BAND / cities**0.5, np.array([0, 1]) + BAND / cities**0.5, color="#DDDDDD")
            axes.plot(np.sort(found.ranks[name]) / RANKED, (np.arange(cities) + 0.5) / cities, "o", color=BLUE, markersize=3.5)
            axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), yticks=[0, 1])
        else:
            counts = np.bincount(found.ranks[name] * BINS // (RANKED + 1), minlength=BINS)
            axes.axhspan(expected - width, expected + width, color="#DDDDDD", linewidth=0, zorder=0)
            axes.bar((np.arange(BINS) + 0.5) / BINS, counts, width=0.95 / BINS, color=BLUE)
            axes.axhline(expected, color=BLACK, linewidth=0.8, linestyle="--")
        axes.set_xticks([0.0, 0.5, 1.0])
        axes.tick_params(labelsize=SMALL)
        axes.set_title(fitted(parameter_label(name, words), 1.95, SMALL, lines=2), fontsize=SMALL, fontweight="normal")
    figure.supylabel(words["ranks_few_axis" if few else "ranks_axis"], fontsize=SMALL)
    return figure


@styled
def coverage_of_effects(found: Coverage, words: Mapping[str, str] = WORDS) -> Figure:
    """For each reform and measure: in how many cities the range of the effect holds the true one."""
    table = shares(found.effects, "arm", "measure")
    cities, held = found.effects.city.nunique(), pooled(found.effects)
    title = headline("effects", words, **{end: written(100 * getattr(held, end), words, ".1f") for end in ("share", "low", "high")})
    figure = sheet(9.0, 1.1 + 0.23 * len(table), title, words["effects_what"].format(cities=cities))
    axes = figure.add_subplot()
    axes.axvline(100 * LEVEL, color=BLACK, linewidth=0.9, linestyle="--")
    for place, row in enumerate(table.to_dict("records")):
        color = BLUE if row["low"] <= LEVEL <= row["high"] else ORANGE
        axes.hlines(place, 100 * row["low"], 100 * row["high"], color=color, linewidth=1.8)
        axes.plot(100 * row["share"], place, "o" if color == BLUE else "s", color=color, markersize=5)
    rows(axes, [f"{legible(row.arm)}: {measure_label(row.measure, words)}" for row in table.itertuples()], lines=1)
    axes.set_xlabel(words["effects_axis"])
    return figure
