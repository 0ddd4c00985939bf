"""How far runs lie apart, and how exactly their mean is known: two things that are never shown as one.

Draws of a posterior differ as the cities differ that calibration leaves open, and replicates of one city as its luck does. However many
there are, the range over them stays. The precision of their mean shrinks as one over the root of their number: it says how well our
arithmetic knows the mean, and nothing of how far a city may lie from it.
"""

import warnings
from collections.abc import Sequence
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np

LEVEL = 0.95  # of the t interval whose half is the precision of a mean
ENDS = (0.05, 0.95)  # quantiles between which nine of ten lie
ENOUGH = 20  # draws for these: with fewer than 19 they lie beyond the lowest and the highest
ONE_SIGN = 5  # draws: fewer have all the same sign by chance oftener than 5 times in 100


class Spread(NamedTuple):
    """What values of independent runs say.

    mean       of the values
    precision  half of the mean's 95 % t interval; nan for one value
    low, high  5 % and 95 % quantile over the runs; nan with fewer than ENOUGH draws
    share      of the runs whose value has the sign of the mean; nan if the mean is 0
    many       how many values there are
    draws      how many draws of equal weight they come from: `many`, unless runs share a draw
    """

    mean: float
    precision: float
    low: float
    high: float
    share: float
    many: int
    draws: float

    @property
    def ranged(self) -> bool:
        """Are there enough draws for a range?"""
        return isfinite(self.low)

    @property
    def verdict(self) -> str:
        """rise or fall if the range leaves 0 out, else unclear; few if there is no range; same if every value is 0; single; unknown.

        >>> spread([0.1, 0.2, 0.3]).verdict, spread([0.0, 0.0]).verdict, spread([0.1]).verdict, spread([]).verdict
        ('few', 'same', 'single', 'unknown')
        >>> [spread(np.arange(20.0) + shift).verdict for shift in (1, -10, -30)]
        ['rise', 'unclear', 'fall']
        """
        if self.many < 2:
            return "single" if self.many else "unknown"
        if self.mean == 0 and self.precision == 0:
            return "same"
        if not self.ranged:
            return "few"
        return "rise" if self.low > 0 else "fall" if self.high < 0 else "unclear"

    @property
    def clear(self) -> bool:
        """Is the sign known: does the range leave 0 out, or, where there is none, have all of ONE_SIGN draws or more the same sign?"""
        return self.verdict in ("rise", "fall") or (self.verdict == "few" and self.share == 1 and self.draws >= ONE_SIGN)

    @property
    def counted(self) -> tuple[int, int]:
        """In how many runs the sign is that of the mean: of 100 if there is a range, else of as many as there are.

        >>> spread([1, 2, 3, -1]).counted, spread([*range(-5, 20)]).counted
        ((3, 4), (76, 100))
        """
        of = 100 if self.ranged else self.many
        return (round(self.share * of) if isfinite(self.share) else 0), of

    def times(self, factor: float) -> "Spread":
        """The same in another unit; the factor is above 0."""
        return self._replace(**{name: factor * getattr(self, name) for name in ("mean", "precision", "low", "high")})

    def row(self, name: str, prefix: str = "") -> dict[str, float]:
        """As columns of a table: the mean by its name, then precision, q05 and q95, with a prefix."""
        return {name: self.mean, f"{prefix}precision": self.precision, f"{prefix}q05": self.low, f"{prefix}q95": self.high}


def spread(values: Any, draws: Sequence[int] | np.ndarray | None = None) -> Spread:
    """What values, one a run, say; what is not finite is left out.

    draws  for each run the number of the draw that it took; runs of one draw count as one when it is said whether a range can be given

    Quantiles are Weibull's, between which nine of ten further runs fall on average, whatever their distribution (Hyndman and Fan 1996,
    type 6): the usual ones are too narrow for few runs.
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    values = values[known]
    mean, precision = mean_and_precision(values)
    worth = effective(np.asarray(draws)[known] if draws is not None else np.arange(values.size))
    low, high = quantiles(values) if worth >= ENOUGH else (nan, nan)
    share = float(np.mean(np.sign(values) == np.sign(mean))) if values.size and mean else nan
    return Spread(mean, precision, float(low), float(high), share, int(values.size), worth)


def quantiles(values: np.ndarray) -> np.ndarray:
    """The ends between which nine of ten lie, along the first axis; 2 x the other axes. Values that are not known are left out."""
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # where no run has a value there is none
        return np.nanquantile(values, ENDS, axis=0, method="weibull")


def mean_and_precision(values: Any) -> tuple[float, float]:
    """Mean of independent values and its precision, half of its 95 % t interval; nan where there is too little to say."""
    from scipy.special import stdtrit  # here, because it takes long to import

    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if values.size < 2:
        return (float(values[0]) if values.size else nan), nan
    return float(values.mean()), float(stdtrit(values.size - 1, (1 + LEVEL) / 2) * values.std(ddof=1) / np.sqrt(values.size))


def effective(draws: Sequence[int] | np.ndarray) -> float:
    """How many draws of equal weight runs are worth that share some: a draw counts once, however often it was lived.

    >>> effective([0, 1, 2, 3]), effective([0, 1, 2, 3, 0])
    (4.0, 4.0)
    """
    return float(np.unique(draws).size)


def read_off(row: Any, name: str = "effect", prefix: str = "") -> Spread:
    """What `Spread.row` and the columns share_with_sign, replicates and effective_draws of a table say; of those it has not, nothing."""
    found = {"mean": name, "precision": f"{prefix}precision", "low": f"{prefix}q05", "high": f"{prefix}q95"}
    found |= {"share": "share_with_sign", "draws": "effective_draws"}
    return Spread(many=int(row.get("replicates", 0)), **{part: float(row.get(column, nan)) for part, column in found.items()})
