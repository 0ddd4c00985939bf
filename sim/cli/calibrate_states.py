"""What `confianza calibrate yucatan` and `confianza calibrate states` do: posteriors of states, from the country's calibration."""

import time
from pathlib import Path

import numpy as np

from sim.artifacts.posterior import Posterior, fingerprint, load_posterior, posterior_files
from sim.artifacts.provenance import versions
from sim.artifacts.sources import sources
from sim.calibration.emulators import Emulators
from sim.calibration.layers import load_targets
from sim.calibration.space import Space
from sim.calibration.states import COLUMNS, StatePosterior, fit_states
from sim.calibration.waves import RUNS, Effort, History
from sim.cli.show import ConsoleTable, console, table
from sim.cli.work import writing
from sim.errors import InputError
from sim.files.writing import write
from sim.inputs.scenario import Scenario, load_scenario
from sim.inputs.scenario_files import STATES, shipped_states
from sim.inputs.states import CONSTRUCTS
from sim.studies.answers.sweep import Sweep

NATION = "national-average"
ABOUT = "Draws of what sets a state apart, each beside the draw of the country's posterior with that number; made by confianza calibrate."


def calibrate_states(name: str, out: Path | None) -> None:
    """Make the posterior of a state, or of all (`states`), print what sets them apart, and say where the files are.

    out  the folder of the country's calibration, where they go into a folder of their own; by default out/calibration-national-average
    """
    nation = out or Path("out") / f"calibration-{NATION}"
    if not (nation / f"{NATION}.yaml").is_file():
        raise InputError(
            f"there is no calibration of the country in '{nation}'.", f"Make it first: confianza calibrate {NATION} --out {nation}"
        )
    began = time.perf_counter()
    scenarios = {one: load_scenario(one) for one in (shipped_states() if name == STATES else [name])}
    with writing(nation / STATES, [f"{one}.{ending}" for one in scenarios for ending in ("csv", "yaml")]):
        posterior = load_posterior(nation / f"{NATION}.csv")
        space, emulators = bank_of(nation, posterior)
        found = fit_states(space, emulators, posterior, [str(scenario.state) for scenario in scenarios.values()])
        for one, scenario in scenarios.items():
            state = found[str(scenario.state)]
            write(nation / STATES, files_of(one, scenario, state, nation / f"{NATION}.csv"))
    console().print(effects_of_states(found))
    took = time.perf_counter() - began
    console().print(f"{len(found)} {'states' if len(found) > 1 else 'state'} in {took:.0f} s: posteriors in {nation / STATES}")


def bank_of(folder: Path, posterior: Posterior) -> tuple[Space, Emulators]:
    """The space of a calibration and the emulators that it left in its folder."""
    effort = Effort(**posterior.facts["effort"])
    scenario = Sweep.load(folder / RUNS).study.base
    space = Space(scenario, load_targets(scenario), posterior.facts["seed"])
    return space, History(space, effort, folder).taught()


def files_of(name: str, scenario: Scenario, state: StatePosterior, nation: Path) -> dict[str, str]:
    """NAME.csv and NAME.yaml of a state."""
    figures = {
        construct: {"difference": round(difference, 4), "error": round(error, 4)}
        for construct, (difference, error) in zip(CONSTRUCTS, state.figures.tolist(), strict=True)
    }
    facts = {
        "scenario": name, "about": ABOUT, "extends": nation.stem, "extended_fingerprint": fingerprint(nation),
        "parameters": scenario.parameters, "figures": figures, "draws": len(state.weights),
        "effective_draws": round(float(1.0 / np.sum(state.weights**2)), 1), "source_fingerprint": sources(), "versions": versions(),
    }  # fmt: skip
    return posterior_files(Posterior(name, COLUMNS, state.values, state.weights, facts))


def effects_of_states(found: dict[str, StatePosterior]) -> ConsoleTable:
    """A row a state: mean and standard deviation of what sets it apart."""
    made = table(
        "state", *COLUMNS, "draws", right=(*COLUMNS, "draws"), whole=(*COLUMNS, "draws"), title="log-odds: mean ± standard deviation"
    )
    for name, state in found.items():
        middle = state.weights @ state.values
        spread = np.sqrt(state.weights @ (state.values - middle) ** 2)
        worth = 1.0 / np.sum(state.weights**2)
        made.add_row(name, *(f"{one:+.2f} ± {sd:.2f}" for one, sd in zip(middle, spread, strict=True)), f"{worth:.0f}")
    return made
