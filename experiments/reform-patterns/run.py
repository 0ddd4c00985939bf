"""The patterns about reforms (P24 to P30 and P32 of sim/patterns.yaml), measured in the national city with plain paired arms.

    python experiments/reform-patterns/run.py [--replicates 20] [--quick] [--out out/reform-patterns.json]

Replicate r has the same seed in every arm. A value is the mean over replicates, with its 95 % t interval, and passes if that mean
lies in the pattern's range. P24 is a fit pattern, which parameters may have been set to meet; the others are checks, and nothing is
set so that they pass. Levers not named here have their defaults, and reforms begin in week 0.

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
    P29  d of both, minus d of contact, minus d of training. Shown beside it, without a verdict: d of both.
    P30  Purge by vetting over 24 months (the default) in which 0.03 of the flagged go, in cities of 100,000 adults: share of stops
         with unfair or corrupt conduct in weeks 52 to 103, relative to no reform. The pattern wants 12.4 % of officers to fail the
         test; with the default unfit_above of 0.56 about 9.4 % do, so that it is 0.534 here. Shown beside it, without a verdict:
         the same where all the flagged go, and the share of officers in service in week 0 whom the test flags.
    P32  d of training, the same number as P25, against a range of its own.

--quick: two replicates unless told otherwise, and P30 in a city of 20,000; good for trying the program, and its verdicts say little.
"""

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.compiled import fingerprint
from sim.harvest import warm_up
from sim.patterns import REPLICATES, of_size, patterns
from sim.results import interval, versions, write
from sim.rng import replicate_seed
from sim.scenario import Scenario, load_scenario
from sim.world.interventions import CommunityPolicing, Purge, Training, with_dose
from sim.world.simulation import Simulation
from sim.world.state import SLOTS, City, Count
from sim.world.survey import HALF_YEAR, YEAR

FAIR = 2  # encounters.conduct: 0 corrupt, 1 unfair, 2 fair
PURGE = Purge(start=0, unfit_above=0.534)
TRAINING, CONTACT = Training(start=0, coverage=0.9), CommunityPolicing(start=0, share=0.25)
ARMS = {
    "none": (), "training": (TRAINING,), "contact": (CONTACT,), "both": (TRAINING, CONTACT),
    "thin": (CommunityPolicing(start=0, share=0.25, resourcing=0.3),),
}  # fmt: skip
PURGES = {"none": (), "leaky": (with_dose(PURGE, 0.03),), "full": (with_dose(PURGE, 1.0),)}
BESIDE = {  # what is shown without a verdict: text, unit
    "both_d": ("beside P29: both together", "Cohen d"),
    "full_purge_misconduct_change": ("beside P30: follow-through of 1.0", "relative change"),
    "flagged_share": ("beside P30: officers whom the test flags", "share"),
}


class Row(NamedTuple):
    """A line of the table: a pattern, or what is shown beside one (no id, range or verdict)."""

    id: str
    text: str
    low: float | None
    high: float | None
    value: float  # mean over replicates
    half_width: float  # of its 95 % t interval
    unit: str
    role: str = ""
    passed: bool | None = None


def encounters_of(city: City) -> np.ndarray:
    """This week's encounters: untreated and treated officers x (unfair or corrupt, fair)."""
    held = np.arange(SLOTS) < city.officers.encounters[:, None]
    treated = np.broadcast_to(city.officers.knowledge[:, None] > 0.0, held.shape)[held]
    fair = city.encounters.conduct.reshape(held.shape)[held] == FAIR
    return np.bincount(2 * treated + fair, minlength=4).reshape(2, 2)


def conduct_d(base: Scenario, seed: int) -> dict[str, float]:
    """P24: fair encounters of treated officers and of the others, week by week over the half-year from the course on."""
    run = Simulation(base.with_(weeks=HALF_YEAR, interventions=(with_dose(TRAINING, 0.5),)), seed)
    encounters = np.zeros((2, 2))
    for _ in range(HALF_YEAR):
        run.advance(1)
        encounters += encounters_of(run.city)
    number = encounters.sum(axis=1)
    share = encounters[:, 1] / number
    pooled = np.sqrt((number * share * (1.0 - share)).sum() / (number.sum() - 2.0))
    return {"training_conduct_d": (share[1] - share[0]) / pooled}


