"""Do the posteriors of states, which emulators alone have made, meet the states' figures when the model itself is run?

    python experiments/states-checked/check.py [--states yucatan guerrero ...] [--draws 32] [--out out/states-checked]

Runs the same draws of the country's posterior, with the same luck, as the country and as each state, and compares by how much reported
crimes, opened files, good treatment (log-odds) and crime (logarithm) differ with what sets the state apart in 2018-2024. Prints a row for
each state and figure: what was measured and its error, what the state's draws were fitted to (by emulators), what the model gives when run,
its standard error, and how far that misses, in errors of both. 32 states take about ten minutes on two processors.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sim.artifacts.posterior import load_posterior
from sim.calibration.layers import load_targets
from sim.calibration.space import Space
from sim.calibration.state_targets import PATTERNS
from sim.calibration.waves import answers
from sim.inputs.scenario import load_scenario
from sim.inputs.scenario_files import shipped_states
from sim.studies.answers.sweep import sweep

NATION = "national-average"


def answered(place: str, rows: np.ndarray, space: Space, folder: Path) -> np.ndarray:
    """Answers of the model (draws x figures, on the targets' scales) at draws of a place's posterior."""
    posterior = load_posterior(place)
    values = pd.DataFrame(posterior.draws[rows], columns=list(posterior.names)).reindex(columns=space.names, fill_value=0.0)
    made = sweep(space.study(values, 1, name=place), folder / place)
    return np.column_stack([answers(made, target)[:, 0] for target in space.targets])


def compared(states: list[str], draws: int, folder: Path) -> pd.DataFrame:
    """A row for each state and figure."""
    scenario, nation = load_scenario(NATION), load_posterior(NATION)
    known = {target.id: target for target in load_targets(scenario)}
    space = Space(scenario, tuple(known[key] for key in PATTERNS), scenario.seed)
    rows = nation.rows(draws)
    country, found = answered(NATION, rows, space, folder), []
    for state in states:
        apart = answered(state, rows, space, folder) - country
        for place, (construct, figure) in enumerate(load_posterior(state).facts["figures"].items()):
            ran, error = apart[:, place].mean(), apart[:, place].std(ddof=1) / np.sqrt(draws)
            miss = (ran - figure["difference"]) / np.hypot(error, figure["error"])
            found.append((state, construct, figure["difference"], figure["error"], ran, error, miss))
    return pd.DataFrame(found, columns=["state", "figure", "measured", "its_error", "model", "standard_error", "miss"])


def main() -> None:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", nargs="*", default=list(shipped_states()))
    parser.add_argument("--draws", type=int, default=32)
    parser.add_argument("--out", type=Path, default=Path("out") / "states-checked")
    given = parser.parse_args()
    table = compared(given.states, given.draws, given.out)
    print(table.round(2).to_string(index=False))
    for figure, rest in table.groupby("figure", sort=False):
        print(f"{figure}: misses of {rest.miss.std():.2f} on average {rest.miss.mean():+.2f}; {(rest.miss.abs() <= 2).mean():.0%} within 2")


if __name__ == "__main__":
    main()
