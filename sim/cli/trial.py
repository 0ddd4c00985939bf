"""What `confianza trial` does: do a virtual trial many times, print what evaluators would find and how often, write data and figures."""

from pathlib import Path
from typing import Any

from sim.cli.show import ConsoleTable, amount, console, table
from sim.cli.work import Where, Work, changed, placed, writing
from sim.errors import number
from sim.inputs.reforms import summary
from sim.trials.design import Trial, load_trial
from sim.trials.result import COVERS, FILES, TrialResult
from sim.trials.trial import check_sites, run_trial, weeks_to_run


def try_out(path: str, replicates: int | None, seed: int | None, where: Where) -> None:
    """Do the trial, write results, print, draw figures, and say where. Errors about sites name the trial's file."""
    trial = changed(load_trial(path), Trial.with_, replicates=replicates, seed=seed)
    folder = where.out or Path("out") / (Path(path).resolve().parent.name if Path(path).stem == "trial" else Path(path).stem)
    with writing(folder, FILES):
        console().print(describe(trial))
        with placed(path):
            check_sites(trial)
        work = Work("trial", "Trying", trial.scenario.city.adults, weeks_to_run(trial), "trial")
        work.done(where._replace(out=folder), lambda execution: run_trial(trial, **execution._asdict()), report)


def describe(trial: Trial) -> str:
    """What is about to be tried, in a few lines."""
    question = f"\n{trial.question}" if trial.question else ""
    sites = f"{len(trial.sites)} sites of " if len(trial.sites) > 1 else ""
    lines = [
        f"{trial.name}{question}",
        f"{sites}{number(trial.scenario.city.adults)} adults ({trial.scenario.name}); {'; '.join(map(summary, trial.treatment))}",
        f"{trial.unit}s by lot ({trial.assignment}), {100 * trial.treated_share:g} % treated; baseline before week {trial.baseline}, "
        f"endline before week {trial.endline}",
        f"{trial.replicates} replicates of {trial.draws} samples, seed {trial.scenario.seed if trial.seed is None else trial.seed}",
    ]
    return "\n".join([*lines, ""])


def report(result: TrialResult) -> None:
    """Print what was found."""
    screen = console()
    screen.print(truth_table(result))
    screen.print(findings_table(result))
    screen.print(power_table(result))
    screen.print(conclusion(result))
    screen.print(str(COVERS))


def truth_table(result: TrialResult) -> ConsoleTable:
    """What is true and what the trial compares: a line for each outcome."""
    title = (
        "true: all units treated minus none, and in sd of the untreated; in the trial: its effect on the treated and on the others\n"
        f"bias: on treated minus on others minus true; means of {result.replicates} replicates ± precision of the mean"
    )
    right = ("true", "in sd", "on treated", "on others", "bias", "ANCOVA's mean")
    made = table("outcome", *right, "unit", right=right, whole=("outcome",), under={"unit": "outcome"}, title=title)
    for row in result.summary().query("estimator == 'ancova'").itertuples():
        within = [f"{amount(value, row.total_precision, sign=True).split(' ')[0]}" for value in (row.on_treated, row.on_controls)]
        ends = [amount(row.bias, row.bias_precision, sign=True), amount(row.estimate, row.estimate_precision, sign=True)]
        true = amount(row.total, row.total_precision, sign=True)
        made.add_row(str(row.outcome), true, f"{row.effect_size:+.2f}", *within, *ends, str(row.unit))
    return made


def findings_table(result: TrialResult) -> ConsoleTable:
    """The trial as designed: a line for each outcome and estimator."""
    title = (
        "SE: root mean square; coverage: of the true effect by 95 % intervals\n"
        "power: share of trials with p < 0.05, its 95 % interval, and by formula\n"
        "wrong sign: share of trials with p < 0.05 for the opposite of what is true\n"
        "MDE: the effect that is found with 80 % power, and in sd of the untreated"
    )
    right = ("SE", "coverage", "power", "95 %", "formula", "wrong sign", "MDE", "in sd")
    made = table("outcome", "estimator", *right, right=right, whole=("outcome", "estimator"), title=title)
    last = ""
    for row in result.summary().itertuples():
        span = f"{row.power_low:.2f} to {row.power_high:.2f}"
        cells = [amount(row.error), f"{row.coverage:.2f}", f"{row.power:.2f}", span, f"{row.power_formula:.2f}", f"{row.wrong_sign:.2f}"]
        made.add_row("" if row.outcome == last else str(row.outcome), str(row.estimator), *cells, amount(row.mde), f"{row.mde_size:.2f}")
        last = str(row.outcome)
    return made


def power_table(result: TrialResult) -> ConsoleTable:
    """Power of the main outcome by sample size and duration, counted and by formula, with the minimal detectable effect."""
    outcome = result.trial.outcomes[0]
    weeks = {week: f"endline week {week}" for week in result.trial.weeks_asked}
    title = f"{outcome}, ANCOVA: power (by formula; MDE) by sample size and duration"
    made = table("size", "persons", *weeks.values(), right=("size", "persons", *weeks.values()), title=title)
    rows = result.curves().query("estimator == 'ancova' and outcome == @outcome").set_index(["size", "week"])
    for size in result.trial.sizes:
        each: list[Any] = [rows.loc[(size, week)] for week in weeks]
        cells = [f"{row.power:.2f} ({row.power_formula:.2f}; {amount(row.mde)})" for row in each]
        made.add_row(f"{size:g}", f"{each[-1].persons:,.0f}", *cells)
    return made


def conclusion(result: TrialResult) -> str:
    """The power of the trial, outcome by outcome, in a sentence."""
    rows = result.summary().query("estimator == 'ancova'")
    powers = (f"{row.outcome} {row.power:.2f} ({row.power_low:.2f} to {row.power_high:.2f})" for row in rows.itertuples())
    return f"Power of this trial (ANCOVA, endline before week {result.trial.endline}): {'; '.join(powers)}."
