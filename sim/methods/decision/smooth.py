"""Sums of many columns fitted to noisy responses, each column shrunk by as much as the responses ask for: to nothing if they say nothing.

A response is a mean plus columns times coefficients, which are Gaussian with one variance for all columns, plus independent noise; the
ratio of the two variances is that of greatest restricted likelihood (Wood 2011, Journal of the Royal Statistical Society B 73). Columns
are Legendre polynomials of factors divided by a power of their degree, so that this is a penalized spline in all but the knots.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sim.methods.indices.polynomials import Basis

DEGREE = 8  # of one factor alone
AMONG_MANY = 4  # of each factor of several
ROUGH = 2.0  # a polynomial of degree k has prior standard deviation k ** -ROUGH
LEAST = 0.05  # prior standard deviation of a factor that alone explains nothing, of that of the factor that explains most
PAIR = 0.5  # prior standard deviation of a product of two factors, of that of a factor alone
LIKELY = 3.84  # twice the loss in log likelihood that is allowed: the 95 % quantile of chi square
RATIOS = np.concatenate([[0.0], np.logspace(-3, 6, 37)])  # of the variances that are tried


@dataclass(frozen=True)
class SmoothBasis:
    """Columns of which a response may be a sum, taken apart: columns - means = left @ diag(size) @ (k x p).

    left  n x k, orthonormal
    size  k, singular values, all above 0
    """

    left: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, columns: np.ndarray) -> "SmoothBasis":
        """columns: n x p, each divided by what its coefficient is expected to be."""
        left, size, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
        real = size > 1e-8 * max(float(size[0]) if size.size else 0.0, 1e-300)
        return cls(left[:, real], size[real])


@dataclass(frozen=True)
class Smooth:
    """Fits to m responses.

    gains  k x m: how much of each part of a response is kept, 0 to 1
    reach  k x m: the same at the largest ratio of variances that the responses allow (95 %)
    noise  m: variance of what is left
    fits   n x m: fitted values less the response's mean
    """

    columns: SmoothBasis
    gains: np.ndarray
    reach: np.ndarray
    noise: np.ndarray
    fits: np.ndarray

    def through(self, y: np.ndarray, gains: np.ndarray) -> np.ndarray:
        """... x n x m: responses with so much (k x m) kept of each part."""
        return self.columns.left @ (gains * (self.columns.left.T @ y))


def of_factor(unit: np.ndarray) -> np.ndarray:
    """n x p: what one factor (n, in [0, 1]) may do alone."""
    basis = Basis.of(unit[:, None])
    degrees = np.arange(1, min(DEGREE, int(basis.degrees[0])) + 1)
    if not degrees.size:
        return np.zeros((len(unit), 0))
    return basis.products(unit[:, None], degrees[:, None].astype(np.int8)) / degrees.astype(float) ** ROUGH


def of_factors(unit: np.ndarray, *, pairs: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """What several factors (n x d) may do, each alone and, with `pairs`, every two together.

    returns the columns (n x p), and for each of them its factors (p x 2; the same twice if it is one)
    """
    d = unit.shape[1]
    basis = Basis.of(unit)
    alone = [(factor, degree) for degree in range(1, AMONG_MANY + 1) for factor in range(d) if degree <= basis.degrees[factor]]
    both = list(combinations(np.flatnonzero(basis.degrees > 0).tolist(), 2)) if pairs else []
    terms: np.ndarray = np.zeros((len(alone) + len(both), d), dtype=np.int8)
    for row, (factor, degree) in enumerate(alone):
        terms[row, factor] = degree
    for row, two in enumerate(both, start=len(alone)):
        terms[row, list(two)] = 1
    size = np.array([float(degree) ** -ROUGH for _, degree in alone] + [PAIR] * len(both))
    owners = np.array([(factor, factor) for factor, _ in alone] + both, dtype=int).reshape(-1, 2)
    return (basis.products(unit, terms) * size if len(terms) else np.zeros((len(unit), 0))), owners


def of_each(unit: np.ndarray, y: np.ndarray, *, share: float = 1.0) -> list[SmoothBasis]:
    """Columns of several factors (n x d) for each of m responses (n x m), larger for factors that alone explain more of it."""
    columns, owners = of_factors(unit)
    columns = columns - columns.mean(axis=0)
    alone = [smooth(SmoothBasis.of(of_factor(column)), y, share=share).fits.var(axis=0) for column in unit.T]
    weight = np.sqrt(np.array(alone))  # d x m
    weight = np.maximum(weight / np.maximum(weight.max(axis=0), 1e-300), LEAST)
    gram, found = columns.T @ columns, []
    for k in range(y.shape[1]):
        size = np.sqrt(weight[owners, k].prod(axis=1))
        squares, vectors = np.linalg.eigh(size[:, None] * gram * size)
        real = squares > 1e-10 * max(float(squares[-1]) if squares.size else 0.0, 1e-300)
        roots = np.sqrt(squares[real])
        found.append(SmoothBasis(columns @ (size[:, None] * vectors[:, real]) / roots, roots))
    return found


def smooth(columns: SmoothBasis, y: np.ndarray, *, share: float = 1.0, sure: float = 0.0) -> Smooth:
    """Fit each response by itself.

    y      n x m
    share  of the n responses that are independent of each other: below 1 if points come in clusters
    sure   twice the gain in log likelihood that a fit needs to be taken rather than the mean
    """
    n, m = y.shape
    y = y - y.mean(axis=0)
    parts = columns.left.T @ y
    square, rest = share * parts**2, share * np.maximum((y**2).sum(axis=0) - (parts**2).sum(axis=0), 0.0)
    free = max(share * n - 1.0, 1.0)
    swell = 1.0 + RATIOS[:, None] * share * columns.size**2  # grid x k: variance of a part, in units of the noise
    left = rest + np.einsum("gk,km->gm", 1 / swell, square)
    score = free * np.log(np.maximum(left, 1e-300)) + np.log(swell).sum(axis=1)[:, None]
    each = np.arange(m)
    best = score.argmin(axis=0)
    most = np.array([np.flatnonzero(score[:, k] - score[best[k], k] <= LIKELY)[-1] for k in each], dtype=int)
    best = np.where(score[0] - score[best, each] > sure, best, 0)
    gains = 1.0 - 1.0 / swell[best].T
    return Smooth(columns, gains, 1.0 - 1.0 / swell[most].T, left[best, each] / free, columns.left @ (gains * parts))
