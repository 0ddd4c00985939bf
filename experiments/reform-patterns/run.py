"""The patterns about reforms (P24 to P30 and P32 of sim/patterns.yaml), measured in the national city with plain paired arms.

    python experiments/reform-patterns/run.py [--replicates 20] [--quick] [--out out/reform-patterns.json]

Replicate r has the same seed in every arm. A value is the mean over replicates, with its 95 % t interval, and passes if that mean
lies in the pattern's range. Nothing is set so that it does; levers not named here have their defaults, and reforms begin in week 0.

Arms, in cities of 20,000 adults: training = 0.9 of the force takes the course; contact = 0.25 of it on community duty; thin = the
same with 0.3 of the contacts; both = training and contact.

d of an arm: the mean answer to the single question on trust (0 mucha desconfianza ... 3 mucha confianza, latent trust with its
response error, all adults asked before week 52), minus that without reform, divided by the standard deviation of adults'
answers without reform.

    P24  Coverage 0.5. In weeks 0 to 25 every encounter (all are stops, for nobody is on community duty) is 1 if conduct was fair,
         whatever was felt, and 0 if unfair or corrupt. Mean of treated officers (some knowledge of the course left) minus that of
         the others in the same run, by the pooled standard deviation of the two groups' encounters. Not paired: differences
         between the officers who happen to be chosen are in its interval, and controls learn from treated colleagues.
    P25  d of training. Residents of the whole city; the trial asked those of treated places.
    P26  Training: crimes of weeks 0 to 51 in the whole city, relative to no reform. Treated officers work everywhere.
    P27  d of thin.
    P28  d of contact.
    P29  d of both, minus d of contact, minus d of training.
    P30  Purge by vetting over 24 months (the default) in which 0.03 of the flagged go, in cities of 100,000 adults: share of stops
         with unfair or corrupt conduct in weeks 52 to 103, relative to no reform. The pattern wants 12.4 % of officers to fail the
         test; with the default unfit_above of 0.56 about 9.4 % do, so that it is 0.534 here. Shown beside it, without a verdict:
         the same if all the flagged go, and the share of officers in service in week 0 whom the test flags.
    P32  d of training, the same number as P25, against a range of its own.

--quick: small cities, two replicates unless told otherwise; good for trying the program, and its verdicts say little.
"""

import argparse
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.compiled import fingerprint
from sim.harvest import warm_up
from sim.patterns import REPLICATES, of_size, patterns
from sim.results import interval, versions, write
from sim.rng import replicate_seed
from sim.scenario import Scenario, load_scenario
from sim.world.interventions import CommunityPolicing, Purge, Scene, Training
from sim.world.simulation import Simulation
from sim.world.state import SLOTS, Count

YEAR, HALF_YEAR = 52, 26
FAIR = 2  # encounters.conduct: 0 corrupt, 1 unfair, 2 fair
VETTING = {"start": 0, "unfit_above": 0.534}
TRAINING, CONTACT = Training(start=0, coverage=0.9), CommunityPolicing(start=0, share=0.25)
ARMS = {
    "none": (), "training": (TRAINING,), "contact": (CONTACT,), "both": (TRAINING, CONTACT),
    "thin": (CommunityPolicing(start=0, share=0.25, resourcing=0.3),),
}  # fmt: skip
PURGES = {"none": (), "leaky": (Purge(follow_through=0.03, **VETTING),), "full": (Purge(follow_through=1.0, **VETTING),)}
BESIDE = {
    "full_purge_misconduct_change": "P30 with a follow-through of 1.0: change in misconduct",
    "flagged_share": "P30: officers whom the test flags",
}


class Row(NamedTuple):
    """A line of the table: a pattern, or what is shown beside one (no range, no verdict)."""

    id: str
    text: str
    low: float | None
    high: float | None
    value: float  # mean over replicates
    half_width: float  # of its 95 % t interval
    unit: str
    passed: bool | None


def with_reforms(base: Scenario, weeks: int, reforms: tuple) -> Scenario:
    """The scenario with these reforms and horizon."""
    return base.with_(weeks=weeks, interventions=reforms)


def conduct_d(base: Scenario, seed: int) -> dict[str, float]:
    """P24: fair encounters of treated officers and of the others, week by week over the half-year from the course on."""
    run = Simulation(with_reforms(base, HALF_YEAR, (Training(start=0, coverage=0.5),)), seed)
    encounters = np.zeros((2, 2))  # untreated and treated x (unfair or corrupt, fair)
    for _ in range(HALF_YEAR):
        run.advance(1)
        officers = run.city.officers
        held = np.arange(SLOTS) < officers.encounters[:, None]
        treated = np.broadcast_to(officers.knowledge[:, None] > 0.0, held.shape)[held]
        fair = run.city.encounters.conduct.reshape(held.shape)[held] == FAIR
        np.add.at(encounters, (treated.astype(int), fair.astype(int)), 1.0)
    number = encounters.sum(axis=1)
    share = encounters[:, 1] / number
    pooled = np.sqrt((number * share * (1.0 - share)).sum() / (number.sum() - 2.0))
    return {"training_conduct_d": (share[1] - share[0]) / pooled}


