"""What the command `run` does."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.artifacts.pieces import LITTLE
from sim.artifacts.results import FILES, Results, adapted
from sim.cli import spreads
from sim.cli.show import ConsoleTable, console, note, progress, size, table
from sim.engine.plans import Plan
from sim.engine.running import Execution
from sim.engine.store import SPEED
from sim.errors import InputError, number, number_problem
from sim.files.writing import writer
from sim.inputs.scenario import Scenario, load_scenario
from sim.measures import recorded
from sim.measures.harvest import warm_up
from sim.measures.spread import ENOUGH
from sim.studies.running.runs import RunPlan, run
from sim.world.rng import MOST_REPLICATES

LONG, LARGE = 60.0, 1e9  # seconds and bytes from which on it is said what runs take; sixty and ten times that are asked for
MEMORY = 3e8  # bytes of a program that does nothing yet
RUNS = "runs"  # folder of the stores below that of what was found


def chosen(name: str, seed: int | None, weeks: int | None, settings: list[str]) -> Scenario:
    """The scenario with what the command line changes of it; InputErrors name the option."""
    scenario = load_scenario(name).with_set(settings)
    for option, given in (("seed", seed), ("weeks", weeks)):
        try:
            scenario = adapted(scenario, **{option: given})
        except InputError as error:
            raise error.at(f"--{option}") from None
    return scenario


def check_replicates(replicates: int) -> None:
    """InputError if there would be nothing to run, or too much."""
    if problem := number_problem(replicates, 1, MOST_REPLICATES, True):
        raise InputError(f"{problem}.", "A 5-95 % range needs 20; 20 to 64 are usual.", file="--replicates")


def describe(scenario: Scenario, replicates: int) -> str:
    """What is about to run, in a line or two."""
    size = f"{number(scenario.city.adults)} adults, {scenario.spin_up_weeks} weeks of spin-up and {scenario.weeks} weeks"
    runs = f"{number(replicates)} replicate{'s' if replicates > 1 else ''}"
    question = f"\n{scenario.question}" if scenario.question else ""
    return f"{scenario.name}{question}\n{size}, {runs}, seed {scenario.seed}\n"


def beyond(whole: Scenario, shortened: Scenario) -> str:
    """How many dated changes and reforms a shorter horizon leaves out: "2 dated changes, 1 reform"; empty if none."""
    changes = len(whole.changes) - len(shortened.changes)
    reforms = len(whole.interventions) - len(shortened.interventions)
    counted = {"dated change": changes, "reform": reforms}
    return ", ".join(f"{many} {word}{'s' if many > 1 else ''}" for word, many in counted.items() if many)


@contextmanager
def writing(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Be the one that writes files of these names into a folder. InputErrors as for `writer`, or if the folder holds a sweep."""
    from sim.engine.contents import JOURNAL  # here, for a run needs no store

    if os.path.exists(folder / JOURNAL):
        raise InputError(
            f"'{folder}' holds the runs of a sweep, whose files would be mixed up with these.", "Choose another folder with --out."
        )
    with writer(folder, names):
        yield


class Where(NamedTuple):
    """Where runs are done and what is found is written, as the command line says."""

    out: Path | None
    executor: str
    workers: int | None

    def execution(self, kind: str, progress: Callable[[int], None]) -> Execution:
        """The runs are kept below the folder, so that a command that was stopped goes on where it was."""
        if self.workers is not None and self.workers < 1:
            raise InputError(f"must be a whole number, 1 or more, but is {self.workers}.", file="--workers")
        return Execution(self.out and self.out / RUNS / kind, self.executor, self.workers, progress)


NOWHERE = Where(None, "threads", None)


def ask_first(plan: Plan, where: Where, folder: Path, yes: bool) -> None:
    """Say what many runs take, before anything starts. InputError that asks for --yes if it is a great deal.

    Of time only the order is known: runs of small cities are slower than an adult-week counts, busy machines too. `confianza plan`
    measures it.
    """
    runs, kept = len(plan), plan.kept_bytes()
    workers = where.workers or os.cpu_count() or 1
    seconds = runs * plan.cost(plan.specs(np.zeros(1, int))[0])[1] / SPEED / workers
    disk = 2 * runs * kept  # in the store, and labeled beside it
    if seconds < LONG and disk < LARGE:
        return
    memory = min(runs * kept * 2, LITTLE) + MEMORY
    minutes = max(1, round(seconds / 60))
    took = f"{number(minutes)} minute{'s' * (minutes > 1)} or more" if minutes < 120 else f"{number(round(minutes / 60))} hours or more"
    estimate = f"{number(runs)} runs take {took} with {workers} at a time, up to {size(disk)} on disk and about {size(memory)} of memory"
    note(f"{estimate}.")
    free = shutil.disk_usage(next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())).free
    if disk > free:
        raise InputError(f"{estimate}, but '{folder}' has {size(free)} left.", "Take fewer replicates, or a larger disk with --out.")
    if not yes and (seconds > 60 * LONG or disk > 10 * LARGE):
        raise InputError(f"{estimate}.", "If that is meant, add --yes. What is stopped goes on where it was.", file="--replicates")


