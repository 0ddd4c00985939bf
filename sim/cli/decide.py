"""What `confianza decide` does: run the sweep if it must, say which option is best and where each fails, write tables and figures."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import SpinnerColumn, TimeElapsedColumn

from sim.cli import spreads
from sim.cli.discover import limits
from sim.cli.headlines import headline, rounded
from sim.cli.show import ConsoleTable, bars, console, keep_tables, table, told
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
from sim.studies.answers.possible import read
from sim.studies.answers.sweep import Sweep
from sim.studies.design.study import Study
from sim.style import note
from sim.style.commands import command

SHOWN = 8  # numbers worth knowing in a table; all are in evppi.csv
PERMUTATIONS, RESAMPLES = 39, 50  # fewer than by default, because several conditions are looked into
FEW, MOST = 0.05, 0.95  # shares of the draws in which an arm fails between which it is asked where
Wanted = dict[str, Any]  # value, pay, budget and week as they are asked for; None: what the study says


def decide_on(
    given: str, value: list[str], pay: tuple[float, float] | None, budget: float | None, week: int | None, out: Path | None,
    executor: str, workers: int | None,
) -> None:  # fmt: skip
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
    with bars(SpinnerColumn(), "Deciding:", "{task.completed} parts done,", TimeElapsedColumn()) as bar:
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
    """The choice, what options gain and cost, how they do, what to find out, what the choice hangs on, where arms fail, and the notes."""
    screen, decision = console(), decision.each_adult()
    screen.print(recommendation(decision), soft_wrap=True, finding=True)
    screen.print(gains(decision))
    screen.print(options(decision))
    screen.print(knowing(decision))
    screen.print(hangs_on(decision), soft_wrap=True, finding=True)
    for one in found:
        screen.print(place(one), soft_wrap=True)
    screen.print("\n".join(["", *told(*decision.notes)]), soft_wrap=True)


def recommendation(decision: Decision) -> str:
    """The best option in the middle of the range, how sure it is, and what doubt costs."""
    middle, chance = decision.shown[1], decision.chance(decision.recommended)
    everything = decision.evpi.loc[(decision.evpi.pay - middle).abs().idxmin()]
    share, draws = "in how many possible cities it is the best cannot be told", number(int(decision.facts["draws"]))
    if chance:
        count, low, high = (f"{100 * each:.0f}" for each in chance)
        share = f"the best in {count} of 100 possible cities ({low} to {high}, as far as {draws} draws can tell)"
    ends = " to ".join(whole(float(end)) for end in (decision.pay[0], decision.pay[-1]))
    worth = (
        f"{whole(everything.evpi)} pesos an adult, on average over them (precision: {whole(everything.low)} to {whole(everything.high)})"
    )
    if not everything.evpi > 0:
        worth = "nothing, as far as they can tell" + (f" (at most {whole(everything.high)} pesos an adult)" if everything.high > 0 else "")
    return (
        f"Best on average if a {decision.unit} is worth {whole(middle)} pesos an adult (asked: {ends}): {decision.recommended}; {share}.\n"
        f"To know before choosing which city it is would be worth {worth}."
    )


def whole(value: float) -> str:
    """An amount, without decimals if it is large."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def gains(decision: Decision) -> ConsoleTable:
    """What each option gains and costs: the middle of possible cities, their range, how many have its sign, and its precision."""
    names = {"benefit": "gain", "cost": "extra cost", "per_unit": "cost per unit of gain"}
    ranged = decision.ranged
    right = ("middle", *(["5-95 % of cities", "sign in 100"] if ranged else ["sign"]), "precision")
    draws = f"{number(int(decision.facts['draws']))} possible cities"
    spent = f"cost (pesos an adult, {decision.week} weeks)"
    title = f"gain (1: one {decision.unit}) and {spent}, more than {decision.arms[0]}: middle of {draws}"
    made = table("option", *right, right=right, whole=("option",), title=title)
    for row in decision.table.to_dict("records"):
        made.add_row(row["arm"], *[""] * len(right))
        for name, text in names.items():
            own = read(row, name)
            if own.middle == own.middle:
                reach = [spreads.reach(own)] if ranged else []
                made.add_row(f" {text}", spreads.middle(own), *reach, spreads.signs(own), spreads.precision(own))
            else:
                gain = read(row, "benefit")
                why = "sign open" if not gain.clear else "harms" if gain.middle < 0 else "costs nothing"
                made.add_row(f" {text}", why, *["-"] * (len(right) - 1))
        made.add_section()
    if any("sign open" in row for row in made.rows):
        made.caption = "sign open: nothing is divided by a gain whose sign is not known"
    return made


def options(decision: Decision) -> ConsoleTable:
    """How each option does at three worths of a unit."""
    outdone, right = decision.table.set_index("arm").dominated_by, ("best in 100", "expected loss")
    made = table("option", *right, "outdone by", right=right, whole=("option", "outdone by"))
    for arm, loss in decision.at().set_index("arm").expected_loss.items():
        found = [decision.chance(str(arm), pay) for pay in decision.shown]
        best = " / ".join("open" if chance is None else f"{100 * chance[0]:.0f}" for chance in found)
        made.add_row(str(arm), best, whole(loss), outdone.get(arm, ""))
    pays = [whole(pay) for pay in decision.shown]
    worth = f"if a unit is worth {' / '.join(pays)} pesos an adult"
    made.caption = f"best: in so many of 100 possible cities {worth}; loss: mean over them, pesos an adult, at {pays[1]}"
    if "open" in str([row[1] for row in made.rows]):
        made.caption += "\nopen: these runs cannot tell in how many"
    return made


def knowing(decision: Decision) -> ConsoleTable | str:
    """What it is worth to know single numbers and topics; a sentence if nothing was found."""
    rows = decision.evppi[np.isclose(decision.evppi.pay, decision.shown[1])]
    rows = rows[rows.evppi > 0].sort_values("evppi", ascending=False)
    if not len(rows):
        return "No single number or topic is worth knowing by itself, as far as these runs can tell."
    right = ("worth knowing", "precision (95 %)")
    made = table("number or topic", *right, "kind", "status", right=right, whole=("number or topic",))
    first = rows.iloc[0]
    headline(note("headline_knowing", name=str(first["name"]), worth=rounded(first.evppi)))
    made.title = "worth knowing before choosing: pesos an adult, on average over possible cities"
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
        return f"{found.condition}: {100 * found.share:.0f} of 100 possible cities, anywhere. {found.refused}"
    rules = " and ".join(limits(row) for row in found.box.to_dict("records"))
    return f"{found.condition}: {100 * found.share:.0f} of 100 possible cities, but {100 * found.density:.0f} of 100 where {rules}"


def save(decision: Decision, found: list[Discovery], folder: Path) -> list[Path]:
    """Save the decision and the discoveries; the paths of the decision's files."""
    keep_tables(decision, decision.TABLES)
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
    figures = save_figures(decision.each_adult(), folder / FOLDER)
    names = ", ".join(path.name for path in written)
    screen.print(f"\nTables and {len(figures)} figures are in {folder / FOLDER}: {names}", soft_wrap=True)
    for one in found:
        save_discovered(one, of(one, folder))
    if found:
        screen.print(f"Where arms fail is in {folder / DISCOVERED}", soft_wrap=True)
    screen.print(f"A page with all of it: {command('report', folder)}", soft_wrap=True)
