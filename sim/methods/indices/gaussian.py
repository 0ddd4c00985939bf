"""A Gaussian process with a length scale for each factor that acts, and exactly what it says about each set of factors.

Its kernel is a product over factors, so means over some factors, and their variances, are products of integrals in one dimension
(Oakley and O'Hagan 2004, Probabilistic sensitivity analysis of complex models, Journal of the Royal Statistical Society B 66): no
random points are needed. Length scales and noise are those of greatest likelihood, with the size of the process and its mean solved for.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.methods.indices.polynomials import Basis

SHORTEST, LONGEST = 0.05, 20.0  # length scales, in shares of a factor's distribution; at the longest a factor does next to nothing
QUIET, LOUD = 1e-6, 10.0  # variance of the noise, in units of the kernel's
ACTIVE = 12  # factors at most: of more, those that polynomials found
SUBSET = 300  # points by which length scales are found
LOOKS, AGAIN = 60, 8  # evaluations of the likelihood, and when there is a start that is nearly right
ROWS = 4096


@dataclass(frozen=True)
class Gaussian:
    """The mean of a Gaussian process: `mean` plus, for each point, a weight times how like it the point is.

    basis    for the integrals over each factor
    active   a: the factors that it reads; the others do nothing
    points   n x a
    lengths  a, length scales of the squared-exponential kernel
    noise    variance of the noise, in units of the kernel's
    weights  n
    """

    basis: Basis
    active: np.ndarray
    points: np.ndarray
    lengths: np.ndarray
    noise: float
    weights: np.ndarray
    mean: float

    @classmethod
    def fit(
        cls, basis: Basis, unit: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, size: np.ndarray | None = None,
        near: "Gaussian | None" = None,
    ) -> "Gaussian":  # fmt: skip
        """The process of greatest likelihood for y (n) at the points (n x d).

        size  d: how much each factor does, as far as is known; if there are many, the first of them are read
        near  one of nearly the same points: the search begins at its length scales
        """
        active = _first(np.ones(unit.shape[1]) if size is None else size)
        points = unit[:, active]
        some = rng.permutation(len(y))[:SUBSET]
        lengths, noise = dict.fromkeys(active.tolist(), 0.4 * np.sqrt(len(active))), 0.01
        if near:
            lengths, noise = lengths | dict(zip(near.active.tolist(), near.lengths.tolist(), strict=True)), near.noise
        start = np.log([*(lengths[factor] for factor in active.tolist()), noise])
        numbers = np.exp(_likeliest(points[some], y[some], start, AGAIN if near else LOOKS))
        return _solved(basis, active, points, numbers[:-1], float(numbers[-1]), y[:, None])[0]

    def again(self, unit: np.ndarray, y: np.ndarray) -> list["Gaussian"]:
        """The same length scales and noise for other responses (n x r)."""
        return _solved(self.basis, self.active, unit[:, self.active], self.lengths, self.noise, y)

    def predict(self, unit: np.ndarray) -> np.ndarray:
        """n: the response at points (n x d)."""
        parts = [unit[start : start + ROWS, self.active] for start in range(0, len(unit), ROWS)]
        return np.concatenate([self.mean + _likeness(part, self.points, self.lengths) @ self.weights for part in parts])

    def given(self, unit: np.ndarray, sets: np.ndarray) -> np.ndarray:
        """n x s: mean response given the factors of each set (s x d, bool), over all the others, less the mean."""
        over = self._over
        centre = over.prod(axis=0) @ self.weights
        apart = (unit[:, self.active].T[:, :, None] - self.points.T[:, None, :]) / self.lengths[:, None, None]  # a x m x n
        known: dict[bytes, np.ndarray] = {}
        for inside in sets[:, self.active]:
            if inside.tobytes() not in known:
                near = np.exp(-0.5 * (apart[inside] ** 2).sum(axis=0))
                known[inside.tobytes()] = near @ (self.weights * over[~inside].prod(axis=0)) - centre
        return np.column_stack([known[inside.tobytes()] for inside in sets[:, self.active]])

    def variance_given(self, sets: np.ndarray) -> np.ndarray:
        """s: variance of that."""
        over, both = self._over, self._both
        centre = over.prod(axis=0) @ self.weights
        whole = both.prod(axis=0)
        known: dict[bytes, float] = {}
        for inside in sets[:, self.active]:
            weights = self.weights * over[~inside].prod(axis=0)
            if inside.tobytes() in known:
                continue
            if 2 * inside.sum() <= inside.size:
                kernel = both[inside].prod(axis=0) if inside.any() else np.ones_like(whole)
            else:  # fewer to take away than to put together
                kernel = whole / both[~inside].prod(axis=0) if not inside.all() else whole
            known[inside.tobytes()] = float(weights @ kernel @ weights - centre**2)
        return np.maximum([known[inside.tobytes()] for inside in sets[:, self.active]], 0.0)

    @cached_property
    def _near(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each factor: the kernel about each point where it is read (q x n), and weights (q) to integrate that."""
        made = []
        for factor, column, length in zip(self.active, self.points.T, self.lengths, strict=True):
            nodes, weights = self.basis.nodes(factor)
            made.append((np.exp(-0.5 * ((nodes[:, None] - column) / length) ** 2), weights))
        return made

    @cached_property
    def _over(self) -> np.ndarray:
        """a x n: integrals of the kernel about each point over each factor."""
        return np.array([weights @ near for near, weights in self._near])

    @property
    def _both(self) -> np.ndarray:
        """a x n x n: integrals of the product of the kernels about two points."""
        return np.array([near.T @ (near * weights[:, None]) for near, weights in self._near])


