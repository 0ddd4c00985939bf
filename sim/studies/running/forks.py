"""Where arms part: what they share is lived once, and the city forks at each date at which some of them begin to differ.

A fork goes on with the same luck and the same past (`Simulation.fork`, `adopt`): each arm is what it would be by itself, bit for bit.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from sim.engine.plans import Pulse
from sim.inputs.scenario import Scenario
from sim.instruments.panel_measures import Observer
from sim.measures.harvest import Life
from sim.world.reforms import guard
from sim.world.simulation import past


class Branch(NamedTuple):
    """Arms that are one life until a week, and what they part into then; into nothing at the horizon."""

    arms: tuple[str, ...]
    week: int
    parts: tuple["Branch", ...]


def branches(scenarios: Mapping[str, Scenario]) -> tuple[Branch, ...]:
    """The lives that arms begin, in the order of the arms, and where each parts.

    Arms whose very first week differs share nothing, for a city is built as it will be in that week. Nor do arms with other reforms of
    one's own, whose dates nobody vouches for: they might do something before they start.
    """
    roots: list[tuple[object, dict[str, Scenario]]] = []
    for arm, scenario in scenarios.items():
        own = [reform for reform in scenario.interventions if guard.is_own(reform)]
        _join(roots, (scenario.weeks, past(scenario, 1 - scenario.spin_up_weeks), own), arm, scenario)
    return tuple(_branch(alike) for _, alike in roots)


def _branch(scenarios: Mapping[str, Scenario]) -> Branch:
    """How arms go on that have been one life so far."""
    weeks = next(iter(scenarios.values())).weeks
    for date in sorted({date for scenario in scenarios.values() for date in _dates(scenario) if date < weeks}):
        parts: list[tuple[object, dict[str, Scenario]]] = []
        for arm, scenario in scenarios.items():
            _join(parts, past(scenario, date + 1), arm, scenario)
        if len(parts) > 1:
            return Branch(tuple(scenarios), date, tuple(_branch(alike) for _, alike in parts))
    return Branch(tuple(scenarios), weeks, ())


def _dates(scenario: Scenario) -> set[int]:
    """The weeks in which something begins, changes or ends that another arm might not have."""
    ends = {reform.until for reform in scenario.interventions if getattr(reform, "until", None) is not None}
    return {change.week for change in scenario.changes} | {reform.start for reform in scenario.interventions} | ends


def _join(groups: list[tuple[object, dict[str, Scenario]]], key: object, arm: str, scenario: Scenario) -> None:
    """Put an arm beside those with an equal key. (Keys hold what cannot be hashed; arms are few.)"""
    for known, alike in groups:
        if known == key:
            alike[arm] = scenario
            return
    groups.append((key, {arm: scenario}))


class ArmLife(NamedTuple):
    """The life of an arm at its horizon."""

    arm: str
    scenario: Scenario
    life: Life
    observer: Observer  # who has watched it


def lives(scenarios: Mapping[str, Scenario], seed: int, people: int, measures: Collection[str], pulse: Pulse) -> Iterator[ArmLife]:
    """The life of each arm with the same luck, to be read and forgotten before the next is asked for: of n arms no more cities are
    held at one time than two and the binary logarithm of n.

    people    the seed of who lives there (see `sim.world.simulation.Simulation`)
    measures  of which those are watched that take a panel
    pulse     called with weeks; those that some arms share count for each of them
    """
    for root in branches(scenarios):
        observer = Observer(measures)
        life = Life(scenarios[root.arms[0]], seed, pulse, observer.watch, people)
        for arm, own in _grown(root, life, scenarios, pulse):
            yield ArmLife(arm, scenarios[arm], own, own.watch or observer)


def _grown(branch: Branch, life: Life, scenarios: Mapping[str, Scenario], pulse: Pulse) -> Iterator[tuple[str, Life]]:
    """The lives of a branch's arms, depth first; the city itself goes on as the part with the most arms, which comes last."""
    life.progress = lambda weeks: pulse(weeks * len(branch.arms))
    life.until(branch.week)
    if not branch.parts:
        yield from ((arm, life) for arm in branch.arms)
    parts = sorted(branch.parts, key=lambda part: len(part.arms))
    for part in parts:
        own = life if part is parts[-1] else life.fork()
        own.run.adopt(scenarios[part.arms[0]])
        yield from _grown(part, own, scenarios, pulse)
