"""A Gaussian process for small designs, and exactly what it says about each set of factors.

Its kernel is a product over factors, so means over some factors, and their variances, are products of integrals in one dimension
(Oakley and O'Hagan 2004, Probabilistic sensitivity analysis of complex models, Journal of the Royal Statistical Society B 66): no
random points are needed.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from sim.methods.sensitivity.polynomials import Basis

SHORTEST, LONGEST = 0.05, 50.0  # length scales, in shares of a factor's distribution; at the longest a factor does nothing
QUIET = 1e-6  # of the variance: the least noise
ROWS = 4096


@dataclass(frozen=True)
class Gaussian:
    """The mean of a Gaussian process: `mean` plus, for each point, a weight times how like it the point is.

    basis    for the integrals over each factor
    points   n x d
    lengths  d, length scales of the squared-exponential kernel
    noise    variance of the noise, in units of the kernel's
    weights  n
    """

    basis: Basis
    points: np.ndarray
    lengths: np.ndarray
    noise: float
    weights: np.ndarray
    mean: float

    @classmethod
    def fit(
        cls, basis: Basis, unit: np.ndarray, y: np.ndarray, rng: np.random.Generator, same: np.ndarray | None = None
    ) -> "Gaussian":  # fmt: skip
        """Length scales and noise of greatest likelihood for y (n) at the points (n x d); neither chance nor folds are needed."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

        d = unit.shape[1]
        likeness = ConstantKernel(1.0, (1e-2, 1e3)) * RBF(np.full(d, 0.5 * np.sqrt(d)), (SHORTEST, LONGEST))
        process = GaussianProcessRegressor(likeness + WhiteKernel(0.1, (QUIET, 2.0)), normalize_y=True, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a length scale at its bound: the factor does nothing
            process.fit(unit, y)
        size, lengths = process.kernel_.k1.k1.constant_value, process.kernel_.k1.k2.length_scale
        return _solved(basis, unit, np.atleast_1d(lengths), process.kernel_.k2.noise_level / size, y[:, None])[0]

    def again(self, unit: np.ndarray, y: np.ndarray) -> list["Gaussian"]:
        """The same length scales and noise for other responses (n x r)."""
        return _solved(self.basis, unit, self.lengths, self.noise, y)

    def predict(self, unit: np.ndarray) -> np.ndarray:
        """n: the response at points (n x d)."""
        parts = [unit[start : start + ROWS] for start in range(0, len(unit), ROWS)]
        return np.concatenate([self.mean + _likeness(part, self.points, self.lengths) @ self.weights for part in parts])

    def given(self, unit: np.ndarray, sets: np.ndarray) -> np.ndarray:
        """n x s: mean response given the factors of each set (s x d, bool), over all the others, less the mean."""
        one, over, _ = self._integrals
        each = np.exp(-0.5 * ((unit.T[:, :, None] - self.points.T[:, None, :]) / self.lengths[:, None, None]) ** 2)  # d x m x n
        centre = one @ self.weights
        found = [np.where(s[:, None, None], each, over[:, None, :]).prod(axis=0) @ self.weights - centre for s in sets]
        return np.column_stack(found)

    def variance_given(self, sets: np.ndarray) -> np.ndarray:
        """s: variance of that."""
        one, over, both = self._integrals
        alone = over[:, :, None] * over[:, None, :]
        centre = one @ self.weights
        return np.array([self.weights @ np.where(s[:, None, None], both, alone).prod(axis=0) @ self.weights - centre**2 for s in sets])

    @property
    def _integrals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the kernel about each point: over all factors (n), over each (d x n), and of products for each two points (d x n x n)."""
        over, both = [], []
        for factor, (column, length) in enumerate(zip(self.points.T, self.lengths, strict=True)):
            nodes, weights = self.basis.nodes(factor)
            near = np.exp(-0.5 * ((nodes[:, None] - column) / length) ** 2)
            over.append(weights @ near)
            both.append(near.T @ (near * weights[:, None]))
        return np.prod(over, axis=0), np.array(over), np.array(both)


def _likeness(unit: np.ndarray, points: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The kernel between points and points."""
    one, other = unit / lengths, points / lengths
    apart = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.exp(-0.5 * np.maximum(apart, 0.0))


def _solved(basis: Basis, unit: np.ndarray, lengths: np.ndarray, noise: float, y: np.ndarray) -> list[Gaussian]:
    """Weights, for each response (n x r)."""
    kernel = _likeness(unit, unit, lengths) + (noise + 1e-10) * np.eye(len(y))
    mean = y.mean(axis=0)
    weights = np.linalg.solve(kernel, y - mean)
    return [Gaussian(basis, unit, lengths, noise, weights[:, j], float(mean[j])) for j in range(y.shape[1])]
