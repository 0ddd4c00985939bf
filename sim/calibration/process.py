"""A Gaussian process in many dimensions, for answers of which each reads a few parameters strongly and many a little.

Its kernel is a cubic polynomial plus a smooth bump, in parameters of which each has a scale of its own. Scales and the six numbers of the
kernel are those of greatest likelihood, along its gradient; scales are drawn towards what plain correlations say, so that a hundred of
them can be had from a thousand points.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SUBSET = 1000  # points by which scales and numbers are fitted
ROUNDS, FURTHER = 60, 20  # steps of the search, and of one that begins at what was found with fewer points
FAINT = 1e-3  # share of the variance that every parameter is given at least, where the search begins
DRAWN = 1.5  # standard deviation of the logarithm of a scale about where it begins
START = (1.0, 0.1, 0.02, 0.2, 1.0, 0.001)  # linear, square, cubic, bump, its squared width, roughness; in units of the variance
RANGE = (-12.0, 6.0)  # of the logarithms of these
QUIET = 1e-6


@dataclass(frozen=True)
class Process:
    """The mean of the process.

    scales   d: by which inputs are multiplied
    points   n x d, scaled; weights: n
    numbers  as START
    mean, sd of the answers
    left     n: each answer less what the others alone say of it
    apart    n, bool: points that had no say in scales and numbers, and so judge; all if there are no others
    """

    scales: np.ndarray
    points: np.ndarray
    weights: np.ndarray
    numbers: np.ndarray
    mean: float
    sd: float
    left: np.ndarray
    apart: np.ndarray

    @classmethod
    def fit(cls, inputs: np.ndarray, y: np.ndarray, noise: float, seed: int = 0, before: "Process | None" = None) -> "Process":
        """The process of greatest likelihood for answers y (n) at inputs (n x d), which have luck of variance `noise`.

        before  one that was fitted to some of them, where the search begins
        """
        from scipy.linalg import cho_factor, cho_solve  # here, because it takes long to import
        from scipy.optimize import minimize

        mean, sd = float(y.mean()), max(float(y.std()), 1e-12)
        points, answers, noise = _centered(inputs), (y - mean) / sd, noise / sd**2
        drawn = np.concatenate([_guessed(points, answers), np.log(START)])
        begin, rounds = (drawn, ROUNDS) if before is None else (np.log(np.concatenate([before.scales, before.numbers])), FURTHER)
        some = np.random.default_rng([seed, 7]).permutation(len(y))[:SUBSET]
        bounds = [(None, None)] * points.shape[1] + [RANGE] * len(START)
        given = (points[some], answers[some], noise, drawn)
        found = minimize(surprise, begin, given, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": rounds}).x
        scales, numbers = np.exp(found[: -len(START)]), np.exp(found[-len(START) :])
        at, other = points * scales, points * scales  # two, for of one NumPy would compute half, with other last digits
        both, bump = _alike(at, other, _squared(at), numbers)
        kernel = _polynomial(both, numbers) + bump
        kernel[np.diag_indices_from(kernel)] += noise + numbers[-1] + QUIET
        inverse = cho_solve(cho_factor(kernel, lower=True, overwrite_a=True), np.eye(len(y)))
        weights = inverse @ answers
        apart: np.ndarray = np.ones(len(y), bool)
        apart[some] = len(some) == len(y)
        return cls(scales, at, weights, numbers, mean, sd, sd * weights / np.diag(inverse), apart)

    def as_arrays(self) -> dict[str, np.ndarray]:
        """What `again` needs beside the inputs that it was fitted to."""
        level = np.array([self.mean, self.sd])
        names = ("scales", "weights", "numbers", "left", "apart")
        return {"level": level} | {name: getattr(self, name) for name in names}

    @classmethod
    def again(cls, inputs: np.ndarray, arrays: Mapping[str, np.ndarray]) -> "Process":
        """The process that was fitted at these inputs (n x d)."""
        mean, sd = arrays["level"].tolist()
        scales = arrays["scales"]
        return cls(scales, _centered(inputs) * scales, arrays["weights"], arrays["numbers"], mean, sd, arrays["left"], arrays["apart"])

    @cached_property
    def _sizes(self) -> np.ndarray:
        """n: squared lengths of the points."""
        return _squared(self.points)

    def _like(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `_alike`, of scaled points (m x d) and those that were learned from."""
        return _alike(at, self.points, self._sizes, self.numbers)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """n: the mean answer."""
        both, bump = self._like(_centered(inputs) * self.scales)
        return self.mean + self.sd * ((_polynomial(both, self.numbers) + bump) @ self.weights)

    def with_slopes(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """n: the mean answer, and n x d: how fast it rises with each input."""
        linear, square, cubic, _, width, _ = self.numbers
        at = _centered(inputs) * self.scales
        both, bump = self._like(at)
        answers = self.mean + self.sd * ((_polynomial(both, self.numbers) + bump) @ self.weights)
        bump *= self.weights / width
        rises = (linear + both * (2.0 * square + 3.0 * cubic * both)) * self.weights + bump
        slopes = rises @ self.points - at * bump.sum(axis=1)[:, None]
        return answers, slopes * (self.sd * np.sqrt(12.0) * self.scales)


def _centered(inputs: np.ndarray) -> np.ndarray:
    """Inputs (0 to 1) with mean 0 and variance 1 where they are uniform."""
    return (inputs - 0.5) * np.sqrt(12.0)


def _guessed(points: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """d: logarithms of scales by each parameter's share in the sum of squared correlations with the answers."""
    spread = points.std(axis=0)
    going = np.divide(answers @ points / len(points), spread, out=np.zeros(points.shape[1]), where=spread > 0.0) ** 2
    return 0.5 * np.log(going / max(float(going.sum()), 1e-300) + FAINT)


def _squared(points: np.ndarray) -> np.ndarray:
    return np.asarray((points**2).sum(axis=1))


def _alike(one: np.ndarray, other: np.ndarray, sizes: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Products of points, and the bump of their distance (both n x m). sizes: squared lengths of the others"""
    both = one @ other.T
    apart = _squared(one)[:, None] + sizes - 2.0 * both
    return both, numbers[3] * np.exp(-0.5 / numbers[4] * np.maximum(apart, 0.0))


def _polynomial(both: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    linear, square, cubic = numbers[:3]
    return 1.0 + both * (linear + both * (square + both * cubic))


def surprise(
    logs: np.ndarray, points: np.ndarray, answers: np.ndarray, noise: float, guess: np.ndarray
) -> tuple[float, np.ndarray]:  # fmt: skip
    """The negative logarithm of likelihood times prior of scales and numbers, but for a constant, and its gradient."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    d = points.shape[1]
    at, numbers = points * np.exp(logs[:d]), np.exp(logs[d:])
    linear, square, cubic, _, width, rough = numbers
    spread = _squared(at)
    both, bump = _alike(at, at, spread, numbers)
    kernel = _polynomial(both, numbers) + bump
    kernel[np.diag_indices_from(kernel)] += noise + rough + QUIET
    try:
        root = cho_factor(kernel, lower=True)
    except LinAlgError:
        return 1e12, np.zeros_like(logs)
    inverse = cho_solve(root, np.eye(len(answers)))
    solved = inverse @ answers
    drawn = np.where(np.arange(len(logs)) < d, (logs - guess) / DRAWN, 0.0)
    value = 0.5 * answers @ solved + np.log(np.diag(root[0])).sum() + 0.5 * drawn @ drawn
    pull = np.outer(solved, solved) - inverse  # the log-likelihood rises by half of its product with a change of the kernel
    rises, bumped = pull * (linear + both * (2.0 * square + 3.0 * cubic * both)), pull * bump
    apart = spread[:, None] + spread - 2.0 * both
    scales = np.einsum("ij,ij->j", rises @ at, at) - (bumped.sum(axis=1) @ at**2 - np.einsum("ij,ij->j", bumped @ at, at)) / width
    parts = [np.sum(pull * both**power) * number for power, number in enumerate(numbers[:3], 1)]
    parts += [np.sum(bumped), 0.5 * np.sum(bumped * apart) / width, rough * np.trace(pull)]
    return float(value), drawn / DRAWN - np.concatenate([scales, 0.5 * np.array(parts)])
