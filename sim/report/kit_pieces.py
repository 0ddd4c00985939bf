"""What a publication kit is made of: figures with their numbers, how a language speaks of both, where results come from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sim.figures import trial
from sim.figures.printing import tabled
from sim.report.words import Words, decimals
from sim.style.looks import scale

SHARES = {"share_with_sign": 100.0, "contraction": 100.0, "removed": 100.0}  # columns that are shown as so many of 100, whatever the unit
ENDS = (("{}_q05", "{}_q95"), ("{}_low", "{}_high"), ("q05", "q95"))  # columns of a value's range, by the value's name


class KitPiece(NamedTuple):
    """A figure or table.

    name  of its files
    draw  what draws it
    rows  the numbers in it, one observation a row
    """

    name: str
    draw: Callable[[], Figure]
    rows: pd.DataFrame


class KitLanguage(NamedTuple):
    """How a language speaks of a kit: arms, and factors."""

    words: Words
    arms: Mapping[str, str]
    factors: Mapping[str, str]

    def labeled(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows with what their names are called beside them."""
        causes, outcomes, made = self.words.figure("plots_compare"), self.words.figure("plots_trial"), rows.copy()
        known: dict[str, Callable[[str], str]] = {
            "measure": self.words.measure, "unit": self.words.unit, "arm": lambda name: self.arms.get(name, name),
            "reform": self.words.reform, "factor": lambda name: self.factors.get(name, name), "cause": lambda name: causes.get(name, name),
            "outcome": lambda name: trial.outcome_label(name, outcomes), "name": lambda name: self.factors.get(name, name),
        }  # fmt: skip
        for column, say in known.items():
            if column in made:
                made.insert(list(made.columns).index(column) + 1, f"{column}_label", [say(str(name)) for name in made[column]])
        return made

    def table(self, name: str, rows: pd.DataFrame, columns: Sequence[str], called: Mapping[str, str] = MappingProxyType({})) -> KitPiece:
        """A table of some columns of rows, each number with its range behind it; columns as they are usually called, or as told."""
        labeled, said = self.labeled(rows), self.words["kit"]
        heads = [called[column] if column in called else said["columns"][column] for column in columns]
        shown = [column if f"{column}_label" not in labeled else f"{column}_label" for column in columns]
        cells = [[self.cell(row, column) for column in shown] for row in labeled.to_dict("records")]
        texts = sum(column.endswith("_label") for column in shown)
        moved = [row for row in cells if any(cell.strip("-0.,") for cell in row[texts:])] or cells  # no row of zeros, unless all are
        moved = [["" if number and texts > 1 and row[0] == moved[number - 1][0] else row[0], *row[1:]] for number, row in enumerate(moved)]
        return KitPiece(f"table-{name}", partial(tabled, said["tables"][name], said["ranges"], heads, moved, texts), labeled)

    def cell(self, row: Mapping[str, Any], column: str) -> str:
        """A value as a cell has it: a text, or a number with its range."""
        if column.endswith("_label"):
            return str(row[column])
        factor = SHARES.get(column) or scale(row.get("unit", ""))
        ends = next(((row[low], row[high]) for low, high in ends_of(column) if low in row and high in row), (np.nan, np.nan))
        value, low, high = (factor * float(number) for number in (row[column], *ends))
        known = np.isfinite(low) and np.isfinite(high) and low < high
        if column in SHARES or not np.isfinite(value):
            return self.words.number(value, 0)
        middle = self.words.number(value, decimals(value, (high - low) / 2 if known else np.nan))
        places = decimals(max(abs(low), abs(high)), (high - low) / 2) if known else 0
        both = {"low": self.words.number(low, places), "high": self.words.number(high, places)}
        return f"{middle} ({self.words.say('answer.numbers', **both)})" if known else middle


def ends_of(column: str) -> Iterator[tuple[str, str]]:
    """The columns that may hold the range of a value."""
    for low, high in ENDS if column == "effect" else ENDS[:2]:
        yield low.format(column), high.format(column)


class Origin(NamedTuple):
    """Where results come from: what they are called, their scenario, and how they were made."""

    name: str
    scenario: Mapping[str, Any]
    facts: Mapping[str, Any]
