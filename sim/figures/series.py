"""Figures for people: what trust did and why, what became of crimes, and where it happened.

Object-oriented matplotlib (no global state, so figures can be made in threads); sim.style.looks has the colors and lines.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.collections import LineCollection
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from sim.artifacts.results import Results
from sim.files.writing import write
from sim.measures import MEASURES, YEAR
from sim.measures.harvest import CAUSES
from sim.measures.spread import ENDS, ENOUGH, Cities, cities
from sim.style import language
from sim.style.looks import BLACK, BLUE, GREEN, ORANGE, SMALL, VERMILION, amounts, cause_look, fitted, headline, legible, named, written

WORDS = language("en").figure("plots")
DPI = 150
STYLE: Any = {
    "text.parse_math": False,  # a dollar sign is one
    "font.size": 10, "axes.titlesize": 11, "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True,
    "grid.color": "#DDDDDD", "grid.linewidth": 0.6, "axes.axisbelow": True, "legend.frameon": False, "hatch.linewidth": 0.8,
}  # fmt: skip


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the house style without touching anybody else's settings."""

    @wraps(draw)
    def figure(*given: Any, **options: Any) -> Figure:
        with rc_context(STYLE):
            return draw(*given, **options)

    return figure


def cities_in(series: xr.DataArray) -> Cities:
    """The cities that replicates of a comparison are lives of; those of a run are one city, and each stands for itself."""
    values = series.transpose("replicate", ...).values
    return cities(values, series.draw.values, series.weight.values) if "weight" in series.coords else cities(values)


def band(series: xr.DataArray) -> tuple[np.ndarray, np.ndarray | None]:
    """The middle at each point in time, and the ends between which nine of ten cities lie (2 x times); None with too few draws."""
    whole = cities_in(series)
    low, middle, high = whole.quantiles((ENDS[0], 0.5, ENDS[1]))
    return middle, np.array([low, high]) if whole.draws.max(initial=0) >= ENOUGH - 1e-9 else None


def years(series: xr.DataArray) -> np.ndarray:
    """Years after the spin-up at which each value of a series was taken (the end of its week)."""
    if "survey_week" in series.dims:
        return series.survey_week.values / YEAR
    return (series.week.values + 1) / YEAR


def line(axes: Any, series: xr.DataArray, color: str, label: str, **style: Any) -> None:
    """The middle with the band between which nine of ten cities lie; if they are too few for that, each replicate as a thin line."""
    middle, ends = band(series)
    axes.plot(years(series), middle, color=color, label=label, **style)
    if ends is not None:
        axes.fill_between(years(series), *ends, color=color, alpha=0.16, linewidth=0)
    elif series.sizes["replicate"] > 1:
        ends = series.transpose("replicate", ...).values
    if ends is not None:  # edges in the line's own dashes, so that bands that overlap are told apart without color
        each = [np.column_stack([years(series), values]) for values in ends]
        axes.add_collection(LineCollection(each, colors=color, linewidths=0.6, alpha=0.5, linestyles=style.get("linestyle", "-")))


def spread_of(results: Results, words: Mapping[str, str]) -> str:
    """What the bands of a figure are, or its thin lines."""
    return words["bands" if results.replicates >= ENOUGH else "singles"] if results.replicates > 1 else ""


def over_time(axes: Any, results: Results, unit: str, words: Mapping[str, str] = WORDS, *, spin_up: bool = True) -> None:
    """Label a time axis, shade the spin-up (or begin at its end) and mark the weeks in which parameters change."""
    first, last = int(results.dataset.week[0]) / YEAR if spin_up else 0.0, (int(results.dataset.week[-1]) + 1) / YEAR
    axes.set_xlim(first, last)
    axes.set_xlabel(words["years"])
    axes.set_ylabel(unit)
    if first < 0:
        axes.axvspan(first, 0, color="#EEEEEE", zorder=0)
        note = axes.annotate(words["spin_up"], (first / 2, 0), (0, 4), ("data", "axes fraction"), "offset points", ha="center", fontsize=9)
        note.set(color="#666666", in_layout=False)
    for week in results.changes:
        if week / YEAR >= first:
            axes.axvline(week / YEAR, color="#444444", linewidth=0.9, linestyle=":")


def caption(results: Results, what: str, words: Mapping[str, str] = WORDS) -> str:
    """The line under a title: which scenario, how many replicates, what the band is."""
    return _captioned(results, what, words, "replicates")


def _captioned(results: Results, what: str, words: Mapping[str, str], many: str) -> str:
    pattern = words[many if results.replicates > 1 else "replicate"]
    return pattern.format(name=legible(results.name), many=results.replicates, what=what).removesuffix("; ")


