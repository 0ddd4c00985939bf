"""From what a bank knows to weighted draws: sample, run each draw, and let its own runs correct the bank."""

from dataclasses import dataclass

import numpy as np

from sim.calibration.emulators import Emulators
from sim.calibration.sampling import guide, mixing, slice_sample, truncated
from sim.calibration.space import Space

STEPS = 300  # of each chain; the first half is thrown away
EACH = 4  # draws from a chain, at most


@dataclass(frozen=True)
class Sampled:
    """Draws of the posterior as the bank sees it.

    unit    n x d
    mixing  split R-hat of the chains, the largest of all parameters; 1 if they agree
    """

    unit: np.ndarray
    mixing: float


def log_likelihood(misfit: np.ndarray) -> np.ndarray:
    """Of independent normal targets (n x targets, in standard deviations), but for a constant."""
    return -0.5 * np.sum(misfit**2, axis=1)


def sample(space: Space, emulators: Emulators, count: int, rng: np.random.Generator) -> Sampled:
    """Draws from the prior times the likelihood of the targets."""
    chains = -(-count // EACH)
    near = guide(lambda unit: emulators.misfit(space.snapped(unit)), len(space.factors), rng)
    start = near.unit(chains, rng)
    walk = slice_sample(lambda unit: log_likelihood(emulators.misfit(space.snapped(unit))), start, STEPS, rng, around=near)
    late = walk[STEPS // 2 :]
    steps = np.linspace(0, len(late) - 1, -(-count // chains)).astype(int)
    return Sampled(space.snapped(late[steps].reshape(-1, late.shape[-1])[:count]), mixing(late))


def weights(emulators: Emulators, unit: np.ndarray, means: np.ndarray, runs: int) -> np.ndarray:
    """Weights of draws that were run: the likelihood of the targets with what their own runs say, against that by the bank alone.

    What is known of a draw's mean answer is the bank's word, with its error, and the mean of its runs, with their luck; each counts by
    how sure it is. A target that was not run (nan in all draws) has the bank's word alone; a draw that failed has weight 0.

    means  n x targets, of so many runs, on the targets' scales
    """
    said = emulators.predict(unit)
    run = np.isfinite(means).any(axis=0)
    failed = ~np.isfinite(means[:, run]).all(axis=1)
    luck = np.where(run & (emulators.noise > 0.0), emulators.noise / runs, np.inf)
    share = emulators.error / (emulators.error + luck)  # of the word of the runs
    known = said + share * (np.where(np.isfinite(means), means, said) - said)
    left = emulators.variance + emulators.error * (1.0 - share)
    now = -0.5 * np.sum((known - emulators.goal) ** 2 / left + np.log(left), axis=1)
    whole = emulators.variance + emulators.error
    before = -0.5 * np.sum((said - emulators.goal) ** 2 / whole + np.log(whole), axis=1)
    return truncated(np.where(failed, -np.inf, now - before))
