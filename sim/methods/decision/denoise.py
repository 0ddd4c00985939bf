"""What is known of each draw when its few runs are noisy: what an emulator predicts there, corrected by the runs themselves.

At a draw i of the uncertain parameters the outcomes g_i (m of them, means over luck) are Gaussian about what an emulator predicts that
has not seen the draw, with the covariance S of what emulators miss; the mean over the draw's r_i replicates is Gaussian about g_i with
covariance N / r_i. Bayes' rule gives g_i: close to the runs where luck is small, close to the emulator where it is large. Without it the
luck of single runs would be taken for differences between draws: options would look more alike than they are, and cases where an effect
is negative would be found where there are none.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sim.methods.decision.smooth import SmoothBasis, of_factors, smooth
from sim.methods.indices.emulator import FOLDS, LEAST_JUDGES, LEAST_POINTS, SMALL, Emulator
from sim.methods.indices.noise import responses
from sim.methods.luck import share_of_luck

BEYOND = 2.5  # standard errors: among several outcomes one is beyond it by chance in about one of twenty decisions
TINY = 1e-9  # of the variance: directions in which outcomes vary less do not vary


@dataclass(frozen=True)
class Runs:
    """The runs of n draws, taken apart (see `sim.methods.indices.noise`); a draw without a complete run is left out.

    kept    n0, bool: the draws that are here
    mean    n x m: mean over replicates
    runs    n: replicates of which all outcomes are known
    noise   m x m: covariance of what luck does at one draw and not at others, in a single run; None: one replicate, so it is not known
    common  m x m: covariance of the error in `mean` that all draws share, because replicate j has the same luck at all of them; zeros if
            each draw has luck of its own
    """

    kept: np.ndarray
    mean: np.ndarray
    runs: np.ndarray
    noise: np.ndarray | None
    common: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, *, shared: bool = True) -> "Runs":
        """y: n0 x r x m, nan where a run failed; shared: has replicate j the same luck at all draws? InputError if no run is complete."""
        y = np.where(np.isfinite(y).all(axis=2, keepdims=True), y, np.nan)
        taken = [responses(y[:, :, k]) for k in range(y.shape[2])]
        first = taken[0]
        n, r = first.apart.shape
        apart, mean = np.stack([one.apart for one in taken], axis=2), np.column_stack([one.mean for one in taken])
        free = int(first.runs.sum()) - n - r + 1
        if r < 2 or free < 1:
            return cls(first.kept, mean, first.runs, None, np.zeros((mean.shape[1],) * 2))
        noise = np.einsum("ijk,ijl->kl", apart, apart) / free
        return cls(first.kept, mean, first.runs, noise, _common(y[first.kept], noise) if shared else np.zeros_like(noise))

    @property
    def share(self) -> np.ndarray:
        """m: share of the variance of the means over replicates that is luck; 0 where it is not known."""
        spread = self.mean.var(axis=0)
        if self.noise is None:
            return np.zeros_like(spread)
        luck = np.diag(self.noise) * float(np.mean(1 / self.runs))
        return np.clip(np.divide(luck, spread, out=np.zeros_like(spread), where=spread > 0), 0.0, 1.0)


def _common(y: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Covariance of the mean over replicates of what luck does everywhere. y: n x r x m."""
    y = y[:, np.isfinite(y).any(axis=(0, 2))]
    whole = y[np.isfinite(y).all(axis=(1, 2))]
    r = y.shape[1]
    if len(whole) < 2:
        return np.zeros_like(noise)
    luck = whole.mean(axis=0)
    found = np.atleast_2d(np.cov(luck, rowvar=False)) - noise / len(whole)
    values, vectors = np.linalg.eigh(found / r)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T


@dataclass(frozen=True)
class Denoised:
    """What is known of m outcomes at n draws: independent Gaussians, `mean` and, at draw i, covariance shape @ diag(spread_i) @ shape.T.

    runs    what it comes from
    mean    n x m
    shape   m x k; back: k x m, from what an emulator misses to the coordinates in which luck and misses are independent
    slope   m: by which what an emulator predicts is shrunk toward the mean, see `calibrated`
    weight  n x k: share of a draw's own runs in each of these coordinates; the rest is the emulator's
    spread  n x k: variances that are left
    """

    runs: Runs
    mean: np.ndarray
    shape: np.ndarray
    back: np.ndarray
    slope: np.ndarray
    weight: np.ndarray
    spread: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        """n x m: standard deviations."""
        return np.sqrt(self.spread @ (self.shape**2).T)

    def below(self, threshold: float) -> np.ndarray:
        """n x m: probability that the outcome of a draw, luck averaged out, is below a number; a half where it equals it for sure."""
        from scipy.special import ndtr  # here, because it takes long to import

        apart, sd = threshold - self.mean, self.sd
        sure = np.where(np.isclose(apart, 0.0, atol=1e-12), 0.5, apart > 0)
        return np.where(sd > 0, ndtr(np.divide(apart, sd, out=np.zeros_like(apart), where=sd > 0)), sure)

    def corrected(self, moved: np.ndarray) -> np.ndarray:
        """... x n x m: how `mean` moves if means over replicates move by so much, and the emulator stays."""
        return ((moved @ self.back.T) * self.weight) @ self.shape.T

    def deviations(self, size: int, seed: int = 0) -> np.ndarray:
        """size x n x m: possible outcomes less `mean`. Every second is the mirror image of the one before it; size: even."""
        half = size // 2
        z = normals(half * len(self.mean), self.shape.shape[1], seed).reshape(len(self.mean), half, -1)
        made = (z * np.sqrt(self.spread)[:, None, :]) @ self.shape.T
        return np.stack([made, -made], axis=2).reshape(len(self.mean), 2 * half, -1).transpose(1, 0, 2)

    def noises(self, size: int, seed: int = 0) -> np.ndarray:
        """size x n x m: possible errors of the means over replicates, those that all draws share included; zeros if luck is not known."""
        n, m = self.mean.shape
        if self.runs.noise is None:
            return np.zeros((size, n, m))
        rng = np.random.default_rng([seed, 3])
        own = rng.normal(size=(size, n, m)) @ root(self.runs.noise).T / np.sqrt(self.runs.runs)[:, None]
        return own + rng.normal(size=(size, 1, m)) @ root(self.runs.common).T