def titled(axes: Any, title: str, subtitle: str, width: float) -> None:
    """A bold title and plain lines under it, so many inches wide, all from the left."""
    lines = fitted(subtitle, width)
    axes.set_title(fitted(title, width, STYLE["axes.titlesize"], bold=True), pad=22 + 12.5 * lines.count("\n"))
    axes.annotate(lines, (0, 1), (0, 7), "axes fraction", "offset points", fontsize=9, color="#444444").set_in_layout(False)


def sheet(width: float, height: float, title: str, what: str) -> Figure:
    """An empty figure of a width and a height (inches) below its heading: a bold title and a few plain lines."""
    room = 0.98 * width
    title, lines = (
        fitted(title, room, STYLE["axes.titlesize"], bold=True),
        "\n".join(fitted(line, room, SMALL) for line in what.splitlines()),
    )
    head = 0.19 * title.count("\n")
    top = 0.5 + head + 0.17 * (lines.count("\n") + 1)
    figure = Figure((width, height + top), layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - top / (height + top)))  # type: ignore[union-attr, call-arg]
    # No suptitle: its room is there already, and if it were left out of the layout notebooks would cut it off.
    figure.text(0.01, 1 - 0.1 / (height + top), title, va="top", fontweight="bold", fontsize=STYLE["axes.titlesize"])
    figure.text(0.01, 1 - (0.36 + head) / (height + top), lines, fontsize=SMALL, color="#444444", va="top", linespacing=1.25)
    return figure


