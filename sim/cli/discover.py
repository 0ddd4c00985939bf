"""What `confianza discover` does: run the sweep if it must, say where a condition holds, write tables and figures."""

from pathlib import Path
from typing import Any

from sim.cli.show import ConsoleTable, amount, console, table, told
from sim.cli.sweep import asked_of, runs_of
from sim.cli.work import placed, saved
from sim.errors import number
from sim.files.writing import check_files, writer
from sim.studies.answers.conditions import condition_of
from sim.studies.answers.discover import check_design, discover
from sim.studies.answers.discoveries import FILES, FOLDER, Discovery

LEAST_P = 0.001  # below it a quasi-p is not written out


def discover_where(given: str, condition: str, week: int | None, out: Path | None, executor: str, workers: int | None) -> None:
    """Look for a box in a study or a store, write tables, print it in words, draw figures and say where."""
    study, store = asked_of(given, out)
    with placed("CONDITION"):
        check_design(study)  # before hours of runs
        asked = condition_of(study, condition, week)
    folder = (out if out and store != out else store / FOLDER) / asked.folder
    check_files(folder, FILES)
    made = runs_of(study, given, store, executor, workers)
    with writer(folder, FILES):
        found = discover(made, condition, week=week)
        written = saved(found, folder, tell)
        from sim.figures.decision import save_discovered  # after the tables, because matplotlib takes long to import

        written += save_discovered(found, folder)
    console().print(f"Written to {folder}: {', '.join(path.name for path in written)}", soft_wrap=True)


def tell(found: Discovery) -> None:
    """The box in words, its restrictions, the second opinion, and what else to know."""
    screen = console()
    screen.print("\n".join(found.sentences), soft_wrap=True, finding=True)
    if found.found:
        screen.print(restrictions(found))
    screen.print(rules(found))
    screen.print("\n".join(told(*found.notes)), soft_wrap=True)


def restrictions(found: Discovery) -> ConsoleTable:
    """How sure each restriction is, and what the box would be without it."""
    right = ("quasi-p", "found again (%)", "cases without it (%)", "coverage without it (%)")
    made = table("restriction", *right, "status", right=right, whole=("restriction",))
    for row in found.box.to_dict("records"):
        p = f"{row['quasi_p']:.3f}" if row["quasi_p"] >= LEAST_P else f"< {LEAST_P}"
        shares = [f"{100 * row[name]:.0f}" for name in ("bootstrap", "density_without", "coverage_without")]
        made.add_row(limits(row), p, *shares, row["status"])
    return made


def limits(row: dict[str, Any]) -> str:
    """Where a factor lies in the box: "conduct.mean <= 0.2"."""
    if row["kept"]:
        return f"{row['factor']}: {row['kept']}"
    low, high = (amount(row[end]).partition(" ±")[0] for end in ("low", "high"))
    return f"{'' if low == '-' else f'{low} <= '}{row['factor']}{'' if high == '-' else f' <= {high}'}"


def rules(found: Discovery) -> ConsoleTable:
    """The leaves of the classification tree."""
    right = ("draws", "cases (%)", "share of all cases (%)")
    made = table("second opinion, by a classification tree", *right, right=right)
    for row in found.tree.itertuples():
        made.add_row(row.rule, number(row.n), f"{100 * row.share:.0f}", f"{100 * row.coverage:.0f}")
    return made
