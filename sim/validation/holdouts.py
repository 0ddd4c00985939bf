"""Other years and places: re-set the stated levels, leave everything else as fitted, and look at what was not used."""

from collections.abc import Mapping, Sequence
from math import exp, log
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from sim.engine.running import HERE, Execution
from sim.inputs.patterns import ORDINARY
from sim.inputs.scenario import CitySize, Scenario
from sim.inputs.states import KEYS, states
from sim.instruments.contrasts import MEANS, moved, odds
from sim.validation.jobs import HIGH, LOW, Job, carried_out, quantiles
from sim.validation.targets import Check, Holdout, Level
from sim.world.parameters import CODEBOOK

ROUNDS = 5  # of measuring; after each but the last, parameters are shifted
OFFENDERS, HONESTY, COURTESY = "city.offenders_share", "conduct.honesty_mean", "conduct.mean"
# How much a measure (on its scale, below) moves with the parameter that re-sets it: where the search begins, and no finding.
SLOPES = {
    "reporting.file_intercept": 1.0, "offending.propensity_log_mean": 0.7, "offending.exposure_log_sd": -0.35, HONESTY: -0.9,
    OFFENDERS: 0.7,
}  # fmt: skip
FARTHEST = 3.0  # a slope found on the way is believed within so many times the first one


class Reset(NamedTuple):
    """A level that was re-set: what is wanted, the median that was reached, and how far the parameter was moved."""

    holdout: str
    measure: str
    by: str
    shift: float  # of a parameter; of city.offenders_share the log of the factor
    target: float
    reached: float


class Held(NamedTuple):
    """A check of a holdout: the data's range, and what the draws give."""

    holdout: str
    number: int  # of the check in the holdout
    measure: str
    change: bool
    value: float  # median
    low: float  # 90 % of draws lie between low and high
    high: float
    inside: float
    passed: bool


def scaled(measure: str, value: float) -> float:
    """Log-odds of a share, log of a number per 100,000."""
    return log(max(value, 1.0)) if measure in ("incidence", "prevalence") else odds(value)


def shifted(scenario: Scenario, holdout: Holdout, shifts: Mapping[str, float]) -> Scenario:
    """A city as fitted, of the holdout's size, with parameters moved; none leaves the codebook's range."""
    city: dict[str, Any] = dict(holdout.city)
    values: dict[str, float] = {}
    for name, shift in (*holdout.shift.items(), *shifts.items()):
        if name == OFFENDERS:
            share = CitySize.model_fields["offenders_share"].metadata
            low, high = (getattr(bound, end) for bound, end in zip(share, ("ge", "le"), strict=True))
            city["offenders_share"] = min(max(scenario.city.offenders_share * exp(shift), low), high)
        else:
            both = name == HONESTY and COURTESY not in holdout.shift  # a place where officers are honest is one where they are courteous
            values |= moved({each: scenario.parameters.get(each, CODEBOOK[each].value) for each in (MEANS if both else (name,))}, shift)
    return scenario.with_(values, **city)


def elsewhere(base: Sequence[Scenario], holdout: Holdout) -> list[Scenario]:
    """The draws, each with the institutions of a state of which nothing is known but how the others differ: the place's own is left out."""
    if holdout.state is None:
        return list(base)
    rng, many = np.random.default_rng([base[0].seed, len(base)]), len(base)
    given = []
    for key in KEYS:
        spread = states().spread(key, without=holdout.state)
        shares = (rng.permutation(many) + 0.5) / many  # few draws, and all parts of the distribution among them
        given.append([NormalDist(spread.mean, spread.persistent_sd).inv_cdf(share) for share in shares])
    names = [f"institutions.{key}" for key in KEYS]
    return [scenario.with_(dict(zip(names, values, strict=True))) for scenario, values in zip(base, zip(*given, strict=True), strict=True)]


def settled(base: Sequence[Scenario], holdout: Holdout, execution: Execution = HERE) -> tuple[list[Reset], dict[str, np.ndarray]]:
    """Shift the parameters of all draws alike until medians meet the levels; what was re-set, and all measures of the last round.

    Draws have the same luck in every round, so a median is a smooth function of the shifts: each level follows the slope seen last.
    """
    shifts = {level.by: 0.0 for level in holdout.levels}
    slopes = {level.by: SLOPES[level.by] for level in holdout.levels}
    before: dict[str, tuple[float, float]] = {}
    for remaining in reversed(range(ROUNDS)):
        cities = [shifted(scenario, holdout, shifts) for scenario in elsewhere(base, holdout)]
        (found,) = carried_out([Job(ORDINARY, cities)], execution)
        medians = {level.by: quantiles(found[level.measure], 0.5)[0] for level in holdout.levels}
        if not remaining:
            break
        for level in holdout.levels:
            now = (shifts[level.by], scaled(level.measure, medians[level.by]))
            slopes[level.by] = slope(level, before.get(level.by), now, slopes[level.by])
            before[level.by] = now
            shifts[level.by] += (scaled(level.measure, level.target) - now[1]) / slopes[level.by]
    resets = [Reset(holdout.id, each.measure, each.by, shifts[each.by], each.target, medians[each.by]) for each in holdout.levels]
    return resets, found


def slope(level: Level, before: tuple[float, float] | None, now: tuple[float, float], last: float) -> float:
    """The slope between two rounds, if the parameter moved far enough to tell and the slope is not out of all proportion."""
    if before is None or abs(now[0] - before[0]) < 0.02:
        return last
    seen = (now[1] - before[1]) / (now[0] - before[0])
    first = SLOPES[level.by]
    return seen if first / FARTHEST < seen < first * FARTHEST or first * FARTHEST < seen < first / FARTHEST else last


def held(holdout: Holdout, found: Mapping[str, np.ndarray], usual: Mapping[str, np.ndarray]) -> list[Held]:
    """The checks of a holdout; `usual`: the same draws in the national city."""
    return [_held(holdout.id, number, check, found, usual) for number, check in enumerate(holdout.checks)]


def _held(key: str, number: int, check: Check, found: Mapping[str, np.ndarray], usual: Mapping[str, np.ndarray]) -> Held:
    values = found[check.measure]
    if check.change:
        values = values - usual[check.measure][: len(values)]
    value, low, high = quantiles(values, 0.5, LOW, HIGH)
    inside = float(np.mean((check.low <= values) & (values <= check.high)))
    return Held(key, number, check.measure, check.change, value, low, high, inside, check.low <= value <= check.high)
