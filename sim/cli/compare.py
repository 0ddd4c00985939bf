"""What `confianza compare` does: run the arms of a study, print effects and costs, write data and figures."""

from pathlib import Path
from typing import Any

from sim.cli import spreads
from sim.cli.headlines import headline, of_costs, of_effects
from sim.cli.manner import MANNER
from sim.cli.show import ConsoleTable, console, remark, table, told
from sim.cli.work import Where, Work, ask_first, changed, check_replicates, placed, span, writing
from sim.engine.plans import RunSpec
from sim.engine.running import Execution
from sim.inputs.reforms import summary
from sim.measures.spread import ONE_SIGN, Spread, read_off
from sim.studies.answers.compare import compare
from sim.studies.answers.comparison import FILES, Comparison
from sim.studies.design.study import BASELINE, PLACEBO, Study
from sim.studies.design.study_files import load_study
from sim.studies.running.runs import ComparisonPlan
from sim.style import language
from sim.style.commands import command

ROOM = 80  # columns that the table of effects needs without worth runs, units and the weeks before the last
WORTH = "worth runs"
OVER = {"draws": "5-95 % of cities", "luck": "5-95 % of runs"}


def chosen(path: str, replicates: int | None, weeks: int | None, seed: int | None) -> Study:
    """The study with what the command line changes of it; InputErrors name the option."""
    if replicates is not None:
        check_replicates(replicates)
    return changed(load_study(path), Study.with_, replicates=replicates, weeks=weeks, seed=seed)


def compare_arms(path: str, replicates: int | None, weeks: int | None, seed: int | None, where: Where, yes: bool = False) -> None:
    """Compare, write results, print, draw figures, and say where. Errors about arms name the study's file."""
    study = chosen(path, replicates, weeks, seed)
    folder = where.out or Path("out") / Path(path).stem
    plan = ComparisonPlan(study, study.most)
    work = Work("comparison", "Comparing", study.base.city.adults, len(plan) * plan.cost(RunSpec(0, "", 0))[0], "compare")

    def make(execution: Execution) -> Comparison:
        with placed(path):
            return compare(study, **execution._asdict())

    with writing(folder, FILES):
        console().print(describe(study))
        ask_first(plan, where, folder, yes)
        if study.budget:
            remark("Pilot runs: scaling the doses of each arm to the budget ...")
        work.done(where._replace(out=folder), make, lambda comparison: report(comparison, bool(study.budget)))
        console().print(f"A page that says it in words: {command('report', folder)}", soft_wrap=True)


def heading(study: Study) -> list[str]:
    """What a study is called and asks, and what its reader must know before any number."""
    cautions = (getattr(each, MANNER.lang) or each.en for each in study.cautions)
    return [study.name, *([study.question] if study.question else []), *(f"CAUTION: {caution}" for caution in cautions)]


def describe(study: Study) -> str:
    """What is about to run, in a few lines."""
    base = study.base
    size = f"{base.name}: {span(base)}, seed {base.seed}"
    arms = [f"  {name}: {'; '.join(summary(reform) for reform in made) or 'no reforms'}" for name, made in study.all_arms().items()]
    return "\n".join([*heading(study), size, *arms, ""])


def report(comparison: Comparison, scaled: bool) -> None:
    """Print what was found."""
    screen, study, effects = console(), comparison.study, comparison.effects().set_index(["arm", "measure", "week"])
    first, last = study.outcomes[0], study.at[-1]
    headline(of_effects({arm: read_off(effects.loc[(arm, first, last)]) for arm in comparison.compared}, first, study.vs, last))
    screen.print(effects_table(comparison, room=screen.width - ROOM))
    costs = comparison.paid()
    headline(of_costs(costs[costs.measure == costs.measure.iloc[0]].to_dict("records"), study.vs, comparison.weeks))
    screen.print(costs_table(comparison))
    if costs.money_per_unit.isna().any():
        screen.print(sense(comparison))
    if scaled:
        screen.print("Doses were scaled to the budget:")
        for name, made in comparison.study.arms.items():
            screen.print(f"  {name}: {'; '.join(summary(reform) for reform in made)}")
    screen.print(comparison.rule())
    screen.print(" ".join(told(*comparison.varying())))
    screen.print(
        f"The {PLACEBO} (every reform at dose 0) was lived in one replicate: identical to the {BASELINE} there in every number."
        if comparison.placebo_is_exact()
        else f"The {PLACEBO} DIFFERS from the {BASELINE}: no effect can be trusted."
    )


