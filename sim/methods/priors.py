"""How inputs are distributed: stated, as a range, a SciPy distribution or a SALib problem, or inferred from the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError, counted, number, shown
from sim.methods.tables import named

FEW = 8  # different values up to which a column is taken as discrete, each as likely as it is often
FITS = 0.05  # p of a Kolmogorov-Smirnov test from which a family is taken
FAMILIES = ("uniform", "normal", "lognormal", "log-uniform")  # that are tried, in this order
EDGE = 1e-9  # of a range: what lies so far outside is rounding
EXAMPLE = "Write {'name': (low, high)}, a frozen distribution of scipy.stats, or a SALib problem."


@dataclass(frozen=True)
class Prior:
    """Of one input.

    text   in words;  stated: or inferred
    below  share of the distribution below values; the middle of each one's share where values repeat
    at     quantiles: the inverse of it
    """

    text: str
    stated: bool
    below: Callable[[np.ndarray], np.ndarray]
    at: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Stated:
    """What somebody said of inputs: priors by name, and the group of each input if there are groups."""

    priors: dict[str, Any]
    groups: list[str] | None = None


def stated(given: Any, names: Sequence[str]) -> Stated:
    """Priors as they were given: a mapping by name, a sequence in the order of the columns, or a SALib problem.

    Raises
    ------
    InputError
        if one is of no column of inputs, or a SALib problem is not whole.
    """
    if given is None:
        return Stated({})
    if isinstance(given, Mapping) and "bounds" in given and ("names" in given or "num_vars" in given):
        return _of_salib(given, names)
    if isinstance(given, Mapping):
        named(given, names, "the prior")
        return Stated({str(name): prior for name, prior in given.items()})
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != len(names):
        raise InputError(f"inputs have {counted(len(names), 'column')}, but priors have {_count(given)}.", EXAMPLE)
    return Stated(dict(zip(names, given, strict=True)))


def names_in(given: Any) -> list[str] | None:
    """The names of a SALib problem, or None."""
    return [str(name) for name in given["names"]] if isinstance(given, Mapping) and "bounds" in given and given.get("names") else None


def _count(given: Any) -> str:
    return str(len(given)) if hasattr(given, "__len__") and not isinstance(given, str) else shown(given)


def _of_salib(problem: Mapping[str, Any], names: Sequence[str]) -> Stated:
    """The priors of a SALib problem: bounds, dists and groups; by name if its names are columns, else by place."""
    bounds = list(problem["bounds"])
    own = [str(name) for name in problem.get("names") or names]
    if not len(own) == len(bounds) == len(names):
        message = (
            f"the SALib problem has {counted(len(own), 'name')} and {len(bounds)} bounds, but inputs have {counted(len(names), 'column')}."
        )
        raise InputError(message, "Give the problem with which these inputs were sampled.")
    if set(own) & set(names):
        named(own, names, "the SALib problem's name")
    order = own if set(own) == set(names) else list(names)
    dists = list(problem.get("dists") or ["unif"] * len(own))
    groups = problem.get("groups")
    for what, these in (("dists", dists), ("groups", groups or dists)):
        if len(these) != len(own):
            raise InputError(f"the SALib problem has {len(these)} {what} for {counted(len(own), 'name')}.", "Give one for each name.")
    priors = {name: _salib(str(dist), list(bound), name) for name, dist, bound in zip(order, dists, bounds, strict=True)}
    of = dict(zip(order, map(str, groups), strict=True)) if groups else None
    return Stated(priors, [of[name] for name in names] if of else None)


def _salib(dist: str, bound: list[float], name: str) -> Any:
    """A distribution as SALib's problems write it."""
    from scipy import stats

    made = {
        "unif": lambda low, high: stats.uniform(low, high - low),
        "logunif": stats.loguniform,
        "norm": stats.norm,
        "lognorm": lambda mean, sd: stats.lognorm(sd, scale=np.exp(mean)),
        "truncnorm": lambda low, high, mean, sd: stats.truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd),
        "triang": lambda *ends: _triangle(*ends) if len(ends) == 3 else _triangle(0.0, *ends),
        "weibull": lambda shape, scale, start=0.0: stats.weibull_min(shape, start, scale),
    }
    if dist not in made:
        raise InputError(f"the SALib problem's dist '{dist[:60]}' of '{name}' is unknown.", f"Known: {', '.join(made)}")
    try:
        found: Any = made[dist](*bound)
        if not np.isfinite(found.ppf(0.5)):
            raise ValueError
    except (TypeError, ValueError):
        raise InputError(f"the bounds {bound} of '{name}' are none of SALib's '{dist}'.", "See SALib's page on basics.") from None
    return found


