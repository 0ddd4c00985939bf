"""Random points of a distribution that is known up to a constant, over a prior that is uniform on the unit cube."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

HALVINGS = 60  # of the slice, after which a chain stays where it is
ROUNDS, CLOUD = 5, 1000  # of fitting a guide, and points in each
EDGE = 1e-9


@dataclass(frozen=True)
class Guide:
    """A normal distribution of the points' normal scores that is about the one wanted: mean (d) and root of the covariance (d x d)."""

    mean: np.ndarray
    root: np.ndarray

    @classmethod
    def prior(cls, d: int) -> "Guide":
        return cls(np.zeros(d), np.eye(d))

    def log_density(self, at: np.ndarray) -> np.ndarray:
        """n: of normal scores (n x d), but for a constant."""
        from scipy.linalg import solve_triangular

        return -0.5 * np.sum(solve_triangular(self.root, (at - self.mean).T, lower=True) ** 2, axis=0)

    def unit(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Points of it (count x d, in the unit cube)."""
        from scipy.special import ndtr

        return ndtr(self.mean + rng.standard_normal((count, len(self.mean))) @ self.root.T)


def guide(misfit: Callable[[np.ndarray], np.ndarray], d: int, rng: np.random.Generator) -> Guide:
    """What the posterior would be if answers were linear near it: lines are fitted to a cloud of points, which moves there, anew.

    misfit  of points (n x d): n x targets, in standard deviations
    """
    from scipy.special import ndtri

    found = Guide.prior(d)
    for _ in range(ROUNDS):
        unit = np.clip(found.unit(CLOUD, rng), EDGE, 1.0 - EDGE)
        at, apart = ndtri(unit), misfit(unit)
        center = at.mean(axis=0)
        spread = at - center
        ridge = 1e-3 * CLOUD * np.mean(spread.var(axis=0)) * np.eye(d)
        slope = np.linalg.solve(spread.T @ spread + ridge, spread.T @ (apart - apart.mean(axis=0)))
        left = apart.mean(axis=0) - center @ slope
        rough = (apart - left - at @ slope).var(axis=0)  # what lines miss makes the guide wider
        scaled = slope / (1.0 + rough)
        covariance = np.linalg.inv(np.eye(d) + scaled @ slope.T)
        covariance = (covariance + covariance.T) / 2.0
        found = Guide(-covariance @ scaled @ left, np.linalg.cholesky(covariance))
    return found


def slice_sample(
    log_likelihood: Callable[..., np.ndarray],
    start: np.ndarray,
    steps: int,
    rng: np.random.Generator,
    *,
    around: Guide | None = None,
    numbered: bool = False,
) -> np.ndarray:
    """Chains of elliptical slice sampling (Murray, Adams and MacKay 2010), all at once; nothing to tune.

    A uniform number is the normal distribution's share below a normal one, its score, which turns the prior into the one that the method
    needs. With a guide, ellipses are drawn about that (Nishihara, Murray and Adams 2014): the answer is the same, and the chains mix
    sooner.

    log_likelihood  of points (n x d, in [0, 1]): n; -inf where they are impossible, but not at the start
    start           chains x d, in (0, 1)
    numbered        also give it the numbers of the chains to which the points belong: their likelihoods may differ
    returns         steps x chains x d
    """
    from scipy.special import ndtr, ndtri  # here, because it takes long to import

    middle = around or Guide.prior(start.shape[1])

    def likelihood(score: np.ndarray, chains: np.ndarray) -> np.ndarray:
        unit = ndtr(score)
        found = log_likelihood(unit, chains) if numbered else log_likelihood(unit)
        return found if around is None else found - 0.5 * np.sum(score**2, axis=1) - middle.log_density(score)

    at = ndtri(np.clip(start, EDGE, 1.0 - EDGE))
    now = likelihood(at, np.arange(len(at)))
    walk = np.empty((steps, *start.shape))
    for step in range(steps):
        level = now + np.log(rng.random(len(at)))
        other = rng.standard_normal(at.shape) @ middle.root.T
        angle = rng.uniform(0.0, 2.0 * np.pi, len(at))
        low, high = angle - 2.0 * np.pi, angle.copy()
        going = np.arange(len(at))
        for _ in range(HALVINGS):
            turn = angle[going][:, None]
            tried = middle.mean + (at[going] - middle.mean) * np.cos(turn) + other[going] * np.sin(turn)
            found = likelihood(tried, going)
            good = found > level[going]
            arrived = going[good]
            walk[step, arrived], now[arrived] = tried[good], found[good]
            going = going[~good]
            if not len(going):
                break
            below = angle[going] < 0.0
            low[going[below]], high[going[~below]] = angle[going[below]], angle[going[~below]]
            angle[going] = rng.uniform(low[going], high[going])
        walk[step, going] = at[going]
        at = walk[step].copy()
    return ndtr(walk)


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


def mixing(walk: np.ndarray) -> float:
    """The largest ratio, over parameters, of the spread of all chains together to that within chains (split R-hat); 1 if they agree.

    walk  steps x chains x d
    """
    half = len(walk) // 2
    parts = np.concatenate([walk[:half], walk[half : 2 * half]], axis=1)
    within = parts.var(axis=0, ddof=1).mean(axis=0)
    between = parts.mean(axis=0).var(axis=0, ddof=1)
    return float(np.sqrt((within * (half - 1) / half + between) / np.maximum(within, 1e-300)).max())
