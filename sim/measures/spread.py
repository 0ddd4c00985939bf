"""What runs say, three things kept apart: how far possible cities differ, what luck does in one of them, how exactly the middle is known.

Draws of a posterior differ as the cities differ that calibration leaves open: that is what is not known of the answer, and it stays however
many runs there are. Runs of one draw, with the same people, differ by luck, which no knowledge takes away. The precision of the middle
shrinks as one over the root of the number of draws: it says how well our arithmetic knows the middle, and nothing of any city.

Where some draws were lived more than once the variance of luck is known. It is taken off by moving each draw's mean toward the mean of all,
so far that what is left between draws has the variance that cities have (the constrained estimates of Louis 1984, J. American Statistical
Association 79). How much of the differences between draws is luck is known from few lives only, so its expectation is taken over what
their F statistic leaves open; it never says that all of it is luck. Luck is taken to be as great in all draws.
"""

from collections.abc import Sequence
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np

from sim.methods.luck import share_of_luck

LEVEL = 0.95  # of the interval whose half is the precision of a middle, and of that of the share with a sign
NORMAL = 1.959963984540054  # quantile of that level
ENDS = (0.05, 0.95)  # quantiles between which nine of ten cities lie
ENOUGH = 20  # draws for these: with fewer than 19 they lie beyond the lowest and the highest
ONE_SIGN = 5  # draws: fewer have all the same sign by chance oftener than 5 times in 100
LEAST_LIVES = 3  # degrees of freedom within draws: with fewer nothing is known of luck
ROUNDING = 1e-12  # of the largest value, squared: differences that are rounding alone

Numbers = Sequence[float] | np.ndarray


