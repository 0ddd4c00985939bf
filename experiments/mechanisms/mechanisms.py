"""What each mechanism of the city does to the four reforms: their effects with it, and with its loading at 0.

    python experiments/mechanisms/mechanisms.py [--cities 20]

prints the table of docs/design/0018-the-second-city.md. Effects are of the last 52 of 416 weeks against the same city without reform, in
the mean of paired cities of 20,000 adults at the codebook's values; in brackets the standard error of that mean. Luck alone, no posterior.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from sim.inputs.scenario import CitySize, Scenario
from sim.world.reforms import CivicJustice, CommunityPolicing, Purge, Training
from sim.world.simulation import Simulation
from sim.world.state import Count, Mean

WEEKS, YEAR, ADULTS, SPIN_UP = 416, 52, 20_000, 156
REFORMS = {
    "purge": Purge(start=0),
    "training": Training(start=0, every=104),
    "community policing": CommunityPolicing(start=0),
    "civic justice": CivicJustice(start=0),
}
MECHANISMS = {
    "all at their values": {},
    "places alike": {
        "places.opportunity": 0, "places.offenders": 0, "places.exposure": 0, "places.disposition": 0, "conduct.by_place": 0,
    },
    "no discrimination": {"conduct.by_place": 0, "conduct.by_standing": 0, "conduct.by_record": 0},
    "all report alike": {"reporting.person_sd": 0},
    "all are stopped alike": {"encounter.exposure_log_sd": 0},
    "no neutral contact": {"encounter.neutral_width": 0},
    "one scale of conduct": {"conduct.dials_correlation": 0.99, "training.honesty_share": 1},
    "nobody ages out": {"offending.exit_rate": 0},
    "programs last ten years": {"justice.program_half_life": 520},
    "every offender is known": {"justice.known_share": 1},
    "anybody is diverted": {"justice.youth_age": 100},
    "trends of 2018-2025": {"trust.common_trend": 0.006, "trust.police_trend": 0.01},
}  # fmt: skip


def outcomes(run: Simulation) -> np.ndarray:
    """Mean trust (points of 100), crimes reported (points of 100), crimes per 100,000 adults, bribes (of 100 stops), last 52 weeks."""
    counts, means = run.record.counts[-YEAR:].sum(axis=0), run.record.means[-YEAR:].mean(axis=0)
    crimes, stops = counts[Count.CRIMES], counts[Count.STOPS]
    trust = 50.0 * (means[Mean.FAIRNESS] + means[Mean.EFFECTIVENESS])
    return np.array([trust, 100.0 * counts[Count.REPORTED] / crimes, 1e5 * crimes / ADULTS, 100.0 * counts[Count.CORRUPT_STOPS] / stops])


def effects(values: dict[str, float], seed: int) -> np.ndarray:
    """Of each reform on each outcome, in one city (reforms x outcomes)."""
    anybody = values.get("justice.youth_age")
    scenario = Scenario(
        name="mechanisms", city=CitySize(adults=ADULTS), weeks=WEEKS, spin_up_weeks=SPIN_UP,
        parameters={name: value for name, value in values.items() if name != "justice.youth_age"},
    )  # fmt: skip
    begun = Simulation(scenario, seed)
    without = outcomes(begun.fork().run())
    rows = []
    for reform in REFORMS.values():
        if anybody and isinstance(reform, CivicJustice):
            reform = CivicJustice(start=0, youth_age=anybody)
        run = begun.fork()
        run.adopt(scenario.with_(interventions=(reform,)))
        rows.append(outcomes(run.run()) - without)
    return np.array(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cities", type=int, default=20)
    cities = parser.parse_args().cities
    print("| city | reform | mean trust, points | reported, points | crimes per 100,000 adults | bribes, points of stops |")
    print("| --- | --- | --- | --- | --- | --- |")
    with ProcessPoolExecutor(2) as pool:
        for name, values in MECHANISMS.items():
            found = np.array(list(pool.map(partial(effects, values), range(1, cities + 1))))
            middle, error = found.mean(axis=0), found.std(axis=0, ddof=1) / cities**0.5
            for reform, row, doubt in zip(REFORMS, middle, error, strict=True):
                digits = (2, 2, 0, 1)
                cells = [f"{value:+.{n}f} ({e:.{n}f})" for value, e, n in zip(row, doubt, digits, strict=True)]
                print(f"| {name} | {reform} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
