"""Figures of a trial: power by sample size and duration, what evaluators find against the truth, and what spills over."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.figures.series import band, png, rows, sheet, styled
from sim.files.writing import write
from sim.measures.spread import ENOUGH
from sim.style import language
from sim.style.looks import BLACK, BLUE, ORANGE, SKY, SMALL, VERMILION, amounts, fitted, headline, legible, look_at, scale, unit_label
from sim.trials.outcomes import OUTCOMES
from sim.trials.power import WANTED, Share, formula
from sim.trials.result import TrialResult

SHOWN = "ancova"
FEW = 40  # estimates; so many or fewer are shown one by one
WORDS = language("en").figure("plots_trial")


def outcome_label(name: str, words: Mapping[str, str]) -> str:
    """What an outcome is called in a figure."""
    return legible(words.get(f"outcome:{name}") or words.get(name) or name.replace("_", " "))


def _panels(result: TrialResult, height: float, kind: str, title: str, words: Mapping[str, str], what: str) -> tuple[Figure, list[Any]]:
    """A figure of a kind with a heading and a panel for each outcome, three in a row."""
    many = len(result.trial.outcomes)
    columns = min(3, many)
    rows = -(-many // columns)
    figure = sheet(max(6.8, 0.8 + 2.9 * columns), 1.1 + height * rows, title, f"{legible(result.name)}\n{what}")
    axes: Any = figure.subplots(rows, columns, squeeze=False)
    for spare in axes.flat[many:]:
        spare.set_visible(False)
    for place, outcome in zip(axes.flat, result.trial.outcomes, strict=False):
        place.set_title(fitted(outcome_label(outcome, words), 2.5, SMALL, lines=2, bold=True), fontsize=SMALL)
    for first in axes[:, 0]:
        first.set_ylabel(words[f"{kind}_axis"], fontsize=SMALL)
    return figure, list(axes.flat[:many])


@styled
def power(result: TrialResult, words: Mapping[str, str] = WORDS) -> Figure:
    """Power by sample size, a color for each duration: counted (marks with 95 % intervals) and by formula (lines)."""
    table = result.curves().query("estimator == @SHOWN")
    told = np.array([Share.read_off(row, "power").told for row in table.to_dict("records")])
    parts = [words["power_what"], words["power_marks"].format(many=result.replicates) if told.any() else ""]
    what = "; ".join(filter(None, [*parts, "" if told.all() else words["power_few"], words["power_lines"]]))
    table.loc[~told, ["power", "power_low", "power_high"]] = np.nan
    table = table[table.persons > 0]  # of some groups nobody may be there to be asked
    last = table[(table.outcome == result.trial.outcomes[0]) & (table.week == result.trial.endline)].nlargest(1, "persons")
    named, share = outcome_label(result.trial.outcomes[0], words), 100 * float(last.power_formula.mean())
    title = headline("power", words, outcome=named, share=share, persons=float(last.persons.mean()))
    figure, panels = _panels(result, 2.6, "power", title, words, what)
    for axes, outcome in zip(panels, result.trial.outcomes, strict=True):
        if not (table.outcome == outcome).any():
            _nobody(axes, words)
            continue
        for place, week in enumerate(result.trial.weeks_asked):
            rows = table[(table.outcome == outcome) & (table.week == week)].drop_duplicates("persons")
            look, label = look_at(place + 1), words["endline"].format(week=week)
            shift = 1.03 ** (place - (len(result.trial.weeks_asked) - 1) / 2)  # so that intervals do not hide each other
            spans = np.clip([rows.power - rows.power_low, rows.power_high - rows.power], 0, 1)
            marks: Any = {"fmt": look.mark, "color": look.color, "markersize": 4.5, "capsize": 2, "label": label}
            axes.errorbar(rows.persons * shift, rows.power, yerr=spans, **marks)
            axes.plot(*_smooth(rows), **look.line, linewidth=1.3, marker="" if len(rows) > 1 else "_", markersize=14)
        axes.axhline(WANTED, color=BLACK, linewidth=0.7, linestyle=":")
        axes.set(ylim=(-0.03, 1.03), xscale="log")
        axes.yaxis.set_major_formatter(amounts(words, 100.0))
        shown = sorted(set(table[table.outcome == outcome].groupby("size").persons.mean().round(-1 if rows.persons.max() > 200 else 0)))
        axes.set_xticks(shown[-5:])
        if shown[0] > 0:
            axes.set_xlim(shown[0] / 1.6, shown[-1] * 1.6)
        axes.xaxis.set_major_formatter(amounts(words))
        axes.set_xlabel(words[OUTCOMES[outcome].population], fontsize=SMALL)
        axes.minorticks_off()
        axes.tick_params(labelsize=SMALL)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), fontsize=SMALL)
    return figure


def _nobody(axes: Any, words: Mapping[str, str]) -> None:
    """Say in a panel that nobody could be asked."""
    axes.text(0.5, 0.5, words["nobody"], transform=axes.transAxes, ha="center", va="center", fontsize=SMALL)
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
def estimates(result: TrialResult, words: Mapping[str, str] = WORDS) -> Figure:
    """What evaluators would find, one trial a count (or, of few, one a mark), against what is true."""
    known = {"week": result.trial.endline, "many": result.replicates, "draws": result.trial.draws}
    data, first = result.dataset.sel(week=result.trial.endline, size=1.0, estimator=SHOWN), result.trial.outcomes[0]
    factor, unit = scale(OUTCOMES[first].unit), unit_label(OUTCOMES[first].unit, words, difference=True)
    middles = {name: factor * float(data[name].sel(outcome=first).median()) for name in ("total", "effect")}
    title = headline("estimates", words, outcome=outcome_label(first, words), unit=unit, **middles)
    figure, panels = _panels(result, 2.3, "estimates", title, words, words["estimates_what"].format(**known))
    for axes, outcome in zip(panels, result.trial.outcomes, strict=True):
        part = data.sel(outcome=outcome)
        found = part.effect.values[np.isfinite(part.effect.values)]
        if not found.size:
            _nobody(axes, words)
            continue
        contrast = (part.on_treated - part.on_controls).median()
        if found.size > FEW:
            bins = min(30, max(5, round(found.size**0.5)))
            axes.hist(found, bins=bins, color=SKY, edgecolor="white", linewidth=0.5, label=words["estimates"])
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        else:
            axes.plot(np.sort(found), np.arange(found.size) % 5, "o", color=SKY, markeredgecolor=BLUE, label=words["estimates"])
            axes.set(ylim=(-3, 7), yticks=[])
            axes.set_ylabel("")
        axes.axvline(0, color=BLACK, linewidth=0.7)
        axes.axvline(part.total.median(), color=VERMILION, linewidth=2, label=words["total"])
        axes.axvline(contrast, color=BLUE, linewidth=2, linestyle="--", label=words["contrast"])
        axes.xaxis.set_major_locator(MaxNLocator(4))
        unit = OUTCOMES[outcome].unit
        axes.set_xlabel(fitted(unit_label(unit, words, difference=True), 2.5, SMALL), fontsize=SMALL)
        axes.xaxis.set_major_formatter(amounts(words, scale(unit)))
        axes.tick_params(labelsize=SMALL)
        axes.grid(axis="x", visible=False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=1, fontsize=SMALL)
    return figure


@styled
def spillover(result: TrialResult, words: Mapping[str, str] = WORDS) -> Figure:
    """The true effect on all, and what the trial does to the treated and to the others, in standard deviations."""
    outcomes = list(result.trial.outcomes)
    data = result.dataset.sel(week=result.trial.endline, size=1.0)
    lines = words["spillover_range" if result.replicates >= ENOUGH else "spillover_few"]
    what = words["spillover_what"].format(many=result.replicates, lines=lines, week=result.trial.endline)
    sds = {name: float((data[name] / data.control_sd.mean("draw")).sel(outcome=outcomes[0]).median()) for name in ("total", "on_controls")}
    title = headline("spillover", words, outcome=outcome_label(outcomes[0], words), **sds)
    figure = sheet(8.6, 1.7 + 0.62 * len(outcomes), title, f"{legible(result.name)}\n{what}")
    axes: Any = figure.subplots()
    looks = {"total": ("D", VERMILION), "on_treated": ("s", BLUE), "on_controls": ("o", ORANGE)}
    for step, (name, (marker, color)) in enumerate(looks.items()):
        values = (data[name] / data.control_sd.mean("draw")).sel(outcome=outcomes)
        middle, ends = band(values)
        reach = np.zeros((2, len(outcomes))) if ends is None else np.nan_to_num(np.abs(ends - middle))
        places = np.arange(len(outcomes)) + 0.22 * (step - 1)
        axes.errorbar(middle, places, xerr=reach, fmt=marker, color=color, capsize=2.5, markersize=5.5, label=words[name])
    axes.axvline(0, color=BLACK, linewidth=0.7)
    rows(axes, [outcome_label(name, words) for name in outcomes], 2.4, 3)
    axes.set_xlabel(words["spillover_axis"], fontsize=SMALL)
    figure.legend(loc="outside lower center", ncols=1, fontsize=SMALL)
    return figure


FIGURES: dict[str, Callable[..., Figure]] = {"power.png": power, "estimates.png": estimates, "spillover.png": spillover}


def save_figures(result: TrialResult, folder: str | Path) -> list[Path]:
    """Draw every figure into a folder as PNG, each file whole or not at all. InputError if it cannot be written to."""
    return write(folder, {name: png(draw(result)) for name, draw in FIGURES.items()})
