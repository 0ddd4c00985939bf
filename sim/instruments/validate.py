"""Validate: measure every pattern in cities, one by one, and say which hold.

The cities are replicates of one scenario (the same numbers, other luck), or draws of a posterior (each its own numbers and luck).
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from math import ceil
from os import cpu_count
from typing import NamedTuple

import numpy as np

from sim.errors import InputError
from sim.harvest import warm_up
from sim.instruments import instrument
from sim.patterns import ORDINARY, REPLICATES, Finding, Pattern, adults_for, of_size, patterns
from sim.results import adapted
from sim.rng import replicate_seed
from sim.scenario import Scenario

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


def carried_out(
    jobs: Sequence[Job], progress: Callable[[int], None] | None = None, workers: int | None = None
) -> list[dict[str, np.ndarray]]:
    """What each job measured: arrays by measure, a value a city; the same whatever the number of workers.

    progress   called with about the number of adult-weeks that has been simulated, after each city
    """
    warm_up()
    found: list[list[dict[str, float]]] = [[{}] * len(job.scenarios) for job in jobs]
    with ThreadPoolExecutor(workers or cpu_count()) as executor:
        places = {}
        for n in sorted(range(len(jobs)), key=lambda n: jobs[n].cost / len(jobs[n].scenarios), reverse=True):  # the longest first
            for city, scenario in enumerate(jobs[n].scenarios):
                measure = instrument(jobs[n].instrument).measure
                places[executor.submit(measure, scenario, replicate_seed(scenario.seed, city))] = n, city
        try:
            for future in as_completed(places):
                n, city = places[future]
                found[n][city] = future.result()
                if progress:
                    progress(instrument(jobs[n].instrument).cost(jobs[n].scenarios[city]))
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
    return [{name: np.array([each[name] for each in cities]) for name in cities[0]} for cities in found]


def validate(
    scenario: Scenario,
    replicates: int = REPLICATES,
    *,
    seed: int | None = None,
    only: Collection[str] | None = None,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> list[Finding]:
    """Measure every pattern of patterns.yaml in replicates of a scenario, each with its instrument; judged by the mean.

    only        ids of patterns, if not all are wanted
    progress    called with about the number of adult-weeks that has been simulated, after each replicate
    scenario, replicates, seed, workers   as for `sim.results.run`
    InputError  if a number is out of range
    """
    if replicates < 1:
        raise InputError(f"the number of replicates must be 1 or more, but is {replicates}.", f"The patterns are defined for {REPLICATES}.")
    jobs = plan([adapted(scenario, seed=seed)] * replicates, only)
    return findings(jobs, carried_out(jobs, progress, workers))


def findings(jobs: Sequence[Job], found: Sequence[dict[str, np.ndarray]], *, posterior: bool = False) -> list[Finding]:
    """What jobs measured (see `carried_out`), as findings by pattern; judged by the median of a posterior or the mean of replicates."""
    made = []
    for job, values in zip(jobs, found, strict=True):
        for pattern in job.patterns:
            made += [finding(pattern, name, values[name], job, posterior) for name in (*pattern.measures, *pattern.beside)]
    return sorted(made, key=lambda finding: finding.pattern.id)


def finding(pattern: Pattern, measure: str, values: np.ndarray, job: Job, posterior: bool) -> Finding:
    """What the values of one measure say of a pattern.

    A mean of replicates is nan if one has no value; a posterior leaves such draws out, except that they do not lie inside.
    """
    middle, low, high = quantiles(values, 0.5, LOW, HIGH)
    center = middle if posterior else float(values.mean())
    sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    judged = measure in pattern.measures and pattern.verdict(center) is not None
    return Finding(
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
