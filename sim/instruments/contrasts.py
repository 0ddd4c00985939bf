"""Places that differ in one thing alone: in how officers behave (P22, P23), or in what citizens are disposed to think (P31)."""

from collections.abc import Mapping
from math import log, nan

from sim.artifacts.results import adapted
from sim.inputs.patterns import WEEKS
from sim.inputs.scenario import Change, Scenario
from sim.instruments.observational import last_year
from sim.world.parameters import CODEBOOK

MEANS = ("conduct.mean", "conduct.honesty_mean")  # courtesy and honesty: places that differ in bribes differ in manners too
DISPOSITIONS = ("trust.fairness_disposition_mean", "trust.effectiveness_disposition_mean")
WEEKS_AFTER_SHIFT = 520
CLEAN, CORRUPT = 0.15, 0.71  # corrupt share of contacts: the middle of 8-23 % and of 60-83 %
NEAR = 0.005  # of these shares; one survey of a city of 20,000 has a standard error of 0.01
TRIES = 6
SHIFT = 0.05  # of both means of disposition, up and down


def moved(values: Mapping[str, float], shift: float) -> dict[str, float]:
    """Parameters moved by so much, each as far as its range goes."""
    return {name: min(max(value + shift, CODEBOOK[name].low), CODEBOOK[name].high) for name, value in values.items()}


def shifted_conduct(scenario: Scenario, shift: float) -> Scenario:
    """The scenario over 520 weeks, in which the means of courtesy and of honesty are higher by so much from week 0 on."""
    scenario = adapted(scenario, weeks=WEEKS_AFTER_SHIFT)
    changes = [
        Change(week=change.week, set=change.set | moved({name: change.set[name] for name in MEANS if name in change.set}, shift))
        if change.week > 0
        else change
        for change in scenario.changes
    ]
    conduct = scenario.values_at(0).conduct
    start = moved(dict(zip(MEANS, (conduct.mean, conduct.honesty_mean), strict=True)), shift)
    return scenario.with_(changes=(*changes, Change(week=0, set=start)))


def odds(share: float) -> float:
    """Log-odds of a share; a share of 0 or 1 counts as almost that."""
    share = min(max(share, 0.001), 0.999)
    return log(share / (1.0 - share))


def site(scenario: Scenario, seed: int, corrupt: float) -> dict[str, float]:
    """The last year of 520 weeks of the scenario with conduct shifted so that this share of contacts is corrupt.

    The share follows the shift almost one for one on the scale of log-odds, so two or three tries find it.
    """
    shift, found = 0.0, {}
    for _ in range(TRIES):
        found = last_year(shifted_conduct(scenario, shift), seed, ("corrupt_contact_share", "share_trusting", "dark_figure"))
        share = found["corrupt_contact_share"]
        if not abs(share - corrupt) > NEAR:  # nan too: nobody was stopped, and no shift will help
            break
        shift += odds(share) - odds(corrupt)
    return found


def sites(scenario: Scenario, seed: int) -> dict[str, float]:
    """P22 and P23: a place with honest officers minus one with corrupt officers, all else equal; and how corrupt both are."""
    clean, corrupt = site(scenario, seed, CLEAN), site(scenario, seed, CORRUPT)
    return {
        "site_trust_gap": clean["share_trusting"] - corrupt["share_trusting"],
        "site_dark_figure_gap": clean["dark_figure"] - corrupt["dark_figure"],
        "clean_site_corrupt_share": clean["corrupt_contact_share"],
        "corrupt_site_corrupt_share": corrupt["corrupt_contact_share"],
    }


def disposed(scenario: Scenario, shift: float) -> Scenario:
    """The scenario with both means of disposition higher by so much, from the beginning."""
    given = scenario.values()
    means = (given.trust.fairness_disposition_mean, given.trust.effectiveness_disposition_mean)
    return adapted(scenario, weeks=WEEKS).with_(moved(dict(zip(DISPOSITIONS, means, strict=True)), shift))


def dispositions(scenario: Scenario, seed: int) -> dict[str, float]:
    """P31: how many per cent more is reported where one per cent more people trust, because they are disposed to."""
    names = ("reporting_rate", "share_trusting")
    low, high = (last_year(disposed(scenario, shift), seed, names) for shift in (-SHIFT, SHIFT))
    if not min(*low.values(), *high.values()) > 0.0:
        return {"reporting_trust_elasticity": nan}
    reporting, trusting = (log(high[name] / low[name]) for name in names)
    return {"reporting_trust_elasticity": reporting / trusting if trusting != 0.0 else nan}