def _triangle(low: float, high: float, peak: float) -> Any:
    from scipy import stats

    return stats.triang(peak, low, high - low)


def prior_of(column: np.ndarray, name: str, given: Any = None) -> Prior:
    """The prior of one input: what was given, or what the rows look like.

    Parameters
    ----------
    column : n values
    given : (low, high), an object with `cdf` and `ppf` (a frozen distribution of scipy.stats), or None

    Returns
    -------
    Prior
        inferred: uniform, normal, lognormal or log-uniform, the first that a Kolmogorov-Smirnov test of the rows does not reject (at 5 %);
        else the rows' own distribution, as is that of a column with 8 values or fewer.

    Raises
    ------
    InputError
        if it is none of these, or values lie outside.
    """
    if given is None:
        return _inferred(column)
    if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str) and len(given) == 2:
        from scipy import stats

        try:
            low, high = map(float, given)
        except (TypeError, ValueError):
            raise InputError(f"the prior of '{name}' is {shown(list(given))}, which are no two numbers.", EXAMPLE) from None
        if not (np.isfinite([low, high]).all() and low < high):
            raise InputError(f"the range of '{name}' goes from {number(low)} to {number(high)}.", "Write the lower end first.")
        given = stats.uniform(low, high - low)
        text = f"uniform from {number(low)} to {number(high)}"
    elif hasattr(given, "ppf") and hasattr(given, "cdf"):
        text = getattr(getattr(given, "dist", None), "name", type(given).__name__)
    else:
        raise InputError(f"the prior of '{name}' is {shown(given)}.", EXAMPLE)
    low, high = (float(end) for end in given.support())
    slack = EDGE * max(high - low, abs(low)) if np.isfinite([low, high]).all() else EDGE
    outside = (column < low - slack) | (column > high + slack)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        message = f"the column '{name}' of inputs is {number(float(column[row]))} in row {row + 1}, outside its prior ({text})"
        raise InputError(
            f"{message}; so {'is' if outside.sum() == 2 else 'are'} {counted(outside.sum() - 1, 'more row')}."
            if outside.sum() > 1
            else f"{message}.",
            "Mend one of the two.",
        )
    jump = given.pmf if hasattr(given, "pmf") else None
    return Prior(text, True, lambda values: given.cdf(values) - (jump(values) / 2 if jump else 0.0), given.ppf)


def _inferred(column: np.ndarray) -> Prior:
    from scipy import stats

    if len(np.unique(column)) <= FEW:
        return _own(column, "the values there are, each as likely as it is often")
    spread, middle = float(column.std()), float(column.mean())
    low, high = float(column.min()), float(column.max())
    reach = (high - low) / (len(column) - 1)
    tried: dict[str, Any] = {"uniform": stats.uniform(low - reach / 2, high - low + reach), "normal": stats.norm(middle, spread)}
    if low > 0:
        logs = np.log(column)
        edge = (logs.max() - logs.min()) / (len(column) - 1) / 2
        tried["lognormal"] = stats.lognorm(float(logs.std()), scale=float(np.exp(logs.mean())))
        tried["log-uniform"] = stats.loguniform(float(np.exp(logs.min() - edge)), float(np.exp(logs.max() + edge)))
    for family in FAMILIES:
        if family in tried and stats.kstest(column, tried[family].cdf).pvalue > FITS:
            one = tried[family]
            return Prior(f"{family}, fitted to the rows", False, one.cdf, one.ppf)
    return _own(column, "as the rows have it")


def _own(column: np.ndarray, text: str) -> Prior:
    """The rows' own distribution."""
    values, many = np.unique(column, return_counts=True)
    middles = (np.cumsum(many) - many / 2) / many.sum()

    def at(share: np.ndarray) -> np.ndarray:
        if len(values) <= FEW:
            return values[np.minimum(np.searchsorted(np.cumsum(many) / many.sum(), share), len(values) - 1)]
        return np.interp(share, middles, values)

    return Prior(text, False, lambda given: np.interp(given, values, middles), at)


def priors_of(frame: pd.DataFrame, values: np.ndarray, given: Stated) -> tuple[dict[str, Prior], np.ndarray]:
    """The prior of each input, and the rows as shares of these (n x d)."""
    found = {name: prior_of(values[:, place], name, given.priors.get(name)) for place, name in enumerate(frame.columns)}
    unit = np.column_stack([prior.below(values[:, place]) for place, prior in enumerate(found.values())])
    return found, np.clip(unit, 0.0, 1.0)
