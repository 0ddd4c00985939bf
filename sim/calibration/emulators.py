"""A bank of emulators, one for each target, that answers for thousands of points at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from os import cpu_count
from typing import NamedTuple

import numpy as np

from sim.calibration.process import Process
from sim.calibration.targets import Target
from sim.methods.indices.emulator import Emulator, Surface
from sim.methods.indices.polynomials import Polynomials

ROWS = 4096  # points at once, which bounds memory
CUT = 3.0  # standard deviations beyond which a point is ruled out
LEAST_NEAR = 100  # points by which the error near the targets is judged
LEAST = 64  # points of which a process is tried
LEAST_ERROR = 0.02  # tolerances; no emulator is taken to be better
FADED = 16.0  # nor to have averaged out more of the luck in what it learned from than this many points would
Inputs = Callable[[np.ndarray], np.ndarray]


class TargetRuns(NamedTuple):
    """What is known of one target.

    unit     n x d;  answers: n x replicates, on the target's scale, nan where a run failed
    columns  of the parameters that it reads
    """

    target: Target
    unit: np.ndarray
    answers: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True)
class TargetEmulator:
    """An emulator of the mean answer over luck, on the target's scale.

    columns  of the parameters that it reads
    error    variance of that mean about what the emulator says, near the targets
    noise    variance of one run about its mean, near the targets
    q2       share of the variance of mean answers that it predicts at points it has not seen, over all points
    """

    target: Target
    surface: Surface | Process
    columns: np.ndarray
    error: float
    noise: float
    q2: float


@dataclass(frozen=True)
class Emulators:
    """Emulators in the order of the targets; `inputs` turns unit points into what they read."""

    learned: tuple[TargetEmulator, ...]
    inputs: Inputs

    @classmethod
    def fit(cls, data: Sequence[TargetRuns], inputs: Inputs, near: "Emulators | None" = None, seed: int = 0) -> "Emulators":
        """Emulators of all targets, in threads.

        near  what was known before: errors are judged at the points that it does not rule out, or all if they are fewer than 100
        """
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1), ThreadPoolExecutor(cpu_count()) as pool:
            return cls(tuple(pool.map(lambda runs: _learned(runs, inputs, near, seed), data)), inputs)

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(one.target for one in self.learned)

    @cached_property
    def error(self) -> np.ndarray:
        """Variance of the emulators' errors, a value a target."""
        return np.array([one.error for one in self.learned])

    @cached_property
    def noise(self) -> np.ndarray:
        """Variance of a single run's luck, a value a target."""
        return np.array([one.noise for one in self.learned])

    @cached_property
    def goal(self) -> np.ndarray:
        return np.array([target.goal for target in self.targets])

    @cached_property
    def variance(self) -> np.ndarray:
        """Of a target about the model's mean answer."""
        return np.array([target.tolerance**2 for target in self.targets])

    def predict(self, unit: np.ndarray) -> np.ndarray:
        """n x targets: the mean answers at points (n x d), on the targets' scales."""
        found = np.empty((len(unit), len(self.learned)))
        for start in range(0, len(unit), ROWS):
            part = self.inputs(unit[start : start + ROWS])
            for place, one in enumerate(self.learned):
                found[start : start + ROWS, place] = one.surface.predict(part[:, one.columns])
        return found

    def misfit(self, unit: np.ndarray) -> np.ndarray:
        """n x targets: how far the mean answer is from the target, in standard deviations of tolerance and emulator together."""
        return (self.predict(unit) - self.goal) / np.sqrt(self.variance + self.error)

    def implausibility(self, unit: np.ndarray) -> np.ndarray:
        """n: the largest misfit."""
        return np.abs(self.misfit(unit)).max(axis=1)


def _learned(runs: TargetRuns, inputs: Inputs, near: Emulators | None, seed: int) -> TargetEmulator:
    """Sparse polynomials or a process that they inform, whichever misses less near the targets."""
    target, unit, answers, columns = runs
    read = inputs(unit)[:, columns]
    emulator = Emulator.fit(read, answers, seed=seed)
    responses = emulator.responses
    points, read, y = unit[responses.kept], read[responses.kept], responses.mean
    close = np.ones(len(points), bool) if near is None else near.implausibility(points) < CUT
    if close.sum() < LEAST_NEAR:
        close[:] = True
    r = responses.replicates
    luck = responses.apart**2 * (r / (r - 1.0) if r > 1 else 0.0)
    noise, everywhere = float(luck[close].mean()), float((luck.mean(axis=1) / responses.runs).mean())
    tried: list[tuple[Surface | Process, np.ndarray]] = [(emulator.surface, emulator.left)]
    if len(y) >= LEAST and isinstance(emulator.surface, Polynomials) and np.ptp(y) > 0.0:
        process = Process.fit(emulator.surface, read, y, everywhere, seed)
        tried.append((process, process.left))
    surface, left = min(tried, key=lambda one: float(np.mean(one[1][close] ** 2)))
    mixed_in = noise / float(responses.runs[close].mean())
    missed = float(np.mean(left[close] ** 2)) - mixed_in
    error = max(missed, mixed_in / FADED, (LEAST_ERROR * target.tolerance) ** 2)
    q2 = 1.0 - float(np.mean(left**2)) / float(np.var(y)) if np.ptp(y) > 0.0 else 0.0
    return TargetEmulator(target, surface, columns, error, noise, q2)