def _first(size: np.ndarray) -> np.ndarray:
    """The factors to be read: all if they are few, else the first of those that do something."""
    if len(size) <= ACTIVE:
        return np.arange(len(size))
    order = np.argsort(-size, kind="stable")[:ACTIVE]
    return np.sort(order[size[order] > 0]) if (size > 0).any() else np.sort(order)


def _likeness(unit: np.ndarray, points: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The kernel between points and points."""
    one, other = unit / lengths, points / lengths
    apart = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.exp(-0.5 * np.maximum(apart, 0.0))


def _likeliest(points: np.ndarray, y: np.ndarray, start: np.ndarray, looks: int) -> np.ndarray:
    """Logarithms of length scales, and of the noise, of greatest likelihood. points: n x a; y: n."""
    from scipy.linalg.lapack import dpotrf, dpotri  # here, because it takes long to import
    from scipy.optimize import minimize

    n = len(y)
    centered = (y - y.mean()) / (y.std() or 1.0)
    squares = (points.T[:, :, None] - points.T[:, None, :]) ** 2  # a x n x n

    def surprise(logs: np.ndarray) -> tuple[float, np.ndarray]:
        lengths, noise = np.exp(logs[:-1]), float(np.exp(logs[-1]))
        scaled = np.exp(-2 * logs[:-1])
        kernel = np.exp(-0.5 * np.tensordot(scaled, squares, 1))
        whole = kernel.copy()
        whole[np.diag_indices(n)] += noise + 1e-9
        root, wrong = dpotrf(whole, lower=1, overwrite_a=1)
        if wrong:
            return 1e12, np.zeros_like(logs)
        half_log = float(np.log(np.diag(root)).sum())
        inverse = dpotri(root, lower=1, overwrite_c=1)[0]
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = inverse @ centered
        size = float(centered @ weights) / n
        if not size > 0:  # nothing is left that differs, or rounding has taken it
            return 1e12, np.zeros_like(logs)
        change = inverse - np.outer(weights, weights) / size  # of the surprise, for each element of the kernel, twice
        slopes = 0.5 * np.tensordot(squares, change * kernel, 2) * scaled
        slope = 0.5 * noise * float(np.trace(change))
        prior = 0.5 * 0.3**2 * np.maximum(np.log(lengths), 0.0) ** 2  # where nothing tells, not to the end of the range
        return (
            0.5 * n * np.log(size) + half_log + float(prior.sum()),
            np.append(slopes + 0.3**2 * np.maximum(np.log(lengths), 0.0), slope),
        )

    ends = [(np.log(SHORTEST), np.log(LONGEST))] * (len(start) - 1) + [(np.log(QUIET), np.log(LOUD))]
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=ends, options={"maxfun": looks})
    return np.clip(found.x, *np.array(ends).T)


def _solved(basis: Basis, active: np.ndarray, points: np.ndarray, lengths: np.ndarray, noise: float, y: np.ndarray) -> list[Gaussian]:
    """Weights, for each response (n x r)."""
    from scipy.linalg import cho_factor, cho_solve

    kernel = _likeness(points, points, lengths)
    kernel[np.diag_indices(len(y))] += noise + 1e-9
    mean = y.mean(axis=0)
    weights = cho_solve(cho_factor(kernel, lower=True, overwrite_a=True), y - mean)
    return [Gaussian(basis, active, points, lengths, noise, weights[:, j], float(mean[j])) for j in range(y.shape[1])]


def left_alone(made: Gaussian, y: np.ndarray) -> np.ndarray:
    """n: each response less what the process says of it from the others, with the same length scales."""
    kernel = _likeness(made.points, made.points, made.lengths)
    kernel[np.diag_indices(len(y))] += made.noise + 1e-9
    return made.weights / np.diag(np.linalg.inv(kernel))
