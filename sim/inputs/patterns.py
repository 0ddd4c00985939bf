"""Patterns: what a credible model reproduces, each with its range and its source. `sim.instruments` measures them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from sim.inputs.scenario import Scenario

FILE = Path(__file__).parent / "patterns.yaml"
REPLICATES = 20  # with fewer, some ranges are about as wide as one replicate's luck
# A year to leave behind what the spin-up has not settled, then the year of measurement: all that people are asked to
# remember (52 weeks) lies after week 0. Dated changes of a scenario before week 104 are in force.
WEEKS = 104
ROLES = ("fit", "check", "report")
ORDINARY = "ordinary run"


@dataclass(frozen=True)
class Pattern:
    """One row of patterns.yaml."""

    id: str
    text: str
    measures: tuple[str, ...]
    low: float | None
    high: float | None
    unit: str
    role: str  # fit: may be used to set parameters; check: never; report: no verdict
    sources: tuple[str, ...]  # keys of sim.world.parameters.REFERENCES
    definition: str = ""
    means: str = ""  # what a failure would mean for the comparison of reforms
    instrument: str = ORDINARY  # a key of sim.instruments.INSTRUMENTS
    beside: tuple[str, ...] = ()  # measures of the same unit that are shown with it and have no verdict
    adults: int = 0  # the least number for which it is defined
    officers: int = 0
    once: str = ""  # the role it had before, if it was a check until it was fitted

    def verdict(self, value: float) -> bool | None:
        """Does the value lie within the range? None if the pattern has no verdict."""
        if self.role == "report" or self.low is None or self.high is None:
            return None
        return self.low <= value <= self.high


class PatternCheck(NamedTuple):
    """What was found for one measure of a pattern."""

    pattern: Pattern
    measure: str
    value: float  # mean over replicates, or median over draws of a posterior
    sd: float  # between them; nan with one
    passed: bool | None  # does the value lie within the range? None: no verdict
    adults: int  # size of the city it was measured in
    replicates: int  # or draws
    low: float = float("nan")  # 90 % of replicates or draws lie between low and high
    high: float = float("nan")
    inside: float | None = None  # share of replicates or draws within the range

    @property
    def ranged(self) -> bool:
        """Are there enough replicates or draws to say where nine of ten of them lie, and a share of them?"""
        return self.replicates >= REPLICATES

    @property
    def hits(self) -> int:
        """How many replicates or draws lie within the range."""
        return round((self.inside or 0.0) * self.replicates)


@cache
def patterns() -> dict[str, Pattern]:
    """All patterns by their id."""
    return {key: _pattern(key, **fields) for key, fields in yaml.safe_load(FILE.read_text(encoding="utf-8")).items()}


def _pattern(
    key: str, measure: str | list[str], range: list[float] | None, sources: list[str], beside: Iterable[str] = (), **fields: Any
) -> Pattern:
    low, high = range or (None, None)
    names = (measure,) if isinstance(measure, str) else tuple(measure)
    return Pattern(id=key, measures=names, low=low, high=high, sources=tuple(sources), beside=tuple(beside), **fields)


def adults_for(pattern: Pattern, scenario: Scenario) -> int:
    """Adults of the city in which a pattern is measured: the scenario's, or as many as the pattern needs."""
    inhabitants = 1000 * pattern.officers / scenario.city.officers_per_1000_inhabitants
    return max(scenario.city.adults, pattern.adults, ceil(inhabitants * scenario.values().population.adult_share))


def of_size(scenario: Scenario, adults: int) -> Scenario:
    """The scenario in a city of so many adults; a larger one gets a square grid with as many adults a cell."""
    if adults == scenario.city.adults:
        return scenario
    return scenario.with_(adults=adults, width=None, height=None)
