"""How what varies is distributed: priors cut off at the range that is allowed, and values that are equally likely."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sim.errors import InputError, did_you_mean, number, number_problem, shown
from sim.remedies import number_remedy
from sim.studies.design.draws import Draws

# kind: (what its two numbers are called, what it looks like)
SPREADS: dict[str, tuple[tuple[str, str], str]] = {
    "uniform": (("low", "high"), "{uniform: [0, 1]}"),
    "normal": (("mean", "sd"), "{normal: {mean: 0.5, sd: 0.1}}"),
    "lognormal": (("median", "sigma"), "{lognormal: {median: 0.06, sigma: 0.5}}"),
    "beta": (("mean", "sd"), "{beta: {mean: 0.3, sd: 0.1}}"),
}
KINDS = (*SPREADS, "values", "draws")
EXAMPLES = "Write [low, high], {lognormal: {median: 0.06, sigma: 0.5}}, or {values: [0, 0.5, 1]}."
TAIL = 0.025  # beyond which designs that go to the ends of what varies do not follow the tails of a prior
LEAST_MASS = 1e-6  # of a prior within the range; with less its quantiles are inexact


class Allowed(NamedTuple):
    """What a parameter or lever may be: numbers of a range, or choices."""

    low: float
    high: float
    whole: bool
    choices: tuple[str, ...]
    meaning: str  # in a line, for messages

    def check(self, value: object, name: str) -> Any:
        """The value as an int, a float or a choice. InputError if it is something else or out of range."""
        if type(value) is float and not self.whole and self.low <= value <= self.high and not self.choices:
            return value  # at once, for lists of draws are long
        if self.choices:
            if value in self.choices:
                return value
            remedy = f"{did_you_mean(value, self.choices)}{self.meaning}"
            raise InputError(f"'{name}' must be one of {', '.join(self.choices)}, but is {shown(value)}.", remedy)
        if problem := number_problem(value, self.low, self.high, self.whole):
            raise InputError(f"'{name}' {problem}.", f"{number_remedy(value, self.low, self.high, self.whole)}\n{self.meaning}".lstrip())
        return int(value) if self.whole else float(value)  # type: ignore[call-overload, arg-type]


@dataclass(frozen=True)
class Values:
    """Values that are equally likely."""

    values: tuple[Any, ...]

    def at(self, u: Any) -> np.ndarray:
        """Quantiles: the value for each number in [0, 1], in equal shares."""
        places = np.minimum((np.asarray(u, float) * len(self.values)).astype(int), len(self.values) - 1)
        return np.array(self.values, object if isinstance(self.values[0], str) else None)[places]

    def of(self, values: Any) -> np.ndarray:
        """Numbers in [0, 1] at which `at` gives these values; the middle of each one's share."""
        places = {value: place for place, value in enumerate(self.values)}
        return np.array([(places[value] + 0.5) / len(self.values) for value in np.asarray(values).tolist()])

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Is each of these one of the values?"""
        return np.isin(values, np.array(self.values, values.dtype))

    def ends(self) -> tuple[float, float]:
        """Between which designs with levels place them."""
        return 0.0, 1.0

    def extremes(self) -> tuple[Any, ...]:
        """Values between which all others lie: each of them may be one."""
        return self.values

    def as_data(self) -> dict[str, Any]:
        """As files write it."""
        return {"values": list(self.values)}


@dataclass(frozen=True)
class Continuous:
    """A prior between `low` and `high`: what lies beyond is cut off and its probability shared out.

    Whole numbers take the probability of what rounds to them, so that those of a uniform prior are equally likely.
    """

    kind: str  # of SPREADS
    one: float  # low, mean, median or mean
    two: float  # high, sd, sigma or sd
    low: float
    high: float
    whole: bool = False

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Where the prior is cut off; half a unit further for whole numbers."""
        margin = 0.5 if self.whole else 0.0
        return self.low - margin, self.high + margin

    @cached_property
    def shares(self) -> tuple[float, float]:
        """Probability below the lower and below the upper bound, before cutting off."""
        low, high = self._below(np.array(self.bounds)).tolist()
        return low, high

    def at(self, u: Any) -> np.ndarray:
        """Quantiles: the value for each number in [0, 1]."""
        low, high = self.shares
        found = self._quantile(low + np.asarray(u, float) * (high - low))
        found = np.floor(found + 0.5) if self.whole else found
        found = np.clip(found, self.low, self.high)
        return found.astype(int) if self.whole else found

    def of(self, values: Any) -> np.ndarray:
        """Numbers in [0, 1] at which `at` gives these values; for whole numbers the middle of each one's share."""
        low, high = self.shares
        values = np.asarray(values, float)
        margin = 0.5 if self.whole else 0.0
        below = (self._below(values - margin) + self._below(values + margin)) / 2
        return np.clip((below - low) / (high - low), 0.0, 1.0)

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Does each of these lie between the bounds?"""
        return (values >= self.low) & (values <= self.high)

    def ends(self) -> tuple[float, float]:
        """Between which designs with levels place them: a range as far as it goes, of a prior with tails the middle 95 %."""
        return (0.0, 1.0) if self.kind == "uniform" else (TAIL, 1.0 - TAIL)

    def extremes(self) -> tuple[float, ...]:
        """The least and the greatest value."""
        return self.low, self.high

    def as_data(self) -> dict[str, Any]:
        """As files write it."""
        names, pair = SPREADS[self.kind][0], (self.one, self.two)
        return {self.kind: list(pair) if self.kind == "uniform" else dict(zip(names, pair, strict=True))}

    def _below(self, x: np.ndarray) -> np.ndarray:
        """The cumulative distribution, before cutting off."""
        from scipy.special import betainc, ndtr  # here, because it takes long to import

        if self.kind == "uniform":
            return np.clip((x - self.bounds[0]) / (self.bounds[1] - self.bounds[0]), 0.0, 1.0)
        if self.kind == "normal":
            return ndtr((x - self.one) / self.two)
        if self.kind == "lognormal":
            return ndtr(np.log(np.maximum(x, 1e-300) / self.one) / self.two)
        return betainc(*_shapes(self.one, self.two), np.clip(x, 0.0, 1.0))

    def _quantile(self, share: np.ndarray) -> np.ndarray:
        """The inverse of `_below`."""
        from scipy.special import betaincinv, ndtri

        if self.kind == "uniform":
            return self.bounds[0] + share * (self.bounds[1] - self.bounds[0])
        if self.kind == "normal":
            return self.one + self.two * ndtri(share)
        if self.kind == "lognormal":
            return self.one * np.exp(self.two * ndtri(share))
        return betaincinv(*_shapes(self.one, self.two), np.where(share < 1e-15, 0.0, share))  # smaller ones give nan


Distribution = Continuous | Values | Draws


def _shapes(mean: float, sd: float) -> tuple[float, float]:
    """The two shapes of a beta distribution; negative if there is none with this mean and standard deviation.

    >>> _shapes(0.5, 12**-0.5)  # uniform
    (1.0, 1.0)
    """
    size = mean * (1.0 - mean) / (sd * sd) - 1.0
    return round(mean * size, 12), round((1.0 - mean) * size, 12)


def distribution(given: object, allowed: Allowed, name: str) -> Distribution:
    """A distribution as people write it. InputError, whose path leads to the number, if it is none or leaves what is allowed."""
    if isinstance(given, list | tuple):
        given = {"uniform": given}
    if not isinstance(given, Mapping) or len(given) != 1:
        raise InputError(f"what '{name}' varies over must be a range, a prior or values, but is {shown(given)}.", EXAMPLES)
    ((kind, inside),) = given.items()
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        remedy = f"{hint}Distributions: {', '.join(KINDS)}\n{EXAMPLES}"
        raise InputError(f"there is no distribution {shown(kind)}.", remedy, path=(str(kind),))
    try:
        if kind == "draws":
            return Draws(tuple(_listed(inside, allowed, name)), allowed.whole)
        return _values(inside, allowed, name) if kind == "values" else _spread(kind, inside, allowed, name)
    except InputError as error:
        raise error.under(kind) from None


def _listed(given: object, allowed: Allowed, name: str) -> list[Any]:
    """A list of two or more values that are possible."""
    if not isinstance(given, list | tuple) or len(given) < 2:
        raise InputError(f"the values of '{name}' must be a list of two or more, but are {_counted(given)}.", "Write {values: [1, 2]}.")
    values = []
    for index, value in enumerate(given):
        try:
            values.append(allowed.check(value, name))
        except InputError as error:
            raise error.under(index) from None
    return values


def _values(given: object, allowed: Allowed, name: str) -> Values:
    """Equally likely values, each once."""
    values = _listed(given, allowed, name)
    for index, value in enumerate(values):
        if value in values[:index]:
            raise InputError(f"the value {shown(value)} of '{name}' is there twice.", "Delete one of the two.", path=(index,))
    return Values(tuple(values))


def _spread(kind: str, given: object, allowed: Allowed, name: str) -> Continuous:
    """A prior or a range of numbers."""
    if allowed.choices:
        raise InputError(
            f"'{name}' is one of {', '.join(allowed.choices)}, which have no range.", f"Write {{values: {[*allowed.choices]}}}."
        )
    one, two = _pair(kind, given, name)
    if kind == "uniform":
        for index, end in enumerate((one, two)):
            try:
                allowed.check(end, name)
            except InputError as error:
                raise error.under(index) from None
        if not one < two:
            raise InputError(f"the range of '{name}' goes from {number(one)} to {number(two)}.", "Write the lower end first.")
        low, high = (int(one), int(two)) if allowed.whole else (float(one), float(two))
        return Continuous(kind, low, high, low, high, allowed.whole)
    middle, width = SPREADS[kind][0]
    made = Continuous(kind, float(one), float(two), allowed.low, allowed.high, allowed.whole)
    bounds = f"{number(allowed.low)} to {number(allowed.high)}"
    if not allowed.low <= one <= allowed.high or (kind != "normal" and one <= 0) or (kind == "beta" and one >= 1):
        lies = f"the {middle} of the prior of '{name}' must lie within its range, {bounds}"
        more = {"lognormal": ", and above 0", "beta": ", and between 0 and 1"}.get(kind, "")
        raise InputError(f"{lies}{more}, but is {number(one)}.", "Change it, or write [low, high].", path=(middle,))
    if not two > 0 or (kind == "beta" and not min(_shapes(one, two)) > 0) or not made.shares[1] - made.shares[0] > LEAST_MASS:
        message = f"the {width} of the prior of '{name}' is {number(two)}, which is impossible or too wide for its range, {bounds}."
        raise InputError(message, "Take a smaller positive number, or write [low, high].", path=(width,))
    return made


def _pair(kind: str, given: object, name: str) -> tuple[float, float]:
    """The two finite numbers of a prior."""
    names, example = SPREADS[kind]
    if kind == "uniform" and isinstance(given, list | tuple) and len(given) == 2:
        keys, numbers = (0, 1), list(given)
    elif kind != "uniform" and isinstance(given, Mapping) and set(given) == set(names):
        keys, numbers = names, [given[key] for key in names]  # type: ignore[assignment]
    else:
        wanted = "two numbers, low and high" if kind == "uniform" else f"two numbers, {names[0]} and {names[1]}"
        raise InputError(f"the {kind} distribution of '{name}' needs {wanted}, but has {_counted(given)}.", f"Write {example}.")
    for key, value in zip(keys, numbers, strict=True) if kind != "uniform" else ():  # of which the ends are checked
        if problem := number_problem(value, -1e12, 1e12, False):
            raise InputError(f"'{name}' {problem}.", number_remedy(value) or f"Write {example}.", path=(key,))
    return numbers[0], numbers[1]


def _counted(given: object) -> str:
    """What somebody wrote, with how much of it or by which keys."""
    if isinstance(given, list | tuple):
        return f"a list of {len(given)}"
    return f"the keys {', '.join(map(str, given))[:60] or 'of nothing'}" if isinstance(given, Mapping) else shown(given)
