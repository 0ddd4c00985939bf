"""How likely the targets are, given the model's mean answers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

KAPPA_SD = 0.5  # of the logarithm of kappa, whose median is 1: what was stated may be half or twice as large


@dataclass(frozen=True)
class Likelihood:
    """Normal: a target is the model's mean answer plus three errors, with covariances (t x t) on the targets' scales.

        sampling (another sample)  +  kappa^2 x discrepancy (what the best parameters would still miss)  +  the emulator's

    kappa is inferred with the parameters: by how much the discrepancies that were stated were too small or too large, all of them alike.

    goal         t, or p x t for p places at once
    sampling     t x t: targets that share a sample are correlated
    discrepancy, error  t: variances
    """

    goal: np.ndarray
    sampling: np.ndarray
    discrepancy: np.ndarray
    error: np.ndarray

    @cached_property
    def _axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Axes (t x t) along which errors are independent whatever kappa is, of variance 1 + kappa^2 x the second (t)."""
        root = np.linalg.inv(np.linalg.cholesky(self.sampling + np.diag(self.error)))
        sizes, turned = np.linalg.eigh(root * self.discrepancy @ root.T)
        return turned.T @ root, np.maximum(sizes, 0.0)

    def of(self, answers: np.ndarray, log_kappa: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log-likelihoods of answers (p x m x t; kappa: p x m), and how they rise with answers (p x m x t) and with log kappa (p x m)."""
        axes, sizes = self._axes
        left = (np.expand_dims(self.goal, -2) - answers) @ axes.T
        part = np.exp(2.0 * log_kappa)[..., None] * sizes
        scaled = left / (1.0 + part)
        value = -0.5 * np.sum(left * scaled + np.log1p(part), axis=-1) + self._constant
        return value, scaled @ axes, np.sum((scaled**2 - 1.0 / (1.0 + part)) * part, axis=-1)

    @cached_property
    def _constant(self) -> float:
        t = len(self.discrepancy)
        return float(np.linalg.slogdet(self._axes[0])[1] - 0.5 * t * np.log(2.0 * np.pi))

    def misfit(self, answers: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Misfits along the axes where kappa is 1 (p x m x t), of unit variance, and their slopes; slopes: p x m x t x d."""
        axes, sizes = self._axes
        scaled = axes / np.sqrt(1.0 + sizes)[:, None]
        return (answers - np.expand_dims(self.goal, -2)) @ scaled.T, np.einsum("st,pmtd->pmsd", scaled, slopes)

    def loose(self, times: float) -> "Likelihood":
        """The same with all errors so many times as large, and without correlations."""
        whole = times**2 * (np.diag(self.sampling) + self.discrepancy + self.error)
        return Likelihood(self.goal, np.zeros_like(self.sampling), np.zeros_like(self.discrepancy), whole)

    def at(self, goal: np.ndarray) -> "Likelihood":
        """Of other places, of which as much is known."""
        return Likelihood(goal, self.sampling, self.discrepancy, self.error)


def correlated(errors: np.ndarray, samples: list[str | None], luck: np.ndarray) -> np.ndarray:
    """Covariance (t x t) of sampling errors (t, standard deviations).

    Two numbers of one sample err together as they do in the model's own runs of one point: a run is another sample of the same people.

    samples  of each target its sample; None: one of its own
    luck     t x t: correlations of targets over runs of one point
    """
    names = np.array([f" {place}" if name is None else name for place, name in enumerate(samples)])
    return np.outer(errors, errors) * np.where(names[:, None] == names, luck, 0.0)
