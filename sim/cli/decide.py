"""What `confianza decide` does: run the sweep if it must, say which option is best and where each fails, write tables and figures."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sim.cli.discover import limits
from sim.cli.show import ConsoleTable, amount, console, table
from sim.cli.sweep import asked_of, runs_of
from sim.errors import InputError, number
from sim.files.writing import check_files, writer
from sim.measures import own
from sim.studies.answers.conditions import condition_of
from sim.studies.answers.decide import check, decide
from sim.studies.answers.decision import FILES, FOLDER, Decision, turning
from sim.studies.answers.discover import discover
from sim.studies.answers.discoveries import FOLDER as DISCOVERED
from sim.studies.answers.discoveries import Discovery
from sim.studies.answers.sweep import Sweep
from sim.studies.design.study import Study
from sim.style.commands import command

SHOWN = 8  # numbers worth knowing in a table; all are in evppi.csv
PERMUTATIONS, RESAMPLES = 39, 50  # fewer than by default, because several conditions are looked into
FEW, MOST = 0.05, 0.95  # shares of the draws in which an arm fails between which it is asked where
Wanted = dict[str, Any]  # value, pay, budget and week as they are asked for; None: what the study says


def decide_on(
    given: str,
    value: list[str],
    pay: tuple[float, float] | None,
    budget: float | None,
    week: int | None,
    out: Path | None,
    executor: str,
    workers: int | None,
) -> None:
    """Decide on a study or a store, write tables, print the answer, draw figures and say where."""
    study, store = asked_of(given, out)
    wanted = wishes(study, value, pay, budget, week)  # before hours of runs
    folder = out or store
    check_files(folder / FOLDER, FILES)
    made = runs_of(study, given, store, executor, workers)
    with writer(folder / FOLDER, FILES):
        with steps() as done:
            decision = decide(made, **wanted)
            decision.save(folder / FOLDER)  # at once: the search for where arms fail takes longer
            done()
            found = places(made, failing(decision), decision.week, done)
        try:
            written = save(decision, found, folder)
        finally:  # what was computed is told even if there is no room for it
            tell(decision, found)
        draw(decision, found, folder, written)


def wishes(study: Study, value: list[str], pay: tuple[float, float] | None, budget: float | None, week: int | None) -> Wanted:
    """What the options ask for. InputErrors name the option."""
    wanted: Wanted = {"value": weights(value), "pay": pay, "budget": budget, "week": week}
    try:
        check(study, **wanted)
    except InputError as error:
        option = str(error.path[0]) if error.path else None
        raise error.at(f"--{option}") if option in wanted and wanted[option] is not None and not error.file else error from None
    return wanted


def weights(given: list[str]) -> dict[str, float] | None:
    """Weights by measure from MEASURE=WEIGHT, repeated; None if there are none."""
    made = {}
    for text in given:
        name, _, weight = (part.strip() for part in text.partition("="))
        try:
            made[name] = float(weight)
        except ValueError:
            raise InputError(f"'{text[:100]}' is no weight.", "Write --value mean_trust=100", file="--value") from None
    return made or None


@contextmanager
def steps() -> Iterator[Callable[[], None]]:
    """How long it has taken and how many parts are done, on standard error; nothing if that is no terminal."""
    screen = Console(stderr=True)
    columns = (TextColumn("Deciding:"), TextColumn("{task.completed} parts done,"), TimeElapsedColumn())
    with Progress(SpinnerColumn(), *columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda: bar.advance(task)


def failing(decision: Decision) -> list[str]:
    """Conditions under which arms move the first measure of value the wrong way; none of an arm that hardly ever or nearly always does."""
    measure, weight = next(iter(decision.value.items()))
    rows = decision.effects[decision.effects.measure == measure]
    wrong = rows.share_below_0 if weight > 0 else 1 - rows.share_below_0
    sign = "<" if weight > 0 else ">"
    return [f"effect:{arm}:{measure} {sign} 0" for arm in rows.arm[(wrong >= FEW) & (wrong <= MOST)]]


def places(sweep: Sweep, conditions: list[str], week: int, done: Callable[[], None]) -> list[Discovery]:
    """Where each condition holds; side by side in processes, because the search is a loop in Python that threads would not speed up."""
    workers = min(len(conditions), os.cpu_count() or 1)
    if workers < 2 or own.texts():  # other processes do not know code of one's own
        found = []
        for condition in conditions:
            found.append(place_of(str(sweep.store.folder), condition, week))
            done()
        return found
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(place_of, str(sweep.store.folder), condition, week) for condition in conditions]
        for future in waiting:
            future.add_done_callback(lambda _: done())
        return [future.result() for future in waiting]


def place_of(folder: str, condition: str, week: int) -> Discovery:
    """Where one condition holds among the runs of a store."""
    return discover(Sweep.load(folder), condition, week=week, permutations=PERMUTATIONS, resamples=RESAMPLES)


def tell(decision: Decision, found: list[Discovery]) -> None:
    """The choice, the options, what to find out, what the choice hangs on, where arms fail, and what else to know."""
    screen = console()
    screen.print(recommendation(decision), soft_wrap=True)
    screen.print(options(decision))
    screen.print(knowing(decision))
    screen.print(hangs_on(decision), soft_wrap=True)
    for one in found:
        screen.print(place(one), soft_wrap=True)
    screen.print("\n".join(["", *map(str, decision.notes)]), soft_wrap=True)


def recommendation(decision: Decision) -> str:
    """The best option in the middle of the range, how sure it is, and what doubt costs."""
    row = decision.at().set_index("arm").loc[decision.recommended]
    middle = decision.shown[1]
    everything = decision.evpi.loc[(decision.evpi.pay - middle).abs().idxmin()]
    share = " to ".join(f"{100 * row[f'probability_best_{end}']:.0f}" for end in ("low", "high"))
    ends = " to ".join(number(round(float(end))) for end in (decision.pay[0], decision.pay[-1]))
    return (
        f"Best on average if a {decision.unit} is worth {whole(middle)} thousand pesos (asked: {ends}): {decision.recommended}, "
        f"which is the best in {100 * row.probability_best:.0f} of 100 draws ({share}).\n"
        f"To know all uncertain numbers before choosing would be worth {whole(everything.evpi)} thousand pesos "
        f"({whole(everything.low)} to {whole(everything.high)})."
    )


def whole(value: float) -> str:
    """An amount, without decimals if it is large."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def options(decision: Decision) -> ConsoleTable:
    """Each option with its gain and cost, and how it does at three worths of a unit."""
    known, middle = decision.table.set_index("arm"), decision.at()
    right = ("gain", "extra cost", "per unit", "best (%)", "loss")
    made = table("option", *right, "outdone by", right=right, whole=("option", "outdone by"))
    shares = [decision.at(pay).set_index("arm").probability_best for pay in decision.shown]
    for arm, loss in zip(middle.arm, middle.expected_loss, strict=True):
        best = " / ".join(f"{100 * share[arm]:.0f}" for share in shares)
        if arm not in known.index:
            made.add_row(arm, "0", "0", "-", best, whole(loss), "")
            continue
        row = known.loc[arm].to_dict()
        price = whole(row["per_unit"]) if row["per_unit"] > 0 else "-"
        halves = [amount(row[name], (row[f"{name}_high"] - row[f"{name}_low"]) / 2) for name in ("benefit", "cost")]
        made.add_row(arm, *halves, price, best, whole(loss), row["dominated_by"])
    pays = " / ".join(whole(pay) for pay in decision.shown)
    made.caption = (
        f"gain: in units of one {decision.unit}, with its cost per unit; costs and losses: thousand pesos\n"
        "±: precision of the mean over draws (95 %), not the range over possible cities\n"
        f"best: in so many of 100 draws if a unit is worth {pays}; loss: expected, at {whole(decision.shown[1])}"
    )
    return made