def denoise(runs: Runs, left: np.ndarray, judges: np.ndarray | None = None) -> Denoised:
    """Weigh what an emulator predicts against the runs themselves.

    left    n x m: mean over replicates less what an emulator that has not seen the draw predicts
    judges  n, bool: the draws at which it is known honestly how much emulators miss; by default all
    With one replicate luck is not known: it is taken to be nothing, so the runs are taken as they are. The mean over draws stays that of
    the runs. How much of what emulators miss is luck is expected over what few replicates leave open, and never all of it: a range over
    cities of no width would say that they are alike, where runs only cannot tell how they differ.
    """
    m = left.shape[1]
    judge = honest(left, judges)
    left, slope = calibrated(runs.mean, left, judge)
    seen = left[judge]
    scale = seen.std(axis=0)
    scale = np.where(scale > TINY * np.abs(runs.mean).max(axis=0, initial=0.0), scale, np.inf)
    spread = np.atleast_2d((seen - seen.mean(axis=0)).T @ (seen - seen.mean(axis=0)) / len(seen)) / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(spread)
    real = values > TINY * m
    values, vectors = values[real], vectors[:, real]
    finite = np.where(np.isfinite(scale), scale, 0.0)
    single = np.zeros((m, m)) if runs.noise is None else runs.noise / np.outer(scale, scale)
    whiten = vectors / np.sqrt(values)
    luck, turn = np.linalg.eigh(whiten.T @ single @ whiten)  # now misses and luck together have unit variance, and luck is diagonal
    luck = np.maximum(luck, 0.0)
    lucky, free = luck * float(np.mean(1 / runs.runs)), float(max(int(runs.runs.sum()) - len(runs.mean), 3))
    known = lucky > 0.0
    missed = np.where(known, 1.0 - share_of_luck(1.0 / np.where(known, lucky, 1.0), len(seen) - 1.0, free), 1.0)
    shape = finite[:, None] * (vectors * np.sqrt(values)) @ turn
    back = (turn.T @ whiten.T) / scale
    own = luck / runs.runs[:, None]
    weight = np.divide(missed, missed + own, out=np.zeros_like(own), where=missed + own > 0)
    mean = runs.mean - left + ((left @ back.T) * weight) @ shape.T
    return Denoised(runs, mean - mean.mean(axis=0) + runs.mean.mean(axis=0), shape, back, slope, weight, weight * own)


def honest(left: np.ndarray, judges: np.ndarray | None) -> np.ndarray:
    """n, bool: the draws by which it is known how much emulators miss: all, each predicted without its fold, unless validation points say
    that more is missed there, beyond chance: then these alone. A tenth of the draws knows three times worse how much is missed.
    """
    every: np.ndarray = np.ones(len(left), bool)
    if judges is None or not can_judge(judges) or judges.all():
        return every
    beside, own = (left[chosen].var(axis=0) for chosen in (judges, ~judges))
    most = 1 + BEYOND * np.sqrt(2 / judges.sum())
    return judges if (beside > most * own).any() else every


