"""People without a neighborhood: everybody moves to another home every four weeks (a negative control of P18).

Who moves takes along what makes a person: trust, dispositions, the propensity to report, the style of answering and all memories. How
exposed a home is, to crime and to stops, stays there, and so does what its place is like: what it adds to its residents' dispositions, what
it offers offenders, how officers treat those who live in it. Dispositions are drawn without regard to place, so neighborhoods differ in
trust by what their place adds, by what residents live through, and by what they hear from each other. All three take years to sink in. If
nobody stays, they must leave no difference between neighborhoods, although places differ as much as before: P18 is about people who stay
somewhere. Crime goes by places, so P21 must stay.
"""

import numpy as np

from sim.artifacts.results import adapted
from sim.inputs.patterns import WEEKS
from sim.inputs.scenario import Scenario
from sim.instruments.observational import last_year
from sim.world.simulation import Simulation

EVERY = 4  # weeks
OF_THE_HOME = ("home", "exposure_cumulative", "stop_exposure_cumulative")  # the sums run over residents of a cell in order
MEASURES = ("trust_icc", "crime_concentration_50", "share_trusting")


def move_everybody(run: Simulation) -> None:
    """Every four weeks, all citizens change homes at random. Not a watch that only looks: this control changes the run on purpose."""
    if run.week % EVERY:
        return
    citizens = run.city.citizens
    order = np.random.default_rng([run.seed, run.tick]).permutation(len(citizens.home))
    for name, column in citizens._asdict().items():
        if name not in OF_THE_HOME:
            column[:] = column[order]


def shuffled(scenario: Scenario, seed: int) -> dict[str, float]:
    """Measures of place in the last 52 of 104 weeks in which people have no neighborhood for longer than four."""
    return last_year(adapted(scenario, weeks=WEEKS), seed, MEASURES, move_everybody)
