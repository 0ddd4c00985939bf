"""Figures that are read row by row: what is worth finding out, what could be regretted, whether contested numbers turn the choice."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from sim.figures.decision.parts import BESIDE, empty, looks, name_of, unit_of_benefit
from sim.figures.decision.words import WORDS
from sim.figures.series import rows as rows_of
from sim.figures.series import sheet, styled
from sim.methods.decision.terciles import TERCILES
from sim.studies.answers.decision import Decision, meanings, pick, turning
from sim.style.looks import BLACK, BLUE, GRAY, SMALL, VERMILION, amounts, brief, factor_label, fitted, headline, named

THIRD = 1.9  # inches of a name in a cell
MOST = 10  # bars of a panel, rows of a table of factors


def with_status(name: str, status: str, texts: Mapping[str, str], words: Mapping[str, str]) -> str:
    """A factor, and how well it is known."""
    known = words.get(status, "")
    return f"{factor_label(name, words, texts)} ({known})" if known else factor_label(name, words, texts)


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
    many, texts = max(2, *(len(part) for part in shown.values())), meanings(decision.study)
    unit, useless = unit_of_benefit(decision, words), int(((rows.kind == "factor") & ~(rows.high > 0)).sum())
    what = words["information_what"].format(unit=unit, pay=brief(pay, words), evpi=brief(evpi, words), many=useless)
    left_out = int((rows.kind == "factor").sum()) - useless - len(shown["factor"])
    rest = f" {words['rest'].format(many=left_out)}" if left_out > 0 else ""
    rest += "" if (rows.low > 0).any() else f" {words['information_none']}"
    first = shown["factor"].iloc[:1]
    name = factor_label(first.name.iloc[0], words, texts) if (first.low > 0).any() else ""
    figure = sheet(9.6, 0.9 + 0.54 * many, headline("information", words, name=name), what + rest)
    panels: Any = figure.subplots(1, 2)
    for axes, (kind, part), color, mark in zip(panels, shown.items(), (BLUE, VERMILION), ("o", "s"), strict=True):
        part = part.reset_index(drop=True)
        places = np.arange(len(part))
        axes.hlines(places, part.low, part.high, color=color, linewidth=2.5, alpha=0.5)  # a mark is seen where a bar would have no width
        axes.plot(part.evppi, places, mark, color=color, markersize=7, linestyle="none")
        for place, value, high in zip(places, part.evppi, part.high, strict=True):
            axes.annotate(brief(value, words), (high, place), (6, 0), textcoords="offset points", va="center", fontsize=SMALL)
        status = part.status.fillna("").tolist()
        topics = [words.get(f"topic:{name}", name) for name in part.name]
        factors = [with_status(*pair, texts, words) for pair in zip(part.name, status, strict=True)]
        rows_of(axes, topics if kind == "topic" else factors, 2.6, 3)
        axes.set_ylim(many - 0.5, -0.5)
        if not len(part):
            axes.annotate(words["nothing"], (0.5, 0.5), xycoords="axes fraction", ha="center", color=GRAY)
        most = 1.25 * float(part.high.max()) if len(part) else 1.0
        axes.set_xlim(-0.03 * most, most)
        axes.set_xlabel(words[f"information_{kind}"], fontsize=SMALL)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(amounts(words))
        axes.axvline(0, color=BLACK, linewidth=0.8)
    return figure


@styled
def regret(decision: Decision, words: Mapping[str, str] = WORDS) -> Figure:
    """A table: regret of each arm on average, at its 95 % quantile and near its worst, for three pays."""
    arms, columns = decision.arms, [(pay, name) for pay in decision.shown for name in ("expected", "q95", "most")]
    unit = unit_of_benefit(decision, words)
    worst = pick(decision.regret, decision.shown[1]).set_index("arm").most.astype(float)
    known: dict[str, Any] = {
        "arm": name_of(str(worst.idxmin()), words),
        "worst": float(worst.min()),
        "unit": unit,
        "pay": decision.shown[1],
    }
    figure = sheet(9.6, 1.4 + 0.36 * len(arms), headline("regret", words, **known), words["regret_what"].format(unit=unit))
    axes = empty(figure)
    cells = np.array([[float(pick(decision.regret, pay).set_index("arm")[name][arm]) for pay, name in columns] for arm in arms])
    with np.errstate(divide="ignore", invalid="ignore"):
        shade = np.nan_to_num(cells / np.nanmax(cells, axis=0))
    axes.imshow(shade, cmap="Greys", vmin=0, vmax=3.0, aspect="auto", interpolation="nearest")
    for (down, across), value in np.ndenumerate(cells):
        least = value <= np.nanmin(cells[:, across])
        said = brief(value, words) if np.isfinite(value) else "-"
        axes.text(across, down, said, ha="center", va="center", fontsize=SMALL, fontweight="bold" if least else "normal")
        if least:
            axes.add_patch(Rectangle((across - 0.47, down - 0.44), 0.94, 0.88, fill=False, edgecolor=BLACK, linewidth=1.1))
    axes.set_xticks(range(len(columns)), [fitted(words[name], 0.75, SMALL) for _, name in columns], fontsize=SMALL)
    axes.xaxis.tick_top()
    named(axes.yaxis, [name_of(arm, words) for arm in arms], BESIDE, SMALL)
    for number, pay in enumerate(decision.shown):
        said = fill(words["regret_pay"].format(unit=unit, pay=brief(pay, words)), 26)
        above: Any = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "ha": "center", "fontweight": "bold"}
        axes.annotate(said, (3 * number + 1, 1), (0, 36), fontsize=SMALL, **above)
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
    figure = sheet(
        9.6, 0.5 + 0.42 * len(shown), words["contested_found"].format(turns=int(table.turns.sum()), many=len(table)), what + rest
    )
    axes = empty(figure)
    rows_of(axes, [factor_label(name, words, texts) for name in shown.factor])
    for down, row in enumerate(shown.to_dict("records")):
        for across, part in enumerate(TERCILES):
            arm = row[f"{part}_arm"]
            if not isinstance(arm, str):
                continue
            axes.add_patch(
                Rectangle((across, down - 0.4), 1, 0.8, facecolor=look[arm]["color"], alpha=0.2, edgecolor="white", linewidth=1.5)
            )
            said = fitted(f"{name_of(arm, words)} ({100 * row[f'{part}_probability']:.0f})", THIRD, SMALL, lines=2, bold=True)
            axes.text(across + 0.5, down, said, ha="center", va="center", fontsize=SMALL, fontweight="bold" if row["turns"] else "normal")
        if row["turns"]:
            axes.add_patch(Rectangle((0, down - 0.42), 3, 0.84, fill=False, edgecolor=BLACK, linewidth=1.3))
    axes.set_xlim(-0.005, 3.01)
    axes.set_xticks([0.5, 1.5, 2.5], [words[part] for part in TERCILES], fontsize=SMALL, color=GRAY)
    axes.xaxis.tick_top()
    return figure
