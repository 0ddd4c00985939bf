"""Paired effects: what an arm changes, replicate by replicate with the same luck, with intervals over replicates."""

from collections.abc import Iterable
from math import inf, isfinite, nan

import numpy as np
import pandas as pd
import xarray as xr

from sim.harvest import CAUSES
from sim.measures import MEASURES, YEAR, first_year, last_year
from sim.results import interval

LEVELS = {  # of an evaluation of a course, and what officers do in the end: variable of the dataset
    "course_knowledge": "knowledge", "course_attitude": "attitude", "course_behavior": "behavior: what courses add",
    "mean_conduct": "conduct",
}  # fmt: skip


def year_before(week: int) -> tuple[int, int]:
    """First and last of the 52 weeks (or of those since week 0) over which measures are read at the end of `week` weeks."""
    return max(0, week - YEAR), week - 1


def at_week(dataset: xr.Dataset, measure: str, week: int) -> xr.DataArray:
    """A measure as read at the end of `week` weeks (see `year_before`); arm x replicate."""
    return MEASURES[measure](dataset, year_before(week)).transpose("arm", "replicate")


def differences(values: xr.DataArray, vs: str) -> xr.DataArray:
    """Each replicate's value minus that of the same replicate of `vs`."""
    return values - values.sel(arm=vs, drop=True)


def half_widths(dataset: xr.Dataset, measure: str, vs: str) -> dict[str, float]:
    """Half-width of the 95 % t interval of each arm's paired effect at the last week; nan if it cannot be known."""
    paired = differences(at_week(dataset, measure, int(dataset.week[-1]) + 1), vs)
    return {str(arm): interval(paired.sel(arm=arm).values)[1] for arm in paired.arm.values}


def independent_variance(arm: np.ndarray, other: np.ndarray) -> float:
    """Variance of the difference between replicates with different luck, measured by re-pairing them.

    Every replicate r of the arm is paired with every r' != r of the other. The pairs share their means with the true pairs,
    which takes 1/n of the paired variance away from their spread; that is added back, so that the result is unbiased.

    >>> round(independent_variance(np.array([1.0, 2.0, 4.0]), np.array([0.0, 5.0, 1.0])), 6)
    9.333333
    """
    apart = arm[:, None] - other[None, :] - (arm.mean() - other.mean())
    return float(np.mean(apart[~np.eye(arm.size, dtype=bool)] ** 2) + np.var(arm - other, ddof=1) / arm.size)


def variance_reduction(arm: np.ndarray, other: np.ndarray) -> float:
    """How many times smaller the variance of paired differences is than that of differences with different luck.

    inf if all paired differences are equal; nan with fewer than 3 replicates, or if the other arm does not vary (as the cost of
    a baseline, which has no luck to share).
    """
    known = np.isfinite(arm) & np.isfinite(other)
    arm, other = arm[known], other[known]
    if arm.size < 3 or not np.ptp(other):
        return nan
    paired = float(np.var(arm - other, ddof=1))
    return independent_variance(arm, other) / paired if paired > 0 else inf


def sign_shares(paired: np.ndarray) -> tuple[float, float]:
    """How sure the sign of the mean is: share of replicates that have it, and the probability that a t distribution gives.

    The second takes the replicates' differences as normal: P(true effect has the sign of the mean), for a flat prior.
    """
    from scipy.special import stdtr  # here, because it takes long to import

    paired = paired[np.isfinite(paired)]
    if paired.size == 0 or not paired.mean():
        return nan, nan
    share = float(np.mean(np.sign(paired) == np.sign(paired.mean())))
    error = paired.std(ddof=1) / np.sqrt(paired.size) if paired.size > 1 else nan
    if not error:
        return share, 1.0
    return share, float(stdtr(paired.size - 1, abs(paired.mean()) / error)) if isfinite(error) else nan


def effects(dataset: xr.Dataset, measures: Iterable[str], weeks: Iterable[int], vs: str) -> pd.DataFrame:
    """A row for each arm, measure and week: see `Comparison.effects`."""
    rows = []
    for measure in measures:
        for week in weeks:
            values = at_week(dataset, measure, week)
            other = values.sel(arm=vs).values
            for arm in values.arm.values:
                if arm != vs:
                    rows.append({"arm": str(arm), "measure": measure, "unit": MEASURES[measure].unit, "week": week}
                                | _effect(values.sel(arm=arm).values, other))  # fmt: skip
    return pd.DataFrame(rows).sort_values("arm", key=lambda arms: arms.map(_order(dataset)), kind="stable", ignore_index=True)


