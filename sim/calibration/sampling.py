"""Hamiltonian Monte Carlo (Neal 2011, 10.1201/b10905) of many chains, and of many posteriors, at once.

Parameters are normal scores: the prior of each is a standard normal, whatever its distribution. Chains move in coordinates in which a
normal approximation of the posterior, its `Guide`, is round, so that one size of step suits all directions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

ACCEPTED = 0.8  # share of proposals that warming up aims at
PATH = 1.6  # length of a trajectory in the guide's standard deviations: a quarter of a turn
LONGEST = 64  # steps of a trajectory
ROUNDS, CLOUD = 12, 24  # of fitting guides, and points in each
CONVERGED = 1.01  # split R-hat up to which chains count as one (Vehtari and others 2021, 10.1214/20-BA1221)
ENOUGH = 400.0  # effective draws, in bulk and tails (the same)
BRIDGE, GROUPS = 4000, 4  # points for an evidence, and groups of chains that tell its error

Density = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # of points (p x m x d): log densities (p x m), gradients (p x m x d)
Lines = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # misfits (p x m x t), slopes (p x m x t x d)


@dataclass(frozen=True)
class Guide:
    """Normal distributions that are about p posteriors: means (p x d) and roots of covariances (p x d x d)."""

    mean: np.ndarray
    root: np.ndarray

    @classmethod
    def prior(cls, p: int, d: int) -> "Guide":
        return cls(np.zeros((p, d)), np.tile(np.eye(d), (p, 1, 1)))

    def at(self, round_: np.ndarray) -> np.ndarray:
        """Points (p x m x d) at coordinates in which the guide is a standard normal."""
        return self.mean[:, None] + round_ @ self.root.transpose(0, 2, 1)

    def back(self, at: np.ndarray) -> np.ndarray:
        """Those coordinates of points (p x m x d)."""
        return np.linalg.solve(self.root, (at - self.mean[:, None]).transpose(0, 2, 1)).transpose(0, 2, 1)

    @classmethod
    def of(cls, walk: "Walk") -> "Guide":
        """The normal distribution of the points of chains, a little drawn to independence, which few points cannot tell from the truth."""
        p, steps, chains, d = walk.at.shape
        at = walk.at.reshape(p, steps * chains, d)
        mean = at.mean(axis=1)
        apart = at - mean[:, None]
        covariance = np.einsum("pmi,pmj->pij", apart, apart) / (steps * chains)
        drawn = d / (d + steps * chains)
        covariance = (1.0 - drawn) * covariance + drawn * covariance * np.eye(d)
        return cls(mean, np.linalg.cholesky(covariance))

    def log_density(self, round_: np.ndarray) -> np.ndarray:
        """p x m: at such coordinates, its constant included."""
        d = self.mean.shape[1]
        size = np.log(np.abs(np.diagonal(self.root, axis1=1, axis2=2))).sum(axis=1)
        return -0.5 * np.sum(round_**2, axis=2) - size[:, None] - 0.5 * d * np.log(2.0 * np.pi)


def guided(misfit: Lines, p: int, d: int, rng: np.random.Generator) -> Guide:
    """What posteriors would be if answers were linear near them: lines through a cloud of points, which moves there, anew.

    misfit  of points (p x m x d), in standard deviations
    """
    guide = Guide.prior(p, d)
    for number in range(ROUNDS):
        at = guide.at(rng.standard_normal((p, CLOUD, d)))
        apart, slopes = misfit(at)
        slope, center = slopes.mean(axis=1), at.mean(axis=1)
        left = apart.mean(axis=1) - np.einsum("ptd,pd->pt", slope, center)
        rough = np.var(apart - left[:, None] - np.einsum("ptd,pmd->pmt", slope, at), axis=1)  # what lines miss makes the guide wider
        damped = slope / (1.0 + rough + 4.0 * 0.5**number)[:, :, None]
        covariance = np.linalg.inv(np.eye(d) + np.einsum("pti,ptj->pij", damped, slope))
        covariance = (covariance + covariance.transpose(0, 2, 1)) / 2.0
        mean = -np.einsum("pij,ptj,pt->pi", covariance, damped, left)
        guide = Guide(mean, np.linalg.cholesky(covariance))
    return guide


@dataclass(frozen=True)
class Walk:
    """Where chains were: points (p x steps x chains x d), and of each posterior the share of proposals that it accepted, and its steps."""

    at: np.ndarray
    accepted: np.ndarray
    size: np.ndarray

    def after(self, more: "Walk") -> "Walk":
        """This one and what came after it."""
        return Walk(np.concatenate([self.at, more.at], axis=1), more.accepted, more.size)


class _Sizes:
    """Sizes of steps that approach the wanted acceptance by dual averaging (Hoffman and Gelman 2014, algorithm 5)."""

    def __init__(self, start: np.ndarray) -> None:
        self.now, self.center = start, np.log(10.0 * start)
        self.off, self.mean = np.zeros_like(start), np.log(start)
        self.count = 0

    def learn(self, accepted: np.ndarray) -> None:
        self.count += 1
        share = 1.0 / (self.count + 10.0)
        self.off = (1.0 - share) * self.off + share * (ACCEPTED - accepted)
        logs = self.center - np.sqrt(self.count) / 0.05 * self.off
        kept = self.count**-0.75
        self.mean = kept * logs + (1.0 - kept) * self.mean
        self.now = np.exp(logs)

    def settle(self) -> None:
        self.now = np.exp(self.mean)


def hamiltonian(
    density: Density, guide: Guide, chains: int, steps: int, rng: np.random.Generator, *, warming: int = 0, before: Walk | None = None
) -> Walk:  # fmt: skip
    """Chains that start at random points of the guide, or where they were before.

    warming  steps in which the size of steps is learned; they are thrown away
    before   a walk with the same guide, which goes on

    Trajectories have random lengths about `PATH`, so that none comes back to where it began.
    """
    p, d = guide.mean.shape
    at_round = rng.standard_normal((p, chains, d)) if before is None else guide.back(before.at[:, -1])
    value, slope = _in_round(density, guide, at_round)
    sizes = _Sizes(np.full(p, 0.5 * d**-0.25) if before is None else before.size)
    walk, accepted = np.empty((p, steps, chains, d)), np.zeros(p)
    for step in range(-warming, steps):
        if step == 0:
            sizes.settle()
        length = PATH * rng.uniform(0.5, 1.5)
        leaps = int(np.clip(np.ceil(length / np.median(sizes.now)), 1, LONGEST))
        momentum = rng.standard_normal(at_round.shape)
        proposal = _leapfrog(density, guide, (at_round, momentum, slope), sizes.now[:, None, None], leaps)
        gain = proposal[2] - value - 0.5 * np.sum(proposal[1] ** 2 - momentum**2, axis=2)
        chance = np.exp(np.minimum(np.where(np.isfinite(gain), gain, -np.inf), 0.0))
        taken = rng.random(chance.shape) < chance
        at_round = np.where(taken[..., None], proposal[0], at_round)
        slope = np.where(taken[..., None], proposal[3], slope)
        value = np.where(taken, proposal[2], value)
        if step < 0:
            sizes.learn(chance.mean(axis=1))
        else:
            walk[:, step] = guide.at(at_round)
            accepted += chance.mean(axis=1) / steps
    return Walk(walk, accepted, sizes.now)


def _in_round(density: Density, guide: Guide, at_round: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The density and its gradient in the guide's coordinates."""
    value, slope = density(guide.at(at_round))
    return value, slope @ guide.root


