"""Which arm of a sweep is best, how sure that is, and what to find out first: from runs to a `Decision`."""

from collections.abc import Mapping
from dataclasses import replace
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from sim.artifacts.provenance import how_made
from sim.errors import InputError, number, shown
from sim.methods.decision.outcomes import Outcomes
from sim.methods.decision.partial import effective
from sim.methods.decision.tables import curves
from sim.methods.threads import single_threaded
from sim.studies.answers import decision_tables as tables
from sim.studies.answers.arm_effects import arm_effects, pareto, well_known
from sim.studies.answers.cautions import cautions, tied
from sim.studies.answers.decision import Decision
from sim.studies.answers.discover import ALIKE
from sim.studies.design.designs import kind_of
from sim.studies.design.limits import known, unit_of
from sim.studies.design.points import Points
from sim.studies.design.preferences import COST, Preferences, checked_budget, checked_pay, checked_value
from sim.studies.design.study import Study
from sim.studies.running.reading import Reading
from sim.style.commands import command

__all__ = ["Decision", "check", "decide"]

PAYS = 41
SHOWN = (10, 20, 40)  # of these: a quarter, half and the whole of the way
TRUST = "mean_trust"
FILLING = ("sobol", "lhs", "random", "saltelli")  # designs in which any point of the cube is as likely as any other
SAMPLES = (*FILLING, "draws", "points")  # designs whose points are a sample of what is uncertain
LEAST_DRAWS = 16
WORTH = 4.0  # times the least cost of a unit of benefit: by default the end of the range of willingness to pay


class Asked(NamedTuple):
    """What a decision is made by."""

    value: dict[str, float]
    unit: str
    pay: tuple[float, float] | None
    budget: float | None
    week: int


@single_threaded
def decide(
    sweep: Reading,
    *,
    value: Mapping[str, float] | None = None,
    unit: str | None = None,
    pay: tuple[float, float] | None = None,
    budget: float | None = None,
    week: int | None = None,
) -> Decision:
    """Which arm is best, how sure that is, and what to find out first.

    sweep   a sim.studies.answers.sweep.Sweep, or another reading, whose runs are there; its design must be a sample of what is uncertain
    value   units of benefit for a unit of each measure's effect, as {"mean_trust": 100}
    unit    what a unit of benefit is called
    pay     from what to what a unit of benefit may be worth, thousand pesos, for the whole city over the horizon
    budget  thousand pesos: arms whose mean cost is above cannot be chosen
    week    at whose end effects are read, by default the study's last
    What is not given is the study's own (its key `decision`), or else: 100 x mean_trust, pay from 0 to four times what the cheapest arm
    costs for a unit of benefit, and no budget.
    InputError if the design is no sample, there is nothing to choose between, or too little was run.
    """
    started, study = process_time(), sweep.study
    asked = _asked(study, value, unit, pay, budget, week)
    _check(study)
    arms, cubes = study.sweep_arms(), {measure: _effects(sweep, measure, asked.week) for measure in study.measures}
    benefit = sum(weight * cubes[measure] for measure, weight in asked.value.items())
    joint, clusters = dependence(study, sweep.points)
    complete = int((np.isfinite(benefit) & np.isfinite(cubes[COST])).all(axis=2).any(axis=1).sum())
    if complete < LEAST_DRAWS:
        message = f"{complete} of {number(len(clusters))} draws have a run of every arm; {LEAST_DRAWS} or more are needed."
        raise InputError(message, f"Run what is missing: {command('resume', sweep.store.folder)}")
    points = sweep.points
    outcomes = Outcomes.of(
        points.unit, benefit, cubes[COST], clusters=clusters, independent=~joint, validation=points.judges,
        shared=study.luck == "shared", seed=study.base.seed,
    )  # fmt: skip
    pays = np.linspace(*(asked.pay or tables.default_pay(outcomes, WORTH)), PAYS)
    choice = tables.ArmChoice(arms, outcomes, asked.budget, pays, study, study.factors(), tuple(pays[list(SHOWN)].tolist()))
    made = _decision(choice, asked, cubes, sweep, started)
    return replace(made, facts=made.facts | {"levels": _levels(sweep, asked.week)})


def check(
    study: Study,
    *,
    value: Mapping[str, float] | None = None,
    unit: str | None = None,
    pay: tuple[float, float] | None = None,
    budget: float | None = None,
    week: int | None = None,
) -> None:
    """InputError if `decide` would refuse a study or what is asked of it; known before anything is run."""
    _check(study)
    _asked(study, value, unit, pay, budget, week)


