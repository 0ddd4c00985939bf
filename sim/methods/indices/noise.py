"""What is luck and what is answer: runs at several points with shared luck, taken apart into point, replicate and the rest."""

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.style import Note, note

LEAST_REPLICATES = 3  # with two, luck is known by one difference: Student's t has one degree of freedom and reaches 12.7 standard errors
ENOUGH_REPLICATES = 4  # three degrees of freedom, 3.2 standard errors: what is recommended if nothing else is known
MOST_LUCK = 0.5  # half-width of a share's interval that luck alone makes: beyond it any share from 0 to 1 may be true
NO_LUCK = 1e-6  # the half-width up to which there is none: replicates agree but for rounding
GOOD_LUCK = 0.25  # the half-width that the recommended replicates would leave


@dataclass(frozen=True)
class Responses:
    """The runs of a design, by point. Replicate j has the same luck at every point, so a run is

        y_ij = f(point i) + c_j + e_ij

    c_j is what luck j does everywhere; it cannot blur the ranking of factors and is taken out. e_ij is what luck does at this
    point and not at the others: this is called noise here.

    kept      n, bool: points with at least one run that did not fail; all that follows has a row for each of those (k rows)
    mean      k, estimates of f(point i) plus the mean of c
    apart     k x r, estimates of e_ij; 0 where the run failed
    runs      k, how many runs of the point did not fail
    variance  of e_ij; None if it cannot be known (one replicate)
    """

    kept: np.ndarray
    mean: np.ndarray
    apart: np.ndarray
    runs: np.ndarray
    variance: float | None

    @property
    def replicates(self) -> int:
        return self.apart.shape[1]

    @property
    def noise(self) -> float | None:
        """Variance of the noise in `mean`, over points: what averaging over replicates has left."""
        return None if self.variance is None else self.variance * float(np.mean(1 / self.runs))

    @property
    def failed(self) -> int:
        """Points left out because every run of them failed."""
        return int((~self.kept).sum())

    def at(self, rows: np.ndarray | slice) -> "Responses":
        """Some of the kept points alone, with the noise of all."""
        kept: np.ndarray = np.ones(self.mean[rows].size, dtype=bool)
        return Responses(kept, self.mean[rows], self.apart[rows], self.runs[rows], self.variance)


def checked(unit: np.ndarray, y: np.ndarray, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Points (n x d, floats) and runs (n x r, floats), if they fit together.

    InputError if shapes do not fit, if a point lies outside 0 to 1, or if there are fewer than 8 points or no factor.
    """
    unit, y = np.asarray(unit, dtype=float), np.asarray(y, dtype=float)
    y = y[:, None] if y.ndim == 1 else y
    if unit.ndim != 2 or y.ndim != 2 or len(unit) != len(y) or unit.shape[1] != len(names):
        message = f"{unit.shape} points, {y.shape} runs and {len(names)} names of factors do not fit together."
        raise InputError(message, "Points are n x d in the order of the names, runs n x replicates.")
    if not names:
        raise InputError("nothing varies, so there is nothing to be sensitive to.", "Name factors under 'vary'.")
    if not (np.isfinite(unit).all() and unit.min() >= 0 and unit.max() <= 1):
        raise InputError("points of the design lie outside 0 to 1.", "Give them as shares of each factor's distribution.")
    return unit, np.where(np.isfinite(y), y, np.nan)


def responses(y: np.ndarray) -> Responses:
    """Take runs apart. y: n x r, nan where a run failed. InputError if all failed."""
    known = np.isfinite(y)
    kept = known.any(axis=1)
    if not kept.any():
        raise InputError("every run failed, so there is nothing to analyze.", "See why they failed, and run them again.")
    y, known = y[kept], known[kept]
    used = known.any(axis=0)
    y, known = y[:, used], known[:, used]
    point, luck = _two_way(np.where(known, y, 0.0), known)
    apart = np.where(known, y - point[:, None] - luck, 0.0)
    free = int(known.sum()) - sum(y.shape) + 1
    variance = float((apart**2).sum() / free) if y.shape[1] > 1 and free > 0 else None
    return Responses(kept, point, apart, known.sum(axis=1), variance)


def _two_way(y: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares means of points, and of replicates about 0. Exact at once if no run is missing, else by turns."""
    luck = np.zeros(y.shape[1])
    rows, columns = known.sum(axis=1), known.sum(axis=0)
    scale = float(np.abs(y).max()) or 1.0
    for _ in range(1000):
        point = (np.where(known, y - luck, 0.0)).sum(axis=1) / rows
        new = (np.where(known, y - point[:, None], 0.0)).sum(axis=0) / columns
        new -= new.mean()
        moved, luck = np.abs(new - luck).max(), new
        if moved <= 1e-13 * scale:
            break
    return (np.where(known, y - luck, 0.0)).sum(axis=1) / rows, luck


def reach(sd: float, replicates: int, wanted: int) -> float:
    """Half-width of a 95 % interval that luck makes in a mean over `wanted` replicates, from its standard error in a mean over fewer."""
    from scipy.special import stdtrit  # here, because it takes long to import

    return float(stdtrit(wanted - 1, 0.975) * sd * (replicates / wanted) ** 0.5)


def hidden_by_luck(replicates: int, sd: float | None) -> Note | None:
    """Why shares cannot be told from luck, and how many replicates would do; None if they can.

    sd  standard error of the largest share that luck makes; None if nobody knows it
    """
    half = None if sd is None else reach(sd, replicates, replicates)
    if (replicates >= LEAST_REPLICATES and (half is None or half <= MOST_LUCK)) or (half is not None and half <= NO_LUCK):
        return None
    more = range(max(ENOUGH_REPLICATES, replicates + 1), 1000)
    wanted = next((many for many in more if sd is None or reach(sd, replicates, many) <= GOOD_LUCK), more.stop)
    if half is None or replicates < LEAST_REPLICATES:
        counted = note("replicates", many=replicates) if replicates > 1 else note("replicate")
        return note("luck_like_factors", replicates=counted, enough=wanted)
    return note("luck_moves_shares", many=replicates, points=100 * min(half, 1.0), enough=wanted)
