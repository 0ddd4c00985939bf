"""Random points of a distribution that is known up to a constant, over a prior that is uniform on the unit cube."""

from collections.abc import Callable

import numpy as np

HALVINGS = 60  # of the slice, after which a chain stays where it is


def slice_sample(
    log_likelihood: Callable[..., np.ndarray], start: np.ndarray, steps: int, rng: np.random.Generator, *, numbered: bool = False
) -> np.ndarray:
    """Chains of elliptical slice sampling (Murray, Adams and MacKay 2010), all at once; nothing to tune.

    A uniform number is the normal distribution's share below a normal one, which turns the prior into the one that the method needs.

    log_likelihood  of points (n x d, in [0, 1]): n; -inf where they are impossible, but not at the start
    start           chains x d, in (0, 1)
    numbered        also give it the numbers of the chains to which the points belong: their likelihoods may differ
    returns         steps x chains x d
    """
    from scipy.special import ndtr, ndtri  # here, because it takes long to import

    def likelihood(normal: np.ndarray, chains: np.ndarray) -> np.ndarray:
        unit = ndtr(normal)
        return log_likelihood(unit, chains) if numbered else log_likelihood(unit)

    at = ndtri(np.clip(start, 1e-9, 1.0 - 1e-9))
    now = likelihood(at, np.arange(len(at)))
    walk = np.empty((steps, *start.shape))
    for step in range(steps):
        level = now + np.log(rng.random(len(at)))
        other = rng.standard_normal(at.shape)
        angle = rng.uniform(0.0, 2.0 * np.pi, len(at))
        low, high = angle - 2.0 * np.pi, angle.copy()
        open_ = np.arange(len(at))
        for _ in range(HALVINGS):
            tried = at[open_] * np.cos(angle[open_])[:, None] + other[open_] * np.sin(angle[open_])[:, None]
            found = likelihood(tried, open_)
            good = found > level[open_]
            arrived = open_[good]
            walk[step, arrived], now[arrived] = tried[good], found[good]
            open_ = open_[~good]
            if not len(open_):
                break
            below = angle[open_] < 0.0
            low[open_[below]], high[open_[~below]] = angle[open_[below]], angle[open_[~below]]
            angle[open_] = rng.uniform(low[open_], high[open_])
        walk[step, open_] = at[open_]
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
