"""The command line. Nothing heavy is imported before it is needed, so that `--help` answers at once."""

import atexit
import gc
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli import options, verbs
from sim.cli.common import Verb, Verbs, language_of
from sim.cli.manner import MANNER
from sim.cli.outlets import flush, outlets
from sim.cli.show import in_words
from sim.errors import InputError, Interrupted
from sim.files.writing import one_command

INTERRUPTED = 130  # the exit code of programs that Ctrl-C ended
MISUSED: Any = typer.BadParameter.__mro__[1]  # the class of all that Typer finds wrong, whichever version of it is there
GARBAGE = 200_000  # objects between collections of garbage

app = typer.Typer(cls=Verbs, invoke_without_command=True, pretty_exceptions_enable=False)

ScenarioName = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A shipped scenario (confianza explain scenarios) or the path of a file.",
        autocompletion=verbs.scenarios_beginning,
    ),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Another value: topic.name, city.key or spin_up_weeks. Repeatable.")
]
Seed = Annotated[int | None, options.asked(options.seed, "Root seed, instead of the scenario's.")]


@app.command()
def run(
    scenario: ScenarioName,
    replicates: Annotated[int, options.asked(options.replicates, "How many runs, each with other luck.", show_default=True)] = 8,
    weeks: Annotated[int | None, options.asked(options.weeks, "Weeks after the spin-up, instead of the scenario's.")] = None,
    seed: Seed = None,
    settings: Settings = None,
    measures: Annotated[
        list[str] | None,
        typer.Option(
            "--measure", metavar="NAME", help="Also a measure that takes a panel or an experiment (explain measures). Repeatable."
        ),
    ] = None,
    out: Annotated[Path | None, options.given("Folder for figures and data; by default out/SCENARIO.")] = None,
    executor: verbs.Runs = "threads",
    workers: verbs.Workers = None,
    figures: Annotated[bool, typer.Option("--figures", help="Also draw trust.png, ledger.png, reporting.png and map.png.")] = False,
    yes: verbs.Yes = False,
) -> None:
    """Run a scenario: a table of what changed and labeled data, and figures if asked for."""
    from sim.cli.work import Where, run_scenario

    run_scenario(scenario, replicates, weeks, seed, settings or [], measures or [], Where(out, executor, workers), figures, yes)


@app.command()
def compare(
    study: verbs.StudyFile,
    replicates: Annotated[int | None, options.asked(options.replicates, "Replicates of every arm, instead of the study's.")] = None,
    weeks: verbs.Weeks = None,
    seed: verbs.Seed = None,
    out: Annotated[Path | None, options.given("Folder for figures and data; by default out/STUDY.")] = None,
    executor: verbs.Runs = "threads",
    workers: verbs.Workers = None,
    yes: verbs.Yes = False,
) -> None:
    """Compare reforms with the same luck: paired effects with intervals, why trust moved, who gains, what it costs."""
    from sim.cli.compare import compare_arms
    from sim.cli.work import Where

    compare_arms(study, replicates, weeks, seed, Where(out, executor, workers), yes)