def _order(dataset: xr.Dataset) -> dict[str, int]:
    return {str(arm): place for place, arm in enumerate(dataset.arm.values)}


def _effect(arm: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Mean paired difference with all that says how sure it is."""
    arm, other = arm.astype(float), other.astype(float)
    mean, half = interval(arm - other)
    share, probability = sign_shares(arm - other)
    return {
        "effect": mean, "half_width": half, "low": mean - half, "high": mean + half, "share_with_sign": share,
        "probability_of_sign": probability, "variance_reduction": variance_reduction(arm, other),
        "replicates": int(np.isfinite(arm - other).sum()),
    }  # fmt: skip


def costs(dataset: xr.Dataset, measures: Iterable[str], vs: str) -> pd.DataFrame:
    """A row for each arm and measure: see `Comparison.costs`."""
    spent = {name: dataset[f"{name}_spent"].sum("week") for name in ("officer_weeks", "money")}
    last = int(dataset.week[-1]) + 1
    table = effects(dataset, [name for name in measures if name not in ("cost", "officer_weeks")], [last], vs)
    rows = []
    for row in table.to_dict("records"):
        more = {name: interval(differences(amount, vs).sel(arm=row["arm"]).values) for name, amount in spent.items()}
        sure = row["low"] * row["high"] > 0
        found = {"arm": row["arm"]}
        for name, (mean, half) in more.items():
            found |= {name: mean, f"{name}_half_width": half}
        found |= {name: row[name] for name in ("measure", "unit", "effect", "half_width")}
        found["money_per_unit"] = more["money"][0] / row["effect"] if sure else nan
        ends = sorted(more["money"][0] / end for end in (row["low"], row["high"])) if sure else (nan, nan)
        rows.append(found | {"money_per_unit_low": ends[0], "money_per_unit_high": ends[1]})
    return pd.DataFrame(rows)


def ledger(dataset: xr.Dataset, vs: str) -> pd.DataFrame:
    """A row for each arm and cause: see `Comparison.ledger`."""
    weight = dataset.effectiveness_weight
    booked = dataset.ledger.sel(dimension="fairness") * (1 - weight) + dataset.ledger.sel(dimension="effectiveness") * weight
    since = booked.sel(week=slice(0, None)).sum("week").transpose("arm", "cause", "replicate")
    paired = differences(booked.sum("week"), vs).transpose("arm", "cause", "replicate")
    rows = []
    for arm in map(str, dataset.arm.values):
        for cause in CAUSES:
            mean, half = interval(paired.sel(arm=arm, cause=cause).values)
            change = float(since.sel(arm=arm, cause=cause).mean())
            rows.append({"arm": arm, "cause": cause, "change": change, "effect": mean, "half_width": half})
    return pd.DataFrame(rows)


def gainers(dataset: xr.Dataset) -> pd.DataFrame:
    """A row for each arm: see `Comparison.gainers`."""
    rows = []
    for arm in map(str, dataset.arm.values):
        kept = dataset[["gain_quantiles", "share_gaining", "share_losing"]].sel(arm=arm).mean("replicate")
        quantiles = {f"q{round(100 * level):02}": float(kept.gain_quantiles.sel(quantile=level)) for level in dataset["quantile"].values}
        rows.append({"arm": arm, **quantiles, "share_gaining": float(kept.share_gaining), "share_losing": float(kept.share_losing)})
    return pd.DataFrame(rows)


def conduct(dataset: xr.Dataset) -> pd.DataFrame:
    """A row for each arm and level: see `Comparison.conduct`."""
    start = int(dataset.week[0])
    spans = {"before": (max(start, -YEAR), -1 if start < 0 else 0), "first_year": first_year(dataset), "last_year": last_year(dataset)}
    rows = []
    for arm in map(str, dataset.arm.values):
        for name, text in LEVELS.items():
            row: dict[str, object] = {"arm": arm, "level": name, "meaning": text, "unit": dataset[name].attrs["units"]}
            for span, (first, last) in spans.items():
                values = dataset[name].sel(arm=arm, week=slice(first, last)).mean("week").values
                row[span], row[f"{span}_half_width"] = interval(values)
            rows.append(row)
    return pd.DataFrame(rows)
