"""Figures of a trial: power by sample size and duration, what evaluators find against the truth, and what spills over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from sim.figures.series import band, png, sheet, styled
from sim.files.writing import write
from sim.measures.spread import ENOUGH
from sim.style.looks import BLACK, BLUE, ORANGE, SKY, VERMILION, amounts, legible, look_at, scale, unit_label
from sim.trials.outcomes import OUTCOMES
from sim.trials.power import WANTED, Share, formula
from sim.trials.result import TrialResult

SHOWN = "ancova"
WORDS = {"thousands": ",", "points": "percentage points", "on_scale": "points on the 0-1 scale"}


def _panels(result: TrialResult, height: float, counted: str, title: str, what: str) -> tuple[Figure, list[Any]]:
    """A figure with a heading and a panel for each outcome, three in a row; `counted` is what their vertical axes show."""
    many = len(result.trial.outcomes)
    columns = min(3, many)
    rows = -(-many // columns)
    figure = sheet(max(6.8, 1.0 + 3.1 * columns), 0.9 + height * rows, title, f"{legible(result.name)}\n{what}")
    axes: Any = figure.subplots(rows, columns, squeeze=False)
    for spare in axes.flat[many:]:
        spare.set_visible(False)
    for place, outcome in zip(axes.flat, result.trial.outcomes, strict=False):
        place.set_title(outcome.replace("_", " "), fontsize=10)
    for first in axes[:, 0]:
        first.set_ylabel(counted, fontsize=9)
    return figure, list(axes.flat[:many])


@styled
def power(result: TrialResult) -> Figure:
    """Power by sample size, a color for each duration: counted (marks with 95 % intervals) and by formula (lines)."""
    table = result.curves().query("estimator == @SHOWN")
    told = np.array([Share.read_off(row, "power").told for row in table.to_dict("records")])
    marks_are = f"marks: counted in {result.replicates} replicates, 95 % intervals; " if told.any() else ""
    few = "" if told.all() else "no mark: too few trials to give a share; "
    what = f"Power of ANCOVA, by how many there are whose outcome is known;\n{marks_are}{few}lines: formula; dotted: 80 %"
    table.loc[~told, ["power", "power_low", "power_high"]] = np.nan
    table = table[table.persons > 0]  # of some groups nobody may be there to be asked
    figure, panels = _panels(result, 2.6, "trials that find it", "How often the trial finds an effect (p < 0.05)", what)
    for axes, outcome in zip(panels, result.trial.outcomes, strict=True):
        if not (table.outcome == outcome).any():
            _nobody(axes)
            continue
        for place, week in enumerate(result.trial.weeks_asked):
            rows = table[(table.outcome == outcome) & (table.week == week)].drop_duplicates("persons")
            look, label = look_at(place + 1), f"endline in week {week}"
            shift = 1.03 ** (place - (len(result.trial.weeks_asked) - 1) / 2)  # so that intervals do not hide each other
            spans = np.clip([rows.power - rows.power_low, rows.power_high - rows.power], 0, 1)
            marks: Any = {"fmt": look.mark, "color": look.color, "markersize": 4.5, "capsize": 2, "label": label}
            axes.errorbar(rows.persons * shift, rows.power, yerr=spans, **marks)
            axes.plot(*_smooth(rows), **look.line, linewidth=1.3, marker="" if len(rows) > 1 else "_", markersize=14)
        axes.axhline(WANTED, color=BLACK, linewidth=0.7, linestyle=":")
        axes.set(ylim=(-0.03, 1.03), xscale="log")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        shown = sorted(set(table[table.outcome == outcome].groupby("size").persons.mean().round(-1 if rows.persons.max() > 200 else 0)))
        axes.set_xticks(shown[-5:])
        if len(shown) == 1 and shown[0] > 0:
            axes.set_xlim(shown[0] / 2, shown[0] * 2)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.set_xlabel(f"{OUTCOMES[outcome].population} (logarithmic scale)", fontsize=8)
        axes.minorticks_off()
        axes.tick_params(labelsize=8)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), fontsize=9)
    return figure


def _nobody(axes: Any) -> None:
    """Say in a panel that nobody could be asked."""
    axes.text(0.5, 0.5, "nobody could be asked", transform=axes.transAxes, ha="center", va="center", fontsize=8)
    axes.set(xticks=[], yticks=[])


def _smooth(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Power by formula between sample sizes: squared errors are taken as linear in 1/persons, since units stay the same."""
    if len(rows) < 2:
        return rows.persons.to_numpy(), rows.power_formula.to_numpy()
    slope, fixed = np.polyfit(1 / rows.persons, rows.error**2, 1, w=rows.persons)  # squares shrink with persons
    persons = np.geomspace(rows.persons.min(), rows.persons.max(), 60)
    found = float(rows.on_treated.iloc[0] - rows.on_controls.iloc[0])
    errors = np.sqrt(np.maximum(fixed + slope / persons, float((rows.error**2).min()) / 4))
    freedom = np.interp(persons, rows.persons, rows.freedom)
    return persons, np.array([formula(found, error, degrees) for error, degrees in zip(errors, freedom, strict=True)])


