"""A bank of emulators, one for each target, that answers for thousands of points at once."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from os import cpu_count
from typing import NamedTuple

import numpy as np

from sim.calibration.likelihood import Likelihood, correlated
from sim.calibration.process import Process
from sim.calibration.targets import Target
from sim.methods.indices.noise import responses
from sim.methods.threads import single_threaded

ROWS = 64  # points at once, so that what lies between stays in the processor's cache
CUT = 3.0  # standard deviations beyond which a point is ruled out
LEAST_NEAR = 100  # points by which the error near the targets is judged
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
    error    variance of that mean about what the emulator says, near the targets, at points that had no say in its scales
    noise    variance of one run about its mean, near the targets
    q2       share of the variance of mean answers that it predicts at points it has not seen, over all points
    """

    target: Target
    surface: Process
    columns: np.ndarray
    error: float
    noise: float
    q2: float


@dataclass(frozen=True)
class Emulators:
    """Emulators in the order of the targets; `inputs` turns unit points into what they read.

    luck  t x t: correlations of targets over runs of one point
    """

    learned: tuple[TargetEmulator, ...]
    inputs: Inputs
    luck: np.ndarray

    @classmethod
    def fit(cls, data: Sequence[TargetRuns], inputs: Inputs, near: "Emulators | None" = None, seed: int = 0) -> "Emulators":
        """Emulators of all targets, in threads.

        near  what was known before: errors are judged at the points that it does not rule out, or all if they are fewer than 100
        """
        from threadpoolctl import threadpool_limits

        close = _close(data, near)
        with threadpool_limits(1), ThreadPoolExecutor(cpu_count()) as pool:
            before = [one.surface for one in near.learned] if near else [None] * len(data)
            known = tuple(pool.map(lambda runs, near, one: learned(runs, near, one, inputs, seed), data, close, before))
        return cls(known, inputs, _together(data))

    def as_arrays(self) -> dict[str, np.ndarray]:
        """What `again` needs beside the runs that it learned from."""
        told = {"told": np.array([(one.error, one.noise, one.q2) for one in self.learned]), "luck": self.luck}
        return told | {f"{one.target.id}.{name}": array for one in self.learned for name, array in one.surface.as_arrays().items()}

    @classmethod
    def again(cls, data: Sequence[TargetRuns], inputs: Inputs, arrays: Mapping[str, np.ndarray]) -> "Emulators":
        """The bank that learned from these runs."""
        learned = []
        for (target, unit, answers, columns), told in zip(data, arrays["told"].tolist(), strict=True):
            kept = np.isfinite(answers).any(axis=1)
            own = {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{target.id}.")}
            learned.append(TargetEmulator(target, Process.again(inputs(unit[kept])[:, columns], own), columns, *told))
        return cls(tuple(learned), inputs, arrays["luck"])

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
        """Of a target about the model's mean answer, if discrepancies are as stated."""
        return np.array([target.tolerance**2 for target in self.targets])

    @cached_property
    def likelihood(self) -> Likelihood:
        """Of the targets, given the emulators' answers."""
        slopes = np.array([target.scale.slope(target.value) for target in self.targets])
        errors, discrepancies = (
            slopes * np.array([getattr(target, name) for target in self.targets]) for name in ("sampling_error", "discrepancy")
        )
        sampling = correlated(errors, [target.sample for target in self.targets], self.luck)
        return Likelihood(self.goal, sampling, discrepancies**2, self.error)

    @single_threaded
    def predict(self, unit: np.ndarray) -> np.ndarray:
        """n x targets: the mean answers at points (n x d), on the targets' scales."""
        found = np.empty((len(unit), len(self.learned)))

        def some(start: int) -> None:
            part = self.inputs(unit[start : start + ROWS])
            for place, one in enumerate(self.learned):
                found[start : start + ROWS, place] = one.surface.predict(part[:, one.columns])

        with ThreadPoolExecutor(cpu_count()) as pool:
            list(pool.map(some, range(0, len(unit), ROWS)))
        return found

    def with_slopes(self, inputs: np.ndarray, pool: ThreadPoolExecutor) -> tuple[np.ndarray, np.ndarray]:
        """n x targets: the mean answers, and n x targets x d: how they rise with what emulators read (n x d). BLAS has one thread."""
        answers, slopes = np.empty((len(inputs), len(self.learned))), np.zeros((len(inputs), len(self.learned), inputs.shape[1]))

        def one(work: tuple[int, int]) -> None:
            place, start = work
            rows, learned = slice(start, start + ROWS), self.learned[place]
            answers[rows, place], slopes[rows, place, learned.columns] = learned.surface.with_slopes(inputs[rows][:, learned.columns])

        list(pool.map(one, [(place, start) for start in range(0, len(inputs), ROWS) for place in range(len(self.learned))]))
        return answers, slopes

    def misfit(self, unit: np.ndarray) -> np.ndarray:
        """n x targets: how far the mean answer is from the target, in standard deviations of tolerance and emulator together."""
        return (self.predict(unit) - self.goal) / np.sqrt(self.variance + self.error)

    def implausibility(self, unit: np.ndarray) -> np.ndarray:
        """n: the largest misfit."""
        return np.abs(self.misfit(unit)).max(axis=1)


def _close(data: Sequence[TargetRuns], near: Emulators | None) -> list[np.ndarray]:
    """Of each target, n bool: the points of its runs that are near the targets, as far as that is known. Many have the same points."""
    told = dict[bytes, np.ndarray]()
    for _, unit, _, _ in data:
        if (key := unit.tobytes()) not in told:
            told[key] = np.ones(len(unit), bool) if near is None else near.implausibility(unit) < CUT
    return [told[unit.tobytes()] for _, unit, _, _ in data]


def learned(runs: TargetRuns, close: np.ndarray, before: Process | None, inputs: Inputs, seed: int) -> TargetEmulator:
    """A process, and how much it misses near the targets.

    close   n bool: the points that are; before: what was known of this target
    """
    target, unit, answers, columns = runs
    known = responses(answers)
    points, y = unit[known.kept], known.mean
    r = known.replicates
    luck = known.apart**2 * (r / (r - 1.0) if r > 1 else 0.0)
    in_means = float((luck.mean(axis=1) / known.runs).mean())
    surface = Process.fit(inputs(points)[:, columns], y, in_means, seed, before)
    close = close[known.kept]
    if close.sum() < LEAST_NEAR:
        close[:] = True
    noise = float(luck[close].mean())
    mixed_in = noise / float(known.runs[close].mean())
    judges = close & surface.apart if (close & surface.apart).sum() >= LEAST_NEAR else close
    missed = float(np.mean(surface.left[judges] ** 2)) - mixed_in
    error = max(missed, mixed_in / FADED, (LEAST_ERROR * target.tolerance) ** 2)
    q2 = 1.0 - float(np.mean(surface.left**2)) / float(np.var(y)) if np.ptp(y) > 0.0 else 0.0
    return TargetEmulator(target, surface, columns, error, noise, q2)


def _together(data: Sequence[TargetRuns]) -> np.ndarray:
    """Correlations of targets over runs of one point (t x t); of targets of other runs, or without replicates, 0."""
    found = np.eye(len(data))
    for one, other in ((i, j) for i in range(len(data)) for j in range(i)):
        first, second = data[one].answers, data[other].answers
        if first.shape != second.shape or first.shape[1] < 2 or not np.array_equal(data[one].unit, data[other].unit):
            continue
        apart = [answers - answers.mean(axis=1, keepdims=True) for answers in (first, second)]
        kept = np.isfinite(apart[0] + apart[1]).all(axis=1)
        a, b = (part[kept].ravel() for part in apart)
        size = float(np.sqrt((a @ a) * (b @ b)))
        found[one, other] = found[other, one] = float(a @ b) / size if size > 0.0 else 0.0
    return found
