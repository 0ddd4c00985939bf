"""How a report speaks of a decision: numbers with their intervals, names of options, what uncertain numbers mean, boxes in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sim.report import studied
from sim.report.assumed import unit as unit_in_words
from sim.report.words import Text, Words, decimals, scale
from sim.studies.answers.decision import Decision, meanings, pick
from sim.studies.answers.discoveries import Discovery, within
from sim.studies.design.limits import unit_of


@dataclass(frozen=True)
class DecisionContext:
    """A decision, whose money is that of an adult (`Decision.each_adult`), where its arms fail, and how to speak of both."""

    decision: Decision
    discoveries: Sequence[Discovery]
    words: Words

    def say(self, key: str, **values: object) -> str:
        """A sentence of this kind of report, with what all of them may name."""
        always = {"unit": self.unit, "against": self.name(self.decision.arms[0]), "pay": self.near(self.pay)}
        return self.words["decision"][key].format(**{**always, **values})

    def name(self, arm: str) -> str:
        """What an option is called; its own name if another one would be called the same."""
        names = [self.words.reform(other) for other in self.decision.arms]
        called = self.words.reform(arm)
        return arm if names.count(called) > 1 else called

    @cached_property
    def meanings(self) -> dict[str, str]:
        """What each uncertain number is, in English."""
        return meanings(self.decision.study)

    @cached_property
    def failures(self) -> list[Discovery]:
        """The discoveries of where an arm moves the first measure of value the wrong way; others were asked by somebody else."""
        measure, weight = next(iter(self.decision.value.items()))
        wrong, of = ["<" if weight > 0 else ">", "0"], (measure, self.decision.arms[0], self.decision.week)
        asked = [found for found in self.discoveries if not found.output.level and found.condition.split()[-2:] == wrong]
        return [found for found in asked if (found.output.measure, found.output.vs, found.week) == of]

    @property
    def unit(self) -> str:
        """What a unit of gain is called."""
        return self.words.written(self.decision.unit).text

    @property
    def pay(self) -> float:
        """What a unit of gain is worth, in the middle of the range; pesos an adult."""
        return self.decision.shown[1]

    def near(self, value: float, half: float = float("nan")) -> str:
        """A number, as exact as half of its interval allows; without one in three digits, or without decimals."""
        if np.isfinite(half):
            return self.words.number(value, decimals(value, half))
        return self.words.number(value, 0) if abs(value) >= 100 else self.words.number(float(f"{value:.3g}"))

    def precise(self, value: float, low: float, high: float) -> dict[str, str]:
        """A number with the ends of its precision, under the names value, low and high."""
        half = (high - low) / 2
        return {"value": self.near(value, half), "low": self.near(low, half), "high": self.near(high, half)}

    def chance(self, arm: str, pay: float | None = None) -> str:
        """In how many of 100 cities an option is the best, and between which numbers that may lie: "62 (55 to 69)"; or that it is open."""
        found = self.decision.chance(arm, pay)
        if found is None:
            return self.say("open")
        return self.hundred(*found)

    def hundred(self, *shares: float) -> str:
        """A share of cities with its ends, of 100."""
        share, low, high = (self.words.number(100 * each, 0) for each in shares)
        return f"{share} ({self.words.say('answer.numbers', low=low, high=high)})"

    def meaning(self, factor: str) -> Text:
        """What an uncertain number is."""
        return studied.meaning(factor, self.meanings.get(factor, ""), self.words)

    def factor(self, name: str) -> str:
        """An uncertain number: what it means, then its name."""
        return studied.factor(name, self.meanings.get(name, ""), self.words)

    @cached_property
    def informing(self) -> pd.DataFrame:
        """What it may be worth to know, if a unit of gain is worth the middle of the range: the most that it may be worth comes first."""
        rows = pick(self.decision.evppi, self.pay)
        return rows[rows.high > 0].sort_values(["high", "evppi"], ascending=False, kind="stable")

    def at(self, pay: float | None = None) -> pd.DataFrame:
        """The rows of the curves at a worth, by option."""
        return self.decision.at(pay).set_index("arm")


def rule(context: DecisionContext, found: Discovery) -> str:
    """A box in words: what each number that it restricts means, and where it lies."""
    rows = found.box.to_dict("records")
    return listed(
        context, [context.say("holds", factor=context.factor(str(row["factor"])), where=restriction(context, row)) for row in rows]
    )


def restriction(context: DecisionContext, row: Mapping[Any, Any]) -> str:
    """Where one number lies in a box: "less than 2.02 log-odds"."""
    words = context.words

    def either(choices: Sequence[str]) -> str:
        return context.say("either").join(words["choices"].get(choice, choice) for choice in choices)

    return within(row, context.say, context.near, lambda unit: unit_in_words(unit, words), either)


def listed(context: DecisionContext, parts: Sequence[str]) -> str:
    """Texts as a list with its last word: "a; b; and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return context.say("listed", first="; ".join(parts[:-1]), last=parts[-1])


def worth_of(context: DecisionContext, row: Mapping[Any, Any]) -> dict[str, str]:
    """What it is worth to know something, with its interval."""
    return context.precise(row["evppi"], row["low"], row["high"])


def topic(context: DecisionContext, name: str) -> str:
    """A topic in words; its own name if it is somebody's group."""
    return context.words["decision"]["topics"].get(name, name)


def unit_shown(measure: str, words: Words) -> str:
    """The unit of an effect as it is shown: percentages differ by percentage points."""
    unit = unit_of(measure)
    return words.unit("difference of shares" if scale(unit) != 1 else unit)
