"""What `confianza sensitivity` does: run the sweep if it must, say which factors matter for what, write tables and figures."""

from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn

from sim.cli.headlines import headline, of_factors
from sim.cli.show import ConsoleTable, amount, bars, console, table, told
from sim.cli.sweep import asked_of, beliefs_of, runs_of
from sim.cli.work import saved
from sim.errors import number
from sim.files.writing import check_files, writer
from sim.studies.answers.findings import FIGURES, FILES, FOLDER, Analysis, Finding
from sim.studies.answers.sensitivity import analyze, default_outputs, method_for, output_of
from sim.studies.answers.sweep import Sweep
from sim.style.commands import command

NAMED = 3  # factors in a headline
SHOWN = 10  # factors in a table; all are in indices.csv
# method: column of the table of indices, what it is called, what it is multiplied with
COLUMNS: dict[str, tuple[tuple[str, str, float], ...]] = {
    **dict.fromkeys(("emulator", "sobol", "efast"), (("first", "alone (%)", 100.0), ("total", "alone or with others (%)", 100.0))),
    "morris": (("mu_star", "size of an elementary effect", 1.0), ("sigma", "its spread", 1.0)),
    "delta": (("delta", "delta", 1.0), ("first", "alone (%)", 100.0)),
    "pawn": (("median", "distance, median", 1.0), ("inert", "of a factor that does nothing", 1.0)),
    "oat": (("low", "output at the low end", 1.0), ("high", "at the high end", 1.0), ("change", "change", 1.0)),
}


def sensitivity_of(
    given: str, of: list[str], method: str | None, week: int | None, out: Path | None, executor: str, workers: int | None
) -> None:
    """Analyze a study or a store, write tables, print one for each output, draw figures and say where."""
    study, store = asked_of(given, out)
    chosen_method = method_for(study, method)  # before hours of runs
    outputs = [output_of(study, name, week) for name in of or default_outputs(study)]
    folder = out if out and store != out else store / FOLDER
    names = (*FILES, *(f"{output.folder}/{name}.png" for output in outputs for name in FIGURES))
    check_files(folder, names)
    made = runs_of(study, given, store, executor, workers)
    with writer(folder, names):
        analysis = analyzed(made, [output.of for output in outputs], chosen_method, week)
        written = saved(analysis, folder, tell)
        from sim.figures.sensitivity import save_figures  # after the tables, because matplotlib takes long to import

        figures = save_figures(analysis, folder)
    screen = console()
    screen.print(f"Tables and {len(figures)} figures are in {folder}: {', '.join(path.name for path in written)}")
    screen.print(f"A page with all of it: {command('report', folder)}", soft_wrap=True)


def analyzed(made: Sweep, names: list[str], method: str, week: int | None) -> Analysis:
    """The analysis, with a progress bar."""
    with bars("Analyzing", BarColumn(), MofNCompleteColumn()) as bar:
        task = bar.add_task("", total=len(names))
        return analyze(made, names, method=method, week=week, progress=lambda: bar.advance(task))


def tell(analysis: Analysis) -> None:
    """A table for each output, or why there is none."""
    screen = console()
    if said := beliefs_of(analysis.study):
        screen.print(f"{said}\n")
    for finding in analysis.findings:
        found = finding.sensitivity
        screen.print(heading(finding))
        if finding.spoke:
            headline(of_factors(finding.output.text, [strongest(finding, row) for row in finding.ranked().head(NAMED).to_dict("records")]))
            screen.print(indices_table(analysis, finding))
        screen.print("\n".join([*told(*found.remarks), ""]))


def heading(finding: Finding) -> str:
    """The output, its mean and how far points differ, how good the emulator is and how much is luck."""
    found, output = finding.sensitivity, finding.output
    mean = amount(found.mean, found.sd, sign=not output.level).partition(" ±")[0]
    named = f"{output.text} ({output.unit}), week {output.week}, {found.method}"
    if finding.same:
        return f"{named}\n{mean if found.mean else 0} at all {number(found.points)} points"
    facts = [f"mean {mean}; between {number(found.points)} points a standard deviation of {amount(found.sd)}"]
    if found.q2 is not None:
        facts.append(
            f"the emulator predicts {100 * max(found.q2, 0):.0f} % of it at points it has not seen (Q2 {found.q2:.2f}, {found.judged})"
        )
    if found.noise_share is not None:
        facts.append(f"luck is {100 * found.noise_share:.0f} % of the differences between single runs")
    if found.noise_share_of_mean is not None and found.replicates > 1:
        facts.append(f"{100 * found.noise_share_of_mean:.0f} % of those between means of {found.replicates}")
    return f"{named}\n{'; '.join(facts)}"


def strongest(finding: Finding, row: dict[str, Any]) -> str:
    """A factor, with its share of the differences if the method tells one."""
    return f"{row['factor']} ({100 * row['total']:.0f} %)" if "total" in row else str(row["factor"])


def indices_table(analysis: Analysis, finding: Finding) -> ConsoleTable:
    """The most important factors with their indices and intervals; from an emulator, what they do to the output."""
    method, ranked, swings = finding.sensitivity.method, finding.ranked(), finding.swings().set_index("factor")
    columns = COLUMNS[method]
    moves = ("low to high",) if len(swings) and method != "oat" else ()
    right = (*(title for _, title, _ in columns), *moves)
    made = table("factor", *right, "what it is", right=right, whole=("factor",), under={"what it is": "factor"})
    for row in ranked.head(SHOWN).to_dict("records"):
        name = row["factor"]
        cells = [with_interval(row, column, scale) for column, _, scale in columns]
        if moves:
            known = name in swings.index
            swing = float(swings.high[name] - swings.low[name]) if known else float("nan")
            cells.append(amount(swing, finding.sensitivity.sd / 10, sign=True).partition(" ±")[0])
        made.add_row(name, *cells, analysis.meanings.get(name, "a group of factors"))
    if len(ranked) > SHOWN:
        made.caption = f"{len(ranked) - SHOWN} more in indices.csv"
    return made


def with_interval(row: dict[str, Any], column: str, scale: float) -> str:
    """An index with its precision, if it has one: "34.1 (30.2 to 38.0)"."""

    def shown(name: str) -> str:
        return f"{scale * row[name]:.1f}" if scale != 1.0 else f"{row[name]:.3g}"

    ends = [shown(f"{column}_{end}") for end in ("low", "high") if f"{column}_{end}" in row]
    if not ends or {*ends} == {shown(column)}:  # nothing, and as sure as can be shown
        return shown(column)
    return f"{shown(column)} ({ends[0]} to {ends[1]})"
