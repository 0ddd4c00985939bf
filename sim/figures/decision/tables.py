"""Figures that are read row by row: what is worth finding out, what could be regretted, whether contested numbers turn the choice."""

from collections.abc import Mapping
from textwrap import fill, shorten
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from sim.figures.decision.parts import BESIDE, WIDTH, empty, looks, name_of, row_names, unit_of_benefit
from sim.figures.decision.words import WORDS
from sim.figures.series import sheet, styled
from sim.methods.decision.terciles import TERCILES
from sim.studies.answers.decision import Decision, meanings, pick, turning
from sim.style.looks import BLACK, GRAY, ORANGE, SKY, amounts, brief, fitted, named

THIRD = 1.4  # inches of a name in a cell
MOST = 10  # bars of a panel, rows of a table of factors


def status_and_meaning(name: str, status: str, texts: Mapping[str, str], words: Mapping[str, str]) -> str:
    """Small print under a factor: what it is and how well it is known."""
    meaning = words.get(f"factor:{name}", texts.get(name, ""))
    known = words.get(status, "")
    if not (meaning and known):
        return meaning or known
    return f"{shorten(meaning, 3 * WIDTH - len(known) - 12, placeholder=' ...')} ({known})"


def telling(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of what may be worth something, the most that it may be worth first; at most ten."""
    return rows[rows.high > 0].sort_values(["high", "evppi"], ascending=False, kind="stable").head(MOST)


@styled
def information(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """What knowing one factor, or all of a topic, is worth at the middle pay."""
    pay = decision.shown[1]
    rows = pick(decision.evppi, pay)
    evpi = float(np.interp(pay, decision.evpi.pay, decision.evpi.evpi))
    shown = {kind: telling(rows[rows.kind == kind]) for kind in ("factor", "topic")}
    many = max(2, *(len(part) for part in shown.values()))
    unit, useless = unit_of_benefit(decision, words), int(((rows.kind == "factor") & ~(rows.high > 0)).sum())
    what = words["information_what"].format(unit=unit, pay=brief(pay, words), evpi=brief(evpi, words), many=useless)
    left_out = int((rows.kind == "factor").sum()) - useless - len(shown["factor"])
    rest = f" {words['rest'].format(many=left_out)}" if left_out > 0 else ""
    rest += "" if (rows.low > 0).any() else f" {words['information_none']}"
    figure = sheet(9.6, 0.9 + 0.54 * many, words["information_title"], what + rest)
    panels: Any = figure.subplots(1, 2, sharex=True)
    texts = meanings(decision.study)
    for axes, (kind, part), color, hatch in zip(panels, shown.items(), (SKY, ORANGE), ("", "////"), strict=True):
        part = part.reset_index(drop=True)
        places = np.arange(len(part))
        axes.barh(places, part.evppi, height=0.55, color=color, hatch=hatch, edgecolor="white", linewidth=0)
        axes.hlines(places, part.low, part.high, color=BLACK, linewidth=1.1)
        names = [words.get(f"topic:{name}", name) for name in part.name] if kind == "topic" else part.name.tolist()
        status = part.status.fillna("").tolist()
        small = [status_and_meaning(*pair, texts, words) if kind == "factor" else "" for pair in zip(part.name, status, strict=True)]
        row_names(axes, names, small, lines=3)
        axes.set_ylim(many - 0.5, -0.5)
        if not names:
            axes.annotate(words["nothing"], (0.5, 0.5), xycoords="axes fraction", ha="center", color=GRAY)
        axes.set_xlim(left=0)
        axes.set_xlabel(words[f"information_{kind}"], fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(amounts(words))
        axes.axvline(0, color=BLACK, linewidth=0.8)
    return figure


@styled
def regret(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """A table: regret of each arm on average, at its 95 % quantile and near its worst, for three pays."""
    arms, columns = decision.arms, [(pay, name) for pay in decision.shown for name in ("expected", "q95", "most")]
    unit = unit_of_benefit(decision, words)
    figure = sheet(9.6, 1.4 + 0.36 * len(arms), words["regret_title"], words["regret_what"].format(unit=unit))
    axes = empty(figure)
    cells = np.array([[float(pick(decision.regret, pay).set_index("arm")[name][arm]) for pay, name in columns] for arm in arms])
    with np.errstate(divide="ignore", invalid="ignore"):
        shade = np.nan_to_num(cells / np.nanmax(cells, axis=0))
    axes.imshow(shade, cmap="Greys", vmin=0, vmax=3.0, aspect="auto", interpolation="nearest")
    for (down, across), value in np.ndenumerate(cells):
        least = value <= np.nanmin(cells[:, across])
        said = brief(value, words) if np.isfinite(value) else "-"
        axes.text(across, down, said, ha="center", va="center", fontsize=8.5, fontweight="bold" if least else "normal")
        if least:
            axes.add_patch(Rectangle((across - 0.47, down - 0.44), 0.94, 0.88, fill=False, edgecolor=BLACK, linewidth=1.1))
    axes.set_xticks(range(len(columns)), [words[name] for _, name in columns], fontsize=8)
    axes.xaxis.tick_top()
    named(axes.yaxis, [name_of(arm, words) for arm in arms], BESIDE, 9)
    for number, pay in enumerate(decision.shown):
        said = fill(words["regret_pay"].format(unit=unit, pay=brief(pay, words)), 30)
        axes.annotate(
            said,
            (3 * number + 1, 1),
            (0, 33),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            fontweight="bold",
        )
        if number:
            axes.axvline(3 * number - 0.5, color=BLACK, linewidth=0.8)
    return figure


@styled
def contested(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """The best arm in each tercile of what a contested number may be."""
    table, look, texts = turning(decision), looks(decision.arms), meanings(decision.study)
    shown, unit = table.head(2 * MOST), unit_of_benefit(decision, words)
    what = words["contested_what"].format(unit=unit, pay=brief(decision.shown[1], words))
    rest = f" {words['rest'].format(many=len(table) - len(shown))}" if len(table) > len(shown) else ""
    figure = sheet(9.6, 0.5 + 0.42 * len(shown), words["contested_title"], what + rest)
    axes = empty(figure)
    row_names(axes, shown.factor.tolist(), [words.get(f"factor:{name}", texts.get(name, "")) for name in shown.factor], width=62)
    for down, row in enumerate(shown.to_dict("records")):
        for across, part in enumerate(TERCILES):
            arm = row[f"{part}_arm"]
            if not isinstance(arm, str):
                continue
            axes.add_patch(
                Rectangle((across, down - 0.4), 1, 0.8, facecolor=look[arm]["color"], alpha=0.2, edgecolor="white", linewidth=1.5)
            )
            said = f"{fitted(name_of(arm, words), THIRD, 8.5, lines=1, bold=True)} ({100 * row[f'{part}_probability']:.0f})"
            axes.text(across + 0.5, down, said, ha="center", va="center", fontsize=8.5, fontweight="bold" if row["turns"] else "normal")
        if row["turns"]:
            axes.add_patch(Rectangle((0, down - 0.42), 3, 0.84, fill=False, edgecolor=BLACK, linewidth=1.3))
    axes.set_xlim(-0.005, 3.01)
    axes.set_xticks([0.5, 1.5, 2.5], [words[part] for part in TERCILES], fontsize=9, color=GRAY)
    axes.xaxis.tick_top()
    return figure
