"""What a friendly visit would have to be for the model to say what one did in New Haven, and what permanent beats would then do.

    python experiments/mechanisms/visit.py [--cities 6]

A row for each world: the average city with the numbers of one visit at the codebook's values, at the favorable 5 or 95 % of each prior, at
its favorable end (a thousandth lies beyond), and beyond, with gain and fading at the limits of their ranges. Columns: what a visit moves
for those visited after a week and after three, in standard deviations of the single question, and after a week of a scale of several; the
same times 41 %, the share reached, to stand beside what was found; visits an adult and year, and points of mean trust, that a quarter of
the force on permanent beats gives in the eighth year. Means over cities with other luck; in the last row trust fades as fast as it may.
"""

import argparse

import numpy as np

from sim.evidence.protocols import Protocol, protocols
from sim.evidence.rerun import _from
from sim.inputs.scenario import Scenario, load_scenario
from sim.studies.design.factors import factor
from sim.trials.field import endlines
from sim.world.parameters import CODEBOOK
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation
from sim.world.state import Count, Mean

FOUND = "COP-NH.T133: 0.23 (SE 0.033) of all, 0.56 of those visited; COP-NH.T134 after three weeks: 0.15 (0.039), 0.37"
FAVORABLE = {  # the numbers on which a visit turns, and whether more of it is more trust
    "encounter.felt_if_fair": True, "encounter.neutral_width": False, "community.conduct_offset": True, "trust.contact_gain": True,
    "trust.contact_loss": False, "community.effectiveness_effect": True,
}  # fmt: skip
OUTCOMES = ("trust_answer", "fairness_scale")
WEEKS, YEAR, BEATS = 416, 52, [{"community_policing": {"start": 0, "share": 0.25}}]


def favorable(tail: float) -> dict[str, float]:
    """The numbers of a visit where so much of each prior lies beyond them."""
    return {
        name: min(float(factor(name, CODEBOOK[name].prior).at(1.0 - tail if more else tail)), CODEBOOK[name].high)
        for name, more in FAVORABLE.items()
    }


def worlds() -> dict[str, dict[str, float]]:
    """Values of parameters by world."""
    ends, limit = favorable(0.001), CODEBOOK["trust.contact_gain"].high
    return {
        "codebook": {}, "gain at the end of its prior": {"trust.contact_gain": ends["trust.contact_gain"]},
        "all at 5 or 95 %": favorable(0.05), "all at their ends": ends, "and gain at its limit": {**ends, "trust.contact_gain": limit},
        "and fading at its limit": {**ends, "trust.contact_gain": limit, "trust.relaxation_rate": CODEBOOK["trust.relaxation_rate"].high},
    }  # fmt: skip


def visit(begun: Simulation, scenario: Scenario, protocol: Protocol) -> list[float]:
    """What one visit moves, in standard deviations of the unvisited: the answer after one and three weeks, the scale after one."""
    field = _from(begun, protocol.design(scenario))
    posts = np.ones(len(begun.city.officers.cell), bool)
    treated, nobody = (endlines(field, field.watch.trial, who) for who in (posts, ~posts))
    moved = []
    for week, outcome in ((1, OUTCOMES[0]), (3, OUTCOMES[0]), (1, OUTCOMES[1])):
        visited, usual = treated[week].values["visited"] > 0, nobody[week].values[outcome]
        moved.append(float((treated[week].values[outcome] - usual)[visited].mean() / usual.std()))
    return moved


def beats(begun: Simulation, scenario: Scenario) -> list[float]:
    """Visits an adult and year, and points of mean trust in the eighth year, with a quarter of the force on permanent beats."""
    trust, visits = [], 0.0
    for given in ([], BEATS):
        run = begun.fork()
        run.adopt(scenario.with_(weeks=WEEKS, interventions=given))
        run.advance(WEEKS)
        weight = scenario.with_(interventions=()).parameters.get("trust.effectiveness_weight", CODEBOOK["trust.effectiveness_weight"].value)
        means = run.record.means[-YEAR:].mean(axis=0)
        trust.append(100.0 * ((1.0 - weight) * means[Mean.FAIRNESS] + weight * means[Mean.EFFECTIVENESS]))
        visits = run.record.counts[-YEAR:, Count.CONTACTS].sum() / scenario.city.adults
    return [float(visits), float(trust[1] - trust[0])]


def main() -> None:
    """Live each world, and print a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cities", type=int, default=6)
    many, place = parser.parse_args().cities, load_scenario("national-average").with_(interventions=())
    known = protocols()["visit"]
    row = known.findings["COP-NH"]["T133"]
    protocol = known.model_copy(update={"findings": {"COP-NH": {name: row.model_copy(update={"outcome": name}) for name in OUTCOMES}}})
    reach = float(known.reach or 1.0)
    print(f"{FOUND}\n\n| world | visited, 1 week | 3 weeks | all, 1 week | all, 1 week, scale | visits an adult and year | beats, points |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, values in worlds().items():
        scenario, lived = place.with_(values), []
        for city in range(many):
            begun = Simulation(scenario, replicate_seed(place.seed, city))
            lived.append(visit(begun, scenario, protocol) + beats(begun, scenario))
        first, third, scale, visits, points = np.mean(lived, axis=0)
        print(
            f"| {name} | {first:+.2f} | {third:+.2f} | {reach * first:+.2f} | {reach * scale:+.2f} | {visits:.2f} | {points:+.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
