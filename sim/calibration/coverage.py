"""Would a calibration find the truth if it were known? Cities of the model's own making, calibrated by the same bank.

A truth is drawn from the prior, the model is run there, and every answer gets an error of the size of its target's tolerance: that is
what is then known of the city. The bank of the first wave, which knows nothing of any target, serves all cities.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sim.calibration.calibrate import Calibrator
from sim.calibration.emulators import LEAST_ERROR, Emulators
from sim.calibration.posterior import posterior_draws
from sim.calibration.result import LEVEL, TELLING, contraction
from sim.calibration.space import Space
from sim.calibration.waves import Effort, History

CITIES, CITIES_APART = "cities", "cities-peers"  # folders of stores beside those of the waves
LUCK_OF_CITIES = 2  # added to the seed for their runs
CHAINS, STEPS = 4, 100  # of each city
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
    good = np.isfinite(answers).all(axis=1)
    truths, answers = truths[good], answers[good]
    tail = (1.0 - LEVEL) / 2.0
    rng = np.random.default_rng([seed, 5])
    known = emulators.likelihood
    root = np.linalg.cholesky(known.sampling + np.diag(known.discrepancy + LEAST_ERROR * emulators.variance))
    goals = answers + rng.standard_normal(answers.shape) @ root.T
    likelihood = replace(known, goal=goals, error=emulators.error + emulators.noise / runs)
    walks = posterior_draws(space, emulators, [likelihood], rng, chains=CHAINS, steps=STEPS, warming=STEPS, progress=progress)
    draws = walks.reshape(len(truths), -1, walks.shape[-1])
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=1)
    covered = ((truths >= low) & (truths <= high)).astype(float)
    informed = np.array([contraction(one, np.full(len(one), 1.0 / len(one))) for one in draws])
    table = pd.DataFrame({"parameter": space.names, "covered": covered.mean(axis=0), "contraction": informed.mean(axis=0)})
    table = table.sort_values("contraction", ascending=False, kind="stable", ignore_index=True)
    counted = informed.mean(axis=0) > TELLING
    each = covered[:, counted if counted.any() else slice(None)].mean(axis=1)
    return Coverage(len(truths), table, float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))))


def cover(calibrator: Calibrator, cities: int, progress: Callable[[], None] | None = None) -> Coverage:
    """See the head of this file; runs the first wave if it is not there yet."""
    one = Effort(**{**calibrator.effort.as_data(), "waves": 1})  # type: ignore[arg-type]
    space = calibrator.space
    emulators, _ = History(space, one, calibrator.folder, calibrator.progress, calibrator.workers).run(calibrator.tell)
    truths = space.snapped(space.held(np.random.default_rng([space.seed, 6]).random((cities, len(space.factors)))))
    values = space.values(truths)
    means = calibrator.means(calibrator.swept(space.study(values, REPEATS, name=CITIES, seed=LUCK_OF_CITIES), CITIES), cities)
    if space.targets_of(alone=True):
        apart = calibrator.swept(space.study(values, 1, alone=True, name=CITIES_APART, seed=LUCK_OF_CITIES), CITIES_APART)
        means = np.where(np.isnan(means), calibrator.means(apart, cities), means)
    return coverage(space, emulators, truths, means, REPEATS, space.seed, progress)
