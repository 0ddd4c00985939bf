"""What `confianza sweep` and `plan` do: run a study at the points of its design, show how far it is, and say what was found."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from sim.cli.compare import chosen, heading
from sim.cli.headlines import headline, of_sweep
from sim.cli.show import ConsoleTable, amount, bars, console, remark, size, table, told
from sim.cli.work import span
from sim.errors import InputError, counted, number
from sim.measures.harvest import warm_up
from sim.methods.indices.noise import responses
from sim.studies.answers.sweep import Sweep, sweep
from sim.studies.design.designs import kind_of
from sim.studies.design.draws import beliefs
from sim.studies.design.limits import unit_of
from sim.studies.design.study import Study
from sim.studies.running.store import SweepStore
from sim.style.commands import command

ROUNDING = 1e-12  # of a mean: standard deviations that are none


class RunRate(ProgressColumn):
    """Runs a minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:,.0f} runs/min", style="cyan", no_wrap=True)


@contextmanager
def running(total: int, done: int = 0) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error (nothing if that is no terminal) for so many runs, some of which are done already."""
    warm_up()
    with bars("Running", BarColumn(), MofNCompleteColumn(), RunRate(), "left", TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=total, completed=done)
        yield lambda runs: bar.advance(task, runs)


def wanted(study: Study, replicates: int | None = None) -> int:
    """Runs of a study, with its own number of replicates or another one."""
    return len(study.points()) * len(study.sweep_arms()) * (replicates or study.most)


def outline(study: Study) -> str:
    """What is about to run, in a few lines."""
    base, design, arms, most = study.base, study.points(), list(study.sweep_arms()), study.most
    points = len(design)
    size = f"{base.name}: {span(base)}, seed {base.seed}"
    factors = f"{counted(len(study.factors()), 'factor')}, " if study.factors() else ""
    upto = "up to " if study.rule else ""
    many = f"{many_points(points, design.checks)} x {counted(len(arms), 'arm')} ({', '.join(arms)}) x {upto}{counted(most, 'replicate')}"
    from_posterior = "".join(f"{said}\n" for said in (beliefs_of(study), *told(*study.doubts)) if said)
    named = "\n".join(heading(study))
    return f"{named}\n{size}\n{factors}{many} = {upto}{counted(points * len(arms) * most, 'run')}\n{from_posterior}"


def many_points(points: int, validation: int) -> str:
    """How many points a design has, and how many of them are there to try what is learned from the others.

    >>> many_points(1127, 103)
    '1,127 points (103 of them for validation)'
    """
    return counted(points, "point") + (f" ({number(validation)} of them for validation)" if validation else "")


def beliefs_of(study: Study) -> str:
    """In a sentence, which factors vary as a posterior has it; empty if none does."""
    joint = study.design is not None and kind_of(study.design) == "draws"
    return beliefs(study.posterior, study.factors(), joint=joint)


def asked_of(given: str, out: Path | None) -> tuple[Study, Path]:
    """The study of a verb that takes a study file or a store, and the folder of its runs."""
    if Path(given).is_dir():
        return Sweep.load(given).study, Path(given)
    return chosen(given, None, None, None), out or Path("out") / Path(given).stem


def runs_of(study: Study, given: str, store: Path, executor: str, workers: int | None) -> Sweep:
    """All runs of a study file, or those that a store has; what is missing or has failed is said, and left out."""
    console().print(outline(study))
    made = Sweep.load(given) if Path(given).is_dir() else swept(study, given, store, executor, workers)
    status = made.store.status()
    if status.missing:
        remark(f"{number(status.missing)} of {number(status.wanted)} runs are not there yet; go on with {command('resume', store)}")
    if status.failed:
        remark(f"{number(status.failed)} runs failed; they are left out. Run them again with {command('retry', store)}")
    return made


def swept(study: Study, path: str, folder: Path, executor: str, workers: int | None) -> Sweep:
    """Run what is not there yet. InputErrors about the study name its file."""
    with running(wanted(study), done_in(folder)) as progress:
        try:
            return sweep(study, folder, executor=executor, workers=workers, progress=progress)
        except InputError as error:
            raise error if error.file or not error.path else error.at(path) from None


def done_in(folder: Path) -> int:
    """Runs that a folder has already."""
    store = SweepStore(folder)
    return store.status().kept if store.exists() else 0


def sweep_study(
    path: str, out: Path | None, executor: str, workers: int | None, replicates: int | None, weeks: int | None, seed: int | None
) -> None:
    """Sweep, print what was found, and say how to go on."""
    study = chosen(path, replicates, weeks, seed)
    folder = out or Path("out") / Path(path).stem
    screen = console()
    screen.print(outline(study))
    made = swept(study, path, folder, executor, workers)
    tell(made)


def tell(made: Sweep) -> None:
    """What the runs of a sweep say, what failed, and how to go on."""
    screen, folder, study = console(), made.store.folder, made.study
    first, arms = study.measures[0], [arm for arm in study.sweep_arms() if arm != study.vs]
    values = {arm: np.nanmean(found, axis=1) for arm in arms if np.isfinite(found := made.values(f"effect:{arm}:{first}")).any()}
    if values:
        headline(of_sweep({arm: each[np.isfinite(each)] for arm, each in values.items()}, first, study.at[-1]))
    screen.print(
        f"Week {made.study.at[-1]}: level of {made.study.vs}, and effects of the other arms compared with it; mean and standard deviation "
        f"over {counted(len(made.points), 'point')}: how far these differ, not how exactly a mean is known.\n"
        "above 0: share of points; luck: share of the differences between single runs"
    )
    screen.print(found_table(made))
    if failed := len(made.store.failures()):
        runs = f"{number(failed)} run{'s' if failed > 1 else ''} failed"
        screen.print(f"{runs} and left out above; why: {command('status', folder)}; run again: {command('retry', folder)}")
    screen.print(f"Runs are in {folder}. Go on with:")
    steps = {command("export", folder, "runs.csv"): "all runs as a table", command("status", folder): "what is there"}
    if made.study.factors():
        steps = {command("sensitivity", folder): "which factors matter", **steps}
    for step, what in steps.items():
        screen.print(f"  {step:{max(map(len, steps))}}  {what}", soft_wrap=True)


def found_table(made: Sweep) -> ConsoleTable:
    """For each arm and measure: mean and spread over points, how often it is positive, and how much of the differences is luck."""
    study = made.study
    right = ("mean", "sd", "above 0", "luck")
    found = table("arm", "measure", *right, "unit", right=right, whole=("arm", "measure"), under={"unit": "measure"})
    for arm in study.sweep_arms():
        for place, measure in enumerate(study.measures):
            kind = "level" if arm == study.vs else "effect"
            cells = numbers(made.values(f"{kind}:{arm}:{measure}"), effect=kind == "effect")
            found.add_row(arm if place == 0 else "", measure, *cells, unit_of(measure))
        found.add_section()
    return found


def numbers(values: np.ndarray, *, effect: bool) -> list[str]:
    """Mean, spread, share above 0 and share of luck of an output (points x replicates), as text; "-" where nothing is known."""
    if not np.isfinite(values).any():
        return ["-", "-", "-", "-"]
    found = responses(values)
    mean, sd = float(found.mean.mean()), float(found.mean.std(ddof=1)) if len(found.mean) > 1 else float("nan")
    above = f"{100 * float((found.mean > 0).mean()):.0f} %" if effect else ""
    luck = "-"
    if found.variance is not None and found.noise is not None and len(found.mean) > 1:
        signal = max(0.0, sd**2 - found.noise)
        luck = f"{100 * found.variance / (found.variance + signal):.0f} %" if found.variance + signal > 0 else "-"
    error = sd / len(found.mean) ** 0.5  # of the mean, for its digits
    return [amount(mean, error, sign=effect).partition(" ±")[0], "none" if sd <= ROUNDING * abs(mean) else amount(sd), above, luck]


def plan_study(path: str, executor: str, workers: int | None, folder: Path | None) -> None:
    """Say what a study takes, from a few pilot runs, and what its answers will tell."""
    from sim.cli.outlook import outlook
    from sim.studies.running.planning import plan

    study = chosen(path, None, None, None)
    screen = console()
    screen.print(outline(study))
    if said := outlook(study):
        screen.print(f"{said}\n")
    remark("Pilot runs ...")
    made = plan(study, executor=executor, workers=workers, folder=folder or Path("out") / Path(path).stem)
    screen.print(f"{number(made.runs)} runs take {made.minutes} with {made.workers} at a time (timed: {made.pilots} pilot runs).")
    if made.failed:
        screen.print(f"{made.failed} of the pilot runs failed; they will be records of the study, not its end.")
    screen.print(f"On disk: at most about {size(made.bytes)}; free there: {size(made.free)}.")
