"""Power: how often a trial finds something, by counting and by formula, and the smallest effect it would find."""

from typing import Any

import numpy as np

LEVEL, WANTED = 0.05, 0.8


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


def share(found: np.ndarray) -> tuple[float, float, float]:
    """How often something was found, and the 95 % Wilson interval of that.

    found  replicates x draws, 0 or 1 (nan: no estimate). Draws from the same cities are alike: as many trials count as would make the
           spread between replicates what it is, but no fewer than there are replicates.

    >>> share(np.array([[1.0], [0.0], [1.0], [1.0]]))[0]
    0.75
    """
    found = found[np.isfinite(found).any(axis=1)]
    if not len(found):
        return float("nan"), float("nan"), float("nan")
    rates, replicates = np.nanmean(found, axis=1), len(found)
    mean, trials = float(rates.mean()), float(replicates)
    spread = rates.var(ddof=1) if replicates > 1 else 0.0
    if spread > 0:
        trials = float(np.clip(mean * (1.0 - mean) / (spread / replicates), replicates, np.isfinite(found).sum()))
    z = 1.959963985
    middle = (mean + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(mean * (1 - mean) / trials + z * z / (4 * trials * trials))
    return mean, float(max(0.0, middle - half)), float(min(1.0, middle + half))