@app.command()
def validate(
    scenario: ScenarioName,
    posterior: Annotated[
        str | None,
        options.given(
            "Draws of parameters; by default the posterior that comes with the scenario. none: the codebook's values.",
            metavar="NAME|FILE|none",
        ),
    ] = None,
    draws: Annotated[int | None, options.asked(options.draws, "How many draws of the posterior; 48 unless told.")] = None,
    replicates: Annotated[
        int | None, options.asked(options.replicates, "Without a posterior: how many runs; the patterns are defined for 20.")
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
    out: Annotated[Path | None, options.given("Folder for validation.json, which a report shows.")] = None,
    page: Annotated[
        Path | None,
        options.given("Markdown file, with figures: also other years and places, and mechanisms switched off. For national-average."),
    ] = None,
    executor: verbs.Runs = "threads",
    workers: verbs.Workers = None,
) -> None:
    """Measure every pattern over the draws of a posterior, and say which pass and what failures mean."""
    from sim.cli.validate import validate_scenario
    from sim.cli.work import Where

    asked: dict[str, Any] = {"posterior": posterior, "draws": draws, "replicates": replicates, "seed": seed, "settings": settings}
    validate_scenario(scenario, **asked, page=page, where=Where(out, executor, workers))


@app.command()
def report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of results, of whatever verb wrote it.")],
    out: Annotated[Path | None, options.given("File to write; by default report.html and report.es.html in the folder.")] = None,
) -> None:
    """Write one self-contained HTML page in the language of --lang: the answer, tables, figures, assumptions and how to reproduce it."""
    from sim.cli.show import console
    from sim.report import write_report

    written, *others = write_report(results, MANNER.lang, out)
    console().print(f"The report is {written}", soft_wrap=True)
    for other in others:
        console().print(f"In the other language: {other}", soft_wrap=True)


@app.command()
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A scenario or study file, or the name of a shipped scenario.")],
) -> None:
    """Check a scenario or study file without running it."""
    from sim.cli.check import check_file

    check_file(file)


@app.command()
def explain(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A kind of thing, to list all of it, or one thing by its name. Without it: the kinds.")
    ] = "",
) -> None:
    """Explain a parameter, measure, reform, scenario, study, source or term, list all of a kind, or say which kinds there are."""
    from sim.cli.explain import explain_name

    explain_name(name)


@app.command()
def trial(
    study: Annotated[
        str, typer.Argument(metavar="TRIAL", help="The path of a trial file, or a shipped trial.", autocompletion=verbs.studies_beginning)
    ],
    replicates: Annotated[int | None, options.asked(options.replicates, "How many times, instead of the file's number.")] = None,
    seed: Annotated[int | None, options.asked(options.seed, "Root seed, instead of the file's.")] = None,
    out: Annotated[Path | None, options.given("Folder for figures and data; by default out/ and its name.")] = None,
    executor: verbs.Runs = "threads",
    workers: verbs.Workers = None,
) -> None:
    """Do a virtual field trial: what evaluators would find, bias from spillover, power and minimal detectable effect."""
    from sim.cli.trial import try_out
    from sim.cli.work import Where

    try_out(study, replicates, seed, Where(out, executor, workers))


@app.callback()
def nothing_asked(ctx: typer.Context) -> None:
    """Confianza: trust between police and citizens, simulated; reforms compared with the same luck."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


verbs.register(app)
for each in app.registered_commands:
    each.cls = Verb


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Exit code 2, and one clear message on standard error, if something that was written cannot be used."""
    gc.set_threshold(GARBAGE)  # what is imported stays: looking for garbage in it, now and at the end, took a quarter of a short run
    atexit.register(gc.freeze)
    words = sys.argv[1:] if arguments is None else arguments
    MANNER.begin(language_of(words))
    with outlets(), one_command():
        try:
            try:
                code = app(words, prog_name="confianza", standalone_mode=False) or 0
                if MANNER.json and (document := MANNER.document()):
                    print(document)
            finally:
                flush()
        except MISUSED as error:
            told = error.ctx.command_path if error.ctx else f"confianza {MANNER.verb}".strip()
            code = refuse(InputError(error.format_message().rstrip(".") + ".", f"How it is used: {told} --help"))
        except InputError as error:
            code = refuse(error)
        except Interrupted as stop:
            print(f"{str(stop)[:1].upper()}{str(stop)[1:]}", file=sys.stderr)
            code = INTERRUPTED
    MANNER.begin()  # who calls this from a program of their own finds it as it was
    sys.exit(code)


def refuse(error: InputError) -> int:
    """Say what cannot be used, in the language asked for; the exit code."""
    print(in_words(error), file=sys.stderr)
    return 2
