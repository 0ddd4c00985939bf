"""What is concluded from cities of known truth: how often ranges hold it, with intervals that know that a city's numbers go together."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.artifacts.posterior import numbers_of
from sim.calibration.coverage import LOOSE, RANKED, REPEATS, Coverage
from sim.calibration.effects import LIVES
from sim.calibration.result import LEVEL, TELLING
from sim.calibration.targets import Target
from sim.world.anatomy import model_fingerprint

SURE = 0.95  # level of intervals of shares, and of tests
CHANCES = ("stated", "expected", "right")
BOUNDS = (0.0, 0.4, 0.6, 0.8, 0.95, 1.0)  # of expected chances


class Proportion(NamedTuple):
    """A share, and its 95 % interval."""

    share: float
    low: float
    high: float

    def as_data(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in self._asdict().items()}


def clustered(hits: np.ndarray) -> Proportion:
    """How often something is so, from how often it is in each cluster (n, shares of 0 to 1), all of equal size.

    The binomial interval of as many independent cases as are worth the same (Korn and Graubard 1998, Survey Methodology 24): with all or
    none, as many as there are clusters.

    >>> [round(number, 2) for number in clustered(np.ones(200))], [round(number, 2) for number in clustered(np.repeat([1.0, 0.0], 10))]
    ([1.0, 0.98, 1.0], [0.5, 0.25, 0.75])
    """
    from scipy.special import betaincinv, stdtrit

    n, share = len(hits), float(np.mean(hits))
    error = float(np.std(hits, ddof=1) / np.sqrt(n))
    tail = (1.0 - SURE) / 2.0
    worth = share * (1.0 - share) / error**2 if error > 0.0 else float(n)
    worth *= (stdtrit(np.inf, 1.0 - tail) / stdtrit(n - 1, 1.0 - tail)) ** 2 if error > 0.0 else 1.0
    many, few = share * worth, (1.0 - share) * worth
    low = float(betaincinv(many, few + 1.0, tail)) if many > 0.0 else 0.0
    return Proportion(share, low, float(betaincinv(many + 1.0, few, 1.0 - tail)) if few > 0.0 else 1.0)


def pooled(effects: pd.DataFrame, column: str = "covered") -> Proportion:
    """Over rows of all cities, clustered by city."""
    return clustered(effects.groupby("city")[column].mean().to_numpy(float))


def shares(effects: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """A row for each reform, or measure, or both: share, low, high."""
    found = {key: pooled(rest)._asdict() for key, rest in effects.groupby(list(keys), sort=False)}
    return pd.DataFrame(found.values(), index=pd.MultiIndex.from_tuples(found, names=keys)).reset_index()


def reliability(best: pd.DataFrame) -> pd.DataFrame:
    """A row for each range of expected chances: cases, the means of what was stated and expected, and how often the arm was best."""
    part = np.clip(np.digitize(best.expected, BOUNDS[1:-1], right=True), 0, len(BOUNDS) - 2)
    found = best.groupby(part).agg(cases=("expected", "size"), **{key: (key, "mean") for key in CHANCES})
    return found.assign(low=np.take(BOUNDS, found.index), high=np.take(BOUNDS, found.index + 1)).reset_index(drop=True)


def passed(found: Coverage) -> bool:
    """Does the interval of the coverage of all effects hold what ranges say?"""
    whole = pooled(found.effects)
    return whole.low <= LEVEL <= whole.high


def facts(found: Coverage, name: str, adults: int, targets: Iterable[Target]) -> dict[str, Any]:
    """What documentation and reports read: NAME.coverage.yaml."""
    table, effects, best = found.parameters, found.effects, found.best
    told = table[table.contraction > TELLING]
    smallest = float(table.uniformity.min())
    return {
        "posterior": name, "model": model_fingerprint(), "targets": {target.id: numbers_of(target.as_data()) for target in targets},
        "passed": passed(found), "covered": pooled(effects).as_data(), "cities": int(effects.city.nunique()), "adults": adults,
        "level": LEVEL, "loose": LOOSE, "runs_of_a_city": REPEATS, "lives_of_a_truth": LIVES, "ranked_among": RANKED,
        "effects": {
            "as_printed": pooled(effects, "within").as_data(),
            **{f"by_{key}": {each: pooled(own).as_data() for each, own in effects.groupby(key, sort=False)} for key in ("arm", "measure")},
        },
        "parameters": {
            "covered": round(float(table.covered.mean()), 4), "informed": len(told),
            "covered_of_informed": round(float(told.covered.mean()), 4) if len(told) else None,
        },
        "ranks": {
            "tested": len(table), "smallest_p": float(f"{smallest:.2g}"), "worst": str(table.parameter[table.uniformity.idxmin()]),
            "uniform": smallest * len(table) >= 1.0 - SURE,
        },
        "best": {
            by: {"right": pooled(rest, "right").as_data()} | {key: round(float(rest[key].mean()), 4) for key in ("stated", "expected")}
            | {measure: {key: round(float(own[key].mean()), 4) for key in CHANCES}
               for measure, own in rest.groupby("measure", sort=False)}
            | {"reliability": reliability(rest).round(4).to_dict("records")}
            for by, rest in best.groupby("by", sort=False)
        },
    }  # fmt: skip
