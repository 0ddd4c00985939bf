"""What `confianza compare` does: run the arms of a study, print effects and costs, write data and figures."""

import time
from pathlib import Path
from typing import Any

from sim.cli.show import Table, amount, console, note, progress, table
from sim.cli.work import Where, ask_first, check_replicates, writing
from sim.errors import InputError, number
from sim.harvest import warm_up
from sim.reforms import summary
from sim.studies.compare import compare
from sim.studies.comparison import FILES, Comparison
from sim.studies.runs import ComparisonPlan
from sim.studies.study import BASELINE, PLACEBO, Replicates, Study
from sim.studies.study_files import load_study


def chosen(path: str, replicates: int | None, weeks: int | None, seed: int | None) -> Study:
    """The study with what the command line changes of it; InputErrors name the option."""
    study = load_study(path)
    if replicates is not None:
        check_replicates(replicates)
    for option, given in {"replicates": replicates, "weeks": weeks, "seed": seed}.items():
        if given is not None:
            try:
                study = study.with_(**{option: given})
            except InputError as error:
                raise error.at(f"--{option}") from None
    return study


def compare_arms(path: str, replicates: int | None, weeks: int | None, seed: int | None, where: Where, yes: bool = False) -> None:
    """Compare, write results, print, draw figures, and say where."""
    study = chosen(path, replicates, weeks, seed)
    folder = where.out or Path("out") / Path(path).stem
    with writing(folder, FILES):
        screen = console()
        screen.print(describe(study))
        began = time.perf_counter()
        comparison = compared(study, path, where._replace(out=folder), yes)
        took = time.perf_counter() - began
        try:
            written = comparison.save(folder)
        finally:  # what was computed is told even if there is no room for it
            report(comparison, bool(study.budget))
        from sim.plots_compare import save_figures  # after the table, because matplotlib takes long to import

        written += save_figures(comparison, folder)
        screen.print(f"\nRan in {took:.1f} s.")
        screen.print(f"Figures and data are in {folder}: {', '.join(file.name for file in written)}")


def compared(study: Study, path: str, where: Where, yes: bool) -> Comparison:
    """What the arms led to, with a progress bar. Errors about arms name the study's file."""
    base, most = study.base, study.replicates.most if isinstance(study.replicates, Replicates) else study.replicates
    ask_first(ComparisonPlan(study, most), where, where.out or Path(), yes)
    if study.budget:
        note("Pilot runs: scaling the doses of each arm to the budget ...")
    warm_up()
    with progress(base.city.adults) as bar:
        task = bar.add_task("Comparing", total=most * len(study.all_arms()) * (base.spin_up_weeks + base.weeks))
        try:
            execution = where.execution("comparison", lambda done: bar.advance(task, done))
            return compare(study, **execution._asdict())
        except InputError as error:
            raise error if error.file else error.at(path) from None


def heading(study: Study) -> list[str]:
    """What a study is called and asks, and what its reader must know before any number."""
    return [study.name, *([study.question] if study.question else []), *(f"CAUTION: {text}" for text in study.warned)]


def describe(study: Study) -> str:
    """What is about to run, in a few lines."""
    base = study.base
    size = f"{base.name}: {number(base.city.adults)} adults, {base.spin_up_weeks} weeks of spin-up and {base.weeks} weeks, seed {base.seed}"
    arms = [f"  {name}: {'; '.join(summary(reform) for reform in made) or 'no reforms'}" for name, made in study.all_arms().items()]
    return "\n".join([*heading(study), size, *arms, ""])


def report(comparison: Comparison, scaled: bool) -> None:
    """Print what was found."""
    screen = console()
    screen.print(effects_table(comparison))
    screen.print(costs_table(comparison))
    if scaled:
        screen.print("Doses were scaled to the budget:")
        for name, made in comparison.study.arms.items():
            screen.print(f"  {name}: {'; '.join(summary(reform) for reform in made)}")
    screen.print(comparison.rule())
    screen.print(comparison.covers())
    screen.print(
        f"The {PLACEBO} (every reform at dose 0) is identical to the {BASELINE} in every week of every replicate."
        if comparison.placebo_is_exact()
        else f"The {PLACEBO} DIFFERS from the {BASELINE}: no effect can be trusted."
    )


def effects_table(comparison: Comparison) -> Table:
    """Paired effects, a line for each arm and measure, a column for each week."""
    weeks = {week: f"week {week}" for week in comparison.study.at}
    title = (
        f"paired difference from {comparison.study.vs}, mean of {comparison.replicates} replicates ± half-width of its 95 % interval; "
        "P(sign) and VR at the last week.\nVR, variance reduction: how many times as many runs with luck and parameters of "
        "their own would tell as much"
    )
    right = (*weeks.values(), "P(sign)", "VR")
    made = table("arm", "measure", *right, "unit", right=right, whole=("arm", "measure"), under={"unit": "measure"}, title=title)
    found = comparison.effects()
    for arm in comparison.compared:
        for place, measure in enumerate(comparison.study.measures):
            rows = found[(found.arm == arm) & (found.measure == measure)].set_index("week")
            cells = [amount(rows.effect[week], rows.half_width[week], sign=True) for week in weeks]
            last: Any = rows.loc[max(weeks)]
            cells += [_share(last.probability_of_sign), _times(last.variance_reduction), last.unit]
            made.add_row(arm if place == 0 else "", measure, *cells)
        made.add_section()
    return made


def _share(value: float) -> str:
    return "-" if value != value else "> 0.999" if value > 0.999 else f"{value:.3f}"


def _times(value: float) -> str:
    return "-" if value != value or value == float("inf") else f"{value:,.1f}"


def costs_table(comparison: Comparison) -> Table:
    """What each arm costs, and a point of trust with it."""
    costs = comparison.costs()
    measure = comparison.study.measures[0] if "mean_trust" not in comparison.study.measures else "mean_trust"
    per_unit = "thousand pesos per 0.01 of mean_trust" if measure == "mean_trust" else f"thousand pesos per unit of {measure}"
    scale = 0.01 if measure == "mean_trust" else 1.0
    right = ("officer-weeks", "thousand pesos", per_unit)
    made = table("arm", *right, "95 % range", right=right, whole=("arm",), title=f"cost over the horizon, more than {comparison.study.vs}")
    for row in costs[costs.measure == measure].itertuples():
        if row.arm in comparison.compared:
            money, weeks = amount(row.money, row.money_half_width), amount(row.officer_weeks, row.officer_weeks_half_width)
            made.add_row(str(row.arm), weeks, money, *_price(row, scale))
    return made


def _price(row: Any, scale: float) -> tuple[str, str]:
    """Cost of a unit of effect and its range; in words where there is no sense in one."""
    if row.money_per_unit != row.money_per_unit:
        return "-", "effect not distinct from 0"
    if row.effect < 0:
        return "-", f"lowers {row.measure}"
    return amount(scale * row.money_per_unit), f"{scale * row.money_per_unit_low:,.0f} to {scale * row.money_per_unit_high:,.0f}"