def run_scenario(
    name: str, replicates: int, weeks: int | None, seed: int | None, settings: list[str], where: Where, yes: bool = False
) -> None:
    """Run, print the table, write results and figures, and say where."""
    check_replicates(replicates)
    scenario = chosen(name, seed, weeks, settings)
    if left_out := beyond(load_scenario(name).with_set(settings), scenario):
        note(f"Left out, because the run ends after week {scenario.weeks - 1}: {left_out}.")
    folder = where.out or Path("out") / Path(name).stem
    with writing(folder, FILES):
        screen = console()
        screen.print(describe(scenario, replicates))
        ask_first(RunPlan(scenario, replicates), where, folder, yes)
        warm_up()
        began = time.perf_counter()
        with progress(scenario.city.adults) as bar:
            task = bar.add_task("Running", total=replicates * (scenario.spin_up_weeks + scenario.weeks))
            execution = where._replace(out=folder).execution("run", lambda done: bar.advance(task, done))
            results = run(scenario, replicates=replicates, **execution._asdict())
        took = time.perf_counter() - began
        try:
            written = results.save(folder)
        finally:  # what was computed is told even if there is no room for it
            screen.print(summary_table(results))
            screen.print(covers(results.replicates))
            screen.print(virtual_survey(results))
        from sim.figures.series import save_figures  # after the table, because matplotlib takes long to import

        written += save_figures(results, folder)
        adult_weeks = replicates * (scenario.spin_up_weeks + scenario.weeks) * scenario.city.adults
        screen.print(f"\nRan in {took:.1f} s ({adult_weeks / took / 1e6:,.1f} million adult-weeks/s).")
        screen.print(f"Figures and data are in {folder}: {', '.join(path.name for path in written)}")


def summary_table(results: Results) -> ConsoleTable:
    """The summary as people read it; where there is little room, units stand below the names."""
    many, ranged = results.replicates, results.replicates >= ENOUGH
    title = f"mean of {many} replicates" if many > 1 else "one replicate"
    title += "; below it between which values nine of ten of them lie (5-95 %)" if ranged else ""
    few = ("sign", "precision") if 1 < many < ENOUGH else ()  # of the change; with a range both can be read off it
    right = ("first year", "last year", "change", *few)
    made = table("measure", *right, "unit", right=right, whole=("measure",), under={"unit": "measure"}, title=title)
    for measure in recorded().values():
        found = results.spreads(measure.name)
        cells = [
            spreads.mean(each, sign=span == "change") + (f"\n{spreads.reach(each, sign=span == 'change')}" if ranged else "")
            for span, each in found.items()
        ]
        cells += [spreads.signs(found["change"]), spreads.precision(found["change"])] if few else []
        made.add_row(measure.name, *cells, measure.unit)
    return made


def covers(replicates: int) -> str:
    """In a few sentences, what differs between replicates, and what the table says of it."""
    said = "Replicates are one city with these numbers and other luck. What is not known of the numbers does not differ between them."
    if replicates < 2:
        return "One replicate: how much of it is luck cannot be said. It takes 20 to say (--replicates 20)."
    if replicates < ENOUGH:
        said += (
            f" With {replicates} there is no 5-95 % range; it takes {ENOUGH} (--replicates {ENOUGH}). Sign: in how many replicates the "
            "change has the sign of its mean. Precision: half of the 95 % interval of the mean change; more replicates make it smaller."
        )
    return said


def virtual_survey(results: Results) -> str:
    """What one survey of 1,200 adults would have found at the end, beside the truth."""
    data = results.dataset.isel(replicate=0)
    asked, error = float(data.virtual_survey_trusting), float(data.virtual_survey_trusting_error)
    return (
        f"A survey of 1,200 adults at the end of the first replicate would find {100 * asked:.1f} % trusting "
        f"(95 % interval ± {196 * error:.1f} points)."
    )
