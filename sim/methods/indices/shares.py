"""Shares of variance from an emulator, corrected by points it had not seen, with intervals that cover design, luck and what it misses.

The share of a set of factors is the mean square of a part of the response, m. The emulator's own is biased; adding
2 m (y - prediction) at points that it has not seen removes the bias to first order (the one-step estimator of Williamson,
Gilbert, Carone and Simon 2021, Biometrics 77), and the spread of that over points gives the interval.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.methods.indices.emulator import Emulator, Surface

SEEN = 12.0  # squared t value that a term needs to be found among some hundreds: weaker ones may be there unseen
EVEN = 0.1  # share of what the emulator misses that may belong to any part, or have been taken for it


@dataclass(frozen=True)
class ResponseParts:
    """Parts of the response, as differences of means given sets of factors.

    sets   s x d, bool: the sets of factors
    parts  s x p: part k is the sum over sets of `parts[:, k]` times the mean response given the set
    """

    sets: np.ndarray
    parts: np.ndarray


def first_and_total(groups: np.ndarray, pairs: np.ndarray) -> ResponseParts:
    """Of each group of factors what it does alone, then what it does at all, then of pairs what two do only together; last, everything.

    groups  g x d, bool;  pairs: q x 2, rows of groups
    """
    g = len(groups)
    together = groups[pairs[:, 0]] | groups[pairs[:, 1]]
    sets = np.vstack([groups, ~groups, together, np.ones((1, groups.shape[1]), dtype=bool)])
    parts = np.zeros((len(sets), 2 * g + len(pairs) + 1))
    each = np.arange(g)
    parts[each, each] = 1
    parts[-1, g + each] = 1
    parts[g + each, g + each] = -1
    for k, (one, other) in enumerate(pairs):
        parts[[one, other, 2 * g + k], 2 * g + k] = -1, -1, 1
    parts[-1, -1] = 1
    return ResponseParts(sets, parts)


@dataclass(frozen=True)
class Shares:
    """Estimates for p parts.

    share      of the variance that the emulator finds, luck taken off
    low, high  95 % interval: design, luck, and what the emulator misses
    missed     share of the variance of the response, noise taken off, that the emulator does not find. With one replicate this may be
               luck as well
    signal     that variance
    luck       standard error that luck gives each share; None with one replicate, because nobody knows it
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    missed: float
    signal: float
    luck: np.ndarray | None


def _values(surface: Surface, unit: np.ndarray, parts: ResponseParts) -> tuple[np.ndarray, np.ndarray]:
    """Each part at points (n x p) and its mean square (p)."""
    return surface.given(unit, parts.sets) @ parts.parts, surface.variance_given(parts.sets) @ parts.parts


def shares(emulator: Emulator, parts: ResponseParts, heirs: np.ndarray) -> Shares | None:
    """Estimates for the parts, of which the last is everything. None if nothing is left of it when luck is taken off.

    heirs   p, bool: parts that grow with every term that touches them (totals); what the emulator misses is more likely theirs
    """
    left, fold = emulator.left, emulator.fold
    n, p = len(left), parts.parts.shape[1]
    values, squares = np.empty((n, p)), np.empty((n, p))
    for one, surface in enumerate(emulator.tried):
        values[fold == one], squares[fold == one] = _values(surface, emulator.unit[fold == one], parts)
    each = squares + 2 * values * left[:, None]
    whole, plain = emulator.surface.variance_given(parts.sets) @ parts.parts, each.mean(axis=0)
    by_luck, by_luck_whole = _luck(emulator, parts)
    whole, plain = whole - by_luck_whole, plain - by_luck
    if min(whole[-1], plain[-1]) <= 0:
        return None
    judged: np.ndarray = emulator.judged**2
    missed = max(float(np.mean(judged)) - (emulator.noise or 0.0) + by_luck[-1], 0.0)
    signal = plain[-1] + missed
    share, corrected = whole / whole[-1], plain / plain[-1]
    spread = (each - share * each[:, -1:]) / plain[-1]
    error, free, luck = _errors(emulator, spread, 2 * (values - share * values[:, -1:]) / plain[-1], by_luck / plain[-1])
    from scipy.special import stdtrit  # here, because it takes long to import

    reach = stdtrit(free, 0.975) * error * emulator.flattered
    most = missed + 1.645 * np.std(judged, ddof=1) / np.sqrt(len(judged))  # with luck, more may be missed than was measured
    weight = np.maximum(np.where(heirs, np.sqrt(np.clip(share, 0, 1)), share), EVEN)
    low = np.minimum(share, corrected) * (1 - missed / signal) - reach - EVEN * most / signal
    unseen = SEEN * float(np.mean(judged)) / n
    high = np.maximum(share, corrected) + reach + (weight * most + unseen) / signal
    return Shares(np.clip(share, 0, 1), np.clip(low, 0, 1), np.clip(high, 0, 1), missed / signal, signal, luck)


def _luck(emulator: Emulator, parts: ResponseParts) -> tuple[np.ndarray, np.ndarray]:
    """What luck adds to each part's mean square in means over replicates: in the estimate from unseen points, and in the surface's.

    Luck whose effect depends on factors smoothly (in an unlucky city a course does less) looks like an answer. Its part is
    estimated from what sets replicates apart, fitted with the same terms.
    """
    runs, unit, fold = emulator.responses, emulator.unit, emulator.fold
    n, r = runs.apart.shape
    seen, whole = np.zeros(parts.parts.shape[1]), np.zeros(parts.parts.shape[1])
    if r < 2:
        return seen, whole
    for one, surface in enumerate(emulator.tried):
        out = fold == one
        others: list[Any] = list(surface.again(unit[~out], runs.apart[~out]))
        for j, other in enumerate(others):
            values, squares = _values(other, unit[out], parts)
            seen += out.sum() * squares + 2 * values.T @ (runs.apart[out, j] - other.predict(unit[out]))
    for other in emulator.surface.again(unit, runs.apart):
        whole += other.variance_given(parts.sets) @ parts.parts
    return seen / (n * r * (r - 1)), whole / (r * (r - 1))


def _errors(
    emulator: Emulator, spread: np.ndarray, slope: np.ndarray, by_luck: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Standard error of each part (p), its degrees of freedom, and what of it is luck's (None if nobody knows).

    spread   n x p: what each point adds to the estimate
    slope    n x p: how the estimate moves with each point's mean response
    by_luck  p: luck's part, which has been taken off
    """
    runs, n = emulator.responses, len(spread)
    points = spread.var(axis=0, ddof=1) / n
    r = runs.replicates
    if r < 2:
        return np.sqrt(points), np.full(points.shape, n - 1.0), None
    alone = (slope**2).sum(axis=0) * (runs.variance or 0) / (r * n**2)  # if luck at one point says nothing of luck at another
    shared = (runs.apart.T @ slope / n).var(axis=0, ddof=1) / r
    pooled = shared.sum() / alone.sum() if alone.sum() > 0 else 1.0  # few replicates say little of one part alone
    luck = np.maximum(np.maximum(shared, pooled * alone) - alone, 0) + by_luck**2 * 2 / (r - 1)
    total = points + luck
    free = np.divide(total**2, points**2 / (n - 1) + luck**2 / (r - 1), out=np.full(total.shape, n - 1.0), where=total > 0)
    return np.sqrt(total), free, np.sqrt(luck)
