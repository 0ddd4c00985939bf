"""Instruments: how each pattern of patterns.yaml is measured in a simulated city, as its source measured it in a real one.

An instrument is a function of a scenario and the seed of one replicate; it returns measures by name, nan where there is nothing to
measure. It is pure: the same numbers for the same arguments, in any thread. All but the first take several runs.

>>> sorted(INSTRUMENTS["disposition shift"].measure.__annotations__)
['return', 'scenario', 'seed']
"""

from collections.abc import Callable
from typing import NamedTuple

from sim.inputs.patterns import ORDINARY, WEEKS
from sim.inputs.scenario import Scenario
from sim.instruments.contrasts import WEEKS_AFTER_SHIFT, dispositions, sites
from sim.instruments.observational import observe
from sim.instruments.peers import peers
from sim.instruments.reforms import course, purge, two_by_two
from sim.instruments.shuffled_homes import shuffled

__all__ = ["CONTROLS", "INSTRUMENTS", "Instrument", "instrument", "observe"]


class Instrument(NamedTuple):
    """A way of measuring, and about what a replicate costs: so many runs of so many weeks each, after the scenario's spin-up."""

    measure: Callable[[Scenario, int], dict[str, float]]
    runs: int
    weeks: int

    def cost(self, scenario: Scenario) -> int:
        """Adult-weeks of one replicate."""
        return self.runs * (scenario.spin_up_weeks + self.weeks) * scenario.city.adults


INSTRUMENTS = {
    ORDINARY: Instrument(observe, 1, WEEKS),
    "experiment on peers": Instrument(peers, 1, 52 * 11),  # an untouched year, and one for each member of a squad of 10
    "site contrast": Instrument(sites, 6, WEEKS_AFTER_SHIFT),  # about three tries a site
    "disposition shift": Instrument(dispositions, 2, WEEKS),
    "trial of a course": Instrument(course, 1, 26),
    "2x2 trial": Instrument(two_by_two, 5, 52),
    "trial of a purge": Instrument(purge, 4, 80),
}
CONTROLS = {"shuffled homes": Instrument(shuffled, 1, WEEKS)}  # what no pattern is measured by


def instrument(name: str) -> Instrument:
    """An instrument by name, whether it measures patterns or is a negative control."""
    return INSTRUMENTS[name] if name in INSTRUMENTS else CONTROLS[name]
