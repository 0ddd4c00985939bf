"""What `confianza trial` does: do a virtual trial many times, print what evaluators would find and how often, write data and figures."""

from math import isfinite
from pathlib import Path
from typing import Any

from sim.cli import spreads
from sim.cli.headlines import headline, of_trial
from sim.cli.show import ConsoleTable, amount, console, table, told
from sim.cli.work import Where, Work, changed, placed, writing
from sim.errors import number
from sim.inputs.reforms import summary
from sim.measures.spread import ENOUGH
from sim.style import note
from sim.trials.design import Trial, load_trial
from sim.trials.power import SURE, WIDEST, Share
from sim.trials.result import FILES, TrialResult
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
    screen, rows = console(), result.summary().query("estimator == 'ancova'").to_dict("records")
    for row in rows:
        headline(of_trial(row["outcome"], result.spreads(row["outcome"])))
    screen.print(truth_table(result))
    screen.print(findings_table(result))
    power = Share.read_off(rows[0], "power")
    headline(note("headline_power", outcome=result.trial.outcomes[0], hits=power.hits, trials=power.trials))
    screen.print(power_table(result))
    screen.print(conclusion(result))
    screen.print(*told(result.covers))


TRUTHS = {
    "total": "true effect", "on_treated": "on the treated", "on_controls": "on the others", "bias": "bias", "estimate": "ANCOVA's estimate",
}  # fmt: skip


def truth_table(result: TrialResult) -> ConsoleTable:
    """What is true, what the trial compares and what it finds: a line for each, outcome by outcome."""
    many, ranged = result.replicates, result.replicates >= ENOUGH
    title = (
        "true effect: all units treated minus none; on the treated, on the others: what the trial does to them\n"
        "bias: on the treated minus on the others minus true\n"
        f"{f'middle of {many} replicates' if many > 1 else 'one replicate'}; sd: of the untreated"
    )
    right = ("effect", *(["5-95 % of trials"] if ranged else []), "sign in 100" if ranged else "sign", "precision")
    made = table("outcome", *right, "unit", right=right, whole=("outcome",), under={"unit": "outcome"}, title=title)
    for row in result.summary().query("estimator == 'ancova'").itertuples():
        made.add_row(str(row.outcome), *[""] * len(right), f"{row.unit}\nsd: {amount(row.control_sd)}")
        for name, own in result.spreads(str(row.outcome)).items():
            cells = [spreads.middle(own, sign=True), *([spreads.reach(own, sign=True)] if ranged else []), spreads.signs(own)]
            made.add_row(f" {TRUTHS[name]}", *cells, spreads.precision(own), "")
        made.add_section()
    return made


def findings_table(result: TrialResult) -> ConsoleTable:
    """The trial as designed: a line for each outcome and estimator."""
    title = (
        "SE: root mean square; coverage: of the true effect by 95 % intervals\n"
        "power: share of trials with p < 0.05, and by formula\n"
        "wrong sign: share of trials with p < 0.05 for the opposite of what is true\n"
        "MDE: the effect that is found with 80 % power, and in sd of the untreated\n"
        "below a share its 95 % interval; of too few trials to tell one, in how many"
    )
    right = ("SE", "coverage", "power", "formula", "wrong sign", "MDE", "in sd")
    made = table("outcome", *right, right=right, whole=("outcome",), under={"formula": "power", "in sd": "MDE"}, title=title)
    for outcome, rows in result.summary().groupby("outcome", sort=False):
        made.add_row(str(outcome), *[""] * len(right))
        for row in rows.to_dict("records"):
            coverage, power, wrong = (_share(row, name, "{:.2f}\n{:.2f} to {:.2f}") for name in ("coverage", "power", "wrong_sign"))
            found = (amount(row["error"]), coverage, power, _two(row["power_formula"]), wrong, amount(row["mde"]), _two(row["mde_size"]))
            made.add_row(f" {row['estimator']}", *found)
        made.add_section()
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
        cells = [f"{_share(row, 'power')}\n({_two(row.power_formula)}; {amount(row.mde)})" for row in each]
        made.add_row(f"{size:g}", f"{each[-1].persons:,.0f}", *cells)
    return made


def conclusion(result: TrialResult) -> str:
    """The power of the trial, outcome by outcome, and what it takes to tell the shares that so few trials do not tell."""
    rows = result.summary().query("estimator == 'ancova'")
    powers = "; ".join(f"{row['outcome']} {_share(row, 'power')}" for row in rows.to_dict("records"))
    said = f"Power of this trial (ANCOVA, endline before week {result.trial.endline}): {powers}."
    shares = [Share.read_off(row, name) for row in result.curves().to_dict("records") for name in ("coverage", "power", "wrong_sign")]
    if all(each.told or not each.trials for each in shares):
        return said
    return (
        f"{said} Where it says in how many trials it is so, they are too few to give a share: one needs {ENOUGH} independent "
        f"trials and a 95 % interval no wider than {WIDEST:g}. {SURE} replicates always give it (--replicates {SURE})."
    )


def _share(row: Any, name: str, form: str = "{:.2f} ({:.2f} to {:.2f})") -> str:
    """A share of trials with its 95 % interval; of too few trials, in how many of them; "-" if there are none."""
    own = Share.read_off(row, name)
    if not own.trials:
        return "-"
    return form.format(own.rate, own.low, own.high) if own.told else f"{own.hits} of {own.trials}"


def _two(value: float) -> str:
    """With two decimals; "-" if there is no number."""
    return f"{value:.2f}" if isfinite(value) else "-"
