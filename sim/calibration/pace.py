"""How long a calibration takes on this machine: what it does most is tried once, and counted."""

import os
import time
from dataclasses import dataclass

import numpy as np

from sim.calibration.posterior import APART, CHAINS, WARMING
from sim.calibration.process import FURTHER, ROUNDS, START, SUBSET, Process, surprise
from sim.calibration.space import Space
from sim.calibration.structures import STRUCTURES
from sim.calibration.waves import Effort
from sim.engine.executors import executor
from sim.engine.plans import RunSpec, perform
from sim.studies.running.keys import records
from sim.studies.running.work import job_of

PILOTS = 8  # runs for each worker
WHOLE = 0.8  # steps of fitting that the last one takes, with all points, where these are as many as it fits with
LEAPS = 13  # of a trajectory, usually
BEGUN = 2.25  # times the steps of chains, those in which they find their way counted


@dataclass(frozen=True)
class Pace:
    """Seconds of a run, an experiment on peers (all workers at work), a step of fitting an emulator, and a leap of chains.

    The last two are for one target, one thread and `SUBSET` points.
    """

    run: float
    apart: float
    fit: float
    leap: float
    targets: int
    workers: int

    def seconds(self, effort: Effort) -> tuple[float, float]:
        """Of all runs and experiments; and of emulators and chains, if these converge at once."""
        runs = effort.runs * self.run + effort.apart(effort.waves) * self.apart
        waves = range(1, effort.waves + 1)
        sizes = [effort.points(wave) / SUBSET for wave in waves]
        steps = sum(
            (FURTHER if wave > 1 else ROUNDS) * min(1.0, size) ** 3 + WHOLE * size**3 for wave, size in zip(waves, sizes, strict=True)
        )
        worlds = len(STRUCTURES) + 1
        leaps = LEAPS * ((WARMING * worlds + APART * effort.later / CHAINS) * sum(sizes[:-1]) + BEGUN * effort.steps * worlds * sizes[-1])
        fitting = steps * self.fit / self.workers**0.5  # SciPy's LAPACK keeps the GIL for half of it
        return runs, self.targets * (fitting + leaps * self.leap / self.workers)


def tried(space: Space, workers: int | None) -> Pace:
    """The pace of this machine as it is now, by pilots."""
    crew = workers or os.cpu_count() or 1
    apart = _run(space, crew, alone=True) if space.targets_of(alone=True) else 0.0
    return Pace(_run(space, crew, alone=False), apart, *_fit(len(space.factors)), len(space.targets), crew)


def _run(space: Space, crew: int, *, alone: bool) -> float:
    """Seconds that a run takes, with all that run at a time."""
    study = space.study(space.values(space.filling(crew)), 1, alone=alone, name="pilot")
    many, job, values = 1 if alone else PILOTS, job_of(study), records(study.points())
    with executor("threads", crew) as pool:
        specs = [(RunSpec(point, study.vs, 0),) * many for point in range(crew)]
        began = time.perf_counter()
        list(pool.map(lambda given: perform(job, given[0], (given[1],) * many), zip(specs, values, strict=True)))
        return (time.perf_counter() - began) / (crew * many)


def _fit(parameters: int) -> tuple[float, float]:
    """Seconds of a step of fitting, and of a leap of all chains, at points that are made up."""
    from threadpoolctl import threadpool_limits

    points = np.random.default_rng(0).random((SUBSET, parameters))
    first, logs = points[:, 0], np.zeros(parameters + len(START))
    made = Process(np.ones(parameters), points, first, np.array(START), 0.0, 1.0, first, first > 0.0)
    with threadpool_limits(1):
        surprise(logs, points[:CHAINS], first[:CHAINS], 1.0, logs)  # imports what it needs
        began = time.perf_counter()
        surprise(logs, points, first, 1.0, logs)
        middle = time.perf_counter()
        for _ in range(LEAPS):
            made.with_slopes(points[:CHAINS])
        return middle - began, (time.perf_counter() - middle) / LEAPS
