"""A quick stand-in for the model, that knows how good it is because it was tried on points that it had not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from sim.methods.indices.gaussian import Gaussian, left_alone
from sim.methods.indices.noise import Responses, responses
from sim.methods.indices.polynomials import Basis, Polynomials
from sim.methods.indices.selection import folded
from sim.methods.threads import single_threaded

FOLDS = 10
SMALL = 150  # points up to which surfaces are made one after the other
MOST = 1024  # points up to which a Gaussian process is tried too
HOPE = 0.95  # of what polynomials miss: where a process that has seen the design may miss more, it is not tried on folds
LEAST_POINTS = 16
LEAST_JUDGES = 12  # validation points from which a Q2 is told
SURE = 0.9  # of the interval of a Q2
GOOD = 0.002  # share of the variance: polynomials that miss no more need no rival
FRESH = 1000  # points at which surfaces are compared
Surface = Polynomials | Gaussian
Fitter = type[Polynomials] | type[Gaussian]
Fit = Callable[[Basis, np.ndarray, np.ndarray, np.random.Generator, np.ndarray, int | None], Surface]


@dataclass(frozen=True)
class Emulator:
    """What was learned from a design; `predict` takes 100,000 points in less than a second.

    responses  the runs it learned from, taken apart; unit: their points (n x d)
    surface    fitted to all points
    fold       n: in which tenth of the points each is
    tried      a surface for each fold, fitted without it, all choices (terms, their number, length scales) included
    left       n: mean response less what the surface that had not seen the point says
    validation n, bool: points that are not of the design but drawn at random, each by itself, from the same distributions. What
               surfaces miss is judged there. All False: it can be judged at the design's own points alone, which may flatter
               (the points of a Sobol net depend on each other, so a surface may predict those that it has not seen and nothing else)
    """

    responses: Responses
    unit: np.ndarray
    surface: Surface
    fold: np.ndarray
    tried: tuple[Surface, ...]
    left: np.ndarray
    validation: np.ndarray

    @classmethod
    @single_threaded
    def fit(
        cls, unit: np.ndarray, y: np.ndarray | Responses, *, seed: int = 0, kind: Fitter | None = None, clusters: np.ndarray | None = None,
        validation: np.ndarray | None = None,
    ) -> "Emulator":  # fmt: skip
        """Sparse polynomials; if they miss something, up to 1,024 points, a Gaussian process too, and the better of the two is kept.

        unit  n x d, in [0, 1];  y: n, n x r (replicates, nan where a run failed), or runs taken apart already
        kind  Polynomials or Gaussian, to have that one
        clusters  n: points with the same number are in the same fold, because they have something in common that others lack; by default
                  equal points are
        validation  n, bool: points that are not of the design; they are learned from as well, but each is predicted without it
        InputError if all runs failed. Any number of points can be had; with few, see `q2` before trusting it.
        """
        runs = y if isinstance(y, Responses) else responses(np.asarray(y, dtype=float).reshape(len(unit), -1))
        unit = np.asarray(unit, dtype=float)[runs.kept]
        judges = np.zeros(len(unit), dtype=bool) if validation is None else np.asarray(validation, dtype=bool)[runs.kept]
        _, same = np.unique(unit if clusters is None else np.asarray(clusters)[runs.kept], axis=0, return_inverse=True)
        same = same.ravel()
        made = partial(_tried, cls, runs, unit, judges, same, seed)
        if kind is Polynomials:
            return made(_polynomials)
        first = made(_polynomials)
        if len(unit) > MOST or (kind is None and first.missed <= GOOD * float(np.var(runs.mean))):
            return first
        return _better(first, made, seed, always=kind is Gaussian)

    @property
    def kind(self) -> str:
        """Which of the two it is, in words."""
        return "sparse polynomials" if isinstance(self.surface, Polynomials) else "Gaussian process"

    @property
    def validated(self) -> int:
        """Validation points that judge it; 0: there are too few."""
        count = int(self.validation.sum())
        return count if count >= LEAST_JUDGES else 0

    @property
    def judged(self) -> np.ndarray:
        """What is left at the points that judge: validation points, or all if there are too few of those."""
        return self.left[self.validation] if self.validated else self.left

    @property
    def q2(self) -> float:
        """Share of the variance of mean responses that it predicts, at points it has not seen. At most 1; below 0: worse than the mean.

        Nothing predicts luck: where less is left at the points that judge than luck leaves in all means (`luck`), that is chance.
        """
        spread, left = float(np.var(self.responses.mean)), float(np.mean(self.judged**2))
        return 1 - (left if left >= (self.noise or 0.0) else max(left, self.luck)) / spread if spread > 0 else 0.0

    @property
    def q2_interval(self) -> tuple[float, float]:
        """Between what Q2 is with a probability of 90 %.

        Which points judge is chance: a t interval of the logarithm of what is missed. A few points miss most, and among those that judge
        there may be none of these, so how uneven squares are is told by all points too. The variance of which it is a share is known from
        finitely many points. And those that judge are predicted by surfaces of nine tenths of the points; where these differ from the one
        of all, it may miss so much more than they, or less (`unsettled`).
        """
        from scipy.special import stdtrit  # here, because it takes long to import

        square: np.ndarray = self.judged**2
        m = len(square)
        if not square.any() or m < 2:
            return self.q2, self.q2
        uneven = max(_uneven(square), _uneven(self.left**2)) / np.sqrt(m)
        spread = _uneven((self.responses.mean - self.responses.mean.mean()) ** 2) / np.sqrt(len(self.left))
        reach = np.exp(stdtrit(m - 1, (1 + SURE) / 2) * np.hypot(uneven, spread))
        return 1 - (1 - self.q2) * reach - self.unsettled, min(1 - (1 - self.q2) / reach + self.unsettled, 1.0)

    @cached_property
    def unsettled(self) -> float:
        """Share of the variance by which surfaces fitted without a tenth of the points differ from that of all, at points of no design."""
        spread = float(np.var(self.responses.mean))
        points = np.random.default_rng(FRESH).random((FRESH, self.unit.shape[1]))
        for column, values in zip(points.T, Basis.of(self.unit).levels, strict=True):
            if values is not None:
                column[:] = values[(column * len(values)).astype(int)]
        whole = self.surface.predict(points)
        apart = [float(np.mean((surface.predict(points) - whole) ** 2)) for surface in self.tried]
        return float(np.mean(apart)) / spread if spread > 0 else 0.0

    @property
    def noise(self) -> float | None:
        """Variance of the noise in the mean responses that it learned from; None if it cannot be known (one replicate)."""
        return self.responses.noise

    @cached_property
    def luck(self) -> float:
        """Variance of the noise that no function of the point predicts: what luck does through factors is learned as all else is.

        Found as what is missed is: surfaces of the same kind, fitted to the luck of each replicate without the tenth that is predicted.
        """
        apart = self.responses.apart
        left = apart.copy()
        for fold, surface in enumerate(self.tried):
            out = self.fold == fold
            left[out] -= np.column_stack([one.predict(self.unit[out]) for one in surface.again(self.unit[~out], apart[~out])])
        whole = float(np.mean(apart**2))
        return (self.noise or 0.0) * min(float(np.mean(left**2)) / whole, 1.0) if whole > 0 else 0.0

    def predict(self, unit: np.ndarray) -> np.ndarray:
        """n: the mean response at points (n x d)."""
        return self.surface.predict(np.asarray(unit, dtype=float))

    @property
    def missed(self) -> float:
        """Variance of mean responses that is neither predicted nor known to be noise."""
        return max(float(np.mean(self.judged**2)) - (self.noise or 0.0), 0.0)

    @property
    def flattered(self) -> float:
        """By how much what is left at points that do not judge is too small, as a factor; 1 or more."""
        own, judged = float(np.mean(self.left**2)), float(np.mean(self.judged**2))
        return max(np.sqrt(judged / own), 1.0) if own > 0 else 1.0


def _uneven(square: np.ndarray) -> float:
    """Standard deviation of squares in units of their mean."""
    return float(square.std(ddof=1) / max(square.mean(), 1e-300))


def _tried(cls: type[Emulator], runs: Responses, unit: np.ndarray, judges: np.ndarray, same: np.ndarray, seed: int, fit: Fit) -> Emulator:
    """An emulator with a surface of one kind for all points and for all but each fold.

    same  n: points with the same number, all numbers from 0 on, are in the same fold
    """
    y, basis, fold = runs.mean, Basis.of(unit), folded(same, FOLDS, np.random.default_rng([seed, 1]))
    inner = same if int(same.max()) + 1 < len(y) else np.arange(len(y))
    surfaces, left = [], y - y.mean()
    for one in range(fold.max() + 1):
        out = fold == one
        surface = fit(basis, unit[~out], y[~out], np.random.default_rng([seed, 2, one]), inner[~out], one)
        left[out] = y[out] - surface.predict(unit[out])
        surfaces.append(surface)
    whole = fit(basis, unit, y, np.random.default_rng([seed, 2]), inner, None)
    return cls(runs, unit, whole, fold, tuple(surfaces), left, judges)


def _polynomials(
    basis: Basis, unit: np.ndarray, y: np.ndarray, rng: np.random.Generator, same: np.ndarray, fold: int | None
) -> Polynomials:  # fmt: skip
    return Polynomials.fit(basis, unit, y, rng, same)


def _better(first: Emulator, made: Callable[[Fit], Emulator], seed: int, *, always: bool) -> Emulator:
    """Polynomials, or a Gaussian process that reads the factors which they found, if it misses less at points of the design that it has
    not seen. Points that judge have no say in that: else the winner would be flattered by having won there.
    """
    polynomials: list[Any] = [*first.tried, first.surface]  # the last is of all points
    y, unit, own = first.responses.mean, first.unit, ~first.validation
    whole = Gaussian.fit(Basis.of(unit), unit, y, np.random.default_rng([seed, 3]), size=polynomials[-1].sizes)
    before = float(np.mean(first.left[own] ** 2))
    if not always and float(np.mean(left_alone(whole, y)[own] ** 2)) > HOPE * before:
        return first

    def fit(basis: Basis, points: np.ndarray, means: np.ndarray, rng: np.random.Generator, same: np.ndarray, fold: int | None) -> Surface:
        return whole if fold is None else Gaussian.fit(basis, points, means, rng, size=polynomials[fold].sizes, near=whole)

    other = made(fit)
    return other if always or float(np.mean(other.left[own] ** 2)) < before else first
