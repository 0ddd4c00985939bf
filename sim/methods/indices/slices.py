"""Kolmogorov-Smirnov distances for PAWN, quick enough to resample."""

import numpy as np

RESAMPLES = 50


def _distances(place: np.ndarray, weights: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Distance between the output's distribution and that of each slice. All in the order of the output.

    place  n, the slice of each point (-1: none);  weights: n, how often it counts;  ends: n, bool: the last of equal outputs
    """
    slices = np.arange(place.max() + 1)
    inside = (place[:, None] == slices) * weights[:, None]
    counts = inside.sum(axis=0)
    inside, all_of = inside[:, counts > 0].cumsum(axis=0) / counts[counts > 0], weights.cumsum() / weights.sum()
    return np.abs(inside - all_of[:, None])[ends].max(axis=0)


def _places(column: np.ndarray, slices: int) -> np.ndarray:
    """The slice of each point, by quantiles as SALib cuts them: the largest value is in none."""
    cuts = np.quantile(column, np.linspace(0, 1, slices + 1))
    place = np.searchsorted(cuts, column, side="right") - 1
    return np.where(column < cuts[-1], place, -1)


def _sorted(mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(mean, kind="stable")
    return order, np.append(np.diff(mean[order]) > 0, True)


def medians(unit: np.ndarray, mean: np.ndarray, slices: int, rng: np.random.Generator) -> np.ndarray:
    """RESAMPLES x d: the median distance of each factor, points resampled."""
    order, ends = _sorted(mean)
    places = [_places(column, slices)[order] for column in unit.T]
    n = len(mean)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    return np.array([[np.median(_distances(place, weights, ends)) for place in places] for weights in counts])


def inert(mean: np.ndarray, slices: int, rng: np.random.Generator) -> float:
    """The 95th percentile of the median distance of factors that do nothing."""
    order, ends = _sorted(mean)
    n = len(mean)
    found = [np.median(_distances(_places(rng.permutation(n) / n, slices)[order], np.ones(n), ends)) for _ in range(4 * RESAMPLES)]
    return float(np.quantile(found, 0.95))
