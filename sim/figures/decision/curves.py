"""Figures of the choice as it depends on what a unit of benefit is worth: expected loss and acceptability, with the frontier."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sim.figures.decision.parts import best_of, labeled, looks, name_of, unit_of_benefit
from sim.figures.decision.words import WORDS
from sim.figures.series import sheet, styled
from sim.studies.answers.decision import OPEN, Decision
from sim.style.looks import BLACK, GRAY, SMALL, amounts, fitted, headline, inches

FRONTIER = {"color": "#BBBBBB", "linewidth": 6.5, "solid_capstyle": "butt", "zorder": 1}
WIDE = 30.0  # times the least frontier; where losses reach further, their axis is logarithmic
LEAST, STRIP = 1.2, 6.4  # inches of a name in or above a strip, and that the strip above a panel is wide, about
LOWEST = 3e-4  # of the greatest loss, where a logarithmic axis ends


def panels(title: str, what: str) -> tuple[Figure, Any, Any]:
    """A figure with a thin strip above its panel."""
    figure = sheet(9.6, 4.9, title, what)
    strip, axes = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (1, 17)})
    strip.set_yticks([])
    strip.grid(False)
    strip.spines[:].set_visible(False)
    strip.tick_params(axis="x", length=0, labelbottom=False)
    return figure, strip, axes


def frontier_of(decision: Decision) -> pd.DataFrame:
    """The arm with the greatest expected net benefit at each pay; of ties the first."""
    rows = decision.curves[decision.curves.frontier]
    return rows.drop_duplicates("pay").sort_values("pay").reset_index(drop=True)


def best_strip(strip: Any, decision: Decision, words: Mapping[str, str]) -> None:
    """Which arm is best on average, over the range of pay: a band cut where that changes."""
    look, span = looks(decision.arms), decision.pay[-1] - decision.pay[0]
    for arm, low, high in decision.frontier():
        strip.axvspan(low, high, facecolor=look[arm]["color"], alpha=0.18, edgecolor=BLACK, linewidth=0.8)
        name = name_of(arm, words)
        room = STRIP * (high - low) / span
        wide = room > min(LEAST, inches(name, SMALL) + 0.15)
        name = fitted(name, room - 0.1 if wide else LEAST, SMALL, lines=1)
        side: Any = {"ha": "center" if wide else "left", "va": "center" if wide else "bottom", "transform": strip.get_xaxis_transform()}
        strip.text((low + high) / 2 if wide else low, 0.45 if wide else 1.1, name, fontsize=SMALL, **side)
    strip.set_ylabel(words["best_strip"], rotation=0, ha="right", va="center", fontsize=SMALL)


def lines(axes: Any, decision: Decision, column: str, scale: float, words: Mapping[str, str]) -> None:
    """A line with its band for each arm, in the same looks as elsewhere, and the frontier behind them."""
    look = looks(decision.arms)
    best = frontier_of(decision)
    axes.plot(best.pay, scale * best[column], **FRONTIER)
    for number, arm in enumerate(decision.arms):
        rows = decision.curves[decision.curves.arm == arm].sort_values("pay")
        low, middle, high = (scale * rows[f"{column}{end}"] for end in ("_low", "", "_high"))
        axes.fill_between(rows.pay, low, high, color=look[arm]["color"], alpha=0.13, linewidth=0)
        axes.plot(rows.pay, middle, **look[arm], linewidth=1.6, markersize=4.5, markevery=(number % 8, 8), label=name_of(arm, words))
    axes.set_xlim(decision.pay[0], decision.pay[-1])
    axes.xaxis.set_major_formatter(amounts(words))
    axes.set_xlabel(words["pay_axis"].format(unit=unit_of_benefit(decision, words)))


def ends(decision: Decision, column: str, scale: float) -> dict[str, float]:
    """Where each line ends at the right."""
    last = decision.curves[np.isclose(decision.curves.pay, decision.pay[-1])]
    return {arm: scale * float(value) for arm, value in zip(last.arm, last[column], strict=True)}


@styled
def loss(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """Expected loss of each arm over pay. Logarithmic where losses are of very different sizes."""
    figure, strip, axes = panels(headline("loss", words, **best_of(decision, words, "expected_loss")), words["loss_what"])
    lines(axes, decision, "expected_loss", 1.0, words)
    best_strip(strip, decision, words)
    greatest, least = decision.curves.expected_loss.max(), frontier_of(decision).expected_loss
    positive = least[least > 0]
    if len(positive) and greatest > WIDE * positive.min():
        axes.set_yscale("log")
        axes.set_ylim(max(LOWEST * greatest, 0.5 * positive.min()), 1.6 * greatest)
        axes.set_ylabel(words["loss_log"])
    else:
        axes.set_ylim(bottom=0)
        axes.set_ylabel(words["loss_axis"])
    axes.yaxis.set_major_formatter(amounts(words))
    labeled(axes, ends(decision, "expected_loss", 1.0), looks(decision.arms), words)
    return figure


def how_often_best(decision: Decision, words: Mapping[str, str]) -> str:
    """In how many cities the recommended option is the best, at the middle pay; what is asked, if the draws cannot tell."""
    known = best_of(decision, words, *(f"probability_best{end}" for end in ("", "_low", "_high")))
    share, low, high = (float(known[f"probability_best{end}"]) for end in ("", "_low", "_high"))
    return headline("acceptability", words, **known, share=f"{100 * share:.0f}" if high - low < OPEN else "")


@styled
def acceptability(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """Probability that each arm is the best over pay; the frontier is that of the arm that is best on average."""
    figure, strip, axes = panels(how_often_best(decision, words), words["acceptability_what"])
    lines(axes, decision, "probability_best", 100.0, words)
    best_strip(strip, decision, words)
    axes.set_ylim(0, 100)
    axes.axhline(50, color=GRAY, linewidth=0.8)
    axes.set_ylabel(words["acceptability_axis"])
    labeled(axes, ends(decision, "probability_best", 100.0), looks(decision.arms), words)
    return figure
