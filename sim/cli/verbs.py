"""The verbs of studies with many points: `sweep`, `sensitivity`, `plan`, and the life of a store. Nothing heavy is imported here."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli import options
from sim.cli.kit import kit


def scenarios_beginning(incomplete: str) -> list[str]:
    """Shipped scenarios and states, for a shell to complete."""
    from sim.inputs.scenario_files import shipped_scenarios, shipped_states

    return [name for name in (*shipped_scenarios(), *shipped_states()) if name.startswith(incomplete)]


def studies_beginning(incomplete: str) -> list[str]:
    """Shipped studies and trials, for a shell to complete."""
    from sim.inputs.scenario_files import shipped_studies

    return [name for name in shipped_studies() if name.startswith(incomplete)]


StudyFile = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="The path of a study file, or a shipped study (confianza explain studies).", autocompletion=studies_beginning
    ),
]
StudyOrStore = Annotated[
    str, typer.Argument(metavar="STUDY|STORE", help="A study, or a folder that confianza sweep wrote.", autocompletion=studies_beginning)
]
StoreFolder = Annotated[Path, typer.Argument(metavar="STORE", help="A folder that confianza sweep wrote.")]
Runs = Annotated[
    str, typer.Option("--executor", metavar="NAME", help="Where runs are done: threads, processes or dask://HOST:PORT (a cluster).")
]
Workers = Annotated[int | None, options.asked(options.workers, "Runs at the same time; by default one a processor.")]
Anew = Annotated[bool, typer.Option("--anew", help="Run everything again if the model's source has changed.")]
Replicates = Annotated[int | None, options.asked(options.replicates, "Replicates of every point and arm, instead of the study's.")]
Weeks = Annotated[int | None, options.asked(options.weeks, "Weeks after the spin-up, instead of the study's.")]
Seed = Annotated[int | None, options.asked(options.seed, "Root seed, instead of the study's.")]
Yes = Annotated[bool, typer.Option("--yes", help="Start even if it takes very long or very much disk.")]
Week = Annotated[int | None, options.asked(options.week, "Week at whose end outputs are read; by default the last.")]


def out_of(made: str) -> Any:
    """The option for the folder of a verb that takes a study or a store."""
    return options.given(f"Of a study: folder for the runs (out/STUDY). Of a store: folder for {made}.")


def sweep(
    study: StudyFile,
    out: Annotated[Path | None, options.given("Folder for the runs; by default out/STUDY.")] = None,
    executor: Runs = "threads",
    workers: Workers = None,
    replicates: Replicates = None,
    weeks: Weeks = None,
    seed: Seed = None,
) -> None:
    """Run a study at every point of its design, into a folder that can be resumed, extended and analyzed."""
    from sim.cli.sweep import sweep_study

    sweep_study(study, out, executor, workers, replicates, weeks, seed)


def sensitivity(
    study: StudyOrStore,
    of: Annotated[
        list[str] | None,
        options.given(
            "effect:ARM:MEASURE, level:ARM:MEASURE or MEASURE. Repeatable; by default every arm's effect on the first two measures.",
            metavar="OUTPUT",
        ),
    ] = None,
    method: Annotated[
        str | None,
        options.given(
            "emulator, delta or pawn for any design; sobol, morris, efast or oat for their own. By default what suits the design.",
            metavar="NAME",
        ),
    ] = None,
    week: Week = None,
    out: Annotated[Path | None, out_of("tables (STORE/sensitivity)")] = None,
    executor: Runs = "threads",
    workers: Workers = None,
) -> None:
    """Say which factors matter for what a study finds, with intervals; runs the sweep first if it is not there."""
    from sim.cli.sensitivity import sensitivity_of

    sensitivity_of(study, of or [], method, week, out, executor, workers)


def decide(
    study: StudyOrStore,
    value: Annotated[
        list[str] | None,
        options.given(
            "Units of benefit for a unit of a measure's effect. Repeatable; by default what the study says, or mean_trust=100.",
            metavar="MEASURE=WEIGHT",
        ),
    ] = None,
    pay: Annotated[
        tuple[float, float] | None,
        options.asked(
            options.money, "From what to what a unit of benefit may be worth, thousand pesos, in the whole city.", metavar="LOW HIGH"
        ),
    ] = None,
    budget: Annotated[float | None, options.asked(options.money, "Thousand pesos: arms that cost more on average are no choice.")] = None,
    week: Week = None,
    out: Annotated[Path | None, out_of("decision/ and discovery/ (STORE)")] = None,
    executor: Runs = "threads",
    workers: Workers = None,
) -> None:
    """Say which option is best, how sure that is, where each fails and what to find out first; runs the sweep first if it is not there."""
    from sim.cli.decide import decide_on

    decide_on(study, value or [], pay, budget, week, out, executor, workers)


def plan(
    study: StudyFile,
    out: Annotated[Path | None, options.given("Folder for the runs, whose disk is looked at.")] = None,
    executor: Runs = "threads",
    workers: Workers = None,
) -> None:
    """Say how many runs a study has, how long they take (from a few pilot runs) and how much disk, before anything starts."""
    from sim.cli.sweep import plan_study

    plan_study(study, executor, workers, out)


def status(
    store: StoreFolder,
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and compare it with its fingerprint.")] = False,
) -> None:
    """Say what a store holds, what is missing, and what failed and why. Exit code 1 if a file is damaged."""
    from sim.cli.stores import show_status

    show_status(store, verify)


def resume(store: StoreFolder, executor: Runs = "threads", workers: Workers = None, anew: Anew = False) -> None:
    """Run what a store still lacks."""
    from sim.cli.stores import resume_store

    resume_store(store, executor, workers, anew)


def retry(store: StoreFolder, executor: Runs = "threads", workers: Workers = None) -> None:
    """Run again what failed."""
    from sim.cli.stores import retry_store

    retry_store(store, executor, workers)


def extend(
    store: StoreFolder,
    points: Annotated[int | None, options.asked(options.points, "The number of a larger design of the same kind.")] = None,
    replicates: Annotated[int | None, options.asked(options.replicates, "Replicates of every point and arm.")] = None,
    study: Annotated[str | None, options.given("A study file with more arms, measures or points.")] = None,
    executor: Runs = "threads",
    workers: Workers = None,
    anew: Anew = False,
) -> None:
    """Add points, replicates or arms to a store, and run only what is not there yet."""
    from sim.cli.stores import extend_store

    extend_store(store, points, replicates, study, executor, workers, anew)


def export(
    store: StoreFolder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; its ending says the format: .csv, .parquet or .nc.")],
    series: Annotated[bool, typer.Option("--series", help="The weekly series instead of the measures.")] = False,
) -> None:
    """Write all runs of a store to one file, with what varies."""
    from sim.cli.stores import export_store

    export_store(store, file, series)


def schema(of: Annotated[str, typer.Argument(metavar="scenario|study", help="Which kind of file.")] = "study") -> None:
    """Print the JSON schema of scenario or study files, for editors."""
    from sim.cli.stores import print_schema

    print_schema(of)


def new(
    kind: Annotated[str, typer.Argument(metavar="scenario|study", help="What to write.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write, as my-city.yaml; one that is there is never replaced.")],
) -> None:
    """Write a scenario or a study to start from: short, valid, every line explained."""
    from sim.cli.new import write_new

    write_new(kind, file)


def calibrate(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped scenario, the path of a file, or: states")],
    targets: Annotated[
        list[str] | None,
        options.given("Layers of what is known: national, state, shipped ones, files (on top of the scenario's).", metavar="LAYERS"),
    ] = None,
    runs: Annotated[int | None, options.asked(options.runs, "About how many runs; 16,640 unless given.")] = None,
    minutes: Annotated[float | None, options.asked(options.minutes, "At most about so many minutes, instead of --runs.")] = None,
    seed: Annotated[int | None, options.asked(options.seed, "Root seed, instead of the scenario's.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Another value: topic.name, city.key or spin_up_weeks.")
    ] = None,
    out: Annotated[Path | None, options.given("Folder; by default out/calibration-SCENARIO.")] = None,
    points: Annotated[
        Path | None, options.given("Run at the points of another calibration (its points.parquet): the same bits.", metavar="FILE")
    ] = None,
    coverage: Annotated[
        int, options.asked(options.cities, "Instead, test it on so many cities whose truth is known.", metavar="CITIES", show_default=True)
    ] = 0,
    workers: Workers = None,
) -> None:
    """Find which values of the uncertain parameters agree with what is known of a place; resumes what was stopped.

    A state's come from the country's calibration, in --out, within two minutes; states: all 32.
    """
    from sim.cli.calibrate import calibrate_scenario

    calibrate_scenario(scenario, targets or [], runs, minutes, seed, settings or [], out, points, coverage, workers)


def evidence(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped scenario that has a posterior.")] = "national-average",
    runs: Annotated[int | None, options.asked(options.reruns, "Cities in which trials are run again; 1,024 unless given.")] = None,
    out: Annotated[Path | None, options.given("Folder; by default out/evidence-SCENARIO.")] = None,
    workers: Workers = None,
) -> None:
    """Run the trials of the evidence base again in a city, fit reforms to them, and show what trials found beside the model."""
    from sim.cli.evidence import tell_evidence

    tell_evidence(scenario, runs, out, workers)


def view(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped scenario, or the path of a file.")] = "national-average",
    out: Annotated[
        Path | None, options.given("Only write the page, into this file; by default out/SCENARIO.html, and it is opened.")
    ] = None,
) -> None:
    """Watch a city live in the browser: one HTML file, which needs no server, network or installation and can be mailed."""
    from sim.cli.manner import MANNER
    from sim.cli.view import view_scenario

    view_scenario(scenario, MANNER.lang, out)


def discover(
    study: StudyOrStore,
    condition: Annotated[
        str, typer.Argument(metavar="CONDITION", help='In quotation marks: "effect:ARM:MEASURE < 0" or "level:ARM:MEASURE >= 45000".')
    ],
    week: Week = None,
    out: Annotated[Path | None, out_of("tables (STORE/discovery)")] = None,
    executor: Runs = "threads",
    workers: Workers = None,
) -> None:
    """Say where, in the space of what varies, a condition holds: as where a reform fails; runs the sweep first if it is not there."""
    from sim.cli.discover import discover_where

    discover_where(study, condition, week, out, executor, workers)


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    kept = (plan, status, resume, retry, extend, export, schema, new)
    for verb in (sweep, sensitivity, decide, calibrate, evidence, *kept, view, kit, discover):
        app.command()(verb)
