"""What the command `run` does."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from sim.artifacts.artifact import Artifact
from sim.artifacts.pieces import LITTLE
from sim.artifacts.results import FIGURES, FILES, Results, adapted
from sim.cli import spreads
from sim.cli.headlines import headline, of_run
from sim.cli.show import ConsoleTable, console, keep_tables, progress, remark, size, table, told
from sim.engine.plans import Plan, RunSpec
from sim.engine.running import Execution
from sim.engine.store import SPEED
from sim.errors import InputError, counted, number, number_problem
from sim.files.writing import write, writer
from sim.inputs.scenario import Scenario, load_scenario
from sim.measures import YEAR, years_apart
from sim.measures.harvest import warm_up
from sim.measures.spread import ENOUGH, spread
from sim.measures.voice_measures import VOICE_MEASURES, heard_last
from sim.studies.design.limits import measures_of
from sim.studies.running.runs import RunPlan, run
from sim.style import note
from sim.style.commands import command
from sim.world.rng import MOST_REPLICATES

LONG, LARGE = 60.0, 1e9  # seconds and bytes from which on it is said what runs take; sixty and ten times that are asked for
MEMORY = 3e8  # bytes of a program that does nothing yet
T = TypeVar("T")
A = TypeVar("A", bound=Artifact)
RUNS = "runs"  # folder of the stores below that of what was found


def chosen(name: str, seed: int | None, weeks: int | None, settings: list[str]) -> Scenario:
    """The scenario with what the command line changes of it; InputErrors name the option."""
    return changed(load_scenario(name).with_set(settings), adapted, seed=seed, weeks=weeks)


def changed(made: T, change: Callable[..., T], **options: int | None) -> T:
    """Something with what options of the command line change of it; InputErrors name the option."""
    for option, given in options.items():
        if given is not None:
            with placed(f"--{option}"):
                made = change(made, **{option: given})
    return made


@contextmanager
def placed(place: str) -> Iterator[None]:
    """InputErrors that name no file name this option or file."""
    try:
        yield
    except InputError as error:
        raise error if error.file else error.at(place) from None


def check_replicates(replicates: int) -> None:
    """InputError if there would be nothing to run, or too much."""
    if problem := number_problem(replicates, 1, MOST_REPLICATES, True):
        raise InputError(f"{problem}.", "A 5-95 % range needs 20; 20 to 64 are usual.", file="--replicates")


def describe(scenario: Scenario, replicates: int) -> str:
    """What is about to run, in a line or two."""
    question = f"\n{scenario.question}" if scenario.question else ""
    return f"{scenario.name}{question}\n{span(scenario)}, {counted(replicates, 'replicate')}, seed {scenario.seed}\n"


def span(scenario: Scenario) -> str:
    """How many live there, and for how long."""
    adults, weeks = counted(scenario.city.adults, "adult"), counted(scenario.weeks, "week")
    return f"{adults}, {counted(scenario.spin_up_weeks, 'week')} of spin-up and {weeks}"


def beyond(whole: Scenario, shortened: Scenario) -> str:
    """How many dated changes and reforms a shorter horizon leaves out: "2 dated changes, 1 reform"; empty if none."""
    changes = len(whole.changes) - len(shortened.changes)
    reforms = len(whole.interventions) - len(shortened.interventions)
    return ", ".join(counted(many, word) for word, many in {"dated change": changes, "reform": reforms}.items() if many)


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
        return Execution(self.out and self.out / RUNS / kind, self.executor, self.workers, progress)


def saved(found: A, folder: Path, tell: Callable[[A], None]) -> list[Path]:
    """Write what was found into a folder, and tell it even if there is no room for it."""
    keep_tables(found, found.TABLES)
    try:
        return found.save(folder)
    finally:
        tell(found)


NOWHERE = Where(None, "threads", None)


class Work(NamedTuple):
    """Runs that are done, told, written and drawn.

    kind     of the store below the folder
    doing    the word before the progress bar
    adults   of a city
    weeks    that are simulated in all
    figures  the module of `sim.figures` that draws what was found; "": none
    """

    kind: str
    doing: str
    adults: int
    weeks: int
    figures: str

    def done(self, where: Where, make: Callable[[Execution], A], tell: Callable[[A], None]) -> None:
        """Do them with a progress bar, write what was found into the folder, print it, draw its figures, and say where all is."""
        assert where.out
        warm_up()
        began = time.perf_counter()
        with progress(self.adults) as bar:
            task = bar.add_task(self.doing, total=self.weeks)
            found = make(where.execution(self.kind, lambda weeks: bar.advance(task, weeks)))
        took = time.perf_counter() - began
        written = saved(found, where.out, tell)
        if self.figures:
            drawing = import_module(f"sim.figures.{self.figures}")  # now, because matplotlib takes long to import
            written += drawing.save_figures(found, where.out)
        console().print(f"\nRan in {took:.1f} s.")
        what = "Figures and data" if self.figures else "Data"
        console().print(f"{what} are in {where.out}: {', '.join(file.name for file in written)}")


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
    remark(f"{estimate}.")
    free = shutil.disk_usage(next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())).free
    if disk > free:
        raise InputError(f"{estimate}, but '{folder}' has {size(free)} left.", "Take fewer replicates, or a larger disk with --out.")
    if not yes and (seconds > 60 * LONG or disk > 10 * LARGE):
        raise InputError(f"{estimate}.", "If that is meant, add --yes. What is stopped goes on where it was.", file="--replicates")


def run_scenario(
    name: str, replicates: int, weeks: int | None, seed: int | None, settings: list[str], asked: list[str], where: Where,
    figures: bool, yes: bool,
) -> None:  # fmt: skip
    """Run, print the table, write results and, if asked for, figures, and say where. Figures of another run do not stay beside them."""
    check_replicates(replicates)
    scenario = chosen(name, seed, weeks, settings)
    with placed("--measure"):
        measures = measures_of(asked, scenario.weeks)
    if left_out := beyond(load_scenario(name).with_set(settings), scenario):
        remark(f"Left out, because the run ends after week {scenario.weeks - 1}: {left_out}.")

    def make(execution: Execution) -> Results:
        return run(scenario, replicates=replicates, measures=measures, **execution._asdict())

    def tell(results: Results) -> None:
        headline(of_run(results))
        said = covers(results.replicates, years_apart(results.arrays))
        for each in (summary_table(results), said, virtual_survey(results), *voices_table(results)):
            console().print(each)

    plan = RunPlan(scenario, replicates, measures)
    folder = where.out or Path("out") / Path(name).stem
    with writing(folder, FILES):
        console().print(describe(scenario, replicates))
        ask_first(plan, where, folder, yes)
        weeks_in_all = replicates * plan.cost(RunSpec(0, "", 0))[0]
        work = Work("run", "Running", scenario.city.adults, weeks_in_all, "series" if figures else "")
        work.done(where._replace(out=folder), make, tell)
        if not figures:
            write(folder, {}, gone=FIGURES)
            console().print(f"Figures are drawn with --figures, or in a page: {command('report', folder)}", soft_wrap=True)


def summary_table(results: Results) -> ConsoleTable:
    """The summary as people read it; where there is little room, units stand below the names."""
    many, ranged = results.replicates, results.replicates >= ENOUGH
    title = f"middle of {many} replicates" if many > 1 else "one replicate"
    title += "; below it between which values nine of ten of them lie (5-95 %)" if ranged else ""
    apart = years_apart(results.arrays)
    weeks = int(results.arrays.week[-1]) + 1
    spans = ("first year", "last year") if weeks > YEAR else (counted(weeks, "week"),)
    if len(spans) > 1 and not apart:
        title += f"\nthe first and the last year overlap, so there is no change between them: that takes {2 * YEAR} weeks"
    few = ("sign", "precision") if 1 < many < ENOUGH and apart else ()  # of the change; with a range both can be read off it
    right = (*spans, *(["change"] if apart else []), *few)
    made = table("measure", *right, "unit", right=right, whole=("measure",), under={"unit": "measure"}, title=title)
    for measure in results.measures.values():
        if measure.name in VOICE_MEASURES:  # in a table of their own
            continue
        found = results.spreads(measure.name)
        cells = [
            spreads.middle(each, sign=span == "change") + (f"\n{spreads.reach(each, sign=span == 'change')}" if ranged else "")
            for span, each in found.items()
            if (apart or span != "change") and (len(spans) > 1 or span != "first_year")
        ]
        cells += [spreads.signs(found["change"]), spreads.precision(found["change"])] if few else []
        made.add_row(measure.name, *cells, measure.unit)
    return made


def covers(replicates: int, change: bool = True) -> str:
    """In a few sentences, what differs between replicates, and what the table says of it and, if there is one, of a change."""
    if replicates < 2:
        return told(note("run_once", enough=ENOUGH))[0]
    few = replicates < ENOUGH
    said = [note("run_covers"), *([note("run_few", many=replicates, enough=ENOUGH)] if few else [])]
    said += [note("run_change"), *([note("run_sign")] if few else [])] if change else []
    return " ".join(told(*said))


def virtual_survey(results: Results) -> str:
    """What one survey of 1,200 adults would have found at the end, beside the truth."""
    found = (results.arrays.variables[name].values for name in ("virtual_survey_trusting", "virtual_survey_trusting_error"))
    asked, error = (float(each[0]) for each in found)
    return (
        f"A survey of 1,200 adults at the end of the first replicate would find {100 * asked:.1f} % trusting "
        f"(95 % interval ± {196 * error:.1f} points)."
    )


def voices_table(results: Results) -> list[ConsoleTable]:
    """What samples of those who had to do with the police, and of officers, answer at the last survey; none if there was none."""
    if not (heard := heard_last(results.arrays)):
        return []
    week = int(results.arrays.variables["survey_week"].values[-1])
    title = f"voices: what samples answer in week {week}, and the standard error of one"
    made = table("asked", "persons", "answer", "error", "unit", right=("persons", "answer", "error"), whole=("asked",), title=title)
    for name, found in heard.items():
        answer = f"{spread(found.answers).middle:z.3f}" if found.asked else "nobody to ask"
        made.add_row(name, str(found.asked), answer, f"{found.error:.3f}" if found.error == found.error else "-", VOICE_MEASURES[name].unit)
    return [made]