def rows(axes: Any, names: Sequence[str], width: float = 3.4, lines: int = 2) -> None:
    """Names of rows from the top down at the left of a panel, each in a few lines of so many inches."""
    named(axes.yaxis, names, width, SMALL, lines)
    axes.set_ylim(max(1, len(names)) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


@styled
def trust(results: Results, words: Mapping[str, str] = WORDS) -> Figure:
    """Trust over time: mean, its two parts, and the share who would tell a survey that they trust."""
    figure = Figure((7.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    line(axes, MEASURES["mean_fairness"].weekly(results.dataset), BLUE, words["fairness"], linestyle="--")
    line(axes, MEASURES["mean_effectiveness"].weekly(results.dataset), ORANGE, words["effectiveness"], linestyle="-.")
    line(axes, MEASURES["mean_trust"].weekly(results.dataset), BLACK, words["trust"], linewidth=2)
    survey = MEASURES["share_trusting"].weekly(results.dataset)
    if survey.survey_week.size:
        line(axes, survey, GREEN, words["survey"], marker="o", markersize=3.5, linewidth=1)
    over_time(axes, results, words["trust_axis"], words)
    roomy(axes)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    middle = band(MEASURES["mean_trust"].weekly(results.dataset.sel(week=results.dataset.week >= 0)))[0]
    title = headline("trust", words, first=float(middle[0]), last=float(middle[-1]))
    titled(axes, title, caption(results, spread_of(results, words), words), 5.8)
    return figure


def roomy(axes: Any, least: float = 0.2) -> None:
    """Show at least this much of the 0-1 axis, so that noise does not look like news."""
    low, high = axes.get_ylim()
    missing = max(0.0, least - (high - low)) / 2
    axes.set_ylim(max(0.0, low - missing), min(1.0, high + missing))


@styled
def ledger(results: Results, words: Mapping[str, str] = WORDS) -> Figure:
    """Why trust moved: the ledger's cumulative changes stacked by cause, gains above zero and losses below."""
    summed = results.cumulative_ledger()
    when = np.concatenate([[0.0], years(summed)])
    figure = Figure((7.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    above = below = np.zeros(len(when))
    for cause in sorted(CAUSES, key=lambda cause: cause != "drift"):
        change = np.concatenate([[0.0], summed.sel(cause=cause).values])
        if not change.any():
            continue
        gain, loss = np.maximum(change, 0), np.minimum(change, 0)
        axes.fill_between(when, above, above + gain, **cause_look(cause))
        axes.fill_between(when, below, below + loss, label=words[cause], **cause_look(cause))
        above, below = above + gain, below + loss
    axes.plot(when, np.concatenate([[0.0], summed.sum("cause").values]), color=BLACK, linewidth=2, label=words["net"])
    axes.axhline(0, color=BLACK, linewidth=0.6)
    over_time(axes, results, words["ledger_axis"], words, spin_up=False)
    figure.legend(loc="outside right center", fontsize=9)
    net = summed.isel(week=-1).drop_sel(cause="drift")  # which answers what others did
    cause = str(net.cause.values[np.argmax(np.abs(net.values))])
    told = {"cause": words[cause].replace("\n", " "), "change": written(float(net.sel(cause=cause)), words, "+.3f")}
    titled(
        axes,
        headline("ledger", words, **told),
        _captioned(results, words["ledger_what"], words, "replicates_mean"),
        5.8,
    )
    return figure


@styled
def reporting(results: Results, words: Mapping[str, str] = WORDS) -> Figure:
    """What becomes of crimes: reported, put on file, solved."""
    figure = Figure((7.2, 5.4), layout="constrained")
    rows = (("reporting_rate", BLUE, "of_crimes"), ("file_rate", GREEN, "of_reports"), ("clearance", VERMILION, "of_reports"))
    panels = figure.subplots(3, 1, sharex=True)
    for axes, (name, color, unit) in zip(panels, rows, strict=True):
        line(axes, MEASURES[name].weekly(results.dataset), color, words[name])
        over_time(axes, results, words[unit], words)
        axes.set_ylim(0, min(1.0, 1.35 * axes.dataLim.y1) if np.isfinite(axes.dataLim.y1) and axes.dataLim.y1 > 0 else 1.0)
        if int(results.dataset.week[-1]) - int(results.dataset.week[0]) < YEAR - 1:
            axes.annotate(words["reporting_short"], (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", fontsize=9)
        axes.yaxis.set_major_formatter(amounts(words, 100.0))
        axes.annotate(words[name], (0.99, 0.06), xycoords="axes fraction", ha="right", color=color, fontweight="bold")
        axes.label_outer()
    what = words["reporting_what"].format(spread=spread_of(results, words))
    last = {name: 100 * float(np.median(MEASURES[name](results.dataset))) for name, *_ in rows}
    titled(panels[0], headline("reporting", words, **last), caption(results, what, words), 5.8)
    return figure


@styled
def city_map(results: Results, words: Mapping[str, str] = WORDS) -> Figure:
    """Trust and crime on the grid, for the first replicate (places differ between replicates, so a mean would blur them)."""
    data = results.dataset.isel(replicate=0)
    crimes, weeks = data.crime_map.values, min(YEAR, int(data.week[-1]) + 1)
    figure = Figure((8.6, 4.2), layout="compressed")
    left, right = figure.subplots(1, 2)
    mesh = left.imshow(data.trust_map.values, cmap="cividis", interpolation="nearest")
    figure.colorbar(mesh, ax=left, label=fitted(words["trust_map_bar"], 2.2, 10))
    # A few cells hold most of the crime; the square root lets the others be seen.
    mesh = right.imshow(crimes, cmap="magma_r", norm=PowerNorm(0.5, 0, max(1, crimes.max())), interpolation="nearest")
    figure.colorbar(mesh, ax=right, label=fitted(words["crime_map_bar"], 2.2, 10), format=amounts(words))
    which = words["first_of" if results.replicates > 1 else "the_one"].format(many=results.replicates)
    half = 100 * float(MEASURES["crime_concentration_50"](results.dataset.isel(replicate=[0]))[0])
    low, high = map(float, np.nanquantile(data.trust_map.values, ENDS))
    titled(
        left, headline("trust_map", words, low=low, high=high), words["trust_map_what"].format(name=legible(results.name), which=which), 3.4
    )
    titled(right, headline("crime_map", words, half=half), words["crime_map_what"].format(weeks=weeks), 3.4)
    figure.supxlabel(fitted(language(words["language"]).said(results.of_places).text, 8.0, bold=True), fontsize=9, fontweight="bold")
    for axes in (left, right):
        axes.set_xlabel(words["columns_of_cells"].format(adults=f"{results.dataset.attrs['adults'] / crimes.size:.3g}"), fontsize=9)
        axes.set_ylabel(words["rows_of_cells"], fontsize=9)
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.hlines(np.arange(1, crimes.shape[0]) - 0.5, -0.5, crimes.shape[1] - 0.5, color="white", linewidth=0.8)  # a board of tiles,
        axes.vlines(np.arange(1, crimes.shape[1]) - 0.5, -0.5, crimes.shape[0] - 0.5, color="white", linewidth=0.8)  # no city's map
    return figure


FIGURES: dict[str, Callable[..., Figure]] = {
    "trust.png": trust, "ledger.png": ledger, "reporting.png": reporting, "map.png": city_map,
}  # fmt: skip


def save_figures(results: Results, folder: str | Path) -> list[Path]:
    """Draw every figure into a folder as PNG, each file whole or not at all. InputError if it cannot be written to."""
    return write(folder, {name: png(draw(results)) for name, draw in FIGURES.items()})


def png(figure: Figure, dpi: int = DPI, **options: Any) -> bytes:
    """A figure as a PNG file."""
    with BytesIO() as stream:
        figure.savefig(stream, format="png", dpi=dpi, **options)
        return stream.getvalue()
