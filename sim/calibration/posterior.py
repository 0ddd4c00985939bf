"""From what a bank knows to weighted draws: sample, run each draw, and let its own runs correct the bank."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import cpu_count

import numpy as np
import pandas as pd

from sim.calibration.emulators import LEAST_ERROR, Emulators
from sim.calibration.likelihood import KAPPA_SD, Likelihood
from sim.calibration.sampling import Diagnosis, Guide, bridged, diagnosed, effective, guided, hamiltonian
from sim.calibration.space import InputTables, Space

CHAINS = 8
WARMING = 100  # steps of chains whose convergence nobody asks for
DOUBLINGS = 4
APART = 4  # steps between two points of a chain that are scattered


@dataclass(frozen=True)
class Density:
    """Prior times likelihood at normal scores of the parameters, of which there is one more: kappa's (see `Likelihood`).

    likelihoods  whose product it is; of p places at once if their goals are
    """

    reading: InputTables
    emulators: Emulators
    likelihoods: tuple[Likelihood, ...]
    pool: ThreadPoolExecutor

    def answers(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean answers at scores (p x m x d + 1), p x m x t, and their slopes with the scores of parameters, p x m x t x d."""
        inputs, rises = self.reading.at(at[..., :-1].reshape(-1, at.shape[-1] - 1))
        answers, slopes = self.emulators.with_slopes(inputs, self.pool)
        slopes = self.reading.back(slopes, rises[:, None])
        return answers.reshape(*at.shape[:2], -1), slopes.reshape(*at.shape[:2], *slopes.shape[1:])

    def misfit(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Misfits and slopes of all likelihoods, kappa being 1: what a guide is made of."""
        answers, slopes = self.answers(at)
        parts = [likelihood.misfit(answers, slopes) for likelihood in self.likelihoods]
        rises = np.concatenate([rise for _, rise in parts], axis=2)
        return np.concatenate([apart for apart, _ in parts], axis=2), np.concatenate([rises, np.zeros((*rises.shape[:3], 1))], axis=3)

    def __call__(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log densities (p x m) at scores (p x m x d + 1), the prior's constant included, and their gradients."""
        answers, slopes = self.answers(at)
        value = -0.5 * (np.sum(at**2, axis=2) + at.shape[2] * np.log(2.0 * np.pi))
        gradient = -at
        for likelihood in self.likelihoods:
            more, rise, rise_kappa = likelihood.of(answers, KAPPA_SD * at[..., -1])
            value = value + more
            gradient[..., :-1] += np.einsum("pmt,pmtd->pmd", rise, slopes)
            gradient[..., -1] += KAPPA_SD * rise_kappa
        return value, gradient


@contextmanager
def density(
    space: Space, emulators: Emulators, likelihoods: Sequence[Likelihood], without: str | None = None
) -> Iterator[Density]:  # fmt: skip
    """The density of the posterior, with threads for its emulators; of a world without one of the `STRUCTURES` if one is named."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), ThreadPoolExecutor(cpu_count()) as pool:
        yield Density(space.reading(without), emulators, tuple(likelihoods), pool)


def corrected(
    emulators: Emulators, unit: np.ndarray, kappa: np.ndarray, means: np.ndarray, runs: int
) -> np.ndarray:  # fmt: skip
    """Log weights of draws that were run: the likelihood of the targets with what their own runs say, against that by the bank alone.

    What is known of a draw's mean answer is the bank's word, with its error, and the mean of its runs, with their luck; each counts by
    how sure it is. A target that was not run (nan in all draws) has the bank's word alone; a draw that failed has -inf.

    means  n x targets, of so many runs, on the targets' scales
    """
    said = emulators.predict(unit)
    run = np.isfinite(means).any(axis=0)
    failed = ~np.isfinite(means[:, run]).all(axis=1)
    luck = np.where(run & (emulators.noise > 0.0), emulators.noise / runs, np.inf)
    share = emulators.error / (emulators.error + luck)  # of the word of the runs
    known = said + share * (np.where(np.isfinite(means), means, said) - said)
    before = emulators.likelihood
    now = replace(before, error=np.maximum(emulators.error * (1.0 - share), LEAST_ERROR**2 * emulators.variance))
    return np.where(failed, -np.inf, now.of(known, np.log(kappa))[0] - before.of(said, np.log(kappa))[0])


@dataclass(frozen=True)
class Sampled:
    """Draws of the posterior as the bank sees it.

    unit      n x d;  kappa: n
    chains    what is told of the chains from which they were taken
    evidence  logarithm of the chance of the targets, given the structure, and its standard error
    """

    unit: np.ndarray
    kappa: np.ndarray
    chains: Diagnosis
    evidence: tuple[float, float]


def sample(
    space: Space, emulators: Emulators, count: int, steps: int, rng: np.random.Generator, *, without: str | None = None,
    doublings: int = DOUBLINGS,    tell: Callable[[str], None] = lambda text: None,
) -> Sampled:  # fmt: skip
    """Draws from the prior times the likelihood of the targets; chains go on until they have converged, or were doubled so often."""
    from scipy.special import ndtr

    with density(space, emulators, [emulators.likelihood], without) as target:
        guide = guided(target.misfit, 1, len(space.factors) + 1, rng)
        guide = Guide.of(hamiltonian(target, guide, CHAINS, steps // 2, rng, warming=steps // 2))
        walk = hamiltonian(target, guide, CHAINS, steps, rng, warming=steps // 4)
        while not (chains := diagnosed(walk.at[0][..., space.fitted_scores])).converged and doublings:
            tell(
                f"chains of {chains.steps} steps: R-hat {chains.mixing:.3f}, {chains.bulk:.0f} effective draws ({chains.tail:.0f} in tails)"
            )
            walk, doublings = walk.after(hamiltonian(target, guide, CHAINS, chains.steps, rng, before=walk)), doublings - 1
        evidence = bridged(target, guide, walk.at[0], rng)
    points = walk.at[0].reshape(-1, walk.at.shape[-1])
    rows = points[np.linspace(0, len(points) - 1, count).astype(int)]
    return Sampled(space.snapped(space.held(ndtr(rows[:, :-1]))), np.exp(KAPPA_SD * rows[:, -1]), chains, evidence)


def posterior_draws(
    space: Space, emulators: Emulators, likelihoods: Sequence[Likelihood], rng: np.random.Generator, *, chains: int, steps: int,
    warming: int,
) -> np.ndarray:  # fmt: skip
    """Draws (p x steps x chains x d, unit points) of p posteriors at once: prior times likelihoods, whose goals are p x targets."""
    from scipy.special import ndtr

    with density(space, emulators, likelihoods) as target:
        p = max(len(np.atleast_2d(likelihood.goal)) for likelihood in likelihoods)
        guide = guided(target.misfit, p, len(space.factors) + 1, rng)
        at = hamiltonian(target, guide, chains, steps, rng, warming=warming).at[..., :-1]
    return space.snapped(space.held(ndtr(at).reshape(-1, at.shape[-1]))).reshape(at.shape)


def scattered(
    space: Space, emulators: Emulators, loose: float, count: int, rng: np.random.Generator, without: str | None = None
) -> np.ndarray:  # fmt: skip
    """Points (count x d) that meet the targets loosely: draws of a posterior whose tolerances are so many times as large."""
    from scipy.special import ndtr

    with density(space, emulators, [emulators.likelihood.loose(loose)], without) as target:
        guide = guided(target.misfit, 1, len(space.factors) + 1, rng)
        at = hamiltonian(target, guide, CHAINS, APART * -(-count // CHAINS), rng, warming=WARMING).at[0]
    points = at[APART - 1 :: APART].reshape(-1, at.shape[-1])[:count, :-1]
    return space.snapped(space.held(ndtr(points)))


@dataclass(frozen=True)
class WeightedDraws:
    """Weighted draws and what they answer.

    sampled  from the bank;  unit: n x d, those points;  values: the same in the parameters' units
    means    n x targets: of their own runs, on the targets' scales; nan for what is run apart
    weights  n, which sum to 1;  correction: of the logarithm of the evidence by these runs
    """

    sampled: Sampled
    unit: np.ndarray
    values: pd.DataFrame
    means: np.ndarray
    weights: np.ndarray
    correction: float

    def __repr__(self) -> str:
        chains = self.sampled.chains
        return (
            f"{len(self.weights)} draws that tell as much as {effective(self.weights):.0f} of equal weight; R-hat {chains.mixing:.3f}, "
            f"{chains.bulk:.0f} effective draws of chains ({chains.tail:.0f} in tails)"
        )

    @property
    def evidence(self) -> tuple[float, float]:
        """The logarithm of the chance of the targets, as the draws' own runs correct it, and its standard error."""
        uncertain = np.sqrt(1.0 / effective(self.weights) - 1.0 / len(self.weights))
        return self.sampled.evidence[0] + self.correction, float(np.hypot(self.sampled.evidence[1], uncertain))
