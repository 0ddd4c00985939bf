"""What `confianza calibrate` does: run the waves, print what the targets told and what they left open, write the posterior."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sim.calibration.calibrate import DRAWS, Calibrator
from sim.calibration.coverage import CoverageTest
from sim.calibration.layers import Layered, layered
from sim.calibration.pace import Pace, tried
from sim.calibration.result import FILES, TELLING, Calibration
from sim.calibration.space import Space
from sim.calibration.structures import STRUCTURES
from sim.calibration.targets import Target
from sim.calibration.waves import ALONE, LEAST_RUNS, RUNS, Effort, read_points
from sim.cli.calibrate_states import calibrate_states
from sim.cli.coverage import cover, files_of
from sim.cli.headlines import headline
from sim.cli.show import ConsoleTable, amount, console, remark, table, told
from sim.cli.sweep import done_in, running
from sim.cli.work import chosen, saved, writing
from sim.errors import InputError, counted, number
from sim.inputs.patterns import patterns
from sim.inputs.scenario import Scenario
from sim.inputs.scenario_files import STATES, shipped_states
from sim.methods import UNVALIDATED
from sim.style import note
from sim.style.commands import in_yaml

SHOWN = 15  # parameters in the table; all are in parameters.csv


def calibrate_scenario(
    name: str, targets: list[str], runs: int | None, minutes: float | None, seed: int | None, settings: list[str],
    out: Path | None, points: Path | None, cities: int, workers: int | None,
) -> None:  # fmt: skip
    """Calibrate, or with `cities` test the coverage; print tables, write everything and say where."""
    told = targets or runs or minutes or seed is not None or settings or points or cities
    if name == STATES and told:
        raise InputError("the posteriors of states come from the country's calibration.", f"Give --out alone: confianza calibrate {STATES}")
    if name == STATES or (name in shipped_states() and not told):
        return calibrate_states(name, out)  # told more, a state is a place as any other
    scenario = chosen(name, seed, None, settings)
    place = Path(name).stem
    layers = layered(scenario, listed(targets) or None)
    known = layers.targets
    folder = out or Path("out") / f"calibration-{place}"
    posteriors = (place, *(f"{place}-without-{one}" for one in STRUCTURES))
    made = (*FILES, *(f"{one}.{ending}" for one in posteriors for ending in ("csv", "yaml")))
    with writing(folder, files_of(place) if cities else made):
        remark("Pilot runs ...")
        pace = tried(Space(scenario, known, scenario.seed), workers)
        effort = chosen_effort(runs, minutes, pace)
        calibrator = Calibrator(place, scenario, known, folder, effort, tell=remark, workers=workers)
        if points:
            calibrator.points = read_points(points, calibrator.space.names, effort)
        console().print(outline(scenario, known, calibrator))
        console().print(layers_table(layers))
        for key, (target, layer, why) in layers.withdrawn.items():
            console().print(f"{layer} withdraws {key} of {target.layer}: {why}")
        console().print(f"{lasting(pace, effort, CoverageTest(calibrator, cities) if cities else None)}\n")
        if cities:
            cover(calibrator, cities)
        else:
            calibrated(calibrator)


def listed(given: list[str]) -> list[str]:
    """Layers as the option has them: given again and again, or with commas between them."""
    return [layer.strip() for one in given for layer in ([one] if Path(one).is_file() else one.split(","))]


def calibrated(calibrator: Calibrator) -> None:
    """Calibrate, write the posterior and tables, print them, draw figures, and say where."""
    effort, folder = calibrator.effort, calibrator.folder
    total = effort.runs + effort.apart(effort.waves)
    with running(total, sum(done_in(folder / store) for store in (RUNS, ALONE, DRAWS))) as progress:
        calibrator.progress = progress
        made = calibrator.run()
    written = saved(made, folder, tell)
    from sim.figures.calibration import save_figures  # after the tables, because matplotlib takes long to import

    written += save_figures(made, calibrator.space.factors, folder)
    screen = console()
    screen.print(f"The posterior, tables and figures are in {folder}: {', '.join(path.name for path in written)}")
    screen.print(
        f"A study varies it with vary: {{posterior: {in_yaml(folder / f'{made.name}.csv')}}} and design: {{draws: 64}}", soft_wrap=True
    )


def chosen_effort(runs: int | None, minutes: float | None, pace: Pace) -> Effort:
    """How much to run: so many runs, or as many as fit into the minutes with all else. InputError if too few do."""
    if runs is not None and minutes is not None:
        raise InputError("give --runs or --minutes, not both.")
    if minutes is None:
        return Effort() if runs is None else Effort.of(runs)
    fitting = [each for each in range(LEAST_RUNS, Effort().runs, LEAST_RUNS // 10) if sum(pace.seconds(Effort.of(each))) <= 60.0 * minutes]
    if not fitting:
        least = sum(pace.seconds(Effort.of(LEAST_RUNS))) / 60.0
        remedy = f"The least that tells something takes {counted(math.ceil(least), 'minute')} on this machine as it is now."
        raise InputError(f"{number(minutes)} minutes are too few here.", remedy, file="--minutes")
    return Effort() if sum(pace.seconds(Effort())) <= 60.0 * minutes else Effort.of(fitting[-1])


def lasting(pace: Pace, effort: Effort, test: CoverageTest | None = None) -> str:
    """How long it takes, in words; a test with all its cities."""
    lived, thinking = pace.seconds(effort)
    if test:
        lived += test.runs * pace.run * test.longer
    whole, runs = (max(1, round(each / 60.0)) for each in (lived + thinking, lived))
    here = f"It takes about {counted(whole, 'minute')} on this machine as it is now: {number(runs)} for runs"
    return f"{here}, the rest for emulators and chains. What is there already is not run again."


def unconverged(facts: Mapping[str, Any]) -> str:
    """What it means that a posterior has not converged, and how long it would take; empty if it has."""
    if facts.get("converged", True):
        return ""
    steps, needs = facts["steps"], facts["needs_steps"]
    return (
        f"It is saved as not converged (converged: false), and no study takes it unless its file is named. Its chains made {number(steps)} "
        f"steps each; about {number(needs)} would do, {needs / steps:.2g} times as many. More runs (--runs) make their way smoother."
    )


def outline(scenario: Scenario, targets: tuple[Target, ...], calibrator: Calibrator) -> str:
    """What is about to run."""
    effort, factors = calibrator.effort, len(calibrator.space.factors)
    return (
        f"{scenario.name}: {factors} uncertain parameters, {len(targets)} targets ({', '.join(target.id for target in targets)})\n"
        f"{number(scenario.city.adults)} adults, seed {scenario.seed}; {effort.waves} waves and {effort.draws} draws of the posterior, "
        f"{number(effort.runs)} runs, and {effort.apart(effort.waves)} experiments on peers\n"
    )


def layers_table(layers: Layered) -> ConsoleTable:
    """A row a target: of which layer it is, and what of earlier ones it replaces."""
    under = {"unit": "measured"}
    shown = table("id", "measure", "measured", "unit", "layer", "instead of", right=("measured",), whole=("id", "measured"), under=under)
    for target in layers.targets:
        before = ", then ".join(f"{amount(one.value, one.sd)} ({one.layer})" for one in layers.replaced.get(target.id, ()))
        shown.add_row(target.id, target.measure, amount(target.value, target.sd), patterns()[target.id].unit, target.layer, before)
    return shown


def tell(made: Calibration) -> None:
    """What the targets told of the parameters, how they are met, and what they cannot tell apart."""
    screen = console()
    far = made.targets.sort_values("misfit", key=abs).iloc[-1]
    top, main = made.parameters.iloc[0], made.structures.sort_values("weight").iloc[-1]
    met, many = int((made.targets.misfit.abs() <= 1).sum()), len(made.targets)
    headline(note("headline_targets", met=met, many=many, name=far.pattern, misfit=far.misfit))
    screen.print("Targets: what was measured, and what the posterior answers (median, 90 % interval; misfit in tolerances)")
    screen.print(targets_table(made))
    headline(note("headline_learned", name=top.parameter, share=round(100 * top.contraction)))
    screen.print("Parameters of which the targets tell most (contraction: by how much the prior's spread has shrunk)")
    screen.print(parameters_table(made.parameters))
    rest = made.parameters.iloc[SHOWN:]
    contested = made.parameters[(made.parameters.status == "contested") & (made.parameters.contraction <= TELLING)].parameter
    informed = int((made.parameters.contraction > TELLING).sum())
    screen.print(f"Of {informed} of {len(made.parameters)} parameters the targets tell something (contraction above {TELLING:.0%}).")
    screen.print(f"{len(rest)} more are in parameters.csv. Contested and left open: {', '.join(contested) or 'none'}")
    for row in made.pairs.head(8).itertuples():
        screen.print(f"Hard to tell apart: {row.one} and {row.other} (correlation {row.correlation:+.2f})")
    headline(note("headline_structure", name=main.structure, share=round(100 * main.weight)))
    screen.print("Structures: the whole model, and worlds without one of its mechanisms (weight if all were equally likely before)")
    screen.print(structures_table(made.structures))
    screen.print("\n".join([repr(made), *told(*made.posterior.doubts), unconverged(made.facts)]).rstrip() + "\n")


def targets_table(made: Calibration) -> ConsoleTable:
    """A row a target."""
    right = ("measured", "posterior", "90 %", "misfit", f"Q2, {UNVALIDATED}")
    shown = table("id", "measure", *right, "unit", right=right, whole=("id", "measure"), under={"unit": "measure"})
    for row in made.targets.itertuples():
        low, middle, high = (amount(value, row.tolerance).partition(" ±")[0] for value in (row.low, row.posterior, row.high))
        cells = (amount(row.value, row.tolerance), middle, f"{low} to {high}", f"{row.misfit:+.1f}", f"{row.q2:.2f}")
        shown.add_row(row.pattern, row.measure, *cells, patterns()[row.pattern].unit)
    return shown


def parameters_table(parameters: pd.DataFrame) -> ConsoleTable:
    """The parameters of which most was learned."""
    right = ("contraction", "prior", "posterior", "90 %")
    under = {"status": "parameter", "unit": "parameter"}
    shown = table("parameter", "status", *right, "unit", right=right, whole=("parameter", "status"), under=under)
    for row in parameters.head(SHOWN).itertuples():
        spread = f"{row.low:.3g} to {row.high:.3g}"
        shown.add_row(row.parameter, row.status, f"{row.contraction:.0%}", f"{row.prior:.3g}", f"{row.posterior:.3g}", spread, row.unit)
    return shown


def structures_table(structures: pd.DataFrame) -> ConsoleTable:
    """A row a structure: its evidence and weight, and the target that it misses most."""
    right = ("log evidence", "weight", "draws are worth", "misfit")
    shown = table("structure", *right[:3], "misses most", right[3], right=right, whole=("structure",))
    for row in structures.itertuples():
        evidence = f"{row.log_evidence:.1f} ± {row.error:.1f}"
        shown.add_row(row.structure, evidence, f"{row.weight:.0%}", f"{row.effective_draws:.0f}", row.worst, f"{row.misfit:+.1f}")
    return shown
