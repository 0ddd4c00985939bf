"""Trials of reforms in silico: the course, the 2x2 of more contact and better conduct, the leaky purge (P24 to P30 and P32).

Levers not named here have their defaults, reforms begin in week 0 and take the place of those that the scenario may have. All arms of a
replicate have the same luck. d of an arm: the mean answer to the single question on trust (0 mucha desconfianza ... 3 mucha confianza,
all adults asked before week 52), minus that without reform, by the standard deviation of adults' answers without reform.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sim.artifacts.results import adapted
from sim.inputs.scenario import Scenario
from sim.instruments.peers import logistic
from sim.world.reforms import CommunityPolicing, Purge, Training, with_dose
from sim.world.rules.encounter import Conduct
from sim.world.simulation import Simulation
from sim.world.state import SLOTS, City, Count
from sim.world.survey import HALF_YEAR, YEAR

COURSE = Training(start=0, coverage=0.5, hours=40.0)  # as long as it was studied
TRAINING, CONTACT = Training(start=0, coverage=0.9, hours=40.0), CommunityPolicing(start=0, share=0.25)
ARMS = {
    "none": (), "training": (TRAINING,), "contact": (CONTACT,), "both": (TRAINING, CONTACT),
    "thin": (replace(CONTACT, resourcing=0.3),),
}  # fmt: skip
PURGE = Purge(start=0)
FAILING = 0.124  # share of the force that fails the test
FOLLOW_THROUGH = {"none": 0.0, "leaky": 0.03, "full": 1.0}


def start(scenario: Scenario, seed: int, weeks: int, *reforms: Any) -> Simulation:
    """A run at week 0 of the scenario with another horizon and these reforms instead of its own."""
    return Simulation(adapted(scenario, weeks=weeks).with_(interventions=reforms), seed)


def encounters_of(city: City) -> np.ndarray:
    """This week's encounters: untreated and treated officers x (unfair or corrupt, fair)."""
    held = np.arange(SLOTS) < city.officers.encounters[:, None]
    treated = np.broadcast_to(city.officers.knowledge[:, None] > 0.0, held.shape)[held]
    fair = city.encounters.conduct.reshape(held.shape)[held] == Conduct.FAIR
    return np.bincount(2 * treated + fair, minlength=4).reshape(2, 2)


def conduct_d(encounters: np.ndarray) -> float:
    """Cohen's d of fair conduct, treated minus control, from their encounters (as `encounters_of`); nan if a group has none."""
    number = encounters.sum(axis=1)
    if number.min() == 0:
        return float("nan")
    share = encounters[:, 1] / number
    variance = (number * share * (1.0 - share)).sum() / max(number.sum() - 2, 1)
    return float((share[1] - share[0]) / np.sqrt(variance)) if variance > 0.0 else float("nan")


def course(scenario: Scenario, seed: int) -> dict[str, float]:
    """P24: fair conduct in all stops of treated officers and of the others, half of the force, in weeks 0 to 25.

    Treated are those who still know something of the course. Not paired: who happens to be chosen is in it, and controls learn from
    treated colleagues.
    """
    run = start(scenario, seed, HALF_YEAR, COURSE)
    encounters = np.zeros((2, 2))
    for _ in range(HALF_YEAR):
        run.advance(1)
        encounters += encounters_of(run.city)
    return {"training_conduct_d": conduct_d(encounters)}


def year_of(scenario: Scenario, seed: int, *reforms: Any) -> tuple[float, float, int]:
    """One arm after a year: mean answer (0-3), standard deviation of answers between adults, crimes."""
    run = start(scenario, seed, YEAR, *reforms).run()
    survey = run.surveys[-1]
    share, answer = np.array(survey.answers) / survey.adults, np.arange(4)
    mean = float(share @ answer)
    return mean, float(np.sqrt(share @ (answer - mean) ** 2)), int(run.record.counts[-YEAR:, Count.CRIMES].sum())


def two_by_two(scenario: Scenario, seed: int) -> dict[str, float]:
    """P25 to P29 and P32: training, community policing, both, and a program with 0.3 of the contacts, after a year.

    Residents and crimes are those of the whole city, since treated officers work everywhere; the trials asked in treated places.
    """
    years = {name: year_of(scenario, seed, *reforms) for name, reforms in ARMS.items()}
    mean, sd, crimes = years["none"]
    d = {name: (year[0] - mean) / sd if sd > 0.0 else float("nan") for name, year in years.items()}
    return {
        "training_trust_d": d["training"],
        "training_crime_change": years["training"][2] / crimes - 1.0 if crimes else float("nan"),
        "community_trust_d": d["thin"],
        "single_contact_d": d["contact"],
        "single_conduct_d": d["training"],
        "interaction_d": d["both"] - d["contact"] - d["training"],
        "both_d": d["both"],
    }


def purge_of(run: Simulation) -> Purge:
    """A purge by vetting whose test 12.4 % of the officers now in service are expected to fail."""
    officers = run.city.officers
    corrupt = logistic(-officers.honesty)[officers.active == 1]
    unfit = (FAILING - (1.0 - PURGE.specificity)) / (PURGE.sensitivity + PURGE.specificity - 1.0)
    return replace(PURGE, unfit_above=float(np.quantile(corrupt, 1.0 - unfit)))


def purge(scenario: Scenario, seed: int) -> dict[str, float]:
    """P30: unfair or corrupt stops in the second year of a purge of 24 months in which 0.03 of the flagged go, or all of them.

    Beside them the share of the force that the test flags if all are examined in week 0.
    """
    reform, share = purge_of(start(scenario, seed, 1)), {}
    for name, dose in FOLLOW_THROUGH.items():
        run = start(scenario, seed, 2 * YEAR, with_dose(reform, dose)).run()
        counts = run.record.counts[-YEAR:].sum(axis=0)
        share[name] = (counts[Count.CORRUPT_STOPS] + counts[Count.UNFAIR_STOPS]) / max(counts[Count.STOPS], 1)
    examined = start(scenario, seed, 1, replace(reform, follow_through=1.0, months=1))
    before = examined.city.officers.active.sum()
    examined.intervene()
    usual = share["none"] if share["none"] > 0.0 else float("nan")
    return {
        "leaky_purge_misconduct_change": share["leaky"] / usual - 1.0,
        "full_purge_misconduct_change": share["full"] / usual - 1.0,
        "flagged_share": float(1.0 - examined.city.officers.active.sum() / before),
    }