def year_of(base: Scenario, seed: int, reforms: tuple) -> tuple[float, float, int]:
    """One arm after a year: mean answer (0-3), standard deviation of answers between adults, crimes."""
    run = Simulation(with_reforms(base, YEAR, reforms), seed).run()
    survey = run.surveys[-1]
    share, answer = np.array(survey.answers) / survey.adults, np.arange(4)
    mean = float(share @ answer)
    return mean, float(np.sqrt(share @ (answer - mean) ** 2)), int(run.record.counts[-YEAR:, Count.CRIMES].sum())


def trust_and_crime(base: Scenario, seed: int) -> dict[str, float]:
    """P25 to P29 and P32: the four arms of the 2x2 and a thin program, after a year."""
    years = {name: year_of(base, seed, reforms) for name, reforms in ARMS.items()}
    mean, sd, crimes = years["none"]
    d = {name: (year[0] - mean) / sd for name, year in years.items()}
    return {
        "training_trust_d": d["training"], "training_crime_change": years["training"][2] / crimes - 1.0,
        "community_trust_d": d["thin"], "single_contact_d": d["contact"], "single_conduct_d": d["training"],
        "interaction_d": d["both"] - d["contact"] - d["training"],
    }  # fmt: skip


def misconduct(base: Scenario, seed: int) -> dict[str, float]:
    """P30: misconduct in the second year of a leaky purge and of one in which all the flagged go."""
    share = {}
    for name, reforms in PURGES.items():
        counts = Simulation(with_reforms(base, 2 * YEAR, reforms), seed).run().record.counts[-YEAR:].sum(axis=0)
        share[name] = (counts[Count.CORRUPT_STOPS] + counts[Count.UNFAIR_STOPS]) / counts[Count.STOPS]
    return {
        "leaky_purge_misconduct_change": share["leaky"] / share["none"] - 1.0,
        "full_purge_misconduct_change": share["full"] / share["none"] - 1.0,
        "flagged_share": flagged_share(base, seed),
    }


def flagged_share(base: Scenario, seed: int) -> float:
    """Officers who would go in week 0 if everybody were examined in one round and all the flagged went."""
    run = Simulation(with_reforms(base, 1, ()), seed)
    active = run.city.officers.active
    before = active.sum()
    Purge(follow_through=1.0, months=1, **VETTING).act(Scene(run.week, seed, run.city, run.parameters))
    return float(1.0 - active.sum() / before)


def measured(base: Scenario, replicates: int, quick: bool) -> dict[str, np.ndarray]:
    """All measures by name, a value a replicate; in threads, since compiled code frees the GIL."""
    warm_up()
    city, large = (of_size(base, adults) for adults in ((6_000, 20_000) if quick else (20_000, 100_000)))
    parts: list[tuple[Callable[[Scenario, int], dict[str, float]], Scenario]]
    parts = [(conduct_d, city), (trust_and_crime, city), (misconduct, large)]
    seeds = [replicate_seed(base.seed, replicate) for replicate in range(replicates)]
    with ThreadPoolExecutor() as executor:
        found = [list(executor.map(part, [scenario] * replicates, seeds)) for part, scenario in parts]
    return {name: np.array([each[name] for each in part]) for part in found for name in part[0]}


def rows(values: dict[str, np.ndarray]) -> list[Row]:
    """A row for each pattern, in order, and then what is shown beside them."""
    by_measure = {pattern.measures[0]: pattern for pattern in patterns().values()}
    made = []
    for name, each in values.items():
        mean, half = interval(each)
        if name in BESIDE:
            made.append(Row("", BESIDE[name], None, None, mean, half, "share" if name == "flagged_share" else "relative change", None))
        else:
            pattern = by_measure[name]
            made.append(Row(pattern.id, pattern.text, pattern.low, pattern.high, mean, half, pattern.unit, pattern.verdict(mean)))
    return sorted(made, key=lambda row: (row.id == "", row.id))


def table(made: list[Row]) -> str:
    """The rows as text."""
    lines = [("id", "pattern", "range", "value", "95 % interval", "unit", "")]
    for row in made:
        bounds = "" if row.low is None else f"{row.low:g} to {row.high:g}"
        ends = f"{row.value - row.half_width:.4f} to {row.value + row.half_width:.4f}"
        lines.append((row.id, row.text, bounds, f"{row.value:.4f}", ends, row.unit, {None: "", True: "pass", False: "FAIL"}[row.passed]))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    layout = "  ".join(f"{{:{side}{width}}}" for side, width in zip("<<<>><<", widths, strict=True))
    return "\n".join(layout.format(*line).rstrip() for line in lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--replicates", type=int, help=f"at least 2; {REPLICATES} unless --quick")
    parser.add_argument("--quick", action="store_true", help="small cities, two replicates: verdicts say little")
    parser.add_argument("--out", type=Path, default=Path("out/reform-patterns.json"))
    options = parser.parse_args(arguments)
    replicates = options.replicates or (2 if options.quick else REPLICATES)
    if replicates < 2:
        parser.error("--replicates must be 2 or more, since one replicate has no interval.")
    base = load_scenario("national-average")
    values = measured(base, replicates, options.quick)
    made = rows(values)
    print(table(made))
    facts = {"scenario": "national-average", "seed": base.seed, "replicates": replicates, "quick": options.quick}
    facts |= {"versions": versions(), "sources": fingerprint(), "rows": [row._asdict() for row in made]}
    facts["values"] = {name: each.tolist() for name, each in values.items()}
    write(options.out, lambda path: path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
