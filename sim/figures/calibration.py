"""Figures of a calibration: what each target is and what the posterior answers, which parameters were learned of, and how."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sim.calibration.result import LEVEL, TELLING, Calibration, weighted_quantile
from sim.figures.series import png, sheet, styled
from sim.figures.series import rows as rows_of
from sim.files.writing import write
from sim.studies.design.factors import Factor
from sim.style import language
from sim.style.looks import BLACK, BLUE, GRAY, ORANGE, SMALL, brief, factor_label, fitted, headline, measure_label, written
from sim.world.parameters import CODEBOOK

MOST = 25  # parameters in the figure of contractions
BINS = 12
CONTESTED = (
    "reporting.trust_slope", "trust.contact_gain", "trust.contact_loss", "trust.effectiveness_weight", "hearsay.fraction",
    "hearsay.victimization_fraction", "conduct.contagion_weight", "staffing.recruit_conduct_offset",
)  # fmt: skip
WORDS = language("en").figure("plots_calibration")


def parameter_label(name: str, words: Mapping[str, str]) -> str:
    """What a parameter is called in a figure."""
    known = CODEBOOK.get(name)
    return factor_label(name, words, {name: known.description} if known else {})


@styled
def contractions(made: Calibration, words: Mapping[str, str] = WORDS) -> Figure:
    """Bars: the contraction of each parameter."""
    shown = made.parameters.head(MOST)
    what = words["contraction_what"].format(telling=TELLING, left=len(made.parameters) - len(shown))
    told, first = int((made.parameters.contraction > TELLING).sum()), parameter_label(shown.parameter.iloc[0], words)
    title = headline("contraction", words, told=told, many=len(made.parameters), first=first)
    figure = sheet(9.6, 1.0 + 0.37 * len(shown), title, what)
    axes = figure.add_subplot()
    for place, row in enumerate(shown.to_dict("records")):
        contested = row["status"] == "contested"
        look: Any = {"color": ORANGE if contested else BLUE, "hatch": "////" if contested else "", "edgecolor": "white", "linewidth": 0}
        axes.barh(place, 100 * row["contraction"], height=0.7, **look)
        middle, low, high = (brief(row[name], words) for name in ("posterior", "low", "high"))
        interval = words["interval"].format(middle=middle, low=low, high=high)
        end = (100 * max(row["contraction"], TELLING), place)
        axes.annotate(interval, end, (4, 0), textcoords="offset points", va="center", fontsize=SMALL, color=GRAY)
    axes.axvline(100 * TELLING, color=BLACK, linewidth=0.9, linestyle=":")
    rows_of(axes, [parameter_label(name, words) for name in shown.parameter])
    axes.set_xlim(0, 140)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel(words["contraction_axis"])
    return figure


@styled
def marginals(made: Calibration, factors: Sequence[Factor], names: Sequence[str] = CONTESTED, words: Mapping[str, str] = WORDS) -> Figure:
    """For some parameters: how likely each twelfth of the prior is under the posterior."""
    known = {factor.name: factor for factor in factors}
    shown = [name for name in names if name in known]
    rows = -(-len(shown) // 2)
    contraction = made.parameters.set_index("parameter").contraction
    told = int((contraction[shown] > TELLING).sum())
    figure = sheet(9.6, 1.9 * rows, headline("marginals", words, told=told, many=len(shown)), words["marginals_what"])
    grid = figure.subplots(rows, 2, squeeze=False, sharey=True).ravel()
    edges = np.linspace(0.0, 1.0, BINS + 1)
    for axes, name in zip(grid, shown, strict=False):
        share, _ = np.histogram(made.unit[name], edges, weights=made.posterior.weights)
        axes.bar(edges[:-1], share, width=1.0 / BINS, align="edge", color=BLUE, edgecolor="white", linewidth=0.5)
        axes.axhline(1.0 / BINS, color=BLACK, linewidth=1.0, linestyle="--")
        ticks = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
        values = known[name].at(np.clip(ticks, 0.005, 0.995))
        axes.set_xticks(ticks, [written(value, words, ".2g") for value in values], fontsize=SMALL)
        title = words["contraction_of"].format(name=parameter_label(name, words), share=written(100 * contraction[name], words, ".0f"))
        axes.set_title(fitted(title, 4.2, SMALL, lines=2, bold=True), fontsize=SMALL)
        axes.set_xlim(0, 1)
        axes.grid(axis="x", visible=False)
    for axes in grid[len(shown) :]:
        axes.remove()
    figure.supylabel(words["marginals_axis"], fontsize=SMALL)
    return figure


@styled
def targets(made: Calibration, words: Mapping[str, str] = WORDS) -> Figure:
    """For each target, how far the posterior's answers are from it."""
    table = made.targets
    away, tail = {}, (1.0 - LEVEL) / 2.0
    for row in table.to_dict("records"):
        values = (made.answers[row["measure"]].to_numpy() - row["value"]) / row["tolerance"]
        kept = np.isfinite(values)
        away[row["measure"]] = weighted_quantile(values[kept], made.posterior.weights[kept], [tail, 0.5, 1.0 - tail])
    met = sum(abs(middle) <= 1 for _, middle, _ in away.values())
    figure = sheet(9.6, 0.9 + 0.37 * len(table), headline("targets", words, met=met, many=len(table)), words["targets_what"])
    axes = figure.add_subplot()
    for width, shade in ((2, "#EEEEEE"), (1, "#DDDDDD")):
        axes.axvspan(-width, width, color=shade, linewidth=0, zorder=0)
    axes.axvline(0, color=BLACK, linewidth=0.9)
    labels = []
    for place, row in enumerate(table.to_dict("records")):
        low, middle, high = away[row["measure"]]
        axes.hlines(place, low, high, color=BLUE, linewidth=2.0)
        axes.plot(middle, place, "o", color=BLUE, markersize=6)
        labels.append(f"{row['pattern']}  {measure_label(row['measure'], words)}: {brief(row['value'], words)}")
    rows_of(axes, labels)
    axes.set_xlabel(words["targets_axis"])
    return figure


def save_figures(made: Calibration, factors: Sequence[Factor], folder: str | Path) -> list[Path]:
    """Draw the three figures as PNG. InputError if the folder cannot be written to."""
    drawn = {"contraction.png": contractions(made), "marginals.png": marginals(made, factors), "targets.png": targets(made)}
    return write(folder, {name: png(figure) for name, figure in drawn.items()})
