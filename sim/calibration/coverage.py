"""Would a calibration find the truth if it were known? Cities of the model's own making, calibrated by the same bank.

A truth is drawn from the prior, the model is run there, and every answer gets an error of the size of its target's tolerance: that is
what is then known of the city. The bank of the first wave, which knows nothing of any target, serves all cities.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count

import numpy as np
import pandas as pd

from sim.calibration.emulators import Emulators
from sim.calibration.posterior import log_likelihood
from sim.calibration.result import LEVEL, TELLING, contraction
from sim.calibration.sampling import guide, slice_sample
from sim.calibration.space import Space

CHAINS, STEPS, EVERY = 32, 60, 3  # of each city
REPEATS = 4  # runs of each city


@dataclass(frozen=True)
class Coverage:
    """How often 90 % intervals hold the truth.

    cities      how many there were
    table       a row a parameter: covered (share of cities), contraction (mean over cities)
    error       standard error of `share`, from the differences between cities
    """

    cities: int
    table: pd.DataFrame
    share: float
    error: float

    def as_data(self) -> dict[str, object]:
        """As files write it."""
        informed = self.table[self.table.contraction > TELLING]
        return {
            "cities": self.cities, "level": LEVEL, "covered": round(self.share, 4), "standard_error": round(self.error, 4),
            "covered_of_all_parameters": round(float(self.table.covered.mean()), 4),
            "parameters": {row.parameter: {"covered": round(row.covered, 3), "contraction": round(row.contraction, 3)}
                           for row in informed.itertuples()},
        }  # fmt: skip


def coverage(
    space: Space, emulators: Emulators, truths: np.ndarray, answers: np.ndarray, runs: int, seed: int,
    progress: Callable[[], None] | None = None,
) -> Coverage:  # fmt: skip
    """Calibrate each city and look whether its truth lies within the intervals.

    truths   cities x d, unit points
    answers  cities x targets, means of so many runs, on the targets' scales
    """
    from threadpoolctl import threadpool_limits

    good = np.isfinite(answers).all(axis=1)
    truths, answers = truths[good], answers[good]
    spread = np.sqrt(emulators.variance + emulators.error + emulators.noise / runs)
    tail = (1.0 - LEVEL) / 2.0

    def one(city: int) -> tuple[np.ndarray, np.ndarray]:
        """Which parameters' intervals hold the truth, and how much each was contracted."""
        rng = np.random.default_rng([seed, 5, city])
        goal = answers[city] + rng.standard_normal(answers.shape[1]) * np.sqrt(emulators.variance)
        draws = _draws(space, emulators, goal, spread, rng)
        low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        if progress:
            progress()
        return (truths[city] >= low) & (truths[city] <= high), contraction(draws, np.full(len(draws), 1.0 / len(draws)))

    with threadpool_limits(1), ThreadPoolExecutor(cpu_count()) as pool:
        found = list(pool.map(one, range(len(truths))))
    covered, informed = np.array([inside for inside, _ in found], float), np.array([narrowed for _, narrowed in found])
    table = pd.DataFrame({"parameter": space.names, "covered": covered.mean(axis=0), "contraction": informed.mean(axis=0)})
    table = table.sort_values("contraction", ascending=False, kind="stable", ignore_index=True)
    counted = informed.mean(axis=0) > TELLING
    each = covered[:, counted if counted.any() else slice(None)].mean(axis=1)
    return Coverage(len(truths), table, float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))))


def _draws(space: Space, emulators: Emulators, goal: np.ndarray, spread: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws (n x d) of the posterior of a city of which so much is known."""

    def misfit(unit: np.ndarray) -> np.ndarray:
        return (emulators.predict(space.snapped(unit)) - goal) / spread

    near = guide(misfit, len(space.factors), rng)
    walk = slice_sample(lambda unit: log_likelihood(misfit(unit)), near.unit(CHAINS, rng), STEPS, rng, around=near)
    return space.snapped(walk[STEPS // 4 :: EVERY].reshape(-1, len(space.factors)))
