"""Validate: measure every pattern in cities, one by one, and say which hold.

The cities are replicates of one scenario (the same numbers, other luck), or draws of a posterior (each its own numbers and luck).
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from sim.artifacts.results import adapted
from sim.engine.plans import Piece, Plan, Pulse, RunSpec, Shape, hashed, identity, stacked
from sim.engine.running import HERE, Execution, complete
from sim.engine.store import Store
from sim.errors import InputError
from sim.inputs.patterns import ORDINARY, REPLICATES, Pattern, PatternCheck, adults_for, of_size, patterns
from sim.inputs.scenario import Scenario
from sim.instruments import instrument
from sim.world.rng import replicate_seed

EXPENSIVE = 5  # ordinary runs; an instrument that costs more than so many gets a quarter of the draws
LOW, HIGH = 0.05, 0.95  # ends of an interval


class Job(NamedTuple):
    """An instrument applied to cities, one after the other, for some patterns. City n has the luck of replicate n."""

    instrument: str
    scenarios: Sequence[Scenario]
    patterns: Sequence[Pattern] = ()

    @property
    def cost(self) -> int:
        """About how many adult-weeks it simulates."""
        return sum(instrument(self.instrument).cost(scenario) for scenario in self.scenarios)


def plan(scenarios: Sequence[Scenario], only: Collection[str] | None = None, *, thrifty: bool = False) -> list[Job]:
    """The jobs that measure the patterns, all or those with the ids in `only`, in these cities (which differ in parameters alone).

    A pattern without a verdict that needs a larger city gets fewer of them, so that about as many adults are simulated in all, but
    at least 2. thrifty: instruments that cost much get a quarter of the cities, but at least 2.
    """
    jobs: dict[tuple[str, int, int], Job] = {}
    first = scenarios[0]
    for pattern in patterns().values():
        if only is not None and pattern.id not in only:
            continue
        adults, many = adults_for(pattern, first), len(scenarios)
        if adults > first.city.adults and pattern.role == "report":
            many = max(2, ceil(many * first.city.adults / adults))
        elif thrifty and costly(pattern, first):
            many = max(2, many // 4)
        chosen = [of_size(scenarios[n % len(scenarios)], adults) for n in range(many)]
        jobs.setdefault((pattern.instrument, adults, many), Job(pattern.instrument, chosen, []))
        jobs[pattern.instrument, adults, many].patterns.append(pattern)  # type: ignore[attr-defined]
    return list(jobs.values())


def costly(pattern: Pattern, scenario: Scenario) -> bool:
    """Does one measurement take more than five ordinary runs?"""
    cost = instrument(pattern.instrument).cost(of_size(scenario, adults_for(pattern, scenario)))
    return cost > EXPENSIVE * instrument(ORDINARY).cost(scenario)


class JobPlan(Plan):
    """Every city of some jobs, measured by the job's instrument; those that take long come first."""

    kind, replicates = "validation", 1

    def __init__(self, jobs: Sequence[Job]):
        self.jobs = tuple(jobs)

    @classmethod
    def read(cls, text: str, replicates: int) -> "JobPlan":
        written = json.loads(text)
        return cls([Job(one["instrument"], [Scenario(**city) for city in one["cities"]]) for one in written])

    @cached_property
    def text(self) -> str:
        written = [
            {"instrument": job.instrument, "cities": [city.model_dump(mode="json", exclude_none=True) for city in job.scenarios]}
            for job in self.jobs
        ]
        return json.dumps(written, indent=1, ensure_ascii=False)

    @property
    def shape(self) -> Shape:
        return Shape(max(len(job.scenarios) for job in self.jobs), tuple(map(str, range(len(self.jobs)))), 1)

    @property
    def facts(self) -> dict[str, Any]:
        base = self.jobs[0].scenarios[0]
        facts = {"title": f"Patterns of {base.name}", "question": "", "root_seed": base.seed, "file": "jobs.json"}
        return facts | {"columns": ("found",), "series": ()}

    @cached_property
    def _listed(self) -> list[RunSpec]:
        longest = sorted(range(len(self.jobs)), key=lambda n: self.jobs[n].cost / len(self.jobs[n].scenarios), reverse=True)
        return [RunSpec(city, str(n), 0) for n in longest for city in range(len(self.jobs[n].scenarios))]

    def __len__(self) -> int:
        return len(self._listed)  # jobs differ in how many cities they have

    def keys(self) -> list[bytes]:
        return [hashed(self._job(spec).instrument, identity(self._city(spec)), spec.point) for spec in self._listed]

    def specs(self, positions: np.ndarray) -> list[RunSpec]:
        return [self._listed[place] for place in positions.tolist()]

    def values(self, specs: Sequence[RunSpec]) -> tuple[Mapping[str, Any], ...]:
        return tuple({"instrument": self._job(spec).instrument, "city": self._city(spec)} for spec in specs)

    def _job(self, spec: RunSpec) -> Job:
        return self.jobs[int(spec.arm)]

    def _city(self, spec: RunSpec) -> Scenario:
        return self._job(spec).scenarios[spec.point]

    def cost(self, spec: RunSpec) -> tuple[int, int]:
        cost = instrument(self._job(spec).instrument).cost(self._city(spec))
        return cost, cost

    def as_text(self) -> str:
        return "[]"

    def carry_out(self, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
        seeds, kept = [], []
        for spec, job in zip(specs, values, strict=True):
            how, city = instrument(job["instrument"]), job["city"]
            seeds.append(replicate_seed(city.seed, spec.point))
            kept.append({"found": json.dumps({name: float(value) for name, value in how.measure(city, seeds[-1]).items()})})
            pulse(how.cost(city))
        return Piece(stacked(specs, seeds, kept), None, [])


class JobStore(Store):
    """A folder with what instruments measured."""

    plans = JobPlan


def carried_out(jobs: Sequence[Job], execution: Execution = HERE) -> list[dict[str, np.ndarray]]:
    """What each job measured: arrays by measure, a value a city; the same wherever it is done.

    execution   its progress is called with about the number of adult-weeks that has been simulated
    """
    plan = JobPlan(jobs)
    with execution.runner(JobStore) as runner:
        columns = complete(runner, plan).arrays()
    found: list[list[dict[str, float]]] = [[{}] * len(job.scenarios) for job in jobs]
    for arm, city, text in zip(columns["arm"], columns["point"], columns["found"], strict=True):
        found[int(arm)][int(city)] = json.loads(text)
    return [{name: np.array([each[name] for each in cities]) for name in cities[0]} for cities in found]


def validate(
    scenario: Scenario,
    replicates: int = REPLICATES,
    *,
    seed: int | None = None,
    only: Collection[str] | None = None,
    execution: Execution = HERE,
) -> list[PatternCheck]:
    """Measure every pattern of patterns.yaml in replicates of a scenario, each with its instrument; judged by the mean.

    only        ids of patterns, if not all are wanted
    execution   see `carried_out`
    scenario, replicates, seed   as for `sim.run`
    InputError  if a number is out of range
    """
    if replicates < 1:
        raise InputError(f"the number of replicates must be 1 or more, but is {replicates}.", f"The patterns are defined for {REPLICATES}.")
    jobs = plan([adapted(scenario, seed=seed)] * replicates, only)
    return findings(jobs, carried_out(jobs, execution))


def findings(jobs: Sequence[Job], found: Sequence[dict[str, np.ndarray]], *, posterior: bool = False) -> list[PatternCheck]:
    """What jobs measured (see `carried_out`), as findings by pattern; judged by the median of a posterior or the mean of replicates."""
    made = []
    for job, values in zip(jobs, found, strict=True):
        for pattern in job.patterns:
            made += [finding(pattern, name, values[name], job, posterior) for name in (*pattern.measures, *pattern.beside)]
    return sorted(made, key=lambda finding: finding.pattern.id)


def in_one_city(jobs: Sequence[Job], found: Sequence[Mapping[str, np.ndarray]], scenario: Scenario) -> dict[str, np.ndarray]:
    """Measures by name, a value a draw. A job in a larger city gives only what its own patterns need (all of them nan elsewhere)."""
    named: dict[str, np.ndarray] = {}
    for job, values in sorted(zip(jobs, found, strict=True), key=lambda pair: pair[0].scenarios[0].city.adults != scenario.city.adults):
        own = {name for pattern in job.patterns for name in pattern.measures}
        named |= {name: each for name, each in values.items() if name in own or name not in named}
    return named


def finding(pattern: Pattern, measure: str, values: np.ndarray, job: Job, posterior: bool) -> PatternCheck:
    """What the values of one measure say of a pattern.

    A mean of replicates is nan if one has no value; a posterior leaves such draws out, except that they do not lie inside.
    """
    middle, low, high = quantiles(values, 0.5, LOW, HIGH)
    center = middle if posterior else float(values.mean())
    sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    judged = measure in pattern.measures and pattern.verdict(center) is not None
    return PatternCheck(
        pattern, measure, center, sd,
        passed=pattern.verdict(center) if judged else None,
        adults=job.scenarios[0].city.adults, replicates=len(job.scenarios),
        low=low, high=high,
        inside=float(np.mean([pattern.verdict(value) for value in values])) if judged else None,
    )  # fmt: skip


def quantiles(values: np.ndarray, *shares: float) -> list[float]:
    """Quantiles of the values there are; nan if there are none."""
    known = values[np.isfinite(values)]
    return [float(np.quantile(known, share)) if len(known) else float("nan") for share in shares]