def _decision(choice: tables.ArmChoice, asked: Asked, cubes: dict[str, np.ndarray], sweep: Reading, started: float) -> Decision:
    """All tables."""
    outcomes, study = choice.outcomes, choice.study
    compared = well_known(choice, cubes)
    effects, known_effects = arm_effects(choice, compared, asked.value)
    evppi = tables.evppi(choice)
    facts: dict[str, Any] = {
        **how_made(), "adults": study.base.city.adults,
        "draws": len(outcomes.unit), "replicates": int(outcomes.known.runs.runs.max()), "different": int(outcomes.clusters.max()) + 1,
        "cautions": study.warned, "effective": effective(outcomes.clusters), "left_out": int((~outcomes.known.runs.kept).sum()),
        "unknown": [measure for measure in cubes if measure not in compared],
    }  # fmt: skip
    made = Decision(
        study=study, week=asked.week, value=asked.value, unit=asked.unit, pay=choice.pays, shown=choice.shown, arms=choice.arms,
        budget=asked.budget, recommended=choice.recommended, facts=facts, notes=[], q2=tables.q2(choice), table=tables.table(choice),
        effects=effects, curves=curves(choice, "arm"), regret=tables.regret(choice), evpi=tables.evpi(choice), evppi=evppi,
        intervals=tables.intervals(choice), draws=tables.draws(choice), pareto=pareto(choice, known_effects, list(compared)),
        contested=tables.contested(choice, evppi), budgets=tables.budgets(choice), doses=tables.doses(choice),
    )  # fmt: skip
    facts["seconds"] = round(process_time() - started, 1)
    facts["tied"] = tied(choice)
    return replace(made, notes=cautions(choice, facts), facts=facts)


def _asked(study: Study, value: Any, unit: Any, pay: Any, budget: Any, week: Any) -> Asked:
    """What is given, what the study says, or what is usual. InputError that names the option.

    Another value has another unit, so what the study says of a unit, and what one is worth, holds for its own value alone.
    """
    own = study.decision or Preferences()
    own = own if value is None else Preferences(budget=own.budget)
    given: dict[str, Any] = {}
    for name, raw, check in (("value", value, checked_value), ("pay", pay, checked_pay), ("budget", budget, checked_budget)):
        try:
            given[name] = getattr(own, name) if raw is None else check(raw)
        except InputError as error:
            raise error.under(name) from None
    if week is not None and week not in study.at:
        raise InputError(f"week {shown(week)} was not read.", f"Weeks that were: {', '.join(map(str, study.at))}", path=("week",))
    weights = given["value"] or _usual(study)
    for measure in weights:
        known(measure, study.measures, "measure in this study", f"Measures: {', '.join(study.measures)}", "value", measure)
    return Asked(weights, unit or own.unit or _unit(weights), given["pay"], given["budget"], study.at[-1] if week is None else int(week))


def _usual(study: Study) -> dict[str, float]:
    """Points of trust, or the study's first measure that is no cost. InputError if there is none."""
    if TRUST in study.measures:
        return {TRUST: 100.0}
    if not (others := [measure for measure in study.measures if measure not in (COST, "officer_weeks")]):
        raise InputError("the study reads costs only, so no arm has a benefit.", "Write measures: [mean_trust, cost]")
    return {others[0]: 1.0}


def _unit(weights: dict[str, float]) -> str:
    """What a unit of benefit is called if nobody says."""
    if weights == {TRUST: 100.0}:
        return "point of mean trust"
    if len(weights) == 1:
        ((measure, weight),) = weights.items()
        return f"{measure} ({unit_of(measure)})" + ("" if weight == 1 else f" / {number(1 / weight)}")
    return "unit of benefit"


def _check(study: Study) -> None:
    """InputError if there is nothing to decide, or if the points are no sample of what is uncertain."""
    if len(study.sweep_arms()) < 2:
        raise InputError("there is one arm, so there is nothing to choose between.", "Write arms: {training: [{training: {start: 0}}]}")
    if COST not in study.measures:
        raise InputError("the study does not read what arms cost.", "Add cost to its measures, and run it again.")
    kind = kind_of(study.design) if study.design else None
    if kind is None or not study.factors():
        raise InputError("nothing varies in this study, so nothing is uncertain.", "Write vary: {prior: [trust]} and design: {sobol: 1024}")
    if kind not in SAMPLES:
        message = f"the design '{kind}' is no sample of what is uncertain, so nothing can be averaged over it."
        raise InputError(message, "Take the design sobol, lhs, random or draws.")


def _effects(sweep: Reading, measure: str, week: int) -> np.ndarray:
    """n x r x (arms - 1): the paired effect of each arm but the first; nan where a run failed or is missing."""
    cube = sweep.store.cube(measure)[..., sweep.study.at.index(week)]
    return (cube[:, 1:] - cube[:, :1]).transpose(0, 2, 1)


def _levels(sweep: Reading, week: int) -> dict[str, float]:
    """Each measure in the first arm, the one compared with: the median over all runs that have it."""
    levels = {measure: sweep.store.cube(measure)[:, 0, :, sweep.study.at.index(week)] for measure in sweep.study.measures}
    return {measure: float(np.nanmedian(values)) for measure, values in levels.items() if np.isfinite(values).any()}


def dependence(study: Study, points: Points) -> tuple[np.ndarray, np.ndarray]:
    """Which factors of a design depend on others (d, bool), and the cluster of each of its points (n)."""
    assert study.design is not None
    unit, kind, factors = points.unit, kind_of(study.design), study.factors()
    n, joint = len(unit), np.array([bool(factor.draws) for factor in factors])
    if kind in ("draws", "points"):
        joint = joint | (kind == "points")
        return joint, np.unique(unit[:, joint].round(ALIKE), axis=0, return_inverse=True)[1].ravel()
    own = n - points.checks
    width = own // study.design[kind] if kind == "saltelli" else 1  # points of one base point are alike
    return np.zeros(len(factors), bool), np.concatenate([np.arange(own) // width, own // width + np.arange(n - own)])
