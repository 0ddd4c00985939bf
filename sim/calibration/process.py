"""A Gaussian process in many dimensions that is told by sparse polynomials which parameters matter.

Its kernel is a cubic polynomial plus a smooth bump, in parameters that are scaled by their share of the polynomials' variance. That
leaves six numbers to be fitted instead of one for each parameter, and learns the many small interactions that a sparse sum leaves out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.methods.indices.polynomials import Basis, Polynomials

SUBSET = 500  # points by which the six numbers are fitted
LOOKS = 150  # evaluations of the likelihood
FAINT = 1e-4  # share of the variance that every parameter is given at least
START = (1.0, 0.1, 0.02, 0.2, 1.0, 0.001)  # linear, square, cubic, bump, its squared width, roughness; in units of the variance
QUIET = 1e-6


@dataclass(frozen=True)
class Process:
    """The mean of the process.

    scales   d: by which inputs are multiplied
    points   n x d, scaled; weights: n
    numbers  as START
    mean, sd of the answers
    left     n: each answer less what the others alone say of it
    """

    scales: np.ndarray
    points: np.ndarray
    weights: np.ndarray
    numbers: np.ndarray
    mean: float
    sd: float
    left: np.ndarray

    @classmethod
    def fit(cls, inputs: np.ndarray, y: np.ndarray, noise: float, seed: int = 0) -> "Process":
        """The process of greatest likelihood for answers y (n) at inputs (n x d), which have luck of variance `noise`."""
        from scipy.linalg import cho_factor, cho_solve  # here, because it takes long to import
        from scipy.optimize import minimize

        rng = np.random.default_rng([seed, 7])
        scales = np.sqrt(_shares(inputs, y, rng) + FAINT)
        points, mean, sd = _scaled(inputs, scales), float(y.mean()), max(float(y.std()), 1e-12)
        answers, noise = (y - mean) / sd, noise / sd**2
        some = rng.permutation(len(y))[:SUBSET]
        options = {"maxfev": LOOKS, "xatol": 0.05, "fatol": 0.05}
        found: Any = minimize(_surprise, np.log(START), (points[some], answers[some], noise), method="Nelder-Mead", options=options)
        numbers = np.exp(found.x)
        kernel = _kernel(points, points, numbers)
        kernel[np.diag_indices_from(kernel)] += noise + numbers[-1] + QUIET
        inverse = cho_solve(cho_factor(kernel, lower=True, overwrite_a=True), np.eye(len(y)))
        weights = inverse @ answers
        return cls(scales, points, weights, numbers, mean, sd, sd * weights / np.diag(inverse))

    def as_arrays(self) -> dict[str, np.ndarray]:
        """What `again` needs beside the inputs that it was fitted to."""
        level = np.array([self.mean, self.sd])
        return {"scales": self.scales, "weights": self.weights, "numbers": self.numbers, "level": level, "left": self.left}

    @classmethod
    def again(cls, inputs: np.ndarray, arrays: Mapping[str, np.ndarray]) -> "Process":
        """The process that was fitted at these inputs (n x d)."""
        mean, sd = arrays["level"].tolist()
        points = _scaled(inputs, arrays["scales"])
        return cls(arrays["scales"], points, arrays["weights"], arrays["numbers"], mean, sd, arrays["left"])

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """n: the mean answer."""
        return self.mean + self.sd * (_kernel(_scaled(inputs, self.scales), self.points, self.numbers) @ self.weights)

    def with_slopes(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """n: the mean answer, and n x d: how fast it rises with each input."""
        linear, square, cubic, _, width, _ = self.numbers
        at = _scaled(inputs, self.scales)
        both, bump = _alike(at, self.points, self.numbers)
        answers = self.mean + self.sd * ((_polynomial(both, self.numbers) + bump) @ self.weights)
        bump *= self.weights / width
        rises = (linear + both * (2.0 * square + 3.0 * cubic * both)) * self.weights + bump
        slopes = rises @ self.points - at * bump.sum(axis=1)[:, None]
        return answers, slopes * (self.sd * np.sqrt(12.0) * self.scales)


def _scaled(inputs: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return (inputs - 0.5) * np.sqrt(12.0) * scales


def _shares(inputs: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """d: the share of the terms that hold each parameter in the variance of all terms of a polynomial, at these inputs."""
    polynomials = Polynomials.fit(Basis.of(inputs), inputs, y, rng)
    if not len(polynomials.terms):
        return np.full(inputs.shape[1], 1.0 / inputs.shape[1])
    spread = (polynomials.basis.products(inputs, polynomials.terms) * polynomials.coefficients).var(axis=0)
    shares = spread @ (polynomials.terms > 0)
    return shares / max(shares.sum(), 1e-300)


def _alike(one: np.ndarray, other: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Products of points, and the bump of their distance (both n x m)."""
    both = one @ other.T
    apart = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2.0 * both
    return both, numbers[3] * np.exp(-0.5 / numbers[4] * np.maximum(apart, 0.0))


def _polynomial(both: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    linear, square, cubic = numbers[:3]
    return 1.0 + both * (linear + both * (square + both * cubic))


def _kernel(one: np.ndarray, other: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """How like two points are (n x m)."""
    both, bump = _alike(one, other, numbers)
    return _polynomial(both, numbers) + bump


def _surprise(logs: np.ndarray, points: np.ndarray, answers: np.ndarray, noise: float) -> float:
    """The negative log-likelihood, but for a constant."""
    from scipy.linalg import LinAlgError, cholesky, solve_triangular

    if np.abs(logs).max() > 25.0:
        return 1e12
    numbers = np.exp(logs)
    kernel = _kernel(points, points, numbers)
    kernel[np.diag_indices_from(kernel)] += noise + numbers[-1] + QUIET
    try:
        root = cholesky(kernel, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return 1e12
    solved = solve_triangular(root, answers, lower=True, check_finite=False)
    return float(0.5 * solved @ solved + np.log(np.diag(root)).sum())
