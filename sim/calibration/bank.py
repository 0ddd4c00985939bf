"""A bank of emulators, one for each target, that answers for thousands of points at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from os import cpu_count

import numpy as np

from sim.calibration.targets import Target
from sim.sensitivity.emulator import Emulator
from sim.sensitivity.polynomials import Basis, Polynomials

ROWS = 4096  # points at once, which bounds memory
CUT = 3.0  # standard deviations beyond which a point is ruled out
LEAST_NEAR = 100  # points by which the error near the targets is judged


@dataclass(frozen=True)
class Learned:
    """What is known of one target from runs.

    emulator  of the mean answer over luck, on the target's scale
    columns   of the parameters that it reads
    error     variance of that mean about what the emulator says, near the targets
    noise     variance of one run about its mean, near the targets
    """

    target: Target
    emulator: Emulator
    columns: np.ndarray
    error: float
    noise: float

    @property
    def q2(self) -> float:
        """See `Emulator.q2`; over all points."""
        return self.emulator.q2


@dataclass(frozen=True)
class Bank:
    """Emulators in the order of the targets."""

    learned: tuple[Learned, ...]

    @classmethod
    def fit(cls, data: Sequence[tuple[Target, np.ndarray, np.ndarray, np.ndarray]], near: "Bank | None" = None, seed: int = 0) -> "Bank":
        """Emulators of all targets, in threads.

        data  for each target: its unit points (n x d), its answers on the target's scale (n x replicates), the columns it reads
        near  what was known before: errors are judged at the points that it does not rule out, or all if they are fewer than 100
        """
        from threadpoolctl import threadpool_limits

        def one(given: tuple[Target, np.ndarray, np.ndarray, np.ndarray]) -> Learned:
            target, unit, answers, columns = given
            emulator = Emulator.fit(unit[:, columns], answers, seed=seed)
            return _judged(target, emulator, unit, columns, near)

        with threadpool_limits(1), ThreadPoolExecutor(cpu_count()) as pool:
            return cls(tuple(pool.map(one, data)))

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
        parts = [self._predict(unit[start : start + ROWS]) for start in range(0, len(unit), ROWS)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.learned)))

    def _predict(self, unit: np.ndarray) -> np.ndarray:
        found = np.empty((len(unit), len(self.learned)))
        for columns, basis, terms, places, weights, means in self._blocks:
            found[:, places] = means + basis.products(unit[:, columns], terms) @ weights
        for place in self._others:
            one = self.learned[place]
            found[:, place] = one.emulator.predict(unit[:, one.columns])
        return found

    def misfit(self, unit: np.ndarray, goal: np.ndarray | None = None) -> np.ndarray:
        """n x targets: how far the mean answer is from the goal, in standard deviations of tolerance and emulator together.

        goal  other goals than the targets', n x targets or a value a target
        """
        return (self.predict(unit) - (self.goal if goal is None else goal)) / np.sqrt(self.variance + self.error)

    def implausibility(self, unit: np.ndarray) -> np.ndarray:
        """n: the largest misfit."""
        return np.abs(self.misfit(unit)).max(axis=1)

    @cached_property
    def _blocks(self) -> list[tuple[np.ndarray, Basis, np.ndarray, list[int], np.ndarray, np.ndarray]]:
        """Sums of polynomials that read the same parameters of the same points, evaluated together: each different term once."""
        groups: dict[tuple[bytes, int], list[int]] = {}
        for place, one in enumerate(self.learned):
            if isinstance(one.emulator.surface, Polynomials) and len(one.emulator.surface.terms):
                groups.setdefault((one.columns.tobytes(), len(one.emulator.unit)), []).append(place)
        blocks = []
        for places in groups.values():
            surfaces: list[Polynomials] = [self.learned[place].emulator.surface for place in places]  # type: ignore[misc]
            terms, which = np.unique(np.vstack([surface.terms for surface in surfaces]), axis=0, return_inverse=True)
            weights, row = np.zeros((len(terms), len(places))), 0
            for column, surface in enumerate(surfaces):
                weights[which.ravel()[row : row + len(surface.terms)], column] = surface.coefficients
                row += len(surface.terms)
            means = np.array([surface.mean for surface in surfaces])
            blocks.append((self.learned[places[0]].columns, surfaces[0].basis, terms, places, weights, means))
        return blocks

    @cached_property
    def _others(self) -> list[int]:
        held = {place for *_, places, _, _ in self._blocks for place in places}
        return [place for place in range(len(self.learned)) if place not in held]


def _judged(target: Target, emulator: Emulator, unit: np.ndarray, columns: np.ndarray, near: Bank | None) -> Learned:
    """An emulator with its error near the targets: the larger of what cross-validation missed there, less the luck in what it was
    compared with, and of how much surfaces fitted without some points differ there."""
    runs = emulator.responses
    points = unit[runs.kept]
    close = np.ones(len(points), bool) if near is None else near.implausibility(points) < CUT
    if close.sum() < LEAST_NEAR:
        close[:] = True
    many = runs.runs[close].mean()
    spare = max(runs.replicates - 1, 1) / max(runs.replicates, 1)
    noise = float(np.mean(runs.apart[close] ** 2) / spare) if runs.replicates > 1 else 0.0
    missed = float(np.mean(emulator.left[close] ** 2)) - noise / many
    surfaces = np.array([surface.predict(emulator.unit[close]) for surface in emulator.tried])
    unsure = float(surfaces.var(axis=0).mean()) * (len(surfaces) - 1)
    return Learned(target, emulator, columns, max(missed, unsure), noise)
