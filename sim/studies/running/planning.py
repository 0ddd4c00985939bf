"""Before anything starts: how many runs a study takes, how long (from a few pilot runs with all workers busy), and how much disk."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from math import floor, isfinite, nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.engine import executors
from sim.engine.plans import RunSpec, perform, plan_of
from sim.errors import InputError, number
from sim.inputs.scenario import CitySize, Scenario
from sim.measures.harvest import warm_up
from sim.measures.spread import mean_and_precision
from sim.studies.design.points import Points
from sim.studies.design.study import BASELINE, Study
from sim.studies.running.keys import records
from sim.studies.running.work import SweepPlan, job_of
from sim.world.reforms import Purge
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

BUDGET = 20.0  # seconds for all pilots
GLIMPSE = 4.0  # seconds for the first look at a run
MOST_PILOTS = 16  # runs of a piece of work, at most
STRETCH = 4  # weeks between two looks at the clock
ENOUGH, LEAST = 2.0, 12  # seconds and number of pilots at least, where the budget allows it
SURE = 0.15  # of the time: what other programs on the machine may do to it; no interval is narrower
RUN_BYTES = 200  # of a run in the journal, and of the columns that say which run it is
FOLDER_BYTES = 100_000  # of a store without runs
UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
GOLDEN = 0.6180339887498949  # its multiples, less their whole part, are spread evenly over 0-1
Pilot = tuple[RunSpec, Mapping[str, Any]]


@dataclass(frozen=True)
class StudyCost:
    """What a study takes.

    points, arms, replicates  whose product is the number of all runs
    validation                of the points
    runs                      that are left to do
    workers                   runs at the same time
    pilots, failed            runs that were timed, and those of them that raised an error
    seconds                   that the runs left take, with the low and the high end of an interval that covers how pilots differ
    bytes                     on disk, at most about
    free                      bytes that are free there
    """

    points: int
    validation: int
    arms: int
    replicates: int
    runs: int
    workers: int
    pilots: int
    failed: int
    seconds: float
    low: float
    high: float
    bytes: int
    free: int

    @property
    def minutes(self) -> str:
        """The time in words: "about 12 minutes (10 to 14)"."""
        unit, size = next((unit, size) for unit, size in UNITS if self.seconds >= size or size == 1)
        middle, low, high = (number(round(seconds / size, 1 if size > 1 and self.seconds < 10 * size else 0))
                             for seconds in (self.seconds, self.low, self.high))  # fmt: skip
        return f"about {middle} {unit} ({low} to {high})"


def plan(
    study: Study, *, executor: str | Executor = "threads", workers: int | None = None, done: int = 0, folder: str | Path = "."
) -> StudyCost:
    """Time some runs, spread over the points of the design and over all arms, and say what the study takes.

    executor, workers  as for the study itself (see `sim.engine.executors`)
    done               runs that are there already
    folder             where the runs are to be kept
    InputError if they need more than the disk has left, or if the executor cannot be used
    """
    points, arms = study.points(), list(study.sweep_arms())
    replicates = study.most
    runs = max(0, len(points.values) * len(arms) * replicates - done)
    needed, free = check_disk(study, runs, folder)
    with executors.executor(executor, workers) as pool:
        many = executors.crew(pool)
        found = _timings(pool, many, job_of(study), _pilots(points, arms, replicates)) if runs else _Timings([0.0], 0, 0, 0.0)
    mean, half = mean_and_precision(found.seconds)
    rounds = max(1.0, runs / many)
    half = max(SURE * mean, float(np.nan_to_num(half)))
    seconds, low, high = (found.start + rounds * each for each in (mean, max(mean - half, 0.1 * mean), mean + half))
    return StudyCost(
        len(points.values), points.checks, len(arms), replicates, runs, many, found.pilots, found.failed, seconds, low, high, needed, free
    )


class _Timings(NamedTuple):
    """What the pilots told."""

    seconds: list[float]  # a run takes while all workers are busy, one number for each piece of work
    pilots: int
    failed: int
    start: float  # seconds until all workers work


def _pilots(points: Points, arms: list[str], replicates: int) -> Iterator[Pilot]:
    """Runs without end: the arms in turn, at points spread over the design."""
    values = records(points)
    for turn in count():
        place = floor((turn + 0.5) * GOLDEN % 1.0 * len(values))
        yield from ((RunSpec(place, arm, turn % replicates), values[place]) for arm in arms)


def _timings(pool: Executor, many: int, job: bytes, pilots: Iterator[Pilot]) -> _Timings:
    """Pilots in rounds, in which every worker does one piece of work."""
    begun = time.perf_counter()

    def together(work: Callable[..., Any], size: int) -> list[Any]:
        pieces = [tuple(zip(*islice(pilots, size), strict=True)) for _ in range(many)]
        return [future.result() for future in [pool.submit(work, job, *piece) for piece in pieces]]

    looks = together(_glimpse, 1)
    run = max((seconds for seconds in looks if isfinite(seconds)), default=0.0)
    start = max(0.0, time.perf_counter() - begun - min(run, GLIMPSE))
    if 3 * run > BUDGET:  # whole runs would take too long
        looks += together(_glimpse, 1)
        known = [seconds for seconds in looks if isfinite(seconds)]
        return _Timings(known, len(looks), len(looks) - len(known), start)
    size = max(1, min(MOST_PILOTS, int(GLIMPSE / max(run, 0.01))))
    found: list[tuple[float, int]] = []
    while True:
        found += together(_timed, size)
        spent, slowest = time.perf_counter() - begun, max(found)[0]
        enough = len(found) >= 2 * many and len(found) * size >= LEAST and spent >= ENOUGH
        if enough or spent + 1.5 * size * slowest > BUDGET:
            return _Timings([seconds for seconds, _ in found], len(found) * size, sum(failed for _, failed in found), start)


def _glimpse(job: bytes, specs: tuple[RunSpec], values: tuple[Mapping[str, Any]]) -> float:
    """Seconds of a run, from as many of its weeks as there is time for; nan if it raises an error."""
    plan = plan_of(job)
    assert isinstance(plan, SweepPlan)
    study = plan.study
    warm_up()
    begun = time.perf_counter()
    try:
        scenario = study.scenario_at(specs[0].arm, values[0])
        run = Simulation(scenario, replicate_seed(scenario.seed, specs[0].replicate), spin_up=False)
        end, built = scenario.spin_up_weeks + scenario.weeks, time.perf_counter()
        while run.tick < end and (run.tick == 0 or time.perf_counter() - begun < GLIMPSE):
            run.advance(min(STRETCH, end - run.tick))
    except Exception:  # a record when the study comes to it
        return nan
    return built - begun + (time.perf_counter() - built) * end / run.tick


def _timed(job: bytes, specs: tuple[RunSpec, ...], values: tuple[Mapping[str, Any], ...]) -> tuple[float, int]:
    """Seconds a run of a piece of work, and how many runs failed."""
    _first_use(plan_of(job).facts["columns"])
    begun = time.perf_counter()
    piece = perform(job, specs, values)
    return (time.perf_counter() - begun) / len(set(specs)), len(piece.failures)  # few points come again, and are run once


@cache
def _first_use(names: tuple[str, ...]) -> None:
    """What a process does once: load compiled code, and what measures need."""
    scenario = Scenario(name="warm-up", city=CitySize(adults=1000), weeks=2, spin_up_weeks=0)
    study = Study(name="warm-up", scenario=scenario, measures=names, arms={"purge": (Purge(start=0),)})
    perform(job_of(study), (RunSpec(0, BASELINE, 0),), ({},))


def check_disk(study: Study, runs: int, folder: str | Path) -> tuple[int, int]:
    """Bytes that so many runs of a study need at most, about, and bytes that are free. InputError if the disk cannot hold them."""
    base = study.base
    rows = len(study.at) * len(study.measures) * 8
    series = (base.spin_up_weeks + base.weeks) * len(study.series) * 4
    needed = FOLDER_BYTES + runs * (RUN_BYTES + rows + series)
    place = Path(folder).absolute()
    existing = next(each for each in (place, *place.parents) if os.path.exists(each))
    free = shutil.disk_usage(existing).free
    if needed > free:
        what = "series, points or replicates" if series > rows else "points, replicates, measures or weeks `at`"
        message = f"{number(runs)} runs need about {_gigabytes(needed)}, but '{folder}' has {_gigabytes(free)} left."
        raise InputError(message, f"Take fewer {what}, or keep them on a larger disk with --out.")
    return needed, free


def _gigabytes(size: int) -> str:
    """
    >>> _gigabytes(123_456_789_012), _gigabytes(1_234_567)
    ('123 GB', '0.00123 GB')
    """
    return f"{size / 1e9:.3g} GB"
