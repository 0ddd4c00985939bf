"""Run trials again in cities of many parameters: at each point one city lives to its baseline, and every protocol goes on from there."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sim.engine.plans import Piece, Plan, Pulse, RunSpec, Shape, hashed, identity, stacked
from sim.engine.running import HERE, Execution, complete
from sim.engine.store import Store
from sim.evidence.protocols import Compared, Protocol, protocols
from sim.inputs.scenario import Scenario
from sim.trials.design import OfficersSurvey, Trial
from sim.trials.field import STOPS, Field, Measurements, Watch, endlines, mark, measured
from sim.trials.outcomes import OUTCOMES
from sim.trials.survey import LOT, luck
from sim.trials.units import assign, units_of
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

DELIVERED = "delivered"  # column of a point: how much of a delivery's range, 0-1
EVERYBODY = {  # what a reform does if all have it, as studied: for how much of its range trials remove
    "training": [{"training": {"start": 0, "coverage": 0.9, "every": 52}}],
    "community_policing": [{"community_policing": {"start": 0, "share": 0.25}}],
}
POLICY_WEEKS = 104
ASKED = OfficersSurvey()  # how officers differ for good and from answer to answer, as usual: all that varies in an untreated force
ANSWERS_SD = dict.fromkeys(("attitude", "knowledge"), float(np.hypot(ASKED.person_sd, ASKED.answer_sd)))


class RerunPlan(Plan):
    """A point a run: a scenario with values of parameters, and how much is delivered."""

    kind, replicates, weekly = "reruns", 1, False

    def __init__(self, scenario: Scenario, points: pd.DataFrame):
        self.scenario, self.points = scenario.with_(interventions=(), weeks=POLICY_WEEKS), points

    @classmethod
    def read(cls, text: str, replicates: int) -> "RerunPlan":
        written = json.loads(text)
        return cls(Scenario(**written["scenario"]), pd.DataFrame(written["points"]))

    @cached_property
    def text(self) -> str:
        return self._written(self.points)

    def as_text(self) -> str:
        return self._written(self.points[:0])  # workers are told their own points

    def _written(self, points: pd.DataFrame) -> str:
        scenario = self.scenario.model_dump(mode="json", exclude_none=True)
        return json.dumps({"scenario": scenario, "points": points.to_dict("list")}, ensure_ascii=False)

    @property
    def shape(self) -> Shape:
        return Shape(len(self.points), ("trials",), 1)

    @property
    def facts(self) -> dict[str, Any]:
        told = {"title": f"Trials in {self.scenario.name}", "question": "", "root_seed": self.scenario.seed, "file": "reruns.json"}
        return told | {"columns": ("effects",), "series": ()}

    def keys(self) -> list[bytes]:
        how = {name: protocol.model_dump(mode="json") for name, protocol in protocols().items()}
        common = hashed(identity(self.scenario), how, EVERYBODY)
        return [hashed(common, point, sorted(row.items())) for point, row in enumerate(self.points.to_dict("records"))]

    def values(self, specs: Sequence[RunSpec]) -> tuple[Mapping[str, Any], ...]:
        rows = self.points.to_dict("records")
        return tuple({str(name): value for name, value in rows[spec.point].items()} for spec in specs)

    def cost(self, spec: RunSpec) -> tuple[int, int]:
        weeks = self.scenario.spin_up_weeks + sum(2 * protocol.weeks[-1] for protocol in protocols().values()) + 3 * POLICY_WEEKS
        return weeks, weeks * self.scenario.city.adults

    def carry_out(self, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
        seeds = [replicate_seed(self.scenario.seed, spec.point) for spec in specs]
        kept = []
        for seed, point in zip(seeds, values, strict=True):
            kept.append({"effects": json.dumps(effects(self.scenario, point, seed))})
            pulse(1)
        return Piece(stacked(specs, seeds, kept), None, [])


class RerunStore(Store):
    """A folder with what trials come to in the model."""

    plans = RerunPlan


def rerun(scenario: Scenario, points: pd.DataFrame, execution: Execution = HERE) -> pd.DataFrame:
    """What every finding comes to at every point (a row), in the finding's unit; "TRIAL.ROW", and "REFORM" for a policy's effect.

    points  values of parameters, a column each, and `delivered` (0-1)
    """
    with execution.runner(RerunStore) as runner:
        columns = complete(runner, RerunPlan(scenario, points)).arrays()
    order = np.argsort(columns["point"])
    return pd.DataFrame([json.loads(columns["effects"][place]) for place in order])


def effects(scenario: Scenario, point: Mapping[str, float], seed: int) -> dict[str, float]:
    """All findings at one point."""
    values = {name: value for name, value in point.items() if name != DELIVERED}
    city = scenario.with_(values)
    begun = Simulation(city, seed, spin_up=False)
    Watch(begun, protocols()["course"].design(city), _silent).until(0)
    found: dict[str, float] = {}
    for protocol in protocols().values():
        delivery = protocol.delivery
        much = delivery.range[0] + point[DELIVERED] * (delivery.range[1] - delivery.range[0]) if delivery else None
        found |= compared(protocol, _from(begun, protocol.design(city, much)), seed)
    return found | _policies(begun, city)


def compared(protocol: Protocol, field: Field, seed: int) -> dict[str, float]:
    """What the findings of a protocol come to: the trial by lot and the same city with nobody treated, from one baseline."""
    trial, units = field.watch.trial, field.units
    lot = assign("simple", units.many, 0.5, 1, np.zeros(units.many), luck(seed, LOT))
    posts = lot.treated[units.officers]
    everybody = np.ones_like(posts)
    treated, nobody = (endlines(field, trial, who) for who in (everybody if protocol.reach else posts, np.zeros_like(posts)))
    found = {}
    for name, rows in protocol.findings.items():
        for row, one in rows.items():
            week = one.week or trial.endline
            both = treated[week], nobody[week]
            if protocol.reach:
                found[f"{name}.{row}"] = protocol.reach * _on_visited(one, *both)
            else:
                found[f"{name}.{row}"] = _contrast(one, field, lot.treated, *both)
    return found


def _contrast(one: Compared, field: Field, lot: np.ndarray, treated: Measurements, nobody: Measurements) -> float:
    """The treated minus the others, less what they would differ by without the treatment, in the finding's unit."""
    units = {"citizens": field.homes, "officers": field.units.officers, "units": np.arange(field.units.many)}
    unit = units[OUTCOMES[one.outcome].population]
    if one.outcome in STOPS:
        return _of_stops(one, lot[unit], treated, nobody)
    with_it, without = treated.values[one.outcome], nobody.values[one.outcome]
    arm = np.where(unit >= 0, lot[unit].astype(int), -1)
    means = [[_mean(values[arm == which]) for which in (0, 1)] for values in (with_it, without)]
    change = (means[0][1] - means[1][1]) - (means[0][0] - means[1][0])
    if one.unit == "h":
        return float(2.0 * (np.arcsin(np.sqrt(max(means[0][1], 0.0))) - np.arcsin(np.sqrt(max(means[0][0], 0.0)))))
    base = float(np.hypot(np.nanstd(without[arm >= 0]), ANSWERS_SD.get(one.outcome, 0.0))) if one.unit == "sd" else means[1][0]
    return change / base if base > 0.0 else 0.0


