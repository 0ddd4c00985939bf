"""The tables of docs/which-reform.md from decided studies.

    python experiments/which-reform/tables.py out/which-reform-{mexico-city,national,state-yucatan,state-guerrero}

Writes a table into each folder and prints it for the page, and writes its figure in each language; experiments/archived.py says whether
the tables are those that are archived.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from sim import Sweep
from sim.evidence.grades import SYMBOLS, grade_of
from sim.figures.decision import acceptability
from sim.files.writing import write
from sim.report.decision_context import DecisionContext
from sim.report.decisions import drawn_in
from sim.report.words import LANGUAGES, Words
from sim.studies.answers.decision import Decision
from sim.world.reforms import name_of

EFFECTS = {"incidence": 1.0, "reporting_rate": 100.0}  # measures beside trust and cost, and what they are multiplied by
YEAR = 52


def of_cities(sweep: Sweep, measure: str) -> np.ndarray:
    """What a measure is at the end without reforms in each draw, mean over replicates."""
    return np.nanmean(sweep.store.cube(measure)[:, 0, :, -1], axis=1)


def told(spread, times: float = 1.0) -> dict[str, float]:
    """Middle and range over cities."""
    return {"": spread.middle * times, "_q05": spread.low * times, "_q95": spread.high * times}


def table_of(decision: Decision, sweep: Sweep) -> pd.DataFrame:
    """A row an arm. Gain: points of mean trust; cost: pesos an adult and year; incidence: per 100,000 adults a year; reporting: points."""
    each_year = 1000.0 / decision.facts["adults"] / (decision.week / YEAR)
    rows = []
    for arm in decision.arms[1:]:
        gain, chance = decision.spread(arm, "benefit"), decision.chance(arm)
        grade = grade_of(name_of(reform) for reform in decision.study.arms[arm])
        spans = {"gain": told(gain), "cost": told(decision.spread(arm, "cost"), each_year)}
        spans |= {measure: told(decision.effect(arm, measure), times) for measure, times in EFFECTS.items()}
        below = decision.effects[(decision.effects.arm == arm) & (decision.effects.measure == "mean_trust")].share_below_0.iloc[0]
        row = {"arm": arm, "grade": grade.level} | {f"{name}{end}": value for name, ends in spans.items() for end, value in ends.items()}
        row |= {"lowers_in_100": 100.0 * below}
        row |= {f"best_in_100{end}": 100.0 * value for end, value in zip(("", "_low", "_high"), chance or (np.nan,) * 3, strict=True)}
        rows.append(row | {"expected_loss": float(decision.at().set_index("arm").expected_loss[arm])})
    return pd.DataFrame(rows).round(3)


def markdown(table: pd.DataFrame, level: np.ndarray) -> str:
    """The table as the page has it."""
    q = np.quantile(100.0 * level, [0.05, 0.5, 0.95])
    lines = [f"Of 100 adults {q[1]:.0f} trust without reforms ({q[0]:.0f} to {q[2]:.0f} over possible cities).", ""]
    lines.append("| option | gain, points of trust | lowers trust in | cost, pesos an adult and year | crimes per 100,000 | best in |")
    lines.append("| --- | --- | --- | --- | --- | --- |")
    return "\n".join([*lines, *(row_of(row) for row in table.to_dict("records"))])


def row_of(row: Mapping[str, Any], to: str = "to", unknown: str = "cannot be told", names: Mapping[str, str] = MappingProxyType({})) -> str:
    """A row of the page's table; its words and names of arms in another language."""

    def span(name: str, places: int, sign: str = "") -> str:
        middle, low, high = (f"{float(row[name + end]):{sign},.{places}f}" for end in ("", "_q05", "_q95"))
        return f"{middle} ({low} {to} {high})"

    share, low, high = (float(row[f"best_in_100{end}"]) for end in ("", "_low", "_high"))
    best = unknown if np.isnan(share) else f"{share:.0f} ({low:.0f} {to} {high:.0f})"
    lowers = f"{float(row['lowers_in_100']):.0f}"
    option = f"{SYMBOLS[row['grade']]} {names.get(row['arm'], row['arm'])}"
    cells = (option, span("gain", 2, "+"), lowers, span("cost", 1), span("incidence", 0, "+"), best)
    return f"| {' | '.join(cells)} |"


def draw(decision: Decision, out: Path, language: str) -> None:
    """In how many cities each option is the best, in pesos an adult and with what the language calls options."""
    decision = decision.each_adult()
    acceptability(decision, drawn_in(DecisionContext(decision, [], Words(language)))).savefig(out, dpi=150)


def main() -> None:
    """Make, write and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decided", nargs="+", type=Path)
    for folder in parser.parse_args().decided:
        place, sweep = folder.name.removeprefix("which-reform-"), Sweep.load(folder)
        decision = Decision.load(folder / "decision")
        table = table_of(decision, sweep)
        write(folder, {f"{place}.csv": table.to_csv(index=False)})
        for language in LANGUAGES:
            draw(decision, folder / f"{place}-acceptability-{language}.png", language)
        print(f"## {place}\n\n{markdown(table, of_cities(sweep, 'share_trusting'))}\n")


if __name__ == "__main__":
    main()
