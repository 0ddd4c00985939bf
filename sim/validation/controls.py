"""Negative controls: the same draws with one mechanism off. What rests on it must vanish, and what does not must stay."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.engine.running import HERE, Execution
from sim.inputs.patterns import ORDINARY, patterns
from sim.inputs.scenario import Scenario
from sim.validation.jobs import Job, carried_out, in_one_city, plan, quantiles
from sim.validation.targets import Control, Expectation, controls


class Controlled(NamedTuple):
    """What became of one pattern with a mechanism off."""

    control: str
    number: int  # of the expectation in the control
    pattern: str
    usual: float  # median with the mechanism on, same draws
    value: float  # median with it off
    held: bool


class Lost(NamedTuple):
    """A pattern that the model meets with a mechanism and misses without it, other parameters being what they were."""

    control: str
    pattern: str
    usual: float
    value: float


def jobs_of(control: Control, base: Sequence[Scenario]) -> list[Job]:
    """What has to be measured: ordinary runs and the instruments of what is expected, or the control's own instrument."""
    if control.instrument:
        return [Job(control.instrument, base)]
    wanted = {expected.pattern for expected in control.expect}
    wanted |= {key for key, pattern in patterns().items() if pattern.instrument == ORDINARY and pattern.role != "report"}
    return plan([scenario.with_(control.set) for scenario in base], wanted, thrifty=True)


def controlled(
    base: Sequence[Scenario], usual: Mapping[str, np.ndarray], execution: Execution = HERE
) -> tuple[list[Controlled], list[Lost]]:
    """Every control in these cities; `usual`: what the same draws give otherwise (see `carried_out`), as many or more."""
    made: list[Controlled] = []
    lost: list[Lost] = []
    for control in controls().values():
        jobs = jobs_of(control, base)
        found = in_one_city(jobs, carried_out(jobs, execution), base[0])
        made += [_expected(control, number, expected, found, usual) for number, expected in enumerate(control.expect)]
        if not control.instrument:
            lost += _lost(control, found, usual)
    return made, lost


def medians(pattern: str, found: Mapping[str, np.ndarray], usual: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """The median of a pattern's measure usually and here, over the same draws."""
    measure = patterns()[pattern].measures[0]
    here = found[measure]
    return quantiles(usual[measure][: len(here)], 0.5)[0], quantiles(here, 0.5)[0]


def _expected(
    control: Control, number: int, expected: Expectation, found: Mapping[str, np.ndarray], usual: Mapping[str, np.ndarray]
) -> Controlled:
    before, here = medians(expected.pattern, found, usual)
    return Controlled(control.name, number, expected.pattern, before, here, expected.holds(here, before))


def _lost(control: Control, found: Mapping[str, np.ndarray], usual: Mapping[str, np.ndarray]) -> list[Lost]:
    made = []
    for key, pattern in patterns().items():
        if pattern.role != "report" and pattern.measures[0] in found:
            before, here = medians(key, found, usual)
            if pattern.verdict(before) and pattern.verdict(here) is False:
                made.append(Lost(control.name, key, before, here))
    return made