def _leapfrog(
    density: Density, guide: Guide, begin: tuple[np.ndarray, np.ndarray, np.ndarray], size: np.ndarray, leaps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where a trajectory ends: point, momentum, density and its gradient."""
    at_round, momentum, slope = begin
    momentum = momentum + 0.5 * size * slope
    for leap in range(leaps):
        at_round = at_round + size * momentum
        value, slope = _in_round(density, guide, at_round)
        momentum = momentum + (0.5 if leap == leaps - 1 else 1.0) * size * slope
    return at_round, momentum, value, slope


class Diagnosis(NamedTuple):
    """What is told of the chains of one posterior.

    mixing      split R-hat, rank-normalized, the largest of all parameters; 1 if chains agree
    bulk, tail  effective draws, the fewest of all parameters
    steps       of each chain; needed: about how many would do
    """

    mixing: float
    bulk: float
    tail: float
    steps: int
    needed: int

    @property
    def converged(self) -> bool:
        return self.mixing <= CONVERGED and min(self.bulk, self.tail) >= ENOUGH


def diagnosed(walk: np.ndarray) -> Diagnosis:
    """By ArviZ, of points (steps x chains x d). That R-hat exceeds 1 by a share that falls as steps are added is taken for granted."""
    from arviz_stats.base import array_stats  # here, because it takes long to import

    parts = walk.transpose(2, 1, 0)
    mixing = float(np.max(array_stats.rhat(parts, chain_axis=1, draw_axis=2)))
    bulk, tail = (
        float(np.min(array_stats.ess(parts, chain_axis=1, draw_axis=2, method=method, prob=prob)))
        for method, prob in (("bulk", None), ("tail", (0.05, 0.95)))
    )
    short = max((mixing - 1.0) / (CONVERGED - 1.0), ENOUGH / bulk, ENOUGH / tail)
    return Diagnosis(mixing, bulk, tail, len(walk), int(np.ceil(len(walk) * short)))


def bridged(density: Density, guide: Guide, walk: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """The logarithm of the integral of a density, and its standard error, by bridge sampling (Meng and Wong 1996).

    walk  steps x chains x d: points of the density; as many are drawn from the guide. The error is told by groups of chains.
    """
    thin = walk[:: max(1, len(walk) * walk.shape[1] // BRIDGE)]
    own = guide.back(thin.reshape(1, -1, walk.shape[2]))
    ours, theirs = (_log_ratio(density, guide, at).reshape(thin.shape[:2]) for at in (own, rng.standard_normal(own.shape)))
    parts = [_bridge(ours[:, group::GROUPS].ravel(), theirs[:, group::GROUPS].ravel()) for group in range(GROUPS)]
    return _bridge(ours.ravel(), theirs.ravel()), float(np.std(parts, ddof=1) / np.sqrt(GROUPS))


def _log_ratio(density: Density, guide: Guide, round_: np.ndarray) -> np.ndarray:
    """Of the density to the guide's."""
    return density(guide.at(round_))[0] - guide.log_density(round_)


def _bridge(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The logarithm of the integral from log ratios at points of the density and of the guide."""
    from scipy.special import logsumexp

    share, found = np.log(len(ours) / (len(ours) + len(theirs))), float(np.median(ours))
    for _ in range(200):
        rest = np.log1p(-np.exp(share)) + found
        above = logsumexp(theirs - np.logaddexp(share + theirs, rest)) - np.log(len(theirs))
        below = logsumexp(-np.logaddexp(share + ours, rest)) - np.log(len(ours))
        found, last = float(above - below), found
        if abs(found - last) < 1e-10:
            break
    return found


def effective(weights: np.ndarray) -> float:
    """How many draws of equal weight tell as much as these.

    >>> effective(np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / np.sum(weights**2))


def truncated(log_weights: np.ndarray) -> np.ndarray:
    """Weights that sum to 1, none larger than the root of their number times the mean (Ionides 2008): a little bias for less noise."""
    weights = np.exp(log_weights - log_weights.max())
    weights = np.minimum(weights, weights.mean() * np.sqrt(len(weights)))
    return weights / weights.sum()
