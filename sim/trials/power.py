"""Power: how often a trial finds something, by counting and by formula, and the smallest effect it would find."""

from math import nan
from typing import Any, NamedTuple

import numpy as np

from sim.measures.spread import ENOUGH, NORMAL

LEVEL, WANTED = 0.05, 0.8
WIDEST = 0.3  # of a share's 95 % interval: a wider one tells little
SURE = 39  # independent trials, from which on no such interval is wider


def p_values(effect: Any, error: Any, freedom: Any) -> Any:
    """Two-sided p values of t tests against no effect; nan where there is no estimate."""
    from scipy.special import stdtr  # here, because it takes long to import

    with np.errstate(divide="ignore", invalid="ignore"):
        return 2.0 * stdtr(freedom, -np.abs(np.asarray(effect) / error))


def half_widths(error: Any, freedom: Any) -> Any:
    """Half-widths of 95 % t intervals."""
    from scipy.special import stdtrit

    return stdtrit(freedom, 1.0 - LEVEL / 2) * error


def formula(effect: float, error: float, freedom: float = 1e6) -> float:
    """The power of a t test if estimates are normal round an effect: the normal formula, with a t test's heavier tails in small trials.

    >>> round(formula(2.8, 1.0), 3), round(formula(0.0, 1.0), 3), round(formula(0.0, 1.0, 5), 3)
    (0.8, 0.05, 0.05)
    """
    from scipy.special import nctdtr, ndtr, stdtrit

    if not error > 0 or not freedom > 0:
        return float("nan")
    critical, shift = stdtrit(freedom, 1.0 - LEVEL / 2), abs(effect) / error
    found = 1.0 - nctdtr(freedom, shift, critical) + nctdtr(freedom, shift, -critical)
    return float(found if np.isfinite(found) else ndtr(shift - critical))  # far from 0 the former cannot be computed


def minimal_detectable_effect(error: Any, freedom: Any) -> Any:
    """The effect that is found with a probability of 80 %: (t of 0.975 + t of 0.8) x standard error.

    >>> round(float(minimal_detectable_effect(1.0, 1e9)), 2)
    2.8
    """
    from scipy.special import stdtrit

    return (stdtrit(freedom, 1.0 - LEVEL / 2) + stdtrit(freedom, WANTED)) * np.asarray(error)


class Share(NamedTuple):
    """In which share of trials something was found.

    rate, low, high   the share and its 95 % Wilson interval; nan without trials
    hits, trials      in how many, of how many with an estimate
    worth             as how many independent trials these count
    """

    rate: float
    low: float
    high: float
    hits: int
    trials: int
    worth: float

    @property
    def told(self) -> bool:
        """Do so many trials tell a share: ENOUGH independent ones or more, and an interval no wider than WIDEST?"""
        return self.worth >= ENOUGH and self.high - self.low <= WIDEST

    def row(self, name: str) -> dict[str, float]:
        """As columns of a table."""
        return {name: self.rate, **{f"{name}_{part}": getattr(self, part) for part in self._fields[1:]}}

    @classmethod
    def read_off(cls, row: Any, name: str) -> "Share":
        """What `row` wrote."""
        return cls(row[name], *(row[f"{name}_{part}"] for part in cls._fields[1:]))


def share(found: np.ndarray) -> Share:
    """In which share of trials something was found.

    found  replicates x draws, 0 or 1 (nan: no estimate). Draws from the same cities are alike: as many trials count as would make the
           spread between replicates what it is, but no fewer than there are replicates.

    >>> share(np.array([[1.0], [0.0], [1.0], [1.0]])).rate, share(np.ones((12, 1))).told, share(np.ones((20, 1))).told
    (0.75, False, True)
    """
    found = found[np.isfinite(found).any(axis=1)]
    if not len(found):
        return Share(nan, nan, nan, 0, 0, 0.0)
    rates, replicates = np.nanmean(found, axis=1), len(found)
    mean, many, worth = float(rates.mean()), int(np.isfinite(found).sum()), float(replicates)
    variance = rates.var(ddof=1) if replicates > 1 else 0.0
    if variance > 0:
        worth = float(np.clip(mean * (1.0 - mean) / (variance / replicates), replicates, many))
    square = NORMAL**2 / worth
    middle = (mean + square / 2) / (1 + square)
    half = (square * mean * (1 - mean) + square**2 / 4) ** 0.5 / (1 + square)
    return Share(mean, max(0.0, middle - half), min(1.0, middle + half), int(np.nansum(found)), many, worth)
