"""What one ordinary run of a scenario shows: official statistics, surveys and a panel of persons, in a single pass."""

from collections.abc import Callable, Iterable

from sim.artifacts.results import adapted
from sim.inputs.patterns import ORDINARY, WEEKS, adults_for, patterns
from sim.inputs.scenario import Scenario
from sim.instruments.panels import Panel
from sim.measures import MEASURES, recorded
from sim.measures.harvest import columns, lived
from sim.world.simulation import Simulation


def last_year(scenario: Scenario, seed: int, names: Iterable[str], watch: Callable[[Simulation], object] | None = None) -> dict[str, float]:
    """Measures (see `sim.measures`) of the last 52 weeks of one run, by name; `watch` as for `sim.measures.harvest.lived`."""
    _, found = lived(scenario, seed, lambda weeks: None, watch)
    run = columns(scenario, found)
    return {name: float(MEASURES[name].of(run)) for name in names}


def observe(scenario: Scenario, seed: int, asked: int | None = None) -> dict[str, float]:
    """Every measure of P01 to P18, P20, P21 and P33 to P38 from one run of 104 weeks after the spin-up, by name.

    asked   adults in the panel and the cross-section, a random sample; None: all. Other surveys ask everybody
    returns nan for a measure that is not defined in so small a city or that nobody's experience decides
    """
    ordinary = [pattern for pattern in patterns().values() if pattern.instrument == ORDINARY]
    wanted = {name: pattern for pattern in ordinary for name in (*pattern.measures, *pattern.beside)}
    panel = Panel(asked)
    found = last_year(adapted(scenario, weeks=WEEKS), seed, [name for name in wanted if name in recorded()], panel) | panel.measures()
    small = {name for name, pattern in wanted.items() if adults_for(pattern, scenario) > scenario.city.adults}
    return {name: float("nan") if name in small else found[name] for name in wanted}
