"""What the verbs of a store do: `status`, `resume`, `retry`, `extend`, `export`; and `schema`."""

import json
from pathlib import Path

import typer

from sim.cli.explain import show
from sim.cli.show import console, remark, size, table
from sim.cli.sweep import many_points, running, tell, wanted
from sim.cli.work import RUNS
from sim.engine.contents import JOURNAL, Status
from sim.engine.journal import KIND
from sim.engine.store import Store
from sim.errors import InputError, counted, did_you_mean, number, shown
from sim.studies.answers.sweep import Sweep, grown
from sim.studies.design.study_files import load_study
from sim.studies.running.runs import ComparisonStore, RunStore
from sim.studies.running.store import SweepStore
from sim.style.commands import command
from sim.trials.trial import TrialStore
from sim.validation.jobs import JobStore

FAILURES = 10  # shown


STORES: tuple[type[Store], ...] = (SweepStore, RunStore, ComparisonStore, TrialStore, JobStore)


def opened(folder: Path) -> Store:
    """The store in a folder, or in that of what was found, whatever its kind. InputError if there is none."""
    inside = sorted(path.parent for path in (folder / RUNS).glob(f"*/{JOURNAL}"))
    place = inside[0] if inside and not (folder / JOURNAL).exists() else folder
    kinds = {stores.plans.kind: stores for stores in STORES}
    kind = Store.kind_in(place)
    if kind not in kinds:
        raise KIND.damaged(place / JOURNAL, f"its plan is of a kind that is not known, {shown(kind)}")
    return kinds[kind].open(place)


def show_status(folder: Path, verify: bool) -> None:
    """What a store holds. Exit code 1 if something in it is damaged."""
    store = opened(folder)
    batch = store.batch
    facts, status, screen = store.plan_of(batch).facts, store.status(verify=verify), console()
    again = command("resume", folder) if store.kind == "sweep" else "the command that made them, again"
    missing = f"; {number(status.missing)} to go: {again}" if status.missing else ""
    failed = f"; {number(status.failed)} failed" if status.failed else ""
    checks = store.plan_of(batch).points.checks if isinstance(store, SweepStore) else 0
    points, arms = many_points(status.points, checks), ", ".join(status.arms)
    whole = "every file is as it was written" if verify else "files have the right sizes; --verify reads them"
    show([
        ("study", facts["title"]),
        ("question", facts["question"]),
        ("runs", f"{number(status.kept)} of {number(status.wanted)} kept{failed}{missing}"),
        ("of", f"{points}, {counted(len(status.arms), 'arm')} ({arms}), {counted(status.replicates, 'replicate')}"),
        ("kept in", f"{counted(status.shards, 'shard')}, {size(status.bytes)}; {whole if not status.problems else 'DAMAGED'}"),
        ("code", code_of(status)),
    ])  # fmt: skip
    failures = store.failures()
    if len(failures):
        found = table("point", "arm", "replicate", "error", right=("point", "replicate"), whole=("arm",), title="failed runs")
        for row in failures.head(FAILURES).to_dict("records"):
            found.add_row(str(row["point"]), row["arm"], str(row["replicate"]), row["error"])
        screen.print(found)
        more = f"{len(failures) - FAILURES} more. " if len(failures) > FAILURES else ""
        screen.print(
            f"{more}What varied and where it failed: Sweep.load({str(folder)!r}).store.failures(). Run again: {command('retry', folder)}"
        )
    for problem in status.problems:
        remark(problem)
    if status.problems:
        remark(f"Run what is lost again: {again}")
        raise typer.Exit(1)


def code_of(status: Status) -> str:
    """Whether a store can be gone on with, in words."""
    if status.changed:
        return "has changed since: what is here can be read, but not added to (see resume --anew)"
    return f"unchanged; made with {status.elsewhere}, and this environment makes the same bits" if status.elsewhere else "unchanged"


def standing(made: Sweep) -> Status:
    """Where a sweep stands that is about to go on; a note if it was made elsewhere and comes out the same here."""
    status = made.status()
    if status.elsewhere and not status.changed:
        remark(f"Made with {status.elsewhere}; this environment makes the same bits, so its runs go on here.")
    return status


def resume_store(folder: Path, executor: str, workers: int | None, anew: bool) -> None:
    """Run what is missing."""
    made = Sweep.load(folder)
    status = standing(made)
    with running(wanted(made.study), 0 if anew and status.changed else status.kept) as progress:
        made.resume(executor=executor, workers=workers, progress=progress, anew=anew)
    tell(made)


def retry_store(folder: Path, executor: str, workers: int | None) -> None:
    """Run again what failed."""
    made = Sweep.load(folder)
    with running(wanted(made.study), standing(made).kept) as progress:
        made.retry(executor=executor, workers=workers, progress=progress)
    tell(made)


def extend_store(
    folder: Path, points: int | None, replicates: int | None, path: str | None, executor: str, workers: int | None, anew: bool
) -> None:
    """Run what is new."""
    made = Sweep.load(folder)
    study = load_study(path) if path else None
    wider = grown(made.study, points) if points or (study is None and replicates is None) else study or made.study
    if points is None and replicates is None and study is None and wider == made.study:
        raise InputError("nothing is asked for.", "Say --points N, --replicates N or --study FILE.")
    with running(wanted(wider, replicates), standing(made).kept) as progress:
        made.extend(points=points, replicates=replicates, study=study, executor=executor, workers=workers, progress=progress, anew=anew)
    tell(made)


def export_store(folder: Path, file: Path, series: bool) -> None:
    """Write all runs to one file."""
    written = Sweep.load(folder).export(file, series=series)
    console().print(f"{written}: {size(written.stat().st_size)}", soft_wrap=True)


def print_schema(kind: str) -> None:
    """The JSON schema of a kind of file."""
    from sim.inputs.scenario_schema import json_schema
    from sim.studies.design.schema import study_schema

    kinds = {"scenario": json_schema, "study": study_schema}
    if kind not in kinds:
        hint = did_you_mean(kind, kinds)
        raise InputError(f"there is no schema of '{kind[:100]}'.", f"{hint}There is one of a scenario and one of a study.")
    print(json.dumps(kinds[kind](), indent=1, ensure_ascii=False))
