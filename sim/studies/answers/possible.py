"""What draws say of outcomes of which luck has been taken off: how far possible cities differ, and how exactly the middle is known."""

from collections.abc import Mapping
from math import nan
from typing import Any

import numpy as np

from sim.measures.spread import ENDS, ENOUGH, Spread, read_off
from sim.methods.decision.choice import SAME, resamples
from sim.methods.decision.denoise import Denoised
from sim.methods.decision.partial import effective
from sim.methods.decision.tables import NORMAL

RESAMPLES = 400
LEAST = 6  # draws: of fewer nobody knows how exactly they tell their middle


def spreads(known: Denoised, possible: np.ndarray, clusters: np.ndarray) -> list[Spread]:
    """What n draws say of each of m outcomes.

    known     of the outcomes: what its runs are, and what they leave open
    possible  s x n x m: equally likely outcomes of each draw, luck averaged out
    clusters  n: draws with the same number are alike

    The precision of the middle is from resampled means over replicates, whole clusters at a time, so luck is in it; and from the luck that
    all draws share.
    """
    draws, runs = effective(clusters), known.runs
    weights = resamples(clusters, RESAMPLES, 3)
    between = known.mean.var(axis=0) + (known.sd**2).mean(axis=0) if runs.noise is not None else np.full(len(runs.mean.T), nan)
    luck = np.full_like(between, nan) if runs.noise is None else np.diag(runs.noise)
    found = []
    for place, values in enumerate(np.moveaxis(possible, -1, 0)):
        flat, middle = np.sign(values), float(np.median(values))
        error = np.hypot(medians(runs.mean[:, place], weights).std(ddof=1), np.sqrt(runs.common[place, place]))
        share = float((flat == np.sign(middle)).mean()) if flat.any() else nan
        precision = float(NORMAL * error) if draws >= LEAST else nan
        mean = float(runs.mean[:, place].mean())
        parts = (float(between[place]), float(luck[place]))
        found.append(Spread(middle, precision, *ends(values, draws), share, values.shape[1], draws, mean, *parts))
    return found


def ends(values: np.ndarray, draws: float) -> tuple[float, float]:
    """The 5 % and the 95 % quantile (Weibull's, see `sim.measures.spread`) of values that so many independent draws have.

    nan of fewer than ENOUGH draws; equal where values differ by rounding alone
    """
    values = values.ravel()
    if draws < ENOUGH - 1e-9 or np.isnan(values).any():
        return nan, nan
    if np.ptp(values) <= SAME * np.abs(values).max():
        return float(np.median(values)), float(np.median(values))
    shares = [min(max(((draws + 1) * end - 0.5) / draws, 0.0), 1.0) for end in ENDS]
    low, high = np.quantile(values, shares, method="hazen")
    return float(low), float(high)


def medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """w: the median of n values at each of w x n weights."""
    order = np.argsort(values)
    below = weights[:, order].cumsum(axis=1)
    return values[order][(below < below[:, -1:] / 2).sum(axis=1)]


def columns(own: Spread, name: str) -> dict[str, float]:
    """As columns of a table: the middle by its name, and with this before: precision, q05, q95, share_with_sign and mean."""
    return own.row(name, f"{name}_") | {f"{name}_share_with_sign": own.share, f"{name}_mean": own.mean}


def read(row: Mapping[Any, Any], name: str) -> Spread:
    """What such columns say, with effective_draws beside them."""
    parts = {"share": row.get(f"{name}_share_with_sign", nan), "mean": row.get(f"{name}_mean", nan), "many": round(row["effective_draws"])}
    return read_off(row, name, f"{name}_")._replace(**parts)