def calibrated(mean: np.ndarray, left: np.ndarray, judge: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What is left when that which an emulator predicts is shrunk, and by how much.

    mean, left  n x m: means over replicates, and these less what an emulator that has not seen the draw predicts
    judge       n, bool: the draws by which it is found how far to shrink; by default all
    returns left (n x m), and the slopes (m, 0 or more) of means over what is predicted

    An emulator that was chosen from noisy runs predicts some luck, and differences between draws that are too great: where it says much,
    runs fall short of it. What it misses is not independent of what it says then, and the variance of the two together is too large.
    Least squares of the runs on what was predicted without them takes that away (Copas 1983, J. R. Statistical Society B 45).
    """
    said = mean - left
    apart = said - said.mean(axis=0)
    rows = np.ones(len(mean), bool) if judge is None else judge
    some, own = (each[rows] - each[rows].mean(axis=0) for each in (said, mean))
    size = (some**2).sum(axis=0)
    there = size > TINY * (own**2).sum(axis=0)
    slope = np.maximum(np.divide((some * own).sum(axis=0), size, out=np.ones_like(size), where=there), 0.0)
    return mean - said.mean(axis=0) - slope * apart, slope


def denoised(
    unit: np.ndarray, y: np.ndarray, *, clusters: np.ndarray | None = None, validation: np.ndarray | None = None, shared: bool = True,
    seed: int = 0, useful: bool = True,
) -> tuple[Denoised, list[Emulator | None]]:  # fmt: skip
    """The outcomes of draws from their noisy runs, with an emulator for each outcome.

    unit    n x d: what varies, as shares of each factor's distribution that lie below
    y       n x r or n x r x m: outcomes of the runs; nan where one failed. Draws without a complete run are left out: see `runs.kept`
    clusters  n: draws with the same number are alike in more than others are, so an emulator is tried on all of them or on none
    validation  n, bool: draws that are random, each by itself; emulators are judged there, and without enough of them none is made
    shared  has replicate j the same luck at all draws?
    useful  may emulators serve for anything else than luck? If not, and luck is not known, none is made
    returns what is known, and the emulators; None for an outcome with too few points, the same at all draws, not to be judged, or where
            an emulator predicts less than nothing: there the mean over draws stands for it
    InputError if no run is complete.
    """
    y = np.asarray(y, float)
    runs = Runs.of(y[:, :, None] if y.ndim == 2 else y, shared=shared)
    y = (y[:, :, None] if y.ndim == 2 else y)[runs.kept]
    y = np.where(np.isfinite(y).all(axis=2, keepdims=True), y, np.nan)
    judges = None if validation is None else validation[runs.kept]
    points, alike = unit[runs.kept], None if clusters is None or len(np.unique(clusters)) == len(unit) else clusters[runs.kept]
    if (runs.noise is None and not useful) or not can_judge(judges):
        return denoise(runs, runs.mean - runs.mean.mean(axis=0)), [None] * y.shape[2]
    # Most of the time is spent in NumPy, which lets other threads run. Of few points Gaussian processes are tried, which cannot share.
    with ThreadPoolExecutor(os.cpu_count() if len(unit) > SMALL else 1) as pool:
        emulators = list(pool.map(lambda k: emulated(points, y[:, :, k], alike, seed, judges), range(y.shape[2])))
    plain = runs.mean - runs.mean.mean(axis=0)
    left = np.column_stack([plain[:, k] if one is None else one.left for k, one in enumerate(emulators)])
    return denoise(runs, left, judges), emulators


def can_judge(validation: np.ndarray | None) -> bool:
    """Are there validation points enough to know what an emulator misses?"""
    return validation is not None and int(validation.sum()) >= LEAST_JUDGES


def emulated(
    unit: np.ndarray, y: np.ndarray, clusters: np.ndarray | None = None, seed: int = 0, validation: np.ndarray | None = None
) -> Emulator | None:
    """An emulator of one outcome (n x r runs), or None if there is nothing to learn or it predicts less than the mean does."""
    mean = np.nanmean(y, axis=1)
    if len(mean) < LEAST_POINTS or np.ptp(mean) <= 1e-12 * float(np.abs(mean).max(initial=0.0)):
        return None
    made = Emulator.fit(unit, y, seed=seed, clusters=clusters, validation=validation)
    return made if made.q2 > 0 else None


def main_effects(unit: np.ndarray, mean: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """n x m: responses less what a sum of curves, one a factor, predicts that has not seen their tenth of the draws; a quick emulator.

    mean      n x m
    clusters  n: draws with the same number are in the same tenth
    """
    if len(mean) < LEAST_POINTS:
        return mean - mean.mean(axis=0)
    columns, left = of_factors(unit, pairs=False)[0], np.empty_like(mean)
    order = np.random.default_rng(4).permutation(clusters.max() + 1) % FOLDS
    for fold in np.unique(order[clusters]):
        out = order[clusters] == fold
        inner = columns[~out]
        middle = inner.mean(axis=0)
        taken = SmoothBasis.of(inner)
        made = smooth(taken, mean[~out])
        turned = np.linalg.lstsq(inner - middle, made.fits, rcond=None)[0]
        left[out] = mean[out] - mean[~out].mean(axis=0) - (columns[out] - middle) @ turned
    return left


def normals(count: int, dimensions: int, seed: int) -> np.ndarray:
    """count x dimensions: standard normal numbers that fill their space evenly."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    if not dimensions:
        return np.zeros((count, 0))
    made = qmc.Sobol(dimensions, rng=np.random.default_rng([seed, 5])).random_base2(max(count - 1, 1).bit_length())[:count]
    return ndtri(np.clip(made, 1e-12, 1 - 1e-12))


def root(covariance: np.ndarray) -> np.ndarray:
    """A matrix whose product with its transpose is this; tiny negative variances are taken for 0."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