def _mean(values: np.ndarray) -> float:
    """Of what is known; nan if nothing is, as where nobody in a small city was a victim."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _of_stops(one: Compared, lot: np.ndarray, treated: Measurements, nobody: Measurements) -> float:
    """The same of shares of stops, whose standard deviation is that between stops."""
    place = 1 + STOPS.index(one.outcome)
    shares = [
        [wave.stops[lot == arm, place].sum() / max(wave.stops[lot == arm, 0].sum(), 1.0) for arm in (0, 1)] for wave in (treated, nobody)
    ]
    change = (shares[0][1] - shares[1][1]) - (shares[0][0] - shares[1][0])
    usual = float(np.mean(shares[1]))
    base = np.sqrt(usual * (1.0 - usual)) if one.unit == "sd" else usual
    return float(change / base) if base > 0.0 else 0.0


def _on_visited(one: Compared, treated: Measurements, nobody: Measurements) -> float:
    """The mean change of those who were visited, by the standard deviation of the unvisited city."""
    visited = treated.values["visited"] > 0
    change = treated.values[one.outcome][visited] - nobody.values[one.outcome][visited]
    return float(change.mean() / nobody.values[one.outcome].std()) if visited.any() else 0.0


def _policies(begun: Simulation, city: Scenario) -> dict[str, float]:
    """What each reform does to the mean answer after two years if all have it, in standard deviations of answers."""
    waves: dict[str | None, np.ndarray] = {}
    for name, given in ((None, []), *EVERYBODY.items()):
        run = begun.fork()
        run.adopt(city.with_(interventions=given))
        run.advance(POLICY_WEEKS)
        waves[name] = run.answers().trust.astype(float)
    usual = waves.pop(None)
    return {str(name): float((answers.mean() - usual.mean()) / usual.std()) for name, answers in waves.items()}


def _from(begun: Simulation, trial: Trial) -> Field:
    """The field of a trial in a city that has lived to its baseline."""
    run = begun.fork()
    scenario = next(iter(trial.scenarios.values()))
    run.adopt(scenario.with_(weeks=begun.scenario.weeks))
    watch, units = Watch(run, trial, _silent), units_of(trial, run.city)
    marks = mark(run)
    wave = measured(watch, units, marks, marks.identity, np.zeros((len(run.city.officers.cell), 1 + len(STOPS))))
    home = run.city.citizens.home
    return Field(watch, units, np.where(units.asked[home], units.cells[home], -1), marks, wave)


def _silent(weeks: int) -> None:
    """Progress is told by points."""