def effects_table(comparison: Comparison, *, room: int = 0) -> ConsoleTable:
    """Paired effects at the last week, a line for each arm and measure; those at weeks before and worth runs as there is room (columns)."""
    before, vary = _extras(comparison, room)
    last = comparison.study.at[-1]
    title = f"difference from {comparison.study.vs} with the same luck, week {last}: middle of {cities_of(comparison)}"
    if vary:
        title += f"\n{WORTH}: how many runs with luck and parameters of their own would tell as much as one of these"
    sign = "sign in 100" if comparison.ranged else "sign"
    right = (*(f"week {week}" for week in before), "effect", *_heads(comparison), sign, "precision", *([WORTH] if vary else []))
    shown = table("measure", *right, "unit", right=right, whole=("measure",), under={"unit": "measure"}, title=title)
    effects = comparison.effects().set_index(["arm", "measure", "week"])
    for arm in comparison.compared:
        shown.add_row(arm, *[""] * (len(right) + 1))
        for measure in comparison.study.outcomes:
            cells = [spreads.middle(read_off(effects.loc[(arm, measure, week)]), sign=True) for week in before]
            row: Any = effects.loc[(arm, measure, last)]
            own = read_off(row)
            cells += [*_range(comparison, own, sign=True), spreads.signs(own), spreads.precision(own)]
            levels = spreads.levels(row.level_from, row.level_to, own)
            about = f"{row.unit}\n{levels}" if levels else row.unit
            shown.add_row(f" {measure}", *cells, *([_times(row.variance_reduction)] if vary else []), about)
        shown.add_section()
    return shown


def cities_of(comparison: Comparison) -> str:
    """What the middle is of, in a few words: "32 possible cities, 8 of them lived twice"."""
    if comparison.varies == "luck":
        return f"{comparison.replicates} replicates" if comparison.replicates > 1 else "one replicate"
    cities, twice = comparison.lived
    return f"{cities} possible cities" + (f", {twice} of them lived twice" if twice else "") if cities > 1 else "one possible city"


def _extras(comparison: Comparison, room: int) -> tuple[list[int], bool]:
    """What the table of effects shows besides where there is room: effects at earlier weeks, and worth runs."""
    room += 0 if comparison.ranged else 20
    before = list(comparison.study.at[:-1])
    return before if room >= 11 + 12 * len(before) else [], room >= 11


def _heads(comparison: Comparison) -> list[str]:
    """The head of the column for the range, if there is one."""
    return [OVER[comparison.varies]] if comparison.ranged else []


def _range(comparison: Comparison, own: Spread, *, sign: bool = False) -> list[str]:
    """The cells for a middle and, if the comparison has any, its range."""
    return [spreads.middle(own, sign=sign), *([spreads.reach(own, sign=sign)] if comparison.ranged else [])]


def _times(value: float) -> str:
    """In two digits, for more are not known of it."""
    return "-" if value != value or value == float("inf") else f"{float(f'{value:.2g}'):,.{0 if value >= 10 else 1}f}"


def costs_table(comparison: Comparison) -> ConsoleTable:
    """What each arm costs, and a point of trust with it."""
    costs = comparison.paid()
    measure = comparison.study.measures[0] if "mean_trust" not in comparison.study.measures else "mean_trust"
    unit, scale, said = *(("0.01", 0.01) if measure == "mean_trust" else ("unit", 1.0)), language(MANNER.lang)
    right = ("middle", *_heads(comparison), "precision")
    made = table("cost", *right, right=right, whole=("cost",), title=f"cost, more than {comparison.study.vs}")
    for row in costs[costs.measure == measure].to_dict("records"):
        made.add_row(str(row["arm"]), *[""] * len(right))
        for name in ("money", "officer_weeks"):
            own = read_off(row, name, f"{name}_")
            made.add_row(f" {said.paid(name, comparison.weeks)}", *_range(comparison, own), spreads.precision(own))
        made.add_row(f" {said.paid('per_effect', comparison.weeks, unit=unit, measure=measure)}", *_price(comparison, row, scale))
        made.add_section()
    return made


def _price(comparison: Comparison, row: dict[str, Any], scale: float) -> list[str]:
    """Cost of a unit of effect and its range; in words where there is no sense in one."""
    price = read_off(row, "money_per_unit", "money_per_unit_").times(scale)
    words = "sign open" if price.middle != price.middle else "lowers it" if row["effect"] < 0 else ""
    return [words, *(["-"] if comparison.ranged else []), "-"] if words else [*_range(comparison, price), "-"]


def sense(comparison: Comparison) -> str:
    """When a sign is called open, in a sentence."""
    rule = "its range holds 0" if comparison.ranged else f"fewer than {ONE_SIGN} cities have it, or not all"
    return f"sign open: nothing is divided by an effect whose sign is not known, because {rule}."