@styled
def estimates(result: TrialResult) -> Figure:
    """What evaluators would find, one trial a count, against what is true."""
    what = (
        f"ANCOVA, endline in week {result.trial.endline}; {result.replicates} replicates of {result.trial.draws} samples; lines: the middle"
    )
    figure, panels = _panels(result, 2.3, "trials", "What evaluators find, and what is true", what)
    data = result.dataset.sel(week=result.trial.endline, size=1.0, estimator=SHOWN)
    for axes, outcome in zip(panels, result.trial.outcomes, strict=True):
        part = data.sel(outcome=outcome)
        found = part.effect.values[np.isfinite(part.effect.values)]
        if not found.size:
            _nobody(axes)
            continue
        contrast = (part.on_treated - part.on_controls).median()
        axes.hist(
            found,
            bins=min(30, max(5, round(found.size**0.5))),
            color=SKY,
            edgecolor="white",
            linewidth=0.5,
            label="estimates, each of one trial",
        )
        axes.axvline(0, color=BLACK, linewidth=0.7)
        axes.axvline(part.total.median(), color=VERMILION, linewidth=2, label="true effect: all treated minus none")
        axes.axvline(contrast, color=BLUE, linewidth=2, linestyle="--", label="what the trial compares: treated minus others")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        unit = OUTCOMES[outcome].unit
        axes.set_xlabel(unit_label(unit, WORDS, difference=True), fontsize=8)
        axes.xaxis.set_major_formatter(amounts(WORDS, scale(unit)))
        axes.tick_params(labelsize=8)
        axes.grid(axis="x", visible=False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3 if len(panels) > 2 else 1, fontsize=9)
    return figure


@styled
def spillover(result: TrialResult) -> Figure:
    """The true effect on all, and what the trial does to the treated and to the others, in standard deviations."""
    outcomes = list(result.trial.outcomes)
    data = result.dataset.sel(week=result.trial.endline, size=1.0)
    lines = "lines: 5-95 % of them, other luck and another lot" if result.replicates >= ENOUGH else "too few for a 5-95 % range"
    what = (
        f"{legible(result.name)}\npaired runs with the same luck, middle of {result.replicates} replicates; {lines}; "
        f"week {result.trial.endline}"
    )
    figure = sheet(8.2, 1.5 + 0.62 * len(outcomes), "What spills over: true effects in the trial and beyond it", what)
    axes: Any = figure.subplots()
    looks = {
        "total": ("D", VERMILION, "true effect: all treated minus none"),
        "on_treated": ("s", BLUE, "in the trial, on the treated"),
        "on_controls": ("o", ORANGE, "in the trial, on the others (spillover)"),
    }
    for step, (name, (marker, color, label)) in enumerate(looks.items()):
        values = (data[name] / data.control_sd.mean("draw")).sel(outcome=outcomes)
        middle, ends = band(values)
        reach = np.zeros((2, len(outcomes))) if ends is None else np.nan_to_num(np.abs(ends - middle))
        places = np.arange(len(outcomes)) + 0.22 * (step - 1)
        axes.errorbar(middle, places, xerr=reach, fmt=marker, color=color, capsize=2.5, markersize=5.5, label=label)
    axes.axvline(0, color=BLACK, linewidth=0.7)
    axes.set_yticks(range(len(outcomes)), [name.replace("_", " ") for name in outcomes])
    axes.set_ylim(len(outcomes) - 0.5, -0.5)
    axes.set_xlabel("effect in standard deviations of the untreated")
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure


FIGURES: dict[str, Callable[[TrialResult], Figure]] = {"power.png": power, "estimates.png": estimates, "spillover.png": spillover}


def save_figures(result: TrialResult, folder: str | Path) -> list[Path]:
    """Draw every figure into a folder as PNG, each file whole or not at all. InputError if it cannot be written to."""
    return write(folder, {name: png(draw(result)) for name, draw in FIGURES.items()})
