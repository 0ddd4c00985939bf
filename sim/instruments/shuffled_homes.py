"""People without a neighborhood: everybody moves to another home every four weeks (a negative control of P18).

Dispositions are drawn without regard to place, so moving everybody once, before week 0, would change nothing: neighborhoods differ only
by what their residents live through together. Who moves takes trust, disposition and memories along; how exposed a home is stays there.
"""

import numpy as np

from sim.artifacts.results import adapted
from sim.inputs.patterns import WEEKS
from sim.inputs.scenario import Scenario
from sim.instruments.observational import last_year
from sim.world.simulation import Simulation

EVERY = 4  # weeks
TAKEN_ALONG = (
    "fairness", "effectiveness", "fairness_disposition", "effectiveness_disposition", "last_stop", "last_corrupt_stop", "last_victimized",
)  # fmt: skip
MEASURES = ("trust_icc", "crime_concentration_50", "share_trusting")


def move_everybody(run: Simulation) -> None:
    """Every four weeks, all citizens change homes at random. Not a watch that only looks: this control changes the run on purpose."""
    if run.week % EVERY:
        return
    citizens = run.city.citizens
    order = np.random.default_rng([run.seed, run.tick]).permutation(len(citizens.home))
    for name in TAKEN_ALONG:
        column = getattr(citizens, name)
        column[:] = column[order]


def shuffled(scenario: Scenario, seed: int) -> dict[str, float]:
    """Measures of place in the last 52 of 104 weeks in which people have no neighborhood for longer than four."""
    return last_year(adapted(scenario, weeks=WEEKS), seed, MEASURES, move_everybody)