def year_of(base: Scenario, seed: int, reforms: tuple) -> tuple[float, float, int]:
    """One arm after a year: mean answer (0-3), standard deviation of answers between adults, crimes."""
    run = Simulation(base.with_(weeks=YEAR, interventions=reforms), seed).run()
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
        "interaction_d": d["both"] - d["contact"] - d["training"], "both_d": d["both"],
    }  # fmt: skip


def misconduct(base: Scenario, seed: int) -> dict[str, float]:
    """P30: misconduct in the second year of a leaky purge and of one in which all the flagged go; the share of the flagged."""
    share = {}
    for name, reforms in PURGES.items():
        counts = Simulation(base.with_(weeks=2 * YEAR, interventions=reforms), seed).run().record.counts[-YEAR:].sum(axis=0)
        share[name] = (counts[Count.CORRUPT_STOPS] + counts[Count.UNFAIR_STOPS]) / counts[Count.STOPS]
    # Everybody is examined in one round, and all the flagged go.
    examined = Simulation(base.with_(weeks=1, interventions=(replace(PURGE, follow_through=1.0, months=1),)), seed)
    before = examined.city.officers.active.sum()
    examined.intervene()
    return {
        "leaky_purge_misconduct_change": share["leaky"] / share["none"] - 1.0,
        "full_purge_misconduct_change": share["full"] / share["none"] - 1.0,
        "flagged_share": 1.0 - examined.city.officers.active.sum() / before,
    }


def measured(base: Scenario, replicates: int, quick: bool) -> dict[str, np.ndarray]:
    """All measures by name, a value a replicate; in threads, since compiled code frees the GIL."""
    warm_up()
    parts = ((conduct_d, base), (trust_and_crime, base), (misconduct, base if quick else of_size(base, 100_000)))
    seeds = [replicate_seed(base.seed, replicate) for replicate in range(replicates)]
    with ThreadPoolExecutor() as executor:
        found = [list(executor.map(part, [scenario] * replicates, seeds)) for part, scenario in parts]
    return {name: np.array([each[name] for each in part]) for part in found for name in part[0]}


def rows(values: dict[str, np.ndarray]) -> list[Row]:
    """A row for each pattern, in order, and then what is shown beside them."""
    known = {pattern.measures[0]: pattern for pattern in patterns().values()}
    made = []
    for name, each in values.items():
        mean, half = interval(each)
        if p := known.get(name):
            made.append(Row(p.id, p.text, p.low, p.high, mean, half, p.unit, p.role, p.verdict(mean)))
        else:
            text, unit = BESIDE[name]
            made.append(Row("", text, None, None, mean, half, unit))
    return sorted(made, key=lambda row: (row.id == "", row.id))


def table(made: list[Row]) -> str:
    """The rows as text."""
    lines = [("id", "pattern", "range", "value", "95 % interval", "unit", "role", "")]
    for row in made:
        bounds = "" if row.low is None else f"{row.low:g} to {row.high:g}"
        ends = f"{row.value - row.half_width:.4f} to {row.value + row.half_width:.4f}"
        verdict = {None: "", True: "pass", False: "FAIL"}[row.passed]
        lines.append((row.id, row.text, bounds, f"{row.value:.4f}", ends, row.unit, row.role, verdict))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    layout = "  ".join(f"{{:{side}{width}}}" for side, width in zip("<<<>><<<", widths, strict=True))
    return "\n".join(layout.format(*line).rstrip() for line in lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--replicates", type=int, help=f"at least 2; {REPLICATES} unless --quick")
    parser.add_argument("--quick", action="store_true", help="two replicates, no large city: verdicts say little")
    parser.add_argument("--out", type=Path, default=Path("out/reform-patterns.json"))
    options = parser.parse_args(arguments)
    replicates = options.replicates if options.replicates is not None else 2 if options.quick else REPLICATES
    if replicates < 2:
        parser.error("--replicates must be 2 or more, since one replicate has no interval.")
    base = load_scenario("national-average")
    values = measured(base, replicates, options.quick)
    print(table(rows(values)))
    facts = {"scenario": "national-average", "seed": base.seed, "replicates": replicates, "quick": options.quick}
    facts |= {"versions": versions(), "sources": fingerprint(), "rows": [row._asdict() for row in rows(values)]}
    facts["values"] = {name: each.tolist() for name, each in values.items()}
    write(options.out, lambda path: path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8"))


if __name__ == "__main__":
    main()