class Cities(NamedTuple):
    """Possible cities, luck taken off where it is known; D draws, any axes after the first.

    values    D x ...: of each draw; nan where none of its runs has one
    means     D x ...: the same with luck, means over the draw's runs
    weight    D x ...: of each draw, 0 where there is no value
    between   ...: variance between cities; nan unless luck is known
    luck      ...: variance of luck in one run; nan unless it is known
    """

    values: np.ndarray
    means: np.ndarray
    weight: np.ndarray
    between: np.ndarray
    luck: np.ndarray

    @property
    def draws(self) -> np.ndarray:
        """...: how many draws of equal weight they are worth (Kish 1965)."""
        square = (self.weight**2).sum(axis=0)
        return np.divide(self.weight.sum(axis=0) ** 2, square, out=np.zeros_like(square), where=square > 0)

    def quantiles(self, shares: Sequence[float]) -> np.ndarray:
        """shares x ...: weighted quantiles over the cities.

        They are Weibull's, between which nine of ten further cities fall on average, whatever their distribution (Hyndman and Fan 1996,
        type 6): the usual ones are too narrow for few draws. Where weights differ a draw counts as its share of as many equal ones.
        """
        values, weight = self._ascending(self.values)
        whole, many = weight.sum(axis=0), self.draws
        with np.errstate(divide="ignore", invalid="ignore"):  # where no run has a value there is none
            place = (many * (weight.cumsum(axis=0) - weight / 2) / whole + 0.5) / (many + 1)
        last = np.maximum((weight > 0).sum(axis=0) - 1, 0)
        found = []
        for share in shares:
            upper = np.minimum((place < share).sum(axis=0), last)
            lower = np.maximum(upper - 1, 0)
            (low, high), (begin, end) = (
                [np.take_along_axis(each, at[None], axis=0)[0] for at in (lower, upper)] for each in (values, place)
            )
            width = end - begin
            step = np.clip(np.divide(share - begin, width, out=np.ones_like(width), where=width > 0), 0.0, 1.0)
            found.append(np.where(whole > 0, low + step * (high - low), nan))
        return np.array(found)

    def precision(self) -> np.ndarray:
        """...: half of the 95 % interval of the median, luck in it, by the standard error of Maritz and Jarrett (1978, J. American
        Statistical Association 73); nan with fewer than 6 draws, unless all, two or more, are equal.
        """
        from scipy.special import betainc  # here, because it takes long to import

        means, weight, many = *self._ascending(self.means), self.draws
        whole = weight.sum(axis=0)
        below = np.divide(weight.cumsum(axis=0), whole, out=np.zeros_like(weight), where=whole > 0).clip(max=1.0)
        half = np.maximum((many + 1) / 2, 1.0)
        chance = np.diff(betainc(half, half, below), axis=0, prepend=0.0)  # that a draw is the median of another sample
        apart = np.where(weight > 0, means, 0.0) - (chance * np.where(weight > 0, means, 0.0)).sum(axis=0)
        error = np.sqrt((chance * np.where(weight > 0, apart, 0.0) ** 2).sum(axis=0))
        equal = (many > 1) & (np.where(weight > 0, means, -np.inf).max(axis=0) == np.where(weight > 0, means, np.inf).min(axis=0))
        return np.where(equal, 0.0, np.where(many >= 6, NORMAL * error, nan))

    def _ascending(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values in ascending order along the first axis, those that count first, and their weights."""
        order = np.argsort(np.where(self.weight > 0, values, np.inf), axis=0)
        return np.take_along_axis(values, order, axis=0), np.take_along_axis(self.weight, order, axis=0)


def cities(values: Any, draws: Numbers | None = None, weights: Numbers | None = None) -> Cities:
    """The cities that runs come from.

    values   N x ...: one a run; what is not finite is left out
    draws    N: for each run the number of its draw; by default each is its own, and luck stays in
    weights  N: of each run; those of a draw add up to the draw's weight
    """
    values = np.asarray(values, float)
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    known = np.isfinite(values)
    if draws is None or len(np.unique(draws)) == len(values):
        alone = np.where(known, values, nan)
        weight = np.where(known, weights.reshape(-1, *[1] * (values.ndim - 1)), 0.0)
        unknown = np.full(values.shape[1:], nan)
        return Cities(alone, alone, weight, unknown, unknown)
    own = (np.unique(draws)[:, None] == np.asarray(draws)).astype(float)

    def total(runs: np.ndarray) -> np.ndarray:
        return np.tensordot(own, runs, axes=1)

    lives, weight = total(known), (own @ weights).reshape(-1, *[1] * (values.ndim - 1))
    weight = np.where(lives > 0, weight, 0.0)  # a draw one of whose lives has no value counts as others do
    means = np.divide(total(np.where(known, values, 0.0)), lives, out=np.full(lives.shape, nan), where=lives > 0)
    apart = np.where(known, values - means[own.argmax(axis=0)], 0.0)
    return _luck_off(means, weight, lives, (apart**2).sum(axis=0))


def _luck_off(means: np.ndarray, weight: np.ndarray, lives: np.ndarray, within: np.ndarray) -> Cities:
    """The cities, from means of draws, their weights, in how many runs each was lived, and the sum of squares within them."""
    whole, free = weight.sum(axis=0), np.maximum(lives - 1, 0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # where there are too few draws nothing is known
        share = weight / whole
        middle = np.where(share > 0, share * np.nan_to_num(means), 0.0).sum(axis=0)
        spare = 1 - (share**2).sum(axis=0)
        between = np.where(share > 0, share * (np.nan_to_num(means) - middle) ** 2, 0.0).sum(axis=0) / spare
        rest = np.where(lives > 0, share * (1 - share) / np.maximum(lives, 1), 0.0).sum(axis=0) / spare  # of luck, in the mean of a draw
        luck = np.where(free >= LEAST_LIVES, within / free, nan)
        least = ROUNDING * np.nanmax(np.abs(means), axis=0, initial=0.0) ** 2
        lucky = np.where(luck > least, share_of_luck(between / (luck * rest), 1 / (1 - spare) - 1, free), 0.0)
        ratio = rest * (1 - lucky) / lucky  # of the variance between cities to that of luck
        kept = np.where(lucky > 0, np.sqrt(ratio / (ratio + 1 / np.maximum(lives, 1))), 1.0)
        kept = np.where(np.isfinite(luck), kept, 1.0)
    return Cities(middle + kept * (means - middle), means, weight, np.where(np.isfinite(luck), (1 - lucky) * between, nan), luck)


class Spread(NamedTuple):
    """What runs say of one number.

    middle     weighted median over cities
    precision  half of the middle's 95 % interval; nan with fewer than 6 draws
    low, high  5 % and 95 % quantile over cities; nan with fewer than ENOUGH draws
    share      of the cities whose value has the sign of the middle; nan if all are 0
    many       how many runs there are
    draws      how many draws of equal weight they come from: `many`, unless runs share a draw
    mean       weighted mean over cities
    between    variance between cities; nan if luck is not known
    luck       variance of luck in one run; nan likewise
    """

    middle: float
    precision: float
    low: float
    high: float
    share: float
    many: int
    draws: float
    mean: float = nan
    between: float = nan
    luck: float = nan

    @property
    def ranged(self) -> bool:
        """Are there enough draws for a range?"""
        return isfinite(self.low)

    @property
    def roughness(self) -> float:
        """What sets the digits of the middle: its precision, or a hundredth of the range where that is more; nan if neither is known."""
        return float(np.nanmax([self.precision, (self.high - self.low) / 100])) if isfinite(self.precision) or self.ranged else nan

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
        if not isfinite(self.share):
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
        """In how many cities the sign is that of the middle: of 100 if there is a range, else of as many as there are.

        >>> spread([1, 2, 3, -1]).counted, spread([*range(-5, 20)]).counted
        ((3, 4), (76, 100))
        """
        of = 100 if self.ranged else round(self.draws)
        return (round(self.share * of) if isfinite(self.share) else 0), of

    @property
    def count_ends(self) -> tuple[int, int]:
        """Between which numbers of 100 cities the count may lie, as far as so many draws can tell (95 %, Jeffreys).

        >>> spread([*range(-5, 20)]).count_ends
        (57, 89)
        """
        from scipy.special import betaincinv  # here, because it takes long to import

        hits = self.share * self.draws
        low, high = betaincinv(hits + 0.5, self.draws - hits + 0.5, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return round(100 * low), round(100 * high)

    def times(self, factor: float) -> "Spread":
        """The same in another unit; the factor is above 0."""
        scaled = {name: factor * getattr(self, name) for name in ("middle", "precision", "low", "high", "mean")}
        return self._replace(**scaled, between=factor**2 * self.between, luck=factor**2 * self.luck)

    def row(self, name: str, prefix: str = "") -> dict[str, float]:
        """As columns of a table: the middle by its name, then precision, q05 and q95, with a prefix."""
        return {name: self.middle, f"{prefix}precision": self.precision, f"{prefix}q05": self.low, f"{prefix}q95": self.high}

    def variances(self) -> dict[str, float]:
        """In three parts, as columns of a table: what calibration leaves open, luck, and arithmetic (of the middle)."""
        return {
            "variance_calibration": self.between, "variance_luck": self.luck, "variance_arithmetic": (self.precision / NORMAL) ** 2,
        }  # fmt: skip


def spread(values: Numbers, draws: Numbers | None = None, weights: Numbers | None = None) -> Spread:
    """What values, one a run, say; draws and weights as for `cities`.

    >>> spread([1.0, 2.0, 4.0]).middle
    2.0
    """
    values = np.asarray(values, float)
    whole = cities(values, draws, weights)
    many = int(np.isfinite(values).sum())
    if not many:
        return Spread(nan, nan, nan, nan, nan, 0, 0.0)
    worth = float(whole.draws)
    ends = whole.quantiles(ENDS) if worth >= ENOUGH - 1e-9 else (nan, nan)
    there = whole.weight > 0
    weight, own = whole.weight[there], whole.values[there]
    (middle,) = whole.quantiles((0.5,))
    share = float(weight[np.sign(own) == np.sign(middle)].sum() / weight.sum()) if own.any() else nan
    mean = float((weight * whole.means[there]).sum() / weight.sum())
    numbers = (float(middle), float(whole.precision()), float(ends[0]), float(ends[1]), share)
    return Spread(*numbers, many, worth, mean, float(whole.between), float(whole.luck))


def mean_and_precision(values: Any) -> tuple[float, float]:
    """Mean of independent values and its precision, half of its 95 % t interval; nan where there is too little to say."""
    from scipy.special import stdtrit  # here, because it takes long to import

    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if values.size < 2:
        return (float(values[0]) if values.size else nan), nan
    return float(values.mean()), float(stdtrit(values.size - 1, (1 + LEVEL) / 2) * values.std(ddof=1) / np.sqrt(values.size))


def effective(draws: Numbers, weights: Numbers | None = None) -> float:
    """How many draws of equal weight runs are worth that share some.

    >>> effective([0, 1, 2, 3]), effective([0, 0, 1, 1]), effective([0, 1, 1], [1, 0.5, 0.5])
    (4.0, 2.0, 2.0)
    """
    return float(cities(np.zeros(len(draws)), draws, weights).draws)


def read_off(row: Any, name: str = "effect", prefix: str = "") -> Spread:
    """What `Spread.row` and the columns share_with_sign, replicates and effective_draws of a table say; of those it has not, nothing."""
    columns = {"middle": name, "precision": f"{prefix}precision", "low": f"{prefix}q05", "high": f"{prefix}q95"}
    columns |= {"share": "share_with_sign", "draws": "effective_draws", "mean": "mean"}
    return Spread(many=int(row.get("replicates", 0)), **{part: float(row.get(column, nan)) for part, column in columns.items()})
