"""What the findings of trials say of parameters: N(estimate; effect in the model, SE squared and tau squared), or a t of few clusters.

Errors of findings that the same persons gave are correlated; how far a finding carries over (tau) is a parameter. What was delivered is
fitted to what residents say they saw, apart from all effects: an effect speaks of the model given its delivery, never of the delivery.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, logsumexp


class Findings(NamedTuple):
    """Findings of one trial that are fitted together (r).

    names        "TRIAL.ROW"
    values, errors   as published, in the unit of the protocol
    carry        of each, by which tau its error is widened
    correlation  of their errors
    freedom      degrees of freedom of a t; None: normal
    """

    names: tuple[str, ...]
    values: np.ndarray
    errors: np.ndarray
    carry: tuple[str, ...]
    correlation: float = 0.0
    freedom: float | None = None


def covariance(findings: Findings, tau: np.ndarray, simulation: np.ndarray | float = 0.0) -> np.ndarray:
    """n x r x r: of findings about the model; tau: n x r; simulation: variances of the model's own answers (r)."""
    own = np.outer(findings.errors, findings.errors) * findings.correlation
    np.fill_diagonal(own, findings.errors**2)
    return own + np.eye(len(findings.values)) * (np.square(tau)[:, :, None] + np.reshape(simulation, (1, -1, 1)))


def log_likelihood(findings: Findings, model: np.ndarray, tau: np.ndarray, simulation: np.ndarray | float = 0.0) -> np.ndarray:
    """n: of the findings, given what the model says of each (n x r) and tau (n x r)."""
    spread = covariance(findings, tau, simulation)
    apart = findings.values - model
    root = np.linalg.cholesky(spread)
    scaled = np.linalg.solve(root, apart[:, :, None])[:, :, 0]
    distance = np.square(scaled).sum(axis=1)
    half = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    r = apart.shape[1]
    if findings.freedom is None:
        return -0.5 * (distance + r * np.log(2.0 * np.pi)) - half
    v = findings.freedom
    level = gammaln((v + r) / 2.0) - gammaln(v / 2.0) - 0.5 * r * np.log(v * np.pi)
    return level - half - 0.5 * (v + r) * np.log1p(distance / v)


def given_delivery(effect: np.ndarray, delivery: np.ndarray) -> np.ndarray:
    """n: log-likelihoods of effects (n x k, at k deliveries), averaged over what the delivery rows say of these (n x k, logarithms).

    Nothing that the effects say goes back to the delivery: its weights are those of the delivery rows alone (a cut).
    """
    return np.asarray(logsumexp(effect + delivery - logsumexp(delivery, axis=1, keepdims=True), axis=1))


def weights_of(prior: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """n: weights that sum to 1, of prior weights and log-likelihoods."""
    logs = np.log(np.maximum(prior, 1e-300)) + sum(parts)
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())
