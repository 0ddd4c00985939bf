"""Patterns: what a credible model reproduces, each with its range; and `validate`, which measures them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import NamedTuple

import yaml

from sim.errors import InputError
from sim.scenario import Scenario

FILE = Path(__file__).parent / "patterns.yaml"
REPLICATES = 20  # with fewer, some ranges are about as wide as one replicate's luck
# A year to leave behind what the spin-up has not settled, then the year of measurement: all that people are asked to
# remember (52 weeks) lies after week 0. Dated changes of a scenario before week 104 are in force.
WEEKS = 104
ROLES = ("fit", "check", "report")


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
    sources: tuple[str, ...]  # keys of sim.parameters.REFERENCES
    definition: str = ""
    instrument: str = ""  # what it takes beyond a plain run; such a pattern is not measured yet
    adults: int = 0  # the least number for which it is defined
    officers: int = 0

    def verdict(self, value: float) -> bool | None:
        """Does the value lie within the range? None if the pattern has no verdict."""
        if self.role == "report" or self.low is None or self.high is None:
            return None
        return self.low <= value <= self.high


class Finding(NamedTuple):
    """What was found for one measure of a pattern."""

    pattern: Pattern
    measure: str
    value: float  # mean over replicates
    sd: float  # between replicates; nan with one replicate
    passed: bool | None
    adults: int  # size of the city it was measured in
    replicates: int


@cache
def patterns() -> dict[str, Pattern]:
    """All patterns by their id."""
    return {key: _pattern(key, **fields) for key, fields in yaml.safe_load(FILE.read_text(encoding="utf-8")).items()}


def _pattern(key: str, measure: str | list[str], range: list[float] | None, sources: list[str], **fields) -> Pattern:
    low, high = range or (None, None)
    names = (measure,) if isinstance(measure, str) else tuple(measure)
    return Pattern(id=key, measures=names, low=low, high=high, sources=tuple(sources), **fields)


def waiting() -> list[Pattern]:
    """The patterns that need an instrument beyond a plain run."""
    return [pattern for pattern in patterns().values() if pattern.instrument]


def adults_for(pattern: Pattern, scenario: Scenario) -> int:
    """Adults of the city in which a pattern is measured: the scenario's, or as many as the pattern needs."""
    inhabitants = 1000 * pattern.officers / scenario.city.officers_per_1000_inhabitants
    return max(scenario.city.adults, pattern.adults, ceil(inhabitants * scenario.values().population.adult_share))


def plan(scenario: Scenario, replicates: int) -> dict[tuple[int, int], list[Pattern]]:
    """What `validate` runs: adults and replicates of a city, and the patterns measured in it.

    A pattern that needs a larger city gets fewer replicates, so that about as many adults are simulated in all; at least 2.
    """
    runs: dict[tuple[int, int], list[Pattern]] = {}
    for pattern in patterns().values():
        if pattern.instrument:
            continue
        adults = adults_for(pattern, scenario)
        many = replicates if adults == scenario.city.adults else max(2, ceil(replicates * scenario.city.adults / adults))
        runs.setdefault((adults, many), []).append(pattern)
    return runs


def of_size(scenario: Scenario, adults: int) -> Scenario:
    """The scenario in a city of so many adults; a larger one gets a square grid with as many adults a cell."""
    if adults == scenario.city.adults:
        return scenario
    return scenario.with_(adults=adults, width=None, height=None)


def validate(
    scenario: Scenario,
    replicates: int = REPLICATES,
    *,
    seed: int | None = None,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> list[Finding]:
    """Measure every pattern that plain runs can measure, over the last 52 weeks of a run of `WEEKS` after the spin-up.

    scenario, replicates, seed, progress, workers   as for `sim.results.run`
    """
    from sim.measures import MEASURES  # here, because the table of patterns is wanted without what it takes to run
    from sim.results import run

    if replicates < 1:
        raise InputError(f"the number of replicates must be 1 or more, but is {replicates}.", f"The patterns are defined for {REPLICATES}.")
    findings = []
    for (adults, many), measured in plan(scenario, replicates).items():
        results = run(of_size(scenario, adults), replicates=many, seed=seed, weeks=WEEKS, progress=progress, workers=workers)
        for pattern in measured:
            for name in pattern.measures:
                values = MEASURES[name](results.dataset)
                value, sd = float(values.mean()), float(values.std(ddof=1)) if many > 1 else float("nan")
                findings.append(Finding(pattern, name, value, sd, pattern.verdict(value), adults, many))
    return sorted(findings, key=lambda finding: finding.pattern.id)