def knowing(decision: Decision) -> ConsoleTable | str:
    """What it is worth to know single numbers and topics; a sentence if nothing was found."""
    rows = decision.evppi[np.isclose(decision.evppi.pay, decision.shown[1])]
    rows = rows[rows.evppi > 0].sort_values("evppi", ascending=False)
    if not len(rows):
        return "No single number or topic is worth knowing by itself, as far as these runs can tell."
    right = ("worth knowing", "precision (95 %)")
    made = table("number or topic", *right, "kind", "status", right=right, whole=("number or topic",))
    for row in rows.head(SHOWN).to_dict("records"):
        made.add_row(row["name"], whole(row["evppi"]), f"{whole(row['low'])} to {whole(row['high'])}", row["kind"], row["status"])
    return made


def hangs_on(decision: Decision) -> str:
    """With which contested numbers the best option differs."""
    rows = turning(decision)
    if not len(rows):
        return "No contested number varies."
    turns = rows[rows.turns]
    if not len(turns):
        return f"The best option is the same in all thirds of {len(rows)} contested numbers and levers."
    said = "; ".join(f"{row.factor} (low {row.low_arm}, middle {row.middle_arm}, high {row.high_arm})" for row in turns.itertuples())
    return f"The best option differs between thirds of {len(turns)} of {len(rows)} contested numbers and levers: {said}."


def place(found: Discovery) -> str:
    """Where an arm fails, in a line."""
    if not found.found:
        return f"{found.condition}: {100 * found.share:.0f} of 100 draws, anywhere. {found.refused}"
    rules = " and ".join(limits(row) for row in found.box.to_dict("records"))
    return f"{found.condition}: {100 * found.share:.0f} of 100 draws, but {100 * found.density:.0f} of 100 where {rules}"


def save(decision: Decision, found: list[Discovery], folder: Path) -> list[Path]:
    """Save the decision and the discoveries; the paths of the decision's files."""
    for one in found:
        one.save(of(one, folder))
    return decision.save(folder / FOLDER)


def of(found: Discovery, folder: Path) -> Path:
    """The folder of a discovery."""
    return folder / DISCOVERED / condition_of(found.study, found.condition, found.week).folder


def draw(decision: Decision, found: list[Discovery], folder: Path, written: list[Path]) -> None:
    """Draw the figures of both, and say where everything is and how to go on."""
    from sim.figures.decision import save_discovered, save_figures  # after the tables, because matplotlib takes long to import

    screen = console()
    figures = save_figures(decision, folder / FOLDER)
    names = ", ".join(path.name for path in written)
    screen.print(f"\nTables and {len(figures)} figures are in {folder / FOLDER}: {names}", soft_wrap=True)
    for one in found:
        save_discovered(one, of(one, folder))
    if found:
        screen.print(f"Where arms fail is in {folder / DISCOVERED}", soft_wrap=True)
    screen.print(f"A page with all of it: {command('report', folder)}", soft_wrap=True)
